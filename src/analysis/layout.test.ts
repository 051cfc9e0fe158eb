import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelRectangle, measure } from "../../test/support/drawing-measures.ts";
import { measured } from "../../test/support/drawings.ts";
import { parseModule } from "../python/index.ts";
import { columnsOf, drawGraph } from "./drawing.ts";
import { buildGraph } from "./graphs.ts";
import { spaceOut } from "./layout/routes.ts";
import type { Layout, Point } from "./layout/types.ts";
import { layOut } from "./layout.ts";

const box = (id: string, width = 60) => ({ id, width, height: 30 });
const link = (from: string, to: string, labelWidth = 0) => ({ from, to, labelWidth });

function laidOut(ids: string, links: readonly string[]): Layout {
  const layout = layOut(
    [...ids].map((id) => box(id)),
    links.map(([from = "", to = ""]) => link(from, to)),
  );
  if (layout === null) throw new Error("too large");
  return layout;
}

const of = ({ boxes }: Layout, id: string) => {
  const found = boxes.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

const NOTHING_WRONG = { overlaps: 0, throughBoxes: 0, confusions: 0 };

function slanted(paths: readonly (readonly Point[])[]): unknown[] {
  const turns = paths.flatMap((path) => path.slice(1).map((to, i) => [path[i] ?? to, to] as const));
  return turns.filter(([from, to]) => from.x !== to.x && from.y !== to.y);
}

/** A link leaves its box below and arrives above; a link back arrives at the right side. */
function expectEnds(layout: Layout, path: readonly Point[], link: { from: number; to: number } | undefined): void {
  const [source, target] = [layout.boxes[link?.from ?? -1], layout.boxes[link?.to ?? -1]];
  const [first, last] = [path[0], path.at(-1)];
  if (!source || !target || !first || !last || !link) throw new Error("a link has no path");
  expect(first.y).toBe(source.y + source.height);
  expect(first.x).toBeGreaterThanOrEqual(source.x);
  expect(first.x).toBeLessThanOrEqual(source.x + source.width);
  if (link.to > link.from) {
    expect(last.y).toBe(target.y);
    expect(last.x).toBeGreaterThanOrEqual(target.x);
    expect(last.x).toBeLessThanOrEqual(target.x + target.width);
  } else {
    expect(last.x).toBe(target.x + target.width);
    expect(last.y).toBeLessThan(target.y + target.height);
  }
}

const PYTHON = `
def f(a):
    with open(a) as h:
        for line in h:
            try:
                if not line:
                    continue
                if line == "q":
                    break
                g(line)
            except ValueError as e:
                log(e)
                return 1
            finally:
                close()
        else:
            done()
    while True:
        match a:
            case 1: return 2
            case [x, y] if x: raise KeyError(x)
            case _: pass
        a += 1
    return 3
    lost()
`;

describe("layOut", () => {
  it("puts choices side by side in source order and what follows below", () => {
    const layout = laidOut("abcd", ["ab", "ac", "bd", "cd"]);
    expect(of(layout, "b").y).toBe(of(layout, "c").y);
    expect(of(layout, "b").x).toBeLessThan(of(layout, "c").x);
    expect(of(layout, "d").y).toBeGreaterThan(of(layout, "b").y);
  });

  it("indents a loop, leads back on its right and goes on below the whole of it", () => {
    const layout = laidOut("hbcd", ["hb", "bc", "ch", "hd"]);
    const [head, body, after] = ["h", "c", "d"].map((id) => of(layout, id));
    if (!head || !body || !after) throw new Error("boxes are missing");
    expect(body.x).toBeGreaterThan(head.x);
    expect(after.y).toBeGreaterThan(body.y + body.height);
    expect(after.x).toBe(head.x);
    const back = layout.paths[2] ?? [];
    expect(back.at(-1)).toMatchObject({ x: head.x + head.width });
    expect(Math.max(...back.map(({ x }) => x))).toBeGreaterThan(body.x + body.width);
  });

  it("keeps links orthogonal and apart, and out of boxes and labels, in a function with everything", () => {
    const graph = buildGraph(PYTHON, parseModule(PYTHON).module, { qualname: "f" });
    if (graph === null) throw new Error("no graph");
    for (const exceptions of ["all", "handled", "none"] as const) {
      const drawing = drawGraph(graph, exceptions);
      if (drawing === null) throw new Error("too large");
      const found = measured(drawing);
      expect(measure(found)).toMatchObject(NOTHING_WRONG);
      expect(slanted(found.layout.paths)).toEqual([]);
      expect(found.layout.paths.length).toBeGreaterThan(20);
    }
  });

  it("never lays anything upon anything else, whatever the graph", () => {
    const size = fc.integer({ min: 2, max: 24 });
    const graph = size.chain((count) => {
      const end = fc.integer({ min: 0, max: count - 1 });
      return fc.record({
        widths: fc.array(fc.integer({ min: 8, max: 200 }), { minLength: count, maxLength: count }),
        heights: fc.array(fc.integer({ min: 20, max: 90 }), { minLength: count, maxLength: count }),
        links: fc.uniqueArray(
          fc.record({
            from: end,
            to: end,
            labelWidth: fc.constantFrom(0, 0, 26, 150),
            isAside: fc.boolean(),
          }),
          { maxLength: 3 * count, selector: ({ from, to, isAside }) => `${from} ${to} ${isAside}` },
        ),
      });
    });
    fc.assert(
      fc.property(graph, ({ widths, heights, links }) => {
        const boxes = widths.map((width, i) => ({ id: String(i), width, height: heights[i] ?? 0 }));
        const named = links.map(({ from, to, labelWidth, isAside }) => ({
          from: String(from),
          to: String(to),
          labelWidth,
          isAside,
          group: String(isAside),
        }));
        const layout = layOut(boxes, named);
        if (layout === null) throw new Error("too large");
        const labels = layout.labels.flatMap((place, i) => {
          const width = named[i]?.labelWidth ?? 0;
          return width === 0 ? [] : [labelRectangle(place, width)];
        });
        expect(measure({ layout, targets: links.map(({ to }) => to), labels })).toMatchObject(NOTHING_WRONG);
        expect(slanted(layout.paths)).toEqual([]);
        for (const [i, path] of layout.paths.entries()) expectEnds(layout, path, links[i]);
      }),
      { numRuns: 400 },
    );
  });

  it("draws what nothing leads to, a box alone, and links to itself", () => {
    const layout = laidOut("abc", ["ab", "bb"]);
    expect(of(layout, "c").y).toBeGreaterThan(of(layout, "b").y);
    expect(laidOut("a", []).height).toBeGreaterThan(30);
    expect(layOut([], [])).toMatchObject({ boxes: [], paths: [] });
  });

  it("gives up on what no picture could show", () => {
    const boxes = Array.from({ length: 1000 }, (_, i) => box(String(i)));
    const links = boxes.flatMap((_, i) => [link(String(i), String(i + 1)), link(String(999 - i), String(i))]);
    expect(layOut(boxes, links.slice(0, -2))).toBeNull();
  });
});

describe("spaceOut", () => {
  it("moves places apart inside a room, evenly where that is too small", () => {
    expect(spaceOut([10, 10, 10], [12, 12, 12], [0, 100])).toEqual([10, 22, 34]);
    expect(spaceOut([95, 100], [12, 12], [0, 100])).toEqual([88, 100]);
    expect(spaceOut([5, 5, 5], [12, 12, 12], [0, 10])).toEqual([0, 5, 10]);
  });
});

describe("columnsOf", () => {
  it("counts wide characters twice and marks not at all", () => {
    expect(columnsOf("aé")).toBe(2);
    expect(columnsOf("日本")).toBe(4);
    expect(columnsOf("e\u0301")).toBe(1);
  });
});
