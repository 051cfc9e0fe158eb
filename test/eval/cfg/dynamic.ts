import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import * as z from "zod";
import { fileGraphs } from "../../../src/analysis/index.ts";
import { type Automaton, graphAutomaton } from "./automaton.ts";
import { askOracle, type OracleScope } from "./oracle.ts";
import { firstNotAdmitted } from "./paths.ts";
import { type Count, count, GraphFinder, placeName } from "./static.ts";

const RECORDER = fileURLToPath(new URL("recorder.py", import.meta.url));
/** Every construct once, in the syntax of 3.11; it needs nothing but Python. */
export const CONSTRUCTS = fileURLToPath(new URL("constructs.py", import.meta.url));
/** Constructs of later syntax, by the minor version of Python 3 that has it. */
const LATER_CONSTRUCTS = [12, 14].map((minor) => ({
  minor,
  file: fileURLToPath(new URL(`constructs_3${minor}.py`, import.meta.url)),
}));

/** The files of constructs that a Python reads. @param version as `3.12.1` */
export function constructsOf(version: string): string[] {
  const minor = Number(version.split(".")[1]);
  return [CONSTRUCTS, ...LATER_CONSTRUCTS.filter((later) => later.minor <= minor).map(({ file }) => file)];
}

const PROGRAMS = fileURLToPath(new URL("programs.py", import.meta.url));

const Program = z.object({
  kind: z.enum(["unittest", "doctest", "script", "module"]),
  name: z.string(),
  arguments: z.array(z.string()),
});
/** What is run under the tracer: unit tests or examples of modules, a script, or a module that is a program. */
export type Program = z.infer<typeof Program>;

/**
 * What there is to run with this Python: its tests, the examples of its modules, and its programs; the constructs first.
 * @param version of this Python
 */
export async function programs(python: string, version: string): Promise<Program[]> {
  const { stdout } = await execa(python, [PROGRAMS]);
  const constructs = constructsOf(version).map((name): Program => ({ kind: "script", name, arguments: [] }));
  return [...constructs, ...stdout.split("\n").map((line) => Program.parse(JSON.parse(line)))];
}

const SECONDS_TO_WRITE = 30;
/** As in recorder.py. */
const WALL_FACTOR = 4;

const Recording = z.object({
  error: z.string().optional(),
  late: z.boolean().default(false),
  functions: z.array(
    z.object({
      file: z.string(),
      kind: z.string(),
      qualname: z.string(),
      line: z.int(),
      runs: z.array(z.array(z.string())),
    }),
  ),
});

type Recording = z.infer<typeof Recording>;

/** Distinct runs per function: file → `line qualname` → runs. */
export type Runs = Map<string, Map<string, Map<string, readonly string[]>>>;

export interface Recorded {
  readonly runs: Runs;
  /** Programs that did not end within their time; what was seen of them counts. */
  readonly late: string[];
  /** Programs that were skipped or broke off. */
  readonly broken: string[];
  /** How many programs were run, now or earlier. */
  programs: number;
}

export interface RecordOptions {
  /** Of processor time, for each program. */
  readonly seconds: number;
  /** How many run at a time. */
  readonly atOnce?: number;
  /** Where recordings are kept for the next time; without it there is none. */
  readonly cache?: string;
  /** Runs nothing: what has no recording in the cache is left out. */
  readonly keptOnly?: boolean;
  readonly onDone?: (program: Program, done: number) => void;
}

/** Runs programs under the tracer, each in a process and a temporary folder of its own. */
export async function record(python: string, list: readonly Program[], options: RecordOptions): Promise<Recorded> {
  const recorded: Recorded = { runs: new Map(), late: [], broken: [], programs: 0 };
  const prefix = options.cache === undefined ? "" : await cachePrefix(python, options.seconds);
  const waiting = [...list];
  let done = 0;
  const one = async (program: Program): Promise<void> => {
    const kept = options.cache === undefined ? null : join(options.cache, `${hashOf(prefix, program)}.json`);
    const isKept = kept !== null && existsSync(kept);
    if (isKept || options.keptOnly !== true) {
      keep(recorded, program, isKept ? readRecording(kept) : await run(python, program, options.seconds, kept));
    }
    done++;
    options.onDone?.(program, done);
  };
  const work = async (): Promise<void> => {
    for (let program = waiting.shift(); program !== undefined; program = waiting.shift()) await one(program);
  };
  await Promise.all(Array.from({ length: options.atOnce ?? 1 }, work));
  return recorded;
}

