import type { ControlFlowGraph, GraphEdge, GraphNode, GraphNodeKind } from "../model/index.ts";
import { type ExceptionDetail, edgeLabel, shorten, viewOf } from "./view.ts";

export interface DotOptions {
  /** Top to bottom unless told. */
  readonly direction?: "TB" | "LR";
  /** `handled` unless told. */
  readonly exceptions?: ExceptionDetail;
  /** Lines of a label that are kept, 6 unless told. */
  readonly maxLines?: number;
  /** Characters of a label's line that are kept, 48 unless told. */
  readonly maxLength?: number;
}

/** Graphviz' name for each kind's shape. */
const SHAPES: Readonly<Record<GraphNodeKind, string>> = {
  entry: "oval",
  exit: "oval",
  "raise-exit": "oval",
  block: "box",
  branch: "diamond",
  loop: "hexagon",
  match: "trapezium",
  try: "box",
  except: "cds",
  finally: "box",
  with: "parallelogram",
  "with-exit": "parallelogram",
};

/**
 * A graph in Graphviz' DOT language, one `digraph` (https://graphviz.org/doc/info/lang.html). Each node carries its kind
 * as `class`, for style sheets of SVG; nodes never reached are dashed, exceptions dotted.
 */
export function toDot(graph: ControlFlowGraph, options: DotOptions = {}): string {
  const { direction = "TB", exceptions = "handled", maxLines = 6, maxLength = 48 } = options;
  const view = viewOf(graph, exceptions);
  const out = [
    `digraph ${quoted([graph.qualname], "")} {`,
    `  rankdir=${direction};`,
    '  node [fontname="monospace", fontsize=11];',
    '  edge [fontname="sans-serif", fontsize=9];',
    ...view.nodes.map((node) => `  ${nodeText(node, shorten(node.label, maxLines, maxLength))}`),
    ...view.edges.map((edge) => `  ${edgeText(edge, maxLength)}`),
    "}",
  ];
  return `${out.join("\n")}\n`;
}

function nodeText(node: GraphNode, lines: readonly string[]): string {
  const dead = node.unreachable === true;
  const styles = [node.kind === "try" || node.kind === "finally" ? "rounded" : "", dead ? "dashed" : ""].filter(
    Boolean,
  );
  // `\l` ends a line that is set to the left.
  const label = quoted(lines, lines.length > 1 ? "\\l" : "");
  const style = styles.length > 0 ? `, style="${styles.join(",")}"` : "";
  return `${node.id} [label=${label}, shape=${SHAPES[node.kind]}, class="${node.kind}${dead ? " unreachable" : ""}"${style}];`;
}

function edgeText(edge: GraphEdge, maxLength: number): string {
  const label = edgeLabel(edge);
  const attributes = [
    label === "" ? "" : `label=${quoted(shorten(label, 1, maxLength), "")}`,
    edge.kind === "exception" ? 'style="dashed"' : "",
    `class="${edge.kind}"`,
  ].filter(Boolean);
  return `${edge.from} -> ${edge.to} [${attributes.join(", ")}];`;
}

/** A double-quoted string of DOT that shows the lines exactly; `ending` closes each. */
export function quoted(lines: readonly string[], ending: string): string {
  return `"${lines.map((line) => escapeDot(line) + ending).join("")}"`;
}

/**
 * Text that Graphviz shows exactly inside a double-quoted label: backslashes (its escapes), quotes and `&` (it reads
 * HTML entities everywhere) are escaped; control characters, which it cannot draw, become U+FFFD.
 */
function escapeDot(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (character === "\t" ? " " : "\uFFFD"))
    .replace(/&/g, "&amp;")
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"');
}
