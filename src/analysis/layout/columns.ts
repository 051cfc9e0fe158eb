import { goesOn } from "./order.ts";
import type { Slot } from "./slots.ts";

const BOX_GAP = 28;
const LANE_GAP = 16;
/** Wider than this, a narrow drawing is worth more than a balanced one. */
const WIDE = 720;
/** How much wider than its widest layer a drawing may be. */
const TOLERANCE = 1.1;

/**
 * Horizontal places of ordered slots (Brandes and Köpf 2001, with the block graph that dagre uses for compaction):
 * long links become straight, each slot comes near the middle of its neighbours. Of four drawings, aligned upwards and
 * downwards, from the left and from the right, the mean of the middle two, or the narrowest where that would be wide.
 */
export function placeColumns(layers: readonly Slot[][], count: number): void {
  const conflicts = new Set<number>();
  addAside(layers, conflicts);
  for (const [index, layer] of layers.entries()) addCrossed(layers[index - 1] ?? [], layer, conflicts);
  const drawings = [true, false].flatMap((isUp) => {
    const rows = isUp ? layers : layers.toReversed();
    return [true, false].map((isLeft) => {
      const mirrored = isLeft ? rows : rows.map((row) => row.toReversed());
      const blocks = alignBlocks(mirrored, count, conflicts, isUp ? aboveOf : (slot) => slot.below);
      const xs = compact(mirrored, blocks, count);
      return isLeft ? xs : xs.map((x) => -x);
    });
  });
  const narrowest = drawings.reduce((best, xs) => (spread(layers, xs) < spread(layers, best) ? xs : best));
  alignDrawings(drawings);
  const balanced = Float64Array.from({ length: count }, (_, id) => {
    const [, low = 0, high = 0] = drawings.map((xs) => xs[id] ?? 0).sort((a, b) => a - b);
    return (low + high) / 2;
  });
  const room = Math.max(WIDE, ...layers.map(rowWidth));
  const found = spread(layers, balanced) <= WIDE ? balanced : narrowest;
  const xs = spread(layers, found) <= room * TOLERANCE ? found : squeezed(layers, found, room);
  for (const layer of layers) for (const slot of layer) slot.x = Math.round(xs[slot.id] ?? 0);
}

function rowWidth(layer: readonly Slot[]): number {
  return layer.reduce(
    (sum, slot, i) => {
      const left = layer[i - 1];
      return sum + (left === undefined ? slot.width / 2 : separation(left, slot));
    },
    (layer.at(-1)?.width ?? 0) / 2,
  );
}

/**
 * A drawing that wanders aside, led back between two borders: every slot keeps its distance from what leads to it, as far
 * as its neighbours and the borders let it.
 */
function squeezed(layers: readonly Slot[][], xs: Float64Array, room: number): Float64Array {
  const moved = new Float64Array(xs.length);
  const middle = room / 2 - (xs[layers[0]?.[0]?.id ?? 0] ?? 0);
  for (const layer of layers) {
    const wishes = layer.map((slot) => {
      const above = laneAbove(slot) ?? slot.above.find(({ main }) => main === slot.box) ?? slot.above[0];
      const own = xs[slot.id] ?? 0;
      return above === undefined ? own + middle : (moved[above.id] ?? 0) + own - (xs[above.id] ?? 0);
    });
    for (const [i, x] of between(layer, wishes, room).entries()) moved[layer[i]?.id ?? 0] = x;
  }
  return moved;
}

/** Places for the slots of a layer, as near to the wished ones as their widths and the borders let them. */
function between(layer: readonly Slot[], wishes: readonly number[], room: number): number[] {
  const xs: number[] = [];
  for (const [i, slot] of layer.entries()) {
    const left = layer[i - 1];
    const least = left === undefined ? slot.width / 2 : (xs[i - 1] ?? 0) + separation(left, slot);
    xs.push(Math.max(wishes[i] ?? 0, least));
  }
  for (let i = layer.length - 1; i >= 0; i--) {
    const [slot, right] = [layer[i], layer[i + 1]];
    if (slot === undefined) continue;
    const most = right === undefined ? room - slot.width / 2 : (xs[i + 1] ?? 0) - separation(slot, right);
    xs[i] = Math.min(xs[i] ?? 0, most);
  }
  return xs;
}

