import { findArms } from "./arms.ts";
import type { Box, Link } from "./types.ts";

/** A box, or a place that a link passes on its way through a layer. */
export interface Slot {
  /** Position in the list of all slots. */
  readonly id: number;
  /** Index of the box; -1 for a place that a link passes. */
  readonly box: number;
  /** For places on the way back to a loop's head: the index of that head's box; else -1. */
  readonly backTo: number;
  /** Index of the box that it is or leads to. */
  readonly target: number;
  /** For what has its way on straight below it: the index of the last box that stands indented beside that; else -1. */
  readonly lastIndented: number;
  /** The box that this one leads straight down to, where others stand aside; else -1. */
  readonly main: number;
  /** Whether only links that leave the usual way lead here, or pass here. */
  isAside: boolean;
  width: number;
  readonly height: number;
  readonly layer: number;
  readonly above: Slot[];
  readonly below: Slot[];
  /** Place within the layer, from the left. */
  order: number;
  /** Of its middle. */
  x: number;
  /** Of its upper border. */
  y: number;
}

/** A link's way: its ends and where it joins what others pass too; from there on each place leads to one other. */
export interface Route {
  readonly source: Slot;
  readonly target: Slot;
  /** Where it comes first: a place that it passes, for a link back one of the lane beside the loop, or its target. */
  readonly first: Slot;
  /** The place right before its target, if it passes any. */
  readonly last: Slot | undefined;
  readonly isBack: boolean;
}

export interface Layers {
  readonly slots: readonly Slot[];
  readonly layers: Slot[][];
  /** One per link. */
  readonly routes: readonly Route[];
}

const LANE_WIDTH = 2;

/** A link's ends as indexes of boxes. */
type Ends = readonly [from: number, to: number];

/** A loop's boxes, from its head to its last one, and the deepest layer so far of them. */
interface Loop {
  readonly first: number;
  readonly last: number;
  deepest: number;
}

export interface Layering {
  /** The layer of each box. */
  readonly layers: readonly number[];
  /** The last box that stands indented beside the way on from a box: of its loop, or of the first row of its arms. */
  readonly lastIndented: ReadonlyMap<number, number>;
  /** The box that each box leads straight down to, where others stand aside. */
  readonly main: ReadonlyMap<number, number>;
}

/**
 * The layer of each box in one pass over the source order: below all that lead down to it, and what follows a loop
 * below the whole loop. A link to an earlier box is a link back, and what lies between its ends is the loop. Arms that
 * together would be too wide stand below each other.
 */
export function assignLayers(boxes: readonly Box[], links: readonly Link[], ends: readonly Ends[]): Layering {
  const before = sourcesOf(boxes.length, ends);
  const usual = sourcesOf(
    boxes.length,
    ends.filter((_, index) => links[index]?.isAside !== true),
  );
  const lastOfLoop = loopsOf(ends);
  const { stacked, main } = findArms(boxes, before, usual, lastOfLoop);
  const lastIndented = new Map(lastOfLoop);
  const layers: number[] = [];
  const loops = new OpenLoops();
  const deepest = new DeepestSince();
  for (let box = 0; box < boxes.length; box++) {
    loops.closeBefore(box);
    const sources = before[box] ?? [];
    let layer = loops.below(sources, belowAll(sources.length > 0 ? sources : [box - 1], layers));
    const [source] = sources;
    if (source !== undefined && stacked.has(box)) {
      layer = Math.max(layer, deepest.since(source + 1) + 1);
      if (!lastIndented.has(source)) lastIndented.set(source, box - 1);
    }
    layers.push(layer);
    deepest.add(box, layer);
    const last = lastOfLoop.get(box);
    if (last !== undefined) loops.open(box, last);
    loops.reach(layer);
  }
  return { layers, lastIndented, main };
}

function belowAll(boxes: readonly number[], layers: readonly number[]): number {
  return boxes.reduce((lowest, box) => Math.max(lowest, (layers[box] ?? -1) + 1), 0);
}

/** The boxes from which links lead down to each. */
function sourcesOf(count: number, ends: readonly Ends[]): number[][] {
  const sources = Array.from({ length: count }, (): number[] => []);
  for (const [from, to] of ends) if (to > from) sources[to]?.push(from);
  return sources;
}

