import { type Complexity, type ControlFlowGraph, type FileGraphs, ok, type ScopeKind } from "../model/index.ts";
import { decodeSource, type Module, parseModule } from "../python/index.ts";
import { buildComprehension, buildScope } from "./builder.ts";
import { comprehensionsOf } from "./comprehensions.ts";
import { maintainabilityOf } from "./maintainability.ts";
import { NameResolver } from "./names.ts";
import type { GraphOptions } from "./options.ts";
import { readScopes, type Scope } from "./scopes.ts";

/** A scope as an editor lists it; the module's own entry holds all others. */
export interface ScopeOutline {
  readonly kind: ScopeKind;
  readonly qualname: string;
  readonly name: string;
  /** Line of `def`, `class` or `lambda`, counting from 1. */
  readonly line: number;
  /** Like `line`, but of the first decorator where there is one. */
  readonly firstLine: number;
  readonly endLine: number;
  readonly complexity: Complexity;
  readonly children: readonly ScopeOutline[];
}

/** Every scope of a module, depth first in source order, the module first. Keeps its own stack. */
function* allScopes(root: Scope): Generator<Scope> {
  const stack = [root];
  for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
    yield scope;
    for (let i = scope.children.length - 1; i >= 0; i--) {
      const child = scope.children[i];
      if (child !== undefined) stack.push(child);
    }
  }
}

/** The graphs of a module and of all its classes, functions and lambdas, in source order, the module first. */
export function buildGraphs(text: string, module: Module, options: GraphOptions = {}): ControlFlowGraph[] {
  const resolver = new NameResolver();
  const graphs: ControlFlowGraph[] = [];
  for (const scope of allScopes(readScopes(text, module))) {
    graphs.push(graphOf(scope, resolver, options));
    if (options.comprehensions !== true) continue;
    for (const inner of comprehensionsOf(scope)) graphs.push(buildComprehension(text, inner, resolver, options));
  }
  return graphs;
}

function graphOf(scope: Scope, resolver: NameResolver, options: GraphOptions): ControlFlowGraph {
  const graph = buildScope(scope.text, scope, resolver, options);
  if (options.maintainability !== true) return graph;
  return { ...graph, complexity: withMaintainability(scope) };
}

function withMaintainability(scope: Scope): Complexity {
  return { ...scope.complexity, maintainability: maintainabilityOf(scope) };
}

/** Which scope is meant: the one named (by `line` where several have the name), else the innermost function around `line`. */
export interface ScopeQuery {
  readonly qualname?: string | undefined;
  readonly line?: number | undefined;
}

/**
 * The graph of one scope, or null where the query meets none. Without name and line: the module's. A comprehension is
 * found by its name where the options ask for those.
 */
export function buildGraph(
  text: string,
  module: Module,
  query: ScopeQuery,
  options: GraphOptions = {},
): ControlFlowGraph | null {
  const root = readScopes(text, module);
  const scope = findScope(root, query);
  if (scope !== null) return graphOf(scope, new NameResolver(), options);
  if (options.comprehensions !== true) return null;
  for (const owner of allScopes(root)) {
    for (const inner of comprehensionsOf(owner)) {
      if (inner.qualname !== query.qualname || (query.line !== undefined && query.line !== inner.line)) continue;
      return buildComprehension(text, inner, new NameResolver(), options);
    }
  }
  return null;
}

/** The scope that a query names. */
export function findScope(root: Scope, { qualname, line }: ScopeQuery): Scope | null {
  if (qualname !== undefined) return findNamed(root, qualname, line);
  let found = root;
  // Inner scopes come after those around them.
  if (line !== undefined) {
    for (const scope of allScopes(root)) if (scope.kind === "function" && isAround(scope, line)) found = scope;
  }
  return found;
}

function findNamed(root: Scope, qualname: string, line: number | undefined): Scope | null {
  let found: Scope | null = null;
  for (const scope of allScopes(root)) {
    if (scope.qualname !== qualname) continue;
    if (found === null || (line !== undefined && isAround(scope, line))) found = scope;
  }
  return found;
}

