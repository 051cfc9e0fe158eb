import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forEachChild, type Node, parseModule, type Span, walk } from "./index.ts";

/** The functions and classes of a text as dotted names, in order. */
function definitions(source: string): readonly string[] {
  const names: string[] = [];
  const visit = (node: Node, path: string): void => {
    const named = node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef" || node.kind === "ClassDef";
    const below = named ? `${path}${node.name}.` : path;
    if (named) names.push(`${path}${node.name}`);
    forEachChild(node, (child) => visit(child, below));
  };
  visit(parseModule(source).module, "");
  return names;
}

const FILE = `import os

class A(B):
    """Text of the class.

    More of it.
    """

    x = {
        "a": [1, 2],
    }

    def one(self, a, b=(1, 2)):
        """Says one."""
        if a:
            return f"{a!r:>{b}}"
        return b

    @property
    def two(self):
        '''Says two.'''
        call(self.x, key="value")
        with open(a) as b:
            pass

def three(a,
          b):
    for x in y:
        print(x)
    return [
        a,
    ]

async def four():
    await three(1, 2)
`;
const ALL = ["A", "A.one", "A.two", "three", "four"];

describe("one broken line costs no other function", () => {
  test.each<[string, string, string, (readonly string[])?]>([
    ["an open bracket in a statement", 'call(self.x, key="value")', 'call(self.x, key="value"'],
    ["an open bracket more", "print(x)", "print((x)"],
    ["a bracket too many", "print(x)", "print(x))"],
    ["the wrong bracket", "print(x)", "print(x]"],
    ["an open bracket in a header", "def one(self, a, b=(1, 2)):", "def one(self, a, b=(1, 2):"],
    ["a header without its colon", "def one(self, a, b=(1, 2)):", "def one(self, a, b=(1, 2))"],
    ["a header without brackets", "def three(a,", "def three a,"],
    ["a header cut in its parameters", "def one(self, a, b=(1, 2)):", "def one(self, a, b=("],
    ["a class cut in its bases", "class A(B):", "class A(B"],
    ["a condition that is none", "if a:", "if a +:"],
    ["a loop without in", "for x in y:", "for x of y:"],
    ["a with that is none", "with open(a) as b:", "with open(a as b:"],
    ["an open string", 'key="value"', 'key="value'],
    ["an open f-string", 'return f"{a!r:>{b}}"', 'return f"{a!r:>{b}'],
    ["an open field in an f-string", 'return f"{a!r:>{b}}"', 'return f"{a!r:>{b}"'],
    ["docstring quotes that do not open", '"""Says one."""', 'Says one."""'],
    ["docstring quotes that do not close", '"""Says one."""', '"""Says one.'],
    ["docstring quotes with two marks", '"""Says one."""', '""Says one."""'],
    ["class docstring that does not open", '"""Text of the class.', "Text of the class."],
    ["class docstring that does not close", '    """\n\n    x', "    \n\n    x"],
    ["quotes of the other sort", "'''Says two.'''", "'''Says two."],
    ["triple quotes in a statement", "print(x)", 'pri"""nt(x)'],
    ["a line without its indentation", "        if a:", "if a:"],
    ["a statement without its indentation", "        return b", "return b"],
    ["a method without its indentation", "    def one(self", "def one(self"],
    ["a statement too deep", "        with open(a)", "            with open(a)"],
    ["a statement at no level", "        return b", "      return b"],
    ["a first line at no level", '        """Says one."""', '          """Says one."""'],
    ["two words", "print(x)", "print x y"],
    ["a decorator that is none", "@property", "@property("],
    ["an open dictionary", "x = {", "x = {{"],
    ["an open list in a dictionary", "[1, 2],", "[1, 2,"],
    ["an open list at the end", "    return [\n        a,\n    ]", "    return [\n        a,\n"],
    ["a line end in a wrong place", "import os", "import os \\ x"],
    ["characters of no meaning", "import os", "??? $"],
    ["a keyword misspelt", "async def four():", "async de four():", ["A", "A.one", "A.two", "three"]],
    ["a def misspelt", "def three(a,\n          b):", "dfe three(a,\n          b):", ["A", "A.one", "A.two", "four"]],
  ])("%s", (_, from, to, names = ALL) => {
    expect(FILE).toContain(from);
    const broken = FILE.replace(from, to);
    expect(parseModule(broken).problems).not.toEqual([]);
    expect(definitions(broken)).toEqual(names);
  });

  test("what was read of a broken header stays", () => {
    const { module } = parseModule("def f(a, b: int, c=(:\n  return 1\n");
    expect(module.body).toMatchObject([
      {
        kind: "FunctionDef",
        name: "f",
        args: { args: [{ arg: "a" }, { arg: "b" }, { arg: "c" }] },
        body: [{ kind: "Return" }],
      },
    ]);
  });

  test("a broken statement is one error between its neighbours", () => {
    const { module, problems } = parseModule("a = 1\nb = (2,\nc = 3\n");
    expect(module.body.map(({ kind, line, endLine }) => [kind, line, endLine])).toEqual([
      ["Assign", 1, 1],
      ["ErrorStatement", 2, 2],
      ["Assign", 3, 3],
    ]);
    expect(problems).toHaveLength(1);
  });

  test("the cases of a broken match stay", () => {
    const { module } = parseModule("match x:\n case [a, (: f()\n case b: g()\n  \n case c if: h()\nd\n");
    expect(module.body).toMatchObject([
      { kind: "Match", cases: [{}, { body: [{ kind: "Expr" }] }, {}] },
      { kind: "Expr" },
    ]);
  });

  test("a statement between cases is kept beside the match", () => {
    const { module } = parseModule("match x:\n case a: pass\n def f(): pass\n case b: pass\n");
    expect(module.body.map(({ kind }) => kind)).toEqual(["Match", "FunctionDef"]);
  });
});

