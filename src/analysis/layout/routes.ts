import { arrivingPlace, leavingPlace } from "./places.ts";
import type { Layers, Route, Slot } from "./slots.ts";
import type { Link, Point } from "./types.ts";

/** Distance of neighbouring links where they run side by side. */
const TRACK = 8;
/** Lines nearer than this seem to be one. */
const NEAR = 2;
const PORT = 12;
/** From a box's corner to its first port. */
const CORNER = 8;
/** Room below a box, before the first horizontal stretch, and above one, for the arrow. */
const LEAVE = 10;
const ARRIVE = 14;
const LABEL_HEIGHT = 15;
/** How far a label stands from its line. */
const LABEL_GAP = 4;
/** How far the label of a box's last link may reach past its border. */
const OVERHANG = 12;
/** From a box's upper border to where a link back arrives at its side. */
const SIDE = 13;

/** A stretch of links between two neighbouring layers, or from a box to the lane beside its loop. */
interface Stretch {
  readonly upper: Slot;
  readonly lower: Slot;
  readonly isBack: boolean;
  readonly label: number;
  from: number;
  to: number;
  track: number;
}

/** What runs together along a track: all that goes to the same place below, or back by the same lane. */
interface Net {
  readonly stretches: Stretch[];
  readonly isBack: boolean;
  left: number;
  right: number;
  /** Less than 0 to the left, more to the right. */
  way: number;
  /** Where it comes down to its track, or goes up from it. */
  readonly from: Set<number>;
  /** Where it goes down from its track. */
  readonly to: Set<number>;
}

export interface Routed {
  readonly height: number;
  readonly paths: readonly (readonly Point[])[];
  /** Where each link's label begins, on its base line. */
  readonly labels: readonly Point[];
}

/** Heights along the drawing. */
interface Rows {
  /** Upper border of each layer. */
  readonly tops: readonly number[];
  readonly bottoms: readonly number[];
  /** The first track below each layer. */
  readonly tracks: readonly number[];
  /** Below the last layer, or the last stretch below that. */
  readonly end: number;
}

/** Places the layers from top to bottom and leads every link along orthogonal stretches. */
export function routeLinks({ layers, slots, routes }: Layers, links: readonly Link[], margin: number): Routed {
  const gaps: Stretch[][] = layers.map(() => []);
  const add = (upper: Slot, lower: Slot, isBack: boolean, label: number): Stretch => {
    const stretch: Stretch = { upper, lower, isBack, label, from: upper.x, to: lower.x, track: 0 };
    gaps[upper.layer]?.push(stretch);
    return stretch;
  };
  // A box gives every link a port of its own; places are passed together, and each leads to one other.
  const starts = routes.map(({ source, first, isBack }, i) => add(source, first, isBack, links[i]?.labelWidth ?? 0));
  const onwards = new Map<Slot, Stretch>();
  for (const slot of slots) {
    const [next] = slot.below;
    if (slot.box < 0 && next !== undefined) onwards.set(slot, add(slot, next, false, 0));
  }
  for (const gap of gaps) leave(gap);
  for (const gap of gaps) arrive(gap);
  const rows = stack(layers, gaps, margin);
  const tails = new Tails(onwards, rows);
  return {
    height: rows.end + margin,
    paths: routes.map((route, i) => pathOf(route, starts[i], tails, rows)),
    labels: starts.map((start) => labelPlace(start, rows)),
  };
}

/** The ways on from the places that links pass, to the ends of the links: found once for all links that pass there. */
class Tails {
  readonly #onwards: ReadonlyMap<Slot, Stretch>;
  readonly #rows: Rows;
  readonly #known = new Map<Slot, readonly Point[]>();

  constructor(onwards: ReadonlyMap<Slot, Stretch>, rows: Rows) {
    this.#onwards = onwards;
    this.#rows = rows;
  }

