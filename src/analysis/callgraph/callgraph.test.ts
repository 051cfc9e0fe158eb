import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallGraph } from "../../model/index.ts";
import { parseModule } from "../../python/index.ts";
import { buildCallGraph } from "./callgraph.ts";

type Files = Readonly<Record<string, string>>;

function graphOf(files: Files): CallGraph {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text, module: parseModule(text).module }));
  return CallGraph.parse(buildCallGraph(sources));
}

/** Edges as `caller -> callee`, `?` for possible ones, `decorate` and `construct` named; then the external and unknown ones. */
function calls(files: Files): string[] {
  const { nodes, edges, external, unknown } = graphOf(files);
  const name = (id: number) =>
    `${nodes[id]?.file.replace(/\.py$/, "")}:${nodes[id]?.qualname}`.replace(":<module>", "");
  return [
    ...edges.map(({ from, to, kind, certainty }) => {
      const arrow = kind === "call" ? "->" : `-${kind}->`;
      return `${name(from)} ${arrow} ${name(to)}${certainty === "possible" ? " ?" : ""}`;
    }),
    ...external.map(({ from, name: callee }) => `${name(from)} -> ${callee} (external)`),
    ...unknown.map(({ from, text }) => `${name(from)} -> ${text} (unknown)`),
  ];
}