/** Children lie inside their parents and statements follow each other; returns what does not. */
function misplaced(root: Node, length: number): readonly string[] {
  const wrong: string[] = [];
  walk(root, (node) => {
    if (!("end" in node)) return true;
    if (node.start > node.end || node.end > length || node.line > node.endLine)
      wrong.push(`${node.kind} ${node.start}-${node.end}`);
    // Decorators stand before the definition's own position.
    if (node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef" || node.kind === "ClassDef") return true;
    forEachChild(node, (child) => {
      const { start, end } = child as Partial<Span>;
      if (start !== undefined && end !== undefined && (start < node.start || end > node.end)) {
        wrong.push(`${child.kind} ${start}-${end} in ${node.kind} ${node.start}-${node.end}`);
      }
    });
    return true;
  });
  return wrong;
}

const MINUTE = 60_000;
const WORDS =
  "def class if elif else for while try except finally with as async await return yield from import lambda not in is and or match case type print " +
  "pass del global nonlocal raise assert None True _ a b.c 1 0x 1e5 2j 'a' \"b f'{ f\"{a!r: }\" ''' \"\"\" rb' u'x' t'{ \\ \\\n # ( ) [ ] { } , : := ; . ... -> = == != < >= " +
  "+ - * ** / // % @ & | ^ ~ << += @= ! $ ? é 変 \0";
const PIECES = [
  ...WORDS.split(" "),
  "\n",
  "\r\n",
  "\n    ",
  "\n        ",
  "\n  ",
  "\n\t",
  " ",
  ":\n    ",
  "def f():\n    ",
];

describe("any text", { timeout: MINUTE }, () => {
  test("gives a tree whose parts lie inside each other, and never an exception", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 80 }), fc.boolean(), (pieces, spaced) => {
        const source = pieces.join(spaced ? " " : "");
        const { module } = parseModule(source);
        expect(misplaced(module, source.length)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("of arbitrary characters gives a tree", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (source) => {
        expect(parseModule(source).module.kind).toBe("Module");
      }),
      { numRuns: 300 },
    );
  });

  test("every beginning of a file gives a tree", () => {
    for (let end = 0; end <= FILE.length; end++) {
      const source = FILE.slice(0, end);
      expect(misplaced(parseModule(source).module, end)).toEqual([]);
    }
  });

  test("a file without any one of its characters gives a tree", () => {
    for (let at = 0; at < FILE.length; at++) {
      const source = FILE.slice(0, at) + FILE.slice(at + 1);
      expect(misplaced(parseModule(source).module, source.length)).toEqual([]);
    }
  });
});
