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
  return [...reportPieces(report, format, options)].join("");
}

/**
 * As `renderReport`, a piece at a time: all of a large workspace in one text would fill the memory. Some are empty, so that
 * whoever asks can pause while it is found out how much fits.
 */
export function* reportPieces(
  report: AnalysisReport,
  format: AnalysisFormat,
  options: RenderOptions = {},
): Generator<string, void, undefined> {
  const { maxBytes } = options;
  const isDrawn = report.analysis === "control-flow" && format === "html";
  let limit = options.limit ?? (isDrawn ? READABLE_GRAPHS : READABLE[format]);
  if (maxBytes === undefined) {
    yield* gathered(entries(limitReport(report, limit), format));
    return;
  }
  limit = Math.max(1, Math.min(limit, Math.ceil(maxBytes / SMALLEST_ENTRY)));
  for (;;) {
    const pieces: string[] = [];
    let bytes = 0;
    for (const piece of gathered(entries(limitReport(report, limit), format))) {
      bytes += Buffer.byteLength(piece);
      // Of what is too much, only the size is of interest; with one entry it is as small as it gets.
      if (bytes <= maxBytes || limit <= 1) pieces.push(piece);
      else pieces.length = 0;
      yield "";
    }
    if (bytes <= maxBytes || limit <= 1) {
      yield* pieces;
      return;
    }
    const most = Math.min(limit, largestList(report));
    limit = Math.max(1, Math.floor(Math.min(most * 0.7, most * (maxBytes / bytes))));
  }
}

/** Characters of a piece, about. */
const PIECE = 64 * 1024;

function* gathered(texts: Iterable<string>): Generator<string, void, undefined> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

function entries(report: AnalysisReport, format: AnalysisFormat): Iterable<string> {
  switch (format) {
    case "json":
      return reportJson(report);
    case "mermaid":
      return [reportMermaid(report)];
    case "html":
      return reportHtml(report);
  }
}

/** What `JSON.stringify` would give, an entry of each list at a time. */
function* reportJson(report: AnalysisReport): Generator<string, void, undefined> {
  let before = "{";
  for (const [name, value] of Object.entries(report)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* listJson(value);
    else yield JSON.stringify(value);
    before = ",";
  }
  yield "}\n";
}

function* listJson(list: readonly unknown[]): Generator<string, void, undefined> {
  let before = "[";
  for (const entry of list) {
    yield before + JSON.stringify(entry);
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
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
