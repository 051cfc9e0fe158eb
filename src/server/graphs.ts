import { buildGraph, outline, type ScopeOutline, toMermaid } from "../analysis/index.ts";
import { fail, type GraphParams, type GraphResult, ok, type Result } from "../model/index.ts";
import { parseModule } from "../python/index.ts";

/**
 * The graph that a request means: of the function named, else (it may have been renamed) of the innermost one around the
 * line. What of the text cannot be read is left out.
 */
export function graphOf(text: string, { uri, qualname, line }: GraphParams): Result<GraphResult> {
  const { module } = parseModule(text);
  const named = qualname === undefined ? null : buildGraph(text, module, { qualname, line });
  const graph = named ?? (qualname === undefined || line !== undefined ? buildGraph(text, module, { line }) : null);
  if (graph === null) return fail("no-function", `There is no function “${qualname ?? ""}” here any more.`);
  return ok({ uri, graph, mermaid: toMermaid(graph, { branches: "hexagon" }) });
}

/** A document's scopes, the module first, each before those inside it. */
export function scopesOf(text: string): ScopeOutline[] {
  const scopes: ScopeOutline[] = [];
  const stack = [outline(text, parseModule(text).module)];
  for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
    scopes.push(scope);
    stack.push(...scope.children.toReversed());
  }
  return scopes;
}
