import type { Box, Link } from "../layout.ts";

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
  /** For the head of a loop: the index of the loop's last box; else -1. */
  readonly lastOfLoop: number;
  readonly width: number;
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

/** A link's way: its ends and the slots that it passes, from its start to its end. */
export interface Route {
  readonly source: Slot;
  readonly target: Slot;
  /** Places passed, from the source on; for a link back those of the lane beside the loop. */
  readonly passed: readonly Slot[];
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
  /** The last box of the loop that a box is the head of. */
  readonly lastOfLoop: ReadonlyMap<number, number>;
}

/**
 * The layer of each box in one pass over the source order: below all that lead down to it, and what follows a loop
 * below the whole loop. A link to an earlier box is a link back, and what lies between its ends is the loop.
 */
export function assignLayers(count: number, ends: readonly Ends[]): Layering {
  const before = Array.from({ length: count }, (): number[] => []);
  for (const [from, to] of ends) if (to > from) before[to]?.push(from);
  const lastOfLoop = loopsOf(ends);
  const layers: number[] = [];
  const loops = new OpenLoops();
  for (let box = 0; box < count; box++) {
    loops.closeBefore(box);
    const sources = before[box] ?? [];
    const above = sources.length > 0 ? sources : box > 0 ? [box - 1] : [];
    let layer = above.reduce((deepest, from) => Math.max(deepest, (layers[from] ?? 0) + 1), 0);
    layer = loops.below(sources, layer);
    layers.push(layer);
    const last = lastOfLoop.get(box);
    if (last !== undefined) loops.open(box, last);
    loops.reach(layer);
  }
  return { layers, lastOfLoop };
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
      const passed = isBack ? this.#back(source, target) : this.#down(source, target, link);
      return { source, target, passed, isBack };
    });
    return { slots: this.#slots, layers: this.#layers, routes };
  }

  /** The lane beside a loop, from a link's source to the loop's head. */
  #back(source: Slot, { box, layer }: Slot): Slot[] {
    const lane = this.#lane(`back ${box}`);
    const [top, bottom] = [Math.min(source.layer, layer), Math.max(source.layer, layer)];
    for (let at = top; at <= bottom; at++) {
      if (lane[at] !== undefined) continue;
      const slot = this.#add({ box: -1, backTo: box, target: box, width: LANE_WIDTH, height: 0, layer: at });
      lane[at] = slot;
      const [above, below] = [lane[at - 1], lane[at + 1]];
      if (above !== undefined) this.#join(above, slot);
      if (below !== undefined) this.#join(slot, below);
    }
    const passed = lane.slice(top, bottom + 1);
    return source.layer > layer ? passed.reverse() : passed;
  }

  #down(source: Slot, target: Slot, { labelWidth = 0, group = "" }: Link): Slot[] {
    const place = { box: -1, backTo: -1, target: target.box, width: LANE_WIDTH, height: 0 };
    const passed: Slot[] = [];
    let start = source.layer + 1;
    if (labelWidth > 0 && start < target.layer) {
      passed.push(this.#add({ ...place, width: LANE_WIDTH + 2 * labelWidth, layer: start }));
      start += 1;
    }
    const lane = this.#lane(`${group} ${target.box}`);
    for (let layer = start, above: Slot | undefined; layer < target.layer; layer++) {
      const known = lane[layer];
      const slot = known ?? this.#add({ ...place, layer });
      if (above !== undefined) this.#join(above, slot);
      // From here on the lane is there already.
      if (known !== undefined) break;
      lane[layer] = slot;
      if (layer === target.layer - 1) this.#join(slot, target);
      above = slot;
    }
    const shared = lane.slice(start, target.layer);
    const [own] = passed;
    if (own !== undefined) this.#join(source, own);
    this.#join(own ?? source, shared[0] ?? target);
    return [...passed, ...shared];
  }

  #lane(key: string): Slot[] {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const made: Slot[] = [];
    this.#lanes.set(key, made);
    return made;
  }

  #add(slot: NewSlot): Slot {
    const lastOfLoop = this.#layering.lastOfLoop.get(slot.box) ?? -1;
    const made: Slot = { ...slot, id: this.#slots.length, lastOfLoop, above: [], below: [], order: 0, x: 0, y: 0 };
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
