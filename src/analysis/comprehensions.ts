import type { Complexity } from "../model/index.ts";
import type { Comprehension, DictComp } from "../python/index.ts";
import { ownExpressions } from "./captures.ts";
import { isComprehension, pushParts } from "./expressions.ts";
import type { Scope } from "./scopes.ts";

/** A comprehension or generator expression: Python runs it as a scope of its own. */
export interface ComprehensionScope {
  readonly kind: "comprehension";
  readonly node: Comprehension | DictComp;
  readonly name: string;
  /** As `__qualname__` was before Python 3.12, which runs most of them inline: `f.<locals>.<listcomp>`. */
  readonly qualname: string;
  readonly line: number;
  readonly endLine: number;
  readonly complexity: Complexity;
  /** The scope that it is written in. */
  readonly owner: Scope;
}

const NAMES = {
  ListComp: "<listcomp>",
  SetComp: "<setcomp>",
  DictComp: "<dictcomp>",
  GeneratorExp: "<genexpr>",
} as const;

/** The comprehensions written directly in a scope or in one another, in the order of the text. */
export function comprehensionsOf(owner: Scope): ComprehensionScope[] {
  const found: ComprehensionScope[] = [];
  const stack = ownExpressions(owner).map((e) => ({ e, prefix: prefixOf(owner) }));
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const { e } = at;
    let { prefix } = at;
    if (isComprehension(e)) {
      const { line, endLine } = e;
      const name = NAMES[e.kind];
      const qualname = prefix + name;
      found.push({ kind: "comprehension", node: e, name, qualname, line, endLine, complexity: measure(e), owner });
      prefix = `${qualname}.<locals>.`;
    }
    const parts: (typeof e)[] = [];
    pushParts(e, parts);
    for (const part of parts) stack.push({ e: part, prefix });
  }
  return found.sort((a, b) => a.node.start - b.node.start);
}

function prefixOf({ kind, qualname }: Scope): string {
  if (kind === "module") return "";
  return kind === "class" ? `${qualname}.` : `${qualname}.<locals>.`;
}

/** As if written as loops and conditions. */
function measure({ generators }: Comprehension | DictComp): Complexity {
  const conditions = generators.reduce((sum, { ifs }) => sum + ifs.length, 0);
  const decisions = generators.length + conditions;
  const cognitive = (decisions * (decisions + 1)) / 2;
  return { cyclomatic: 1 + decisions, cognitive, nesting: decisions, statements: 1, parameters: 0 };
}
