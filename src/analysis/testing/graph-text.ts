import { expect } from "vitest";
import type { ControlFlowGraph, GraphEdge } from "../../model/index.ts";
import { parseModule } from "../../python/index.ts";
import { buildGraph, type GraphOptions } from "../index.ts";

/** The graph of the function `f`, whose `def` is line 1; the cases below are its body. */
export function graphOf(body: string, head = "def f(a, b, c):", options: GraphOptions = {}): ControlFlowGraph {
  const text = `${head}\n${body.replace(/^/gm, "  ")}\n`;
  const { module, problems } = parseModule(text);
  expect(problems).toEqual([]);
  const graph = buildGraph(text, module, { qualname: "f" }, options);
  if (graph === null) throw new Error("no graph of f");
  return graph;
}

/** Node ids by what they stand for: line numbers; `W2` for an exit of a with, `F5` for a finally, `'` for each copy. */
export function names(graph: ControlFlowGraph): Map<string, string> {
  const taken = new Set<string>();
  const found = new Map<string, string>();
  for (const node of graph.nodes) {
    const fixed = { entry: "in", exit: "out", "raise-exit": "raise", "with-exit": `W${node.startLine}` } as const;
    let name: string = node.lines.join(",");
    if (node.kind === "finally") name = `F${node.startLine}`;
    else if (name === "" && node.kind === "except") name = "rest";
    else if (node.kind in fixed) name = fixed[node.kind as keyof typeof fixed];
    while (taken.has(name)) name += "'";
    taken.add(name);
    found.set(node.id, name);
  }
  return found;
}

const ARROWS: Readonly<Partial<Record<GraphEdge["kind"], string>>> = { normal: "", exception: "!" };

function edgesOf(graph: ControlFlowGraph, isShown: (edge: GraphEdge) => boolean): string {
  const name = names(graph);
  return graph.edges
    .filter(isShown)
    .map(({ from, to, kind, label }) => {
      const arrow = kind === "exception" ? `!${label ?? ""}` : (ARROWS[kind] ?? `${kind}`);
      return `${name.get(from)} ${arrow}> ${name.get(to)}`;
    })
    .sort()
    .join("; ");
}

export const normalEdges = (graph: ControlFlowGraph) => edgesOf(graph, (edge) => edge.kind !== "exception");
export const exceptionEdges = (graph: ControlFlowGraph) => edgesOf(graph, (edge) => edge.kind === "exception");

export function lines(...text: string[]): string {
  return text.join("\n");
}
