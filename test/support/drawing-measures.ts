import type { Layout, Point } from "../../src/analysis/layout/types.ts";

/** What can be measured of a drawing; lengths in CSS pixels at its natural size. */
export interface DrawingMeasures {
  readonly width: number;
  readonly height: number;
  /** Of all paths together; a stretch that several share counts once. */
  readonly inkLength: number;
  readonly bends: number;
  /** Points where lines cross; lines that run together cross once. */
  readonly crossings: number;
  /** Pairs of boxes, boxes and labels, or labels that cover each other. */
  readonly overlaps: number;
  /** Stretches of paths that run through the inside of a box. */
  readonly throughBoxes: number;
  /** Stretches along which links to different boxes lie upon each other, so that nobody can tell them apart. */
  readonly confusions: number;
}

interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Segment {
  readonly from: Point;
  readonly to: Point;
  readonly link: number;
}

export interface Measured {
  readonly layout: Pick<Layout, "width" | "height" | "boxes" | "paths">;
  /** Index of the box that each path leads to. */
  readonly targets: readonly number[];
  readonly labels: readonly Rectangle[];
}

/** Where a label with its base line at a point is. @param ascent and descent of the font, in pixels */
export function labelRectangle({ x, y }: Point, width: number, ascent = 9, descent = 3): Rectangle {
  return { left: x, right: x + width, top: y - ascent, bottom: y + descent };
}

export function measure({ layout, targets, labels }: Measured): DrawingMeasures {
  const boxes = layout.boxes.map(({ x, y, width, height }) => ({
    left: x,
    right: x + width,
    top: y,
    bottom: y + height,
  }));
  const segments = layout.paths.flatMap((path, link) =>
    path.slice(1).map((to, i): Segment => ({ from: path[i] ?? to, to, link })),
  );
  const merged = mergedStretches(segments, targets);
  return {
    width: layout.width,
    height: layout.height,
    inkLength: merged.segments.reduce((sum, { from, to }) => sum + Math.hypot(to.x - from.x, to.y - from.y), 0),
    bends: layout.paths.reduce((sum, path) => sum + Math.max(path.length - 2, 0), 0),
    crossings: crossings(merged.segments),
    overlaps: overlapsOf([...boxes, ...labels]),
    throughBoxes: segments.filter((segment) => boxes.some((box) => runsThrough(segment, box))).length,
    confusions: merged.confusions,
  };
}

function overlapsOf(rectangles: readonly Rectangle[]): number {
  const sorted = rectangles.toSorted((a, b) => a.top - b.top);
  let found = 0;
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length; j++) {
      const b = sorted[j];
      if (b === undefined || b.top >= a.bottom) break;
      if (a.left < b.right && b.left < a.right && b.top < a.bottom && a.top < b.bottom) found += 1;
    }
  }
  return found;
}

/** Only for level and upright stretches; slanted ones (of other layouts) are not asked. */
function runsThrough({ from, to }: Segment, { left, right, top, bottom }: Rectangle): boolean {
  if (from.x !== to.x && from.y !== to.y) return false;
  return (
    Math.min(from.x, to.x) < right &&
    Math.max(from.x, to.x) > left &&
    Math.min(from.y, to.y) < bottom &&
    Math.max(from.y, to.y) > top
  );
}

/** The union of level and upright segments per line; slanted ones stay as they are. */
function mergedStretches(
  segments: readonly Segment[],
  targets: readonly number[],
): { readonly segments: readonly Segment[]; readonly confusions: number } {
  const slanted = segments.filter(({ from, to }) => from.x !== to.x && from.y !== to.y);
  const upright = mergedLines(
    segments.filter(({ from, to }) => from.x === to.x),
    targets,
    ({ x, y }) => [x, y],
    (line, at) => ({ x: line, y: at }),
  );
  const level = mergedLines(
    segments.filter(({ from, to }) => from.y === to.y && from.x !== to.x),
    targets,
    ({ x, y }) => [y, x],
    (line, at) => ({ x: at, y: line }),
  );
  return {
    segments: [...slanted, ...upright.segments, ...level.segments],
    confusions: upright.confusions + level.confusions,
  };
}

/** @param split tells a point's line and its place there */
function mergedLines(
  segments: readonly Segment[],
  targets: readonly number[],
  split: (point: Point) => readonly [line: number, at: number],
  join: (line: number, at: number) => Point,
): { readonly segments: readonly Segment[]; readonly confusions: number } {
  const spans = segments
    .map(({ from, to, link }) => {
      const [line, one] = split(from);
      const [, other] = split(to);
      return { line, low: Math.min(one, other), high: Math.max(one, other), link };
    })
    .sort((a, b) => a.line - b.line || a.low - b.low);
  const open: typeof spans = [];
  let confusions = 0;
  for (const span of spans) {
    const last = open.at(-1);
    if (last?.line === span.line && span.low < last.high) {
      if (targets[span.link] !== targets[last.link]) confusions += 1;
      last.high = Math.max(last.high, span.high);
    } else open.push(span);
  }
  return {
    segments: open.map(({ line, low, high, link }) => ({ from: join(line, low), to: join(line, high), link })),
    confusions,
  };
}

function crossings(segments: readonly Segment[]): number {
  const sorted = segments
    .map((segment) => ({
      ...segment,
      top: Math.min(segment.from.y, segment.to.y),
      bottom: Math.max(segment.from.y, segment.to.y),
    }))
    .sort((a, b) => a.top - b.top);
  let found = 0;
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length; j++) {
      const b = sorted[j];
      if (b === undefined || b.top > a.bottom) break;
      if (a.link !== b.link && cross(a, b)) found += 1;
    }
  }
  return found;
}

/** Whether two segments cross inside both, not where one ends. */
function cross(a: Segment, b: Segment): boolean {
  const side = (p: Point, q: Point, r: Point): number =>
    Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return (
    side(a.from, a.to, b.from) * side(a.from, a.to, b.to) < 0 &&
    side(b.from, b.to, a.from) * side(b.from, b.to, a.to) < 0
  );
}
