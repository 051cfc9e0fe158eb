import { describe, expect, it } from "vitest";
import { parseModule } from "../../python/index.ts";
import { buildGraph } from "../graphs.ts";
import { NeverIndex, neverFacts } from "./never-index.ts";

type Files = Readonly<Record<string, string>>;

function indexOf(files: Files): NeverIndex {
  const paths = new Set(Object.keys(files));
  const folders = new Set([...paths].flatMap((path) => path.split("/").map((_, i, all) => all.slice(0, i).join("/"))));
  const facts = (path: string) => (paths.has(path) ? neverFacts(path, files[path] ?? "") : null);
  return new NeverIndex({ files: paths, folders, facts });
}

/** Whether nothing after the first statement of `f` is reached. */
function ends(files: Files, path: string): boolean {
  const text = files[path] ?? "";
  const neverReturns = indexOf(files).of(path);
  const graph = buildGraph(text, parseModule(text).module, { qualname: "f" }, { neverReturns });
  return graph?.nodes.find(({ kind }) => kind === "exit")?.unreachable === true;
}

describe("neverFacts", () => {
  it.each([
    ["from typing import NoReturn\ndef f() -> NoReturn: ...\n", ["f"]],
    ["import typing\ndef f(\n    a,\n) -> typing.Never:\n    g()\n", ["f"]],
    ["def f():\n    raise A\n", ["f"]],
    ["def f(): raise A\n", ["f"]],
    ["import sys\ndef f(x):\n  print(x)\n\n  sys.exit(1)\n", ["f"]],
    ["def f(\n    x,\n):\n    while True:\n        x()\n", ["f"]],
    ["def f():\n    try:\n        raise A\n    except B:\n        raise C\n", ["f"]],
    ["def f(x):\n    while True:\n        if x: break\n", []],
    ["def f(x):\n    if x:\n        raise A\n", []],
    ["def f():\n    raise A\n    yield\n", []],
    ["async def f():\n    raise A\n", []],
    ["@wrap\ndef f():\n    raise A\n", []],
    ["def f():\n    raise A\ndef f():\n    return 1\n", []],
    ["def f():\n    raise A\nf = g\n", []],
    ["class C:\n    def f(self):\n        raise A\n", []],
  ])("%j", (text, never) => {
    expect(neverFacts("m.py", text).never).toEqual(never);
  });

  it("takes any text", () => {
    for (const text of ["def f(:\n    raise", "def f():\n\traise A", "\0def", "def f():\r\n    raise A\r\n"]) {
      expect(neverFacts("m.py", text).passedOn).toEqual([]);
    }
  });
});

describe("NeverIndex", () => {
  const files: Files = {
    "pkg/__init__.py":
      "from .errors import (\n    fail,  # the usual one\n    other as another,\n)\nfrom .more import *\n",
    "pkg/errors.py": "def fail():\n    raise A\ndef other():\n    raise B\ndef usual():\n    return 1\n",
    "pkg/more.py": "def stop():\n    raise C\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "from ..errors import fail\nfrom .. import errors\ndef f():\n    fail()\n",
    "pkg/sub/by_module.py": "from .. import errors\ndef f():\n    errors.fail()\n",
    "pkg/sub/usual.py": "from ..errors import usual\ndef f():\n    usual()\n",
    "pkg/same.py": "from .errors import fail as out\ndef f():\n    out()\n",
    "app.py": "import pkg.errors\ndef f():\n    pkg.errors.fail()\n",
    "passed_on.py": "from pkg import another\ndef f():\n    another()\n",
    "starred.py": "import pkg\ndef f():\n    pkg.stop()\n",
    "hidden.py": "from pkg import fail\ndef fail(): pass\ndef f():\n    fail()\n",
    "foreign.py": "from elsewhere import fail\ndef f():\n    fail()\n",
    "a/__init__.py": "from b import *\n",
    "b/__init__.py": "from a import *\n",
    "circle.py": "from a import fail\ndef f():\n    fail()\n",
  };

  it.each([
    ["pkg/sub/deep.py", true],
    ["pkg/sub/by_module.py", true],
    ["pkg/sub/usual.py", false],
    ["pkg/same.py", true],
    ["app.py", true],
    ["passed_on.py", true],
    ["starred.py", true],
    ["hidden.py", false],
    ["foreign.py", false],
    ["circle.py", false],
  ])("%s: %s", (path, expected) => {
    expect(ends(files, path)).toBe(expected);
  });
});
