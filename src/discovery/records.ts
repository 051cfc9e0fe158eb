import type { FileResult } from "./analyse.ts";
import type { Texts } from "./detached.ts";
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

/** What a change of files means for the results of others. */
export class Changes {
  readonly #changed = new Set<string>();
  readonly #names = new Set<string>();

  /** @param cameOrWent a Python file that was not there before, or is there no more */
  add(path: string, cameOrWent: boolean): void {
    this.#changed.add(path);
    if (cameOrWent) for (const name of importNames(path)) this.#names.add(name);
  }

  /** Whether a result rests on a changed file, or an import of it may now mean another file. */
  affect({ dependencies, misses }: FileResult): boolean {
    if (this.#changed.size === 0) return false;
    for (const file of dependencies) {
      if (this.#changed.has(file)) return true;
      if (this.#names.size > 0 && this.#names.has(importNames(file).at(-1) ?? "")) return true;
    }
    return this.#names.size > 0 && [...misses].some((name) => this.#names.has(name));
  }
}
