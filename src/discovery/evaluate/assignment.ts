import type { Expression } from "../../python/index.ts";
import { setAttributeOf } from "./attributes.ts";
import { lookupInClass } from "./classes.ts";
import type { Frame } from "./frame.ts";
import type { Interpreter } from "./interpreter.ts";
import {
  type DictValue,
  deleteItem,
  getItem,
  type InstanceValue,
  isSequence,
  join,
  list,
  type SequenceValue,
  setItem,
  str,
  tuple,
  unknown,
  type Value,
} from "./values.ts";

/** Binds the value to a target: name, attribute, item, or several by unpacking. */
export function assign(interpreter: Interpreter, target: Expression, value: Value, frame: Frame): void {
  switch (target.kind) {
    case "Name":
      (frame.redirects?.get(target.id) ?? frame.scope).set(target.id, value);
      return;
    case "Attribute":
      setAttributeOf(interpreter, interpreter.evaluate(target.value, frame), target.attr, value);
      return;
    case "Subscript":
      assignItem(
        interpreter,
        interpreter.evaluate(target.value, frame),
        target.slice.kind === "Slice" ? unknown("a slice") : interpreter.evaluate(target.slice, frame),
        value,
      );
      return;
    case "Tuple":
    case "List":
      unpack(interpreter, target.elts, value, frame);
      return;
    case "Starred":
      assign(interpreter, target.value, value, frame);
      return;
    default:
      return;
  }
}

function assignItem(interpreter: Interpreter, container: Value, key: Value, value: Value): void {
  if (container.kind === "dict") setItem(container, key, asFarAsCertain(interpreter, container, key, value));
  else if (container.kind === "list") assignListItem(container, key, value);
}

/** What an item may be after it was set on one side only of a condition that is not known. */
function asFarAsCertain(interpreter: Interpreter, container: DictValue, key: Value, value: Value): Value {
  if (isCertainFor(interpreter, container)) return value;
  return join(value, getItem(container, key) ?? unknown("set under a condition only"));
}

/** Whether what is done to a container now is done whenever the container is made. */
export function isCertainFor(interpreter: Interpreter, container: DictValue | SequenceValue): boolean {
  return container.madeUnder === undefined || interpreter.conditional <= container.madeUnder;
}

function assignListItem(container: { items: Value[]; open: boolean }, key: Value, value: Value): void {
  const index = key.kind === "int" && typeof key.value === "number" ? key.value : undefined;
  const position = index !== undefined && index < 0 ? index + container.items.length : index;
  if (position === undefined || position < 0 || position >= container.items.length) container.open = true;
  else container.items[position] = value;
}

function unpack(interpreter: Interpreter, targets: readonly Expression[], value: Value, frame: Frame): void {
  const { items, open } = iterate(interpreter, value);
  const star = targets.findIndex((target) => target.kind === "Starred");
  const known = !open && (star === -1 ? items.length === targets.length : items.length >= targets.length - 1);
  if (!known) {
    for (const target of targets) assign(interpreter, target, unknown("unpacked from something unknown"), frame);
    return;
  }
  const after = star === -1 ? 0 : targets.length - star - 1;
  for (const [index, target] of targets.entries()) {
    if (target.kind === "Starred") {
      assign(interpreter, target.value, list(items.slice(index, items.length - after)), frame);
      continue;
    }
    const at = star !== -1 && index > star ? items.length - (targets.length - index) : index;
    assign(interpreter, target, items[at] ?? unknown("not enough values"), frame);
  }
}

export function deleteTarget(interpreter: Interpreter, target: Expression, frame: Frame): void {
  if (target.kind === "Name") {
    frame.scope.delete(target.id);
    return;
  }
  if (target.kind !== "Subscript" || target.slice.kind === "Slice") return;
  const container = interpreter.evaluate(target.value, frame);
  const key = interpreter.evaluate(target.slice, frame);
  if (container.kind === "dict") deleteItem(container, key, isCertainFor(interpreter, container));
  else if (container.kind === "list") container.open = true;
}

/** What a `for` over the value goes through; `open` when there may be more that is not known. */
export function iterate(
  interpreter: Interpreter,
  value: Value,
): { readonly items: readonly Value[]; readonly open: boolean } {
  const limit = interpreter.limits.iterations;
  const { items, open } = contentsOf(value.kind === "instance" ? iteratorOf(interpreter, value) : value);
  interpreter.charge(items.length);
  return items.length > limit ? { items: items.slice(0, limit), open: true } : { items: [...items], open };
}

/** What an object's own `__iter__` gives. */
function iteratorOf(interpreter: Interpreter, instance: InstanceValue): Value {
  const method = lookupInClass(instance.class, "__iter__");
  if (method?.kind !== "function") return instance;
  const call = { ...interpreter.emptyCall(method.file, method.line), positional: [instance] };
  const given = interpreter.call(method, call);
  return given.kind === "instance" ? unknown("an iterator of the program's own") : given;
}

function contentsOf(value: Value): { readonly items: readonly Value[]; readonly open: boolean } {
  if (isSequence(value)) return { items: value.items, open: value.open };
  switch (value.kind) {
    case "dict":
      return { items: [...value.entries.values()].map((entry) => entry.key), open: value.open };
    case "str":
      return { items: [...value.value].map(str), open: false };
    case "class":
      return contentsOfClass(value);
    default:
      return { items: [], open: true };
  }
}

/** Going through a class means going through the members of an enumeration. */
function contentsOfClass(value: Value & { kind: "class" }): {
  readonly items: readonly Value[];
  readonly open: boolean;
} {
  const items = value.scope.values().filter((member) => member.kind === "enum");
  return { items, open: items.length === 0 };
}

/** The text of a string value, for lists of names. */
export function nameOf(value: Value): string | undefined {
  return value.kind === "str" ? value.value : undefined;
}

/** The pairs that `dict.items()` gives. */
export function itemPairs(value: Value & { kind: "dict" }): Value[] {
  return [...value.entries.values()].map((entry) => tuple([entry.key, entry.value]));
}

export const BUILTIN_PREFIX = "builtins.";
