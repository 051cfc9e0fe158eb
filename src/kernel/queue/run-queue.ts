import { availableParallelism, totalmem } from "node:os";

/** How many runs go on at once in this process. */
export interface QueueBounds {
  readonly slots: number;
  /** The memory limits of all runs that go on together, in bytes. One run alone may have more. */
  readonly memoryBytes: number;
}

/** Share of the machine's memory that runs may be promised together. */
const MEMORY_SHARE = 0.75;

/**
 * What fits this machine: a run per core, two at least so that one that hangs does not hold up all others, and three
 * quarters of the memory that this process may see (a container's limit counts).
 */
export function machineBounds(concurrent: number | null = null): QueueBounds {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    slots: concurrent ?? Math.max(2, availableParallelism()),
    memoryBytes: Math.floor(memory * MEMORY_SHARE),
  };
}

/** What the queue needs to know of a run. */
export interface QueuedRun {
  readonly principal: string;
  /** The run's memory limit. */
  readonly memoryBytes: number;
  /** At most one heavy run goes on at a time. */
  readonly heavy: boolean;
  /** Milliseconds after which it no longer waits. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told at once when the run has to wait, and whenever its place changes. */
  readonly onQueued?: (place: QueuePlace) => void;
}

export interface QueuePlace {
  /** Among the waiting runs of the same principal; 1 is next. */
  readonly position: number;
  /** All runs that wait. */
  readonly waiting: number;
}

/** How a wait ended. A turn that was given has to be given back. */
export type Turn =
  | { readonly kind: "turn"; readonly waited: boolean; readonly giveBack: () => void }
  | { readonly kind: "cancelled" }
  | { readonly kind: "timeout" };

interface Waiting {
  readonly run: QueuedRun;
  readonly settle: (turn: Turn) => void;
  told: number;
}

/** Places up to this are told as they change; nobody watches those further back move. */
const TOLD_PLACES = 10;

/**
 * Lets runs begin as the machine has room: principals take turns, and each principal's runs keep their order, but that a
 * light run may overtake heavy ones which wait for another. A run that has its turn and does not fit into the memory
 * holds back those after it, so that small runs cannot starve it. The bound is one of this process: several processes at
 * work on a workspace each have their own.
 */
export class RunQueue {
  readonly bounds: QueueBounds;
  /** Waiting runs of each principal in their order; the principal whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  #count = 0;
  #running = 0;
  #memory = 0;
  #heavy = false;

  constructor(bounds: QueueBounds) {
    this.bounds = bounds;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#count;
  }

  /** Waits for a turn; settles with `cancelled` or `timeout` when the run is not to begin any more. Never rejects. */
  async turn(run: QueuedRun): Promise<Turn> {
    if (run.signal.aborted) return { kind: "cancelled" };
    if (this.#count === 0 && this.#fits(run)) return this.#begin(run, false);
    const { promise, resolve } = Promise.withResolvers<Turn>();
    const own = this.#waiting.get(run.principal) ?? new Set<Waiting>();
    this.#waiting.set(run.principal, own);
    const leave = (turn: Turn): void => {
      this.#remove(waiting);
      waiting.settle(turn);
      this.#admit();
    };
    const timer = setTimeout(() => leave({ kind: "timeout" }), Math.min(run.waitMs, 2 ** 31 - 1));
    const cancel = (): void => leave({ kind: "cancelled" });
    const waiting: Waiting = {
      run,
      told: 0,
      settle: (turn) => {
        clearTimeout(timer);
        run.signal.removeEventListener("abort", cancel);
        resolve(turn);
      },
    };
    run.signal.addEventListener("abort", cancel, { once: true });
    own.add(waiting);
    this.#count++;
    this.#admit();
    if (own.has(waiting)) this.#tell(waiting, own.size);
    return promise;
  }

  #fits({ memoryBytes, heavy }: QueuedRun): boolean {
    if (this.#running === 0) return true;
    if (this.#running >= this.bounds.slots || (heavy && this.#heavy)) return false;
    return this.#memory + memoryBytes <= this.bounds.memoryBytes;
  }

  #begin(run: QueuedRun, waited: boolean): Turn {
    this.#running++;
    this.#memory += run.memoryBytes;
    if (run.heavy) this.#heavy = true;
    let given = true;
    const giveBack = (): void => {
      if (!given) return;
      given = false;
      this.#running--;
      this.#memory -= run.memoryBytes;
      if (run.heavy) this.#heavy = false;
      this.#admit();
    };
    return { kind: "turn", waited, giveBack };
  }

  /** Lets begin what has room now. */
  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { principal } = next.run;
      const rest = this.#remove(next);
      // Whoever had a turn comes last.
      if (rest !== undefined) {
        this.#waiting.delete(principal);
        this.#waiting.set(principal, rest);
        this.#tellAll(rest);
      }
      next.settle(this.#begin(next.run, true));
    }
  }

  /** The run whose turn it is, when there is room for it. */
  #next(): Waiting | undefined {
    if (this.#running >= this.bounds.slots && this.#running > 0) return undefined;
    for (const own of this.#waiting.values()) {
      const first = firstOf(own, ({ run }) => !(run.heavy && this.#heavy));
      if (first !== undefined) return this.#fits(first.run) ? first : undefined;
    }
    return undefined;
  }

  /** @returns the principal's other waiting runs, if there are any */
  #remove(waiting: Waiting): Set<Waiting> | undefined {
    const own = this.#waiting.get(waiting.run.principal);
    if (own?.delete(waiting) !== true) return own;
    this.#count--;
    if (own.size > 0) return own;
    this.#waiting.delete(waiting.run.principal);
    return undefined;
  }

  #tellAll(own: ReadonlySet<Waiting>): void {
    let position = 0;
    for (const waiting of own) {
      position++;
      if (position > TOLD_PLACES) return;
      this.#tell(waiting, position);
    }
  }

  #tell(waiting: Waiting, position: number): void {
    if (waiting.told === position) return;
    waiting.told = position;
    waiting.run.onQueued?.({ position, waiting: this.#count });
  }
}

function firstOf<T>(items: Iterable<T>, wanted: (item: T) => boolean): T | undefined {
  for (const item of items) if (wanted(item)) return item;
  return undefined;
}
