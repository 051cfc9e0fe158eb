import type { AnalysisFormat, AnalysisReport } from "../../model/index.ts";
import { reportHtml } from "./html.ts";
import { limitReport } from "./limit.ts";
import { reportMermaid } from "./mermaid.ts";

export interface RenderOptions {
  /** At most this many entries of each list; unless told, all in JSON and as many as one can look at in the others. */
  readonly limit?: number | undefined;
  /** At most this many bytes; the limit is lowered until the text fits. */
  readonly maxBytes?: number | undefined;
}

/** How much people look at. */
const READABLE: Readonly<Record<AnalysisFormat, number>> = {
  json: Number.POSITIVE_INFINITY,
  mermaid: 60,
  html: 1000,
};
/** Drawings take more room than rows. */
const READABLE_GRAPHS = 40;

/** Bytes of an entry of any list, with what belongs to it: hardly ever less. */
const SMALLEST_ENTRY = 100;

/** A report as text in a format; what had to be left out is said in it. */
export function renderReport(report: AnalysisReport, format: AnalysisFormat, options: RenderOptions = {}): string {
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  const isDrawn = report.analysis === "control-flow" && format === "html";
  const asked = options.limit ?? (isDrawn ? READABLE_GRAPHS : READABLE[format]);
  // Rendering all of a large workspace, only to shorten it, would fill the memory.
  let limit = Math.max(1, Math.min(asked, Math.ceil(maxBytes / SMALLEST_ENTRY)));
  for (;;) {
    const text = render(limitReport(report, limit), format);
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxBytes || limit <= 1) return text;
    const most = Math.min(limit, largestList(report));
    limit = Math.max(1, Math.floor(Math.min(most * 0.7, most * (maxBytes / bytes))));
  }
}

function render(report: AnalysisReport, format: AnalysisFormat): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(report)}\n`;
    case "mermaid":
      return reportMermaid(report);
    case "html":
      return reportHtml(report);
  }
}

function largestList(report: AnalysisReport): number {
  switch (report.analysis) {
    case "control-flow":
      return report.graphs.reduce((sum, { functions }) => sum + functions.length, 0);
    case "call-graph":
      return report.nodes.length;
    case "module-dependencies":
      return Math.max(report.modules.length, report.external.length);
    case "complexity-report":
      return Math.max(report.functions.length, report.modules.length);
    case "dead-code":
      return report.findings.length;
  }
}
