#!/usr/bin/env node
/**
 * The newest CPython, wherever Node runs: Pyodide is CPython compiled to WebAssembly. This file can be run in place of
 * `python3`, for scripts that need no more than the standard library and files: `newest-python.ts SCRIPT [ARGUMENT…]`,
 * or `-c CODE`.
 *
 * The package is fetched from the npm registry when it is first needed (6 MB) and kept with the other tools that are too big for
 * node_modules; its contents are checked.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execa } from "execa";
import { toolsFolder } from "../../scripts/setup.mjs";

/** Pyodide's version; its first number is that of Python. */
const VERSION = "314.0.7";
const SHA512 = "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==";

/** What is asked for in place of `python3`. */
export const NEWEST_PYTHON = fileURLToPath(import.meta.url);

/** Folders that Pyodide has of its own. */
const ITS_OWN: ReadonlySet<string> = new Set(["dev", "lib", "lib64", "proc", "sys"]);

/** The part of Pyodide's interface that is used here. */
interface Pyodide {
  readonly FS: {
    readonly filesystems: { readonly NODEFS: unknown };
    mkdirTree(path: string): void;
    mount(type: unknown, options: { root: string }, path: string): void;
    chdir(path: string): void;
  };
  runPython(code: string, options: { globals: unknown }): unknown;
  toPy(value: unknown): unknown;
}

/** Fetches Pyodide unless it is here, and says whether it is now. */
export async function hasNewestPython(): Promise<boolean> {
  const folder = pyodideFolder();
  if (existsSync(folder)) return true;
  mkdirSync(toolsFolder(), { recursive: true });
  const work = mkdtempSync(join(toolsFolder(), "pyodide-"));
  try {
    const packed = await execa("npm", ["pack", `pyodide@${VERSION}`, "--pack-destination", work], { reject: false });
    if (packed.exitCode !== 0) return false;
    const archive = join(work, `pyodide-${VERSION}.tgz`);
    const hash = createHash("sha512").update(readFileSync(archive)).digest("base64");
    if (hash !== SHA512) throw new Error(`pyodide@${VERSION} is not what it was: its hash is ${hash}.`);
    await execa("tar", ["xzf", archive, "-C", work]);
    if (!existsSync(folder)) renameSync(join(work, "package"), folder);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pyodideFolder(): string {
  return join(toolsFolder(), `pyodide-${VERSION}`);
}

async function load(): Promise<Pyodide> {
  const { loadPyodide } = (await import(pathToFileURL(join(pyodideFolder(), "pyodide.mjs")).href)) as {
    loadPyodide: (options: object) => Promise<Pyodide>;
  };
  const python = await loadPyodide({ env: { HOME: "/tmp", PYTHONDONTWRITEBYTECODE: "1" } });
  const { FS } = python;
  for (const entry of readdirSync("/", { withFileTypes: true })) {
    if (!entry.isDirectory() || ITS_OWN.has(entry.name)) continue;
    const path = `/${entry.name}`;
    FS.mkdirTree(path);
    FS.mount(FS.filesystems.NODEFS, { root: path }, path);
  }
  FS.chdir(process.cwd());
  return python;
}

const RUN = `
import os, runpy, sys, traceback
sys.argv = list(arguments)
status = 0
try:
    if sys.argv[0] == "-c":
        exec(sys.argv.pop(1), {"__name__": "__main__"})
    else:
        sys.path.insert(0, os.path.dirname(sys.argv[0]))
        runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
except BaseException:
    traceback.print_exc()
    status = 1
sys.stdout.flush()
status
`;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === NEWEST_PYTHON) {
  const [script = "", ...rest] = process.argv.slice(2);
  if (!(await hasNewestPython())) {
    process.stderr.write("Pyodide is not within reach.\n");
    process.exit(1);
  }
  const python = await load();
  process.exitCode = Number(
    python.runPython(RUN, {
      globals: python.toPy({ arguments: [script === "-c" ? script : resolve(script), ...rest] }),
    }),
  );
}
