import { describe, expect, it } from "vitest";
import { parseModule } from "../python/index.ts";
import { buildGraph, buildGraphs, type DetailLevel, fileGraphs, moduleTotals, outline, toDot } from "./index.ts";
import { graphOf, lines, normalEdges } from "./testing/graph-text.ts";

/** The nodes' labels with what they lead to, exceptions left out. */
function drawn(body: string, detail: DetailLevel): string {
  const graph = graphOf(body, undefined, { detail });
  const label = new Map(graph.nodes.map((node) => [node.id, node.label]));
  return graph.edges
    .filter((edge) => edge.kind !== "exception")
    .map(({ from, to, kind }) => `${label.get(from)} ${kind === "normal" ? "" : kind}> ${label.get(to)}`)
    .join("; ");
}

describe("levels of detail", () => {
  it("one node per statement", () => {
    const graph = graphOf("a()\nb()\nc()", undefined, { detail: "statement" });
    expect(normalEdges(graph)).toBe("2 > 3; 3 > 4; 4 > out; in > 2");
  });

  it("only where ways part, with the exceptions of what is folded", () => {
    const body = lines("a()", "if b:", "  c()", "  a()", "for x in a:", "  b()", "return c");
    const graph = graphOf(body, undefined, { detail: "branch" });
    expect(normalEdges(graph)).toBe("3 false> 6; 3 true> 6; 6 return> out; 6 true> 6; in > 3");
    const inside = graphOf(lines("try:", "  a()", "except KeyError:", "  b()"), undefined, { detail: "branch" });
    expect(inside.edges.map(({ from, to, kind }) => `${from} ${kind}> ${to}`)).toContain("n0 exception> n3");
  });

  it.each([
    ["if a and b: c()", "f > if a; if a true> b; b true> c(); c() > exit; if a false> exit; b false> exit"],
    [
      "if a or not b: c()",
      "f > if a; if a false> not b; if a true> c(); not b true> c(); c() > exit; not b false> exit",
    ],
    ["if not (a or b): c()", "f > if a; if a false> b; b false> c(); c() > exit; if a true> exit; b true> exit"],
    [
      "return a if b else c",
      "f > b; b true> a; b false> c; a > return a if b else c; c > return a if b else c; return a if b else c return> exit",
    ],
    [
      "while a < b < c: a()",
      "f > while a < b; while a < b true> b < c; b < c true> a(); a() loop-back> while a < b; while a < b false> exit; b < c false> exit",
    ],
    ["x = a or b", "f > a; a false> b; a true> x = a or b; b > x = a or b; x = a or b > exit"],
    ["c(a and b)", "f > a; a true> b; a false> c(a and b); b > c(a and b); c(a and b) > exit"],
    ["assert a and b", "f > a; a true> b; a false> assert a and b; b false> assert a and b; b true> exit"],
    [
      "match a:\n  case x if b and c: a()",
      "f > match a; match a > case x; case x case> b; b true> c; c true> a(); a() > exit; b false> exit; c false> exit",
    ],
    ["return lambda: a and b", "f > return lambda: a and b; return lambda: a and b return> exit"],
  ])("branches inside expressions: %s", (body, expected) => {
    expect(drawn(body, "expression")).toBe(expected);
  });

  it("long chains of conditions are no deep recursion", () => {
    const chain = `x = ${Array.from({ length: 50 }, (_, i) => `${i} if a == ${i} else `).join("")}0`;
    expect(graphOf(chain, undefined, { detail: "expression" }).nodes.length).toBe(105);
    const all = Array.from({ length: 5000 }, () => "a").join(" and ");
    expect(graphOf(`if ${all}: b()`, undefined, { detail: "expression" }).nodes.length).toBe(5004);
  });
});

describe("comprehensions", () => {
  const text = lines(
    "def f(a):",
    "  return [(x, {y for y in x}) for x in a if x for z in x if z]",
    "g = (x for x in f)",
    "",
  );
  const { module } = parseModule(text);

  it("have graphs of their own where asked for", () => {
    const named = (comprehensions: boolean) => buildGraphs(text, module, { comprehensions }).map((one) => one.qualname);
    expect(named(false)).toEqual(["<module>", "f"]);
    const inner = "f.<locals>.<listcomp>";
    expect(named(true)).toEqual(["<module>", "<genexpr>", "f", inner, `${inner}.<locals>.<setcomp>`]);
  });

  it("are drawn as the loops and conditions that they are", () => {
    const graph = buildGraph(text, module, { qualname: "f.<locals>.<listcomp>" }, { comprehensions: true });
    expect(graph?.kind).toBe("comprehension");
    expect(graph?.nodes.map((node) => `${node.kind} ${node.label}`)).toEqual([
      "entry <listcomp>",
      "loop for x in a",
      "branch if x",
      "loop for z in x",
      "branch if z",
      "block (x, {y for y in x})",
      "exit exit",
      "raise-exit exception",
    ]);
    const ways = graph?.edges.filter(({ kind }) => kind !== "exception").map(({ from, to, kind }) => from + to + kind);
    expect(ways?.sort().join(" ")).toBe(
      "n0n1normal n1n2true n1n6false n2n1false n2n3true n3n1false n3n4true n4n3false n4n5true n5n3loop-back",
    );
  });
});

