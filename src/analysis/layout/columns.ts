import { leavesLoop } from "./order.ts";
import type { Slot } from "./slots.ts";

const BOX_GAP = 28;
const LANE_GAP = 16;

/**
 * Horizontal places of ordered slots (Brandes and Köpf 2001, with the block graph that dagre uses for compaction):
 * long links become straight, each slot comes near the middle of its neighbours. The mean of the middle two of four
 * drawings: aligned upwards and downwards, from the left and from the right.
 */
export function placeColumns(layers: readonly Slot[][], count: number): void {
  const conflicts = crossedLanes(layers);
  const drawings: Float64Array[] = [];
  for (const isUp of [true, false]) {
    const rows = isUp ? layers : layers.toReversed();
    for (const isLeft of [true, false]) {
      const mirrored = isLeft ? rows : rows.map((row) => row.toReversed());
      const { root, align } = alignBlocks(mirrored, count, conflicts, (slot) => (isUp ? slot.above : slot.below));
      const xs = compact(mirrored, root, align, count);
      if (!isLeft) for (let i = 0; i < count; i++) xs[i] = -(xs[i] ?? 0);
      drawings.push(xs);
    }
  }
  alignDrawings(drawings);
  for (const layer of layers) {
    for (const slot of layer) {
      const [, low = 0, high = 0] = drawings.map((xs) => xs[slot.id] ?? 0).sort((a, b) => a - b);
      slot.x = Math.round((low + high) / 2);
    }
  }
}

const isLane = (slot: Slot): boolean => slot.box < 0;

/**
 * Links that need not be straight: those that cross a long link where that passes from layer to layer, and those from a
 * loop's head into its body, where the way on comes first.
 */
function crossedLanes(layers: readonly Slot[][]): ReadonlySet<number> {
  const conflicts = new Set<number>();
  for (const head of layers.flat()) {
    if (head.lastOfLoop < 0 || !head.below.some(leavesLoop)) continue;
    for (const slot of head.below) if (slot.target <= head.lastOfLoop) conflicts.add(pair(head, slot));
  }
  for (const [index, layer] of layers.entries()) {
    const upper = layers[index - 1];
    if (upper === undefined) continue;
    let low = 0;
    let scanned = 0;
    for (const [at, slot] of layer.entries()) {
      const inner = isLane(slot) ? slot.above.find(isLane) : undefined;
      if (inner === undefined && at !== layer.length - 1) continue;
      const high = inner?.order ?? upper.length;
      for (; scanned <= at; scanned++) {
        const passed = layer[scanned];
        for (const above of passed?.above ?? []) {
          const isInner = passed !== undefined && isLane(passed) && isLane(above);
          if (!isInner && passed !== undefined && (above.order < low || above.order > high)) {
            conflicts.add(pair(above, passed));
          }
        }
      }
      low = high;
    }
  }
  return conflicts;
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
      const around = neighbours(slot).toSorted((a, b) => placeOf(a) - placeOf(b));
      const middle = (around.length - 1) / 2;
      for (let i = Math.floor(middle); i <= Math.ceil(middle); i++) {
        const other = around[i];
        if (other === undefined || align[slot.id] !== slot) continue;
        if (placeOf(other) <= last || conflicts.has(pair(other, slot))) continue;
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

/** Puts blocks as far left as their left neighbours allow, then as far right as that moves nothing. */
function compact(
  rows: readonly (readonly Slot[])[],
  root: readonly Slot[],
  align: readonly Slot[],
  count: number,
): Float64Array {
  const after = new Map<number, Map<number, number>>();
  const waiting = new Int32Array(count);
  const roots: number[] = [];
  for (const row of rows) {
    for (const [at, slot] of row.entries()) {
      const own = root[slot.id]?.id ?? slot.id;
      if (own === slot.id) roots.push(own);
      const left = row[at - 1];
      if (left === undefined) continue;
      const leftRoot = root[left.id]?.id ?? left.id;
      const edges = after.get(leftRoot) ?? new Map<number, number>();
      after.set(leftRoot, edges);
      const known = edges.get(own);
      if (known === undefined) waiting[own] = (waiting[own] ?? 0) + 1;
      edges.set(own, Math.max(known ?? 0, separation(left, slot)));
    }
  }
  const xs = new Float64Array(count);
  const order = roots.filter((id) => waiting[id] === 0);
  for (let i = 0; i < order.length; i++) {
    const id = order[i] ?? 0;
    for (const [next, distance] of after.get(id) ?? []) {
      xs[next] = Math.max(xs[next] ?? 0, (xs[id] ?? 0) + distance);
      waiting[next] = (waiting[next] ?? 0) - 1;
      if (waiting[next] === 0) order.push(next);
    }
  }
  for (let i = order.length - 1; i >= 0; i--) {
    const id = order[i] ?? 0;
    let most = Number.POSITIVE_INFINITY;
    for (const [next, distance] of after.get(id) ?? []) most = Math.min(most, (xs[next] ?? 0) - distance);
    if (most !== Number.POSITIVE_INFINITY) xs[id] = Math.max(xs[id] ?? 0, most);
  }
  for (const id of order) {
    const first = root[id];
    if (first === undefined) continue;
    for (let slot = align[id]; slot !== undefined && slot !== first; slot = align[slot.id]) xs[slot.id] = xs[id] ?? 0;
  }
  return xs;
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
