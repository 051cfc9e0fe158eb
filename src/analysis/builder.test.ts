import { describe, expect, it } from "vitest";
import { parseModule } from "../python/index.ts";
import { buildGraph, buildGraphs } from "./index.ts";
import { exceptionEdges, graphOf, lines, names, normalEdges } from "./testing/graph-text.ts";

/** Name, body, edges without exceptions, exception edges, unreachable nodes. */
const CASES: readonly (readonly [string, string, string, string, string])[] = [
  ["straight line", lines("a = 1", "b = 2"), "2,3 > out; in > 2,3", "", "raise"],
  [
    "if",
    lines("if a:", "  b()", "c()"),
    "2 false> 4; 2 true> 3; 3 > 4; 4 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise",
    "",
  ],
  [
    "if else",
    lines("if a:", "  b()", "else:", "  c()", "a()"),
    "2 false> 5; 2 true> 3; 3 > 6; 5 > 6; 6 > out; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise; 6 !> raise",
    "",
  ],
  [
    "elif chain",
    lines("if a:", "  a()", "elif b:", "  b()", "else:", "  c()"),
    "2 false> 4; 2 true> 3; 3 > out; 4 false> 7; 4 true> 5; 5 > out; 7 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise; 7 !> raise",
    "",
  ],
  [
    "constant conditions",
    lines("if 0:", "  a()", "if __debug__:", "  b()", "else:", "  c()", "if not 0 and 'x':", "  c()"),
    "2 false> 4; 3 > 4; 4 true> 5; 5 > 8; 7 > 8; 8 true> 9; 9 > out; in > 2",
    "3 !> raise; 5 !> raise; 7 !> raise; 8 !> raise; 9 !> raise",
    "3 7",
  ],
  [
    "constants that are computed",
    lines("if -1:", "  a()", "while f'x' if 1 else b:", "  if f'':", "    c()"),
    "2 true> 3; 3 > 4; 4 true> 5; 5 false> 4; 6 loop-back> 4; in > 2",
    "3 !> raise; 6 !> raise",
    "6 out",
  ],
  [
    "a truth that is asked for but decides nothing",
    lines("if not (a and 0):", "  b()", "assert c or 1"),
    "2 true> 3; 3 > 4; 4 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise",
    "",
  ],
  [
    "while with else",
    lines("while a:", "  if b: break", "  if c: continue", "  a()", "else:", "  b()", "c()"),
    "2 false> 7; 2 true> 3; 3 false> 4; 3 true> 3'; 3' break> 8; 4 false> 5; 4 true> 4'; 4' continue> 2; 5 loop-back> 2; 7 > 8; 8 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise; 7 !> raise; 8 !> raise",
    "",
  ],
  [
    "while true",
    lines("while True:", "  if a:", "    break", "b()"),
    "2 true> 3; 3 false> 2; 3 true> 4; 4 break> 5; 5 > out; in > 2",
    "3 !> raise; 5 !> raise",
    "",
  ],
  [
    "while true, never left",
    lines("while 1:", "  a()", "b()"),
    "2 true> 3; 3 loop-back> 2; 4 > out; in > 2",
    "3 !> raise; 4 !> raise",
    "4 out",
  ],
  [
    "for with else",
    lines("for x in a:", "  if x:", "    break", "else:", "  b()", "c()"),
    "2 false> 6; 2 true> 3; 3 false> 2; 3 true> 4; 4 break> 7; 6 > 7; 7 > out; in > 2",
    "2 !> raise; 3 !> raise; 6 !> raise; 7 !> raise",
    "",
  ],
  [
    "break in else of an inner loop binds to the outer one",
    lines("for x in a:", "  for y in b:", "    c()", "  else:", "    break", "  b()", "c()"),
    "2 false> 8; 2 true> 3; 3 false> 6; 3 true> 4; 4 loop-back> 3; 6 break> 8; 7 loop-back> 2; 8 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 7 !> raise; 8 !> raise",
    "7",
  ],
  [
    "return and dead code",
    lines("return a", "b()", "c()"),
    "2 return> out; 3,4 > out; in > 2",
    "2 !> raise; 3,4 !> raise",
    "3,4",
  ],
  [
    "raise",
    lines("if a:", "  raise ValueError", "b()"),
    "2 false> 4; 2 true> 3; 4 > out; in > 2",
    "2 !> raise; 3 !> raise; 3 !ValueError> raise; 4 !> raise",
    "",
  ],
  ["assert", lines("assert a", "b()"), "2,3 > out; in > 2,3", "2,3 !> raise; 2,3 !AssertionError> raise", ""],
  [
    "assert false",
    lines("assert False", "b()"),
    "3 > out; in > 2",
    "2 !> raise; 2 !AssertionError> raise; 3 !> raise",
    "3 out",
  ],
  [
    "try except else",
    lines("try:", "  a()", "except KeyError:", "  b()", "else:", "  c()", "a()"),
    "2 > 3; 3 > 7; 4 true> 5; 5 > 8; 7 > 8; 8 > out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 7 !> raise; 8 !> raise",
    "",
  ],
  [
    "try finally, all ways",
    lines(
      "for x in a:",
      "  try:",
      "    if a: return 1",
      "    if b: break",
      "    if c: continue",
      "    b()",
      "  finally:",
      "    c()",
    ),
    "2 false> out; 2 true> 3; 3 > 4; 4 false> 5; 4 true> 4'; 4' return> F9''; 5 false> 6; 5 true> 5'; 5' break> F9'''; 6 false> 7; 6 true> 6'; 6' continue> F9''''; 7 > F9; 9 loop-back> 2; 9'' return> out; 9''' break> out; 9'''' continue> 2; F9 > 9; F9' > 9'; F9'' > 9''; F9''' > 9'''; F9'''' > 9''''; in > 2",
    "2 !> raise; 4 !> F9'; 4' !> F9'; 5 !> F9'; 5' !> F9'; 6 !> F9'; 6' !> F9'; 7 !> F9'; 9 !> raise; 9' !> raise; 9' !re-raise> raise; 9'' !> raise; 9''' !> raise; 9'''' !> raise",
    "",
  ],
  [
    "finally that returns",
    lines("try:", "  a()", "finally:", "  return 1"),
    "2 > 3; 3 > F5; 5 return> out; 5' return> out; F5 > 5; F5' > 5'; in > 2",
    "3 !> F5'; 5' !> raise",
    "",
  ],
  [
    "nested finally",
    lines("try:", "  try:", "    return a()", "  finally:", "    b()", "finally:", "  c()"),
    "2 > 3; 3 > 4; 4 return> F6'; 6' return> F8'; 8' return> out; F6 > 6; F6' > 6'; F8 > 8; F8' > 8'; in > 2",
    "3 !> F8; 4 !> F6; 6 !> F8; 6 !re-raise> F8; 6' !> F8; 8 !> raise; 8 !re-raise> raise; 8' !> raise",
    "",
  ],
  [
    "break in a loop inside try does not run the finally",
    lines("try:", "  for x in a:", "    break", "finally:", "  b()"),
    "2 > 3; 3 false> F6; 3 true> 4; 4 break> F6; 6 > out; F6 > 6; F6' > 6'; in > 2",
    "3 !> F6'; 4 !> F6'; 6 !> raise; 6' !> raise; 6' !re-raise> raise",
    "",
  ],
  [
    "with",
    lines("with a as b:", "  c()", "a()"),
    "2 > 3; 3 > W2; 4 > out; W2 > 4; W2' > 4; in > 2",
    "2 !> raise; 3 !> W2'; 4 !> raise; W2 !> raise; W2' !> raise; W2' !re-raise> raise",
    "",
  ],
  [
    "with, return inside",
    lines("with a, b:", "  return c()", "a()"),
    "2 > 3; 3 return> W2'; 4 > out; W2 > 4; W2' return> out; in > 2",
    "2 !> W2; 2 !> raise; 3 !> W2; 4 !> raise; W2 !> raise; W2 !re-raise> raise; W2' !> raise",
    "",
  ],
  [
    "with in a loop, break and continue",
    lines("for x in a:", "  with b:", "    if c: break", "    if a: continue", "    c()"),
    "2 false> out; 2 true> 3; 3 > 4; 4 false> 5; 4 true> 4'; 4' break> W3''; 5 false> 6; 5 true> 5'; 5' continue> W3'''; 6 > W3; W3 loop-back> 2; W3' loop-back> 2; W3'' break> out; W3''' continue> 2; in > 2",
    "2 !> raise; 3 !> raise; 4 !> W3'; 4' !> W3'; 5 !> W3'; 5' !> W3'; 6 !> W3'; W3 !> raise; W3' !> raise; W3' !re-raise> raise; W3'' !> raise; W3''' !> raise",
    "",
  ],
  [
    "match",
    lines("match a:", "  case 1:", "    a()", "  case [x, *_] if x:", "    b()", "c()"),
    "2 > 3; 3 case> 4; 3 false> 5; 4 > 7; 5 case> 6; 5 false> 7; 6 > 7; 7 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise; 6 !> raise; 7 !> raise",
    "",
  ],
  [
    "match, irrefutable name",
    lines("match a:", "  case 1:", "    a()", "  case x:", "    b()", "c()"),
    "2 > 3; 3 case> 4; 3 false> 5; 4 > 7; 5 case> 6; 6 > 7; 7 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 6 !> raise; 7 !> raise",
    "",
  ],
  [
    "match, irrefutable group",
    lines("match a:", "  case (y):", "    return y", "c()"),
    "2 > 3; 3 case> 4; 4 return> out; 5 > out; in > 2",
    "2 !> raise; 4 !> raise; 5 !> raise",
    "5",
  ],
  [
    "match, irrefutable or",
    lines("match a:", "  case 2 | _:", "    return y", "c()"),
    "2 > 3; 3 case> 4; 4 return> out; 5 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise",
    "5",
  ],
  [
    "match, guard on irrefutable",
    lines("match a:", "  case _ if b:", "    return y", "c()"),
    "2 > 3; 3 case> 4; 3 false> 5; 4 return> out; 5 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise",
    "",
  ],
  [
    "except star",
    lines("try:", "  a()", "except* KeyError:", "  b()", "except* OSError:", "  c()", "a()"),
    "2 > 3; 3 > 8; 4 false> 6; 4 true> 5; 5 > 6; 6 false> rest; 6 true> 7; 7 > rest; 8 > out; in > 2; rest > 8",
    "3 !> 4; 4 !> raise; 5 !> 6; 6 !> raise; 7 !> rest; 8 !> raise; rest !re-raise> raise",
    "",
  ],
  [
    "sys.exit",
    lines("import sys", "if a:", "  sys.exit(1)", "b()"),
    "2 > 3; 3 false> 5; 3 true> 4; 5 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 4 !SystemExit> raise; 5 !> raise",
    "",
  ],
  [
    "os._exit by another name",
    lines("from os import _exit as exit", "if a:", "  exit(1)", "b()"),
    "2 > 3; 3 false> 5; 3 true> 4; 5 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise",
    "",
  ],
  [
    "exit as a parameter is no exit",
    lines("exit = a", "if a:", "  exit(1)", "b()"),
    "2 > 3; 3 false> 5; 3 true> 4; 4 > 5; 5 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise",
    "",
  ],
  ["one line", lines("if a: b(); c()"), "2 false> out; 2 true> 2,2; 2,2 > out; in > 2", "2 !> raise; 2,2 !> raise", ""],
];

