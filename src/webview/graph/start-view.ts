/** Text is not made smaller than this on its own, in pixels: it would no longer be legible. */
const SMALLEST_TEXT = 8;
/** Room that is kept around a drawing, both sides together. */
export const MARGIN = 40;
/** Room that is kept beside what must be seen. */
const BESIDE = 16;

/** What a drawing looks like in its natural size. */
export interface Natural {
  readonly width: number;
  /** Pixels of its text. */
  readonly fontSize: number;
}

/** A box in pixels of what is scrolled. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How large a drawing opens in a view of that width: all of its width when that is legible, never enlarged. */
export function startZoom({ width, fontSize }: Natural, room: number): number {
  return Math.min(1, Math.max((room - MARGIN) / width, SMALLEST_TEXT / fontSize));
}

/**
 * How far to the right a view is scrolled at first, where not all fits: so that the start is whole in it, with as many
 * other boxes as possible; among equal places the one with the start nearest to the middle.
 * @param start what is looked at first
 * @param boxes what may be beside it, the start too
 * @param view the part that can be seen at a time: its width, and from which `y` it reaches how far down
 * @param scrollable how wide all is that is scrolled
 */
export function startLeft(
  start: Box,
  boxes: readonly Box[],
  view: Pick<Box, "y" | "width" | "height">,
  scrollable: number,
): number {
  const most = Math.max(0, scrollable - view.width);
  const within = (value: number, from: number, to: number): number => Math.min(Math.max(value, from), to);
  const middle = within(start.x + start.width / 2 - view.width / 2, 0, most);
  // A start that is wider than the view is seen from its middle.
  if (start.width + 2 * BESIDE > view.width) return middle;
  const lowest = within(start.x + start.width + BESIDE - view.width, 0, most);
  const highest = within(start.x - BESIDE, 0, most);
  const near = boxes.filter(({ y, height }) => y < view.y + view.height && y + height > view.y);
  const seen = (left: number): number =>
    near.filter(({ x, width }) => x >= left && x + width <= left + view.width).length;
  const places = near.flatMap(({ x, width }) => [x - BESIDE, x + width + BESIDE - view.width]);
  const tried = new Set([middle, ...places.filter((place) => place > lowest && place < highest), lowest, highest]);
  let best = { left: middle, seen: -1 };
  for (const left of tried) {
    const one = { left, seen: seen(left) };
    const isNearer = Math.abs(left - middle) < Math.abs(best.left - middle);
    if (one.seen > best.seen || (one.seen === best.seen && isNearer)) best = one;
  }
  return best.left;
}
