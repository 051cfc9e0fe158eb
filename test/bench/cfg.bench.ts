import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { nodeBundle } from "../../scripts/bundle.ts";
import { buildGraphs } from "../../src/analysis/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { compileTimes } from "./cpython.ts";
import { cpuTime, table } from "./measure.ts";

const ROUNDS = 3;
/** Some of their data are broken on purpose. */
const TESTS = /\/(?:test|tests|idle_test)\//;
const ROOT = join(import.meta.dirname, "..", "..");
/** Makes a process end with its CPU time on standard error. */
const REPORT_TIME = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => { const { user, system } = process.cpuUsage(); console.error((user + system) / 1000); });',
)}`;

/** Parsing and drawing every function of the standard library next to a bare parse and to CPython's compile(). */
export default async function cfg(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const sources = readAll(library.files.filter((path) => !TESTS.test(path)));
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
  const seconds = Math.min(...graphs) / 1000;
  const rate = `${Math.round(sources.length / seconds)} files and ${Math.round(functions / seconds)} graphs per second`;
  const paths = sources.map(({ path }) => path);
  const cold: { drawn: number; written: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) cold.push(await coldProcesses(paths));
  const processes = [
    { name: "toka cfg, nothing written", samples: cold.map(({ drawn }) => drawn) },
    { name: "toka cfg --json, to a file", samples: cold.map(({ written }) => written) },
  ];
  return (
    `${sources.length} files, ${megabytes.toFixed(1)} MB, ${functions} graphs; CPU time\n${table(figures)}\n` +
    `${rate} when warm\n\nfrom a cold start, user and system time of the whole process\n${table(processes)}`
  );
}

/** CPU milliseconds of processes that read and draw all the files once. */
async function coldProcesses(paths: readonly string[]): Promise<{ drawn: number; written: number }> {
  const scratch = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const bundles = { cli: join(scratch, "cli.cjs"), draw: join(scratch, "draw.cjs") };
    const options = { ...nodeBundle, absWorkingDir: ROOT, bundle: true, minify: true, logLevel: "error" } as const;
    await build({ ...options, entryPoints: ["src/cli/main.ts"], outfile: bundles.cli });
    await build({ ...options, entryPoints: ["test/bench/draw-all.ts"], outfile: bundles.draw });
    const list = paths.join("\n");
    const json = ["cfg", "--json", "--files-from", "-", "--output", join(scratch, "graphs.jsonl")];
    return {
      drawn: await processTime([bundles.draw], list),
      written: await processTime([bundles.cli, ...json], list),
    };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** User and system milliseconds of a Node process, from its start to its end. */
async function processTime(argv: readonly string[], input: string): Promise<number> {
  const { stderr } = await execa(process.execPath, ["--import", REPORT_TIME, ...argv], { input });
  return Number(stderr.split("\n").at(-1));
}
