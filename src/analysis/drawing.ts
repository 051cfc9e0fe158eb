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

/** The size of text in drawings; most monospaced fonts are 0.6 of their size wide or a little less. */
export const TYPE = { fontSize: 12, column: 0.602 * 12, lineHeight: 16, padding: 9 } as const;
const LABEL_COLUMN = 0.602 * 11;
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

/** The room that lines of text take in a box, its border included. */
export function boxSize(lines: readonly string[]): { readonly width: number; readonly height: number } {
  const longest = lines.reduce((most, line) => Math.max(most, columnsOf(line)), 2);
  return {
    width: Math.ceil((longest * TYPE.column + 2 * TYPE.padding) / 2) * 2,
    height: Math.max(lines.length, 1) * TYPE.lineHeight + 2 * TYPE.padding,
  };
}

/**
 * A graph laid out for drawing: where its nodes, its edges and their labels stand.
 * @param exceptions which exception edges are drawn, `handled` unless told
 * @returns null for a graph that is too large for any picture
 */
export function drawGraph(graph: ControlFlowGraph, exceptions: ExceptionDetail = "handled"): GraphDrawing | null {
  const view = viewOf(graph, exceptions);
  const edges = bundled(view.edges);
  const texts = view.nodes.map(({ label }) => shorten(label, MAX_LINES, MAX_LENGTH));
  const boxes = view.nodes.map(({ id }, i) => ({ id, ...boxSize(texts[i] ?? []) }));
  const labels = edges.map(({ written }) => shorten(written, 1, MAX_EDGE_LABEL)[0] ?? "");
  const links = edges.map(({ from, to, kind }, i) => ({
    from,
    to,
    labelWidth: Math.ceil(columnsOf(labels[i] ?? "") * LABEL_COLUMN),
    group: kind === "exception" ? "exception" : "normal",
    isAside: kind === "exception",
  }));
  const layout = layOut(boxes, links);
  if (layout === null) return null;
  return {
    width: layout.width,
    height: layout.height,
    ...TYPE,
    nodes: view.nodes.map((node, i): DrawnNode => {
      const { x = 0, y = 0, width = 0, height = 0 } = layout.boxes[i] ?? {};
      return { ...node, text: texts[i] ?? [], x, y, width, height };
    }),
    edges: edges.map(({ from, to, kind, label }, i): DrawnEdge => {
      const points = (layout.paths[i] ?? []).map((point): [number, number] => [point.x, point.y]);
      const { x = 0, y = 0 } = layout.labels[i] ?? {};
      return { from, to, kind, text: labels[i] ?? "", label, points, labelX: x, labelY: y };
    }),
  };
}

/** Edges that are drawn as one line. */
interface Bundle extends Pick<GraphEdge, "from" | "to" | "kind"> {
  readonly label: string;
  readonly written: string;
}

/** Edges of one kind between the same two nodes are one line with all their labels: five exceptions, the cases of a match. */
function bundled(edges: readonly GraphEdge[]): Bundle[] {
  const bundles = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const key = `${edge.from} ${edge.to} ${edge.kind}`;
    const known = bundles.get(key);
    if (known === undefined) bundles.set(key, [edge]);
    else known.push(edge);
  }
  const joined = (texts: readonly string[]): string => [...new Set(texts.filter((text) => text !== ""))].join(", ");
  return [...bundles.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { from, to, kind } = first;
    return [{ from, to, kind, label: joined(same.map(edgeLabel)), written: joined(same.map(writtenLabel)) }];
  });
}

/** What stands at the edge itself: jumps and plain exceptions are told by their nodes and by the look of the line. */
function writtenLabel(edge: GraphEdge): string {
  const isChoice = edge.kind === "true" || edge.kind === "false" || edge.kind === "case";
  return edge.label ?? (isChoice ? edge.kind : "");
}
