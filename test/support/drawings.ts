import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { columnsOf } from "../../src/analysis/drawing.ts";
import { buildGraphs, drawGraph } from "../../src/analysis/index.ts";
import type { GraphDrawing } from "../../src/model/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { labelRectangle, type Measured } from "./drawing-measures.ts";

/** Width of a column of an edge's label. */
const COLUMN = 6.6;
const LABEL_HEIGHT = 15;

/** The drawings of all functions of some Python files; those too large for a picture are left out. */
export function drawingsOf(texts: readonly string[]): GraphDrawing[] {
  return texts.flatMap((text) =>
    buildGraphs(text, parseModule(text).module).flatMap((graph) => drawGraph(graph) ?? []),
  );
}

export function measured(drawing: GraphDrawing): Measured {
  const indexOf = new Map(drawing.nodes.map(({ id }, i) => [id, i]));
  return {
    layout: {
      width: drawing.width,
      height: drawing.height,
      boxes: drawing.nodes,
      paths: drawing.edges.map(({ points }) => points.map(([x, y]) => ({ x, y }))),
    },
    targets: drawing.edges.map(({ to }) => indexOf.get(to) ?? -1),
    labels: drawing.edges.flatMap(({ text, labelX, labelY }) =>
      text === "" ? [] : [labelRectangle({ x: labelX, y: labelY }, columnsOf(text) * COLUMN)],
    ),
  };
}

interface DagreNode {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

interface DagreEdge {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
}

interface DagreGraph {
  setGraph(options: object): void;
  graph(): { readonly width: number; readonly height: number };
  setNode(id: string, size: object): void;
  setEdge(from: string, to: string, label: object, name: string): void;
  node(id: string): DagreNode;
  edge(from: string, to: string, name: string): DagreEdge;
}

type Peer = (drawing: GraphDrawing) => Measured;

/** The layout that Mermaid ships, by the same distances as ours and over the same boxes and labels. */
export async function dagre(): Promise<Peer> {
  const ofMermaid = createRequire(import.meta.resolve("mermaid"));
  const load = async (name: string): Promise<unknown> =>
    await import(pathToFileURL(ofMermaid.resolve(`dagre-d3-es/src/${name}/index.js`)).href);
  const { layout } = (await load("dagre")) as { layout: (graph: DagreGraph) => void };
  const { Graph } = (await load("graphlib")) as { Graph: new (options: object) => DagreGraph };
  return ({ nodes, edges }) => {
    const graph = new Graph({ multigraph: true });
    graph.setGraph({ nodesep: 28, edgesep: 16, ranksep: 32, marginx: 16, marginy: 16 });
    for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
    for (const [i, { from, to, text }] of edges.entries()) {
      const size = text === "" ? { width: 0, height: 0 } : { width: columnsOf(text) * COLUMN, height: LABEL_HEIGHT };
      graph.setEdge(from, to, { ...size, labelpos: "r", labeloffset: 4 }, String(i));
    }
    layout(graph);
    const laidOut = edges.map(({ from, to }, i) => graph.edge(from, to, String(i)));
    const indexOf = new Map(nodes.map(({ id }, i) => [id, i]));
    return {
      layout: {
        width: graph.graph().width,
        height: graph.graph().height,
        boxes: nodes.map(({ id }) => {
          const { x, y, width, height } = graph.node(id);
          return { id, x: x - width / 2, y: y - height / 2, width, height };
        }),
        paths: laidOut.map(({ points }) => points),
      },
      targets: edges.map(({ to }) => indexOf.get(to) ?? -1),
      labels: laidOut.flatMap(({ x, y, width }, i) =>
        edges[i]?.text === "" || x === undefined || y === undefined
          ? []
          : [labelRectangle({ x: x - width / 2, y: y + 4 }, width)],
      ),
    };
  };
}
