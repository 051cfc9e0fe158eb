import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { dump, type Node, parseModule, walk } from "./index.ts";

const Snippets = z.array(z.object({ title: z.string(), source: z.string(), dump: z.string() }));
/** Written by test/eval/ast/snippets.py with CPython 3.13. */
const snippets = Snippets.parse(JSON.parse(readFileSync(new URL("snippets.json", import.meta.url), "utf8")));

function tree(source: string, version = 14): string {
  const { module, problems } = parseModule(source);
  expect(problems).toEqual([]);
  return dump(module, source, { version, positions: "none" });
}

function first(source: string): Node | undefined {
  return parseModule(source).module.body[0];
}

describe("constructs up to Python 3.13, as CPython reads them", () => {
  test.each(snippets)("$title", ({ source, dump: expected }) => {
    expect(tree(source, 13)).toBe(expected);
  });
});

describe("constructs of Python 3.14", () => {
  test("several exceptions without parentheses (PEP 758)", () => {
    const plain = "try: pass\nexcept A, B: pass\n";
    expect(tree(plain)).toBe(tree(plain.replace("A, B", "(A, B)")));
    expect(tree("try: pass\nexcept* A, B, C: pass\n")).toContain("TryStar");
    expect(parseModule("try: pass\nexcept A, B as c: pass\n").problems).toHaveLength(1);
  });

  test("t-strings (PEP 750)", () => {
    expect(tree("t'a{b!r:>{c}}d' t'{e + 1}'")).toBe(
      "Module(body=[Expr(value=TemplateStr(values=[Constant(value='a'), Interpolation(value=Name(id='b', ctx=Load()), " +
        "str='b', conversion=114, format_spec=JoinedStr(values=[Constant(value='>'), FormattedValue(value=Name(id='c', " +
        "ctx=Load()), conversion=-1)])), Constant(value='d'), Interpolation(value=BinOp(left=Name(id='e', ctx=Load()), " +
        "op=Add(), right=Constant(value=1)), str='e + 1', conversion=-1)]))], type_ignores=[])",
    );
    expect(parseModule("t'a' f'b'").problems).toHaveLength(1);
  });
});

describe("positions", () => {
  const source = "é = [\n  (a).b(c),\n]\n@d\ndef f(): pass;\n(x, y,)\n";
  const all = (): readonly [string, string][] => {
    const found: [string, string][] = [];
    walk(parseModule(source).module, (node) => {
      if ("end" in node && node.kind !== "Module") found.push([node.kind, source.slice(node.start, node.end)]);
      return true;
    });
    return found;
  };

  test("cover the text of a node", () => {
    expect(all()).toEqual([
      ["Assign", "é = [\n  (a).b(c),\n]"],
      ["Name", "é"],
      ["List", "[\n  (a).b(c),\n]"],
      ["Call", "(a).b(c)"],
      ["Attribute", "(a).b"],
      ["Name", "a"],
      ["Name", "c"],
      ["FunctionDef", "def f(): pass;"],
      ["Name", "d"],
      ["Pass", "pass"],
      ["Expr", "(x, y,)"],
      ["Tuple", "(x, y,)"],
      ["Name", "x"],
      ["Name", "y"],
    ]);
  });

  test("a decorated function's line is that of its def", () => {
    expect(first("@d\n@e\ndef f():\n  pass\n")).toMatchObject({ line: 3, endLine: 4, start: 6 });
  });

  test("a mark at the start of the text counts as no character of the program", () => {
    expect(first("\ufeffx")).toMatchObject({ start: 1, end: 2, line: 1 });
  });
});

describe("values", () => {
  test("numbers too large for a JavaScript number are exact", () => {
    expect(first("0xFFFF_FFFF_FFFF_FFFF")).toMatchObject({ value: { value: { type: "int", value: 2n ** 64n - 1n } } });
  });

  test("named characters are read when the names are given", () => {
    const value = (names?: (name: string) => string | undefined) =>
      parseModule("'a\\N{em Dash}b'", names ? { unicodeNames: names } : {}).module.body[0];
    expect(value((name) => (name === "EM DASH" ? "—" : undefined))).toMatchObject({
      value: { value: { type: "str", value: "a—b" } },
    });
    expect(value()).toMatchObject({ value: { value: { type: "str", value: "a\\N{em Dash}b" } } });
  });

  test("carriage returns in strings are line feeds, written ones are not", () => {
    expect(first("'''a\r\nb\rc\\r\\\r\nd'''")).toMatchObject({ value: { value: { value: "a\nb\nc\rd" } } });
  });
});

