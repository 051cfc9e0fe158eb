/**
 * The truth about command lines: runs every program of a workspace in a sandbox under the shim, which writes down the
 * parser that was really built. Each is run twice, in different surroundings, to tell values that depend on them.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Workspace } from "./debian.ts";
import { DIST_PACKAGES, runInJail, SHIM_FOLDER } from "./jail.ts";

/** How exactly a value is known: `complex` ones have no JSON, `dynamic` ones differ from run to run. */
const ValueKind = z.enum(["ok", "complex", "dynamic"]);

export const TrueParameter = z.object({
  name: z.string(),
  flags: z.array(z.string()),
  base: z.enum(["string", "integer", "number", "boolean", "any"]),
  /** `null` where the library does not say. */
  multi: z.boolean().nullable(),
  required: z.boolean().nullable(),
  default: z.json(),
  defaultKind: ValueKind,
  choices: z.array(z.json()).nullable(),
  choicesKind: ValueKind,
  subcommand: z.string().nullable(),
  hidden: z.boolean(),
  action: z.string(),
  /** File, line, and whether only the workspace's own code was on the way there. */
  place: z.tuple([z.string(), z.number(), z.boolean()]).nullish(),
  /** Declared by or through a library outside the workspace, such as a plugin: not to be read there. */
  isForeign: z.boolean().default(false),
});
export type TrueParameter = z.infer<typeof TrueParameter>;

const Dump = z.object({
  framework: z.string(),
  description: z.string().nullable(),
  parameters: z.array(TrueParameter),
  subcommands: z.array(z.string()),
  stack: z.array(z.string()),
});
type Dump = z.infer<typeof Dump>;

export const TrueTool = z.object({
  workspace: z.string(),
  /** The file that is run, or the module of an entry point. */
  file: z.string(),
  /** The function of an entry point. */
  function: z.string().optional(),
  name: z.string(),
  /** Files of the workspace through which the parser was reached. */
  providers: z.array(z.string()),
  framework: z.string(),
  description: z.string().nullable(),
  parameters: z.array(TrueParameter),
  subcommands: z.array(z.string()),
});
export type TrueTool = z.infer<typeof TrueTool>;

export const Truth = z.object({
  tools: z.array(TrueTool),
  /** Ran to an end, or into the time limit, without building a parser that the shim knows. */
  without: z.array(z.object({ workspace: z.string(), file: z.string(), outcome: z.string() })),
  /** Files that nobody runs: libraries and tests. */
  libraries: z.array(z.object({ workspace: z.string(), file: z.string() })),
});
export type Truth = z.infer<typeof Truth>;

/** Changes when programs are started in another way, so that what is kept is taken anew. */
export const TRUTH_VERSION = "1";

