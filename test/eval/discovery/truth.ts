/**
 * The truth about command lines: runs every program of a workspace in a sandbox under the shim, which writes down the
 * parser that was really built. Each is run twice, in different surroundings, to tell values that depend on them.
 */
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import type { Workspace } from "./debian.ts";

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

const SECONDS = 10;
const SHIM = join(import.meta.dirname, "shim");
const GUARD = /^if\s*\(?\s*(?:__name__\s*==\s*["']__main__["']|["']__main__["']\s*==\s*__name__)/mu;
const PYTHON_SHEBANG = /^#!.*\bpython[23]?/u;
const TEST_FILE = /(?:^|\/)(?:tests?|testing|test_data)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$/u;
const DIST_PACKAGES = "usr/lib/python3/dist-packages/";

/** One way of starting a program. */
interface Start {
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
    const argv = ["/shim/run_entry_point.py", entry.name, entry.module, entry.function];
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
  return typeof second === "string" ? first : markDynamic(first, second);
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

/** Runs Python in the root, without network, in throw-away folders. */
async function run(
  root: string,
  workspace: Workspace,
  start: Start,
  scratch: string,
  { home, folder, user, processors }: Surroundings,
): Promise<Dump | string> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const roots = [...new Set(workspace.files.map((file) => `/${file.installed}`))];
  // All files of a package in one variable would be too long: folders, and single files where they are shared.
  const environment: Readonly<Record<string, string>> = {
    HOME: home,
    USER: user,
    LOGNAME: user,
    PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
    LANG: "C.UTF-8",
    TERM: "dumb",
    PYTHONPATH: "/shim",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONHASHSEED: "0",
    LD_LIBRARY_PATH: "/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack",
    TOKA_SHIM_OUT: "/out/parser.json",
    TOKA_SHIM_ROOTS: ownPrefixes(roots).join(":"),
    TOKA_SHIM_CPUS: processors,
  };
  const sandbox = [
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    ...["--ro-bind", root, "/"],
    ...["--ro-bind", SHIM, "/shim"],
    ...["--bind", scratch, "/out"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/home", "--tmpfs", "/run"],
    ...["--dir", home, "--dir", folder, "--chdir", folder],
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
  const ended = await execa("bwrap", [...sandbox, "/usr/bin/python3", ...start.argv, "--help"], {
    reject: false,
    stdin: "ignore",
    timeout: SECONDS * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 1_000_000,
    stripFinalNewline: true,
  });
  const text = await readFile(join(scratch, "parser.json"), "utf8").catch(() => null);
  if (text !== null) return Dump.parse(JSON.parse(text));
  if (ended.timedOut) return "time";
  const last = ended.stderr.trim().split("\n").at(-1) ?? "";
  return ended.exitCode === 0 ? "none" : `exit ${ended.exitCode}: ${last.slice(0, 160)}`;
}

/** Paths by which a file is known to be the workspace's own: top-level packages and scripts, and other folders. */
function ownPrefixes(files: readonly string[]): readonly string[] {
  const prefixes = files.map((file) => {
    const inPackages = file.startsWith(`/${DIST_PACKAGES}`);
    if (!inPackages) return file.startsWith("/usr/share/") ? file.split("/").slice(0, 4).join("/") : file;
    const [top = ""] = file.slice(DIST_PACKAGES.length + 1).split("/");
    return `/${DIST_PACKAGES}${top}`;
  });
  return [...new Set(prefixes)];
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
