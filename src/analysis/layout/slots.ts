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
  const lastOfLoop = new Map<number, number>();
  for (const [from, to] of ends) {
    if (to > from) before[to]?.push(from);
    else lastOfLoop.set(to, Math.max(lastOfLoop.get(to) ?? to, from));
  }
  const starts = [...lastOfLoop.keys()].sort((a, b) => b - a);
  for (const start of starts) {
    // A loop that begins inside ends inside, though the head of the inner one may be the last to lead back.
    let last = lastOfLoop.get(start) ?? start;
    for (let box = start + 1; box <= last; box++) last = Math.max(last, lastOfLoop.get(box) ?? 0);
    lastOfLoop.set(start, last);
  }
  const layers: number[] = [];
  /** Loops that hold the box at hand, outermost first. */
  const open: Loop[] = [];
  const closed: Loop[] = [];
  for (let box = 0; box < count; box++) {
    for (let top = open.at(-1); top !== undefined && top.last < box; top = open.at(-1)) {
      open.pop();
      closed.push(top);
      const around = open.at(-1);
      if (around !== undefined) around.deepest = Math.max(around.deepest, top.deepest);
    }
    const sources = before[box] ?? [];
    let layer = box === 0 ? 0 : sources.length === 0 ? (layers[box - 1] ?? 0) + 1 : 0;
    for (const from of sources) layer = Math.max(layer, (layers[from] ?? 0) + 1);
    for (let i = closed.length - 1; i >= 0; i--) {
      const loop = closed[i];
      if (loop === undefined || layer > loop.deepest) continue;
      if (sources.some((from) => loop.first <= from && from <= loop.last)) layer = loop.deepest + 1;
    }
    layers.push(layer);
    const last = lastOfLoop.get(box);
    if (last !== undefined) open.push({ first: box, last, deepest: layer });
    const inner = open.at(-1);
    if (inner !== undefined) inner.deepest = Math.max(inner.deepest, layer);
  }
  return { layers, lastOfLoop };
}

/** How many slots the links will take; whoever calls can refuse what would be too many. */
export function countSlots(layers: readonly number[], ends: readonly Ends[]): number {
  let slots = layers.length;
  for (const [from, to] of ends) slots += Math.abs((layers[to] ?? 0) - (layers[from] ?? 0));
  return slots;
}

/** Makes the slots of boxes and links. Links of one group to one box share their places once their labels are past. */
export function makeLayers(
  boxes: readonly Box[],
  links: readonly Link[],
  ends: readonly Ends[],
  { layers: layerOf, lastOfLoop }: Layering,
): Layers {
  const slots: Slot[] = [];
  const layers: Slot[][] = [];
  const add = (slot: Pick<Slot, "box" | "backTo" | "target" | "width" | "height" | "layer">): Slot => {
    const last = lastOfLoop.get(slot.box) ?? -1;
    const made: Slot = { ...slot, id: slots.length, lastOfLoop: last, above: [], below: [], order: 0, x: 0, y: 0 };
    slots.push(made);
    while (layers.length <= slot.layer) layers.push([]);
    layers[slot.layer]?.push(made);
    return made;
  };
  const placed = boxes.map(({ width, height }, box) =>
    add({ box, backTo: -1, target: box, width, height, layer: layerOf[box] ?? 0 }),
  );
  const shared = new Map<string, Slot>();
  const share = (key: string, slot: Parameters<typeof add>[0]): Slot => {
    const known = shared.get(key);
    if (known !== undefined) return known;
    const made = add(slot);
    shared.set(key, made);
    return made;
  };
  const joined = new Set<number>();
  const join = (upper: Slot, lower: Slot): void => {
    const key = upper.id * 2 ** 26 + lower.id;
    if (joined.has(key)) return;
    joined.add(key);
    upper.below.push(lower);
    lower.above.push(upper);
  };
  const routes = links.map((link, index): Route => {
    const [from, to] = ends[index] ?? [0, 0];
    const source = placed[from];
    const target = placed[to];
    if (source === undefined || target === undefined) throw new RangeError("a link leads to a box that is not there");
    const lane = { box: -1, target: to, width: LANE_WIDTH, height: 0 };
    const passed: Slot[] = [];
    if (to <= from) {
      const [top, bottom] = [Math.min(source.layer, target.layer), Math.max(source.layer, target.layer)];
      let last: Slot | undefined;
      for (let layer = top; layer <= bottom; layer++) {
        const slot = share(`back ${to} ${layer}`, { ...lane, backTo: to, layer });
        if (last !== undefined) join(last, slot);
        passed.push(slot);
        last = slot;
      }
      if (source.layer > target.layer) passed.reverse();
      return { source, target, passed, isBack: true };
    }
    const label = link.labelWidth ?? 0;
    let last = source;
    for (let layer = source.layer + 1; layer < target.layer; layer++) {
      const isOwn = label > 0 && layer === source.layer + 1;
      const slot = isOwn
        ? add({ ...lane, backTo: -1, width: LANE_WIDTH + 2 * label, layer })
        : share(`${link.group ?? ""} ${to} ${layer}`, { ...lane, backTo: -1, layer });
      join(last, slot);
      passed.push(slot);
      last = slot;
    }
    join(last, target);
    return { source, target, passed, isBack: false };
  });
  return { slots, layers, routes };
}
