import { mkdirSync, mkdtempSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { readdir, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok, type Result } from "../model/index.ts";
import type { PreparedRun, SandboxBackend, Scratch, SupervisedCommand } from "./backend.ts";
import { cgroupPart } from "./cgroup/start.ts";
import type { Helper, HelperCode, HelperName, HelperSource } from "./helper-code.ts";
import { checkFolder, checkWords, planOnLinux } from "./linux-run.ts";
import { locateKept, type Mount, systemPaths } from "./mounts.ts";
import { isInside } from "./paths.ts";
import { SITE_FOLDER, siteCustomize } from "./python-start.ts";
import { compileFilter, encodeFilter } from "./seccomp.ts";
import { helperOptions } from "./supervisor-options.ts";
import { gateOptions, JUDGED_CALLS, NAMING_CALLS } from "./syscalls.ts";

/** Descriptors of the supervisor: its events are on 3. */
const OPTIONS_FD = 4;
const FILTER_FD = 5;
/** Of the supervisor in Python. What follows, the run's cgroup, has the next numbers that are free. */
const HELPER_FD = 6;

/** Files of /proc that tell about the machine and no process; interpreters and libraries read them to find their size. */
const HARMLESS_PROC = ["cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version"].map(
  (name) => `/proc/${name}`,
);

/** Starts the supervisor from the bytes on its descriptor, without a file that someone could change. */
function loader(name: HelperCode["name"]): string {
  const run = name === "helper.pyc" ? "exec(marshal.loads(code[16:]))" : "exec(compile(code, 'helper.py', 'exec'))";
  return `import marshal, posix
code = b""
while part := posix.read(${HELPER_FD}, 1 << 20): code += part
posix.close(${HELPER_FD})
${run}`;
}

/** What a command may do with a path; folders are meant with all that is in them. */
export interface PathRules {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Folders of which the names inside may be read, and nothing else. */
  readonly list: readonly string[];
}

/**
 * Landlock's rules only ever allow, so that a folder with something forbidden in it cannot have one: its entries get rules
 * of their own, as they are when the run starts. The same is true of writing where something is kept; what is made there
 * later is the gate's affair (helper.py).
 * @param kept paths that must stay as they are, also where nothing is there
 */
export async function pathRules(mounts: readonly Mount[], kept: readonly string[] = []): Promise<PathRules> {
  const rules = { read: new Set<string>(), write: new Set<string>(), list: new Set<string>() };
  const hidden = mounts.filter(({ access }) => access.startsWith("hidden")).map(({ source }) => source);
  const hiddenFolders = mounts.filter(({ access }) => access === "hidden-folder").map(({ source }) => source);
  const allow = async (path: string, access: "read" | "write"): Promise<void> => {
    const excepted = access === "write" ? [...hidden, ...kept] : hidden;
    if (excepted.some((other) => isInside(path, other))) return;
    if (!excepted.some((other) => isInside(other, path))) {
      rules[access].add(path);
      return;
    }
    // A right to list a folder is one to list every folder below.
    if (!hiddenFolders.some((other) => isInside(other, path))) rules.list.add(path);
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
      // A rule for a link would be one for what it leads to.
      if (!entry.isSymbolicLink()) await allow(join(path, entry.name), access);
    }
  };
  for (const { access, source } of mounts) {
    if (access === "write") await allow(source, "write");
    // Writing means reading, too; where some of it must not be written, that is a rule of its own.
    if (access === "read" || (access === "write" && kept.length > 0)) await allow(source, "read");
  }
  return { read: [...rules.read], write: [...rules.write], list: [...rules.list] };
}

/**
 * Tier B: no namespaces. Landlock for files, seccomp for everything else, and the supervisor as the parent of all. Less
 * than tier A: there is no network for anyone, names and sizes of files outside can be found out, and the temporary
 * folder is on disk.
 */
export class LandlockBackend implements SandboxBackend {
  readonly name = "landlock";
  readonly isolates = true;
  readonly reachesHosts = false;
  readonly #helper: HelperSource;
  /** Does not change while the machine runs. */
  #system: Promise<readonly string[]> | undefined;

  constructor(helper: HelperSource) {
    this.#helper = helper;
  }

  supervisor(): Promise<HelperName> {
    return this.#helper.name();
  }

  async missing(): Promise<string | undefined> {
    return process.platform === "linux" ? undefined : "Landlock is a part of Linux.";
  }

