import type { Expression } from "../../python/index.ts";
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
    stars: names.stars.map(({ level, module }) => ({ level, module: detached(module) })),
  };
}

function mapped<V>(map: ReadonlyMap<string, V>, change: (value: V) => V): Map<string, V> {
  return new Map([...map].map(([key, value]) => [detached(key), change(value)]));
}

function slimBinding(binding: Binding): Binding {
  switch (binding.kind) {
    case "value":
      return { kind: "value", value: slim(binding.value) };
    case "import": {
      const { kind, level, module, name } = binding;
      return { kind, level, module: detached(module), name: name === null ? null : detached(name) };
    }
    default:
      return { kind: binding.kind, name: detached(binding.name) };
  }
}

function slimBranch({ guards, binding }: Branch): Branch {
  return { guards: guards.map(({ test, holds }) => ({ test: slim(test), holds })), binding: slimBinding(binding) };
}

function slimClass({ name, bases, methods }: ClassNames): ClassNames {
  return {
    name: detached(name),
    bases: bases.map(slim),
    methods: new Set([...methods].map(detached)),
  };
}

/** The expression as far as it may be resolved: of a long call what is called, of a table nothing. */
export function slim(node: Expression): Expression {
  switch (node.kind) {
    case "Name":
      return { ...node, id: detached(node.id) };
    case "Attribute":
      return { ...node, attr: detached(node.attr), value: slim(node.value) };
    case "Constant":
      return detached(node);
    case "IfExp":
      return { ...node, test: slim(node.test), body: slim(node.body), orelse: slim(node.orelse) };
    case "Await":
      return { ...node, value: slim(node.value) };
    case "Call":
      return isSmall(node) ? detached(node) : { ...node, func: slim(node.func), args: [], keywords: [] };
    default:
      return isSmall(node) ? detached(node) : NOTHING;
  }
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
