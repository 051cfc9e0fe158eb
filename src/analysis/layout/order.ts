import type { Layers, Slot } from "./slots.ts";

/** Sweeps down and up that try to untangle links. */
const ROUNDS = 4;

/**
 * Orders the slots of each layer: first as the source has them, below what leads to them; then, only where that makes
 * links cross less often, nearer to what they are joined to (Sugiyama, Tagawa, Toda 1981).
 */
export function orderLayers({ slots, layers }: Layers): void {
  const boxes: Slot[] = [];
  for (const slot of slots) if (slot.box >= 0) boxes[slot.box] = slot;
  for (const [index, layer] of layers.entries()) {
    if (index === 0) sortBy(layer, (slot) => slot.box);
    else sortBy(layer, (slot) => mean(slot.above) ?? boxes[slot.box - 1]?.order ?? Number.POSITIVE_INFINITY);
  }
  let fewest = crossings(layers);
  for (let round = 0; round < ROUNDS && fewest > 0; round++) {
    const before = slots.map(({ order }) => order);
    sweep(layers, round % 2 === 0);
    const now = crossings(layers);
    if (now < fewest) fewest = now;
    else restore(slots, layers, before);
  }
}

/** Sorts each layer but the first (or, upwards, the last) by what its slots are joined to in the one before. */
function sweep(layers: readonly Slot[][], isDown: boolean): void {
  const rows = isDown ? layers : layers.toReversed();
  for (const [index, layer] of rows.entries()) {
    if (index === 0) continue;
    const scale = (rows[index - 1]?.length ?? 0) / Math.max(layer.length, 1);
    sortBy(layer, (slot) => mean(isDown ? slot.above : slot.below) ?? slot.order * scale);
  }
}

function restore(slots: readonly Slot[], layers: readonly Slot[][], orders: readonly number[]): void {
  for (const slot of slots) slot.order = orders[slot.id] ?? 0;
  for (const layer of layers) layer.sort((a, b) => a.order - b.order);
}

function mean(slots: readonly Slot[]): number | undefined {
  if (slots.length === 0) return undefined;
  let sum = 0;
  for (const { order } of slots) sum += order;
  return sum / slots.length;
}

/**
 * Sorts a layer by a key; what has the same stands in source order, but what follows a loop before the loop's body. The
 * end of a lane back to a loop's head stands right after the head.
 */
function sortBy(layer: Slot[], key: (slot: Slot) => number): void {
  const keys = new Map(layer.map((slot) => [slot, key(slot)]));
  const boxes = new Set(layer.map(({ box }) => box));
  const ends = new Map<number, Slot>();
  const rest: Slot[] = [];
  for (const slot of layer) {
    if (slot.backTo >= 0 && boxes.has(slot.backTo)) ends.set(slot.backTo, slot);
    else rest.push(slot);
  }
  rest.sort((a, b) => {
    const [one, other] = [keys.get(a) ?? 0, keys.get(b) ?? 0];
    if (one !== other) return one - other;
    return Number(goesOn(b)) - Number(goesOn(a)) || a.target - b.target || a.id - b.id;
  });
  layer.length = 0;
  for (const slot of rest) {
    layer.push(slot);
    const end = slot.box >= 0 ? ends.get(slot.box) : undefined;
    if (end !== undefined) layer.push(end);
  }
  for (const [order, slot] of layer.entries()) slot.order = order;
}

/** Comes directly from a loop's head, or from a branch with stacked arms, and leads on below what is indented there. */
export function goesOn(slot: Slot): boolean {
  const [head] = slot.above;
  return head !== undefined && head.lastIndented >= 0 && slot.above.length === 1 && slot.target > head.lastIndented;
}

/** How often links cross between neighbouring layers (Barth, Jünger, Mutzel 2002: inversions, by a tree of sums). */
function crossings(layers: readonly Slot[][]): number {
  let crossed = 0;
  for (const [index, layer] of layers.entries()) {
    const size = layers[index + 1]?.length ?? 0;
    if (size < 2) continue;
    const sums = new Int32Array(size + 1);
    let seen = 0;
    for (const { below } of layer) {
      for (const { order } of below) crossed += seen - upTo(sums, order);
      for (const { order } of below) count(sums, order);
      seen += below.length;
    }
  }
  return crossed;
}

/** Takes an end into the sums. */
function count(sums: Int32Array, end: number): void {
  for (let at = end + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + 1;
}

/** How many ends up to and with this one were seen. */
function upTo(sums: Int32Array, end: number): number {
  let sum = 0;
  for (let at = end + 1; at > 0; at -= at & -at) sum += sums[at] ?? 0;
  return sum;
}