  async command(run: PreparedRun): Promise<Result<SupervisedCommand>> {
    const planned = await planOnLinux(run);
    if (!planned.ok) return planned;
    const { architecture, mounts } = planned.value;
    const { waiting } = run;
    const helper = await this.#helper.helperFor(run);
    if (!helper.ok) return helper;
    const scratch = waiting?.scratch ?? makeScratch(run.observationPipe, waiting?.token);
    // One that is given is in use.
    const giveUp = async (): Promise<void> => (waiting?.scratch ? undefined : await scratch.remove());
    // The one folder that every run has in tier A is this run's own here.
    const cwd = run.cwd === "/tmp" ? scratch.temporary : run.cwd;
    const starts = checkFolder(cwd, [...mounts, { path: scratch.temporary }]);
    if (!starts.ok) {
      await giveUp();
      return starts;
    }
    const kept = await keptIn(run.config.keptPaths, mounts);
    const rules = await pathRules(mounts, kept);
    const own = [scratch.temporary, scratch.home];
    const granted = mounts.filter(({ access }) => access === "write").map(({ source }) => source);
    this.#system ??= systemFolders();
    const system = await this.#system;
    const code = helper.value.kind === "python" ? [helper.value.code.bytes] : [];
    const cgroup = cgroupPart(run, HELPER_FD + code.length);
    const options = [
      ...cgroup.options,
      ...helperOptions(run, [...granted, ...own], {
        rules: [...rules.write, ...own],
        paths: kept,
      }),
      `scratch=${scratch.folder}`,
      `cwd=${cwd}`,
      `filter=${FILTER_FD}`,
      ...(scratch.pipe === undefined ? [] : [`write=${scratch.pipe}`]),
      ...[...system, ...HARMLESS_PROC, scratch.site, ...rules.read].map((path) => `read=${path}`),
      ...rules.list.map((path) => `list=${path}`),
      ...gateOptions({ ...JUDGED_CALLS, ...(kept.length > 0 ? NAMING_CALLS : {}) }, architecture),
      ...Object.entries(environmentIn(run.environment, scratch)).map(([name, value]) => `env=${name}=${value}`),
    ];
    const words = [...options, "--", ...run.command];
    const clean = checkWords(words);
    if (!clean.ok) {
      await giveUp();
      return clean;
    }
    return ok({
      ...cgroup.command,
      ...startOf(helper.value),
      descriptors: [
        new TextEncoder().encode(words.map((word) => `${word}\0`).join("")),
        encodeFilter(compileFilter(run.config.syscalls, architecture, "local")),
        ...code,
      ],
      // Its first process waits for the supervisor and ends what that would leave behind.
      endSignal: "SIGTERM",
      // The supervisor removes it; this is for one that was killed.
      cleanUp: scratch.remove,
      scratch,
    });
  }
}

async function systemFolders(): Promise<readonly string[]> {
  const paths = (await systemPaths()).map(({ path }) => path);
  return await Promise.all([...paths, ...(await pythonSettings())].map((path) => realpath(path)));
}

/**
 * Debian's `sitecustomize` of each Python is a link to there. In tier A it leads nowhere and is not missed; here it is found,
 * and one that may not be read is told at each start that has no compiled form of it (`python3 -O`).
 */
async function pythonSettings(): Promise<string[]> {
  const names = await readdir("/etc").catch(() => []);
  return names.filter((name) => /^python\d\.\d+$/.test(name)).map((name) => join("/etc", name));
}

function startOf(helper: Helper): { readonly file: string; readonly arguments: readonly string[] } {
  if (helper.kind === "native") return { file: helper.path, arguments: [`@${OPTIONS_FD}`] };
  return { file: helper.python, arguments: ["-I", "-S", "-c", loader(helper.code.name), `@${OPTIONS_FD}`] };
}

/** What must stay as it is in writable folders: what the policy keeps, and what it hides. */
async function keptIn(paths: readonly string[], mounts: readonly Mount[]): Promise<string[]> {
  const hidden = mounts.filter(({ access }) => access.startsWith("hidden")).map(({ source }) => source);
  return [...new Set(await locateKept([...paths, ...hidden], mounts))];
}

/** A run's own temporary folder and home. */
export function makeScratch(observationPipe: string | undefined, waiting?: string): Scratch {
  // Without going through a thread each, which takes ten times as long as making a folder: every run waits for this.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "toka-run-"));
  const [temporary, home, site] = [join(folder, "tmp"), join(folder, "home"), join(folder, "python")];
  for (const path of [temporary, home, site]) mkdirSync(path);
  const pipe = observationPipe && join(folder, "observed");
  if (observationPipe && pipe) renameSync(observationPipe, pipe);
  writeFileSync(join(site, "sitecustomize.py"), siteCustomize(site, "pipes", { observed: pipe, waiting }));
  const remove = async (): Promise<void> => {
    const left = await stat(folder).catch(() => undefined);
    if (left) await rm(folder, { recursive: true, force: true });
  };
  return { folder, temporary, home, site, pipe, remove };
}

export function environmentIn(environment: PreparedRun["environment"], scratch: Scratch): Record<string, string> {
  const { PYTHONPATH = "" } = environment;
  const search = PYTHONPATH.split(":");
  return {
    ...environment,
    HOME: scratch.home,
    XDG_CACHE_HOME: join(scratch.home, ".cache"),
    TMPDIR: scratch.temporary,
    PYTHONPATH: search.map((path) => (path === SITE_FOLDER ? scratch.site : path)).join(":"),
  };
}