describe("calls that never return", () => {
  const ends = (text: string, neverReturns?: (path: string) => boolean) => {
    const graph = buildGraph(text, parseModule(text).module, { qualname: "f" }, { neverReturns });
    return graph?.nodes.find((node) => node.kind === "exit")?.unreachable === true;
  };
  const HEAD = "from typing import NoReturn, Never\nimport typing as t\n";

  it.each([
    [true, "def fail() -> NoReturn: raise A\ndef f(): fail()\n"],
    [true, "def fail() -> t.Never: raise A\ndef f(): fail()\n"],
    [true, "def fail() -> 'NoReturn': raise A\ndef f(): fail()\n"],
    [true, "async def fail() -> NoReturn: raise A\nasync def f(): await fail()\n"],
    [false, "async def fail() -> NoReturn: raise A\ndef f(): fail()\n"],
    [false, "def fail() -> int: raise A\ndef f(): fail()\n"],
    [false, "def fail() -> NoReturn: raise A\nfail = other\ndef f(): fail()\n"],
    [false, "def fail() -> NoReturn: raise A\ndef f(fail): fail()\n"],
    [false, "def fail() -> NoReturn: raise A\ndef fail(): pass\ndef f(): fail()\n"],
  ])("%s: %s", (expected, text) => {
    expect(ends(HEAD + text)).toBe(expected);
  });

  it("methods by self", () => {
    const text = `${HEAD}class C:\n  def fail(self) -> Never: raise A\n  def m(self): self.fail()\n`;
    const graph = buildGraph(text, parseModule(text).module, { qualname: "C.m" });
    expect(graph?.nodes.find((node) => node.kind === "exit")?.unreachable).toBe(true);
  });

  it("methods by the self of the method around, unless the name is bound anew", () => {
    const text = (parameter: string) =>
      `${HEAD}class C:\n  def fail(self) -> Never: raise A\n  def m(self):\n    def inner(${parameter}): self.fail()\n`;
    const isDead = (parameter: string) =>
      buildGraph(text(parameter), parseModule(text(parameter)).module, {
        qualname: "C.m.<locals>.inner",
      })?.nodes.find((node) => node.kind === "exit")?.unreachable === true;
    expect(isDead("")).toBe(true);
    expect(isDead("self")).toBe(false);
  });

  it("functions elsewhere that the caller knows", () => {
    const known = (path: string) => path === "pkg.errors.fail";
    expect(ends("from pkg.errors import fail\ndef f(): fail()\n", known)).toBe(true);
    expect(ends("import pkg.errors as e\ndef f(): e.fail()\n", known)).toBe(true);
    expect(ends("from pkg.errors import other\ndef f(): other()\n", known)).toBe(false);
    expect(ends("from pkg.errors import fail\ndef f(): fail()\n")).toBe(false);
  });
});

describe("parameters, maintainability and sums", () => {
  const text = lines(
    "class C:",
    "  def m(self, a, /, b, *c, d, **e):",
    "    def g(x):",
    "      if x: return a + b * x",
    "    return g",
    "def f(): pass",
    "",
  );
  const { module } = parseModule(text);

  it("counts every parameter", () => {
    const byName = new Map(buildGraphs(text, module).map((graph) => [graph.qualname, graph.complexity.parameters]));
    expect([byName.get("C.m"), byName.get("f"), byName.get("C.m.<locals>.g")]).toEqual([6, 0, 1]);
  });

  it("works the maintainability index out where asked for", () => {
    const of = (name: string, maintainability: boolean) =>
      buildGraph(text, module, { qualname: name }, { maintainability })?.complexity.maintainability;
    expect(of("f", false)).toBeUndefined();
    // No operators, one line: (171 - 0.23) * 100 / 171
    expect(of("f", true)).toBe(99.9);
    // N = 6, n = 6, V = 15.51; C = 3, L = 4: (171 - 14.255 - 0.69 - 22.458) * 100 / 171
    expect(of("C.m", true)).toBe(78.1);
  });

  it("adds a module up", () => {
    expect(moduleTotals(outline(text, module))).toEqual({
      functions: 3,
      classes: 1,
      cyclomatic: 4,
      cognitive: 1,
      statements: 8,
      parameters: 7,
      nesting: 1,
    });
  });
});

describe("toDot", () => {
  it("writes a digraph with shapes and classes", () => {
    const graph = graphOf("if a: raise KeyError\nb()");
    expect(toDot(graph)).toBe(`digraph "f" {
  rankdir=TB;
  node [fontname="monospace", fontsize=11];
  edge [fontname="sans-serif", fontsize=9];
  n0 [label="f", shape=oval, class="entry"];
  n1 [label="if a", shape=diamond, class="branch"];
  n2 [label="raise KeyError", shape=box, class="block"];
  n3 [label="b()", shape=box, class="block"];
  n4 [label="exit", shape=oval, class="exit"];
  n5 [label="exception", shape=oval, class="raise-exit"];
  n0 -> n1 [class="normal"];
  n1 -> n2 [label="true", class="true"];
  n1 -> n3 [label="false", class="false"];
  n3 -> n4 [class="normal"];
  n2 -> n5 [label="KeyError", style="dashed", class="exception"];
}
`);
  });

  it("escapes what labels hold", () => {
    const graph = graphOf(lines('a("<b>&amp; \\n")', "b()"));
    expect(toDot(graph)).toContain('[label="a(\\"<b>&amp;amp; \\\\n\\")\\lb()\\l"');
  });
});

describe("fileGraphs", () => {
  it("takes the same options", () => {
    const [, f] = fileGraphs("a.py", "def f(a):\n  a()\n  a()\n", { detail: "statement" }).functions;
    expect(f?.nodes.length).toBe(5);
  });
});
