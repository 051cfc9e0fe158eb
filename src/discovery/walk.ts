import { type Dirent, existsSync, lstatSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { parentFolder } from "./paths.ts";
import { TrackedFiles } from "./tracked.ts";

/**
 * Folders that never hold a workspace's own tools. `.git` must not be read for safety, the others hold what was
 * installed or generated.
 */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  "site-packages",
  ".tox",
  ".nox",
  ".eggs",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".ipynb_checkpoints",
]);

/** A file whose presence says that its folder is a virtual environment. */
const ENVIRONMENT_MARK = "pyvenv.cfg";

/** Folders read at the same time: enough to hide latency, few enough to leave descriptors for others. */
const CONCURRENCY = 16;

export interface WalkedFile {
  /** Relative to the walked folder, with `/`. */
  readonly path: string;
  readonly name: string;
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Told how many files were seen so far. */
  readonly onSeen?: (seen: number) => void;
}

export interface WalkResult {
  readonly files: readonly WalkedFile[];
  /** Folders that could not be listed. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** The ignore rules of a folder: those of each `.gitignore` above it and its own, nearest last. */
interface Rules {
  readonly parent: Rules | null;
  /** The folder of the `.gitignore`, relative, ending with `/`, empty for the root. */
  readonly prefix: string;
  /** Where the walked folder lies as seen from a `.gitignore` above it, ending with `/`; empty for all others. */
  readonly above: string;
  readonly matcher: Ignore;
  /** What the rules do not hold for; `null` outside repositories. */
  readonly tracked: TrackedFiles | null;
}

/**
 * Lists the files of a folder that belong to the workspace: `.gitignore` is obeyed at every level, but for what git tracks, symbolic links are
 * not followed (what they lead to inside the folder is found in its own place; outside is none of ours; so there are
 * no loops). Rejects with the signal's reason when aborted.
 */
export async function walk(folder: string, options: WalkOptions): Promise<WalkResult> {
  return await gather(folder, { path: "", rules: await outerRules(folder) }, options);
}

/** The files of one place and all below it. */
async function gather(folder: string, from: Place, options: WalkOptions): Promise<WalkResult> {
  const found: Found = { files: [], unreadable: [], pending: [from] };
  while (found.pending.length > 0) {
    options.signal.throwIfAborted();
    const batch = found.pending.splice(-CONCURRENCY);
    await Promise.all(batch.map((place) => visit(folder, place, found)));
    options.onSeen?.(found.files.length);
  }
  options.signal.throwIfAborted();
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return found;
}

/** A folder still to be listed. */
interface Place {
  readonly path: string;
  readonly rules: Rules | null;
}

interface Found {
  readonly files: WalkedFile[];
  readonly unreadable: { path: string; reason: string }[];
  readonly pending: Place[];
}

async function visit(folder: string, place: Place, found: Found): Promise<void> {
  const { path } = place;
  let entries: Dirent[];
  try {
    entries = await readdir(join(folder, path), { withFileTypes: true });
  } catch (error) {
    found.unreadable.push({ path, reason: error instanceof Error ? error.message : String(error) });
    return;
  }
  if (path !== "" && entries.some((entry) => entry.name === ENVIRONMENT_MARK)) return;
  const rules = await rulesOf(folder, path, entries, place.rules);
  for (const entry of entries) sort(entry, path === "" ? entry.name : `${path}/${entry.name}`, rules, found);
}

/** Puts an entry of a folder where it belongs: to the files, to the folders still to be listed, or nowhere. */
function sort(entry: Dirent, path: string, rules: Rules | null, found: Found): void {
  if (entry.isDirectory()) {
    if (!isLeftOut(rules, path)) found.pending.push({ path, rules });
  } else if (entry.isFile() && !isIgnored(rules, path, false)) found.files.push({ path, name: entry.name });
}

/** Which files and folders of a workspace folder {@link walk} would list. What was looked at is not looked at again. */
export class Listing {
  readonly #folder: string;
  readonly #entered = new Map<string, Promise<Entered>>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#entered.set(
      "",
      outerRules(folder).then((rules) => enter(folder, "", rules)),
    );
  }

  /**
   * Whether a path would be listed as a file, by the folders that it lies in and the ignore rules; whether it is there is
   * not asked.
   * @param path relative to the folder, with `/`
   */
  async holds(path: string): Promise<boolean> {
    const rules = await this.#enter(parentFolder(path));
    return rules !== "skipped" && !isIgnored(rules, path, false);
  }

  /** What lies below a folder, given as to {@link holds}, as {@link walk} lists it. */
  async below(path: string, signal: AbortSignal): Promise<WalkResult> {
    const rules = await this.#enter(parentFolder(path));
    if (rules === "skipped" || isLeftOut(rules, path)) return { files: [], unreadable: [] };
    return await gather(this.#folder, { path, rules }, { signal });
  }

  /** Whether a path names a file that says what else of its folder is listed, and that folder is not left out from above. */
  async rules(path: string): Promise<boolean> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name !== ".gitignore" && name !== ENVIRONMENT_MARK) return false;
    const folder = parentFolder(path);
    if (folder === "") return true;
    const above = await this.#enter(parentFolder(folder));
    return above !== "skipped" && !isLeftOut(above, folder);
  }

  #enter(path: string): Promise<Entered> {
    const known = this.#entered.get(path) ?? this.#enterBelow(path);
    this.#entered.set(path, known);
    return known;
  }

  async #enterBelow(path: string): Promise<Entered> {
    const above = await this.#enter(parentFolder(path));
    if (above === "skipped" || isLeftOut(above, path)) return "skipped";
    // What a link leads to is found in its own place, or is none of ours.
    if (lstatSync(join(this.#folder, path), { throwIfNoEntry: false })?.isSymbolicLink() === true) return "skipped";
    return await enter(this.#folder, path, above);
  }
}

/** Whether a folder is not entered, by its name and the rules that hold where it lies. */
function isLeftOut(rules: Rules | null, path: string): boolean {
  return SKIPPED_FOLDERS.has(path.slice(path.lastIndexOf("/") + 1)) || isIgnored(rules, path, true);
}

/** The rules that hold in a folder, or that nothing in it is listed. */
type Entered = Rules | null | "skipped";

async function enter(folder: string, path: string, parent: Rules | null): Promise<Entered> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(folder, path), { withFileTypes: true });
  } catch {
    // The folder is gone, and with it the files: that is a change like any other.
    return parent;
  }
  if (path !== "" && entries.some((entry) => entry.name === ENVIRONMENT_MARK)) return "skipped";
  return await rulesOf(folder, path, entries, parent);
}

