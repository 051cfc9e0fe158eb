import { constants } from "node:os";
import { fail, ok, type Result } from "../model/index.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import type { OwnProcess } from "./own-process.ts";

/** Milliseconds that a cancelled process has to keep what it read, before it is ended. */
const GRACE = 600;

/** How an interpreter says that its memory is used up, before it ends itself; then come its own notes for its makers. */
const LAST_WORDS = /^(?:<--- Last few GCs --->|FATAL ERROR: |#\r?$|# Fatal )/m;
const OUT_OF_MEMORY =
  /heap out of memory|JavaScript heap|Allocation failed|OOM error|Reached heap limit|invalid table size|array buffer allocation failed/i;
/** Of what an ended interpreter leaves behind, nobody reads more. */
const MOST_LAST_WORDS = 64 * 1024;

/**
 * Does the work of the command line in a process of its own with its own bounds on memory. An interpreter that runs out of memory
 * ends itself wherever it is, with all its threads: only from outside can that become a sentence.
 */
export class Supervisor {
  readonly #context: Context;
  #rest = "";
  #lastWords: string | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * @param heapBytes of JavaScript objects; what the interpreter thinks right when undefined
   * @returns the exit code of the process; a problem with the code `out-of-memory` when it ran out of it
   */
  async run(words: readonly string[], heapBytes: number | undefined): Promise<Result<number>> {
    const { startOwn, signal } = this.#context;
    const megabytes = heapBytes === undefined ? undefined : Math.max(1, Math.round(heapBytes / 1024 / 1024));
    const child = startOwn(megabytes === undefined ? [] : [`--max-old-space-size=${megabytes}`], words);
    let killer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGINT");
      killer = setTimeout(() => child.kill("SIGKILL"), GRACE);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    try {
      const [code, by] = await ended(child);
      if (signal.aborted) return ok(EXIT.cancelled);
      return this.#outcome(code, by);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("not-started", `The analysis cannot be started: ${why}`);
    } finally {
      signal.removeEventListener("abort", stop);
      clearTimeout(killer);
    }
  }

  #outcome(code: number | null, by: NodeJS.Signals | null): Result<number> {
    const last = this.#lastWords;
    // The system itself ends (by SIGKILL) what takes too much.
    if (by === "SIGKILL" || (last !== undefined && OUT_OF_MEMORY.test(last)))
      return fail("out-of-memory", "out of memory");
    const unsaid = last ?? this.#rest;
    if (unsaid !== "") this.#context.console.say(unsaid.trimEnd());
    return ok(code ?? 128 + (by === null ? 0 : constants.signals[by]));
  }

  /** Passes whole lines on, until the last words come. */
  #hear(text: string): void {
    if (this.#lastWords !== undefined) {
      this.#lastWords = (this.#lastWords + text).slice(0, MOST_LAST_WORDS);
      return;
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const [index, line] of lines.entries()) {
      if (LAST_WORDS.test(line)) {
        this.#lastWords = [...lines.slice(index), this.#rest].join("\n").slice(0, MOST_LAST_WORDS);
        return;
      }
      if (line !== "") this.#context.console.say(line);
    }
  }
}

function ended(child: OwnProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, by) => resolve([code, by]));
  });
}
