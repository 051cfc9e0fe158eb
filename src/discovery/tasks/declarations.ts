import {
  type CallArguments,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  type Interpreter,
  isSequence,
  NONE,
  native,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { givenText } from "../readers/reading.ts";

// --- invoke -------------------------------------------------------------------------------------------------------

/** A function that `@task` decorates. */
export interface InvokeTask {
  readonly callee: FunctionValue;
  readonly call: CallArguments;
}

/** A `Collection(…)` of invoke. */
export interface InvokeCollection {
  readonly name: string | undefined;
  readonly tasks: Map<string, InvokeTask>;
  readonly collections: Map<string, InvokeCollection>;
}

const TASKS = new WeakMap<HostValue, InvokeTask>();
const COLLECTIONS = new WeakMap<HostValue, InvokeCollection>();

function taskOf(value: Value | undefined): InvokeTask | undefined {
  return value?.kind === "host" ? TASKS.get(value) : undefined;
}

function collectionOf(value: Value | undefined): InvokeCollection | undefined {
  return value?.kind === "host" ? COLLECTIONS.get(value) : undefined;
}

const task: ExternalModel = (call) => {
  const [first] = call.positional;
  if (first?.kind === "function") return taskHost(first, { ...call, positional: [] });
  return native("invoke.task", (inner) => {
    const [target] = inner.positional;
    return target?.kind === "function" ? taskHost(target, call) : (target ?? NONE);
  });
};

function taskHost(callee: FunctionValue, call: CallArguments): HostValue {
  const host: HostValue = { kind: "host", typeName: "invoke.Task" };
  TASKS.set(host, { callee, call });
  return host;
}

/** The name under which a task is called: underscores are written as dashes. */
function taskName({ callee, call }: InvokeTask): string {
  return givenText(call, "name") ?? dashed(callee.name);
}

export function dashed(name: string): string {
  return name.replaceAll("_", "-").replace(/^-+|-+$/gu, "");
}

const collection: ExternalModel = (call) => {
  const [first, ...rest] = call.positional;
  const isNamed = first?.kind === "str";
  const made: InvokeCollection = {
    name: isNamed ? first.value : undefined,
    tasks: new Map(),
    collections: new Map(),
  };
  for (const value of isNamed ? rest : call.positional) add(made, value, undefined);
  for (const [name, value] of call.keywords) add(made, value, dashed(name));
  const host: HostValue = {
    kind: "host",
    typeName: "invoke.Collection",
    callMethod: (name, inner) => {
      const [value] = inner.positional;
      if (name === "add_task" || name === "add_collection") add(made, value, givenText(inner, "name", 1));
      return name === "configure" || name.startsWith("add_") ? NONE : unknown(`Collection.${name}()`);
    },
  };
  COLLECTIONS.set(host, made);
  return host;
};

function add(into: InvokeCollection, value: Value | undefined, name: string | undefined): void {
  const one = taskOf(value);
  const inner = value?.kind === "module" ? collectionOfModule(value) : collectionOf(value);
  if (one !== undefined) into.tasks.set(name ?? taskName(one), one);
  else if (inner !== undefined) into.collections.set(name ?? inner.name ?? "", inner);
}

/** What a tasks module offers: its `ns` or `namespace`, else all its tasks. */
export function collectionOfModule(module: Value & { kind: "module" }): InvokeCollection {
  const given = collectionOf(module.scope.own("ns")) ?? collectionOf(module.scope.own("namespace"));
  const name = dashed(module.name.slice(module.name.lastIndexOf(".") + 1));
  if (given !== undefined) return { ...given, name: given.name ?? name };
  const tasks = new Map<string, InvokeTask>();
  for (const value of module.scope.values()) {
    const one = taskOf(value);
    if (one !== undefined) tasks.set(taskName(one), one);
  }
  return { name, tasks, collections: new Map() };
}

// --- nox ----------------------------------------------------------------------------------------------------------

/** A function that `@nox.session` decorates. */
export interface NoxSession {
  readonly name: string;
  readonly callee: FunctionValue;
}

const SESSIONS = new WeakMap<Interpreter, NoxSession[]>();

export function sessionsOf(interpreter: Interpreter): readonly NoxSession[] {
  return SESSIONS.get(interpreter) ?? [];
}

const session: ExternalModel = (call, interpreter) => {
  const register = (value: Value | undefined, given: CallArguments): Value => {
    if (value?.kind === "function") {
      const made = { name: givenText(given, "name") ?? value.name, callee: value };
      SESSIONS.set(interpreter, [...sessionsOf(interpreter), made]);
    }
    return value ?? NONE;
  };
  const [first] = call.positional;
  if (first?.kind === "function") return register(first, { ...call, positional: [] });
  return native("nox.session", (inner) => register(inner.positional[0], call));
};

// --- doit ---------------------------------------------------------------------------------------------------------

/** The texts of a dictionary's entries, as far as they are known. */
export function entriesOf(value: Value | undefined): ReadonlyMap<string, Value> {
  if (value?.kind !== "dict") return new Map();
  return new Map([...value.entries.values()].map((entry) => [textOf(entry.key) ?? "", entry.value]));
}

/** The dictionaries that a task function returns or yields. */
export function dictionariesIn(value: Value): readonly ReadonlyMap<string, Value>[] {
  if (value.kind === "dict") return [entriesOf(value)];
  return isSequence(value) ? value.items.flatMap(dictionariesIn) : [];
}

export const TASK_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["invoke.task", task],
  ["invoke.tasks.task", task],
  ["invoke.Collection", collection],
  ["invoke.collection.Collection", collection],
  ["nox.session", session],
  ["nox_poetry.session", session],
];