describe("buildCallGraph", () => {
  it("resolves local names, recursion and cycles", () => {
    const text = "def a():\n    b()\n    b()\ndef b():\n    a()\n    b()\na()\n";
    expect(calls({ "m.py": text })).toEqual(["m -> m:a", "m:a -> m:b", "m:b -> m:a", "m:b -> m:b"]);
    expect(graphOf({ "m.py": text }).edges.find(({ from }) => from === 1)?.lines).toEqual([2, 3]);
  });

  it("resolves imports: absolute, relative, aliased, through packages and stars", () => {
    expect(
      calls({
        "main.py":
          "import pkg.util as u, pkg\nfrom pkg import run as go, deep\nu.f()\npkg.util.f()\npkg.run()\ngo()\ndeep.d()",
        "pkg/__init__.py": "from .util import f as run\nfrom . import util\nfrom .deep import *",
        "pkg/util.py": "def f(): pass",
        "pkg/deep/__init__.py": "from ..util import f\ndef d(): f()",
      }),
    ).toEqual(["main -> pkg/util:f", "main -> pkg/deep/__init__:d", "pkg/deep/__init__:d -> pkg/util:f"]);
    expect(calls({ "a.py": "from b import *\nf()", "b.py": "from c import *", "c.py": "def f(): pass" })).toEqual([
      "a -> c:f",
    ]);
  });

  it("survives modules that import each other and names defined by themselves", () => {
    expect(calls({ "a.py": "from b import x\nx()", "b.py": "from a import x" })).toEqual(["a -> x (unknown)"]);
    expect(calls({ "a.py": "x = y\ny = x\nx()\nclass A(A): pass\nA().m()" })).toContain("a -> x (unknown)");
    expect(calls({ "a.py": "from b import *\nf()", "b.py": "from a import *" })).toEqual(["a -> f (unknown)"]);
  });

  it("keeps shadowed names apart", () => {
    const text = [
      "def f(): pass",
      "def g(f): f()",
      "def h():\n    def f(): pass\n    f()",
      "def i():\n    f = 1\n    f()",
      "k = lambda f: f()\nl = [f() for f in x]",
      "class C:\n    def f(self): f()",
      "f()",
    ].join("\n");
    expect(calls({ "m.py": text })).toEqual([
      "m -> m:f",
      "m:h -> m:h.<locals>.f",
      "m:C.f -> m:f",
      "m -> f (unknown)",
      "m:g -> f (unknown)",
      "m:i -> f (unknown)",
    ]);
  });

  it("resolves methods by the class hierarchy", () => {
    const text = [
      "class A:\n    def __init__(self): self.m()\n    def m(self): pass\n    @classmethod\n    def make(cls): return cls()",
      "class B(A):\n    def n(self):\n        self.m()\n        super().m()\n        B.make()\n        self.nothing()",
      "x = B()\nx.n()",
    ].join("\n");
    expect(calls({ "m.py": text })).toEqual([
      "m -construct-> m:A.__init__",
      "m -> m:B.n",
      "m:A.__init__ -> m:A.m",
      "m:A.make -construct-> m:A.__init__",
      "m:B.n -> m:A.m",
      "m:B.n -> m:A.make",
      "m:A -> builtins.classmethod (external)",
      "m:B.n -> builtins.super (external)",
      "m:B.n -> self.nothing (unknown)",
    ]);
  });

  it("takes an overridden method for one of several", () => {
    const text = "class A:\n    def run(self): self.m()\n    def m(self): pass\nclass B(A):\n    def m(self): pass\n";
    expect(calls({ "m.py": text })).toEqual(["m:A.run -> m:A.m ?", "m:A.run -> m:B.m ?"]);
    const imported = "import x\nclass A(x.Base):\n    def run(self):\n        self.m()\n        self.run()\n";
    expect(calls({ "m.py": imported })).toEqual(["m:A.run -> m:A.run", "m:A.run -> x.Base.m (external)"]);
  });

  it("follows attributes of self, annotations and conditional definitions", () => {
    const text = [
      "class E:\n    def go(self): pass",
      "class C:\n    def __init__(self, e: E | None):\n        self.e = E()\n        e.go()\n    def run(self): self.e.go()",
      "try:\n    from json import loads\nexcept ImportError:\n    def loads(): pass\nloads()",
    ].join("\n");
    expect(calls({ "m.py": text })).toEqual([
      "m -> m:loads ?",
      "m:C.__init__ -construct-> m:E",
      "m:C.__init__ -> m:E.go ?",
      "m:C.run -> m:E.go",
      "m -> json.loads (external)",
    ]);
  });

  it("names decorators, external and unknown calls", () => {
    const text =
      "import os.path as p\ndef deco(f): return f\n@deco\ndef f():\n    p.join('a')\n    ''.join([])\n    f()()\n    x[0]()";
    expect(calls({ "m.py": text })).toEqual([
      "m -decorate-> m:deco",
      "m:f -> m:f",
      "m:f -> os.path.join (external)",
      "m:f -> str.join (external)",
      "m:f -> f() (unknown)",
      "m:f -> x[0] (unknown)",
    ]);
  });

  it("takes a sibling in a package for the library's module, but not beside a script", () => {
    const json = "def loads(): pass";
    expect(calls({ "main.py": "import json\njson.loads()", "json.py": json })).toEqual(["main -> json:loads"]);
    expect(calls({ "p/__init__.py": "", "p/main.py": "import json\njson.loads()", "p/json.py": json })).toEqual([
      "p/main -> json.loads (external)",
    ]);
  });

  it("takes long chains, and any text", () => {
    const aliases = Array.from({ length: 5000 }, (_, i) => `a${i + 1} = a${i}`).join("\n");
    expect(graphOf({ "m.py": `def a0(): pass\n${aliases}\na5000()` }).stats.calls).toBe(1);
    const classes = Array.from({ length: 300 }, (_, i) => `class C${i + 1}(C${i}): pass`).join("\n");
    expect(graphOf({ "m.py": `class C0:\n    def m(self): pass\n${classes}\nC300().m()` }).stats.calls).toBe(2);
    const piece = fc.constantFrom(
      "from m import *",
      "import m",
      "class C(C):",
      "def f(self):",
      "self.f()",
      "\n",
      "\n  ",
      "x = f",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        graphOf({ "m.py": pieces.join(" "), "n.py": pieces.toReversed().join(" ") });
      }),
      { numRuns: 200 },
    );
  });

  it("finds out once what attributes are that are defined by each other", () => {
    const lines = ["class C:", "    def __init__(self):", "        self.a0 = C()"];
    // Followed along every way, these would be two to the power of fifty.
    for (let i = 1; i < 50; i++) {
      lines.push(`        self.a${i} = self.a${i - 1}.a${i - 1}`, `        self.a${i} = self.a${i - 1}`);
    }
    lines.push("    def m(self):", "        self.a49.m()");
    const text = lines.join("\n");
    const graph = buildCallGraph([{ path: "m.py", text, module: parseModule(text).module }]);
    expect(graph.edges.map(({ from, to }) => [graph.nodes[from]?.qualname, graph.nodes[to]?.qualname])).toContainEqual([
      "C.m",
      "C.m",
    ]);
  });
});
