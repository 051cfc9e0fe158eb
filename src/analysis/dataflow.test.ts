import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataFlow } from "../model/index.ts";
import { parseModule } from "../python/index.ts";
import { dataFlow } from "./dataflow.ts";
import type { ScopeQuery } from "./graphs.ts";

function flow(text: string, query: ScopeQuery = { qualname: "f" }): DataFlow {
  const found = dataFlow(text, parseModule(text).module, query);
  if (found === null) throw new Error("no such scope");
  return DataFlow.parse(found);
}

/** For each use of a name, in order: its line, the lines of what reaches it, `?` for "perhaps nothing", `^` for captured. */
function reaching(text: string, name: string, query?: ScopeQuery): string[] {
  const variable = flow(text, query).variables.find((one) => one.name === name);
  if (variable === undefined) throw new Error(`no variable ${name}`);
  return variable.uses.map(({ line, definitions, outside, captured }) => {
    const lines = definitions.map((index) => variable.definitions[index]?.line);
    return `${line}: ${lines.join(" ")}${outside ? " ?" : ""}${captured ? " ^" : ""}`;
  });
}

function body(...lines: string[]): string {
  return ["def f(p, *args, q=0, **kwargs):", ...lines.map((line) => `    ${line}`)].join("\n");
}

describe("dataFlow", () => {
  it("knows what reaches a use along straight lines and branches", () => {
    expect(reaching(body("x = 1", "x = x + 1", "print(x)"), "x")).toEqual(["3: 2", "4: 3"]);
    expect(reaching(body("x = 1", "if p:", "    x = 2", "print(x)"), "x")).toEqual(["5: 2 4"]);
    expect(reaching(body("if p:", "    x = 2", "print(x)"), "x")).toEqual(["4: 3 ?"]);
    expect(reaching(body("print(p, q, args, kwargs)"), "kwargs")).toEqual(["2: 1"]);
    expect(reaching(body("x = 1", "return x", "print(x)"), "x")).toEqual(["3: 2", "4: "]);
  });

  it("tells where names stand, and what each definition reaches", () => {
    const text = body(
      "import os.path as path, sys",
      "for i, (path, *rest) in q: print(path)",
      "async def g(): pass",
      "g",
    );
    const { variables } = flow(text);
    for (const { name, definitions, uses } of variables) {
      for (const { line, column, length } of [...definitions, ...uses]) {
        expect(text.split("\n")[line - 1]?.slice(column, column + length)).toBe(name);
      }
    }
    const path = variables.find(({ name }) => name === "path");
    expect(path?.definitions.map(({ kind, uses }) => [kind, uses])).toEqual([
      ["import", []],
      ["for", [0]],
    ]);
    expect(variables.find(({ name }) => name === "p")?.scope).toBe("parameter");
  });

  it("goes round loops, and out of them", () => {
    const text = body(
      "x = 0",
      "while p:",
      "    print(x)",
      "    if q: break",
      "    x = 1",
      "else:",
      "    x = 2",
      "print(x)",
    );
    expect(reaching(text, "x")).toEqual(["4: 2 6", "9: 2 6 8"]);
    expect(reaching(body("while True:", "    x = 1", "    if x: break", "print(x)"), "x")).toEqual(["4: 3", "5: 3"]);
    expect(reaching(body("for x in p:", "    continue", "print(x)"), "x")).toEqual(["4: 2 ?"]);
  });

  it("follows exceptions to handlers with what held before the statement that raised", () => {
    const text = body("x = 0", "try:", "    x = g()", "    h()", "except OSError as e:", "    print(x, e)", "print(x)");
    expect(reaching(text, "x")).toEqual(["7: 2 4", "8: 2 4"]);
    const once = body("x = 0", "try:", "    x = g()", "except OSError:", "    print(x)");
    expect(reaching(once, "x")).toEqual(["6: 2"]);
    expect(reaching(body("try: g()", "except E as e: pass", "print(e)"), "e")).toEqual(["4:  ?"]);
    const again = body("for i in p:", "    try: g()", "    except E as e: continue", "    print(e)");
    expect(reaching(again, "e")).toEqual(["5:  ?"]);
  });

  it("keeps the ways through finally apart", () => {
    const text = body(
      "x = 0",
      "try:",
      "    x = 1",
      "    if p: return",
      "    x = 2",
      "finally:",
      "    print(x)",
      "print(x)",
    );
    expect(reaching(text, "x")).toEqual(["8: 2 4 6", "9: 6"]);
    const jump = body(
      "for i in p:",
      "    try:",
      "        x = 1",
      "        break",
      "    finally:",
      "        y = 1",
      "print(y)",
    );
    expect(reaching(jump, "y")).toEqual(["8: 7 ?"]);
  });

  it("lets with swallow exceptions, but not files", () => {
    expect(reaching(body("x = 0", "with p as y:", "    x = g()", "print(x, y)"), "x")).toEqual(["5: 2 4"]);
    expect(reaching(body("x = 0", "with open(p) as y:", "    x = g()", "print(x, y)"), "x")).toEqual(["5: 4"]);
  });

  it("knows the walrus and what short-circuits", () => {
    expect(reaching(body("if p and (x := g()):", "    print(x)", "else:", "    print(x)"), "x")).toEqual([
      "3: 2",
      "5: 2 ?",
    ]);
    expect(reaching(body("y = [x := i for i in p]", "print(x)"), "x")).toEqual(["3: 2 ?"]);
    expect(reaching(body("while not (x := g()): pass", "print(x)"), "x")).toEqual(["3: 2"]);
    expect(reaching(body("print((x := 1) if p else (x := 2), x)"), "x")).toEqual(["2: 2 2"]);
  });

  it("knows augmented assignment and del", () => {
    expect(reaching(body("x = 0", "x += 1", "print(x)"), "x")).toEqual(["3: 2", "4: 3"]);
    expect(reaching(body("x = 0", "del x", "print(x)"), "x")).toEqual(["3: 2", "4:  ?"]);
    expect(reaching(body("a = b = []", "a[b] = 1"), "a")).toEqual(["3: 2"]);
  });

  it("knows match captures", () => {
    const text = body(
      "match p:",
      "    case [x, *y] if x: print(x)",
      "    case {'k': x, **rest}: print(rest)",
      "    case _: print(x)",
    );
    expect(reaching(text, "x")).toEqual(["3: 3", "3: 3", "5: 3 ?"]);
    expect(reaching(text, "rest")).toEqual(["4: 4"]);
  });

  it("keeps a comprehension's own variables apart", () => {
    const text = body("x = 1", "y = [x for x in p if x]", "print(x)");
    const named = flow(text).variables.filter(({ name }) => name === "x");
    expect(named.map(({ scope }) => scope)).toEqual(["local", "comprehension"]);
    expect(named.map(({ uses }) => uses.map(({ line }) => line))).toEqual([[4], [3, 3]]);
  });

  it("reports uses that run later as captured by any definition", () => {
    expect(reaching(body("x = 1", "g = lambda y=x: x", "x = 2", "def h(): return x"), "x")).toEqual([
      "3: 2",
      "3: 2 4 ^",
      "5: 2 4 ^",
    ]);
    expect(reaching(body("x = 1", "g = (x for i in p)", "x = 2", "any(x for i in p)"), "x")).toEqual([
      "3: 2 4 ^",
      "5: 4",
    ]);
    expect(reaching(body("x = 1", "def h(x): return x", "print(x)"), "x")).toEqual(["4: 2"]);
    expect(reaching(body("x = 1", "class C:", "    y = x", "    def m(self): return y", "print(x)"), "x")).toEqual([
      "4: 2",
      "6: 2",
    ]);
  });

  it("knows global, nonlocal and names of functions around", () => {
    const text = "n = 1\ndef f():\n    global n\n    print(n)\n    n = 2\n    print(n)\n";
    expect(reaching(text, "n")).toEqual(["4:  ?", "6: 5"]);
    const outer = "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    g()\n    print(x)\n";
    expect(reaching(outer, "x")).toEqual(["7: 2 5"]);
    expect(flow(outer, { qualname: "f.<locals>.g" }).variables).toMatchObject([{ name: "x", scope: "nonlocal" }]);
    const free = "def f():\n    x = 1\n    return lambda: x\n";
    expect(reaching(free, "x", { qualname: "f.<locals>.<lambda>" })).toEqual(["3:  ?"]);
    expect(reaching("x = 1\ndef g():\n    global x\n    x = 2\nprint(x)\n", "x", {})).toEqual(["5: 1 4"]);
  });

  it("ends the way at calls that never return", () => {
    const text = `import sys\n${body("x = 0", "if p:", "    x = 1", "    sys.exit(1)", "print(x)")}`;
    expect(reaching(text, "x")).toEqual(["7: 3"]);
  });

  it("takes functions of ten thousand lines", { timeout: 60_000 }, () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `if p: x${i % 500} = x${i % 500} + q`);
    const text = body(...lines);
    const { module } = parseModule(text);
    const found = dataFlow(text, module, { qualname: "f" });
    expect(found?.variables.length).toBe(504);
  });

  it("takes any text", () => {
    const piece = fc.constantFrom(
      "try:",
      "finally:",
      "except E as x:",
      "x",
      "=",
      ":=",
      "(",
      ")",
      "for",
      "in",
      "\n",
      "\n  ",
      "del",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join(" ");
        dataFlow(text, parseModule(text).module, {});
      }),
      { numRuns: 300 },
    );
  });
});
