import { callValue } from "./calls.ts";
import { externalBases, lookupInClass } from "./classes.ts";
import type { Interpreter } from "./interpreter.ts";
import { namesOfScope } from "./namespaces.ts";
import { Scope } from "./scope.ts";
import {
  type CallArguments,
  type ClassValue,
  type DictValue,
  isSequence,
  NONE,
  str,
  tuple,
  unknown,
  type Value,
} from "./values.ts";

/*
 * What happens when a class is made, beside running its body: its metaclass, `__set_name__` of what it holds and
 * `__init_subclass__` of what it extends. Programs keep registers of their options, commands and plugins in this way.
 */

/** The name by which a class that is a type of classes extends `type`. */
const TYPE = "builtins.type";

/** Whether the instances of a class are classes. */
export function isMetaclass(value: ClassValue): boolean {
  return externalBases(value).includes(TYPE);
}

/** The metaclass that a class gets from its `metaclass=…` or from one of its bases, if it is one of the workspace. */
export function metaclassOf(bases: readonly Value[], given: Value | undefined): ClassValue | undefined {
  if (given?.kind === "class") return given;
  for (const base of bases) if (base.kind === "class" && base.metaclass !== undefined) return base.metaclass;
  return undefined;
}

/** The class whose names a dictionary was made of, so that `type.__new__` with that dictionary gives this class. */
const MADE_OF = new WeakMap<DictValue, ClassValue>();

/** Lets those that have a say in it know of a new class. @returns what the `class` statement gives */
export function announceClass(interpreter: Interpreter, made: ClassValue, keywords: ReadonlyMap<string, Value>): Value {
  const result = made.metaclass === undefined ? made : makeByMetaclass(interpreter, made, made.metaclass, keywords);
  if (result.kind === "class") tellParts(interpreter, result, keywords);
  return result;
}

function makeByMetaclass(
  interpreter: Interpreter,
  made: ClassValue,
  metaclass: ClassValue,
  keywords: ReadonlyMap<string, Value>,
): Value {
  const attributes = namesOfScope(interpreter, made.scope);
  MADE_OF.set(attributes, made);
  const call = {
    ...interpreter.emptyCall(made.file, made.line),
    positional: [str(made.name), tuple([...made.bases]), attributes],
    keywords,
  };
  const result = callMetaclass(interpreter, metaclass, call);
  return result.kind === "class" ? result : made;
}

/** `Meta(name, bases, namespace)`. */
export function callMetaclass(interpreter: Interpreter, metaclass: ClassValue, call: CallArguments): Value {
  const make = lookupInClass(metaclass, "__new__");
  const given = { ...call, positional: [metaclass, ...call.positional] };
  const made =
    make?.kind === "function" ? callValue(interpreter, { ...make, binding: "plain" }, given) : newClass(given);
  const init = lookupInClass(metaclass, "__init__");
  if (init?.kind === "function" && made.kind === "class") {
    callValue(interpreter, init, { ...call, positional: [made, ...call.positional] });
  }
  return made;
}

/** `type.__new__(metaclass, name, bases, namespace)`: also of a class whose body was run for it. */
export function newClass(call: CallArguments): Value {
  const [metaclass, name, bases, attributes] = call.positional;
  if (name?.kind !== "str" || bases === undefined || !isSequence(bases) || attributes?.kind !== "dict") {
    return unknown("a class that is made by a call");
  }
  const body = MADE_OF.get(attributes) ?? null;
  const scope = body?.scope ?? new Scope(null);
  for (const { key, value } of attributes.entries.values()) if (key.kind === "str") scope.set(key.value, value);
  if (body !== null && body.name === name.value) return body;
  const first = bases.items.find((base) => base.kind === "class");
  const template = body ?? (metaclass?.kind === "class" ? metaclass : first);
  if (template?.kind !== "class") return unknown("a class that is made by a call");
  scope.set("__name__", name);
  return {
    kind: "class",
    name: name.value,
    node: template.node,
    file: call.file,
    line: call.line,
    bases: bases.items,
    scope,
    isDataclass: false,
    fields: new Map(),
    ...(metaclass?.kind === "class" ? { metaclass } : {}),
  };
}

/** `__set_name__` of what the class holds, then `__init_subclass__` of what it extends. */
function tellParts(interpreter: Interpreter, made: ClassValue, keywords: ReadonlyMap<string, Value>): void {
  const call = interpreter.emptyCall(made.file, made.line);
  for (const [name, value] of made.scope.entries()) {
    if (value.kind !== "instance") continue;
    const told = lookupInClass(value.class, "__set_name__");
    if (told?.kind !== "function") continue;
    callValue(interpreter, told, { ...call, positional: [value, made, str(name)] });
  }
  const hook = lookupInClass(made, "__init_subclass__", made);
  if (hook?.kind !== "function") return;
  callValue(interpreter, { ...hook, binding: "plain" }, { ...call, positional: [made], keywords });
}

/** `super().__new__`, `super().__init__` and the like of a metaclass. */
export function methodOfType(name: string): ((call: CallArguments) => Value) | undefined {
  if (name === "__new__") return newClass;
  return name === "__init__" || name === "__init_subclass__" || name === "__set_name__" ? () => NONE : undefined;
}
