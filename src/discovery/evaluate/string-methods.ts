import { iterate } from "./assignment.ts";
import { braceFormat } from "./format.ts";
import type { Interpreter } from "./interpreter.ts";
import { bool, type CallArguments, int, list, str, tuple, type Value } from "./values.ts";

type StringMethod = (text: string, call: CallArguments, interpreter: Interpreter) => Value | undefined;

const SPACE = " \t\n\r\v\f";

function textArgument(call: CallArguments, index: number): string | undefined {
  const value = call.positional[index];
  return value?.kind === "str" ? value.value : undefined;
}

/** Strips characters without a regular expression made from input. */
function strip(text: string, characters: string, left: boolean, right: boolean): string {
  let start = 0;
  let end = text.length;
  while (left && start < end && characters.includes(text.charAt(start))) start += 1;
  while (right && end > start && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function stripMethod(left: boolean, right: boolean): StringMethod {
  return (text, call) => {
    const given = call.positional[0];
    if (given !== undefined && given.kind !== "str" && given.kind !== "none") return undefined;
    return str(strip(text, given?.kind === "str" ? given.value : SPACE, left, right));
  };
}

function splitWords(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== "");
}

function split(text: string, call: CallArguments): Value | undefined {
  const separator = call.positional[0] ?? call.keywords.get("sep");
  const limit = call.positional[1] ?? call.keywords.get("maxsplit");
  if (separator === undefined || separator.kind === "none") {
    return limit === undefined ? list(splitWords(text).map(str)) : undefined;
  }
  if (separator.kind !== "str" || separator.value === "") return undefined;
  const parts = text.split(separator.value);
  if (limit === undefined) return list(parts.map(str));
  if (limit.kind !== "int" || Number(limit.value) < 0) return undefined;
  const count = Number(limit.value);
  const rest = parts.slice(count).join(separator.value);
  return list([...parts.slice(0, count), ...(parts.length > count ? [rest] : [])].map(str));
}

function joinTexts(separator: string, call: CallArguments, interpreter: Interpreter): Value | undefined {
  const given = call.positional[0];
  if (given === undefined) return undefined;
  const { items, open } = iterate(interpreter, given);
  if (open || !items.every((item) => item.kind === "str")) return undefined;
  const text = items.map((item) => item.value).join(separator);
  return text.length > interpreter.limits.size ? undefined : str(text);
}

function replace(text: string, call: CallArguments, interpreter: Interpreter): Value | undefined {
  const from = textArgument(call, 0);
  const to = textArgument(call, 1);
  if (from === undefined || to === undefined || call.positional.length > 2) return undefined;
  const result = text.replaceAll(from, () => to);
  return result.length > interpreter.limits.size ? undefined : str(result);
}

function affix(text: string, call: CallArguments, test: (text: string, part: string) => boolean): Value | undefined {
  const given = call.positional[0];
  const candidates = given?.kind === "tuple" ? given.items : given === undefined ? [] : [given];
  if (!candidates.every((item) => item.kind === "str")) return undefined;
  return bool(candidates.some((item) => test(text, item.value)));
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

function justify(text: string, call: CallArguments, side: "left" | "right"): Value | undefined {
  const width = call.positional[0];
  const fill = call.positional.length > 1 ? textArgument(call, 1) : " ";
  if (width?.kind !== "int" || fill === undefined || Number(width.value) > 10_000) return undefined;
  const size = Number(width.value);
  return str(side === "left" ? text.padEnd(size, fill) : text.padStart(size, fill));
}

/** `text.rsplit(separator, limit)`: the limit counts from the end. */
function splitRight(text: string, call: CallArguments): Value | undefined {
  const separator = call.positional[0] ?? call.keywords.get("sep");
  const limit = call.positional[1] ?? call.keywords.get("maxsplit");
  if (limit === undefined) return split(text, call);
  if (separator?.kind !== "str" || separator.value === "" || limit.kind !== "int") return undefined;
  const parts = text.split(separator.value);
  const count = Number(limit.value);
  if (count < 0 || parts.length - 1 <= count) return list(parts.map(str));
  const head = parts.slice(0, parts.length - count).join(separator.value);
  return list([head, ...parts.slice(parts.length - count)].map(str));
}

function partition(text: string, call: CallArguments, last: boolean): Value | undefined {
  const separator = textArgument(call, 0);
  if (separator === undefined || separator === "") return undefined;
  const at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
  if (at === -1) return tuple((last ? ["", "", text] : [text, "", ""]).map(str));
  return tuple([text.slice(0, at), separator, text.slice(at + separator.length)].map(str));
}

/** Methods of `str`; `undefined` when the result is not known. */
export const STRING_METHODS: ReadonlyMap<string, StringMethod> = new Map<string, StringMethod>([
  ["lower", (text) => str(text.toLowerCase())],
  ["casefold", (text) => str(text.toLowerCase())],
  ["upper", (text) => str(text.toUpperCase())],
  ["title", (text) => str(text.replace(/\p{L}+/gu, capitalize))],
  ["capitalize", (text) => str(capitalize(text))],
  ["strip", stripMethod(true, true)],
  ["lstrip", stripMethod(true, false)],
  ["rstrip", stripMethod(false, true)],
  ["split", split],
  ["rsplit", splitRight],
  [
    "splitlines",
    (text) =>
      list(
        text
          .replace(/\r?\n$/u, "")
          .split(/\r?\n/u)
          .map(str),
      ),
  ],
  ["join", joinTexts],
  ["replace", replace],
  ["startswith", (text, call) => affix(text, call, (whole, part) => whole.startsWith(part))],
  ["endswith", (text, call) => affix(text, call, (whole, part) => whole.endsWith(part))],
  [
    "format",
    (text, call) => braceFormat(text, call.positional, call.keywords, call.openKeywords || call.openPositional),
  ],
  ["ljust", (text, call) => justify(text, call, "left")],
  ["rjust", (text, call) => justify(text, call, "right")],
  ["zfill", (text, call) => justify(text, { ...call, positional: [...call.positional, str("0")] }, "right")],
  ["partition", (text, call) => partition(text, call, false)],
  ["rpartition", (text, call) => partition(text, call, true)],
  ["isdigit", (text) => bool(/^\d+$/.test(text))],
  ["isidentifier", (text) => bool(/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text))],
  ["isupper", (text) => bool(text === text.toUpperCase() && text !== text.toLowerCase())],
  ["islower", (text) => bool(text === text.toLowerCase() && text !== text.toUpperCase())],
  [
    "removeprefix",
    (text, call) => {
      const part = textArgument(call, 0);
      return part === undefined ? undefined : str(text.startsWith(part) ? text.slice(part.length) : text);
    },
  ],
  [
    "removesuffix",
    (text, call) => {
      const part = textArgument(call, 0);
      const isSuffix = part !== undefined && part !== "" && text.endsWith(part);
      return part === undefined ? undefined : str(isSuffix ? text.slice(0, -part.length) : text);
    },
  ],
  [
    "find",
    (text, call) => {
      const part = textArgument(call, 0);
      return part === undefined || call.positional.length > 1 ? undefined : int(text.indexOf(part));
    },
  ],
  [
    "count",
    (text, call) => {
      const part = textArgument(call, 0);
      return part === undefined || part === "" ? undefined : int(text.split(part).length - 1);
    },
  ],
]);
