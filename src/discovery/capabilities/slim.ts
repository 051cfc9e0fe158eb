import { type Expression, forEachChild, type Node } from "../../python/index.ts";
import { detached } from "../detached.ts";
import type { Binding, Branch, ClassNames, FileNames } from "./names.ts";

/** Longest expression, in characters, whose tree is kept as it is. */
const SMALL = 160;

/**
 * A file's names without the large trees that nobody resolves (tables, long calls): names are kept for all files of a
 * workspace, trees only for those read last.
 */
export function slimNames(names: FileNames): FileNames {
  return {
    bindings: mapped(names.bindings, slimBinding),
    branches: mapped(names.branches, (list) => list.map(slimBranch)),
    classes: mapped(names.classes, slimClass),
    stars: names.stars,
  };
}

function mapped<V>(map: ReadonlyMap<string, V>, change: (value: V) => V): Map<string, V> {
  const changed = new Map<string, V>();
  for (const [key, value] of map) changed.set(key, change(value));
  return changed;
}

function slimBinding(binding: Binding): Binding {
  return binding.kind === "value" ? { kind: "value", value: slim(binding.value) } : binding;
}

function slimBranch({ guards, binding }: Branch): Branch {
  return { guards: guards.map(({ test, holds }) => ({ test: slim(test), holds })), binding: slimBinding(binding) };
}

function slimClass({ name, bases, methods }: ClassNames): ClassNames {
  return { name, bases: bases.map(slim), methods };
}

/**
 * The expression as far as it may be resolved: of a long call what is called, of a table nothing. Identifiers are no pieces of
 * the source text: what is made of them alone is kept as it is.
 */
export function slim(node: Expression): Expression {
  switch (node.kind) {
    case "Name":
      return node;
    case "Attribute": {
      const value = slim(node.value);
      return value === node.value ? node : { ...node, value };
    }
    case "Constant":
      return withoutSource(node);
    case "IfExp":
      return { ...node, test: slim(node.test), body: slim(node.body), orelse: slim(node.orelse) };
    case "Await":
      return { ...node, value: slim(node.value) };
    case "Call":
      return isSmall(node) ? withoutSource(node) : { ...node, func: slim(node.func), args: [], keywords: [] };
    default:
      return isSmall(node) ? withoutSource(node) : NOTHING;
  }
}

/** The same expression with no piece of the source text. */
function withoutSource(node: Expression): Expression {
  return mayHoldText(node) ? detached(node) : node;
}

/** Whether there is a text somewhere besides identifiers. */
function mayHoldText(node: Node): boolean {
  if (node.kind === "Constant") return node.value.type === "str" || node.value.type === "bytes";
  if (node.kind === "Interpolation") return true;
  let may = false;
  forEachChild(node, (child) => {
    may ||= mayHoldText(child);
  });
  return may;
}

function isSmall({ start, end }: Expression): boolean {
  return end - start <= SMALL;
}

const NOTHING: Expression = {
  kind: "Constant",
  start: 0,
  end: 0,
  line: 1,
  endLine: 1,
  value: { type: "None" },
  u: false,
};