/** How wide a drawing is. */
function spread(layers: readonly Slot[][], xs: Float64Array): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const layer of layers) {
    for (const { id, width } of layer) {
      low = Math.min(low, (xs[id] ?? 0) - width / 2);
      high = Math.max(high, (xs[id] ?? 0) + width / 2);
    }
  }
  return high - low;
}

const isLane = (slot: Slot): boolean => slot.box < 0;

/** Links aside need not be straight where the way on can be: into a loop's body, to the lighter arms, to a handler. */
function addAside(layers: readonly Slot[][], conflicts: Set<number>): void {
  for (const head of layers.flat()) {
    if (head.below.length < 2) continue;
    for (const slot of asideOf(head)) conflicts.add(pair(head, slot));
  }
}

function asideOf(head: Slot): readonly Slot[] {
  const { below, lastIndented, main } = head;
  if (lastIndented >= 0 && below.some(goesOn)) return below.filter(({ target }) => target <= lastIndented);
  if (below.some(({ target }) => target === main)) return below.filter(({ target }) => target !== main);
  const aside = below.filter(({ isAside }) => isAside);
  return aside.length < below.length ? aside : [];
}

/** A lane goes straight on, whatever joins it on the way. */
function aboveOf(slot: Slot): readonly Slot[] {
  const before = laneAbove(slot);
  return before === undefined ? slot.above : [before];
}

/** Where a long link that passes here passed the layer before. */
function laneAbove(slot: Slot): Slot | undefined {
  return isLane(slot) ? slot.above.find(isLane) : undefined;
}

/** Links that cross a long link where that passes from layer to layer need not be straight: the long one goes first. */
function addCrossed(upper: readonly Slot[], layer: readonly Slot[], conflicts: Set<number>): void {
  let low = 0;
  let scanned = 0;
  for (const [at, slot] of layer.entries()) {
    const inner = laneAbove(slot);
    if (inner === undefined && at !== layer.length - 1) continue;
    const high = inner?.order ?? upper.length;
    for (const passed of layer.slice(scanned, at + 1)) {
      for (const above of passed.above.filter(({ order }) => order < low || order > high)) {
        if (!(isLane(passed) && isLane(above))) conflicts.add(pair(above, passed));
      }
    }
    scanned = at + 1;
    low = high;
  }
}

function pair(a: Slot, b: Slot): number {
  return Math.min(a.id, b.id) * 2 ** 26 + Math.max(a.id, b.id);
}

interface Blocks {
  /** The first slot of each slot's block. */
  readonly root: readonly Slot[];
  /** The next slot of the block, in a ring. */
  readonly align: readonly Slot[];
}

function alignBlocks(
  rows: readonly (readonly Slot[])[],
  count: number,
  conflicts: ReadonlySet<number>,
  neighbours: (slot: Slot) => readonly Slot[],
): Blocks {
  const root = new Array<Slot>(count);
  const align = new Array<Slot>(count);
  const place = new Int32Array(count);
  for (const row of rows) {
    for (const [at, slot] of row.entries()) {
      root[slot.id] = slot;
      align[slot.id] = slot;
      place[slot.id] = at;
    }
  }
  const placeOf = (slot: Slot): number => place[slot.id] ?? 0;
  for (const row of rows) {
    let last = -1;
    for (const slot of row) {
      for (const other of middleOf(neighbours(slot), placeOf)) {
        if (align[slot.id] !== slot || placeOf(other) <= last || conflicts.has(pair(other, slot))) continue;
        const first = root[other.id] ?? other;
        align[other.id] = slot;
        root[slot.id] = first;
        align[slot.id] = first;
        last = placeOf(other);
      }
    }
  }
  return { root, align };
}

