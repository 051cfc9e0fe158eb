import type { ControlFlowGraph, DrawnEdge, DrawnNode, GraphDrawing, GraphNode } from "../model/index.ts";
import { drawGraph } from "./drawing.ts";
import { type ExceptionDetail, edgeLabel, type View, viewOf } from "./view.ts";

export interface HtmlOptions {
  readonly title: string;
  /** `handled` unless told. */
  readonly exceptions?: ExceptionDetail;
}

/**
 * Follows the reader's light or dark setting; in forced colours (Windows' contrast themes) all is drawn in the system's.
 * Kinds are told by shape and line too, never by colour alone.
 */
export const GRAPH_STYLE = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; --end: light-dark(#1a7f37, #56d364); --choice: light-dark(#7d4e00, #e3b341); --loop: light-dark(#0550ae, #79c0ff); --exception: light-dark(#b3151f, #ff7b72); }
body { margin: 1rem; background: Canvas; color: CanvasText; }
svg { display: block; font: 12px ui-monospace, monospace; max-width: none; }
svg text { fill: CanvasText; white-space: pre; }
.picture { overflow: auto; }
.picture:focus-visible { outline: 2px solid Highlight; }
.node path { fill: Canvas; stroke: CanvasText; }
.node.entry path, .node.exit path { stroke: var(--end); }
.node.branch path, .node.match path { stroke: var(--choice); stroke-width: 2; }
.node.loop path { stroke: var(--loop); stroke-width: 2; }
.node.raise-exit path, .node.except path { stroke: var(--exception); }
.node.raise-exit path { stroke-width: 2; }
.node.try path, .node.except path, .node.finally path, .node.with path, .node.with-exit path { stroke-dasharray: 5 3; }
.node.unreachable { opacity: 0.55; }
.edge path { fill: none; stroke: CanvasText; shape-rendering: crispEdges; }
.edge path.arrow { fill: CanvasText; stroke: none; shape-rendering: auto; }
.edge.back path { stroke: var(--loop); stroke-width: 1.5; }
.edge.back path.arrow { fill: var(--loop); stroke: none; }
.edge.exception path { stroke: var(--exception); stroke-dasharray: 5 4; }
.edge.exception path.arrow { fill: var(--exception); stroke: none; }
.label { font-size: 11px; paint-order: stroke; stroke: Canvas; stroke-width: 4px; }
.edge.exception .label { font-style: italic; }
table { border-collapse: collapse; } th, td { border: 1px solid GrayText; padding: 0.2rem 0.5rem; text-align: left; vertical-align: top; }
td code { white-space: pre; }
@media (forced-colors: active) { :root { --end: CanvasText; --choice: CanvasText; --loop: CanvasText; --exception: CanvasText; } svg { forced-color-adjust: none; } }
@media print { .picture { overflow: visible; } }
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

/** The arrow keys scroll the picture that has the keyboard; the browser's own search finds its texts. */
function picture(drawing: GraphDrawing, title: string): string {
  const { width, height } = drawing;
  return `<div class="picture" tabindex="0" role="region" aria-label="${title}">
<svg role="img" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">
${drawing.edges.map(edgeSvg).join("\n")}
${drawing.nodes.map((node) => nodeSvg(node, drawing)).join("\n")}
</svg>
</div>`;
}

function nodeSvg(node: DrawnNode, { padding, lineHeight }: GraphDrawing): string {
  const { x, y } = node;
  const text = node.text.map((line, i) => {
    const base = y + padding + lineHeight * (i + 0.75);
    return `<text x="${round(x + padding)}" y="${round(base)}">${escapeHtml(line)}</text>`;
  });
  const classes = node.unreachable === true ? `node ${node.kind} unreachable` : `node ${node.kind}`;
  return `<g class="${classes}"><title>${escapeHtml(place(node))}</title><path d="${outline(node)}"/>${text.join("")}</g>`;
}

/** How far the corners of a choice are cut. */
const CUT = 7;

/** A node's border: ends are round, choices have cut corners, the rest are rectangles. */
function outline({ kind, x, y, width, height }: DrawnNode): string {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(round);
  switch (kind) {
    case "branch":
    case "loop":
    case "match":
      return `M${round(x + CUT)} ${top}H${round(x + width - CUT)}L${right} ${round(y + CUT)}V${round(y + height - CUT)}L${round(x + width - CUT)} ${bottom}H${round(x + CUT)}L${left} ${round(y + height - CUT)}V${round(y + CUT)}Z`;
    case "entry":
    case "exit":
    case "raise-exit": {
      const radius = round(Math.min(width, height) / 2);
      const arc = `A${radius} ${radius} 0 0 1`;
      return `M${round(x + radius)} ${top}H${round(x + width - radius)}${arc} ${round(x + width - radius)} ${bottom}H${round(x + radius)}${arc} ${round(x + radius)} ${top}Z`;
    }
    default:
      return `M${left} ${top}H${right}V${bottom}H${left}Z`;
  }
}

function edgeSvg(edge: DrawnEdge): string {
  // From its end: dashes of lines that run together then fall upon each other and stay dashes.
  const path = edge.points
    .toReversed()
    .map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`)
    .join(" ");
  const label =
    edge.text === ""
      ? ""
      : `<text class="label" x="${round(edge.labelX)}" y="${round(edge.labelY)}">${escapeHtml(edge.text)}</text>`;
  const [first, last] = [edge.points[0], edge.points.at(-1)];
  const isBack = first !== undefined && last !== undefined && last[1] < first[1];
  const classes = ["edge", isBack ? "back" : "", edge.kind === "exception" ? "exception" : ""].filter(Boolean);
  return `<g class="${classes.join(" ")}"><path d="${path}"/><path class="arrow" d="${arrow(edge)}"/>${label}</g>`;
}

/** Half of an arrow's width, and its length. */
const ARROW = { half: 3.5, length: 7 };

/** Links arrive from above, links back from the right. */
function arrow({ points }: DrawnEdge): string {
  const [[fromX, fromY] = [0, 0], [x, y] = [0, 0]] = [points.at(-2), points.at(-1)];
  const { half, length } = ARROW;
  const [alongX, alongY] = fromY === y ? [Math.sign(fromX - x), 0] : [0, Math.sign(fromY - y)];
  const base = [x + alongX * length, y + alongY * length] as const;
  const corners = [-half, half].map((side) => `L${round(base[0] + alongY * side)} ${round(base[1] + alongX * side)}`);
  return `M${round(x)} ${round(y)}${corners.join("")}Z`;
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
