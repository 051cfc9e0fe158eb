/** Nobody has taken the item. */
const FREE = 0;
const TAKEN = 1;

/**
 * A list of items that several threads work off together, each item by one of them. Each begins with a part of its own, so
 * that neighbours (modules of one package) are read by the same thread, and then takes from the ends of the others' parts.
 * No thread waits for another to hand out work.
 */
export class Shares {
  /** What is given to the other threads. */
  readonly claims: SharedArrayBuffer;
  readonly #claims: Int32Array;
  readonly #parts: number;

  /** @param parts how many threads there are */
  constructor(claims: SharedArrayBuffer, parts: number) {
    this.claims = claims;
    this.#claims = new Int32Array(claims);
    this.#parts = parts;
  }

  static of(count: number, parts: number): Shares {
    return new Shares(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT), parts);
  }

  /** Takes an item; `false` when somebody has it. */
  take(index: number): boolean {
    return Atomics.compareExchange(this.#claims, index, FREE, TAKEN) === FREE;
  }

  /** Takes one item after the other, until there are none. */
  *takeAll(own: number): Generator<number, void> {
    const count = this.#claims.length;
    const startOf = (part: number): number => Math.floor((part * count) / this.#parts);
    for (let at = startOf(own); at < startOf(own + 1); at += 1) if (this.take(at)) yield at;
    for (let step = 1; step < this.#parts; step += 1) {
      const other = (own + step) % this.#parts;
      for (let at = startOf(other + 1) - 1; at >= startOf(other); at -= 1) if (this.take(at)) yield at;
    }
  }
}
