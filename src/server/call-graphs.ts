import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { callGraphSteps, type FileSummary, Interner, summarise, workspaceOf } from "../analysis/index.ts";
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
  #interner = new Interner();

  /** @param folder absolute path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what changed and puts all together.
   * @param overlay the unsaved text of a file, by its relative path
   * @param signal stops the reading; the promise then rejects with its reason, and what was read is kept
   * @param progress is told now and then how many of the files are done
   */
  async read(
    overlay: (file: string) => string | undefined,
    signal: AbortSignal,
    progress?: (done: number, of: number) => void,
  ): Promise<CallGraph> {
    const { files } = await walk(this.#folder, { signal });
    const sources = files.filter(({ path }) => path.endsWith(".py"));
    const kept = new Map<string, Kept>();
    let started = performance.now();
    for (const [index, { path }] of sources.entries()) {
      const text = overlay(path);
      const one = text === undefined ? await this.#fromFile(path) : this.#fromText(path, text);
      if (one !== undefined) kept.set(path, one);
      if (performance.now() - started < TURN_MS) continue;
      progress?.(index + 1, sources.length);
      await turn();
      if (signal.aborted) {
        this.#kept = new Map([...this.#kept, ...kept]);
        throw signal.reason;
      }
      started = performance.now();
    }
    this.#kept = kept;
    const steps = callGraphSteps(workspaceOf([...kept.values()].map(({ summary }) => summary)));
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - started < TURN_MS) continue;
      await turn();
      signal.throwIfAborted();
      started = performance.now();
    }
  }

  /** Calls alone, with one copy of each name: what a folder of thousands of files holds has to fit into the memory. */
  #summarise(path: string, text: string): FileSummary {
    const { module } = parseModule(text);
    return summarise({ path, text, module }, this.#interner, { calls: true, reads: false });
  }

  #fromText(path: string, text: string): Kept {
    const version = `text ${text}`;
    const known = this.#kept.get(path);
    if (known?.version === version) return known;
    return { version, summary: this.#summarise(path, text) };
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
      return { version, summary: this.#summarise(path, text) };
    } catch (error) {
      // Files come and go while a folder is read.
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }
}
