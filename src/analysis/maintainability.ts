import type { Expression } from "../python/index.ts";
import { ownExpressions } from "./captures.ts";
import { pushParts } from "./expressions.ts";
import type { Scope } from "./scopes.ts";
import { forEachStatement } from "./statements.ts";

/**
 * The maintainability index from 0 to 100: `max(0, 100 / 171 * (171 - 5.2 ln V - 0.23 C - 16.2 ln L))` with Halstead
 * volume V, cyclomatic complexity C and lines L (Visual Studio's variant of Oman and Hagemeister 1992, without the
 * part for comments). V counts as radon does: operators are those of arithmetic, comparison, logic and augmented
 * assignment, operands what they stand between.
 */
export function maintainabilityOf(scope: Scope): number {
  const lines = Math.max(scope.endLine - scope.line + 1, 1);
  const volume = Math.max(halsteadVolume(scope), 1);
  const index = 171 - 5.2 * Math.log(volume) - 0.23 * scope.complexity.cyclomatic - 16.2 * Math.log(lines);
  return Math.round(Math.min(Math.max((index * 100) / 171, 0), 100) * 10) / 10;
}

/** Longer operands are compared by their place, not by their text: each counts as different. */
const MAX_COMPARED = 80;

/** `N log2 n`: N operators and operands, n different ones. Scopes inside count, too: they are read with it. */
function halsteadVolume(root: Scope): number {
  const tally = new HalsteadTally(root.text);
  const scopes = [root];
  for (let scope = scopes.pop(); scope !== undefined; scope = scopes.pop()) {
    for (const child of scope.children) scopes.push(child);
    const { node } = scope;
    if (node.kind !== "Lambda") {
      forEachStatement(node.body, (s) => {
        if (s.kind === "AugAssign") tally.count([s.op], [s.target, s.value]);
      });
    }
    const stack = ownExpressions(scope);
    for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
      countOperators(e, tally);
      pushParts(e, stack);
    }
  }
  return tally.volume();
}

class HalsteadTally {
  readonly #text: string;
  readonly #operators = new Set<string>();
  readonly #operands = new Set<string>();
  #length = 0;

  constructor(text: string) {
    this.#text = text;
  }

  count(operators: readonly string[], operands: readonly Expression[]): void {
    for (const operator of operators) this.#operators.add(operator);
    for (const { start, end } of operands) {
      this.#operands.add(end - start > MAX_COMPARED ? `${start}-${end}` : this.#text.slice(start, end));
    }
    this.#length += operators.length + operands.length;
  }

  volume(): number {
    const vocabulary = this.#operators.size + this.#operands.size;
    return vocabulary === 0 ? 0 : this.#length * Math.log2(vocabulary);
  }
}

function countOperators(e: Expression, tally: HalsteadTally): void {
  switch (e.kind) {
    case "BinOp":
      tally.count([e.op], [e.left, e.right]);
      return;
    case "UnaryOp":
      tally.count([e.op], [e.operand]);
      return;
    case "BoolOp":
      tally.count([e.op], e.values);
      return;
    case "Compare":
      tally.count(e.ops, [e.left, ...e.comparators]);
      return;
    default:
      return;
  }
}
