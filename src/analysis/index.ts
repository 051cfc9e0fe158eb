export { buildCallGraph, callGraphOf } from "./callgraph/callgraph.ts";
export type { SourceFile } from "./callgraph/summary.ts";
export { summariseWorkspace, type WorkspaceSummary } from "./callgraph/workspace.ts";
export { dataFlow } from "./dataflow.ts";
export { columnsOf, drawGraph } from "./drawing.ts";
export {
  buildGraph,
  buildGraphs,
  complexityOf,
  fileGraphs,
  outline,
  type ScopeOutline,
  type ScopeQuery,
} from "./graphs.ts";
export { escapeHtml, type HtmlOptions, toHtml } from "./html.ts";
export { escapeMermaid, type MermaidOptions, toMermaid } from "./mermaid.ts";
export type { ExceptionDetail } from "./view.ts";
