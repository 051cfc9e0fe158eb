import type { Readable } from "node:stream";

/** A process of the command line itself: its standard output is ours, what it says comes here. */
export interface OwnProcess {
  readonly stderr: Readable;
  kill(signal: NodeJS.Signals): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "close", listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

/** Starts the same program anew: with options of the interpreter, and other arguments. */
export type StartOwn = (options: readonly string[], words: readonly string[]) => OwnProcess;
