import type { Slot } from "./slots.ts";

/**
 * Upright lines between two layers must never lie upon each other: one that comes down to its track, and one that goes on
 * down from a track above it. So each kind of place has its own remainder of x, divided by 4: where links leave boxes,
 * where they arrive at boxes, and lanes; lanes that begin where another one ended are moved aside once more.
 */
const GRID = 4;
const LEAVING = 0;
const ARRIVING = 2;
const LANE = 1;
const ASIDE = 2;

function snap(x: number, remainder: number): number {
  return Math.round((x - remainder) / GRID) * GRID + remainder;
}

/** @param lower where the link goes to; into a lane right below it goes straight */
export function leavingPlace(x: number, lower: Slot): number {
  return lower.box < 0 && x === lower.x ? x : snap(x, LEAVING);
}

/** @param from where the link comes from; straight down nothing else can be in its way */
export function arrivingPlace(x: number, from: number): number {
  return x === from ? x : snap(x, ARRIVING);
}

/** Puts the lanes on their places, and the middles of boxes where straight links leave them. */
export function separateLanes(layers: readonly (readonly Slot[])[]): void {
  const aside = new Set<Slot>();
  let upper: Lanes = new Map();
  for (const layer of layers) {
    snapAll(layer);
    const lanes = lanesOf(layer);
    for (const [x, slot] of lanes) if (mustGiveWay(slot, upper.get(x), aside)) aside.add(slot);
    for (const slot of lanes.values()) if (aside.has(slot)) slot.x += ASIDE;
    upper = lanes;
  }
}

function snapAll(layer: readonly Slot[]): void {
  for (const slot of layer) slot.x = snap(slot.x, slot.box < 0 ? LANE : LEAVING);
}

/** The lanes of a layer, by where they were before any was moved aside. */
type Lanes = ReadonlyMap<number, Slot>;

function lanesOf(layer: readonly Slot[]): Lanes {
  return new Map(layer.flatMap((slot) => (slot.box < 0 ? [[slot.x, slot]] : [])));
}

/** A lane that goes straight on stays where it is; another one keeps clear of that. @param above what ends right above it */
function mustGiveWay(slot: Slot, above: Slot | undefined, aside: ReadonlySet<Slot>): boolean {
  if (above === undefined) return false;
  return above.below.includes(slot) ? aside.has(above) : !aside.has(above);
}
