import { describe, expect, it } from "vitest";
import { Tool } from "../model/index.ts";
import { portions } from "./portions.ts";
import { Revisions } from "./revisions.ts";

const tool = (id: string, description = ""): Tool =>
  Tool.parse({
    id,
    name: id,
    kind: "python",
    file: id,
    line: 1,
    framework: "main",
    description,
    category: "utility",
    source: "inferred",
    entry: { argv: ["python", id] },
    parameters: [],
    subcommands: [],
    schema: { type: "object" },
    capabilities: [],
  });

describe("Revisions", () => {
  it("say what leads from one state to the next", () => {
    const revisions = new Revisions();
    expect(revisions.of([tool("a"), tool("b"), tool("c")])).toBe(1);
    expect(revisions.of([tool("a"), tool("b"), tool("c")])).toBe(1);
    const next = [tool("a"), tool("b", "new"), tool("d")];
    expect(revisions.take(next)).toEqual({ from: 1, to: 2, changed: [next[1], next[2]], removed: ["c"] });
    expect(revisions.take(next)).toEqual({ from: 2, to: 2, changed: [], removed: [] });
  });

  it("leave it to who is told to ask, where that is much", () => {
    const revisions = new Revisions();
    revisions.of([]);
    const many = Array.from({ length: 500 }, (_, index) => tool(`t${index}`));
    expect(revisions.take(many)).toEqual({ from: 0, to: 1 });
  });
});

describe("portions", () => {
  it("are all tools in their order, some at a time", () => {
    const many = Array.from({ length: 500 }, (_, index) => tool(`t${index}`));
    const parts = [...portions(many)];
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.flat()).toEqual(many);
    expect([...portions([])]).toEqual([]);
  });
});