  /** The corners from a place on, and where the target's border is reached. */
  from(first: Slot, target: Slot): readonly Point[] {
    const passed: Slot[] = [];
    let at: Slot | undefined = first;
    while (at !== undefined && at.box < 0 && !this.#known.has(at)) {
      passed.push(at);
      at = nextOf(at, target);
    }
    let tail = (at === undefined ? undefined : this.#known.get(at)) ?? arrival(passed.at(-1), target, this.#onwards);
    for (const slot of passed.toReversed()) {
      tail = this.#extended(slot, target, tail);
      this.#known.set(slot, tail);
    }
    return tail;
  }

  #extended(slot: Slot, target: Slot, tail: readonly Point[]): readonly Point[] {
    const next = nextOf(slot, target);
    if (next === undefined) return tail;
    const isUp = next.layer < slot.layer;
    const stretch = this.#onwards.get(isUp ? next : slot);
    if (stretch === undefined || stretch.from === stretch.to) return tail;
    const y = trackOf(stretch, this.#rows);
    const [x, nextX] = isUp ? [stretch.to, stretch.from] : [stretch.from, stretch.to];
    return [{ x, y }, { x: nextX, y }, ...tail];
  }
}

/** Where a link goes on from a place that it passes; undefined beside the head of a loop. */
function nextOf(slot: Slot, target: Slot): Slot | undefined {
  if (slot.backTo < 0) return slot.below[0];
  if (slot.layer === target.layer) return undefined;
  return slot.layer > target.layer ? slot.above[0] : slot.below[0];
}

/** The last corners of a way: at the upper border of a box, or at the right side of a loop's head. */
function arrival(last: Slot | undefined, target: Slot, onwards: ReadonlyMap<Slot, Stretch>): readonly Point[] {
  if (last === undefined) return [];
  if (last.backTo < 0) return [{ x: onwards.get(last)?.to ?? target.x, y: target.y }];
  const y = target.y + Math.min(target.height / 2, SIDE);
  return [
    { x: last.x, y },
    { x: target.x + target.width / 2, y },
  ];
}

function trackOf({ upper, track }: Stretch, { tracks }: Rows): number {
  return (tracks[upper.layer] ?? 0) + track * TRACK;
}

function stack(layers: readonly Slot[][], gaps: readonly Stretch[][], margin: number): Rows {
  const tops: number[] = [];
  const bottoms: number[] = [];
  const tracks: number[] = [];
  let y = margin;
  for (const [index, layer] of layers.entries()) {
    const gap = gaps[index] ?? [];
    for (const slot of layer) slot.y = y;
    tops.push(y);
    y += layer.reduce((most, slot) => Math.max(most, slot.height), 0);
    bottoms.push(y);
    const isBackNamed = gap.some(({ isBack, label }) => isBack && label > 0);
    const isNamed = gap.some(({ isBack, label }) => !isBack && label > 0);
    const leaving = LEAVE + (isBackNamed ? LABEL_HEIGHT : 0);
    tracks.push(y + leaving);
    const arriving = (isNamed ? LABEL_HEIGHT : 0) + ARRIVE;
    if (gap.length > 0 || index < layers.length - 1) y += leaving + assignTracks(gap) * TRACK + arriving;
  }
  return { tops, bottoms, tracks, end: y };
}

/** A label stands right of its line: where the link arrives in the next layer, or where a link back leaves. */
function labelPlace(first: Stretch | undefined, { tops, bottoms }: Rows): Point {
  if (first === undefined) return { x: 0, y: 0 };
  const { layer } = first.upper;
  if (first.isBack) return { x: first.from + LABEL_GAP, y: (bottoms[layer] ?? 0) + LABEL_HEIGHT - 3 };
  return { x: first.to + LABEL_GAP, y: (tops[layer + 1] ?? 0) - ARRIVE + 5 };
}

function pathOf({ source, target, first }: Route, start: Stretch | undefined, tails: Tails, rows: Rows): Point[] {
  if (start === undefined) return [];
  const y = trackOf(start, rows);
  const { from, to } = start;
  const tail = first === target ? [{ x: to, y: target.y }] : tails.from(first, target);
  return straighten([{ x: from, y: source.y + source.height }, { x: from, y }, { x: to, y }, ...tail]);
}

function span(slot: Slot): readonly [low: number, high: number] {
  if (slot.box < 0) return [slot.x, slot.x];
  const inset = Math.min(CORNER, slot.width / 2);
  return [slot.x - slot.width / 2 + inset, slot.x + slot.width / 2 - inset];
}

/** How much of a border a link takes, with its label where that stands there. */
function arrivingNeed({ upper, label }: Stretch): number {
  return upper.box >= 0 ? labelNeed(label) : PORT;
}

function leavingNeed({ isBack, label }: Stretch): number {
  return isBack ? labelNeed(label) : PORT;
}

function labelNeed(label: number): number {
  return label > 0 ? Math.max(label + 2 * LABEL_GAP, PORT) : PORT;
}

/** The ports' places on a box, so that the label of the last one reaches but little past its border. */
function roomFor(slot: Slot, needs: readonly number[]): readonly [low: number, high: number] {
  const [low, high] = span(slot);
  return [low, Math.max(low, Math.min(high, high + CORNER + OVERHANG - (needs.at(-1) ?? 0)))];
}

/** Makes boxes as wide as the ports and labels of their links need. To be called before they are placed. */
export function widenBoxes({ routes }: Layers, links: readonly Link[]): void {
  const arriving = new Map<Slot, number>();
  const leaving = new Map<Slot, number>();
  /** Links that arrive by the same lane arrive as one. */
  const lanes = new Set<Slot>();
  for (const [index, { source, target, last, isBack }] of routes.entries()) {
    const named = labelNeed(links[index]?.labelWidth ?? 0);
    take(leaving, source, isBack ? named : PORT);
    if (isBack || (last !== undefined && lanes.has(last))) continue;
    take(arriving, target, last === undefined ? named : PORT);
    if (last !== undefined) lanes.add(last);
  }
  for (const [slot, sum] of [...arriving, ...leaving])
    slot.width = Math.max(slot.width, evenUp(sum + 2 * CORNER - PORT));
}

function take(sums: Map<Slot, number>, slot: Slot, need: number): void {
  sums.set(slot, (sums.get(slot) ?? 0) + need);
}

/** The middle of a box is a whole number of pixels. */
function evenUp(width: number): number {
  return 2 * Math.ceil(width / 2);
}

function clamp(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(value, low), high);
}

