import { describe, expect, it } from "vitest";
import type { GraphNode } from "../../model/index.ts";
import { neighbour, nodeAtLine } from "./nodes.ts";
import { fill } from "./texts.ts";

const node = (id: string, lines: number[], startLine: number, endLine: number): GraphNode => ({
  id,
  kind: "block",
  lines,
  startLine,
  endLine,
  label: id,
});
const NODES = [node("entry", [], 1, 20), node("a", [2, 3], 2, 8), node("b", [10], 10, 12), node("c", [11], 11, 11)];

describe("nodeAtLine", () => {
  it("prefers the node whose statement starts there, then the smallest around", () => {
    expect(nodeAtLine(NODES, 3)?.id).toBe("a");
    expect(nodeAtLine(NODES, 5)?.id).toBe("a");
    expect(nodeAtLine(NODES, 11)?.id).toBe("c");
    expect(nodeAtLine(NODES, 12)?.id).toBe("b");
  });

  it("marks nothing where no statement stands", () => {
    expect(nodeAtLine(NODES, 15)).toBeUndefined();
  });
});

describe("neighbour", () => {
  const placed = (id: string, x: number, y: number) => ({ id, x, y, width: 10 });
  const nodes = [placed("a", 50, 0), placed("b", 0, 40), placed("c", 60, 40), placed("d", 50, 80)];
  const edges = [
    { from: "a", to: "b" },
    { from: "a", to: "c" },
    { from: "c", to: "d" },
    { from: "d", to: "a" },
  ];

  it("goes along edges down and up, and sideways in a row", () => {
    expect(neighbour(nodes, edges, "a", "down")).toBe("c");
    expect(neighbour(nodes, edges, "c", "left")).toBe("b");
    expect(neighbour(nodes, edges, "b", "right")).toBe("c");
    expect(neighbour(nodes, edges, "d", "up")).toBe("c");
    expect(neighbour(nodes, edges, "b", "down")).toBeUndefined();
  });

  it("follows an edge back where no other leads on", () => {
    expect(neighbour(nodes, edges, "d", "down")).toBe("a");
    expect(neighbour(nodes, edges, "a", "up")).toBeUndefined();
  });
});

describe("fill", () => {
  it("puts values in their places and leaves what has none", () => {
    expect(fill("{0} of {1}, {2}", "$&", 3)).toBe("$& of 3, {2}");
  });
});
