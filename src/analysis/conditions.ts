import type { BoolOp, Compare, Expression, IfExp, Statement } from "../python/index.ts";
import { EDGE, type LooseEnd, looseEnd } from "./draft.ts";
import { constantTruth, type ExpressionStack, isComprehension, pushHead, pushParts } from "./expressions.ts";
import { append, type Flow } from "./flow.ts";
import { lineLabel } from "./labels.ts";
import type { Raising } from "./raising.ts";

/** Where control goes on after a condition. */
export interface Ways {
  readonly whenTrue: LooseEnd[];
  readonly whenFalse: LooseEnd[];
}

/** Whether control parts inside an expression: at its own operator, not deeper. */
export function isBranching(e: Expression): boolean {
  return e.kind === "BoolOp" || e.kind === "IfExp" || (e.kind === "Compare" && e.ops.length > 1) || isNegation(e);
}

function isNegation(e: Expression): boolean {
  return e.kind === "UnaryOp" && e.op === "Not" && isBranching(e.operand);
}

/** Draws the branches inside expressions: a node for each part that is tested, one for each value that is chosen. */
export class ConditionBuilder {
  readonly #text: string;
  readonly #flow: Flow;
  readonly #raising: Raising;
  /** First line of the statement that the expressions belong to. */
  #line = 1;

  constructor(text: string, flow: Flow, raising: Raising) {
    this.#text = text;
    this.#flow = flow;
    this.#raising = raising;
  }

  /** Builds the condition of a statement. */
  condition(e: Expression, line: number): Ways {
    this.#line = line;
    return this.#test(e);
  }

  /** Builds what parts inside the expressions of a simple statement, or of another one's head. */
  inside(s: Statement): void {
    this.#line = s.line;
    const stack: ExpressionStack = [];
    pushHead(s, stack);
    this.#values(stack);
  }

  /** Builds what parts inside an expression that is no statement's. */
  within(e: Expression, line: number): void {
    this.#line = line;
    this.#values([e]);
  }

  /** Builds each outermost branching expression, in the order of the text. */
  #values(stack: ExpressionStack): void {
    const found: Expression[] = [];
    for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
      if (isBranching(e)) found.push(e);
      else if (isComprehension(e)) {
        // Only the first iterable is evaluated here.
        const [first] = e.generators;
        if (first !== undefined) stack.push(first.iter);
      } else pushParts(e, stack);
    }
    found.sort((a, b) => a.start - b.start);
    for (const e of found) this.#value(e);
  }

  #inner(e: Expression): void {
    const stack: ExpressionStack = [];
    pushParts(e, stack);
    if (stack.length > 0) this.#values(stack);
  }

  #test(e: Expression): Ways {
    if (e.kind === "BoolOp") return this.#junction(e);
    if (e.kind === "Compare" && e.ops.length > 1) return this.#chain(e);
    if (e.kind === "IfExp") return this.#conditional(e);
    if (e.kind === "UnaryOp" && isNegation(e)) {
      const { whenTrue, whenFalse } = this.#test(e.operand);
      return { whenTrue: whenFalse, whenFalse: whenTrue };
    }
    if (e.kind !== "Lambda") this.#inner(e);
    return this.#ask(e.start, e, constantTruth(e));
  }

  /** A node that asks for the truth of what is written from `start` to the end of an expression. */
  #ask(start: number, e: Expression, truth: boolean | null): Ways {
    const { draft, region } = this.#flow;
    const label = lineLabel(this.#text, start, e.end, e.line, e.endLine);
    const node = draft.enter("branch", e.line, e.endLine, label, [this.#line]);
    if (truth === null || region.isInterruptible) region.raise(node);
    return {
      whenTrue: truth === false ? [] : [looseEnd(node, EDGE.true)],
      whenFalse: truth === true ? [] : [looseEnd(node, EDGE.false)],
    };
  }

  #junction({ op, values }: BoolOp): Ways {
    const whenTrue: LooseEnd[] = [];
    const whenFalse: LooseEnd[] = [];
    for (const [i, value] of values.entries()) {
      const ways = this.#test(value);
      const isLast = i === values.length - 1;
      if (isLast || op === "Or") append(whenTrue, ways.whenTrue);
      if (isLast || op === "And") append(whenFalse, ways.whenFalse);
      this.#flow.draft.from(op === "And" ? ways.whenTrue : ways.whenFalse);
    }
    return { whenTrue, whenFalse };
  }

  #chain(e: Compare): Ways {
    const whenFalse: LooseEnd[] = [];
    let ways: Ways = { whenTrue: [], whenFalse: [] };
    this.#inner(e);
    let { start } = e.left;
    for (const right of e.comparators) {
      ways = this.#ask(start, right, null);
      append(whenFalse, ways.whenFalse);
      this.#flow.draft.from(ways.whenTrue);
      start = right.start;
    }
    return { whenTrue: ways.whenTrue, whenFalse };
  }

  /** Chains of `else` are walked in a loop, so that their length is not the depth of the stack. */
  #conditional(first: IfExp): Ways {
    const whenTrue: LooseEnd[] = [];
    const whenFalse: LooseEnd[] = [];
    let last: Expression = first;
    while (last.kind === "IfExp") {
      const asked = this.#test(last.test);
      this.#flow.draft.from(asked.whenTrue);
      const chosen = this.#test(last.body);
      append(whenTrue, chosen.whenTrue);
      append(whenFalse, chosen.whenFalse);
      this.#flow.draft.from(asked.whenFalse);
      last = last.orelse;
    }
    const ways = this.#test(last);
    append(whenTrue, ways.whenTrue);
    append(whenFalse, ways.whenFalse);
    return { whenTrue, whenFalse };
  }

  /** Builds an expression whose value, not whose truth, is wanted. */
  #value(e: Expression): void {
    const { draft } = this.#flow;
    const after: LooseEnd[] = [];
    let last = e;
    for (;;) {
      if (last.kind === "IfExp") {
        const asked = this.#test(last.test);
        draft.from(asked.whenTrue);
        this.#value(last.body);
        append(after, draft.take());
        draft.from(asked.whenFalse);
        last = last.orelse;
      } else if (last.kind === "BoolOp") {
        const stop = last.values.at(-1);
        if (stop === undefined) break;
        this.#decided(last, after);
        last = stop;
      } else break;
    }
    this.#plain(last);
    append(after, draft.take());
    draft.from(after);
  }

  /** The operands before the last: one that decides is the value. */
  #decided({ op, values }: BoolOp, after: LooseEnd[]): void {
    for (const value of values.slice(0, -1)) {
      const { whenTrue, whenFalse } = this.#test(value);
      append(after, op === "And" ? whenFalse : whenTrue);
      this.#flow.draft.from(op === "And" ? whenTrue : whenFalse);
    }
  }

  #plain(e: Expression): void {
    const { draft, region } = this.#flow;
    if (isBranching(e)) {
      const { whenTrue, whenFalse } = this.#test(e);
      append(whenTrue, whenFalse);
      draft.from(whenTrue);
      return;
    }
    this.#inner(e);
    const label = lineLabel(this.#text, e.start, e.end, e.line, e.endLine);
    const node = draft.enter("block", e.line, e.endLine, label, [this.#line]);
    if (region.isInterruptible || this.#raising.expression(e)) region.raise(node);
    draft.from([looseEnd(node, EDGE.normal)]);
  }
}
