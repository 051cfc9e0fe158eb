import { describe, expect, it } from "vitest";
import { parseModule } from "../python/index.ts";
import { columnsOf, drawGraph } from "./drawing.ts";
import { buildGraph } from "./graphs.ts";
import { spaceOut } from "./layout/routes.ts";
import { type Layout, layOut } from "./layout.ts";

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

/** Stretches of paths that run through the inside of a box. */
function throughBoxes({ boxes, paths }: Layout): string[] {
  const found: string[] = [];
  for (const [index, path] of paths.entries()) {
    for (const [i, to] of path.entries()) {
      const from = path[i - 1];
      if (from === undefined) continue;
      for (const { id, x, y, width, height } of boxes) {
        const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
        const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
        if (left < x + width && right > x && top < y + height && bottom > y) found.push(`path ${index} through ${id}`);
      }
    }
  }
  return found;
}

function overlaps({ boxes }: Layout): string[] {
  return boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
      .map((b) => `${a.id} on ${b.id}`),
  );
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

  it("keeps links orthogonal and out of boxes, and boxes apart", () => {
    const graph = buildGraph(PYTHON, parseModule(PYTHON).module, { qualname: "f" });
    if (graph === null) throw new Error("no graph");
    for (const exceptions of ["all", "handled", "none"] as const) {
      const drawing = drawGraph(graph, exceptions);
      if (drawing === null) throw new Error("too large");
      const paths = drawing.edges.map(({ points }) => points.map(([x, y]) => ({ x, y })));
      const layout = { ...drawing, boxes: drawing.nodes, paths, labels: [] };
      expect(overlaps(layout)).toEqual([]);
      expect(throughBoxes(layout)).toEqual([]);
      const turns = paths.flatMap((path) => path.slice(1).map((to, i) => [path[i] ?? to, to] as const));
      expect(turns.length).toBeGreaterThanOrEqual(paths.length);
      expect(turns.filter(([from, to]) => from.x !== to.x && from.y !== to.y)).toEqual([]);
    }
  });

  it("draws what nothing leads to, a box alone, and links to itself", () => {
    const layout = laidOut("abc", ["ab", "bb"]);
    expect(of(layout, "c").y).toBeGreaterThan(of(layout, "b").y);
    expect(throughBoxes(layout)).toEqual([]);
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
