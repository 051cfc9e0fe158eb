import { describe, expect, it } from "vitest";
import type { GraphNode } from "../../model/index.ts";
import { nodeAtLine } from "./nodes.ts";
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

describe("fill", () => {
  it("puts values in their places and leaves what has none", () => {
    expect(fill("{0} of {1}, {2}", "$&", 3)).toBe("$& of 3, {2}");
  });
});
