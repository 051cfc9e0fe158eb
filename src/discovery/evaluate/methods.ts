import { isCertainFor, itemPairs, iterate } from "./assignment.ts";
import { textOf } from "./format.ts";
import type { Interpreter } from "./interpreter.ts";
import { joinPath } from "./operators.ts";
import { STRING_METHODS } from "./string-methods.ts";
import {
  type CallArguments,
  type DictValue,
  deleteItem,
  equal,
  getItem,
  int,
  keyOf,
  list,
  NONE,
  native,
  type PathValue,
  path,
  type SequenceValue,
  setItem,
  str,
  unknown,
  type Value,
} from "./values.ts";

/** A method or attribute of a value of a built-in type, `undefined` when we have no model of it. */
export function methodOf(interpreter: Interpreter, value: Value, name: string): Value | undefined {
  switch (value.kind) {
    case "str": {
      const method = STRING_METHODS.get(name);
      return method && native(name, (call) => method(value.value, call, interpreter) ?? unknown(`str.${name}()`));
    }
    case "list":
    case "set":
    case "tuple": {
      const field = value.fieldNames?.indexOf(name) ?? -1;
      if (field >= 0) return value.items[field];
      const method = SEQUENCE_METHODS.get(name);
      return method && native(name, (call) => method(value, call, interpreter));
    }
    case "dict": {
      const method = DICT_METHODS.get(name);
      return method && native(name, (call) => method(value, call, interpreter));
    }
    case "path":
      return pathAttribute(value, name);
    default:
      return undefined;
  }
}

// --- lists, tuples, sets ----------------------------------------------------------------------------------------

type SequenceMethod = (target: SequenceValue, call: CallArguments, interpreter: Interpreter) => Value;

/** Appends within bounds: a list that grows without end becomes open. */
function push(target: SequenceValue, interpreter: Interpreter, ...values: readonly Value[]): void {
  // What was in it before stays, so that only an empty list is in doubt.
  if (target.items.length === 0 && !isCertainFor(interpreter, target)) target.mayLack = true;
  if (target.items.length + values.length > interpreter.limits.size) target.open = true;
  else target.items.push(...values);
}

function extend(target: SequenceValue, call: CallArguments, interpreter: Interpreter): Value {
  for (const value of call.positional) {
    const { items, open } = iterate(interpreter, value);
    const isSet = target.kind === "set";
    push(target, interpreter, ...(isSet ? items.filter((item) => !includes(target, item)) : items));
    target.open ||= open;
  }
  return NONE;
}

function includes(target: SequenceValue, item: Value): boolean {
  return target.items.some((known) => equal(known, item) === true);
}

function union(target: SequenceValue, call: CallArguments, interpreter: Interpreter): Value {
  const result: SequenceValue = { kind: target.kind, items: [...target.items], open: target.open };
  extend(result, call, interpreter);
  return result;
}

/** A change that we do not follow: afterwards the content is not known. */
function lose(target: SequenceValue): Value {
  target.items.length = 0;
  target.open = true;
  return unknown("a list that was changed");
}

const SEQUENCE_METHODS: ReadonlyMap<string, SequenceMethod> = new Map<string, SequenceMethod>([
  [
    "append",
    (target, call, interpreter) => {
      push(target, interpreter, call.positional[0] ?? unknown("nothing"));
      return NONE;
    },
  ],
  [
    "add",
    (target, call, interpreter) => {
      const item = call.positional[0] ?? unknown("nothing");
      if (!includes(target, item)) push(target, interpreter, item);
      return NONE;
    },
  ],
  ["extend", extend],
  ["update", extend],
  ["union", union],
  ["copy", (target) => ({ kind: target.kind, items: [...target.items], open: target.open })],
  [
    "insert",
    (target, call) => {
      const [at, item] = call.positional;
      if (at?.kind !== "int" || item === undefined) return lose(target);
      target.items.splice(Number(at.value), 0, item);
      return NONE;
    },
  ],
  [
    "index",
    (target, call) => {
      const wanted = call.positional[0];
      const at = wanted === undefined ? -1 : target.items.findIndex((item) => equal(item, wanted) === true);
      return at === -1 ? unknown("a position") : int(at);
    },
  ],
  [
    "pop",
    (target, call) => {
      const at = call.positional[0];
      if (target.open || (at !== undefined && at.kind !== "int")) return lose(target);
      const index = at?.kind === "int" ? Number(at.value) : -1;
      return target.items.splice(index, 1)[0] ?? unknown("an empty list");
    },
  ],
  [
    "remove",
    (target, call) => {
      const wanted = call.positional[0];
      const at = wanted === undefined ? -1 : target.items.findIndex((item) => equal(item, wanted) === true);
      if (at === -1) return lose(target);
      target.items.splice(at, 1);
      return NONE;
    },
  ],
  [
    "clear",
    (target) => {
      target.items.length = 0;
      target.open = false;
      return NONE;
    },
  ],
  [
    "reverse",
    (target) => {
      target.items.reverse();
      return NONE;
    },
  ],
  [
    "sort",
    (target, call) => {
      const sorted = sortValues(target.items);
      if (sorted === undefined || call.keywords.has("key")) {
        lose(target);
        return NONE;
      }
      target.items.splice(0, target.items.length, ...sorted);
      return NONE;
    },
  ],
  ["count", () => unknown("a count")],
  ["intersection", (target) => ({ kind: target.kind, items: [], open: true })],
  [
    "difference",
    (target, call, interpreter) => {
      const others = call.positional.map((value) => iterate(interpreter, value));
      const open = target.open || others.some((other) => other.open);
      const taken = new Set(others.flatMap((other) => other.items.map(keyOf)));
      return { kind: target.kind, items: open ? [] : target.items.filter((item) => !taken.has(keyOf(item))), open };
    },
  ],
]);

