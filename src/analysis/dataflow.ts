import type { DataFlow, Definition, Use, Variable, VariableScope } from "../model/index.ts";
import { LineIndex, type Module } from "../python/index.ts";
import { type BoundNames, boundNames, parameterBindings, walrusOffsets } from "./bindings.ts";
import { Blocks } from "./dataflow/blocks.ts";
import { ExpressionFlow } from "./dataflow/expressions.ts";
import { MOST_DEFINITIONS, type Reaching, solveReaching } from "./dataflow/reaching.ts";
import { StatementFlow } from "./dataflow/statements.ts";
import { type DraftVariable, Variables } from "./dataflow/variables.ts";
import { findScope, type ScopeQuery } from "./graphs.ts";
import { NameResolver } from "./names.ts";
import type { GraphOptions } from "./options.ts";
import { Raising } from "./raising.ts";
import { readScopes, type Scope } from "./scopes.ts";

/** What the data flow has to know of other files: as much as the graph of the same function. */
type FlowOptions = Pick<GraphOptions, "neverReturns">;

/**
 * Which definitions of each variable reach which of its uses in one scope, over every way through it, exceptions
 * included. Null where the query meets no scope; see `buildGraph` for what it means.
 */
export function dataFlow(text: string, module: Module, query: ScopeQuery, options: FlowOptions = {}): DataFlow | null {
  const scope = findScope(readScopes(text, module), query);
  return scope === null ? null : flowOf(text, scope, options);
}

function flowOf(text: string, scope: Scope, { neverReturns }: FlowOptions): DataFlow {
  const { node } = scope;
  const walrus = walrusOffsets(text);
  const variables = new Variables();
  const entry: number[][] = [];
  const isModule = node.kind === "Module";
  declareNames(variables, text, scope, walrus);
  if (node.kind !== "Module" && node.kind !== "ClassDef") {
    parameterBindings(node.args, (binding) => {
      const variable = variables.find(binding.name);
      if (variable !== undefined) entry[variable.index] = [variable.define(binding, false)];
    });
  }
  const blocks = new Blocks();
  const expressions = new ExpressionFlow(text, walrus, blocks, variables, isModule);
  if (node.kind === "Lambda") expressions.evaluate(node.body);
  else {
    const evaluatesAnnotations = node.kind === "Module" || node.kind === "ClassDef";
    const raising = new Raising(scope, new NameResolver(), neverReturns);
    new StatementFlow(text, blocks, expressions, raising, evaluatesAnnotations).body(node.body);
  }
  const reached = variables.all.map(() => new Map<number, Reaching>());
  const counts = variables.all.map(({ definitions }) => definitions.length);
  solveReaching(blocks.all, counts, entry, (variable, use) => {
    const known = reached[variable]?.get(use);
    if (known !== undefined) return known;
    const fresh: Reaching = { definitions: new Set(), outside: false, truncated: false };
    reached[variable]?.set(use, fresh);
    return fresh;
  });
  const lines = new LineIndex(text);
  const shown = variables.all
    .filter(({ definitions, uses }) => definitions.length + uses.length > 0)
    .map((variable) => describe(variable, reached[variable.index] ?? new Map(), lines));
  const { kind, qualname, line, endLine } = scope;
  return { kind, qualname, line, endLine, variables: shown };
}

/** Declares what the scope's names mean: its own, those it declares to be elsewhere, and those of functions around it. */
function declareNames(variables: Variables, text: string, scope: Scope, walrus: readonly number[]): void {
  const names = boundNames(text, scope.node, walrus);
  const own = scope.kind === "module" ? "global" : "local";
  const parameters = new Set<string>();
  if (scope.node.kind !== "Module" && scope.node.kind !== "ClassDef") {
    parameterBindings(scope.node.args, ({ name }) => parameters.add(name));
  }
  for (const name of names.bound) variables.declare(name, parameters.has(name) ? "parameter" : own);
  for (const name of names.nonlocals) variables.declare(name, "nonlocal");
  for (const name of names.globals) variables.declare(name, "global");
  for (let outer = scope.parent; outer !== null; outer = outer.parent) {
    if (outer.kind === "class") continue;
    declareOuter(variables, boundNames(text, outer.node, walrus), outer.kind === "module" ? "global" : "free");
  }
}

/** A name that is declared already stays what it is. */
function declareOuter(variables: Variables, { bound, globals }: BoundNames, scope: VariableScope): void {
  for (const name of bound) variables.declare(name, scope);
  for (const name of globals) variables.declare(name, "global");
}

function describe(variable: DraftVariable, reached: ReadonlyMap<number, Reaching>, lines: LineIndex): Variable {
  const order = variable.definitions.map((_, index) => index);
  order.sort((a, b) => (variable.definitions[a]?.start ?? 0) - (variable.definitions[b]?.start ?? 0));
  const newIndex = new Map(order.map((old, index) => [old, index]));
  const nested = variable.definitions.flatMap((definition, index) => (definition.nested ? [index] : []));
  const place = (start: number) => {
    const line = lines.lineAt(start);
    return { line, column: start - lines.startOf(line) };
  };
  const uses = variable.uses
    .map((use, index) => ({ use, reaching: reached.get(index) }))
    .toSorted((a, b) => a.use.start - b.use.start)
    .map(({ use, reaching }): Use => {
      const old = use.captured ? order.slice(0, MOST_DEFINITIONS) : [...(reaching?.definitions ?? []), ...nested];
      const isLocal =
        variable.scope === "local" || variable.scope === "parameter" || variable.scope === "comprehension";
      const isOutside = use.captured ? !isLocal : reaching?.outside === true;
      const definitions = [...new Set(old.map((index) => newIndex.get(index) ?? 0))].sort((a, b) => a - b);
      return {
        ...place(use.start),
        length: use.length,
        definitions,
        ...(isOutside ? { outside: true } : {}),
        ...(use.captured ? { captured: true } : {}),
        ...(reaching?.truncated === true || (use.captured && order.length > MOST_DEFINITIONS)
          ? { truncated: true }
          : {}),
      };
    });
  const usesOf = variable.definitions.map((): number[] => []);
  for (const [index, use] of uses.entries()) for (const definition of use.definitions) usesOf[definition]?.push(index);
  const definitions = order.flatMap((old, index): Definition[] => {
    const definition = variable.definitions[old];
    if (definition === undefined) return [];
    const { kind, start, length } = definition;
    return [
      { ...place(start), length, kind, uses: usesOf[index] ?? [], ...(definition.nested ? { nested: true } : {}) },
    ];
  });
  return { name: variable.name, scope: variable.scope, definitions, uses };
}
