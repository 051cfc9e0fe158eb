import type { ControlFlowGraph, DrawnEdge, DrawnNode, GraphDrawing, GraphNode } from "../model/index.ts";
import { drawGraph } from "./drawing.ts";
import { type ExceptionDetail, edgeLabel, type View, viewOf } from "./view.ts";

export interface HtmlOptions {
  readonly title: string;
  /** `handled` unless told. */
  readonly exceptions?: ExceptionDetail;
}

/** Only system colours, so that the page follows the reader's light, dark or high-contrast setting. */
export const GRAPH_STYLE = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1rem; background: Canvas; color: CanvasText; }
svg { font: 12px ui-monospace, monospace; max-width: none; }
svg text { fill: CanvasText; white-space: pre; }
rect { fill: Canvas; stroke: CanvasText; }
.entry rect, .exit rect, .raise-exit rect { rx: 14px; }
.branch rect, .loop rect, .match rect { stroke-width: 2.5; }
.try rect, .except rect, .finally rect, .with rect, .with-exit rect { stroke-dasharray: 1 2; stroke-width: 2; }
.unreachable { opacity: 0.5; }
path { fill: none; stroke: CanvasText; shape-rendering: crispEdges; }
path.exception { stroke-dasharray: 5 4; }
.label { font-size: 11px; paint-order: stroke; stroke: Canvas; stroke-width: 4px; }
table { border-collapse: collapse; } th, td { border: 1px solid GrayText; padding: 0.2rem 0.5rem; text-align: left; vertical-align: top; }
td code { white-space: pre; }
`;

/**
 * A page of its own with a drawing and a list of each graph: no script, no network, nothing but text, table and SVG.
 * @returns a whole HTML document
 */
export function toHtml(graphs: readonly ControlFlowGraph[], options: HtmlOptions): string {
  const title = escapeHtml(options.title);
  const sections = graphs.map((graph) => {
    const heading = graphs.length > 1 ? `<h2>${escapeHtml(graph.qualname)}</h2>\n` : "";
    return heading + graphFragment(graph, { ...options, title: graph.qualname });
  });
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${GRAPH_STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${sections.join("\n")}
</body>
</html>
`;
}

/** One graph as a part of a page that has {@link GRAPH_STYLE}. */
export function graphFragment(graph: ControlFlowGraph, options: HtmlOptions): string {
  const view = viewOf(graph, options.exceptions ?? "handled");
  const { cyclomatic, cognitive, nesting, statements } = graph.complexity;
  const drawing = drawGraph(graph, options.exceptions);
  const shown =
    drawing === null
      ? `<p>${view.nodes.length} nodes are too many for a drawing; the list below has them all.</p>`
      : picture(drawing, escapeHtml(options.title));
  return `<p>Lines ${graph.line} to ${graph.endLine}. Cyclomatic complexity ${cyclomatic}, cognitive ${cognitive}, nesting ${nesting}, ${statements} statements.</p>
${shown}
${list(view)}`;
}

/** Text that is safe in HTML content and in quoted attributes; control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (/[\t\n\r]/.test(character) ? character : "\uFFFD"))
    .replace(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}

function picture(drawing: GraphDrawing, title: string): string {
  const { width, height } = drawing;
  return `<svg role="img" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><polygon points="0,0 8,4 0,8" fill="CanvasText"/></marker></defs>
${drawing.edges.map(edgeSvg).join("\n")}
${drawing.nodes.map((node) => nodeSvg(node, drawing)).join("\n")}
</svg>`;
}

function nodeSvg(node: DrawnNode, { padding, lineHeight }: GraphDrawing): string {
  const { x, y, width, height } = node;
  const text = node.text.map((line, i) => {
    const base = y + padding + lineHeight * (i + 0.75);
    return `<text x="${round(x + padding)}" y="${round(base)}">${escapeHtml(line)}</text>`;
  });
  const classes = node.unreachable === true ? `${node.kind} unreachable` : node.kind;
  return `<g class="${classes}"><title>${escapeHtml(place(node))}</title><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"/>${text.join("")}</g>`;
}

function edgeSvg(edge: DrawnEdge): string {
  const path = edge.points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join(" ");
  const label =
    edge.text === ""
      ? ""
      : `<text class="label" x="${round(edge.labelX)}" y="${round(edge.labelY)}">${escapeHtml(edge.text)}</text>`;
  const kind = edge.kind === "exception" ? ' class="exception"' : "";
  return `<path${kind} d="${path}" marker-end="url(#arrow)"/>${label}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function place(node: Pick<GraphNode, "kind" | "startLine" | "endLine" | "unreachable">): string {
  const lines =
    node.startLine === node.endLine ? `line ${node.startLine}` : `lines ${node.startLine} to ${node.endLine}`;
  return `${node.kind}, ${lines}${node.unreachable === true ? ", never reached" : ""}`;
}

function list(view: View): string {
  const following = new Map<string, string[]>();
  for (const edge of view.edges) {
    const label = edgeLabel(edge);
    const text = `${escapeHtml(edge.to)}${label === "" ? "" : ` (${escapeHtml(label)})`}`;
    const known = following.get(edge.from);
    if (known === undefined) following.set(edge.from, [text]);
    else known.push(text);
  }
  const rows = view.nodes.map(
    (node) =>
      `<tr><td>${escapeHtml(node.id)}</td><td>${escapeHtml(place(node))}</td><td><code>${escapeHtml(node.label)}</code></td><td>${(following.get(node.id) ?? []).join(", ")}</td></tr>`,
  );
  return `<table>
<thead><tr><th scope="col">Node</th><th scope="col">Where</th><th scope="col">Statements</th><th scope="col">Leads to</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
}
