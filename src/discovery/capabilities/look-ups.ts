import type { Expression } from "../../python/index.ts";
import type { Literals, Locals } from "./literals.ts";

/** Members that are taken by a name: `getattr(self, "do_" + word)`, `globals()[word]`. */
export interface LookUp {
  /** Whose members; `null` for the functions and classes of the module itself. */
  readonly owner: Expression | null;
  readonly name: Expression;
}

/** Functions that look members up, and what their results are taken for. */
export const LOOKING_UP: ReadonlySet<string> = new Set(["builtins.getattr", "builtins.globals.get"]);

/** What an expression that calls none of the workspace's functions looks up. */
export function lookUpOf(node: Expression): LookUp | null {
  if (node.kind === "Subscript") return isGlobals(node.value) ? { owner: null, name: node.slice } : null;
  if (node.kind !== "Call") return null;
  const { func, args } = node;
  const [first, second] = args;
  if (func.kind === "Attribute") {
    return func.attr === "get" && isGlobals(func.value) && first !== undefined ? { owner: null, name: first } : null;
  }
  if (func.kind !== "Name" || func.id !== "getattr" || first === undefined || second === undefined) return null;
  return { owner: isOwnModule(first) ? null : first, name: second };
}

/** What a callee was looked up by, itself or where its name is assigned. */
export function lookUpsOf(callee: Expression, locals: Locals): readonly LookUp[] {
  const values = callee.kind === "Name" ? (locals.assigned(callee.id) ?? []) : [callee];
  return values.flatMap((value) => lookUpOf(value) ?? []);
}

function isGlobals(node: Expression): boolean {
  return node.kind === "Call" && node.func.kind === "Name" && node.func.id === "globals";
}

/** `sys.modules[__name__]` */
function isOwnModule(node: Expression): boolean {
  if (node.kind !== "Subscript" || node.slice.kind !== "Name" || node.slice.id !== "__name__") return false;
  const { value } = node;
  return value.kind === "Attribute" && value.attr === "modules" && value.value.kind === "Name";
}

/** Which names an expression may stand for. */
export interface NamePattern {
  /** Nothing is known of the name. */
  readonly isAny: boolean;
  matches(name: string): boolean;
}

/** A name that is not known at all is none that is private by its look. */
const ANY: NamePattern = { isAny: true, matches: (name) => !name.startsWith("_") };

export function namePattern(node: Expression, literals: Literals): NamePattern {
  const known = literals.texts(node);
  if (known !== null) return { isAny: false, matches: (name) => known.includes(name) };
  const [prefix, suffix] = affixesOf(node, literals);
  if (prefix === "" && suffix === "") return ANY;
  const least = prefix.length + suffix.length;
  return {
    isAny: false,
    matches: (name) => name.length > least && name.startsWith(prefix) && name.endsWith(suffix),
  };
}

/** With what a name begins and ends that is put together of known and unknown parts. */
function affixesOf(node: Expression, literals: Literals): readonly [string, string] {
  if (node.kind === "JoinedStr") return [wholeText(node.values[0], literals), wholeText(node.values.at(-1), literals)];
  if (node.kind === "BinOp" && node.op === "Add") {
    const left = wholeText(node.left, literals);
    return [left === "" ? affixesOf(node.left, literals)[0] : left, wholeText(node.right, literals)];
  }
  const isFormat = node.kind === "Call" && node.func.kind === "Attribute" && node.func.attr === "format";
  const template = isFormat ? node.func.value : node.kind === "BinOp" && node.op === "Mod" ? node.left : undefined;
  const parts = wholeText(template, literals).split(isFormat ? /\{[^{}]*\}/u : /%[sr]/u);
  return parts.length > 1 ? [parts[0] ?? "", parts.at(-1) ?? ""] : ["", ""];
}

function wholeText(node: Expression | undefined, literals: Literals): string {
  const [text, ...more] = node === undefined ? [] : (literals.texts(node) ?? []);
  return text !== undefined && more.length === 0 ? text : "";
}
