import { describe, expect, it } from "vitest";
import { graphResult } from "./graphs.ts";
import { lenses } from "./lenses.ts";
import { pathInFolder, pathOfUri, uriInFolder } from "./places.ts";
import { Source } from "./sources.ts";

const TEXT = `import sys

@cache
def outer(x):
    if x:
        return 1
    def inner():
        pass
    return inner

class Tree:
    def grow(self):
        for _ in range(3):
            pass
`;
const CONFIGURATION = {
  exclude: {},
  capabilities: {},
  lenses: { controlFlow: true, callGraph: true, run: true },
  highlights: true,
  texts: {
    controlFlow: "flow {0}",
    callGraph: "calls",
    calls: { external: "", unknown: "", module: "" },
    run: "run {0}",
    symbol: "",
    lines: "",
    metrics: {},
  },
};
const DOCUMENT = { uri: "file:///o/a.py", folder: "file:///o" };

describe("lenses", () => {
  it("stand above each function, decorators included, and above a tool's entry", () => {
    const found = lenses(DOCUMENT, new Source(TEXT).scopes, [{ id: "a.py", name: "$& a", line: 1 }], CONFIGURATION);
    expect(found.map(({ range, command }) => [range.start.line, command?.title])).toEqual([
      [0, "run $& a"],
      [2, "flow 3"],
      [2, "calls"],
      [6, "flow 1"],
      [6, "calls"],
      [11, "flow 2"],
      [11, "calls"],
    ]);
    expect(found[0]?.command).toMatchObject({
      command: "toka.runTool",
      arguments: [{ folder: "file:///o", tool: "a.py" }],
    });
    for (const [index, command] of [
      [5, "toka.showControlFlowGraph"],
      [6, "toka.showCallGraph"],
    ] as const) {
      const place = { uri: DOCUMENT.uri, qualname: "Tree.grow", line: 12 };
      expect(found[index]?.command).toMatchObject({ command, arguments: [place] });
    }
  });

  it("stand together where a function holds the tool's entry", () => {
    const found = lenses(DOCUMENT, new Source(TEXT).scopes, [{ id: "a.py", name: "a", line: 13 }], CONFIGURATION);
    expect(found[0]?.range.start.line).toBe(11);
  });

  it("are left out by settings, and outside of a folder nothing can be run", () => {
    const tools = [{ id: "a.py", name: "a", line: 1 }];
    const off = { ...CONFIGURATION, lenses: { controlFlow: false, callGraph: false, run: true } };
    expect(lenses(DOCUMENT, new Source(TEXT).scopes, tools, off)).toHaveLength(1);
    expect(lenses({ uri: "untitled:1", folder: undefined }, [], tools, CONFIGURATION)).toEqual([]);
  });

  it("survive text that is broken", () => {
    const broken = TEXT.replace("if x:", "if x(:");
    expect(new Source(broken).scopes.map(({ qualname }) => qualname)).toContain("Tree.grow");
  });
});

describe("graphResult", () => {
  const uri = DOCUMENT.uri;

  it("draws the function named, the one around a line, or says that it is gone", () => {
    expect(graphResult(new Source(TEXT), { uri, qualname: "Tree.grow" }, 1)).toMatchObject({
      ok: true,
      value: { graph: { line: 12 } },
    });
    expect(graphResult(new Source(TEXT), { uri, line: 5 }, 1)).toMatchObject({
      ok: true,
      value: { graph: { qualname: "outer" } },
    });
    expect(graphResult(new Source(TEXT), { uri, qualname: "renamed", line: 5 }, 1)).toMatchObject({
      ok: true,
      value: { graph: { qualname: "outer" } },
    });
    expect(graphResult(new Source(TEXT), { uri, qualname: "gone" }, 1)).toMatchObject({
      ok: false,
      problem: { code: "no-function" },
    });
  });

  it("names the nodes of its Mermaid text by their ids", () => {
    const found = graphResult(new Source(TEXT), { uri, qualname: "outer" }, null);
    if (!found.ok) throw new Error(found.problem.message);
    expect(found.value.mermaid).toMatch(/^flowchart /);
    const drawn = found.value.graph.nodes.filter(({ id }) =>
      new RegExp(`^\\s*${id}\\W`, "m").test(found.value.mermaid),
    );
    expect(drawn.length).toBeGreaterThan(3);
  });
});

describe("places", () => {
  it("know what lies in a folder", () => {
    expect(pathInFolder("/o", "/o/a/b.py")).toBe("a/b.py");
    expect(pathInFolder("/o", "/o")).toBeUndefined();
    expect(pathInFolder("/o", "/other/b.py")).toBeUndefined();
    expect(pathInFolder("/o", "/o/..b.py")).toBe("..b.py");
  });

  it("read only file URIs", () => {
    expect(pathOfUri("untitled:Untitled-1")).toBeUndefined();
    expect(pathOfUri("file://host/x")).toBeUndefined();
    expect(pathOfUri(uriInFolder("/o", "a b/ü.py"))).toBe("/o/a b/ü.py");
  });
});
