import {
  type CallArguments,
  type ExternalModel,
  type HostValue,
  hostOf,
  type Interpreter,
  list,
  lookupInClass,
  resolutionOrder,
  str,
  type Value,
} from "../evaluate/index.ts";
import type { Given } from "./reading.ts";

/** The word for `action=…`; `custom:Name` for a class that is like none of the library's; `undefined` when not known. */
export function actionOf(found: Given, registered?: ReadonlyMap<string, Value>): string | undefined {
  if (found.state === "absent") return "store";
  if (found.state === "unknown") return undefined;
  const own = found.value.kind === "str" ? registered?.get(found.value.value) : undefined;
  const value = own ?? found.value;
  if (value.kind === "str") return value.value;
  if (value.kind === "class") return actionOfClass(value);
  if (value.kind !== "external") return undefined;
  return LIBRARY_ACTIONS.get(value.name) ?? `custom:${value.name}`;
}

/** argparse's own action classes by the word for them. */
const LIBRARY_ACTIONS: ReadonlyMap<string, string> = new Map([
  ["argparse.BooleanOptionalAction", "boolean_optional"],
  ["argparse._StoreAction", "store"],
  ["argparse._StoreConstAction", "store_const"],
  ["argparse._StoreTrueAction", "store_true"],
  ["argparse._StoreFalseAction", "store_false"],
  ["argparse._AppendAction", "append"],
  ["argparse._AppendConstAction", "append_const"],
  ["argparse._ExtendAction", "extend"],
  ["argparse._CountAction", "count"],
  ["argparse._HelpAction", "help"],
  ["argparse._VersionAction", "version"],
]);

/** An action class of the program's own: as the library's that it extends, else by its name. */
function actionOfClass(value: Value & { kind: "class" }): string {
  for (const base of resolutionOrder(value)) {
    const action = base.kind === "external" ? LIBRARY_ACTIONS.get(base.name) : undefined;
    if (action !== undefined) return action;
  }
  return `custom:${value.name}`;
}

/** The classes of which a program derives actions of its own. */
export const ACTION_CLASSES: readonly string[] = ["argparse.Action", ...LIBRARY_ACTIONS.keys()];

/** Steps that one `__init__` of an action may take. */
const MAX_STEPS = 1_000;

/** Action classes whose `__init__` takes more. */
const NOT_FOLLOWED = new WeakSet<Value>();

/** What an action's own `__init__` passed on to the library. */
const PASSED = new WeakMap<HostValue, CallArguments>();

/** The parameters of `argparse.Action` in order; the classes that take no value leave some out. */
const PARAMETERS = [
  "option_strings",
  "dest",
  "nargs",
  "const",
  "default",
  "type",
  "choices",
  "required",
  "help",
  "metavar",
] as const;

/** `argparse.Action(…)`, mostly called by `super().__init__(…)`. */
export const actionModel: ExternalModel = (call) => {
  const keywords = new Map(call.keywords);
  for (const [index, value] of call.positional.entries()) {
    const name = PARAMETERS[index];
    if (name !== undefined) keywords.set(name, value);
  }
  const host: HostValue = {
    kind: "host",
    typeName: "argparse.Action",
    getAttribute: (name) => (name === "choices" || name === "nargs" ? keywords.get(name) : undefined),
  };
  PASSED.set(host, { ...call, positional: [], keywords });
  return host;
};

/**
 * What `add_argument` declares when an action class of the program's own has its say: the arguments that its `__init__`
 * passes on. `undefined` where it has none or cannot be followed.
 */
export function madeByAction(
  call: CallArguments,
  flags: readonly string[],
  dest: string,
  interpreter: Interpreter,
): CallArguments | undefined {
  const action = call.keywords.get("action");
  if (action?.kind !== "class" || lookupInClass(action, "__init__")?.kind !== "function") return undefined;
  const keywords = new Map(call.keywords);
  keywords.delete("action");
  keywords.set("option_strings", list(flags.filter((flag) => /^\W/u.test(flag)).map(str)));
  keywords.set("dest", str(dest));
  if (NOT_FOLLOWED.has(action)) return undefined;
  const made = interpreter.attempt(MAX_STEPS, () => interpreter.call(action, { ...call, positional: [], keywords }));
  if (made === undefined) NOT_FOLLOWED.add(action);
  const passed = PASSED.get(hostOf(made) ?? { kind: "host", typeName: "" });
  // An `__init__` that takes `*args, **kwargs` of something unknown says nothing more than the call.
  if (passed === undefined || passed.openKeywords || passed.openPositional || passed.keywords.size === 0) {
    return undefined;
  }
  return passed;
}
