import { describe, expect, it } from "vitest";
import type { CallFold } from "../../model/index.ts";
import { parseModule } from "../../python/index.ts";
import { callsToDot } from "../call-dot.ts";
import { drawCalls } from "../call-drawing.ts";
import { buildCallGraph } from "./callgraph.ts";
import { CallIndex } from "./neighbourhood.ts";

const TEXT = `
def top():
    middle()
    other()

def middle():
    leaf()
    print("x")
    callback()

def other():
    leaf()

def leaf():
    pass

def loop():
    back()

def back():
    loop()

class Alone:
    pass
`;
const indexOf = (text: string): CallIndex =>
  new CallIndex(buildCallGraph([{ path: "a.py", text, module: parseModule(text).module }]));
const index = indexOf(TEXT);
const idOf = (name: string, of = index): number => of.graph.nodes.find(({ qualname }) => qualname === name)?.id ?? -1;
const around = (name: string, callers: number, callees: number, folds: CallFold[] = []) =>
  index.around({ roots: [idOf(name)], callers, callees, folds });
const names = (part: ReturnType<typeof around>): string[] => part.nodes.map(({ node }) => node.qualname);

describe("CallIndex", () => {
  it("goes as many calls away as asked for, callers before callees", () => {
    expect(names(around("middle", 0, 0))).toEqual(["middle"]);
    expect(names(around("middle", 1, 1))).toEqual(["top", "middle", "leaf"]);
    expect(names(around("top", 0, 2))).toEqual(["top", "middle", "other", "leaf"]);
  });

  it("counts what is not shown, and unfolds and folds it by hand", () => {
    const [top] = around("top", 0, 0).nodes;
    expect(top).toMatchObject({ callees: { all: 2, hidden: 2, open: false } });
    const open = { node: "a.py:middle", side: "callees", open: true } as const;
    expect(names(around("top", 0, 1, [open]))).toContain("leaf");
    expect(names(around("top", 0, 2, [{ ...open, open: false }]))).toContain("leaf");
    expect(names(around("middle", 1, 2, [{ ...open, open: false }]))).toEqual(["top", "middle"]);
    const beside = { node: "a.py:leaf", side: "callers", open: true } as const;
    expect(names(around("middle", 0, 1, [beside]))).toContain("other");
  });

  it("survives circles, and shows no more than one can look at", () => {
    expect(new Set(names(around("loop", 6, 6)))).toEqual(new Set(["back", "loop"]));
    const many = indexOf(`def f():\n${Array.from({ length: 400 }, (_, i) => `    f${i}()\n`).join("")}
${Array.from({ length: 400 }, (_, i) => `def f${i}():\n    pass\n`).join("")}`);
    const part = many.around({ roots: [idOf("f", many)], callers: 0, callees: 1, folds: [] });
    expect(part.nodes.length).toBeLessThanOrEqual(100);
    expect(part.nodes[0]?.callees).toMatchObject({ all: 400, hidden: 400 - part.nodes.length + 1 });
  });

  it("takes of a file what calls or is called, and every function", () => {
    const roots = index.rootsOfFile("a.py").map(({ qualname }) => qualname);
    expect(roots).toContain("leaf");
    expect(roots).not.toContain("Alone");
    expect(roots).not.toContain("<module>");
  });

  it("names two definitions of one name apart", () => {
    const twice = indexOf("if x:\n    def f(): pass\nelse:\n    def f(): pass\n");
    const keys = twice.graph.nodes.map((node) => twice.key(node));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("drawCalls", () => {
  const options = {
    others: "all",
    texts: { external: "{0} outside", unknown: "{0} unknown", module: "module {0}" },
    uri: (file: string) => `file:///${file}`,
    root: idOf("middle"),
  } as const;

  it("places callers left of what they call, and other calls in boxes of their own", () => {
    const drawing = drawCalls(index, around("middle", 1, 1), options);
    const box = (id: string) => drawing?.nodes.find((node) => node.id === id);
    const xs = ["a.py:top", "a.py:middle", "a.py:leaf"].map((id) => box(id)?.x ?? 0);
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
    expect(box("a.py:middle")).toMatchObject({ root: true, uri: "file:///a.py", startLine: 6 });
    expect(box("a.py:middle external")?.text).toEqual(["1 outside", "builtins.print()"]);
    expect(box("a.py:middle unknown")).toMatchObject({
      kind: "unknown",
      text: ["1 unknown", "callback()"],
      startLine: 9,
    });
  });

  it("leads every call from border to border, along straight lines", () => {
    const drawing = drawCalls(index, around("top", 1, 3), options);
    expect(drawing?.edges.length).toBe(4 + 2);
    for (const { from, to, points } of drawing?.edges ?? []) {
      const [source, target] = [from, to].map((id) => drawing?.nodes.find((node) => node.id === id));
      const [first, last] = [points[0], points.at(-1)];
      expect(first?.[0]).toBe((source?.x ?? 0) + (source?.width ?? 0));
      expect(last?.[0]).toBe(target?.x);
      for (const [i, [x, y]] of points.slice(1).entries()) {
        const [beforeX, beforeY] = points[i] ?? [0, 0];
        expect(x === beforeX || y === beforeY).toBe(true);
      }
    }
  });
});

it("callsToDot keeps files together and what is not known apart", () => {
  const { nodes, edges } = around("middle", 1, 1);
  const { external, unknown } = index.graph;
  const dot = callsToDot('a "title"', { nodes: nodes.map(({ node }) => node), edges: [...edges], external, unknown });
  expect(dot).toMatch(/^digraph "a \\"title\\"" \{/);
  expect(dot).toContain('subgraph cluster_0 {\n    label="a.py";');
  expect(dot).toContain("callback");
  expect(dot.trimEnd().endsWith("}")).toBe(true);
});
