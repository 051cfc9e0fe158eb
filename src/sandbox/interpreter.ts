import { constants } from "node:fs";
import { access, open, readFile, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { execa } from "execa";
import { fail, ok, type Result, type SandboxConfig } from "../model/index.ts";
import { isInside } from "./paths.ts";

/** A Python that a tool may be run with. Paths are absolute. */
export interface Interpreter {
  /** What is started; in a virtual environment the link inside it, so that its packages are found. */
  readonly executable: string;
  /** The program itself, behind all links. */
  readonly program: string;
  /** The virtual environment's folder, when the interpreter belongs to one. */
  readonly virtualEnvironment?: string;
  /** Paths that must be readable for it to start, beside the system's folders. */
  readonly paths: readonly string[];
}

export interface InterpreterSearch {
  /** An interpreter that the caller trusts; without it `python3` is looked for on `searchPath`. */
  readonly given?: string;
  /** The PATH of the caller; relative entries and entries inside `untrusted` are left out. */
  readonly searchPath: string;
  /** Folders whose files must not decide which interpreter runs: the workspace. */
  readonly untrusted: readonly string[];
}

const PYTHON_NAMES = process.platform === "win32" ? ["python.exe", "python3.exe"] : ["python3"];

const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];

/** The folders of a run whose files may be anybody's: the workspace (the first readable path), and all writable ones. */
export function untrustedFolders(cwd: string, config: SandboxConfig): string[] {
  return [cwd, ...config.readonlyPaths.slice(0, 1), ...config.writablePaths].filter((path) => !isInside("/usr", path));
}

/** Finds the interpreter that `python` means, without running anything of the workspace. */
export async function resolveInterpreter(search: InterpreterSearch, signal: AbortSignal): Promise<Result<Interpreter>> {
  if (search.given !== undefined) {
    if (!isAbsolute(search.given)) {
      return fail("interpreter-relative", `The interpreter must be an absolute path, not “${search.given}”.`);
    }
    return describeInterpreter(search.given);
  }
  for (const candidate of candidates(search)) {
    if (!(await isExecutable(candidate))) continue;
    const program = (await isScript(candidate)) ? await askWrapper(candidate, search.searchPath, signal) : candidate;
    if (program === undefined || search.untrusted.some((root) => isInside(program, root))) continue;
    return describeInterpreter(program);
  }
  return fail("interpreter-missing", "No python3 was found on PATH.");
}

/** Where an interpreter may lie, in the order of PATH. */
function candidates({ searchPath, untrusted }: InterpreterSearch): string[] {
  const folders = searchPath
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !untrusted.some((root) => isInside(folder, root)))
    // Windows keeps names there that open its shop instead.
    .filter((folder) => !/[\\/]WindowsApps[\\/]?$/i.test(folder));
  return folders.flatMap((folder) => PYTHON_NAMES.map((name) => join(folder, name)));
}

/** Reads where an interpreter's parts lie from its path and `pyvenv.cfg`; it is not run. */
async function describeInterpreter(executable: string): Promise<Result<Interpreter>> {
  if (!(await isExecutable(executable))) {
    return fail("interpreter-missing", `The interpreter ${executable} cannot be executed.`);
  }
  const program = await realpath(executable);
  const environment = dirname(dirname(executable));
  const settings = await readText(join(environment, "pyvenv.cfg"));
  const paths = await prefixPaths(program);
  if (settings === undefined) return ok({ executable, program, paths: [...paths, ...linkFolders(executable, paths)] });
  return ok({ executable, program, virtualEnvironment: environment, paths: [...paths, environment] });
}

/** A link outside of the prefix must itself be there to be started. */
function linkFolders(executable: string, known: readonly string[]): string[] {
  return [...SYSTEM_FOLDERS, ...known].some((root) => isInside(executable, root)) ? [] : [executable];
}

/**
 * The installation that a program belongs to. A prefix that is shared with other things (the home folder, `~/.local`)
 * is not taken whole: only Python's own parts of it.
 */
async function prefixPaths(program: string): Promise<string[]> {
  if (SYSTEM_FOLDERS.some((root) => isInside(program, root))) return [];
  const prefix = dirname(dirname(program));
  const shared = [homedir(), join(homedir(), ".local")];
  if (!shared.some((folder) => isInside(folder, prefix))) return [prefix];
  const version = basename(program).replace(/^python/, "");
  const library = join(prefix, "lib", `python${version}`);
  return (await exists(library)) ? [program, library] : [program];
}

/** pyenv, asdf and others put a shell script named python3 on PATH; it knows the program behind it. */
async function askWrapper(script: string, searchPath: string, signal: AbortSignal): Promise<string | undefined> {
  const { stdout, failed } = await execa(script, ["-I", "-S", "-c", "import sys; print(sys.executable)"], {
    cwd: "/",
    extendEnv: false,
    env: { PATH: searchPath, HOME: homedir() },
    stdin: "ignore",
    timeout: 10_000,
    cancelSignal: signal,
    reject: false,
  });
  return !failed && isAbsolute(stdout) ? stdout : undefined;
}

/**
 * The interpreter for the supervisor: the system's own, else the one of the tool; Python 3.8 or later by its file name,
 * or of unknown version. A copy that lies in an `untrusted` folder may run tools, but not hold their limits.
 */
export async function resolveHelperInterpreter(
  tool: Interpreter | undefined,
  untrusted: readonly string[],
): Promise<Result<string>> {
  for (const candidate of ["/usr/bin/python3", ...(tool ? [tool.program] : [])]) {
    if (!(await isExecutable(candidate))) continue;
    const program = await realpath(candidate);
    if (untrusted.some((root) => isInside(program, root))) continue;
    const minor = /python3\.(\d+)$/.exec(program)?.[1];
    if (minor === undefined || Number(minor) >= 8) return ok(program);
  }
  return fail("helper-python-missing", "The sandbox's supervisor needs Python 3.8 or later.");
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function isScript(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(2), length: 2 });
    return buffer.toString("latin1", 0, bytesRead) === "#!";
  } finally {
    await file.close();
  }
}
