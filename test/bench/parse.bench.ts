import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { compileTimes } from "./cpython.ts";
import { cpuTime, table } from "./measure.ts";

const ROUNDS = 5;

/** Our parser over the standard library (its tests included) next to CPython's own parser and compiler, CPU time. */
export default async function parse(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const sources = readAll(library.files);
  const megabytes = sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6;
  const paths = sources.map(({ path }) => path);
  const samples: Record<"ast" | "compile" | "ours", number[]> = { ast: [], compile: [], ours: [] };
  for (let round = -1; round < ROUNDS; round++) {
    const cpython = await compileTimes(paths);
    const ours = cpuTime(() => {
      for (const { text } of sources) parseModule(text);
    });
    if (round < 0) continue;
    samples.ast.push(cpython.ast);
    samples.compile.push(cpython.compile);
    samples.ours.push(ours);
  }
  const figures = [
    { name: "CPython compile()", samples: samples.compile },
    { name: "CPython ast.parse()", samples: samples.ast },
    { name: "Toka parseModule()", samples: samples.ours },
  ];
  return `${sources.length} files, ${megabytes.toFixed(1)} MB; CPU time\n${table(figures)}`;
}
