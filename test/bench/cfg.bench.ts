import { buildGraphs } from "../../src/analysis/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { compileTimes } from "./cpython.ts";
import { cpuTime, table } from "./measure.ts";

const ROUNDS = 5;

/** Parsing and drawing every function of the standard library next to a bare parse and to CPython's compile(). */
export default async function cfg(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const sources = readAll(library.files.filter((path) => !path.includes("/test/")));
  const megabytes = sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6;
  const python: number[] = [];
  const parse: number[] = [];
  const graphs: number[] = [];
  let functions = 0;
  for (let round = -1; round < ROUNDS; round++) {
    const cpython = await compileTimes(sources.map(({ path }) => path));
    const parsed = cpuTime(() => {
      for (const { text } of sources) parseModule(text);
    });
    functions = 0;
    const drawn = cpuTime(() => {
      for (const { text } of sources) functions += buildGraphs(text, parseModule(text).module).length;
    });
    if (round < 0) continue;
    python.push(cpython.compile);
    parse.push(parsed);
    graphs.push(drawn);
  }
  const figures = [
    { name: "CPython compile()", samples: python },
    { name: "Toka parse only", samples: parse },
    { name: "Toka parse and graphs", samples: graphs },
  ];
  return `${sources.length} files, ${megabytes.toFixed(1)} MB, ${functions} graphs; CPU time\n${table(figures)}`;
}
