import type { Block } from "./blocks.ts";

/** More definitions than this are not listed for one use: the lists would grow with the square of a function's length. */
export const MOST_DEFINITIONS = 200;
/** Bits solved for in one pass: bounds the memory to this much per block. */
const BITS_PER_PASS = 1024;

/** What reaches a use: definitions by their index in the variable, and whether none may come first. */
export interface Reaching {
  readonly definitions: Set<number>;
  outside: boolean;
  truncated: boolean;
}

/** A variable's share of the bits of a pass: bit 0 stands for "no definition", then come its definitions. */
interface Share {
  readonly first: number;
  readonly count: number;
}

/**
 * Reaching definitions by the usual iteration over the flow graph (Aho, Lam, Sethi, Ullman, "Compilers", 9.2.4), some
 * variables at a time. Exception edges carry what holds before a block's definition.
 * @param entry what reaches the entry of each variable: definitions by index; an empty list means "no definition"
 * @param counts number of definitions of each variable
 * @param found gets what reaches each use, by the use's index in the variable
 */
export function solveReaching(
  blocks: readonly Block[],
  counts: readonly number[],
  entry: readonly (readonly number[])[],
  found: (variable: number, use: number) => Reaching,
): void {
  const order = reversePostorder(blocks);
  let shares = new Map<number, Share>();
  let bits = 0;
  for (const [variable, count] of counts.entries()) {
    if (bits > 0 && bits + count + 1 > BITS_PER_PASS) {
      new Pass(blocks, order, shares, bits, entry).solve(found);
      shares = new Map();
      bits = 0;
    }
    shares.set(variable, { first: bits, count: count + 1 });
    bits += count + 1;
  }
  if (bits > 0) new Pass(blocks, order, shares, bits, entry).solve(found);
}

/** The blocks that the first one reaches, each before those that follow it, but for loops. Keeps its own stack. */
function reversePostorder(blocks: readonly Block[]): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(blocks.length);
  const stack: { readonly block: number; readonly next: readonly number[]; at: number }[] = [];
  const visit = (block: number): void => {
    if (seen[block] !== 0) return;
    seen[block] = 1;
    stack.push({ block, next: successors(blocks[block]), at: 0 });
  };
  visit(0);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next[top.at++];
    if (next !== undefined) visit(next);
    else {
      order.push(top.block);
      stack.pop();
    }
  }
  return order.reverse();
}

function successors(block: Block | undefined): readonly number[] {
  if (block === undefined) return [];
  return block.raises && block.handler >= 0 ? [block.handler, ...block.next] : block.next;
}

class Pass {
  readonly #blocks: readonly Block[];
  readonly #order: readonly number[];
  readonly #shares: ReadonlyMap<number, Share>;
  readonly #words: number;
  /** What holds at the start of each block, `words` numbers for each. */
  readonly #in: Uint32Array;
  readonly #state: Uint32Array;

  constructor(
    blocks: readonly Block[],
    order: readonly number[],
    shares: ReadonlyMap<number, Share>,
    bits: number,
    entry: readonly (readonly number[])[],
  ) {
    this.#blocks = blocks;
    this.#order = order;
    this.#shares = shares;
    this.#words = (bits + 31) >> 5;
    this.#in = new Uint32Array(blocks.length * this.#words);
    this.#state = new Uint32Array(this.#words);
    for (const [variable, share] of shares) {
      const known = entry[variable] ?? [];
      if (known.length === 0) setBit(this.#in, share.first);
      for (const index of known) setBit(this.#in, share.first + 1 + index);
    }
  }

  solve(found: (variable: number, use: number) => Reaching): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const block of this.#order) if (this.#flow(block)) changed = true;
    }
    for (const block of this.#order) this.#tell(block, found);
  }

  /** Carries what holds at a block's start over to those that follow; true when that told one of them anything new. */
  #flow(index: number): boolean {
    const block = this.#blocks[index];
    if (block === undefined) return false;
    this.#load(index);
    let changed = block.raises && block.handler >= 0 && this.#merge(block.handler);
    for (const event of block.events) if (event.kind !== "use") this.#apply(event);
    for (const next of block.next) if (this.#merge(next)) changed = true;
    return changed;
  }

  #load(index: number): void {
    this.#state.set(this.#in.subarray(index * this.#words, (index + 1) * this.#words));
  }

  #merge(block: number): boolean {
    const base = block * this.#words;
    let changed = false;
    for (let word = 0; word < this.#words; word++) {
      const before = this.#in[base + word] ?? 0;
      const after = (before | (this.#state[word] ?? 0)) >>> 0;
      if (after === before) continue;
      this.#in[base + word] = after;
      changed = true;
    }
    return changed;
  }

  #apply(event: Block["events"][number]): void {
    const share = this.#shares.get(event.variable);
    if (share === undefined) return;
    clearBits(this.#state, share.first, share.count);
    setBit(this.#state, event.kind === "define" ? share.first + 1 + event.index : share.first);
  }

  #tell(index: number, found: (variable: number, use: number) => Reaching): void {
    this.#load(index);
    for (const event of this.#blocks[index]?.events ?? []) {
      if (event.kind === "use") this.#collect(event, found);
      else this.#apply(event);
    }
  }

  #collect(event: Block["events"][number], found: (variable: number, use: number) => Reaching): void {
    const share = this.#shares.get(event.variable);
    if (share === undefined) return;
    const reaching = found(event.variable, event.index);
    if (hasBit(this.#state, share.first)) reaching.outside = true;
    const end = share.first + share.count;
    for (let bit = share.first + 1; bit < end; bit++) {
      // Most words are empty.
      if ((bit & 31) === 0 && this.#state[bit >> 5] === 0) bit += 31;
      else if (hasBit(this.#state, bit)) {
        if (reaching.definitions.size >= MOST_DEFINITIONS) {
          reaching.truncated = true;
          return;
        }
        reaching.definitions.add(bit - share.first - 1);
      }
    }
  }
}

function setBit(words: Uint32Array, bit: number): void {
  words[bit >> 5] = ((words[bit >> 5] ?? 0) | (1 << (bit & 31))) >>> 0;
}

function hasBit(words: Uint32Array, bit: number): boolean {
  return ((words[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0;
}

function clearBits(words: Uint32Array, first: number, count: number): void {
  for (let bit = first; bit < first + count; ) {
    if ((bit & 31) === 0 && bit + 32 <= first + count) {
      words[bit >> 5] = 0;
      bit += 32;
    } else {
      words[bit >> 5] = ((words[bit >> 5] ?? 0) & ~(1 << (bit & 31))) >>> 0;
      bit++;
    }
  }
}