describe("what Python refuses", () => {
  test.each([
    ["print 'x'", "Python 2"],
    ["exec 'x'", "Python 2"],
    ["raise A, 'b'", "Python 2"],
    ["a <> b", "Python 2"],
    ["`a`", "Python 2"],
    ["x = 0777", "leading zeros"],
    ["x = 10L", "end of the statement"],
    ["x = 1__0", "invalid decimal"],
    ["x = 1_", "invalid decimal"],
    ["x = 0xg", "invalid number"],
    ["f() = 1", "cannot assign to a function call"],
    ["1 += 1", "a literal is not possible"],
    ["*a = b", "starred assignment target"],
    ["(a, b): int", "not possible as the target of an annotation"],
    ["del f()", "cannot delete a function call"],
    ["for 1 in x: pass", "cannot assign to a literal"],
    ["x = (*a)", "starred expression"],
    ["f(a for a in b, c)", "generator expression must be parenthesized"],
    ["f(a.b=1)", "“,” or “)”"],
    ["def f(a=1, b): pass", "without a default"],
    ["'a' b'b'", "cannot mix bytes"],
    ["b'é'", "ASCII"],
    ["f'{a'", "unterminated string"],
    ["f'{'", "unterminated"],
    ["f'{a b}'", "“}”"],
    ["f'}'", "single “}”"],
    ["f'{a!x}'", "after “!”"],
    ["f'{}'", "an expression"],
    ["'abc", "unterminated string"],
    ["x = $", "U+0024"],
    ["x = a\\b", "line continuation"],
    ["if x:\npass", "indented block"],
    ["  x = 1", "unexpected indent"],
    ["if a:\n    x\n  y", "unexpected indentation"],
    ["if a:\n    x\n    y\n  z", "unindent"],
    ["if a:\n\tx\n        y", "tabs and spaces"],
    ["try: pass\n", "except"],
    ["@a\nx = 1", "function or class"],
    ["x = a.", "attribute name"],
    ["import a.", "module name"],
    ["a b", "end of the statement"],
    ["match x:\n  y\n", "case"],
    ["match x:\n  case a as _: pass\n", "“_”"],
  ])("%s", (source, message) => {
    const { problems } = parseModule(source);
    expect(problems.map((problem) => problem.message).join("\n")).toContain(message);
  });
});

describe("depth", { timeout: 60_000 }, () => {
  const deep: readonly [string, string][] = [
    ["parentheses", "(".repeat(1000) + ")".repeat(1000)],
    ["lists", "[".repeat(1000) + "]".repeat(1000)],
    ["calls", "f(".repeat(1000) + ")".repeat(1000)],
    ["open brackets", "[{(".repeat(10_000)],
    ["f-strings", `f"{`.repeat(1000)],
    ["formats", `f"${"{a:".repeat(1000)}`],
    ["unary operators", `${"not -".repeat(5000)}a`],
    ["powers", `a${"**a".repeat(5000)}`],
    ["lambdas", `${"lambda: ".repeat(5000)}a`],
    ["patterns", `match x:\n case ${"[".repeat(1000)}${"]".repeat(1000)}: pass`],
    ["blocks", Array.from({ length: 1000 }, (_, level) => `${" ".repeat(level)}if a:`).join("\n")],
    ["broken blocks", Array.from({ length: 1000 }, (_, level) => `${" ".repeat(level)}a b`).join("\n")],
  ];

  test.each(deep)("%s beyond the limit are a problem, and what follows is read", (_, source) => {
    const { module, problems } = parseModule(`${source}\ndef after(): pass\n`);
    expect(problems).not.toEqual([]);
    expect(module.body.at(-1)).toMatchObject({ kind: "FunctionDef", name: "after" });
  });

  test("brackets that Python still reads are read", () => {
    expect(parseModule("(".repeat(200) + ")".repeat(200)).problems).toEqual([]);
    expect(parseModule("[".repeat(200) + "]".repeat(200)).problems).toEqual([]);
  });

  test("what lies too deep is one error inside of what is read", () => {
    const { module, problems } = parseModule(`x = ${"[".repeat(300)}a, b${"]".repeat(300)} + c\n`);
    expect(problems).toHaveLength(1);
    const kinds: string[] = [];
    walk(module, (node) => {
      kinds.push(node.kind);
      return true;
    });
    expect(kinds.filter((kind) => kind.startsWith("Error"))).toEqual(["ErrorExpression"]);
    expect(kinds).toContain("BinOp");
  });

  const long: readonly [string, string][] = [
    ["operators", `a${"+b".repeat(10_000)}`],
    ["comparisons", `a${"<b".repeat(10_000)}`],
    ["attributes and calls", `a${".b()".repeat(10_000)}`],
    ["conditionals", `a${" if b else c".repeat(10_000)}`],
    ["elifs", `if a: pass\n${"elif b: pass\n".repeat(10_000)}else: pass`],
    ["targets", `${"a = ".repeat(10_000)}b`],
    ["statements", "a;".repeat(10_000)],
    ["strings", `'a' ${"f'{b}' ".repeat(10_000)}`],
  ];

  test.each(long)("a chain of ten thousand %s is no depth", (_, source) => {
    const { module, problems } = parseModule(source);
    expect(problems).toEqual([]);
    let nodes = 0;
    walk(module, () => {
      nodes++;
      return true;
    });
    expect(nodes).toBeGreaterThan(10_000);
  });
});
