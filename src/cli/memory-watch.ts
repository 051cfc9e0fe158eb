import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";

/** Share of the room for what is old that is full when what cannot be let go takes it. */
const FULL = 0.88;
/** So many looks one after the other: in between, what is garbage goes. */
const LOOKS = 8;
/** Of the whole limit, where only that is known: what is young has a share too, which grows with the machine. */
const OLD_SHARE = 0.85;

/** Notices that the memory runs out before the process is ended for it. */
export class MemoryWatch {
  readonly #used: () => number;
  #high = 0;

  /** @param used share of the room for what is old, from 0 to 1 */
  constructor(used: () => number = oldShare) {
    this.#used = used;
  }

  /** To be asked now and then, some ten milliseconds apart. */
  isFull(): boolean {
    this.#high = this.#used() > FULL ? this.#high + 1 : 0;
    return this.#high >= LOOKS;
  }
}

/** V8 ends the process when what is old has no room left, however empty the room for what is young is. */
function oldShare(): number {
  let used = 0;
  for (const { space_name: name, space_used_size: size } of getHeapSpaceStatistics()) {
    if (!/^new_|_new_/.test(name)) used += size;
  }
  return used / oldLimit();
}

function oldLimit(): number {
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  const given = [...options.matchAll(/--max[-_]old[-_]space[-_]size=(\d+)/g)].at(-1)?.[1];
  return given === undefined ? getHeapStatistics().heap_size_limit * OLD_SHARE : Number(given) * 1024 * 1024;
}
