import { placeColumns } from "./layout/columns.ts";
import { orderLayers } from "./layout/order.ts";
import { separateLanes } from "./layout/places.ts";
import { routeLinks, widenBoxes } from "./layout/routes.ts";
import { assignLayers, countSlots, makeLayers } from "./layout/slots.ts";
import type { Box, Layout, Link } from "./layout/types.ts";

const MARGIN = 16;
/** More than this takes seconds and shows nothing that a person can follow. */
const MAX_BOXES = 6_000;
const MAX_SLOTS = 300_000;

/**
 * Layered layout for control flow: links to a later box go down, each box lies below all that lead down to it and, after
 * a loop, below the whole loop. A loop's body stands indented right of the way on, and links back run up a lane at its
 * right side (as SpiderMonkey's iongraph does). The same boxes in
 * the same order always give the same picture, and an edit moves little of it.
 * @returns null where boxes are so many, or links so many and so long, that no picture would help
 */
export function layOut(boxes: readonly Box[], links: readonly Link[]): Layout | null {
  if (boxes.length > MAX_BOXES) return null;
  const indexOf = new Map(boxes.map((box, index) => [box.id, index]));
  const ends = links.map(({ from, to }) => [indexOf.get(from) ?? 0, indexOf.get(to) ?? 0] as const);
  const layering = assignLayers(boxes, links, ends);
  if (countSlots(links, ends, layering) > MAX_SLOTS) return null;
  const layers = makeLayers(boxes, links, ends, layering);
  widenBoxes(layers, links);
  orderLayers(layers);
  placeColumns(layers.layers, layers.slots.length);
  const left = layers.slots.reduce((least, { x, width }) => Math.min(least, x - width / 2), Number.POSITIVE_INFINITY);
  for (const slot of layers.slots) slot.x = Math.round(slot.x - left) + MARGIN;
  separateLanes(layers.layers);
  const { height, paths, labels } = routeLinks(layers, links, MARGIN);
  let width = 0;
  for (const slot of layers.slots) width = Math.max(width, slot.x + slot.width / 2);
  for (const [i, { x }] of labels.entries()) width = Math.max(width, x + (links[i]?.labelWidth ?? 0));
  return {
    width: Math.ceil(width) + MARGIN,
    height,
    boxes: boxes.map((box, i) => {
      const { x = 0, y = 0, width = box.width } = layers.slots[i] ?? {};
      return { ...box, width, x: x - width / 2, y };
    }),
    paths,
    labels,
  };
}
