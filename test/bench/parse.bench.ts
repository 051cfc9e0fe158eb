import { execaSync } from "execa";
import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { cpuTime, type Figures, table } from "./measure.ts";

const ROUNDS = 5;

/** Our parser over the standard library next to CPython's own parser and compiler, CPU time, in turn. */
export default function parse(): Promise<string> {
  const library = standardLibrary();
  if (!library) return Promise.resolve("skipped: there is no python3 on this machine");
  const sources = readAll(library.files);
  const megabytes = sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6;
  const paths = sources.map(({ path }) => path).join("\n");
  const script = new URL("compile.py", import.meta.url).pathname;

  const samples: Record<"ast" | "compile" | "ours", number[]> = { ast: [], compile: [], ours: [] };
  for (let round = -1; round < ROUNDS; round++) {
    const [ast, compile] = execaSync("python3", [script], { input: paths }).stdout.split(" ").map(Number);
    const ours = cpuTime(() => {
      for (const { text } of sources) parseModule(text);
    });
    if (round < 0) continue;
    samples.ast.push(ast ?? Number.NaN);
    samples.compile.push(compile ?? Number.NaN);
    samples.ours.push(ours);
  }
  const figures: Figures[] = [
    { name: "CPython compile()", samples: samples.compile },
    { name: "CPython ast.parse()", samples: samples.ast },
    { name: "Toka parseModule()", samples: samples.ours },
  ];
  return Promise.resolve(
    `${sources.length} files, ${megabytes.toFixed(1)} MB of ${library.folder}; CPU time\n${table(figures)}`,
  );
}
