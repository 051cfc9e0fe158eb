import { parseJson } from "../../../model/index.ts";
import { ANY, BOOLEAN, INTEGER, join, listOf, NUMBER, STRING, type Type } from "./types.ts";
import {
  FileValue,
  fromJson,
  isEqual,
  isList,
  isRecord,
  type Json,
  kindOf,
  toText,
  type Value,
  ValueProblem,
} from "./values.ts";

/** A function of the expression language: pure, total but for values it does not take. */
export interface ExpressionFunction {
  readonly signature: string;
  readonly help: string;
  readonly parameters: readonly Type[];
  /** How many of them have to be given; all when left out. */
  readonly least?: number;
  /** The last parameter takes any number of values. */
  readonly open?: boolean;
  readonly result: (given: readonly Type[]) => Type;
  /** @param onFile is told files whose path becomes part of a text */
  readonly call: (values: readonly Value[], onFile: (file: FileValue) => void) => Value | ValueProblem;
}

/** More items than this are no list to run a tool over. */
const MOST_ITEMS = 1000;

const LIST = listOf(ANY);
const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");

function itemType(type: Type | undefined): Type {
  return type?.kind === "list" ? type.item : ANY;
}

/** What a function gives for a text. */
function ofText(name: string, help: string, result: Type, call: (value: string) => Value): ExpressionFunction {
  return {
    signature: `${name}(text)`,
    help,
    parameters: [STRING],
    result: () => result,
    call: ([value]) => call(text(value)),
  };
}

function len(value: Value): Value | ValueProblem {
  if (typeof value === "string") return [...value].length;
  if (isList(value)) return value.length;
  if (isRecord(value)) return [...value.keys()].length;
  return new ValueProblem(`len takes text, a list or a record, not ${kindOf(value)}`);
}

/** Whether a text has a part, a list an item, or a record a name. */
export function contains(whole: Value, part: Value): boolean | ValueProblem {
  if (isList(whole)) return whole.some((item) => isEqual(item, part));
  if (typeof part !== "string") return new ValueProblem(`${kindOf(whole)} cannot contain ${kindOf(part)}`);
  if (typeof whole === "string") return whole.includes(part);
  if (isRecord(whole)) return whole.get(part) !== undefined;
  return new ValueProblem(`${kindOf(whole)} contains nothing`);
}

/** The value under a key; undefined where there is none. */
export function lookUp(object: Value, key: Value): Value | undefined {
  if (isRecord(object) && typeof key === "string") return object.get(key);
  if (isList(object) && typeof key === "number" && Number.isInteger(key)) return object.at(key);
  return undefined;
}

function numberOf(value: Value): Value | ValueProblem {
  if (typeof value === "number") return value;
  const trimmed = typeof value === "string" ? value.trim() : "";
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)) return Number(trimmed);
  const shown = typeof value === "string" ? `the text ${JSON.stringify(trimmed.slice(0, 60))}` : kindOf(value);
  return new ValueProblem(`number found no number in ${shown}`);
}

function jsonOf(source: string): Value | ValueProblem {
  const parsed = parseJson(source);
  // What was parsed as JSON is JSON.
  return parsed === undefined ? new ValueProblem("json got text that is no JSON") : fromJson(parsed as Json);
}

