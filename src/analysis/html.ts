import type { ControlFlowGraph, GraphEdge, GraphNode } from "../model/index.ts";
import { type Box, layOut, type Point } from "./layout.ts";
import { type ExceptionDetail, edgeLabel, shorten, type View, viewOf } from "./view.ts";

export interface HtmlOptions {
  readonly title: string;
  /** `handled` unless told. */
  readonly exceptions?: ExceptionDetail;
}

/** Above this a picture is no use any more, and its layout takes long: the list alone remains. */
const MAX_DRAWN_NODES = 600;
const MAX_LINES = 8;
const MAX_LENGTH = 48;
/** Of the monospaced font below, in CSS pixels. */
const CHARACTER = 7.3;
const LINE_HEIGHT = 16;
const PADDING = 9;

/** Only system colours, so that the page follows the reader's light, dark or high-contrast setting. */
const STYLE = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1rem; background: Canvas; color: CanvasText; }
svg { font: 12px ui-monospace, monospace; max-width: none; }
svg text { fill: CanvasText; white-space: pre; }
rect { fill: Canvas; stroke: CanvasText; }
.entry rect, .exit rect, .raise-exit rect { rx: 14px; }
.branch rect, .loop rect, .match rect { stroke-width: 2.5; }
.try rect, .except rect, .finally rect, .with rect, .with-exit rect { stroke-dasharray: 1 2; stroke-width: 2; }
.unreachable { opacity: 0.5; }
path { fill: none; stroke: CanvasText; }
path.exception { stroke-dasharray: 5 4; }
.label { font-size: 10px; paint-order: stroke; stroke: Canvas; stroke-width: 4px; }
table { border-collapse: collapse; } th, td { border: 1px solid GrayText; padding: 0.2rem 0.5rem; text-align: left; vertical-align: top; }
td code { white-space: pre; }
`;

/**
 * A page of its own with a drawing and a list of the graph: no script, no network, nothing but text, table and SVG.
 * @returns a whole HTML document
 */
export function toHtml(graph: ControlFlowGraph, options: HtmlOptions): string {
  const view = viewOf(graph, options.exceptions ?? "handled");
  const title = escapeHtml(options.title);
  const { cyclomatic, cognitive, nesting, statements } = graph.complexity;
  const picture =
    view.nodes.length > MAX_DRAWN_NODES
      ? `<p>${view.nodes.length} nodes are too many for a drawing; the list below has them all.</p>`
      : drawing(view, title);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>Lines ${graph.line} to ${graph.endLine}. Cyclomatic complexity ${cyclomatic}, cognitive ${cognitive}, nesting ${nesting}, ${statements} statements.</p>
${picture}
${list(view)}
</body>
</html>
`;
}

/** Text that is safe in HTML content and in quoted attributes; control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (/[\t\n\r]/.test(character) ? character : "\uFFFD"))
    .replace(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}

function drawing(view: View, title: string): string {
  const labels = new Map(view.nodes.map((node) => [node.id, shorten(node.label, MAX_LINES, MAX_LENGTH)]));
  const boxes = view.nodes.map((node): Box => {
    const lines = labels.get(node.id) ?? [];
    const longest = lines.reduce((most, line) => Math.max(most, line.length), 1);
    return {
      id: node.id,
      width: longest * CHARACTER + 2 * PADDING,
      height: Math.max(lines.length, 1) * LINE_HEIGHT + 2 * PADDING,
    };
  });
  const layout = layOut(boxes, view.edges);
  const placed = new Map(layout.boxes.map((box) => [box.id, box]));
  const edges = view.edges.map((edge, i) => edgeSvg(edge, layout.paths[i] ?? []));
  const nodes = view.nodes.map((node) => {
    const box = placed.get(node.id);
    return box === undefined ? "" : nodeSvg(node, labels.get(node.id) ?? [], box);
  });
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  return `<svg role="img" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><polygon points="0,0 8,4 0,8" fill="CanvasText"/></marker></defs>
${edges.join("\n")}
${nodes.join("\n")}
</svg>`;
}

function nodeSvg(
  node: GraphNode,
  lines: readonly string[],
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): string {
  const text = lines.map((line, i) => {
    const y = box.y + PADDING + LINE_HEIGHT * (i + 0.75);
    return `<text x="${round(box.x + PADDING)}" y="${round(y)}">${escapeHtml(line)}</text>`;
  });
  const classes = node.unreachable === true ? `${node.kind} unreachable` : node.kind;
  return `<g class="${classes}"><title>${escapeHtml(place(node))}</title><rect x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}"/>${text.join("")}</g>`;
}

function edgeSvg(edge: GraphEdge, points: readonly Point[]): string {
  const [first, second] = points;
  if (first === undefined || second === undefined) return "";
  const path = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join(" ");
  const label = edgeLabel(edge);
  // Far enough along its first stretch for the labels of edges from one node to part.
  const x = first.x + (second.x - first.x) * 0.6 + 3;
  const y = first.y + (second.y - first.y) * 0.6 + 4;
  const text = label === "" ? "" : `<text class="label" x="${round(x)}" y="${round(y)}">${escapeHtml(label)}</text>`;
  const kind = edge.kind === "exception" ? ' class="exception"' : "";
  return `<path${kind} d="${path}" marker-end="url(#arrow)"/>${text}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function place(node: GraphNode): string {
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