describe("buildGraph", () => {
  it.each(CASES)("%s", (_name, body, normal, exceptions, unreachable) => {
    const graph = graphOf(body);
    const name = names(graph);
    const dead = graph.nodes.filter((node) => node.unreachable === true).map((node) => name.get(node.id));
    expect(normalEdges(graph)).toBe(normal);
    expect(exceptionEdges(graph)).toBe(exceptions);
    expect(dead.join(" ")).toBe(unreachable);
  });

  it("leads a raised built-in class to the clause that takes it, and past those that cannot", () => {
    const graph = graphOf(
      lines(
        "try:",
        "  raise KeyError(a)",
        "except ValueError:",
        "  b()",
        "except LookupError:",
        "  c()",
        "except E: pass",
      ),
    );
    expect(exceptionEdges(graph)).toContain("3 !KeyError> 6");
    expect(exceptionEdges(graph)).toContain("3 !> 4");
    expect(exceptionEdges(graph)).not.toContain("3 !KeyError> 4");
  });

  it("leads a raised class that no clause takes outside", () => {
    const graph = graphOf(lines("try:", "  raise KeyError", "except ValueError:", "  b()"));
    expect(exceptionEdges(graph)).toContain("3 !KeyError> raise");
  });

  it("keeps what a bare except or BaseException takes", () => {
    for (const clause of ["except:", "except BaseException:", "except (OSError, BaseException):"]) {
      expect(exceptionEdges(graphOf(lines("try:", "  a()", clause, "  pass")))).not.toContain("no match");
    }
    expect(exceptionEdges(graphOf(lines("try:", "  a()", "except Exception:", "  pass")))).toContain(
      "4 !no match> raise",
    );
  });

  it("has a way to a handler even where nothing raises", () => {
    expect(exceptionEdges(graphOf(lines("try:", "  pass", "except KeyError:", "  a()")))).toContain("3 !> 4");
  });

  it("marks what only dead code leads to", () => {
    const graph = graphOf(lines("return 1", "while a:", "  b()"));
    expect(graph.nodes.filter((node) => node.unreachable).map((node) => node.startLine)).toEqual([3, 4, 4]);
  });
});

