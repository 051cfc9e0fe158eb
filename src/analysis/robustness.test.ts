import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ControlFlowGraph } from "../model/index.ts";
import { parseModule } from "../python/index.ts";
import { buildGraphs, type DetailLevel, toDot, toMermaid } from "./index.ts";

const LEVELS: readonly DetailLevel[] = ["branch", "block", "statement", "expression"];

const SOURCE = `import os
class C(Base, metaclass=M):
  x: int = 1
  async def m(self, *a, k=1, **b) -> None:
    async with self.lock as l, open(k):
      async for y in self:
        try:
          if y and (l or not k) < 3 < a:
            return await y
          elif k: break
          else: continue
        except (KeyError, OSError) as e:
          raise ValueError(f"{e!r:>{k}}") from e
        finally:
          del l
          while True:
            z = [i for i in y if i] if k else {**b}
            if z: break
      else: yield lambda q=1: q or z
    try: pass
    except* A as g: raise
    match k:
      case [1, *_] | {"a": 2} if x or y: pass
      case int(n) as m: os._exit(n)
      case _: assert k, "x"
`;

/** What the entry leads to. */
function reachedFrom(graph: ControlFlowGraph): Set<string> {
  const reached = new Set(graph.nodes.slice(0, 1).map(({ id }) => id));
  for (const id of reached) for (const { from, to } of graph.edges) if (from === id) reached.add(to);
  return reached;
}

/** Every edge leads from a node to a node, ids are their own, and dead is what is not reached. */
function checkGraph(graph: ControlFlowGraph, mayDropDeadCode: boolean): void {
  expect(ControlFlowGraph.safeParse(graph).error?.message).toBeUndefined();
  const ids = new Set(graph.nodes.map(({ id }) => id));
  expect(ids.size).toBe(graph.nodes.length);
  expect(graph.edges.every(({ from, to }) => ids.has(from) && ids.has(to))).toBe(true);
  const reached = reachedFrom(graph);
  const dead = graph.nodes.filter(({ id }) => !reached.has(id)).map(({ id }) => id);
  const marked = graph.nodes.filter(({ unreachable }) => unreachable === true).map(({ id }) => id);
  expect(dead).toEqual(marked);
  if (mayDropDeadCode) expect(marked).toEqual([]);
  expect(toDot(graph).endsWith("}\n")).toBe(true);
  expect(toMermaid(graph).startsWith("flowchart")).toBe(true);
}

function check(text: string): void {
  const { module } = parseModule(text);
  for (const detail of LEVELS) {
    const graphs = buildGraphs(text, module, { detail, comprehensions: true, maintainability: true });
    for (const graph of graphs) checkGraph(graph, detail === "branch");
  }
}

describe("whatever the text", () => {
  it("every prefix of a file", () => {
    for (let end = 0; end <= SOURCE.length; end += 7) check(SOURCE.slice(0, end));
  }, 60_000);

  it("random edits", () => {
    const words = ["", "(", "]", '"', "'''", "\n", "\n  ", "if", "finally:", "else:", ":", "break", "return", " and "];
    const edit = fc.record({ at: fc.nat(SOURCE.length), length: fc.nat(30), put: fc.constantFrom(...words) });
    const property = fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
      check(edits.reduce((text, { at, length, put }) => text.slice(0, at) + put + text.slice(at + length), SOURCE));
    });
    fc.assert(property, { numRuns: 40 });
  }, 60_000);
});

describe("large input", () => {
  const BODIES: readonly (readonly [string, (i: number) => string])[] = [
    ["statements", (i) => `  a${i} = b(${i})`],
    ["branches", (i) => `  if a and b < ${i} < c: x = ${i}`],
    ["handlers", (i) => `  try: a(${i})\n  except E as e: b(e)`],
    ["finally", (i) => `  try: a(${i})\n  finally:\n    b()\n    c = 1`],
    ["with", (i) => `  with a(${i}) as x: b(x)`],
    ["functions", (i) => `  x${i} = 1\n  def f${i}(): return x${i}`],
    ["comprehensions", (i) => `  x${i} = [y for y in a if y]`],
  ];

  // How time grows with the length is measured by test/eval/cfg/robustness.ts.
  it.each(BODIES)(
    "a function of 10 000 lines: %s",
    (_name, line) => {
      const text = `def f(a, b, c):\n${Array.from({ length: 10_000 }, (_, i) => line(i)).join("\n")}\n`;
      const graph = buildGraphs(text, parseModule(text).module).find(({ qualname }) => qualname === "f");
      expect(graph?.nodes.flatMap(({ lines }) => lines).length).toBeGreaterThanOrEqual(10_000);
    },
    60_000,
  );

  it.each([
    ["if a:", "pass"],
    ["for x in a:", "break"],
    ["with a:", "return b"],
    ["while a:", "continue"],
  ])(
    "1 000 deep: %s",
    (head, last) => {
      const deep = Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i + 1)}${head}`).join("\n");
      const text = `def f(a, b):\n${deep}\n${" ".repeat(1001)}${last}\n`;
      for (const detail of LEVELS) {
        expect(buildGraphs(text, parseModule(text).module, { detail }).map((one) => one.qualname)).toContain("f");
      }
    },
    60_000,
  );
});
