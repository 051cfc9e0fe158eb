import { CR, digitValue, LF } from "./characters.ts";

/** Finds the character of a Unicode name (`\N{…}`), in upper case; undefined for an unknown one. */
export type UnicodeNames = (name: string) => string | undefined;

/** Carriage returns, alone or before a line feed, read as line feeds: Python opens its source with universal newlines. */
function normaliseNewlines(text: string): string {
  return text.includes("\r") ? text.replaceAll("\r\n", "\n").replaceAll("\r", "\n") : text;
}

/**
 * The value of the literal text between `start` and `end`.
 * An escape that is not valid stays as it is written, as in Python; so does `\N{…}` when `names` does not know it.
 */
export function decodeLiteral(
  text: string,
  start: number,
  end: number,
  raw: boolean,
  bytes: boolean,
  names: UnicodeNames | null,
): string {
  if (raw) return normaliseNewlines(text.slice(start, end));
  let out = "";
  let from = start;
  let pos = text.indexOf("\\", start);
  while (pos >= 0 && pos < end) {
    out += text.slice(from, pos);
    const sequence = readEscape(text, pos, end, bytes, names);
    out += sequence.value;
    from = sequence.end;
    pos = text.indexOf("\\", from);
  }
  // Escapes make their own carriage returns, so only the written ones may be normalised.
  if (!text.slice(start, end).includes("\r")) return out + text.slice(from, end);
  return decodeWithCarriageReturns(text, start, end, bytes, names);
}

function decodeWithCarriageReturns(
  text: string,
  start: number,
  end: number,
  bytes: boolean,
  names: UnicodeNames | null,
): string {
  const source = normaliseNewlines(text.slice(start, end));
  return decodeLiteral(source, 0, source.length, false, bytes, names);
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

function readEscape(text: string, pos: number, end: number, bytes: boolean, names: UnicodeNames | null): Escape {
  const c = text.charCodeAt(pos + 1);
  if (c === LF) return { value: "", end: pos + 2 };
  if (c === CR) return { value: "", end: text.charCodeAt(pos + 2) === LF ? pos + 3 : pos + 2 };
  const simple = SIMPLE[text.charAt(pos + 1)];
  if (simple !== undefined && pos + 1 < end) return { value: simple, end: pos + 2 };
  if (c >= 48 && c <= 55) return octalEscape(text, pos, end, bytes);
  const char = text.charAt(pos + 1);
  if (char === "x") return hexEscape(text, pos, end, 2);
  if (!bytes && char === "u") return hexEscape(text, pos, end, 4);
  if (!bytes && char === "U") return hexEscape(text, pos, end, 8);
  if (!bytes && char === "N") return namedEscape(text, pos, end, names);
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

function hexEscape(text: string, pos: number, end: number, digits: number): Escape {
  let value = 0;
  const stop = pos + 2 + digits;
  for (let at = pos + 2; at < stop; at++) {
    const digit = at < end ? digitValue(text.charCodeAt(at)) : 99;
    if (digit > 15) return { value: "\\", end: pos + 1 };
    value = value * 16 + digit;
  }
  return value > 0x10ffff ? { value: "\\", end: pos + 1 } : { value: String.fromCodePoint(value), end: stop };
}

function namedEscape(text: string, pos: number, end: number, names: UnicodeNames | null): Escape {
  const close = text.charCodeAt(pos + 2) === 123 ? text.indexOf("}", pos + 3) : -1;
  if (close < 0 || close >= end) return { value: "\\", end: pos + 1 };
  const found = names?.(text.slice(pos + 3, close).toUpperCase());
  return { value: found ?? text.slice(pos, close + 1), end: close + 1 };
}
