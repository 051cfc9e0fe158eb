/**
 * How time grows with the size and the nesting of a function, and that no text makes reading or drawing fail:
 * `node test/eval/cfg/robustness.ts [--prefixes 300] [--edits 300] [--seed 1]`.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileGraphs } from "../../../src/analysis/index.ts";
import { random } from "../../support/random.ts";
import { CONSTRUCTS } from "./dynamic.ts";

/** Writes functions of a given size. */
export const SHAPES: Readonly<Record<string, (lines: number) => string>> = {
  "statements in a row": (lines) => repeated(lines, "    total += step(total)"),
  "if after if": (lines) => repeated(lines / 2, "    if total:\n        total = step(total)"),
  "elif after elif": (lines) =>
    `def f(total):\n    if total == 0:\n        return 0\n${"    elif step(total):\n        total = 1\n".repeat(lines / 2)}`,
  "try after try": (lines) =>
    repeated(
      lines / 5,
      "    try:\n        step(total)\n    except ValueError as error:\n        return 1\n    total += 1",
    ),
  "try … finally with return": (lines) =>
    repeated(
      lines / 6,
      "    try:\n        if step(total):\n            return total\n    finally:\n        step(total)\n    total += 1",
    ),
  "with after with": (lines) =>
    repeated(lines / 3, "    with step(total) as total:\n        if total:\n            return 1"),
  "one try around all": (lines) =>
    `def f(total):\n    try:\n${"        total += step(total)\n".repeat(lines)}    except ValueError:\n        return 0\n`,
  "one finally around returns": (lines) =>
    `def f(total):\n    try:\n${"        if step(total):\n            return 1\n".repeat(lines / 2)}    finally:\n        step(0)\n`,
  "case after case": (lines) =>
    `def f(total):\n    match total:\n${"        case [1, x]:\n            total = x\n".repeat(lines / 2)}`,
};

function repeated(times: number, text: string): string {
  return `def f(total):\n${`${text}\n`.repeat(Math.max(1, Math.floor(times)))}    return total\n`;
}

/** Writes statements nested in each other. */
export const NESTS: Readonly<Record<string, (depth: number) => string>> = {
  if: (depth) => nested(depth, ["if x:"]),
  "for … else": (depth) => nested(depth, ["for x in y:"]),
  "try … except": (depth) => nested(depth, ["try:"], ["except E:", " pass"]),
  "try … finally": (depth) => nested(depth, ["try:"], ["finally:", " f()"]),
  "finally in finally": (depth) => nested(depth, ["try:", " g()", "finally:"]),
  with: (depth) => nested(depth, ["with f() as x:"]),
  brackets: (depth) => `x = ${"(".repeat(depth)}1${")".repeat(depth)}\n`,
  operators: (depth) => `x = ${"-".repeat(depth)}1\n`,
};

function nested(depth: number, before: readonly string[], after: readonly string[] = []): string {
  const lines: string[] = ["def f():"];
  for (let level = 1; level <= depth; level++) for (const line of before) lines.push(" ".repeat(level) + line);
  lines.push(`${" ".repeat(depth + 1)}g()`);
  for (let level = depth; level >= 1; level--) for (const line of after) lines.push(" ".repeat(level) + line);
  return `${lines.join("\n")}\n`;
}

export interface Measured {
  readonly milliseconds: number;
  readonly nodes: number;
  readonly edges: number;
}

/** The best of a few readings, in CPU time: other work on the machine does not count. */
export function measure(text: string, times = 3): Measured {
  let milliseconds = Number.POSITIVE_INFINITY;
  let nodes = 0;
  let edges = 0;
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage();
    const { functions } = fileGraphs("x.py", text);
    const { user, system } = process.cpuUsage(before);
    milliseconds = Math.min(milliseconds, (user + system) / 1000);
    nodes = functions.reduce((sum, graph) => sum + graph.nodes.length, 0);
    edges = functions.reduce((sum, graph) => sum + graph.edges.length, 0);
  }
  return { milliseconds, nodes, edges };
}

const PIECES = [
  "(",
  ")",
  "[",
  "'",
  '"""',
  ":",
  "\n",
  "\n    ",
  "\t",
  "\\",
  "else:",
  "finally:",
  "except:",
  "return",
  "#",
];

/** Texts with a few random insertions, deletions and repetitions. */
export function* edits(text: string, times: number, seed: number): Generator<string> {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  for (let i = 0; i < times; i++) {
    let changed = text;
    for (let j = below(8); j >= 0; j--) {
      const at = below(changed.length);
      const to = at + below(60);
      const piece = [PIECES[below(PIECES.length)] ?? "", "", changed.slice(at, to)][below(3)] ?? "";
      changed = changed.slice(0, at) + piece + changed.slice(below(2) === 0 ? at : to);
    }
    yield changed;
  }
}

function table(
  title: string,
  sizes: readonly number[],
  shapes: Readonly<Record<string, (size: number) => string>>,
): void {
  console.log(`\n| ${title} | ${sizes.map((size) => size.toLocaleString("en")).join(" | ")} |`);
  console.log(`|---${"|---".repeat(sizes.length)}|`);
  for (const [name, write] of Object.entries(shapes)) {
    const cells = sizes.map((size) => {
      const { milliseconds, nodes } = measure(write(size));
      return `${milliseconds.toFixed(1)} ms, ${nodes.toLocaleString("en")} nodes`;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      prefixes: { type: "string", default: "300" },
      edits: { type: "string", default: "300" },
      seed: { type: "string", default: "1" },
    },
  });
  measure(readFileSync(CONSTRUCTS, "utf8"), 20); // a warm start
  table("lines of one function", [1000, 10_000, 100_000], SHAPES);
  table("nesting", [10, 100, 1000], NESTS);
  const text = readFileSync(CONSTRUCTS, "utf8");
  let slowest = 0;
  const prefixes = Number(values.prefixes);
  for (let i = 0; i < prefixes; i++) {
    slowest = Math.max(slowest, measure(text.slice(0, Math.floor((text.length * i) / prefixes)), 1).milliseconds);
  }
  for (const changed of edits(text, Number(values.edits), Number(values.seed))) {
    slowest = Math.max(slowest, measure(changed, 1).milliseconds);
  }
  console.log(
    `\n${prefixes} prefixes and ${values.edits} random edits of a file of ${text.split("\n").length} lines: ` +
      `none fails; the slowest takes ${slowest.toFixed(1)} ms.`,
  );
}
