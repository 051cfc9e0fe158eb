import { buildGraph, dataFlow, drawGraph, type GraphOptions, toDot, toHtml, toMermaid } from "../analysis/index.ts";
import {
  type ControlFlowGraph,
  fail,
  type GraphParams,
  type GraphResult,
  type GraphTextFormat,
  ok,
  type Result,
} from "../model/index.ts";
import type { Source } from "./sources.ts";

/** Whether functions of other files never return; nothing is known of them outside of the workspace. */
type NeverReturns = GraphOptions["neverReturns"];

/**
 * The graph that a request means: of the function named, else (it may have been renamed) of the innermost one around the
 * line. What of the text cannot be read is left out.
 */
function graphOf(
  { text, module }: Source,
  { qualname, line, level }: GraphParams,
  neverReturns: NeverReturns,
): Result<ControlFlowGraph> {
  const options = { detail: level, neverReturns };
  const named = qualname === undefined ? null : buildGraph(text, module, { qualname, line }, options);
  const isPlace = qualname === undefined || line !== undefined;
  const graph = named ?? (isPlace ? buildGraph(text, module, { line }, options) : null);
  if (graph === null) return fail("no-function", `There is no function “${qualname ?? ""}” here any more.`);
  return ok(graph);
}

/**
 * The graph that a request means, laid out and as Mermaid text.
 * @param version of the text, null for one that is not open
 */
export function graphResult(
  source: Source,
  params: GraphParams,
  version: number | null,
  neverReturns?: NeverReturns,
): Result<GraphResult> {
  const found = graphOf(source, params, neverReturns);
  if (!found.ok) return found;
  const { uri, exceptions = "handled" } = params;
  const graph = found.value;
  const mermaid = toMermaid(graph, { branches: "hexagon", exceptions });
  const { qualname, line } = graph;
  const flow =
    params.dataFlow === true ? dataFlow(source.text, source.module, { qualname, line }, { neverReturns }) : null;
  const drawing = drawGraph(graph, exceptions);
  return ok({
    uri,
    version,
    scope: linesOf(source, graph),
    graph,
    mermaid,
    drawing,
    ...(flow === null ? {} : { flow }),
  });
}

/** The lines of a graph's scope, and of the functions in it. */
function linesOf({ scopes }: Source, { kind, qualname, line, endLine }: ControlFlowGraph): GraphResult["scope"] {
  const own = scopes.find((scope) => scope.kind === kind && scope.qualname === qualname && scope.line === line);
  const firstLine = own?.firstLine ?? line;
  const inner = scopes
    .filter(
      (scope) => scope !== own && scope.kind === "function" && firstLine <= scope.firstLine && scope.endLine <= endLine,
    )
    .map((scope) => ({ firstLine: scope.firstLine, endLine: scope.endLine }));
  return { firstLine, endLine, inner };
}

/** The graph that a request means, as text to keep or pass on. */
export function graphText(
  source: Source,
  params: GraphParams,
  format: GraphTextFormat,
  neverReturns?: NeverReturns,
): Result<string> {
  const graph = graphOf(source, params, neverReturns);
  if (!graph.ok) return graph;
  const { exceptions = "handled" } = params;
  switch (format) {
    case "mermaid":
      return ok(toMermaid(graph.value, { exceptions }));
    case "dot":
      return ok(toDot(graph.value, { exceptions }));
    case "json":
      return ok(`${JSON.stringify(graph.value, undefined, 2)}\n`);
    case "html":
      return ok(toHtml([graph.value], { title: graph.value.qualname, exceptions }));
  }
}
