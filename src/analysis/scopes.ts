import type { Complexity, ScopeKind } from "../model/index.ts";
import type {
  Arguments,
  BoolOp,
  ClassDef,
  Expression,
  FunctionDef,
  If,
  Lambda,
  Match,
  Module,
  Statement,
  Try,
} from "../python/index.ts";
import { type ExpressionStack, isIrrefutable, pushHead, pushLazy, pushParts } from "./expressions.ts";
import { Marks } from "./marks.ts";
import { callsItself } from "./recursion.ts";

/** A scope of a file that has control flow of its own, with its metrics. */
export interface Scope {
  readonly kind: ScopeKind;
  /** Of the whole file. */
  readonly text: string;
  readonly node: Module | FunctionDef | ClassDef | Lambda;
  readonly name: string;
  readonly qualname: string;
  readonly line: number;
  readonly endLine: number;
  readonly parent: Scope | null;
  readonly children: Scope[];
  /** Names that the scope declares `global` or `nonlocal`. */
  readonly declared: ReadonlySet<string>;
  readonly complexity: Complexity;
}

/** Sums of one scope while it is read. `weight` counts the increments that grow with nesting, for the scope around it. */
interface Tally {
  cyclomatic: number;
  cognitive: number;
  weight: number;
  nesting: number;
  statements: number;
  parameters: number;
}

/** A scope while it is read. */
interface OpenScope extends Scope {
  complexity: Complexity;
  declared: ReadonlySet<string>;
  readonly tally: Tally;
}

/** Shared by the many scopes that declare nothing; never written to. */
const NONE_DECLARED: ReadonlySet<string> = new Set();

function newTally(): Tally {
  return { cyclomatic: 1, cognitive: 0, weight: 0, nesting: 0, statements: 0, parameters: 0 };
}

function complexityOf(tally: Tally): Complexity {
  return {
    cyclomatic: tally.cyclomatic,
    cognitive: tally.cognitive,
    nesting: tally.nesting,
    statements: tally.statements,
    parameters: tally.parameters,
  };
}

/**
 * Finds every scope of a module and measures it, in one pass.
 *
 * Cyclomatic: ruff's C901 (crates/ruff_linter/src/rules/mccabe): 1, +1 per `if`, `elif`, loop, `case` (not a last
 * irrefutable one), handler, `else` of a try, and nested function (with what it holds).
 * Cognitive: Sonar's "Cognitive Complexity" (G. Ann Campbell, 2023): structures +1 and +1 per level around them; `elif`,
 * `else`, each run of like boolean operators and direct recursion +1; nested functions and lambdas add a level, except
 * in a decorator (a function of one function and its return).
 */
export function readScopes(text: string, module: Module): Scope {
  return new ScopeReader(text).module(module);
}

class ScopeReader {
  readonly #text: string;
  readonly #marks: Marks;
  /** Expressions to walk, and how deep in Sonar's sense each one stands. */
  readonly #stack: ExpressionStack = [];
  readonly #depths: number[] = [];
  #tally: Tally = newTally();
  #scope: OpenScope | null = null;

  constructor(text: string) {
    this.#text = text;
    this.#marks = new Marks(text);
  }

  module(module: Module): Scope {
    const scope = this.#open("module", module, "<module>", "<module>", 1, Math.max(module.endLine, 1));
    this.#body(module.body, 0, 0);
    this.#close(scope, null);
    return scope;
  }

