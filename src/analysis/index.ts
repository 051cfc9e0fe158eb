export { callsToDot } from "./call-dot.ts";
export { type CallDrawingTexts, drawCalls } from "./call-drawing.ts";
export { callGraphSteps } from "./callgraph/callgraph.ts";
export { Interner } from "./callgraph/interner.ts";
export { CallIndex } from "./callgraph/neighbourhood.ts";
export { type NeverFacts, NeverIndex, type NeverSource, neverFacts } from "./callgraph/never-index.ts";
export { summarise } from "./callgraph/summarise.ts";
export type { FileSummary, SourceFile } from "./callgraph/summary.ts";
export { type WorkspaceSummary, workspaceOf } from "./callgraph/workspace.ts";
export { dataFlow } from "./dataflow.ts";
export { type DotOptions, toDot } from "./dot.ts";
export { drawGraph } from "./drawing.ts";
export {
  buildGraph,
  buildGraphs,
  complexityOf,
  fileGraphs,
  type ModuleTotals,
  moduleTotals,
  outline,
  type ScopeOutline,
  type ScopeQuery,
} from "./graphs.ts";
export { escapeHtml, type HtmlOptions, toHtml } from "./html.ts";
export { escapeMermaid, type MermaidOptions, toMermaid } from "./mermaid.ts";
export type { DetailLevel, GraphOptions } from "./options.ts";
export { AnalysisRun } from "./reports/collect.ts";
export type { FactsStore } from "./reports/facts.ts";
export { type RenderOptions, renderReport, reportPieces } from "./reports/render.ts";
export type { ExceptionDetail } from "./view.ts";
