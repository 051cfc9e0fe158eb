import { describe, expect, it } from "vitest";
import { DocumentHighlightKind, SymbolKind } from "vscode-languageserver/node";
import { graphText } from "./graphs.ts";
import { highlightsOf } from "./highlights.ts";
import { Source, Sources } from "./sources.ts";
import { escapeMarkdown, hoverOf, symbolsOf } from "./symbols.ts";

const TEXT = `class Tree:
    @cache
    async def __grow__(self, x=1):
        y = x
        if x:
            y = 2
        return y

def outer():
    def inner(): pass
    return inner
`;
const TEXTS = {
  controlFlow: "",
  callGraph: "",
  calls: { external: "", unknown: "", module: "" },
  run: "",
  symbol: "c {0} · g {1}",
  lines: "{0}–{1}",
  metrics: {
    cyclomatic: { name: "Cyclomatic", meaning: "ways | through" },
    gone: { name: "Gone", meaning: "" },
  },
};

describe("symbolsOf", () => {
  it("nests what is nested, with metrics at functions, decorators inside the range", () => {
    const [tree, outer] = symbolsOf(new Source(TEXT), TEXTS);
    expect(tree).toMatchObject({ name: "Tree", kind: SymbolKind.Class });
    expect(tree).not.toHaveProperty("detail");
    expect(tree?.children?.[0]).toMatchObject({
      name: "__grow__",
      kind: SymbolKind.Method,
      detail: "c 2 · g 1",
      range: { start: { line: 1 }, end: { line: 6, character: 16 } },
      selectionRange: { start: { line: 2, character: 14 }, end: { line: 2, character: 22 } },
    });
    expect(outer?.children?.map(({ name, kind }) => [name, kind])).toEqual([["inner", SymbolKind.Function]]);
  });

  it("keeps every name inside its symbol, whatever a person has typed so far", () => {
    for (let end = 0; end <= TEXT.length; end++) {
      const stack = symbolsOf(new Source(TEXT.slice(0, end)), TEXTS);
      for (let symbol = stack.pop(); symbol !== undefined; symbol = stack.pop()) {
        expect(symbol.name).not.toBe("");
        expect(symbol.selectionRange.start.line).toBeGreaterThanOrEqual(symbol.range.start.line);
        expect(symbol.selectionRange.end.line).toBeLessThanOrEqual(symbol.range.end.line);
        stack.push(...(symbol.children ?? []));
      }
    }
  });
});

describe("hoverOf", () => {
  it("tells a function's metrics on its name only, as Markdown that shows what it says", () => {
    const source = new Source(TEXT);
    const hover = hoverOf(source, { line: 2, character: 15 }, TEXTS);
    expect(hover?.contents).toMatchObject({
      kind: "markdown",
      value: String.raw`**Tree\.\_\_grow\_\_**, 3–7

| | | |
|:--|--:|:--|
| Cyclomatic | 2 | ways \| through |`,
    });
    expect(hoverOf(source, { line: 2, character: 28 }, TEXTS)).toBeNull();
    expect(hoverOf(source, { line: 3, character: 10 }, TEXTS)).toBeNull();
    expect(escapeMarkdown("<b>[x](y)")).toBe(String.raw`\<b\>\[x\]\(y\)`);
  });
});

describe("highlightsOf", () => {
  const places = (line: number, character: number) =>
    highlightsOf(new Source(TEXT), { line, character })?.map(({ range, kind }) => [range.start.line, kind]);

  it("joins a use to the definitions that reach it, and a definition to its uses", () => {
    const { Read, Write } = DocumentHighlightKind;
    expect(places(6, 15)?.toSorted()).toEqual([
      [3, Write],
      [5, Write],
      [6, Read],
    ]);
    expect(places(5, 12)?.toSorted()).toEqual([
      [5, Write],
      [6, Read],
    ]);
  });

  it("says nothing where no variable stands", () => {
    expect(places(4, 9)).toBeUndefined();
  });
});

describe("Sources", () => {
  it("reads each version once and forgets the least recently used", () => {
    const sources = new Sources();
    const first = sources.get("a", "x = 1");
    expect(sources.get("a", ["x", "= 1"].join(" "))).toBe(first);
    expect(first.module).toBe(first.module);
    expect(sources.get("a", "x = 2")).not.toBe(first);
    const kept = sources.get("kept", "");
    for (let i = 0; i < 30; i++) {
      sources.get(String(i), "");
      expect(sources.get("kept", "")).toBe(kept);
    }
    expect(sources.get("a", "x = 1")).not.toBe(first);
  });
});

describe("graphText", () => {
  it.each([
    ["mermaid", /^flowchart /],
    ["dot", /^digraph /],
    ["json", /^\{/],
    ["html", /^<!DOCTYPE html>/],
  ] as const)("gives %s", (format, start) => {
    const found = graphText(new Source(TEXT), { uri: "", qualname: "outer", level: "statement" }, format);
    expect(found).toMatchObject({ ok: true, value: expect.stringMatching(start) });
  });
});
