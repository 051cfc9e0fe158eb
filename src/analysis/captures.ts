import type { Arguments, Comprehension, DictComp, Expression, Lambda, Statement } from "../python/index.ts";
import { type ExpressionStack, isComprehension, pushDefaults, pushHead, pushLazy, pushParts } from "./expressions.ts";
import type { Scope } from "./scopes.ts";
import { forEachStatement } from "./statements.ts";

/** The names that a scope binds, as far as statements and parameters tell. */
type BoundNames = (scope: Scope) => { has(name: string): boolean };

/**
 * The names of a scope's variables that functions, lambdas, classes or comprehensions inside it use: they live in cells,
 * which both sides write to.
 */
export function capturedNames(scope: Scope, bound: BoundNames): ReadonlySet<string> {
  const captured = new Set<string>();
  for (const child of scope.children) for (const name of freeNames(child, bound)) captured.add(name);
  // Comprehensions hold the word; looking for it first spares nearly every function the walk.
  if (mayComprehend(scope)) {
    const stack = ownExpressions(scope);
    for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
      if (isNested(e)) addNested(e, captured);
      pushParts(e, stack);
    }
  }
  return captured;
}

const WORD = /\bfor\b/g;

/** Whether the text of a scope has more `for` than it has loops. */
function mayComprehend({ text, node }: Scope): boolean {
  let words = text.slice(node.start, node.end).match(WORD)?.length ?? 0;
  if (words === 0 || node.kind === "Lambda") return words > 0;
  forEachStatement(node.body, (s) => {
    if (s.kind === "For" || s.kind === "AsyncFor") words--;
  });
  return words > 0;
}

/** The names that a scope takes from those around it. */
function freeNames(scope: Scope, bound: BoundNames): Set<string> {
  const free = new Set<string>();
  collect(ownExpressions(scope), free);
  const own = bound(scope);
  const globals = declaredNames(scope, "Global");
  for (const name of free) if (own.has(name) || globals.has(name)) free.delete(name);
  for (const child of scope.children) {
    for (const name of freeNames(child, bound)) if (scope.kind === "class" || !own.has(name)) free.add(name);
  }
  for (const name of declaredNames(scope, "Nonlocal")) free.add(name);
  return free;
}

function declaredNames({ node, declared }: Scope, kind: "Global" | "Nonlocal"): Set<string> {
  const names = new Set<string>();
  if (declared.size === 0 || node.kind === "Lambda") return names;
  forEachStatement(node.body, (s) => {
    if (s.kind === kind) for (const name of s.names) names.add(name);
  });
  return names;
}

/** The expressions of a scope's own statements, those of conditions and clauses included. */
export function ownExpressions({ node }: Scope): ExpressionStack {
  if (node.kind === "Lambda") return [node.body];
  const stack: ExpressionStack = [];
  forEachStatement(node.body, (s) => pushUsed(s, stack));
  return stack;
}

function pushUsed(s: Statement, stack: ExpressionStack): void {
  pushHead(s, stack);
  pushLazy(s, stack);
  if (s.kind === "Match") for (const one of s.cases) if (one.guard !== null) stack.push(one.guard);
  if (s.kind === "Try" || s.kind === "TryStar") {
    for (const { type } of s.handlers) if (type !== null) stack.push(type);
  }
}

/** An expression with variables of its own. */
type Nested = Comprehension | DictComp | Lambda;

function isNested(e: Expression): e is Nested {
  return e.kind === "Lambda" || isComprehension(e);
}

/** Adds the names that expressions use, inner lambdas and comprehensions included, but not what those bind. */
function collect(stack: ExpressionStack, names: Set<string>): void {
  for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
    if (e.kind === "Name") names.add(e.id);
    if (!isNested(e)) pushParts(e, stack);
    else {
      addNested(e, names);
      if (e.kind === "Lambda") pushDefaults(e.args, stack);
      else if (e.generators[0] !== undefined) stack.push(e.generators[0].iter);
    }
  }
}

/** Adds what a lambda or comprehension takes from around it; a comprehension's first iterable is evaluated there. */
function addNested(e: Nested, free: Set<string>): void {
  const used = new Set<string>();
  const own = new Set<string>();
  if (e.kind === "Lambda") {
    addParameters(e.args, own);
    collect([e.body], used);
  } else {
    const stack: ExpressionStack = e.kind === "DictComp" ? [e.key, e.value] : [e.elt];
    for (const [i, { target, iter, ifs }] of e.generators.entries()) {
      collect([target], own);
      stack.push(...ifs);
      if (i > 0) stack.push(iter);
    }
    collect(stack, used);
  }
  for (const name of used) if (!own.has(name)) free.add(name);
}

function addParameters({ posonlyargs, args, kwonlyargs, vararg, kwarg }: Arguments, names: Set<string>): void {
  for (const arg of [...posonlyargs, ...args, ...kwonlyargs, vararg, kwarg]) if (arg !== null) names.add(arg.arg);
}