function linesOf(source: string): readonly string[] {
  const lines = source.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function range(count: Value | undefined): Value | ValueProblem {
  const isCount = typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= MOST_ITEMS;
  if (!isCount) return new ValueProblem(`range takes a whole number from 0 to ${MOST_ITEMS}`);
  return Array.from({ length: count }, (_, index) => index);
}

const TABLE: Readonly<Record<string, ExpressionFunction>> = {
  len: {
    signature: "len(value)",
    help: "How many characters a text, items a list, or names a record has.",
    parameters: [ANY],
    result: () => INTEGER,
    call: ([value = null]) => len(value),
  },
  contains: {
    signature: "contains(whole, part)",
    help: "Whether a text has a part, a list an item, or a record a name.",
    parameters: [ANY, ANY],
    result: () => BOOLEAN,
    call: ([whole = null, part = null]) => contains(whole, part),
  },
  startsWith: {
    signature: "startsWith(text, start)",
    help: "Whether a text starts with another.",
    parameters: [STRING, STRING],
    result: () => BOOLEAN,
    call: ([whole, part]) => text(whole).startsWith(text(part)),
  },
  endsWith: {
    signature: "endsWith(text, end)",
    help: "Whether a text ends with another.",
    parameters: [STRING, STRING],
    result: () => BOOLEAN,
    call: ([whole, part]) => text(whole).endsWith(text(part)),
  },
  lower: ofText("lower", "The text in lower case.", STRING, (value) => value.toLowerCase()),
  upper: ofText("upper", "The text in upper case.", STRING, (value) => value.toUpperCase()),
  trim: ofText("trim", "The text without blanks and line breaks at its ends.", STRING, (value) => value.trim()),
  lines: ofText("lines", "The lines of a text as a list.", listOf(STRING), linesOf),
  split: {
    signature: "split(text, separator)",
    help: "The parts of a text between separators.",
    parameters: [STRING, STRING],
    result: () => listOf(STRING),
    call: ([value, separator]) => (text(separator) === "" ? [text(value)] : text(value).split(text(separator))),
  },
  join: {
    signature: "join(list, separator)",
    help: "The items of a list as one text.",
    parameters: [LIST, STRING],
    result: () => STRING,
    call: ([list = null, separator], onFile) =>
      isList(list) ? list.map((item) => toText(item, onFile)).join(text(separator)) : "",
  },
  keys: {
    signature: "keys(record)",
    help: "The names in a record.",
    parameters: [{ kind: "record" }],
    result: () => listOf(STRING),
    call: ([value = null]) => (isRecord(value) ? [...value.keys()] : []),
  },
  values: {
    signature: "values(record)",
    help: "The values in a record, such as all files in `steps.a.results`.",
    parameters: [{ kind: "record" }],
    result: ([type]) => listOf(type?.kind === "record" ? (type.rest ?? ANY) : ANY),
    call: ([value = null]) => (isRecord(value) ? [...value.keys()].map((key) => value.get(key) ?? null) : []),
  },
  get: {
    signature: "get(value, key, otherwise)",
    help: "What a record or list has under a key, or something else where it has nothing.",
    parameters: [ANY, ANY, ANY],
    least: 2,
    result: () => ANY,
    call: ([value = null, key = null, otherwise = null]) => lookUp(value, key) ?? otherwise,
  },
  coalesce: {
    signature: "coalesce(value, …)",
    help: "The first of its values that is not null.",
    parameters: [ANY],
    open: true,
    result: (given) => given.filter(({ kind }) => kind !== "null").reduce((one, other) => join(one, other)),
    call: (given) => given.find((value) => value !== null) ?? null,
  },
  first: {
    signature: "first(list)",
    help: "The first item of a list; null when it is empty.",
    parameters: [LIST],
    result: ([list]) => itemType(list),
    call: ([list = null]) => (isList(list) ? (list[0] ?? null) : null),
  },
  last: {
    signature: "last(list)",
    help: "The last item of a list; null when it is empty.",
    parameters: [LIST],
    result: ([list]) => itemType(list),
    call: ([list = null]) => (isList(list) ? (list.at(-1) ?? null) : null),
  },
  number: {
    signature: "number(text)",
    help: "The number that a text is.",
    parameters: [ANY],
    result: () => NUMBER,
    call: ([value = null]) => numberOf(value),
  },
  text: {
    signature: "text(value)",
    help: "A value as text; lists and records as JSON.",
    parameters: [ANY],
    result: () => STRING,
    call: ([value = null], onFile) => toText(value, onFile),
  },
  json: {
    signature: "json(text)",
    help: "What a JSON text says.",
    parameters: [STRING],
    result: () => ANY,
    call: ([value]) => jsonOf(text(value)),
  },
  fileName: {
    signature: "fileName(file)",
    help: "The name of a result file.",
    parameters: [{ kind: "file" }],
    result: () => STRING,
    call: ([file = null]) =>
      file instanceof FileValue ? file.name : new ValueProblem(`fileName takes a file, not ${kindOf(file)}`),
  },
  range: {
    signature: "range(count)",
    help: "The whole numbers from 0, as many as asked.",
    parameters: [INTEGER],
    result: () => listOf(INTEGER),
    call: ([count]) => range(count),
  },
};

/** The functions of expressions, by their names. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(Object.entries(TABLE));

/** Functions about how steps ended; with one of them in its `if` a step may run after another one failed. */
export const STATUS_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["always", "always(): whatever happened before"],
  ["failed", "failed() or failed('step'): whether a step that this one needs, or the one named, failed"],
  ["succeeded", "succeeded() or succeeded('step'): whether all steps that this one needs, or the one named, went well"],
]);

/** All functions as people look them up. */
export const EXPRESSION_FUNCTIONS: readonly {
  readonly name: string;
  readonly signature: string;
  readonly help: string;
}[] = [
  ...[...FUNCTIONS].map(([name, { signature, help }]) => ({ name, signature, help })),
  ...[...STATUS_FUNCTIONS].map(([name, help]) => ({ name, signature: `${name}()`, help })),
];
