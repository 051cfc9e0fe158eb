/** A box to place; the order of boxes is the source order, which the layout keeps from top to bottom. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends Box {
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  /** One path per link, in the order of the links; its first and last points lie on the boxes' borders. */
  readonly paths: readonly (readonly Point[])[];
}

const GAP_X = 28;
const GAP_Y = 44;
const MARGIN = 16;
const LANE = 10;

/** A box, or a place that a long link passes on its way through a layer. */
interface Slot {
  readonly width: number;
  readonly height: number;
  readonly above: Slot[];
  readonly below: Slot[];
  x: number;
  y: number;
  layer: number;
}

function newSlot(width: number, height: number): Slot {
  return { width, height, above: [], below: [], x: 0, y: 0, layer: 0 };
}

/**
 * Layered layout for control flow (after Sugiyama, Tagawa, Toda 1981): links to a later box go down, each box lies below
 * all that lead down to it, long links pass through slots of their own, links back run along the right border.
 */
export function layOut(boxes: readonly Box[], links: readonly Link[]): Layout {
  const indexOf = new Map(boxes.map((box, index) => [box.id, index]));
  const slots = boxes.map((box) => newSlot(box.width, box.height));
  const ends = links.map((link) => [indexOf.get(link.from) ?? 0, indexOf.get(link.to) ?? 0] as const);
  assignLayers(slots, ends);
  const layers: Slot[][] = [];
  for (const slot of slots) layerOf(layers, slot.layer).push(slot);
  const chains = ends.map(([from, to]) => chain(slots, layers, from, to));
  place(layers);
  const heights = stack(layers);
  const inner = Math.max(...layers.flat().map((slot) => slot.x + slot.width), 0);
  let lanes = 0;
  const paths = ends.map(([from, to], i) => {
    const source = slots[from];
    const target = slots[to];
    if (source === undefined || target === undefined) return [];
    const down = chains[i];
    return down === undefined ? around(source, target, inner + LANE * ++lanes) : through(source, down, target);
  });
  return {
    width: inner + LANE * (lanes + 1) + MARGIN,
    height: heights + MARGIN,
    boxes: boxes.map((box, i) => ({ ...box, x: slots[i]?.x ?? 0, y: slots[i]?.y ?? 0 })),
    paths,
  };
}

function layerOf(layers: Slot[][], layer: number): Slot[] {
  while (layers.length <= layer) layers.push([]);
  return layers[layer] ?? [];
}

/** Each box below all that lead down to it, or below the box before where none does; one pass in source order. */
function assignLayers(slots: readonly Slot[], ends: readonly (readonly [number, number])[]): void {
  const downwards = slots.map((): number[] => []);
  const entered = new Set<number>();
  for (const [from, to] of ends) {
    if (to <= from) continue;
    downwards[from]?.push(to);
    entered.add(to);
  }
  for (const [index, slot] of slots.entries()) {
    const before = slots[index - 1];
    if (before !== undefined && !entered.has(index)) slot.layer = before.layer + 1;
    for (const to of downwards[index] ?? []) {
      const target = slots[to];
      if (target !== undefined) target.layer = Math.max(target.layer, slot.layer + 1);
    }
  }
}

/** The slots that a link down passes between its ends; undefined for a link back. */
function chain(slots: readonly Slot[], layers: Slot[][], from: number, to: number): Slot[] | undefined {
  const source = slots[from];
  const target = slots[to];
  if (source === undefined || target === undefined || to <= from) return undefined;
  const passed: Slot[] = [];
  let last = source;
  for (let layer = source.layer + 1; layer < target.layer; layer++) {
    const slot = newSlot(2, 0);
    slot.layer = layer;
    layerOf(layers, layer).push(slot);
    join(last, slot);
    passed.push(slot);
    last = slot;
  }
  join(last, target);
  return passed;
}

function join(upper: Slot, lower: Slot): void {
  upper.below.push(lower);
  lower.above.push(upper);
}

/** Places the layers' slots from left to right near the middle of what they are joined to, down and up again. */
function place(layers: readonly Slot[][]): void {
  for (const layer of layers) spread(layer, () => undefined);
  for (let round = 0; round < 2; round++) {
    for (const layer of layers) {
      layer.sort((a, b) => (mean(a.above) ?? centre(a)) - (mean(b.above) ?? centre(b)));
      spread(layer, (slot) => mean(slot.above));
    }
    for (let i = layers.length - 1; i >= 0; i--) spread(layers[i] ?? [], (slot) => mean(slot.below));
  }
  const left = Math.min(...layers.flat().map((slot) => slot.x));
  for (const layer of layers) for (const slot of layer) slot.x += MARGIN - left;
}

function centre(slot: Slot): number {
  return slot.x + slot.width / 2;
}

function mean(slots: readonly Slot[]): number | undefined {
  if (slots.length === 0) return undefined;
  return slots.reduce((sum, slot) => sum + centre(slot), 0) / slots.length;
}

/** Keeps the order; each slot goes to its wish or as near as its left neighbour allows, then the row is centred on it. */
function spread(layer: readonly Slot[], wish: (slot: Slot) => number | undefined): void {
  const wishes = layer.map((slot) => (wish(slot) ?? centre(slot)) - slot.width / 2);
  let left = Number.NEGATIVE_INFINITY;
  let shift = 0;
  for (const [i, slot] of layer.entries()) {
    const wished = wishes[i] ?? 0;
    slot.x = Math.max(wished, left);
    shift += slot.x - wished;
    left = slot.x + slot.width + GAP_X;
  }
  for (const slot of layer) slot.x -= shift / layer.length;
}

/** Stacks the layers; gives the height of all. */
function stack(layers: readonly Slot[][]): number {
  let y = MARGIN;
  for (const layer of layers) {
    const height = layer.reduce((most, slot) => Math.max(most, slot.height), 0);
    for (const slot of layer) slot.y = y + (height - slot.height) / 2;
    y += height + GAP_Y;
  }
  return y - GAP_Y;
}

function through(source: Slot, passed: readonly Slot[], target: Slot): Point[] {
  return [
    { x: centre(source), y: source.y + source.height },
    ...passed.map((slot) => ({ x: centre(slot), y: slot.y })),
    { x: centre(target), y: target.y },
  ];
}

function around(source: Slot, target: Slot, lane: number): Point[] {
  const from = source.y + source.height / 2;
  const to = target.y + target.height / 2;
  return [
    { x: source.x + source.width, y: from },
    { x: lane, y: from },
    { x: lane, y: to },
    { x: target.x + target.width, y: to },
  ];
}
