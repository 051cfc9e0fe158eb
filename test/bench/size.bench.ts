import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fileGraphs } from "../../src/analysis/index.ts";
import { BROKEN, edits, NESTS, SHAPES } from "../support/large-python.ts";
import { cpuTime } from "./measure.ts";

const BEST_OF = 3;
const EDITS = 300;
const SEED = 1;
const MEGABYTE = 1e6;
/** A file of every construct. */
const CONSTRUCTS = fileURLToPath(new URL("../eval/cfg/constructs.py", import.meta.url));

/** How CPU time grows with the size and nesting of a function, with broken lines, and over the prefixes and edits of a file. */
export default async function size(): Promise<string> {
  const text = readFileSync(CONSTRUCTS, "utf8");
  measure(text, 20); // a warm start
  return [
    curve("lines of one function", [1000, 10_000, 100_000], SHAPES),
    curve("nested", [10, 100, 1000], NESTS),
    curve("broken lines", [2000, 20_000], BROKEN),
    changes(text),
  ].join("\n\n");
}

/** The best of a few readings and drawings: milliseconds, and the nodes of the graphs. */
function measure(text: string, times = BEST_OF): { readonly milliseconds: number; readonly nodes: number } {
  let milliseconds = Number.POSITIVE_INFINITY;
  let nodes = 0;
  for (let i = 0; i < times; i++) {
    const time = cpuTime(() => {
      const { functions } = fileGraphs("x.py", text);
      nodes = functions.reduce((sum, graph) => sum + graph.nodes.length, 0);
    });
    milliseconds = Math.min(milliseconds, time);
  }
  return { milliseconds, nodes };
}

/** A table with the exponent of growth between the last two sizes: 1 is linear, 2 quadratic. */
function curve(
  title: string,
  sizes: readonly number[],
  shapes: Readonly<Record<string, (size: number) => string>>,
): string {
  const rows = Object.entries(shapes).map(([name, write]) => {
    const figures = sizes.map((one) => measure(write(one)));
    const cells = figures.map(
      ({ milliseconds, nodes }) => `${milliseconds.toFixed(1)} ms, ${nodes.toLocaleString("en")} nodes`,
    );
    const [before, last] = figures.slice(-2);
    const steps = Math.log((sizes.at(-1) ?? 1) / (sizes.at(-2) ?? 1));
    const growth = Math.log(Math.max(last?.milliseconds ?? 0, 0.1) / Math.max(before?.milliseconds ?? 0, 0.1)) / steps;
    return `| ${name} | ${cells.join(" | ")} | ${growth.toFixed(2)} |`;
  });
  const head = `| ${title} | ${sizes.map((one) => one.toLocaleString("en")).join(" | ")} | exponent |`;
  return [head, `|---${"|---".repeat(sizes.length + 1)}|`, ...rows].join("\n");
}

/** Every prefix that ends with a line, and random edits; the memory that is left over after them. */
function changes(text: string): string {
  const before = process.memoryUsage().heapUsed;
  let slowest = 0;
  let count = 0;
  let peak = 0;
  const read = (changed: string): void => {
    slowest = Math.max(slowest, measure(changed, 1).milliseconds);
    peak = Math.max(peak, process.memoryUsage().heapUsed);
    count++;
  };
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) read(text.slice(0, end));
  for (const changed of edits(text, EDITS, SEED)) read(changed);
  const whole = measure(text).milliseconds;
  return (
    `${count} prefixes and random edits of a file of ${text.split("\n").length} lines: the slowest takes ` +
    `${slowest.toFixed(1)} ms, the whole file ${whole.toFixed(1)} ms; the heap held ${(before / MEGABYTE).toFixed(0)} MB ` +
    `before, ${(peak / MEGABYTE).toFixed(0)} MB at most.`
  );
}