  #open(
    kind: ScopeKind,
    node: Scope["node"],
    name: string,
    qualname: string,
    line: number,
    endLine: number,
  ): OpenScope {
    const parent = this.#scope;
    const tally = newTally();
    const scope: OpenScope = {
      kind,
      text: this.#text,
      node,
      name,
      qualname,
      line,
      endLine,
      parent,
      children: [],
      declared: NONE_DECLARED,
      complexity: complexityOf(tally),
      tally,
    };
    if (parent !== null) parent.children.push(scope);
    this.#scope = scope;
    this.#tally = tally;
    return scope;
  }

  #close(scope: OpenScope, outer: OpenScope | null): void {
    scope.complexity = complexityOf(scope.tally);
    this.#scope = outer;
    if (outer !== null) this.#tally = outer.tally;
  }

  #qualname(name: string): string {
    const scope = this.#scope;
    if (scope === null || scope.kind === "module") return name;
    return scope.kind === "class" ? `${scope.qualname}.${name}` : `${scope.qualname}.<locals>.${name}`;
  }

  /** @param depth nesting in Sonar's sense; @param level blocks around */
  #body(body: readonly Statement[], depth: number, level: number): void {
    const tally = this.#tally;
    if (level > tally.nesting) tally.nesting = level;
    tally.statements += body.length;
    for (const s of body) this.#statement(s, depth, level);
  }

  #statement(s: Statement, depth: number, level: number): void {
    switch (s.kind) {
      case "If":
        this.#if(s, depth, level);
        return;
      case "For":
      case "AsyncFor":
      case "While":
        this.#head(s, s.start, s.body, depth);
        this.#tally.cyclomatic++;
        this.#increment(depth);
        this.#body(s.body, depth + 1, level + 1);
        this.#else(s.orelse, depth, level + 1);
        return;
      case "With":
      case "AsyncWith":
        this.#head(s, s.start, s.body, depth);
        this.#body(s.body, depth, level + 1);
        return;
      case "Try":
      case "TryStar":
        this.#try(s, depth, level);
        return;
      case "Match":
        this.#match(s, depth, level);
        return;
      case "FunctionDef":
      case "AsyncFunctionDef":
        this.#head(s, s.decorator_list[0]?.start ?? s.start, s.body, depth);
        this.#function(s, depth);
        return;
      case "ClassDef":
        this.#head(s, s.decorator_list[0]?.start ?? s.start, s.body, depth);
        this.#class(s);
        return;
      case "Global":
      case "Nonlocal":
        this.#declare(s.names);
        return;
      default:
        if (this.#marks.within(s.start, s.end)) this.#walkHead(s, depth);
    }
  }

  #declare(names: readonly string[]): void {
    if (this.#scope !== null) this.#scope.declared = new Set([...this.#scope.declared, ...names]);
  }

  #head(s: Statement, start: number, body: readonly Statement[], depth: number): void {
    if (this.#marks.within(start, body[0]?.start ?? s.end)) this.#walkHead(s, depth);
  }

  #walkHead(s: Statement, depth: number): void {
    const base = this.#stack.length;
    pushHead(s, this.#stack);
    pushLazy(s, this.#stack);
    this.#walk(base, depth);
  }

  #expression(e: Expression, depth: number): void {
    if (!this.#marks.within(e.start, e.end)) return;
    const base = this.#stack.length;
    this.#stack.push(e);
    this.#walk(base, depth);
  }

  /** An increment of the cognitive complexity that grows with nesting. */
  #increment(depth: number): void {
    this.#tally.cognitive += 1 + depth;
    this.#tally.weight++;
  }

  #else(orelse: readonly Statement[], depth: number, level: number): void {
    if (orelse.length === 0) return;
    this.#tally.cognitive++;
    this.#body(orelse, depth + 1, level);
  }

  /** A chain of `elif` is walked in a loop, so that its length is not the depth of the stack. */
  #if(first: If, depth: number, level: number): void {
    let s = first;
    this.#increment(depth);
    for (;;) {
      this.#tally.cyclomatic++;
      this.#head(s, s.start, s.body, depth);
      this.#body(s.body, depth + 1, level + 1);
      const next = s.orelse.length === 1 ? s.orelse[0] : undefined;
      if (next?.kind !== "If" || this.#text.charCodeAt(next.start) !== LETTER_E) break;
      this.#tally.cognitive++;
      this.#tally.statements++;
      s = next;
    }
    this.#else(s.orelse, depth, level + 1);
  }

  #try(s: Try, depth: number, level: number): void {
    this.#body(s.body, depth, level + 1);
    for (const handler of s.handlers) {
      this.#tally.cyclomatic++;
      this.#increment(depth);
      if (handler.type !== null) this.#expression(handler.type, depth);
      this.#body(handler.body, depth + 1, level + 1);
    }
    if (s.orelse.length > 0) this.#tally.cyclomatic++;
    this.#else(s.orelse, depth, level + 1);
    if (s.finalbody.length > 0) this.#body(s.finalbody, depth, level + 1);
  }

  #match(s: Match, depth: number, level: number): void {
    this.#expression(s.subject, depth);
    this.#increment(depth);
    for (const one of s.cases) {
      this.#tally.cyclomatic++;
      if (one.guard !== null) this.#expression(one.guard, depth + 1);
      this.#body(one.body, depth + 1, level + 1);
    }
    const last = s.cases.at(-1);
    if (last !== undefined && last.guard === null && isIrrefutable(last.pattern)) this.#tally.cyclomatic--;
  }

  #function(s: FunctionDef, depth: number): void {
    const outer = this.#scope;
    const scope = this.#open("function", s, s.name, this.#qualname(s.name), s.line, s.endLine);
    scope.tally.parameters = parameterCount(s.args);
    this.#body(s.body, 0, 0);
    this.#close(scope, outer);
    if (callsItself(this.#text, s, outer?.kind === "class")) scope.complexity.cognitive++;
    if (outer === null) return;
    outer.tally.cyclomatic += scope.tally.cyclomatic;
    if (outer.kind === "function") this.#absorb(scope.tally, isDecorator(outer.node) ? depth : depth + 1);
  }

  /** Adds to the current scope what a function inside it holds, as nested by `depth`. */
  #absorb(inner: Tally, depth: number): void {
    this.#tally.cognitive += inner.cognitive + depth * inner.weight;
    this.#tally.weight += inner.weight;
  }

  #class(s: ClassDef): void {
    const outer = this.#scope;
    const scope = this.#open("class", s, s.name, this.#qualname(s.name), s.line, s.endLine);
    this.#body(s.body, 0, 0);
    this.#close(scope, outer);
    if (outer !== null) outer.tally.cyclomatic += scope.tally.cyclomatic - 1;
  }

  #lambda(e: Lambda, depth: number): void {
    const outer = this.#scope;
    const scope = this.#open("lambda", e, "<lambda>", this.#qualname("<lambda>"), e.line, e.endLine);
    scope.tally.statements = 1;
    scope.tally.parameters = parameterCount(e.args);
    this.#expression(e.body, 0);
    this.#close(scope, outer);
    this.#absorb(scope.tally, depth + 1);
  }

  /** Walks the expressions above `base` on the stack: boolean operators, conditional expressions and lambdas count. */
  #walk(base: number, depth: number): void {
    const stack = this.#stack;
    const depths = this.#depths;
    for (let i = base; i < stack.length; i++) depths[i] = depth;
    while (stack.length > base) {
      const e = stack.pop();
      const mine = depths[stack.length];
      if (e === undefined || mine === undefined) return;
      const from = stack.length;
      if (e.kind === "BoolOp") this.#operators(e, "");
      else pushParts(e, stack);
      if (e.kind === "IfExp") this.#increment(mine);
      const inner = e.kind === "IfExp" ? mine + 1 : mine;
      for (let i = from; i < stack.length; i++) depths[i] = inner;
      if (e.kind === "Lambda") this.#lambda(e, mine);
    }
  }

  /** Counts runs of like operators in reading order, nested ones included, and pushes the operands. */
  #operators(e: BoolOp, last: BoolOp["op"] | ""): BoolOp["op"] | "" {
    let run = last;
    for (const [i, value] of e.values.entries()) {
      if (i > 0) {
        if (run !== e.op) this.#tally.cognitive++;
        run = e.op;
      }
      if (value.kind === "BoolOp") run = this.#operators(value, run);
      else this.#stack.push(value);
    }
    return run;
  }
}

const LETTER_E = 0x65;

function parameterCount({ posonlyargs, args, kwonlyargs, vararg, kwarg }: Arguments): number {
  return posonlyargs.length + args.length + kwonlyargs.length + (vararg === null ? 0 : 1) + (kwarg === null ? 0 : 1);
}

/** A decorator in Sonar's sense: a function that only defines one function and returns (after a docstring, perhaps). */
function isDecorator(node: Scope["node"]): boolean {
  if (node.kind !== "FunctionDef") return false;
  // The docstring is a third one at most: looking at more for each function inside would take quadratic time.
  if (node.body.length > 3) return false;
  const body = node.body.filter((s) => s.kind !== "Expr" || s.value.kind !== "Constant");
  return body.length === 2 && body[0]?.kind === "FunctionDef" && body[1]?.kind === "Return";
}
