import { buildGraph, drawGraph } from "../../src/analysis/index.ts";
import type { GraphDrawing } from "../../src/model/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { type DrawingMeasures, measure } from "../support/drawing-measures.ts";
import { dagre, drawingsOf, measured } from "../support/drawings.ts";
import { randomFunction } from "../support/random-python.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { cpuTime } from "./measure.ts";

const SIZES = [50, 100, 200, 500, 1_000, 2_000, 5_000];
const ROUNDS = 5;
/** Dagre needs minutes for more. */
const DAGRE_UP_TO = 500;
/** Of larger functions all are compared with dagre, of the others each so many-th. */
const SMALL = 40;
const EACH_SMALL = 20;

/** Layout next to dagre, which Mermaid ships: CPU time by size, and measures of the drawings of the standard library. */
export default async function layout(): Promise<string> {
  const peer = await dagre();
  const curve = SIZES.map((size) => {
    const drawing = drawn(size);
    const own = fastest(() => drawn(size));
    const other = size <= DAGRE_UP_TO ? fastest(() => peer(drawing), 1) : undefined;
    const [nodes, edges] = [drawing.nodes.length, drawing.edges.length];
    const ratio = other === undefined ? "" : `${(other / own).toFixed(0)}×`;
    return `${cells([nodes, edges, own.toFixed(1), ((own / nodes) * 1000).toFixed(0), other?.toFixed(1) ?? "–"])} ${ratio}`;
  });
  return [
    "Functions of random nested statements; fastest of some rounds, CPU time",
    cells(["nodes", "edges", "ours ms", "µs/node", "dagre ms"]),
    ...curve,
    "",
    quality(peer),
  ].join("\n");
}

const GRAPHS = new Map<number, ReturnType<typeof buildGraph>>();

function drawn(size: number): GraphDrawing {
  let graph = GRAPHS.get(size);
  if (graph === undefined) {
    const text = randomFunction(size);
    graph = buildGraph(text, parseModule(text).module, { qualname: "f" });
    GRAPHS.set(size, graph);
  }
  const drawing = graph === null ? null : drawGraph(graph);
  if (drawing === null) throw new Error(`${size} statements are not drawn`);
  return drawing;
}

function fastest(task: () => void, rounds = ROUNDS): number {
  return Math.min(...Array.from({ length: rounds }, () => cpuTime(task)));
}

function cells(values: readonly (string | number)[]): string {
  return values.map((value) => String(value).padStart(10)).join("");
}

type Peer = Awaited<ReturnType<typeof dagre>>;

/** Sums over functions of the standard library, without its tests: the same ones by both. */
function quality(peer: Peer): string {
  const library = standardLibrary();
  if (!library) return "drawings not measured: there is no python3 on this machine";
  const texts = readAll(library.files.filter((path) => !path.includes("/test/"))).map(({ text }) => text);
  const all = drawingsOf(texts).filter(({ nodes }) => nodes.length > 2);
  const large = all.filter(({ nodes }) => nodes.length > SMALL && nodes.length <= DAGRE_UP_TO);
  const small = all.filter(({ nodes }) => nodes.length <= SMALL).filter((_, i) => i % EACH_SMALL === 0);
  const every = all.map((drawing) => measure(measured(drawing)));
  const wrong = every.reduce((sum, one) => sum + one.overlaps + one.throughBoxes + one.confusions, 0);
  const rows = [
    ["of up to 40 nodes", small],
    ["larger", large],
  ].flatMap(([name, drawings]) => {
    if (typeof drawings === "string" || drawings === undefined || typeof name !== "string") return [];
    return [
      row(
        `ours, ${drawings.length} ${name}`,
        drawings.map((drawing) => measure(measured(drawing))),
      ),
      row(
        `dagre, ${drawings.length} ${name}`,
        drawings.map((drawing) => measure(peer(drawing))),
      ),
    ];
  });
  const head = ["width", "height", "Mpx", "line kpx", "bends", "crossings", "overlaps", "wide"];
  return [
    `${all.length} functions of the standard library: ${wrong} overlaps, lines through boxes and lines upon each other`,
    "Means of width, height, area and length of lines; sums of the others; wide: over 1 200 px",
    `${"".padEnd(28)}${cells(head)}`,
    ...rows,
  ].join("\n");
}

function row(name: string, drawings: readonly DrawingMeasures[]): string {
  const sum = (value: (one: DrawingMeasures) => number): number => drawings.reduce((all, one) => all + value(one), 0);
  const mean = (value: (one: DrawingMeasures) => number): number => sum(value) / Math.max(drawings.length, 1);
  const figures = [
    mean(({ width }) => width).toFixed(0),
    mean(({ height }) => height).toFixed(0),
    mean(({ width, height }) => (width * height) / 1e6).toFixed(2),
    mean(({ inkLength }) => inkLength / 1000).toFixed(1),
    sum(({ bends }) => bends),
    sum(({ crossings }) => crossings),
    sum(({ overlaps, throughBoxes, confusions }) => overlaps + throughBoxes + confusions),
    drawings.filter(({ width }) => width > 1_200).length,
  ];
  return `${name.padEnd(28)}${cells(figures)}`;
}
