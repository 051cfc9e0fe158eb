import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type ResourceLimits, Worker } from "node:worker_threads";
import type { CapabilityExtension } from "../model/index.ts";
import type { FileRecord } from "./records.ts";
import { Shares } from "./shares.ts";
import type { FileState } from "./stamp.ts";

/** What a helper is started with. */
export interface HelperTask {
  readonly folder: string;
  /** All Python files of the folder. */
  readonly python: ReadonlySet<string>;
  /** Those that have to do with command lines, as far as they were read. */
  readonly declaring: ReadonlySet<string>;
  readonly overlays: ReadonlyMap<string, string>;
  readonly more: readonly CapabilityExtension[];
  /** The files to be analysed, in an order in which neighbours belong together. */
  readonly paths: readonly string[];
  readonly claims: SharedArrayBuffer;
  readonly part: number;
  readonly parts: number;
}

export type HelperMessage =
  /** `null`: the file is gone meanwhile. */
  | { readonly kind: "record"; readonly path: string; readonly record: FileRecord | null }
  | { readonly kind: "done"; readonly parsed: number; readonly states: ReadonlyMap<string, FileState> };

/** Most helpers: each has memory of its own, and reads the modules that files share once more. */
const MAX_HELPERS = 3;

/** Bytes of files to be analysed for each thread, so that starting it (some 150 ms of a processor) pays. */
const BYTES_FOR_A_HELPER = 1_500_000;

/**
 * Bounds of a helper. One that needs a larger heap ends, and its files are analysed by who asked for it. A small young generation
 * costs a little time and saves much memory; the stack is that of the main thread (984 KB and what Node keeps back), so
 * that what nests deeply is read alike in both.
 */
const LIMITS: ResourceLimits = {
  maxOldGenerationSizeMb: 1_024,
  maxYoungGenerationSizeMb: 8,
  stackSizeMb: (984 + 192) / 1_024,
};

/**
 * Processors that a thread that scans keeps busy: 1.4, with the compiling and collecting that V8 does beside it. On two of
 * them one helper saved no time that could be measured, for two fifths more processor time and 60 to 150 MB.
 */
const PROCESSORS_OF_A_THREAD = 1.5;

/** How many helpers are worth their start, besides the thread that asks. */
export function helpersFor(bytes: number, processors = availableParallelism()): number {
  const worthwhile = Math.floor(bytes / BYTES_FOR_A_HELPER) - 1;
  const room = Math.floor(processors / PROCESSORS_OF_A_THREAD) - 1;
  return Math.max(0, Math.min(MAX_HELPERS, room, worthwhile));
}

/** Beside this file as long as it is source, else beside the bundle. */
function helperProgram(): string {
  const isSource = import.meta.filename.endsWith(".ts");
  return join(import.meta.dirname, isSource ? "worker.ts" : "discovery-worker.cjs");
}

/** What a crew is told to do. */
export interface CrewOptions extends Omit<HelperTask, "claims" | "part" | "parts"> {
  readonly helpers: number;
  /** What helpers run; nothing where it is not there. */
  readonly program?: string;
  readonly signal: AbortSignal;
  readonly onRecord: (path: string, record: FileRecord | null) => void;
  readonly onDone: (parsed: number, states: ReadonlyMap<string, FileState>) => void;
}

/**
 * Threads that analyse files beside the one that scans, which is part 0 of {@link shares}. A helper that fails costs time
 * and nothing else: what it has taken and not told of is left to who asked.
 */
export class Crew {
  readonly shares: Shares;
  readonly #workers: Worker[] = [];
  readonly #ended: Promise<void>[] = [];

  constructor({ helpers, program = helperProgram(), signal, onRecord, onDone, ...task }: CrewOptions) {
    const count = helpers > 0 && existsSync(program) ? helpers : 0;
    this.shares = Shares.of(task.paths.length, count + 1);
    const onMessage = (message: HelperMessage): void => {
      if (signal.aborted) return;
      if (message.kind === "record") onRecord(message.path, message.record);
      else onDone(message.parsed, message.states);
    };
    for (let part = 1; part <= count; part += 1) {
      const workerData: HelperTask = { ...task, claims: this.shares.claims, part, parts: count + 1 };
      const worker = new Worker(program, {
        workerData,
        // Options of this process, as to inspect or to profile it, are not for its threads.
        execArgv: [],
        resourceLimits: LIMITS,
      });
      worker.on("message", onMessage);
      this.#workers.push(worker);
      // Its end follows, after what it has told; who asked does what it leaves.
      worker.on("error", () => undefined);
      this.#ended.push(new Promise((resolve) => worker.once("exit", () => resolve())));
    }
  }

  /** Fulfils when no helper works any more. */
  async finish(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    await Promise.race([Promise.all(this.#ended), aborted.promise]);
    signal.removeEventListener("abort", abort);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
