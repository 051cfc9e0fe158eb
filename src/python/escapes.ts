import { CR, digitValue, LF } from "./characters.ts";

/** Finds the character of a Unicode name (`\N{…}`), in upper case; undefined for an unknown one. */
export type UnicodeNames = (name: string) => string | undefined;

export interface EscapeContext {
  readonly names: UnicodeNames | null;
  /** Called for each `\x`, `\u`, `\U` or `\N` that is not complete or stands for no character. */
  readonly malformed: () => void;
}

/** Carriage returns, alone or before a line feed, read as line feeds: Python opens its source with universal newlines. */
function normaliseNewlines(text: string): string {
  return text.includes("\r") ? text.replaceAll("\r\n", "\n").replaceAll("\r", "\n") : text;
}

/**
 * The value of the literal text between `start` and `end`.
 * An escape that is not valid stays as it is written, as in Python; so does `\N{…}` when the context does not know it.
 */
export function decodeLiteral(
  text: string,
  start: number,
  end: number,
  raw: boolean,
  bytes: boolean,
  context: EscapeContext,
): string {
  if (raw) return normaliseNewlines(text.slice(start, end));
  let out = "";
  let from = start;
  let pos = text.indexOf("\\", start);
  while (pos >= 0 && pos < end) {
    out += text.slice(from, pos);
    const sequence = readEscape(text, pos, end, bytes, context);
    out += sequence.value;
    from = sequence.end;
    pos = text.indexOf("\\", from);
  }
  // Escapes make their own carriage returns, so only the written ones may be normalised.
  if (!text.slice(start, end).includes("\r")) return out + text.slice(from, end);
  return decodeWithCarriageReturns(text, start, end, bytes, context);
}

function decodeWithCarriageReturns(
  text: string,
  start: number,
  end: number,
  bytes: boolean,
  context: EscapeContext,
): string {
  const source = normaliseNewlines(text.slice(start, end));
  return decodeLiteral(source, 0, source.length, false, bytes, context);
}

interface Escape {
  readonly value: string;
  readonly end: number;
}

const SIMPLE: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function readEscape(text: string, pos: number, end: number, bytes: boolean, context: EscapeContext): Escape {
  const c = text.charCodeAt(pos + 1);
  if (c === LF) return { value: "", end: pos + 2 };
  if (c === CR) return { value: "", end: text.charCodeAt(pos + 2) === LF ? pos + 3 : pos + 2 };
  const simple = SIMPLE[text.charAt(pos + 1)];
  if (simple !== undefined && pos + 1 < end) return { value: simple, end: pos + 2 };
  if (c >= 48 && c <= 55) return octalEscape(text, pos, end, bytes);
  const char = text.charAt(pos + 1);
  if (char === "x") return hexEscape(text, pos, end, 2, context);
  if (!bytes && char === "u") return hexEscape(text, pos, end, 4, context);
  if (!bytes && char === "U") return hexEscape(text, pos, end, 8, context);
  if (!bytes && char === "N") return namedEscape(text, pos, end, context);
  return { value: "\\", end: pos + 1 };
}

function octalEscape(text: string, pos: number, end: number, bytes: boolean): Escape {
  let value = 0;
  let at = pos + 1;
  while (at < end && at < pos + 4) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
    at++;
  }
  return { value: String.fromCharCode(bytes ? value & 0xff : value), end: at };
}

function hexEscape(text: string, pos: number, end: number, digits: number, context: EscapeContext): Escape {
  let value = 0;
  const stop = pos + 2 + digits;
  for (let at = pos + 2; at < stop; at++) {
    const digit = at < end ? digitValue(text.charCodeAt(at)) : 99;
    if (digit > 15) return malformed(pos, context);
    value = value * 16 + digit;
  }
  return value > 0x10ffff ? malformed(pos, context) : { value: String.fromCodePoint(value), end: stop };
}

/** Python refuses it; here it stays as it is written. */
function malformed(pos: number, context: EscapeContext): Escape {
  context.malformed();
  return { value: "\\", end: pos + 1 };
}

function namedEscape(text: string, pos: number, end: number, context: EscapeContext): Escape {
  const close = text.charCodeAt(pos + 2) === 123 ? text.indexOf("}", pos + 3) : -1;
  if (close < pos + 4 || close >= end) return malformed(pos, context);
  const found = context.names?.(text.slice(pos + 3, close).toUpperCase());
  return { value: found ?? text.slice(pos, close + 1), end: close + 1 };
}
