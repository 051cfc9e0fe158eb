import type {
  ControlFlowGraph,
  DrawnEdge,
  DrawnNode,
  ExceptionDetail,
  GraphDrawing,
  GraphEdge,
} from "../model/index.ts";
import { layOut } from "./layout.ts";
import { edgeLabel, shorten, viewOf } from "./view.ts";

const FONT_SIZE = 12;
/** Most monospaced fonts are 0.6 of their size wide or a little less. */
const COLUMN = 0.602 * FONT_SIZE;
const LABEL_COLUMN = 0.602 * 11;
const LINE_HEIGHT = 16;
const PADDING = 9;
const MAX_LINES = 10;
const MAX_LENGTH = 56;
const MAX_EDGE_LABEL = 28;

/** East Asian wide and full-width characters, and emoji, take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const COMBINING = /\p{Mark}|\u200d/u;

/** How many columns of a monospaced font a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (character <= "\u00ff") columns += 1;
    else columns += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/**
 * A graph laid out for drawing: where its nodes, its edges and their labels stand.
 * @param exceptions which exception edges are drawn, `handled` unless told
 * @returns null for a graph that is too large for any picture
 */
export function drawGraph(graph: ControlFlowGraph, exceptions: ExceptionDetail = "handled"): GraphDrawing | null {
  const view = viewOf(graph, exceptions);
  const texts = view.nodes.map(({ label }) => shorten(label, MAX_LINES, MAX_LENGTH));
  const boxes = view.nodes.map(({ id }, i) => {
    const lines = texts[i] ?? [];
    const longest = lines.reduce((most, line) => Math.max(most, columnsOf(line)), 2);
    return {
      id,
      width: Math.ceil((longest * COLUMN + 2 * PADDING) / 2) * 2,
      height: Math.max(lines.length, 1) * LINE_HEIGHT + 2 * PADDING,
    };
  });
  const labels = view.edges.map((edge) => shorten(writtenLabel(edge), 1, MAX_EDGE_LABEL)[0] ?? "");
  const links = view.edges.map(({ from, to, kind }, i) => ({
    from,
    to,
    labelWidth: Math.ceil(columnsOf(labels[i] ?? "") * LABEL_COLUMN),
    group: kind === "exception" ? "exception" : "normal",
  }));
  const layout = layOut(boxes, links);
  if (layout === null) return null;
  return {
    width: layout.width,
    height: layout.height,
    fontSize: FONT_SIZE,
    column: COLUMN,
    lineHeight: LINE_HEIGHT,
    padding: PADDING,
    nodes: view.nodes.map((node, i): DrawnNode => {
      const { x = 0, y = 0, width = 0, height = 0 } = layout.boxes[i] ?? {};
      return { ...node, text: texts[i] ?? [], x, y, width, height };
    }),
    edges: view.edges.map((edge, i): DrawnEdge => {
      const { from, to, kind } = edge;
      const points = (layout.paths[i] ?? []).map((point): [number, number] => [point.x, point.y]);
      const { x = 0, y = 0 } = layout.labels[i] ?? {};
      return { from, to, kind, text: labels[i] ?? "", label: edgeLabel(edge), points, labelX: x, labelY: y };
    }),
  };
}

/** What stands at the edge itself: jumps and plain exceptions are told by their nodes and by the look of the line. */
function writtenLabel(edge: GraphEdge): string {
  const isChoice = edge.kind === "true" || edge.kind === "false" || edge.kind === "case";
  return edge.label ?? (isChoice ? edge.kind : "");
}