/** Sorts texts or numbers; `undefined` when the order is not known. */
export function sortValues(items: readonly Value[]): Value[] | undefined {
  if (items.every((item) => item.kind === "str")) {
    return [...items].sort((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)));
  }
  if (items.every((item) => item.kind === "int" || item.kind === "float")) {
    return [...items].sort((a, b) => Number(a.value) - Number(b.value));
  }
  return undefined;
}

// --- dictionaries -----------------------------------------------------------------------------------------------

type DictMethod = (target: DictValue, call: CallArguments, interpreter: Interpreter) => Value;

function lookUp(target: DictValue, call: CallArguments): Value {
  const [key, fallback] = call.positional;
  if (key === undefined) return unknown("no key");
  const found = getItem(target, key);
  if (found !== undefined) return found;
  return target.open || keyOf(key) === undefined ? unknown("an item that is not known") : (fallback ?? NONE);
}

const DICT_METHODS: ReadonlyMap<string, DictMethod> = new Map<string, DictMethod>([
  [
    "keys",
    (target) =>
      list(
        [...target.entries.values()].map((entry) => entry.key),
        target.open,
      ),
  ],
  [
    "values",
    (target) =>
      list(
        [...target.entries.values()].map((entry) => entry.value),
        target.open,
      ),
  ],
  ["items", (target) => list(itemPairs(target), target.open)],
  ["get", lookUp],
  [
    "setdefault",
    (target, call) => {
      const [key, fallback] = call.positional;
      const found = lookUp(target, call);
      if (key !== undefined && found === (fallback ?? NONE)) setItem(target, key, found);
      return found;
    },
  ],
  [
    "pop",
    (target, call, interpreter) => {
      const found = lookUp(target, call);
      deleteItem(target, call.positional[0], isCertainFor(interpreter, target));
      return found;
    },
  ],
  [
    "update",
    (target, call) => {
      for (const value of call.positional) {
        if (value.kind !== "dict") target.open = true;
        else {
          for (const entry of value.entries.values()) setItem(target, entry.key, entry.value);
          target.open ||= value.open;
        }
      }
      for (const [name, value] of call.keywords) setItem(target, str(name), value);
      target.open ||= call.openKeywords;
      return NONE;
    },
  ],
  [
    "copy",
    (target, _call, interpreter) => ({
      kind: "dict",
      entries: new Map([...target.entries].map(([k, v]) => [k, { ...v }])),
      open: target.open,
      ...(target.mayLack === true ? { mayLack: true } : {}),
      madeUnder: interpreter.conditional,
    }),
  ],
  [
    "clear",
    (target) => {
      target.entries.clear();
      target.open = false;
      return NONE;
    },
  ],
]);

// --- paths ------------------------------------------------------------------------------------------------------

function baseName(text: string): string {
  return text.replace(/\/+$/u, "").split("/").at(-1) ?? "";
}

/** The folder part of a path, as `pathlib` gives it. */
export function parentOf(text: string): string {
  const trimmed = text.replace(/\/+$/u, "");
  const at = trimmed.lastIndexOf("/");
  if (at === -1) return ".";
  return at === 0 ? "/" : trimmed.slice(0, at);
}

/** Name without its last ending, and that ending. */
export function splitExtension(text: string): readonly [string, string] {
  const name = baseName(text);
  const at = name.lastIndexOf(".");
  if (at <= 0) return [text, ""];
  const ending = name.slice(at);
  return [text.slice(0, text.length - ending.length), ending];
}

function pathAttribute(target: PathValue, name: string): Value | undefined {
  switch (name) {
    case "name":
      return str(baseName(target.value));
    case "stem":
      return str(splitExtension(baseName(target.value))[0]);
    case "suffix":
      return str(splitExtension(baseName(target.value))[1]);
    case "parent":
      return path(parentOf(target.value));
    case "joinpath":
      return native(name, (call) =>
        call.positional.reduce<Value>((left, right) => joinPath(left, right) ?? unknown("a path"), target),
      );
    case "with_suffix":
    case "with_name":
      return native(name, (call) => replaceName(target.value, name, call));
    case "as_posix":
    case "__str__":
    case "__fspath__":
      return native(name, () => str(target.value));
    default:
      return undefined;
  }
}

function replaceName(target: string, method: string, call: CallArguments): Value {
  const given = call.positional[0] && textOf(call.positional[0]);
  if (given === undefined) return unknown("a path");
  if (method === "with_suffix") return path(splitExtension(target)[0] + given);
  return joinPath(path(parentOf(target)), str(given)) ?? unknown("a path");
}