async function rulesOf(
  folder: string,
  path: string,
  entries: readonly Dirent[],
  parent: Rules | null,
): Promise<Rules | null> {
  if (!entries.some((entry) => entry.name === ".gitignore" && entry.isFile())) return parent;
  const matcher = await matcherOf(join(folder, path, ".gitignore"));
  const tracked = parent?.tracked ?? null;
  return matcher === null ? parent : { parent, prefix: path === "" ? "" : `${path}/`, above: "", matcher, tracked };
}

/** Git tells capital letters in its rules wherever the file system does. */
const IS_CASE_IGNORED = process.platform === "darwin" || process.platform === "win32";

/** The rules of a file; `null` when it is not there or cannot be read: then it hides nothing. */
async function matcherOf(path: string): Promise<Ignore | null> {
  try {
    return ignore({ ignorecase: IS_CASE_IGNORED }).add(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * The rules that hold in a folder before its own: `.git/info/exclude` of the repository that it belongs to and each
 * `.gitignore` between the two. None of them when they would leave out the folder itself: somebody opened it all the same.
 */
async function outerRules(walked: string): Promise<Rules | null> {
  const folder = resolve(walked);
  const between: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) break;
    if (dirname(at) === at) return null;
    between.unshift(dirname(at));
  }
  const root = between[0] ?? folder;
  const tracked = new TrackedFiles(root, placeIn(root, folder));
  const none: Rules = { parent: null, prefix: "", above: "", matcher: ignore(), tracked };
  let rules = none;
  for (const file of [join(root, ".git", "info", "exclude"), ...between.map((at) => join(at, ".gitignore"))]) {
    const matcher = await matcherOf(file);
    const base = file.endsWith(".gitignore") ? dirname(file) : root;
    if (matcher !== null) rules = { parent: rules, prefix: "", above: placeIn(base, folder), matcher, tracked };
  }
  return isFolderLeftOut(rules) ? none : rules;
}

/** Where a folder lies in one above it, ending with `/`; empty for that folder itself. */
function placeIn(above: string, folder: string): string {
  const place = relative(above, folder).replaceAll(sep, "/");
  return place === "" ? "" : `${place}/`;
}

/** Whether rules from above leave out the walked folder, or a folder that it lies in. */
function isFolderLeftOut(rules: Rules | null): boolean {
  for (let level = rules; level !== null; level = level.parent) {
    if (level.above !== "" && level.matcher.checkIgnore(level.above).ignored) return true;
  }
  return false;
}

/** The nearest `.gitignore` that says something about the path decides, unless git tracks it. */
function isIgnored(rules: Rules | null, path: string, isFolder: boolean): boolean {
  for (let level = rules; level !== null; level = level.parent) {
    const place = level.above + path.slice(level.prefix.length);
    const verdict = level.matcher.test(isFolder ? `${place}/` : place);
    if (verdict.ignored) return rules?.tracked?.holds(path, isFolder) !== true;
    if (verdict.unignored) return false;
  }
  return false;
}
