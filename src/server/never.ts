import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type NeverFacts, NeverIndex, neverFacts } from "../analysis/index.ts";
import { decodeSource } from "../python/index.ts";

/** Larger files are generated tables. */
const LARGEST_BYTES = 2_000_000;
/** Files whose facts are kept; those asked for last. */
const KEPT = 4000;

interface Kept {
  /** What tells one version of the file from another. */
  readonly version: string;
  readonly facts: NeverFacts;
}

/**
 * Which functions of a folder's files never return. A file is read when another one that imports it is drawn, and again
 * only when it changed since; so whoever depends on it sees the change, and nobody else notices.
 */
export class FolderNevers {
  readonly #folder: string;
  readonly #kept = new Map<string, Kept>();

  /** @param folder absolute path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The question that the graph of a file asks.
   * @param file relative path
   * @param overlay the unsaved text of a file, by its relative path
   */
  of(file: string, overlay: (file: string) => string | undefined): (path: string) => boolean {
    // What is there is looked up once for each graph: files come and go between two.
    const there = new Map<string, boolean>();
    const has = (path: string): boolean => {
      const known = there.get(path) ?? statSync(join(this.#folder, path), { throwIfNoEntry: false }) !== undefined;
      there.set(path, known);
      return known;
    };
    const facts = new Map<string, NeverFacts | null>();
    const factsOf = (path: string): NeverFacts | null => {
      const known = facts.get(path);
      if (known !== undefined) return known;
      const found = this.#facts(path, overlay(path));
      facts.set(path, found);
      return found;
    };
    return new NeverIndex({ files: { has }, folders: { has }, facts: factsOf }).of(file);
  }

  #facts(path: string, text: string | undefined): NeverFacts | null {
    if (text !== undefined) return this.#keep(path, `text ${text}`, () => text);
    const place = join(this.#folder, path);
    const state = statSync(place, { throwIfNoEntry: false });
    if (state === undefined || !state.isFile() || state.size > LARGEST_BYTES) return null;
    return this.#keep(path, `file ${state.mtimeMs} ${state.size}`, () => textOf(place));
  }

  #keep(path: string, version: string, read: () => string | null): NeverFacts | null {
    const known = this.#kept.get(path);
    this.#kept.delete(path);
    if (known?.version === version) {
      this.#kept.set(path, known);
      return known.facts;
    }
    const text = read();
    if (text === null) return null;
    const facts = neverFacts(path, text);
    this.#kept.set(path, { version, facts });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return facts;
  }
}

function textOf(place: string): string | null {
  try {
    const decoded = decodeSource(readFileSync(place));
    return decoded.ok ? decoded.value : null;
  } catch (error) {
    // Files come and go while others are read.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