describe("buildGraphs", () => {
  const text = lines(
    "import os",
    "@decorator",
    "class C:",
    "  @property",
    "  def m(self, key=lambda x: x + 1):",
    "    def inner():",
    "      return lambda: 0",
    "    return inner",
    "async def g():",
    "  class D:",
    "    def h(self): pass",
    "",
  );

  it("has a graph for each scope, named as Python names it", () => {
    const graphs = buildGraphs(text, parseModule(text).module);
    expect(graphs.map(({ kind, qualname, line }) => `${kind} ${qualname} ${line}`)).toEqual([
      "module <module> 1",
      "class C 3",
      "lambda C.<lambda> 5",
      "function C.m 5",
      "function C.m.<locals>.inner 6",
      "lambda C.m.<locals>.inner.<locals>.<lambda> 7",
      "function g 9",
      "class g.<locals>.D 10",
      "function g.<locals>.D.h 11",
    ]);
  });

  it("has the lambdas of annotations, type parameters and type aliases, which are no branches where they stand", () => {
    const lazy = lines(
      "def f[T: (lambda: 1)](a: (lambda: 2)) -> (lambda: 3):",
      "  type X[U = lambda: 4] = a if b else lambda: 5",
      "  x: (lambda: 6) = 7",
      "class C[T: lambda: 8]: pass",
    );
    const graphs = buildGraphs(lazy, parseModule(lazy).module, { detail: "expression" });
    expect(graphs.filter(({ kind }) => kind === "lambda").length).toBe(7);
    expect(graphs.flatMap(({ nodes }) => nodes).filter(({ kind }) => kind === "branch")).toEqual([]);
  });

  it("finds the innermost function around a line, and one by its name", () => {
    const { module } = parseModule(text);
    expect(buildGraph(text, module, { line: 7 })?.qualname).toBe("C.m.<locals>.inner");
    expect(buildGraph(text, module, { line: 4 })?.qualname).toBe("C.m");
    expect(buildGraph(text, module, { line: 1 })?.qualname).toBe("<module>");
    expect(buildGraph(text, module, { qualname: "g.<locals>.D" })?.line).toBe(10);
    expect(buildGraph(text, module, { qualname: "nothing" })).toBeNull();
  });

  it("tells definitions of one name apart by line", () => {
    const twice = lines("if a:", "  def f(): pass", "else:", "  def f(): return 1", "");
    const { module } = parseModule(twice);
    expect(buildGraph(twice, module, { qualname: "f" })?.line).toBe(2);
    expect(buildGraph(twice, module, { qualname: "f", line: 4 })?.line).toBe(4);
  });

  it("builds what it can of broken text", () => {
    const broken = lines("def f(a:", "  return (a", "def g():", "  return 2", "");
    const { module, problems } = parseModule(broken);
    expect(problems.length).toBeGreaterThan(0);
    expect(buildGraphs(broken, module).map((graph) => graph.qualname)).toContain("g");
  });
});

