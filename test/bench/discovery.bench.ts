import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { holdHeapDown, type IndexFile, indexPath, WorkspaceIndex, walk } from "../../src/discovery/index.ts";
import { decodeSource, parseModule } from "../../src/python/index.ts";
import { standardLibrary } from "../support/stdlib.ts";
import { type Contestant, interleave, median, table } from "./measure.ts";

/** Of what takes long. */
const COLD_ROUNDS = 2;
const ROUNDS = 3;

const PEER = "list, read and parse what is kept";
const PYTHON = "… the same files by Python's ast";
const NAMES = "cold scan: names shown";
const SCAN = "cold scan";
const HELPED_SCAN = "cold scan, helped by a thread";
const WARM_START = "warm start: names shown";
const SAVED = "one saved file";

/** Packages of Debian, where there are any: more like a workspace than a library is. */
const PACKAGES = "/usr/lib/python3/dist-packages";

/** After how many milliseconds the time of a file tells that it was not changed since. */
const CLOCK = 2_500;

const { signal } = new AbortController();

/**
 * Discovery over the standard library and the installed packages, next to what no reader can do without: `git ls-files`,
 * reading and a bare parse of the files that pass the filter, nothing else. Processor time counts, without that of `git`, since
 * other work on the machine does not change it much; the time that somebody waits is told besides.
 */
