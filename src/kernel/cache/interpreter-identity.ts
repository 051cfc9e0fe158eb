import { createHash } from "node:crypto";
import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Where systems keep packages of their own Python, beside those below its prefix. */
const SYSTEM_PACKAGES = ["/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages"];
/** Below `lib/python3.x`: the standard library itself, and installed packages. */
const PACKAGE_FOLDERS = ["", "site-packages", "dist-packages"];

/**
 * What an interpreter is: its paths, the program behind them (size and time), the settings of its virtual environment,
 * and names and times of the entries of its standard library and of the folders of its packages. Installing, upgrading or
 * removing a package changes it; editing a line of an installed package in its place does not.
 * @param executable absolute path of what is started
 */
export function interpreterIdentity(executable: string): string {
  const hash = createHash("sha256");
  const program = realpathSync(executable);
  hash.update(JSON.stringify([executable, program, ...facts(statSync(program, { bigint: true }))]));
  const prefixes = new Set([dirname(dirname(executable)), dirname(dirname(program))]);
  for (const prefix of prefixes) {
    hash.update(textOf(join(prefix, "pyvenv.cfg")) ?? "");
    const library = join(prefix, "lib");
    const versions = namesIn(library).filter((name) => /^python\d/.test(name));
    // An installation may hold several versions; only the one that runs counts, where its name says which that is.
    const own = versions.filter((name) => name === basename(program));
    for (const version of own.length > 0 ? own : versions) {
      for (const folder of PACKAGE_FOLDERS) addListing(hash, join(library, version, folder));
    }
  }
  for (const folder of SYSTEM_PACKAGES) addListing(hash, folder);
  return hash.digest("hex");
}

/** What a program that is no Python is: the file that its name leads to on the system's own path. */
export function programIdentity(program: string, folders: readonly string[]): string {
  const candidates = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
  for (const candidate of candidates) {
    const status = statSync(candidate, { bigint: true, throwIfNoEntry: false });
    if (status?.isFile() === true) return JSON.stringify([realpathSync(candidate), ...facts(status)]);
  }
  return JSON.stringify([program, "not found"]);
}

function addListing(hash: { update(text: string): unknown }, folder: string): void {
  for (const name of namesIn(folder)) {
    if (name === "__pycache__") continue;
    const status = statSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
    hash.update(JSON.stringify([folder, name, ...(status === undefined ? [] : facts(status))]));
  }
}

function facts({ size, mtimeNs }: BigIntStats): string[] {
  return [String(size), String(mtimeNs)];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted((one, other) => (one < other ? -1 : 1));
  } catch {
    return []; // a folder that is not there holds nothing
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // only virtual environments have it
  }
}