/** The deepest layer of all boxes from any one on. */
class DeepestSince {
  /** Boxes deeper than all after them. */
  readonly #boxes: { readonly box: number; readonly layer: number }[] = [];

  add(box: number, layer: number): void {
    while ((this.#boxes.at(-1)?.layer ?? Number.POSITIVE_INFINITY) <= layer) this.#boxes.pop();
    this.#boxes.push({ box, layer });
  }

  since(first: number): number {
    let [low, high] = [0, this.#boxes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#boxes[middle]?.box ?? 0) < first) low = middle + 1;
      else high = middle;
    }
    return this.#boxes[low]?.layer ?? -1;
  }
}

/** The last box of each loop, by its head. A loop that begins inside another ends inside it. */
function loopsOf(ends: readonly Ends[]): Map<number, number> {
  const lastOfLoop = new Map<number, number>();
  for (const [from, to] of ends) if (to <= from) lastOfLoop.set(to, Math.max(lastOfLoop.get(to) ?? to, from));
  for (const start of [...lastOfLoop.keys()].sort((a, b) => b - a)) {
    let last = lastOfLoop.get(start) ?? start;
    for (let box = start + 1; box <= last; box++) last = Math.max(last, lastOfLoop.get(box) ?? 0);
    lastOfLoop.set(start, last);
  }
  return lastOfLoop;
}

/** The loops around the box at hand and those that ended before it. */
class OpenLoops {
  /** Outermost first. */
  readonly #open: Loop[] = [];
  readonly #closed: Loop[] = [];

  closeBefore(box: number): void {
    for (let top = this.#open.at(-1); top !== undefined && top.last < box; top = this.#open.at(-1)) {
      this.#open.pop();
      this.#closed.push(top);
      this.reach(top.deepest);
    }
  }

  open(first: number, last: number): void {
    this.#open.push({ first, last, deepest: 0 });
  }

  /** A box or an ended loop of the innermost loop reaches down to a layer. */
  reach(layer: number): void {
    const inner = this.#open.at(-1);
    if (inner !== undefined) inner.deepest = Math.max(inner.deepest, layer);
  }

  /** The layer that is below all ended loops which these boxes are of. */
  below(boxes: readonly number[], layer: number): number {
    let found = layer;
    for (const { first, last, deepest } of this.#closed) {
      if (found <= deepest && boxes.some((box) => first <= box && box <= last)) found = deepest + 1;
    }
    return found;
  }
}

/** How many slots boxes and links will take; whoever calls can refuse what would be too many. */
export function countSlots(links: readonly Link[], ends: readonly Ends[], { layers }: Layering): number {
  let slots = layers.length;
  const lanes = new Map<string, { low: number; high: number }>();
  for (const [index, [from, to]] of ends.entries()) {
    const [one, other] = [layers[from] ?? 0, layers[to] ?? 0];
    const key = to <= from ? `back ${to}` : `${links[index]?.group ?? ""} ${to}`;
    const lane = lanes.get(key) ?? { low: one, high: one };
    lanes.set(key, lane);
    lane.low = Math.min(lane.low, one, other);
    lane.high = Math.max(lane.high, one, other);
    slots += 1;
  }
  for (const { low, high } of lanes.values()) slots += high - low;
  return slots;
}

type NewSlot = Pick<Slot, "box" | "backTo" | "target" | "width" | "height" | "layer">;

/** Makes the slots of boxes and links. Links of one group to one box share their places once their labels are past. */
export function makeLayers(
  boxes: readonly Box[],
  links: readonly Link[],
  ends: readonly Ends[],
  layering: Layering,
): Layers {
  return new SlotMaker(layering).make(boxes, links, ends);
}

class SlotMaker {
  readonly #layering: Layering;
  readonly #slots: Slot[] = [];
  readonly #layers: Slot[][] = [];
  /** Slots that links share, by layer; each of them leads on to the end of its lane. */
  readonly #lanes = new Map<string, Slot[]>();
  readonly #joined = new Set<number>();

  constructor(layering: Layering) {
    this.#layering = layering;
  }

  make(boxes: readonly Box[], links: readonly Link[], ends: readonly Ends[]): Layers {
    const placed = boxes.map(({ width, height }, box) =>
      this.#add({ box, backTo: -1, target: box, width, height, layer: this.#layering.layers[box] ?? 0 }),
    );
    const routes = links.map((link, index): Route => {
      const [from, to] = ends[index] ?? [0, 0];
      const [source, target] = [placed[from], placed[to]];
      if (source === undefined || target === undefined) throw new RangeError("a link leads to a box that is not there");
      const isBack = to <= from;
      if (!isBack) return this.#down(source, target, link);
      const first = this.#back(source, target);
      return { source, target, first, last: first, isBack };
    });
    return { slots: this.#slots, layers: this.#layers, routes };
  }

  /** Where a link joins the lane beside a loop: that reaches from the head to it. */
  #back(source: Slot, { box, layer }: Slot): Slot {
    const lane = this.#lane(`back ${box}`);
    const step = source.layer > layer ? -1 : 1;
    let first: Slot | undefined;
    for (let at = source.layer; at !== layer + step; at += step) {
      const known = lane[at];
      first ??= known;
      // From here on the lane is there already.
      if (known !== undefined) break;
      const slot = this.#add({ box: -1, backTo: box, target: box, width: LANE_WIDTH, height: 0, layer: at });
      lane[at] = slot;
      first ??= slot;
      const [above, below] = [lane[at - 1], lane[at + 1]];
      if (above !== undefined) this.#join(above, slot);
      if (below !== undefined) this.#join(slot, below);
    }
    return first ?? source;
  }

  #down(source: Slot, target: Slot, { labelWidth = 0, group = "", isAside = false }: Link): Route {
    const start = source.layer + 1;
    const own =
      labelWidth > 0 && start < target.layer
        ? this.#add({
            box: -1,
            backTo: -1,
            target: target.box,
            width: LANE_WIDTH + 2 * labelWidth,
            height: 0,
            layer: start,
          })
        : undefined;
    const lane = this.#shared(`${group} ${target.box}`, own === undefined ? start : start + 1, target);
    const joined = lane.first ?? target;
    if (own !== undefined) this.#join(source, own);
    this.#join(own ?? source, joined);
    const first = own ?? joined;
    if (!isAside) markUsual(first, target);
    return { source, target, first, last: lane.last ?? own, isBack: false };
  }

  /** The places of a lane that leads to a box, from a layer on. */
  #shared(
    key: string,
    start: number,
    target: Slot,
  ): { readonly first?: Slot | undefined; readonly last?: Slot | undefined } {
    const lane = this.#lane(key);
    for (let layer = start, above: Slot | undefined; layer < target.layer; layer++) {
      const known = lane[layer];
      const slot = known ?? this.#add({ box: -1, backTo: -1, target: target.box, width: LANE_WIDTH, height: 0, layer });
      if (above !== undefined) this.#join(above, slot);
      // From here on the lane is there already.
      if (known !== undefined) break;
      lane[layer] = slot;
      if (layer === target.layer - 1) this.#join(slot, target);
      above = slot;
    }
    return start < target.layer ? { first: lane[start], last: lane[target.layer - 1] } : {};
  }

  #lane(key: string): Slot[] {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const made: Slot[] = [];
    this.#lanes.set(key, made);
    return made;
  }

  #add(slot: NewSlot): Slot {
    const lastIndented = this.#layering.lastIndented.get(slot.box) ?? -1;
    const main = this.#layering.main.get(slot.box) ?? -1;
    const made: Slot = {
      ...slot,
      id: this.#slots.length,
      lastIndented,
      main,
      isAside: true,
      above: [],
      below: [],
      order: 0,
      x: 0,
      y: 0,
    };
    this.#slots.push(made);
    while (this.#layers.length <= slot.layer) this.#layers.push([]);
    this.#layers[slot.layer]?.push(made);
    return made;
  }

  #join(upper: Slot, lower: Slot): void {
    const key = upper.id * 2 ** 26 + lower.id;
    if (this.#joined.has(key)) return;
    this.#joined.add(key);
    upper.below.push(lower);
    lower.above.push(upper);
  }
}

/** What a usual link passes is not aside. */
function markUsual(first: Slot, target: Slot): void {
  target.isAside = false;
  for (let slot: Slot | undefined = first; slot?.isAside === true && slot.box < 0; slot = slot.below[0])
    slot.isAside = false;
}