describe("large and deep input", () => {
  const nodesOf = (body: string) => graphOf(body).nodes.length;

  it("a chain of 5 000 elif", () => {
    const chain = Array.from({ length: 5000 }, (_, i) => `elif a == ${i}:\n  b(${i})`).join("\n");
    expect(nodesOf(`if a:\n  c()\n${chain}`)).toBe(2 * 5001 + 3);
  });

  it("100 000 statements", () => {
    const graph = graphOf("a()\n".repeat(99_999).concat("b()"));
    expect(graph.nodes.length).toBe(4);
    expect(graph.nodes[1]?.lines.length).toBe(100_000);
    expect(graph.complexity.statements).toBe(100_000);
  });

  it("a finally in a finally, 60 deep, does not double with each", () => {
    const deep = Array.from({ length: 60 }, (_, i) => {
      const indent = "  ".repeat(i);
      return `${indent}try:\n${indent}  return a()\n${indent}finally:`;
    });
    expect(nodesOf(`${deep.join("\n")}\n${"  ".repeat(60)}b()`)).toBeLessThan(200_000);
  });

  it("a sum of 20 000 terms", () => {
    expect(nodesOf(`a = ${Array.from({ length: 20_000 }, () => "b or 1").join(" + ")}`)).toBe(4);
  });
});
