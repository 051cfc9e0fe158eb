import {
  type Comprehension,
  type DictComp,
  type Expression,
  forEachChild,
  type Lambda,
  type Node,
  walk,
} from "../../python/index.ts";
import { anyWithin, type Binding, targetBindings } from "../bindings.ts";
import type { Blocks } from "./blocks.ts";
import { NestedScopes } from "./nested.ts";
import type { DraftVariable, Variables } from "./variables.ts";

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

/** The blocks in which a condition turned out true and false. */
export interface Outcomes {
  readonly whenTrue: number;
  readonly whenFalse: number;
}

/**
 * Turns expressions into events, in the order of evaluation. An expression without a walrus changes no variable, so only
 * the others are told apart into what runs and what may not.
 */
export class ExpressionFlow {
  readonly #walrus: readonly number[];
  readonly #blocks: Blocks;
  readonly #variables: Variables;
  readonly nested: NestedScopes;
  /** Generators around that run later. */
  #later = 0;

  constructor(text: string, walrus: readonly number[], blocks: Blocks, variables: Variables, isModule: boolean) {
    this.#walrus = walrus;
    this.#blocks = blocks;
    this.#variables = variables;
    this.nested = new NestedScopes(text, walrus, variables, isModule, (variable, start) => this.use(variable, start));
  }

  use(variable: DraftVariable, start: number): void {
    const isLater = this.#later > 0 && variable.scope !== "comprehension";
    const index = variable.use(start, isLater);
    if (!isLater) this.#blocks.add({ kind: "use", variable: variable.index, index });
  }

  define(binding: Binding): void {
    const variable = binding.kind === "walrus" ? this.#variables.own(binding.name) : this.#variables.find(binding.name);
    if (variable === undefined) return;
    this.#blocks.add({ kind: "define", variable: variable.index, index: variable.define(binding, false) });
  }

  unbind(name: string): void {
    const variable = this.#variables.own(name);
    if (variable !== undefined) this.#blocks.add({ kind: "unbind", variable: variable.index, index: 0 });
  }

