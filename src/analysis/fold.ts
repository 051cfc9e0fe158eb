import type { ControlFlowGraph, GraphEdge, GraphEdgeKind, GraphNode, GraphNodeKind } from "../model/index.ts";

/** Kinds at which ways part or end; the rest is straight code where one way leads on. */
const KEPT: ReadonlySet<GraphNodeKind> = new Set(["entry", "exit", "raise-exit", "branch", "loop", "match", "except"]);

type Outgoing = ReadonlyMap<string, readonly GraphEdge[]>;

/**
 * A graph with its straight code folded away: a node that one way leads on from is left out, and what led to it leads to
 * where it led. Exceptions that it may raise are counted to the node before it. Dead code goes, too.
 */
export function foldGraph(graph: ControlFlowGraph): ControlFlowGraph {
  const out = new Map<string, GraphEdge[]>(graph.nodes.map(({ id }) => [id, []]));
  for (const edge of graph.edges) out.get(edge.from)?.push(edge);
  const live = graph.nodes.filter((node) => node.unreachable !== true);
  const folded = new Set(live.filter((node) => isStraight(node, out)).map(({ id }) => id));
  const nodes = live.filter(({ id }) => !folded.has(id));
  const edges = new Map<string, GraphEdge>();
  for (const { id } of nodes) {
    for (const first of out.get(id) ?? []) {
      for (const edge of through(first, out, folded)) {
        edges.set(`${edge.from} ${edge.to} ${edge.kind} ${edge.label ?? ""}`, edge);
      }
    }
  }
  return { ...graph, nodes, edges: [...edges.values()] };
}

function isStraight({ id, kind }: GraphNode, out: Outgoing): boolean {
  if (KEPT.has(kind)) return false;
  const ways = new Set((out.get(id) ?? []).filter((edge) => edge.kind !== "exception").map(({ to }) => to));
  return ways.size <= 1 && !ways.has(id);
}

/** Where an edge leads when folded nodes are passed, and the exceptions that those may raise. */
function* through(first: GraphEdge, out: Outgoing, folded: ReadonlySet<string>): Generator<GraphEdge> {
  const seen = new Set<string>();
  const stack = [first];
  for (let edge = stack.pop(); edge !== undefined; edge = stack.pop()) {
    const key = `${edge.to} ${edge.kind}`;
    if (!folded.has(edge.to)) yield edge;
    else if (!seen.has(key)) {
      seen.add(key);
      for (const next of out.get(edge.to) ?? []) stack.push(joined(edge, next));
    }
  }
}

/** One edge for two in a row. */
function joined(edge: GraphEdge, next: GraphEdge): GraphEdge {
  const both = { from: edge.from, to: next.to, kind: joinedKind(edge.kind, next.kind) };
  const label = next.label ?? edge.label;
  return label === undefined ? both : { ...both, label };
}

/** The way keeps the kind that it began with, unless it becomes an exception or a jump. */
function joinedKind(kind: GraphEdgeKind, next: GraphEdgeKind): GraphEdgeKind {
  if (next !== "normal" && next !== "loop-back") return next;
  return kind === "normal" ? next : kind;
}
