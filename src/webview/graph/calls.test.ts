import { expect, it } from "vitest";
import type { DrawnCall } from "../../model/index.ts";
import { knobOf } from "./call-svg.ts";
import { callNeighbour } from "./calls.ts";

const placed = (id: string, x: number, y: number) => ({ id, x, y, height: 10 });
const NODES = [placed("caller", 0, 50), placed("root", 100, 50), placed("up", 200, 0), placed("down", 200, 60)];
const EDGES = [
  { from: "caller", to: "root" },
  { from: "root", to: "up" },
  { from: "root", to: "down" },
  { from: "down", to: "root" },
  { from: "root", to: "root" },
];

it("arrow keys go right to what is called, left to what calls, up and down in the column", () => {
  const from = (id: string, way: "left" | "right" | "up" | "down") => callNeighbour(NODES, EDGES, id, way);
  expect(from("root", "right")).toBe("down");
  expect(from("root", "left")).toBe("caller");
  expect(from("down", "up")).toBe("up");
  expect(from("up", "up")).toBeUndefined();
  expect(from("caller", "left")).toBeUndefined();
  // A call back has no callee on its right.
  expect(from("down", "right")).toBe("root");
});

it("a side unfolds while something of it is hidden, and folds when it is open", () => {
  const node = (all: number, hidden: number, open: boolean): DrawnCall => ({
    id: "a",
    kind: "function",
    uri: "",
    startLine: 1,
    text: [],
    label: "",
    x: 0,
    y: 0,
    width: 0,
    height: 0,
    callees: { all, hidden, open },
  });
  expect(knobOf(node(3, 2, true), "callees")).toBe("unfold");
  expect(knobOf(node(3, 0, true), "callees")).toBe("fold");
  expect(knobOf(node(3, 0, false), "callees")).toBeUndefined();
  expect(knobOf(node(3, 2, true), "callers")).toBeUndefined();
});