/** Where links leave their boxes: right above where they go, if that is possible. */
function leave(gap: readonly Stretch[]): void {
  for (const stretches of grouped(gap, ({ upper }) => upper)) {
    const [first] = stretches;
    if (first === undefined || first.upper.box < 0) continue;
    stretches.sort((a, b) => a.lower.x - b.lower.x || Number(a.isBack) - Number(b.isBack));
    const needs = stretches.map(leavingNeed);
    const room = roomFor(first.upper, needs);
    const wished = stretches.map((stretch) => wishToLeave(stretch, stretches.length === 1, room));
    for (const [i, x] of spaceOut(wished, needs, room).entries()) {
      const stretch = stretches[i];
      if (stretch !== undefined) stretch.from = leavingPlace(x, stretch.lower);
    }
  }
}

/** Above where a link goes to; from the middle of its box where it goes straight down and is alone. */
function wishToLeave({ upper, lower, isBack }: Stretch, isAlone: boolean, room: readonly [number, number]): number {
  const [low, high] = span(lower);
  const isStraight = isAlone && !isBack && low <= upper.x && upper.x <= high;
  return clamp(isStraight ? upper.x : lower.x, room);
}

/** Where links arrive at their boxes: right below where they come from, if that is possible. */
function arrive(gap: readonly Stretch[]): void {
  for (const stretches of grouped(
    gap.filter(({ isBack }) => !isBack),
    ({ lower }) => lower,
  )) {
    const [first] = stretches;
    if (first === undefined || first.lower.box < 0) continue;
    stretches.sort((a, b) => a.from - b.from);
    const needs = stretches.map(arrivingNeed);
    const room = roomFor(first.lower, needs);
    // Of several that come from one side, the outermost keeps the border and the others stand beside it.
    const wished = stretches.map(({ from }) => clamp(from, room));
    if (stretches.length === 1 && wished[0] !== first.from) wished[0] = clamp(first.lower.x, room);
    for (const [i, x] of spaceOut(wished, needs, room).entries()) {
      const stretch = stretches[i];
      if (stretch !== undefined) stretch.to = arrivingPlace(x, stretch.from);
    }
  }
}

function grouped(gap: readonly Stretch[], key: (stretch: Stretch) => Slot): Stretch[][] {
  const groups = new Map<Slot, Stretch[]>();
  for (const stretch of gap) {
    const slot = key(stretch);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [stretch]);
    else group.push(stretch);
  }
  return [...groups.values()];
}

/**
 * Moves sorted places apart by at least what each needs to its right, within a room; evenly where that is too small.
 */
