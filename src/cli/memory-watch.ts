import { getHeapStatistics } from "node:v8";

/**
 * Share of the heap that is full when what cannot be let go takes it. The limit counts what is young too, a seventh of a
 * small heap: what is old runs out before all of it is used.
 */
const FULL = 0.78;
/** So many looks one after the other: in between, what is garbage goes. */
const LOOKS = 8;

/** Notices that the memory runs out before the process is ended for it. */
export class MemoryWatch {
  readonly #used: () => number;
  #high = 0;

  /** @param used share of the heap in use, from 0 to 1 */
  constructor(used: () => number = heapShare) {
    this.#used = used;
  }

  /** To be asked now and then, some ten milliseconds apart. */
  isFull(): boolean {
    this.#high = this.#used() > FULL ? this.#high + 1 : 0;
    return this.#high >= LOOKS;
  }
}

function heapShare(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
