import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { callGraphOf, type FileSummary, summarise, workspaceOf } from "../analysis/index.ts";
import { walk } from "../discovery/index.ts";
import type { CallGraph } from "../model/index.ts";
import { decodeSource, parseModule } from "../python/index.ts";

/** How long, in milliseconds, files are read before other requests get a turn. */
const TURN_MS = 20;
/** Nothing a person wrote is larger. */
const MAX_BYTES = 5_000_000;

interface Kept {
  /** What tells one version of the file from another. */
  readonly version: string;
  readonly summary: FileSummary;
}

/** The call graph of a folder; of files that did not change, what was read the last time is used again. */
export class CallGraphs {
  readonly #folder: string;
  #kept = new Map<string, Kept>();

  /** @param folder absolute path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what changed and puts all together.
   * @param overlay the unsaved text of a file, by its relative path
   * @param signal stops the reading; the promise then rejects with its reason
   */
  async read(overlay: (file: string) => string | undefined, signal: AbortSignal): Promise<CallGraph> {
    const { files } = await walk(this.#folder, { signal });
    const kept = new Map<string, Kept>();
    let started = performance.now();
    for (const { path } of files) {
      if (!path.endsWith(".py")) continue;
      const text = overlay(path);
      const one = text === undefined ? await this.#fromFile(path) : this.#fromText(path, text);
      if (one !== undefined) kept.set(path, one);
      if (performance.now() - started < TURN_MS) continue;
      await turn();
      signal.throwIfAborted();
      started = performance.now();
    }
    this.#kept = kept;
    return callGraphOf(workspaceOf([...kept.values()].map(({ summary }) => summary)));
  }

  #fromText(path: string, text: string): Kept {
    const version = `text ${text}`;
    const known = this.#kept.get(path);
    if (known?.version === version) return known;
    return { version, summary: summarise({ path, text, module: parseModule(text).module }) };
  }

  /** Nothing for a file that went away, cannot be decoded or is too large. */
  async #fromFile(path: string): Promise<Kept | undefined> {
    const place = join(this.#folder, path);
    try {
      const { mtimeMs, size } = await stat(place);
      const version = `file ${mtimeMs} ${size}`;
      const known = this.#kept.get(path);
      if (known?.version === version) return known;
      const decoded = size > MAX_BYTES ? undefined : decodeSource(await readFile(place));
      if (decoded?.ok !== true) return undefined;
      const { value: text } = decoded;
      return { version, summary: summarise({ path, text, module: parseModule(text).module }) };
    } catch (error) {
      // Files come and go while a folder is read.
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }
}
