import { describe, expect, it } from "vitest";
import type { DataFlow, GraphNode } from "../../model/index.ts";
import { flowMarks } from "./flow.ts";

const node = (id: string, kind: GraphNode["kind"], ...lines: number[]): GraphNode => ({
  id,
  kind,
  lines,
  startLine: lines[0] ?? 1,
  endLine: lines.at(-1) ?? 1,
  label: id,
});
/** Line 1 `def f(x)`, 2 `y = x`, 3 `if y:`, 4 `y = 2`, 5 `return y`. */
const NODES = [
  node("entry", "entry"),
  node("a", "block", 2),
  node("b", "branch", 3),
  node("c", "block", 4),
  node("d", "block", 5),
];
const definition = (line: number, column: number, uses: number[], kind: "assignment" | "parameter" = "assignment") => ({
  line,
  column,
  length: 1,
  kind,
  uses,
});
const FLOW: DataFlow = {
  kind: "function",
  qualname: "f",
  line: 1,
  endLine: 5,
  variables: [
    {
      name: "x",
      scope: "parameter",
      definitions: [definition(1, 6, [0], "parameter")],
      uses: [{ line: 2, column: 8, length: 1, definitions: [0] }],
    },
    {
      name: "y",
      scope: "local",
      definitions: [definition(2, 4, [0, 1]), definition(4, 8, [1])],
      uses: [
        { line: 3, column: 7, length: 1, definitions: [0] },
        { line: 5, column: 11, length: 1, definitions: [0, 1], outside: true },
      ],
    },
  ],
};
const roles = (query: Parameters<typeof flowMarks>[2]): Record<string, string> =>
  Object.fromEntries([...flowMarks(FLOW, NODES, query).roles].map(([id, set]) => [id, [...set].join("+")]));

describe("flowMarks", () => {
  it("marks all of a variable where no node is chosen", () => {
    expect(roles({ variable: "y" })).toEqual({ a: "defines", c: "defines", b: "reads", d: "reads" });
  });

  it("marks the definitions that reach a node, and the uses that it reaches", () => {
    expect(roles({ variable: "y", node: { id: "d" } })).toEqual({ a: "defines", c: "defines", d: "reads" });
    expect(roles({ variable: "y", node: { id: "c" } })).toEqual({ c: "defines", d: "reads" });
  });

  it("takes all variables of a node, parameters at the entry", () => {
    expect(roles({ variable: "", node: { id: "a" } })).toEqual({
      entry: "defines",
      a: "reads+defines",
      b: "reads",
      d: "reads",
    });
    expect(roles({ variable: "" })).toEqual({});
  });

  it("takes the name that the cursor stands on", () => {
    const { entries } = flowMarks(FLOW, NODES, { variable: "", node: { id: "a" }, place: { line: 2, column: 9 } });
    expect(entries).toEqual([{ name: "x", definitions: [1], uses: [2], outside: false }]);
  });

  it("says when a value may come from outside", () => {
    const { entries } = flowMarks(FLOW, NODES, { variable: "y", node: { id: "d" } });
    expect(entries).toEqual([{ name: "y", definitions: [2, 4], uses: [5], outside: true }]);
  });
});