export function spaceOut(
  wishes: readonly number[],
  needs: readonly number[],
  [low, high]: readonly [number, number],
): number[] {
  const xs: number[] = [];
  for (const [i, wish] of wishes.entries()) {
    const left = xs[i - 1];
    xs.push(left === undefined ? wish : Math.max(wish, left + (needs[i - 1] ?? 0)));
  }
  for (let i = xs.length - 1, limit = high; i >= 0; i--) {
    xs[i] = Math.min(xs[i] ?? 0, limit);
    limit = (xs[i] ?? 0) - (needs[i - 1] ?? 0);
  }
  if ((xs[0] ?? low) >= low) return xs.map(Math.round);
  const step = xs.length > 1 ? (high - low) / (xs.length - 1) : 0;
  return xs.map((_, i) => Math.round(low + i * step));
}

/** Gives the horizontal stretches of a gap tracks in which nothing overlaps; gives back how many there are. */
function assignTracks(gap: readonly Stretch[]): number {
  const nets = inTrackOrder(netsOf(gap));
  const tracks: Net[][] = [];
  for (const net of nets) {
    const overlaps = (other: Net): boolean => net.left < other.right + TRACK && other.left < net.right + TRACK;
    const free = tracks.findLastIndex((track) => track.some(overlaps)) + 1;
    const track = tracks[free] ?? [];
    tracks[free] = track;
    track.push(net);
    for (const stretch of net.stretches) stretch.track = free;
  }
  return tracks.length;
}

/**
 * Nets from the uppermost track to the lowest: what comes down to its track at a place lies above what goes down from its
 * own at the same place, or the two would lie upon each other.
 */
function inTrackOrder(nets: readonly Net[]): readonly Net[] {
  const coming = new Map<number, Net[]>();
  for (const net of nets) {
    for (const x of net.from) coming.set(x, [...(coming.get(x) ?? []), net]);
  }
  const above = (net: Net): Net[] =>
    [...net.to].flatMap((x) => {
      const places = Array.from({ length: 2 * NEAR + 1 }, (_, i) => x - NEAR + i);
      return places.flatMap((place) => coming.get(place) ?? []).filter((other) => other !== net);
    });
  const order = new Set<Net>();
  const begun = new Set<Net>();
  const visit = (net: Net): void => {
    if (begun.has(net)) return;
    begun.add(net);
    for (const other of above(net)) visit(other);
    order.add(net);
  };
  for (const net of nets) visit(net);
  return [...order];
}

/** What of a gap's stretches runs together, where it is not just straight; in the order of the tracks. */
function netsOf(gap: readonly Stretch[]): Net[] {
  const nets = new Map<string, Net>();
  for (const stretch of gap) {
    const { lower, from, to, isBack, upper } = stretch;
    const key = lower.box < 0 ? `${isBack ? "back" : "to"} ${lower.id}` : `${upper.id} ${lower.id} ${from} ${to}`;
    const net = nets.get(key) ?? { stretches: [], isBack, left: to, right: to, way: 0, from: new Set(), to: new Set() };
    nets.set(key, net);
    net.stretches.push(stretch);
    net.left = Math.min(net.left, from, to);
    net.right = Math.max(net.right, from, to);
    net.way += Math.sign(to - from);
    net.from.add(from);
    (isBack ? net.from : net.to).add(to);
  }
  return [...nets.values()].filter(({ left, right }) => right > left).sort(byTrack);
}

/** Links that go the same way do not cross when the one that starts first runs below those that start later. */
function byTrack(a: Net, b: Net): number {
  if (a.isBack !== b.isBack) return a.isBack ? -1 : 1;
  if (a.isBack) return a.right - a.left - (b.right - b.left);
  if (a.way > 0 !== b.way > 0) return a.way > 0 ? -1 : 1;
  return a.way > 0 ? b.left - a.left : a.right - b.right;
}

/** Leaves out points that lie on the line between their neighbours. */
function straighten(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (last !== undefined && last.x === point.x && last.y === point.y) continue;
    const before = kept.at(-2);
    const isOn =
      last !== undefined &&
      before !== undefined &&
      ((before.x === last.x && last.x === point.x) || (before.y === last.y && last.y === point.y));
    if (isOn) kept.pop();
    kept.push(point);
  }
  return kept;
}