/** The middle one, or the middle two, of some slots in their order. */
function middleOf(slots: readonly Slot[], placeOf: (slot: Slot) => number): readonly Slot[] {
  if (slots.length < 2) return slots;
  const sorted = slots.toSorted((a, b) => placeOf(a) - placeOf(b));
  const middle = (sorted.length - 1) / 2;
  return sorted.slice(Math.floor(middle), Math.ceil(middle) + 1);
}

/** Which blocks lie right of which, and at least how far. */
interface BlockGraph {
  /** For the first slot of a block: distances to the blocks right of it. */
  readonly after: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** The first slots of all blocks, each after those left of it. */
  readonly order: readonly number[];
}

function blockGraph(rows: readonly (readonly Slot[])[], root: readonly Slot[]): BlockGraph {
  const after = new Map<number, Map<number, number>>();
  const waiting = new Map<number, number>();
  const rootOf = (slot: Slot): number => root[slot.id]?.id ?? slot.id;
  for (const row of rows) {
    for (const [at, slot] of row.entries()) {
      const own = rootOf(slot);
      waiting.set(own, waiting.get(own) ?? 0);
      const left = row[at - 1];
      if (left === undefined) continue;
      const edges = after.get(rootOf(left)) ?? new Map<number, number>();
      after.set(rootOf(left), edges);
      if (!edges.has(own)) waiting.set(own, (waiting.get(own) ?? 0) + 1);
      edges.set(own, Math.max(edges.get(own) ?? 0, separation(left, slot)));
    }
  }
  return { after, order: inOrder(after, waiting) };
}

/** The blocks, each after all left of it. @param waiting how many blocks are directly left of each */
function inOrder(after: BlockGraph["after"], waiting: Map<number, number>): number[] {
  const order = [...waiting].flatMap(([id, count]) => (count === 0 ? [id] : []));
  // The list grows while it is gone through.
  for (const id of order) {
    for (const next of after.get(id)?.keys() ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  return order;
}

/** Puts blocks as far left as their left neighbours allow, then as far right as that moves nothing. */
function compact(rows: readonly (readonly Slot[])[], { root, align }: Blocks, count: number): Float64Array {
  const { after, order } = blockGraph(rows, root);
  const xs = new Float64Array(count);
  for (const id of order) {
    for (const [next, distance] of after.get(id) ?? []) xs[next] = Math.max(xs[next] ?? 0, (xs[id] ?? 0) + distance);
  }
  for (const id of order.toReversed()) {
    let most = Number.POSITIVE_INFINITY;
    for (const [next, distance] of after.get(id) ?? []) most = Math.min(most, (xs[next] ?? 0) - distance);
    if (most !== Number.POSITIVE_INFINITY) xs[id] = Math.max(xs[id] ?? 0, most);
  }
  for (const id of order) fillBlock(xs, id, align);
  return xs;
}

/** Gives all slots of a block the place of its first. */
function fillBlock(xs: Float64Array, first: number, align: readonly Slot[]): void {
  for (let slot = align[first]; slot !== undefined && slot.id !== first; slot = align[slot.id]) {
    xs[slot.id] = xs[first] ?? 0;
  }
}

function separation(left: Slot, right: Slot): number {
  return (left.width + right.width) / 2 + (isLane(left) || isLane(right) ? LANE_GAP : BOX_GAP);
}

/** Moves the drawings so that they lie on the narrowest: by their left borders or by their right ones. */
function alignDrawings(drawings: readonly Float64Array[]): void {
  const spans = drawings.map((xs) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const x of xs) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    return { low, high };
  });
  const narrowest = spans.reduce((best, span) => (span.high - span.low < best.high - best.low ? span : best));
  for (const [index, xs] of drawings.entries()) {
    const span = spans[index] ?? narrowest;
    const shift = index % 2 === 0 ? narrowest.low - span.low : narrowest.high - span.high;
    for (let i = 0; i < xs.length; i++) xs[i] = (xs[i] ?? 0) + shift;
  }
}
