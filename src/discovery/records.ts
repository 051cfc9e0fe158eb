import { isShadowed } from "../python/index.ts";
import type { FileResult } from "./analyse.ts";
import type { Texts } from "./detached.ts";
import { listingOf, markedFile, markOf } from "./evaluate/index.ts";
import { isReadme } from "./examples.ts";
import { parentFolder } from "./paths.ts";
import { classify } from "./prefilter.ts";
import type { FileState } from "./stamp.ts";

/** What is kept of one file that was looked at. */
export interface FileRecord {
  /** `null` for an unsaved text: it says nothing about the file. */
  readonly state: FileState | null;
  /** `null` where there is nothing to tell and nothing that a change elsewhere could alter. */
  readonly result: FileResult | null;
}

/** What an earlier reading left. */
export interface Known {
  readonly records: ReadonlyMap<string, FileRecord>;
  /** All Python files that there were, looked at or not. */
  readonly python: ReadonlySet<string>;
}

/** A record of a result, without what would be of no use. */
export function recordOf(state: FileState | null, result: FileResult, texts: Texts): FileRecord {
  const isUseful = result.isNotable || result.dependencies.size > 0 || result.misses.size > 0;
  if (!isUseful) return { state, result: null };
  const { tools, diagnostics, dependencies, misses } = result;
  return {
    state,
    result: {
      ...result,
      tools: texts.detached(tools),
      diagnostics: texts.detached(diagnostics),
      dependencies: new Set([...dependencies].map((path) => texts.of(path))),
      misses: new Set([...misses].map((name) => texts.of(name))),
    },
  };
}

/** Whether two readings of a folder left the same, as far as it is stored. */
export function isSameKnowledge(before: Known, after: Known): boolean {
  if (before.python.size !== after.python.size || [...after.python].some((path) => !before.python.has(path)))
    return false;
  // Manifests are read each time.
  const isStored = ({ result }: FileRecord): boolean => (result?.manifest ?? null) === null;
  const stored = [...after.records].filter(([, record]) => isStored(record));
  if (stored.length !== [...before.records.values()].filter(isStored).length) return false;
  return stored.every(([path, { state, result }]) => {
    const old = before.records.get(path);
    // What was taken over is the same object.
    return (
      old !== undefined && old.result === result && old.state?.stamp === state?.stamp && old.state?.hash === state?.hash
    );
  });
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The names under which a Python file, or a folder that came into being with it, may be imported. */
function importNames(path: string): readonly string[] {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  return name === "__init__.py" ? parts : [...parts, name.replace(/\.pyw?$/u, "")];
}

/** The listings in which a Python file is: that of its folder, and as part of a package that of the folder around. */
function listingsWith(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return [listingOf(parts.join("/")), listingOf(parts.slice(0, -1).join("/"))];
}

/** The last of the names that an import of a file ends with. */
function lastImportName(path: string): string {
  return importNames(path).at(-1) ?? "";
}

/** What changed. */
export class Changes {
  readonly files = new Set<string>();
  /** Names under which Python files that came or went may be imported, and those of {@link markOf}. */
  readonly names = new Set<string>();
  /** Folders, ending with `/` unless they are the root, in which a README came or went. */
  readonly documented = new Set<string>();
  /** Folders in which a file came or went that may stand before a module of the library. */
  readonly shadowed = new Set<string>();
  /** Folders, given alike, that became packages or are none any more: modules below them have other names now. */
  readonly packages = new Set<string>();

  /** Takes note that a file may have to do with command lines now, or no more, or imports others. */
  addMark(path: string): void {
    this.names.add(markOf(path));
  }

  /** @param cameOrWent the file was not there before, or is there no more */
  add(path: string, cameOrWent: boolean): void {
    this.files.add(path);
    if (!cameOrWent) return;
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (classify(nameOf(path)) === "python") {
      const names = importNames(path);
      for (const name of names) this.names.add(name);
      if (isShadowed(names.at(-1) ?? "")) this.shadowed.add(names.slice(0, -1).join("/"));
      for (const listing of listingsWith(path)) this.names.add(listing);
    }
    if (nameOf(path) === "__init__.py") this.packages.add(folder);
    if (isReadme(path)) this.documented.add(folder);
  }
}

/**
 * Which results rest on a file, and which on there being no module of a name: what results say, the other way round.
 * Results are known by numbers, which lists keep after the result was replaced until there are too many of them.
 */
export class Dependents {
  readonly #byFile = new Map<string, number[]>();
  readonly #byMiss = new Map<string, number[]>();
  /** Results by number; `null` for those that were replaced. */
  readonly #results: ({ readonly path: string; readonly result: FileResult } | null)[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(records: ReadonlyMap<string, FileRecord>) {
    for (const [path, { result }] of records) this.set(path, result);
  }

  /** Whether more than half of what is kept is of no use any more. */
  get isWorn(): boolean {
    return this.#results.length > 2 * this.#numbers.size + 1_000;
  }

  set(path: string, result: FileResult | null): void {
    const before = this.#numbers.get(path);
    if (before !== undefined) this.#results[before] = null;
    this.#numbers.delete(path);
    if (result === null) return;
    const number = this.#results.push({ path, result }) - 1;
    this.#numbers.set(path, number);
    for (const file of result.dependencies) listed(this.#byFile, file, number);
    for (const name of result.misses) listed(this.#byMiss, name, number);
  }

  /** The files whose results rest on a changed file, or in which an import may now mean another file. */
  of(changes: Changes): Set<string> {
    const found = this.#resting(changes);
    const paths = new Set([...found].flatMap((number) => this.#results[number]?.path ?? []));
    const { documented, packages } = changes;
    if (documented.size === 0 && packages.size === 0) return paths;
    for (const one of this.#results) {
      if (one === null) continue;
      const { path, result } = one;
      const isNear = isBelow(path, packages) || result.tools.some(({ file }) => isBelow(file, documented));
      if (isNear) paths.add(path);
    }
    return paths;
  }

  #resting({ files, names, packages, shadowed }: Changes): Set<number> {
    const found = new Set<number>();
    const take = (numbers: readonly number[] | undefined): void => {
      for (const number of numbers ?? []) found.add(number);
    };
    for (const file of files) take(this.#byFile.get(file));
    for (const name of names) take(this.#byMiss.get(name));
    if (names.size === 0) return found;
    for (const [file, numbers] of this.#byFile) {
      const isNear = isBelow(file, packages) || (shadowed.size > 0 && shadowed.has(parentFolder(file)));
      if (isNear || names.has(lastImportName(file))) take(numbers);
    }
    for (const [name, numbers] of this.#byMiss) {
      const file = markedFile(name);
      if (file !== null && names.has(lastImportName(file))) take(numbers);
    }
    return found;
  }
}

function isBelow(file: string, folders: ReadonlySet<string>): boolean {
  for (const folder of folders) if (file.startsWith(folder)) return true;
  return false;
}

function listed(lists: Map<string, number[]>, key: string, number: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [number]);
  else list.push(number);
}
