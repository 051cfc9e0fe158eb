import type { ControlFlowGraph, ExceptionDetail, GraphEdge, GraphNode } from "../model/index.ts";

export type { ExceptionDetail };

/** What of a graph is drawn. */
export interface View {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Leaves out the exception edges that are not asked for, and the exits that nothing shown leads to. */
export function viewOf(graph: ControlFlowGraph, exceptions: ExceptionDetail): View {
  const raiseExits = new Set<string>();
  const ends = new Set<string>();
  for (const node of graph.nodes) {
    if (node.kind === "raise-exit") raiseExits.add(node.id);
    if (node.kind === "raise-exit" || node.kind === "exit") ends.add(node.id);
  }
  const named = new Set<string>();
  for (const edge of graph.edges) if (edge.label !== undefined) named.add(`${edge.from} ${edge.to} ${edge.kind}`);
  const entered = new Set<string>();
  const edges = graph.edges.filter((edge) => {
    if (edge.kind === "exception") {
      if (exceptions === "none") return false;
      const isPlain = edge.label === undefined;
      if (isPlain && exceptions === "handled" && raiseExits.has(edge.to)) return false;
      // A named exception on the same way says more.
      if (isPlain && named.has(`${edge.from} ${edge.to} ${edge.kind}`)) return false;
    }
    entered.add(edge.to);
    return true;
  });
  return { nodes: graph.nodes.filter((node) => !ends.has(node.id) || entered.has(node.id)), edges };
}

/** What is written on an edge: its own label, else its kind where that says something. */
export function edgeLabel(edge: GraphEdge): string {
  if (edge.label !== undefined) return edge.label;
  return edge.kind === "normal" || edge.kind === "loop-back" ? "" : edge.kind;
}

/** Shortens a label to a number of lines and of characters per line. */
export function shorten(label: string, maxLines: number, maxLength: number): string[] {
  const lines = label.split("\n");
  const shown =
    lines.length > maxLines ? [...lines.slice(0, maxLines - 1), `… ${lines.length - maxLines + 1} more`] : lines;
  return shown.map((line) => {
    const characters = Array.from(line.length > maxLength * 2 ? line.slice(0, maxLength * 2) : line);
    return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join("")}…` : line;
  });
}