function keep(recorded: Recorded, program: Program, { functions, error, late }: Recording): void {
  const title = [program.name, ...program.arguments].join(" ");
  recorded.programs++;
  if (late) recorded.late.push(title);
  if (error !== undefined) recorded.broken.push(`${title}: ${error}`);
  for (const { file, line, qualname, runs } of functions) add(recorded.runs, file, `${line} ${qualname}`, runs);
}

/** What a recording depends on, but for its program. */
async function cachePrefix(python: string, seconds: number): Promise<string> {
  const { stdout } = await execa(python, [
    "-c",
    "import sys, sysconfig; print(sys.version, sysconfig.get_path('stdlib'))",
  ]);
  const sources = ["recorder.py", "bytecode.py"].map((name) => readFileSync(new URL(name, import.meta.url), "utf8"));
  return [stdout, seconds, ...sources].join("\0");
}

function hashOf(prefix: string, program: Program): string {
  const own = program.kind === "script" ? readFileSync(program.name, "utf8") : "";
  return createHash("sha256").update(prefix).update(JSON.stringify(program)).update(own).digest("hex");
}

async function run(python: string, program: Program, seconds: number, kept: string | null): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "recorded-"));
  const out = join(folder, "runs.json");
  try {
    await execa(python, [RECORDER, out, String(seconds), program.kind, program.name, ...program.arguments], {
      cwd: folder,
      timeout: (seconds * WALL_FACTOR + SECONDS_TO_WRITE) * 1000,
      forceKillAfterDelay: 2000,
      stdio: "ignore",
      env: { TMPDIR: folder, HOME: folder, PYTHONDONTWRITEBYTECODE: "1" },
      reject: false,
    });
    const recording = readRecording(out);
    if (kept !== null) {
      mkdirSync(dirname(kept), { recursive: true });
      writeFileSync(kept, JSON.stringify(recording));
    }
    return recording;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function readRecording(path: string): Recording {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { functions: [], error: "no recording", late: false };
  }
  return Recording.parse(JSON.parse(text));
}

function add(all: Runs, file: string, key: string, runs: readonly (readonly string[])[]): void {
  const functions = all.get(file) ?? new Map<string, Map<string, readonly string[]>>();
  all.set(file, functions);
  const known = functions.get(key) ?? new Map<string, readonly string[]>();
  functions.set(key, known);
  for (const run of runs) known.set(run.join(" "), run);
}

export interface Admission {
  functions: number;
  readonly without: Count;
  readonly withExceptions: Count;
  /** Runs that are no walk over our edges. */
  readonly refused: { readonly file: string; readonly function: string; readonly run: string }[];
}

/** Checks that each recorded run is a walk over our graph of the function. */
export async function admit(python: string, runs: Runs): Promise<Admission> {
  const admission: Admission = {
    functions: 0,
    without: { ok: 0, total: 0 },
    withExceptions: { ok: 0, total: 0 },
    refused: [],
  };
  for await (const { file, scopes } of askOracle(python, [...runs.keys()])) {
    const finder = new GraphFinder(fileGraphs(file, readFileSync(file)).functions);
    const functions = runs.get(file);
    for (const scope of scopes ?? []) {
      const graph = finder.take(scope);
      const own = functions?.get(`${scope.line} ${scope.qualname}`);
      if (scope.kind !== "function" || own === undefined) continue;
      admission.functions++;
      admitRuns(admission, file, scope, graph === null ? null : graphAutomaton(graph, scope), own);
    }
  }
  return admission;
}

function admitRuns(
  admission: Admission,
  file: string,
  scope: OracleScope,
  automaton: Automaton | null,
  runs: ReadonlyMap<string, readonly string[]>,
): void {
  for (const run of runs.values()) {
    const at = automaton === null ? 0 : firstNotAdmitted(automaton, run);
    count(run.some((letter) => letter.startsWith("!")) ? admission.withExceptions : admission.without, at < 0);
    if (at < 0) continue;
    const shown = run.slice(Math.max(0, at - 6), at + 1).map(placeName);
    admission.refused.push({ file, function: `${scope.line} ${scope.qualname}`, run: shown.join(" → ") });
  }
}