  /** An assignment's target: what it reads (`a` and `b` in `a[b] = …`), then what it binds. */
  target(target: Expression, kind: Binding["kind"]): void {
    const stack = [target];
    for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
      if (e.kind === "Name") this.define({ name: e.id, kind, start: e.start, length: e.id.length });
      else if (e.kind === "Starred") stack.push(e.value);
      else if (e.kind === "Tuple" || e.kind === "List") stack.push(...e.elts.toReversed());
      else this.evaluate(e);
    }
  }

  evaluate(node: Node | null): void {
    if (node === null || node.kind === "Constant") return;
    this.#blocks.raises();
    if ("start" in node && "end" in node && anyWithin(this.#walrus, node.start, node.end)) this.#structured(node);
    else this.#flat(node);
  }

  #flat(root: Node): void {
    walk(root, (node) => {
      switch (node.kind) {
        case "Name": {
          const variable = node.ctx === "Store" ? undefined : this.#variables.find(node.id);
          if (variable !== undefined) this.use(variable, node.start);
          return false;
        }
        case "Lambda":
          this.#lambda(node);
          return false;
        case "Call":
          return this.#consumed(node.args, node.keywords.length) ? this.#call(node.func, node.args) : true;
        case "ListComp":
        case "SetComp":
        case "DictComp":
          this.#comprehension(node);
          return false;
        case "GeneratorExp":
          this.#generator(node);
          return false;
        default:
          return true;
      }
    });
  }

  /** `any(x for …)`: a generator that is the only argument is taken to be used up by the call. */
  #consumed(args: readonly Expression[], keywords: number): boolean {
    return keywords === 0 && args.length === 1 && args[0]?.kind === "GeneratorExp";
  }

  #call(callee: Expression, args: readonly Expression[]): false {
    this.evaluate(callee);
    for (const arg of args) if (arg.kind === "GeneratorExp") this.#comprehension(arg);
    return false;
  }

  #generator(node: Comprehension): void {
    this.evaluate(node.generators[0]?.iter ?? null);
    this.#later++;
    this.#comprehension(node, true);
    this.#later--;
  }

  #lambda(node: Lambda): void {
    for (const part of [...node.args.defaults, ...node.args.kw_defaults]) this.evaluate(part);
    this.nested.function(node, NOTHING_HIDDEN);
  }

  #comprehension(node: Comprehension | DictComp, firstDone = false): void {
    const { generators } = node;
    if (!firstDone) this.evaluate(generators[0]?.iter ?? null);
    const names = new Set<string>();
    for (const { target } of generators) targetBindings(target, "for", ({ name }) => names.add(name));
    const before = this.#blocks.current;
    const heads: number[] = [];
    this.#variables.inComprehension(names, () => {
      for (const [index, { target, iter, ifs }] of generators.entries()) {
        if (index > 0) this.evaluate(iter);
        this.#blocks.after(this.#blocks.current);
        heads.push(this.#blocks.current);
        this.#blocks.after(this.#blocks.current);
        this.target(target, "for");
        for (const test of ifs) {
          this.evaluate(test);
          this.#blocks.lead(this.#blocks.current, heads.at(-1) ?? before);
        }
      }
      for (const part of node.kind === "DictComp" ? [node.key, node.value] : [node.elt]) this.evaluate(part);
    });
    this.#blocks.lead(this.#blocks.current, heads.at(-1) ?? before);
    for (const [index, head] of heads.entries()) if (index > 0) this.#blocks.lead(head, heads[index - 1] ?? head);
    this.#blocks.after(heads[0] ?? before, this.#blocks.current);
  }

  /** An expression with a walrus in it. */
  #structured(node: Node): void {
    switch (node.kind) {
      case "NamedExpr":
        this.evaluate(node.value);
        this.target(node.target, "walrus");
        return;
      case "BoolOp":
        this.#shortCircuit(node.values);
        return;
      case "Compare":
        this.evaluate(node.left);
        this.#shortCircuit(node.comparators);
        return;
      case "IfExp": {
        const { whenTrue, whenFalse } = this.condition(node.test);
        this.#blocks.current = whenTrue;
        this.evaluate(node.body);
        const first = this.#blocks.current;
        this.#blocks.current = whenFalse;
        this.evaluate(node.orelse);
        this.#blocks.after(first, this.#blocks.current);
        return;
      }
      case "BinOp":
        this.#sum(node);
        return;
      case "Lambda":
      case "ListComp":
      case "SetComp":
      case "DictComp":
      case "GeneratorExp":
      case "Name":
        this.#flat(node);
        return;
      default:
        forEachChild(node, (child) => this.evaluate(child));
    }
  }

  /** Left operands are walked in a loop, so that a long sum is no deep recursion. */
  #sum(node: Expression): void {
    const rights: Expression[] = [];
    let e = node;
    while (e.kind === "BinOp") {
      rights.push(e.right);
      e = e.left;
    }
    this.evaluate(e);
    for (const right of rights.toReversed()) this.evaluate(right);
  }

  /** The first value is evaluated, each of the others perhaps. */
  #shortCircuit(values: readonly Expression[]): void {
    const ends: number[] = [];
    for (const [index, value] of values.entries()) {
      if (index > 0) {
        ends.push(this.#blocks.current);
        this.#blocks.after(this.#blocks.current);
      }
      this.evaluate(value);
    }
    this.#blocks.after(...ends, this.#blocks.current);
  }

  /** A test; where it has a walrus, what holds when it is true differs from what holds when it is false. */
  condition(test: Expression): Outcomes {
    if (anyWithin(this.#walrus, test.start, test.end)) {
      if (test.kind === "BoolOp") return this.#boolean(test.values, test.op === "And");
      if (test.kind === "UnaryOp" && test.op === "Not") {
        const { whenTrue, whenFalse } = this.condition(test.operand);
        return { whenTrue: whenFalse, whenFalse: whenTrue };
      }
    }
    this.evaluate(test);
    const end = this.#blocks.current;
    const whenTrue = this.#blocks.open();
    const whenFalse = this.#blocks.open();
    this.#blocks.lead(end, whenTrue);
    this.#blocks.lead(end, whenFalse);
    return { whenTrue, whenFalse };
  }

  #boolean(values: readonly Expression[], isAnd: boolean): Outcomes {
    const decided: number[] = [];
    for (const value of values) {
      const { whenTrue, whenFalse } = this.condition(value);
      decided.push(isAnd ? whenFalse : whenTrue);
      this.#blocks.current = isAnd ? whenTrue : whenFalse;
    }
    const last = this.#blocks.current;
    const early = this.#blocks.open();
    for (const block of decided) this.#blocks.lead(block, early);
    return isAnd ? { whenTrue: last, whenFalse: early } : { whenTrue: early, whenFalse: last };
  }
}
