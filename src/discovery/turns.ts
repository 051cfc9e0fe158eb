import { setImmediate as nextTurn } from "node:timers/promises";

/** How long, in milliseconds, is worked before the event loop gets a turn. */
const TURN = 12;

/** Gives the event loop its turns, and stops when it is asked to. */
export class Turns {
  readonly signal: AbortSignal;
  #began = performance.now();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** Whether a turn is due. */
  get isDue(): boolean {
    return performance.now() - this.#began >= TURN;
  }

  /** Rejects with the signal's reason when aborted. */
  async give(): Promise<void> {
    await nextTurn();
    this.signal.throwIfAborted();
    this.#began = performance.now();
  }
}