export default async function discovery(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const scratch = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const workspace = join(scratch, "workspace");
    await fill(workspace, library.folder);
    // Files that were changed just now are compared by their content: that is not how a workspace is found in the morning.
    await setTimeout(CLOCK);
    return await measure(workspace, join(scratch, "state"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Programs that import one module. */
const PROGRAMS = 300;
const HELPER = "LEVEL = 3\n\ndef add_common(parser):\n    parser.add_argument('--level', type=int, default=LEVEL)\n";
const PROGRAM = `import argparse
from team.helper import add_common

def main():
    parser = argparse.ArgumentParser()
    add_common(parser)
    parser.add_argument("--own")
    print(open(parser.parse_args().own).read())

if __name__ == "__main__":
    main()
`;

/** For each file, what it takes until its tool (shown first) and all tools that rest on it are known after it was saved. */
function edits(workspace: string, live: WorkspaceIndex, files: Readonly<Record<string, string>>): Costly[] {
  let edit = 0;
  return Object.entries(files).flatMap(([name, file]) => {
    const saving = async (work: () => Promise<unknown>): Promise<Cost> => {
      const path = join(workspace, file);
      const before = await readFile(path, "latin1");
      await writeFile(path, `${before}\n# ${edit++}\n`, "latin1");
      const took = await costOf(async () => {
        await work();
        live.report();
      });
      await writeFile(path, before, "latin1");
      await live.update([file], signal);
      return took;
    };
    return [
      { name: `${name}: itself`, run: () => saving(() => live.change([file], signal)) },
      { name: `${name}: all that rests on it`, run: () => saving(() => live.update([file], signal)) },
    ];
  });
}

/** Reads a stored index until the names of the files with tools are known. */
async function untilNames(workspace: string, stored: IndexFile): Promise<void> {
  const enough = new AbortController();
  const index = new WorkspaceIndex(workspace, new Map(), stored);
  await index.restore({ onKnown: () => enough.abort(), signal: enough.signal }).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
}

async function fill(workspace: string, library: string): Promise<void> {
  const filter = (path: string): boolean =>
    !/\/(?:__pycache__|site-packages|lib-dynload|config-[^/]*)$|\.so$/.test(path);
  await cp(library, join(workspace, "stdlib"), { recursive: true, filter });
  await cp(PACKAGES, join(workspace, "packages"), { recursive: true, filter, force: true }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  });
  await mkdir(join(workspace, "team"));
  await writeFile(join(workspace, "team", "helper.py"), HELPER);
  for (let number = 0; number < PROGRAMS; number += 1)
    await writeFile(join(workspace, "team", `p${number}.py`), PROGRAM);
  await execa("git", ["init", "--quiet"], { cwd: workspace });
}

async function measure(workspace: string, state: string): Promise<string> {
  const stored: IndexFile = {
    path: indexPath(state, workspace),
    build: "bench",
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  };
  const kept: string[] = [];
  const live = new WorkspaceIndex(workspace, new Map(), stored);
  await live.scan({ signal, onKept: (files) => kept.push(...files) });
  await live.save();
  const report = live.report();
  const saved = report.tools.find((tool) => tool.parameters.length > 5)?.file ?? kept[0] ?? "";
  const all = (await walk(workspace, { signal })).files.flatMap(({ path }) => (path.endsWith(".py") ? [path] : []));
  const cold = await Costs.of(
    [
      { name: PEER, run: () => apart("peer", workspace, kept) },
      { name: PYTHON, run: () => inPython(workspace, kept) },
      { name: "list, read and parse all Python files", run: () => apart("peer", workspace, all) },
      { name: NAMES, run: () => apart("names", workspace) },
      { name: SCAN, run: () => apart("scan", workspace) },
      { name: HELPED_SCAN, run: () => apart("helped-scan", workspace) },
    ],
    COLD_ROUNDS,
    0,
  );
  const known = await Costs.of(
    [
      { name: PEER, run: () => costOf(() => peer(workspace, kept)) },
      { name: WARM_START, run: () => costOf(() => untilNames(workspace, stored)) },
      { name: "warm start: all shown", run: () => costOf(() => restored(workspace, stored)) },
      { name: "warm start: made sure of", run: () => costOf(() => madeSure(workspace, stored)) },
      ...edits(workspace, live, {
        [SAVED]: saved,
        [`a module under ${PROGRAMS} programs`]: "team/helper.py",
        "one of these programs": "team/p7.py",
      }),
      { name: "a file that came, then went", run: () => costOf(() => comeAndGo(workspace, live)) },
      { name: `a folder of ${PROGRAMS} files renamed, and back`, run: () => costOf(() => renamed(workspace, live)) },
    ],
    ROUNDS,
    1,
  );
  return [
    `${report.stats.filesSeen} files, ${kept.length} pass the filter, ${report.tools.length} tools; ${report.stats.filesParsed} trees made in a cold scan`,
    "From nothing, each time in a process of its own; processor time:",
    cold.table("cpu"),
    "… time that somebody waits (other work on the machine counts):",
    cold.table("wall"),
    "… peak memory:",
    cold.table("memory"),
    "With what is known, in a process that goes on; processor time:",
    known.table("cpu"),
    "… time that somebody waits:",
    known.table("wall"),
    "Goals (processor time, medians):",
    goal(
      SCAN,
      cold.median(SCAN, "cpu") / cold.median(PEER, "cpu"),
      2,
      "times listing, reading and parsing what is kept",
    ),
    `… next to Python's own parser: ${(cold.median(SCAN, "cpu") / cold.median(PYTHON, "cpu")).toFixed(1)} times`,
    goal(WARM_START, known.median(WARM_START, "cpu"), 300, "ms"),
    goal(SAVED, known.median(`${SAVED}: itself`, "cpu"), 50, "ms"),
    goal("peak memory of a cold scan", cold.median(SCAN, "memory"), 400, "MB"),
    goal("… with a thread that helps", cold.median(HELPED_SCAN, "memory"), 400, "MB"),
  ].join("\n");
}

function goal(name: string, reached: number, wanted: number, unit: string): string {
  return `${name}: ${reached.toFixed(1)} ${unit} (goal: ${wanted})`;
}

async function restored(workspace: string, stored: IndexFile): Promise<WorkspaceIndex> {
  const index = new WorkspaceIndex(workspace, new Map(), stored);
  if (!(await index.restore())) throw new Error("the index was not stored");
  index.report();
  return index;
}

async function madeSure(workspace: string, stored: IndexFile): Promise<void> {
  const index = await restored(workspace, stored);
  await index.scan({ signal });
  index.report();
}

async function comeAndGo(workspace: string, live: WorkspaceIndex): Promise<void> {
  const path = join(workspace, "came_now.py");
  await writeFile(path, PROGRAM);
  await live.update(["came_now.py"], signal);
  await rm(path);
  await live.update(["came_now.py"], signal);
  live.report();
}

async function renamed(workspace: string, live: WorkspaceIndex): Promise<void> {
  for (const [from, to] of [
    ["team", "crew"],
    ["crew", "team"],
  ] as const) {
    await rename(join(workspace, from), join(workspace, to));
    await live.update([from, to], signal);
  }
  live.report();
}

/** What something cost once: milliseconds of processor time and of waiting, megabytes where it had a process of its own. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
  readonly memory?: number;
}

/** All that contestants cost in one pass over them. */
class Costs {
  readonly #rounds: number;
  readonly #costs = new Map<string, Cost[]>();

  private constructor(rounds: number) {
    this.#rounds = rounds;
  }

  static async of(contestants: readonly Costly[], rounds: number, uncounted: number): Promise<Costs> {
    const costs = new Costs(rounds);
    await interleave(
      contestants.map((contestant) => costs.#noting(contestant)),
      rounds,
      uncounted,
    );
    return costs;
  }

  #noting({ name, run }: Costly): Contestant {
    const costs: Cost[] = [];
    this.#costs.set(name, costs);
    return { name, run: async () => void costs.push(await run()) };
  }

  #samples(name: string, kind: keyof Cost): number[] {
    const counted = (this.#costs.get(name) ?? []).slice(-this.#rounds);
    return counted.map((cost) => cost[kind] ?? Number.NaN);
  }

  table(kind: keyof Cost): string {
    const figures = [...this.#costs.keys()].map((name) => ({ name, samples: this.#samples(name, kind) }));
    return table(figures, kind === "memory" ? "MB" : "ms");
  }

  median(name: string, kind: keyof Cost): number {
    return median(this.#samples(name, kind));
  }
}

interface Costly {
  readonly name: string;
  run(): Promise<Cost>;
}

/** Of this process; what other processes do takes none of its processor time. */
async function costOf(task: () => Promise<unknown>): Promise<Cost> {
  const before = cpuUsage();
  const began = performance.now();
  await task();
  const { user, system } = cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - began };
}

/**
 * A task in a process of its own, without the start of that.
 * @param files that a `peer` reads
 */
function apart(task: Task, workspace: string, files: readonly string[] = []): Promise<Cost> {
  return costIn(process.execPath, [import.meta.filename, task, workspace], files);
}

/** What the same peer costs in Python; files that are not Python are read, too, and end as a syntax error. */
function inPython(workspace: string, files: readonly string[]): Promise<Cost> {
  return costIn("python3", [join(import.meta.dirname, "read_and_parse.py"), workspace], files);
}

/** @param program reads files from its standard input, and prints what it cost itself */
async function costIn(program: string, argv: readonly string[], files: readonly string[]): Promise<Cost> {
  const { stdout } = await execa(program, argv, { input: files.join("\n") });
  const [cpu = Number.NaN, wall = Number.NaN, memory = Number.NaN] = stdout.split(" ").map(Number);
  return { cpu, wall, memory };
}

type Task = keyof typeof TASKS;

async function doApart(task: string | undefined, workspace: string): Promise<void> {
  holdHeapDown();
  const files = (await text(process.stdin)).split("\n").filter((file) => file !== "");
  if (!isTask(task)) throw new Error(`there is no task ${task}; there are: ${Object.keys(TASKS).join(", ")}`);
  const run = TASKS[task];
  const { cpu, wall } = await costOf(() => run(workspace, files));
  console.log(cpu, wall, process.resourceUsage().maxRSS / 1024);
}

const TASKS = {
  peer,
  names: untilNamesOfNew,
  scan: (workspace: string) => new WorkspaceIndex(workspace).scan({ signal, helpers: 0 }),
  "helped-scan": (workspace: string) => new WorkspaceIndex(workspace).scan({ signal, helpers: 1 }),
};

function isTask(name: string | undefined): name is Task {
  return name !== undefined && Object.hasOwn(TASKS, name);
}

/** Reads a workspace of which nothing is known until the names of the files that may hold tools are known. */
async function untilNamesOfNew(workspace: string): Promise<void> {
  const enough = new AbortController();
  const scanned = new WorkspaceIndex(workspace).scan({ signal: enough.signal, onKept: () => enough.abort() });
  await scanned.catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
}

/** What no reader can do without: listing, reading and parsing, nothing else. */
async function peer(workspace: string, files: readonly string[]): Promise<void> {
  await execa("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: workspace });
  for (const path of files) {
    const decoded = decodeSource(await readFile(join(workspace, path)));
    if (decoded.ok) parseModule(decoded.value);
  }
}

if (process.argv[1] === import.meta.filename) await doApart(process.argv[2], process.argv[3] ?? "");