const SECONDS = 10;
const SHIM = join(import.meta.dirname, "shim");
const GUARD = /^if\s*\(?\s*(?:__name__\s*==\s*["']__main__["']|["']__main__["']\s*==\s*__name__)/mu;
const PYTHON_SHEBANG = /^#!.*\bpython[23]?/u;
/** Code of packages themselves: nobody starts `python -m package.__init__`. */
const PACKAGE_FILE = /(?:^|\/)__init__\.py$/u;
const TEST_FILE = /(?:^|\/)(?:tests?|testing|test_data)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$/u;

/** One way of starting a program. */
export interface Start {
  readonly file: string;
  readonly name: string;
  readonly function?: string;
  /** What follows the interpreter. */
  readonly argv: readonly string[];
}

interface Candidates {
  readonly starts: readonly Start[];
  readonly libraries: readonly string[];
}

/** What can be started in a workspace, by the rules of Python and of packaging, without asking discovery. */
export async function candidates(workspace: Workspace): Promise<Candidates> {
  const starts = entryStarts(workspace);
  const entered = new Set(starts.map((start) => start.file));
  const libraries: string[] = [];
  for (const file of workspace.files) {
    const kind = await kindOf(workspace.folder, file);
    if (kind === "started") starts.push(startOf(file));
    else if (kind === "library" && !entered.has(file.path)) libraries.push(file.path);
  }
  return { starts, libraries };
}

function entryStarts({ files, entryPoints }: Workspace): Start[] {
  const byPath = new Set(files.map((file) => file.path));
  return entryPoints.flatMap((entry) => {
    const base = entry.module.replaceAll(".", "/");
    const file = [`${base}.py`, `${base}/__init__.py`].find((path) => byPath.has(path));
    const argv = [`${SHIM_FOLDER}/run_entry_point.py`, entry.name, entry.module, entry.function];
    return file === undefined ? [] : [{ file, name: entry.name, function: entry.function, argv }];
  });
}

type WorkspaceFile = Workspace["files"][number];

async function kindOf(folder: string, { path, installed }: WorkspaceFile): Promise<"started" | "library" | "other"> {
  const file = join(folder, path);
  const text = await readFile(file, "latin1");
  const isScript = PYTHON_SHEBANG.test(text.slice(0, 200));
  if (!isScript && !path.endsWith(".py")) return "other";
  if (TEST_FILE.test(path)) return "library";
  if (PACKAGE_FILE.test(path)) return GUARD.test(text) ? "other" : "library";
  const isExecutable = ((await stat(file)).mode & 0o111) !== 0;
  const isRun = isScript && isExecutable && !installed.startsWith(DIST_PACKAGES);
  return isRun || GUARD.test(text) || path.endsWith("/__main__.py") ? "started" : "library";
}

function startOf({ path, installed }: WorkspaceFile): Start {
  if (!installed.startsWith(DIST_PACKAGES)) {
    return { file: path, name: path.slice(path.lastIndexOf("/") + 1), argv: [`/${installed}`] };
  }
  const module = path.replace(/(?:\/__main__)?\.py$/u, "").replaceAll("/", ".");
  return { file: path, name: module, argv: ["-m", module] };
}

/** Runs all programs of a workspace. @param jobs how many at once */
export async function takeTruth(
  root: string,
  workspace: Workspace,
  scratch: string,
  jobs: number,
  log: (text: string) => void,
): Promise<Truth> {
  const { starts, libraries } = await candidates(workspace);
  log(`${workspace.name}: ${starts.length} programs`);
  const truth: Truth = {
    tools: [],
    without: [],
    libraries: libraries.map((file) => ({ workspace: workspace.name, file })),
  };
  const seen = new Set<string>();
  let next = 0;
  const work = async (job: number): Promise<void> => {
    for (let start = starts[next++]; start !== undefined; start = starts[next++]) {
      const outcome = await runTwice(root, workspace, start, join(scratch, `job-${job}`));
      if (typeof outcome === "string") {
        truth.without.push({ workspace: workspace.name, file: start.file, outcome });
        continue;
      }
      // One program that can be started in two ways is one tool.
      const key = JSON.stringify([start.file, outcome.parameters]);
      if (!seen.has(key)) truth.tools.push(toTool(workspace, start, outcome));
      seen.add(key);
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)));
  truth.tools.sort((one, other) => compareKeys(one.file, other.file));
  return truth;
}

function compareKeys(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function toTool(workspace: Workspace, start: Start, dump: Dump): TrueTool {
  const places = new Map(workspace.files.map((file) => [`/${file.installed}`, file.path]));
  return {
    workspace: workspace.name,
    file: start.file,
    ...(start.function === undefined ? {} : { function: start.function }),
    name: start.name,
    providers: dump.stack.flatMap((file) => places.get(file) ?? []).filter((file) => file !== start.file),
    framework: dump.framework,
    description: dump.description,
    parameters: dump.parameters.map((parameter) => ({
      ...parameter,
      isForeign: parameter.place?.[2] !== true,
    })),
    subcommands: dump.subcommands,
  };
}

/** @returns the parser, or in a word why there is none */
async function runTwice(root: string, workspace: Workspace, start: Start, scratch: string): Promise<Dump | string> {
  const first = await run(root, workspace, start, scratch, SURROUNDINGS[0]);
  if (typeof first === "string") return first;
  const second = await run(root, workspace, start, scratch, SURROUNDINGS[1]);
  const whole = await withLateParts(first, (words) =>
    run(root, workspace, { ...start, argv: [...start.argv, ...words] }, scratch, SURROUNDINGS[0]),
  );
  return typeof second === "string" ? whole : markDynamic(whole, second);
}

/** Subcommands without any parameter that are looked at again. */
const MAX_LATE = 20;

/** Some programs fill the parser of a subcommand only when it is asked for. */
async function withLateParts(dump: Dump, again: (words: readonly string[]) => Promise<Dump | string>): Promise<Dump> {
  const filled = new Set(dump.parameters.map((parameter) => parameter.subcommand));
  const empty = dump.subcommands.filter(
    (path) => !filled.has(path) && !dump.subcommands.some((other) => other.startsWith(`${path} `)),
  );
  const parameters = [...dump.parameters];
  const subcommands = new Set(dump.subcommands);
  for (const path of empty.slice(0, MAX_LATE)) {
    const late = await again(path.split(" "));
    if (typeof late === "string") continue;
    const isBelow = (other: string | null): boolean => other === path || other?.startsWith(`${path} `) === true;
    parameters.push(...late.parameters.filter((parameter) => isBelow(parameter.subcommand)));
    for (const other of late.subcommands) if (isBelow(other)) subcommands.add(other);
  }
  return { ...dump, parameters, subcommands: [...subcommands] };
}

interface Surroundings {
  readonly home: string;
  readonly folder: string;
  readonly user: string;
  readonly processors: string;
}

const SURROUNDINGS: readonly [Surroundings, Surroundings] = [
  { home: "/home/user", folder: "/tmp/work", user: "user", processors: "2" },
  { home: "/home/somebody", folder: "/tmp/elsewhere/there", user: "root", processors: "7" },
];

async function run(
  root: string,
  workspace: Workspace,
  start: Start,
  scratch: string,
  { home, folder, user, processors }: Surroundings,
): Promise<Dump | string> {
  const own = workspace.files.map((file) => `/${file.installed}`);
  const environment = { TOKA_SHIM_CPUS: processors };
  const jail = { root, shim: SHIM, scratch, own, home, folder, user, environment, seconds: SECONDS };
  const { found, exitCode, isLate, errors } = await runInJail(jail, [...start.argv, "--help"]);
  if (found !== null) return Dump.parse(JSON.parse(found));
  if (isLate) return "time";
  const last = errors.trim().split("\n").at(-1) ?? "";
  return exitCode === 0 ? "none" : `exit ${exitCode}: ${last.slice(0, 160)}`;
}

/** Values that differ between two runs depend on the surroundings. */
function markDynamic(first: Dump, second: Dump): Dump {
  const key = (item: TrueParameter): string => JSON.stringify([item.subcommand, item.flags, item.name]);
  const others = new Map(second.parameters.map((item) => [key(item), item]));
  return {
    ...first,
    parameters: first.parameters.map((item) => {
      const other = others.get(key(item));
      const isSame = (one: z.core.util.JSONType | null, two: z.core.util.JSONType | null | undefined): boolean =>
        JSON.stringify(one) === JSON.stringify(two);
      return {
        ...item,
        defaultKind: isSame(item.default, other?.default) ? item.defaultKind : "dynamic",
        choicesKind: isSame(item.choices, other?.choices) ? item.choicesKind : "dynamic",
      };
    }),
  };
}