function isAround(scope: Scope, line: number): boolean {
  return firstLineOf(scope) <= line && line <= scope.endLine;
}

function firstLineOf(scope: Scope): number {
  const node = scope.node;
  if (node.kind === "Module" || node.kind === "Lambda") return scope.line;
  return Math.min(scope.line, node.decorator_list[0]?.line ?? scope.line);
}

/** The module with its classes and functions and their metrics, without graphs: for symbols and lenses. */
export function outline(
  text: string,
  module: Module,
  options: Pick<GraphOptions, "maintainability"> = {},
): ScopeOutline {
  return outlineOf(readScopes(text, module), options.maintainability === true);
}

function outlineOf(scope: Scope, isMeasured: boolean): ScopeOutline {
  const { kind, qualname, name, line, endLine } = scope;
  const complexity = isMeasured ? withMaintainability(scope) : scope.complexity;
  const children: ScopeOutline[] = [];
  for (const child of scope.children) if (child.kind !== "lambda") children.push(outlineOf(child, isMeasured));
  return { kind, qualname, name, line, firstLine: firstLineOf(scope), endLine, complexity, children };
}

/** Sums over a module. */
export interface ModuleTotals {
  readonly functions: number;
  readonly classes: number;
  /** Of all functions; what inner ones hold is counted once, as their own. */
  readonly cyclomatic: number;
  /** Of the functions that no function holds: those include what is inside them. */
  readonly cognitive: number;
  /** Statements of all scopes, the module's own included. */
  readonly statements: number;
  readonly parameters: number;
  /** Deepest nesting of any scope. */
  readonly nesting: number;
}

/** Adds up an outline, the module's own entry. */
export function moduleTotals(root: ScopeOutline): ModuleTotals {
  const sum = { functions: 0, classes: 0, cyclomatic: 0, cognitive: 0, statements: 0, parameters: 0, nesting: 0 };
  const add = (scope: ScopeOutline, holder: ScopeKind) => {
    const { kind, complexity, children } = scope;
    sum.statements += complexity.statements;
    sum.nesting = Math.max(sum.nesting, complexity.nesting);
    if (kind === "class") sum.classes++;
    if (kind === "function") {
      sum.functions++;
      sum.cyclomatic += complexity.cyclomatic - innerCyclomatic(children);
      sum.parameters += complexity.parameters ?? 0;
      if (holder !== "function") sum.cognitive += complexity.cognitive;
    }
    for (const child of children) add(child, kind);
  };
  add(root, "module");
  return sum;
}

/** What functions inside add to the figure of the one around them. */
function innerCyclomatic(children: readonly ScopeOutline[]): number {
  return children.reduce((sum, { kind, complexity }) => sum + complexity.cyclomatic - (kind === "class" ? 1 : 0), 0);
}

/** The metrics of the scope that a query names, as `buildGraph` finds it. */
export function complexityOf(text: string, module: Module, query: ScopeQuery): Complexity | null {
  return findScope(readScopes(text, module), query)?.complexity ?? null;
}

/**
 * One file's line of `toka cfg --json`. What cannot be read is named in `error`; the rest is there all the same.
 * @param file as it is to be named
 * @param source text, or bytes in the encoding that they declare
 */
export function fileGraphs(file: string, source: string | Uint8Array, options: GraphOptions = {}): FileGraphs {
  const decoded = typeof source === "string" ? ok(source) : decodeSource(source);
  if (!decoded.ok) return { file, error: decoded.problem.message, withExit: "node", functions: [] };
  const { module, problems } = parseModule(decoded.value);
  const functions = buildGraphs(decoded.value, module, options);
  const first = problems[0];
  if (first === undefined) return { file, withExit: "node", functions };
  return { file, error: `line ${first.line}: ${first.message}`, withExit: "node", functions };
}
