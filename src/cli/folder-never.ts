import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type NeverFacts, type NeverSource, neverFacts } from "../analysis/index.ts";
import { decodeSource } from "../python/index.ts";

/** Larger files are generated tables. */
const LARGEST_BYTES = 2 * 1024 * 1024;

/** A folder's files, read as they are asked for: each once, and only what others must know of it is kept. */
export class FolderNever implements NeverSource {
  readonly #root: string;
  readonly #facts = new Map<string, NeverFacts | null>();
  readonly files = { has: (path: string): boolean => this.#exists(path) };
  readonly folders = { has: (path: string): boolean => this.#exists(path) };
  readonly #there = new Map<string, boolean>();

  /** @param root absolute path */
  constructor(root: string) {
    this.#root = root;
  }

  #exists(path: string): boolean {
    let known = this.#there.get(path);
    if (known === undefined) {
      known = existsSync(join(this.#root, path));
      this.#there.set(path, known);
    }
    return known;
  }

  facts(path: string): NeverFacts | null {
    let known = this.#facts.get(path);
    if (known === undefined) {
      const text = readText(join(this.#root, path));
      known = text === null ? null : neverFacts(path, text);
      this.#facts.set(path, known);
    }
    return known;
  }
}

function readText(path: string): string | null {
  try {
    // Non-blocking, so that a pipe of that name cannot hang it.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const state = fstatSync(file);
      const decoded = state.isFile() && state.size <= LARGEST_BYTES ? decodeSource(readFileSync(file)) : undefined;
      return decoded?.ok === true ? decoded.value : null;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // A file that cannot be read says nothing about its functions.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
