import type { Call, Expression, FunctionDef } from "../../python/index.ts";
import { int, lookupInClass, resolutionOrder, type Value } from "../evaluate/index.ts";
import type { Given } from "./reading.ts";

/** The word for `action=…`; `custom:Name` for a class that is like none of the library's; `undefined` when not known. */
export function actionOf(found: Given): string | undefined {
  if (found.state === "absent") return "store";
  if (found.state === "unknown") return undefined;
  const { value } = found;
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

/** `nargs` where an action class sets it itself: `def __init__(self, …, nargs=0)`, `super().__init__(…, nargs=0)`. */
export function nargsOfAction(found: Given): Given {
  const init = found.state === "given" && found.value.kind === "class" ? lookupInClass(found.value, "__init__") : null;
  if (init?.kind !== "function" || init.node.kind === "Lambda") return { state: "absent" };
  const { args, defaults, keywordDefaults, node } = init;
  const positional = [...args.posonlyargs, ...args.args];
  const at = positional.findIndex((parameter) => parameter.arg === "nargs") - (positional.length - defaults.length);
  const keyword = keywordDefaults[args.kwonlyargs.findIndex((parameter) => parameter.arg === "nargs")];
  const own = defaults[at] ?? keyword;
  const fallback = own === null || own === undefined || own.kind === "none" ? passedNargs(node) : own;
  return fallback === null ? { state: "absent" } : { state: "given", value: fallback };
}

/** What `super().__init__(option_strings, dest, nargs, …)` passes as the third argument. */
function thirdOf({ func, args }: Call): Expression | undefined {
  const isSuper = func.kind === "Attribute" && func.attr === "__init__" && func.value.kind === "Call";
  const isSpread = args.some((argument) => argument.kind === "Starred");
  return isSuper && !isSpread ? args[2] : undefined;
}

/** The number that an action's `__init__` passes on as `nargs`. */
function passedNargs(node: FunctionDef): Value | null {
  for (const statement of node.body) {
    if (statement.kind !== "Expr" || statement.value.kind !== "Call") continue;
    const nargs =
      statement.value.keywords.find((keyword) => keyword.arg === "nargs")?.value ?? thirdOf(statement.value);
    if (nargs?.kind === "Constant" && nargs.value.type === "int") return int(nargs.value.value);
  }
  return null;
}
