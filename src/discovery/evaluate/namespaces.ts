import type { Interpreter } from "./interpreter.ts";
import type { Scope } from "./scope.ts";
import { type DictValue, dict, type InstanceValue, str, type Value } from "./values.ts";

/*
 * The names of modules, classes and objects as dictionaries (`globals()`, `vars(x)`, `x.__dict__`): what is put into
 * them is set on what they belong to.
 */

/** Names that every module or class has and that no program looks for among its own. */
function isMade(name: string): boolean {
  return /^\W|^__(?!all__|version__|author__)\w+__$/u.test(name);
}

/** The names of a module, class body or call. What was imported and not looked at yet is looked at now. */
export function namesOfScope(interpreter: Interpreter, scope: Scope): DictValue {
  const names = scope.entries().filter(([name]) => !isMade(name));
  interpreter.charge(names.length);
  const result = dict(
    names.flatMap(([name]) => {
      const value = scope.own(name);
      return value === undefined ? [] : [[str(name), value] as const];
    }),
  );
  return live(result, (name, value) => scope.set(name, value));
}

/** The attributes of an object. */
function attributesOfInstance(instance: InstanceValue): DictValue {
  const result = dict([...instance.attributes].map(([name, value]) => [str(name), value] as const));
  return live(result, (name, value) => instance.attributes.set(name, value));
}

function live(result: DictValue, set: (name: string, value: Value) => void): DictValue {
  result.onSet = (key, value) => {
    if (key.kind === "str") set(key.value, value);
  };
  return result;
}

/** `vars(x)`, `x.__dict__`; `undefined` for what has no attributes that can be read. */
export function dictionaryOf(interpreter: Interpreter, value: Value): Value | undefined {
  switch (value.kind) {
    case "module":
    case "class":
      return namesOfScope(interpreter, value.scope);
    case "instance":
      return value.host === null ? attributesOfInstance(value) : undefined;
    default:
      return undefined;
  }
}
