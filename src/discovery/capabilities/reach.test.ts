import { describe, expect, test } from "vitest";
import type { CapabilityName, Tool } from "../../model/index.ts";
import { discoverFiles, onlyTool } from "../testing/workspace.ts";

function namesOf(tool: Tool): CapabilityName[] {
  return tool.capabilities.map(({ name }) => name);
}

/** What a program needs whose lines, after the definitions, stand under a guard. */
async function needs(definitions: string, main: string): Promise<CapabilityName[]> {
  const body = main.replaceAll(/^/gmu, "    ");
  return namesOf(await onlyTool({ "t.py": `${definitions}\n\nif __name__ == "__main__":\n${body}\n` }));
}

describe.skipIf(process.platform === "win32")("branches for another system", () => {
  test.each([
    ["sys.platform == 'win32'", "import sys"],
    ["sys.platform.startswith(('win', 'cygwin'))", "import sys"],
    ["os.name == 'nt'", "import os"],
    ["os.name in ('nt', 'ce')", "import os"],
    ["platform.system() == 'Windows' and arg", "import platform"],
    ["not (platform.system().lower() != 'windows')", "import platform"],
    ["sys.version_info < (3, 0)", "import sys"],
    ["sys.version_info[0] == 2", "import sys"],
    ["WINDOWS", "import sys\nWINDOWS = sys.platform == 'win32'"],
    ["sys.platform.lower()[:3] == 'win'", "import sys"],
    ["is_windows()", "import os\ndef is_windows():\n    'Asks.'\n    return os.name == 'nt'"],
    [
      "is_windows()",
      "import functools, platform\n@functools.lru_cache\ndef is_windows() -> bool:\n    name = platform.system().lower()\n    return name == 'windows' or 'mingw' in name",
    ],
  ])("if %s", async (condition, imports) => {
    const definitions = `${imports}\nimport shutil, subprocess\narg = input()`;
    const main = `if ${condition}:\n    shutil.rmtree('x')\nelse:\n    subprocess.run(arg)`;
    expect(await needs(definitions, main)).toEqual(["process-spawn", "stdin"]);
  });

  test("what stands behind a part that decides, a choice, and what follows a way out", async () => {
    const definitions = `
import os, shutil, sys
IS_WINDOWS = os.name == "nt"
class Here:
    def go(self): os.mkdir("x")
class There:
    def go(self): shutil.rmtree("x")
Way = There if IS_WINDOWS else Here
def leave():
    if sys.platform != "win32":
        return
    eval("1")
`;
    const main = "IS_WINDOWS and os.kill(1, 9)\nWay().go()\nleave()\nsys.exit()\nopen('x')";
    expect(await needs(definitions, main)).toEqual(["filesystem-write"]);
  });

  test("a name means what it means here", async () => {
    const definitions = `
import os, shutil, sys
if sys.platform == "win32":
    def work(): shutil.rmtree("x")
    class Thing:
        def go(self): shutil.rmtree("x")
elif sys.platform[:5] == "linux" or sys.platform == "darwin":
    from here import work, Thing
else:
    def work(): eval("1")
    Thing = work
`;
    const here = "import os\ndef work(): os.mkdir('x')\nclass Thing:\n    def go(self): open('x')\n";
    const main = "if __name__ == '__main__':\n    work()\n    Thing().go()\n";
    const { tools } = await discoverFiles({ "t.py": `${definitions}\n${main}`, "here.py": here });
    expect(tools.map(namesOf)).toEqual([["filesystem-read", "filesystem-write"]]);
  });

  test("a list that is empty at first may be filled", async () => {
    const main = "def f(x):\n    items = []\n    items.append(x)\n    if items:\n        os.remove('x')\nf(1)";
    expect(await needs("import os", main)).toEqual(["filesystem-delete"]);
  });

  test("a condition that asks for itself is not known", async () => {
    const definitions = "import os, shutil\na = b if a else b\nb = a if b else a";
    expect(await needs(definitions, "if a:\n    os.remove('x')")).toEqual(["filesystem-delete"]);
  });
});

describe("methods", () => {
  const CLASSES = `
import os
class Base:
    def run(self): self.work(1)
    def work(self, n): os.remove("x")
class Own(Base):
    def work(self, n): os.mkdir("x")
class Calling(Base):
    def work(self, n):
        super().work(n)
        open("x")
`;

  test.each<[string, CapabilityName[]]>([
    ["Own().run()", ["filesystem-write"]],
    ["Base().run()", ["filesystem-delete"]],
    ["Calling().run()", ["filesystem-read", "filesystem-delete"]],
    // Nobody is seen to make the object.
    ["def f(thing: Base): thing.run()\nf(pickle)", ["filesystem-delete"]],
  ])("of a base count where an object answers with them: %s", async (main, expected) => {
    expect(await needs(CLASSES, main)).toEqual(expected);
  });

  test("a call that a method would not take does not reach it", async () => {
    const definitions = `
import os
class One:
    def send(self, text): os.remove(text)
class Other:
    def send(self, text, *, at): os.mkdir(text)
things = [One(), Other()]
`;
    expect(await needs(definitions, "for thing in things: thing.send('x', at=1)")).toEqual(["filesystem-write"]);
    expect(await needs(definitions, "for thing in things: thing.send('x')")).toEqual(["filesystem-delete"]);
    expect(await needs(definitions, "for thing in things: thing.send(*x)")).toEqual([
      "filesystem-write",
      "filesystem-delete",
    ]);
  });

  test("a class method makes objects of the class that it is called on", async () => {
    const definitions = `
import os
class Base:
    @classmethod
    def make(cls): return cls()
    def run(self): pass
class Own(Base):
    def run(self): os.mkdir("x")
`;
    expect(await needs(definitions, "Own.make().run()")).toEqual(["filesystem-write"]);
  });

  test.each<[string, CapabilityName[]]>([
    ["Own.make()", ["filesystem-write"]],
    ["Own.again()", ["filesystem-write"]],
    ["Base.make()", ["filesystem-delete"]],
    ["Base.make()\nOwn()", ["filesystem-write", "filesystem-delete"]],
    [
      "class Other(Base):\n    def __init__(self): Base.__init__(self)\n    def run(self): open('x')\nOther().make()",
      ["filesystem-read"],
    ],
  ])("cls() makes an object of the class on which it is called: %s", async (main, expected) => {
    const definitions = `
import os
class Base:
    def __init__(self): pass
    @classmethod
    def make(cls):
        thing = cls()
        thing.run()
        return thing
    @classmethod
    def again(cls): return cls.make()
    def run(self): os.remove("x")
class Own(Base):
    def run(self): os.mkdir("x")
`;
    const [first = "", ...rest] = main.split("Other().make()");
    const classes = rest.length > 0 ? first : "";
    expect(await needs(definitions + classes, rest.length > 0 ? "Other().make()" : main)).toEqual(expected);
  });

  test.each<[string, CapabilityName[]]>([
    // A framework may call any method; a class method is called by who names it.
    ["framework.Thing", ["filesystem-write"]],
    ["torch.nn.Module", []],
    ["str", []],
    ["ValueError", []],
    ["json.JSONEncoder", []],
  ])("which methods of a class a base outside calls: %s", async (base, expected) => {
    const definitions = `
import framework, json, os, torch
class Own(${base}):
    def work(self): os.mkdir("x")
    @classmethod
    def load(cls): os.remove("x")
    def forward(self): pass
`;
    expect(await needs(definitions, "print(Own())")).toEqual(expected);
  });

  test("neither is a class that is compared made an object of, nor has a list the methods of the workspace", async () => {
    const definitions = `
import os
class Own:
    def __init__(self): os.mkdir("x")
class Queue:
    def drain(self): os.remove("x")
queue = Queue()
`;
    expect(await needs(definitions, "print(type(1) is Own, type(2) in (Own, int))")).toEqual([]);
    const given = (text: string) => `${definitions}\ndef f(${text})`;
    expect(await needs(`${given("")}:\n    items = [1]\n    items.drain()`, "f()")).toEqual([]);
    expect(await needs(`${given("items")}:\n    items.drain()`, "f(queue)")).toEqual(["filesystem-delete"]);
  });

  test("an annotation makes no object", async () => {
    const definitions =
      "import os\nclass A:\n    def __init__(self): os.mkdir('x')\nclass B:\n    a: A\n    b: A = None";
    expect(await needs(definitions, "B()")).toEqual([]);
  });
});

describe("what decorators are given", () => {
  const REGISTRY = `
import os
TABLE = {}
def register(name):
    def decorate(function):
        if name in TABLE:
            raise ValueError(name)
        TABLE[name] = function
        return function
    return decorate
class Registry:
    def __init__(self): self.items = []
    def add(self, function):
        self.items.append(function)
        return function
LIST = Registry()
@register("a")
def first(): os.remove("x")
@LIST.add
def second(): os.mkdir("x")
`;

  test.each<[string, CapabilityName[]]>([
    ["print(1)", []],
    ["TABLE['a']()", ["filesystem-delete"]],
    ["for item in LIST.items: item()", ["filesystem-write"]],
  ])("is taken out of a registry where that is used: %s", async (main, expected) => {
    expect(await needs(REGISTRY, main)).toEqual(expected);
  });

  test("is not called by one that wraps it, but by one that calls it", async () => {
    const definitions = (decorate: string) => `
import functools, os
def outer(timeout):
    def decorate(function):
        ${decorate}
        @functools.wraps(function)
        def inner(*args): return function(*args)
        return inner
    return decorate
@outer(1)
def f(): os.remove("x")
`;
    expect(await needs(definitions("print(function.__name__)"), "print(1)")).toEqual([]);
    expect(await needs(definitions("print(function.__name__)"), "f()")).toEqual(["filesystem-delete"]);
    expect(await needs(definitions("function()"), "print(1)")).toEqual(["filesystem-delete"]);
    expect(await needs(definitions("enrol(function)"), "print(1)")).toEqual(["filesystem-delete"]);
  });

  test("is kept by an object that wraps it, or called by one that calls it", async () => {
    const definitions = (call: string) => `
import contextlib, os
class Timed:
    def __init__(self, limit=1): self.limit = limit
    def __call__(self, function):
${call}
class Safely(contextlib.ContextDecorator):
    def __enter__(self): pass
@Timed(2)
def f(): os.remove("x")
@Safely()
def g(): os.mkdir("x")
`;
    const wrapping = definitions("        def inner(*a): return function(*a)\n        return inner");
    expect(await needs(wrapping, "print(1)")).toEqual([]);
    expect(await needs(wrapping, "f()")).toEqual(["filesystem-delete"]);
    expect(await needs(wrapping, "g()")).toEqual(["filesystem-write"]);
    expect(await needs(definitions("        return enrol(function)"), "print(1)")).toEqual(["filesystem-delete"]);
  });

  test("the other functions of a server, and its life, are no part of a function that is called by itself", async () => {
    const { tools } = await discoverFiles({
      "server.py": `
import os
from fastmcp import FastMCP
async def life(server): os.kill(1, 9)
mcp = FastMCP("x", lifespan=life)
@mcp.tool
def ping() -> str:
    return open("x").read()
@mcp.tool
def drop() -> None:
    os.remove("x")
`,
    });
    const found = Object.fromEntries(tools.map((tool) => [tool.name, namesOf(tool)]));
    expect(found).toEqual({ ping: ["filesystem-read"], drop: ["filesystem-delete"] });
  });
});

describe("members that are looked up by a name", () => {
  const DEFINITIONS = `
import os, shutil, sys
class Base:
    def do_list(self, *words): return os.listdir()
class Tool(Base):
    def do_make(self, *words): os.mkdir("x")
    def drop(self): shutil.rmtree("x")
    def _hidden(self): os.kill(1, 9)
    def by_name(self, name): return getattr(self, name)
    def begin(self, name):
        act = getattr(self, "do_" + name, None)
        return act() if act else None
    def any(self, name): getattr(self, name)()
    def formatted(self, name): return getattr(self, f"do_{name}")
    def known(self): getattr(self, "drop")()
def make_x(): os.mkdir("x")
def drop_x(): shutil.rmtree("x")
`;

  test.each<[string, CapabilityName[]]>([
    ["Tool().begin(sys.argv[1])", ["filesystem-read", "filesystem-write"]],
    ["Tool().formatted(sys.argv[1])()", ["filesystem-read", "filesystem-write"]],
    ["Tool().any(sys.argv[1])", ["filesystem-read", "filesystem-write", "filesystem-delete"]],
    ["Tool().known()", ["filesystem-delete"]],
    // Nothing is known of the name, and nobody calls what it gives.
    ["Tool().by_name(sys.argv[1])", []],
    ["globals()['make_' + sys.argv[1]]()", ["filesystem-write"]],
    ["act = globals().get('drop_%s' % sys.argv[1])\nact()", ["filesystem-delete"]],
    ["getattr(sys.modules[__name__], 'drop_{}'.format(sys.argv[1]))()", ["filesystem-delete"]],
  ])("%s", async (main, expected) => {
    expect(await needs(DEFINITIONS, main)).toEqual(expected);
  });

  test("classes that a base puts into a table", async () => {
    const base = (keeping: string): string => `
import os
TABLE = {}
class Command:
    known = {}
    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        ${keeping}
class Drop(Command):
    def run(self): os.remove("x")
`;
    const used = "Command.known['drop']().run()\nTABLE['drop']().run()";
    expect(await needs(base("Command.known[cls.__name__] = cls"), used)).toEqual(["filesystem-delete"]);
    expect(await needs(base("TABLE[cls.__name__] = cls"), used)).toEqual(["filesystem-delete"]);
    expect(await needs(base("cls.label = 'x'"), used)).toEqual([]);
  });
});

describe("parts that only reading the program tells", () => {
  test("modules that are imported by a computed name, and what is taken out of them", async () => {
    const { tools } = await discoverFiles({
      "t.py": `
import argparse, importlib
parser = argparse.ArgumentParser()
commands = parser.add_subparsers()
for name in ("drop", "make"):
    module = importlib.import_module(f"kit.{name}")
    commands.add_parser(name).set_defaults(run=module.run)
args = parser.parse_args()
args.run(args)
`,
      "kit/__init__.py": "",
      "kit/drop.py": "import os\ndef run(args): os.remove('x')\ndef other(): os.kill(1, 9)\n",
      "kit/make.py": "import os\ndef run(args): os.mkdir('x')\n",
    });
    expect(tools.map(namesOf)).toEqual([["filesystem-write", "filesystem-delete", "dynamic-code"]]);
    const [first] = tools[0]?.capabilities[1]?.evidence ?? [];
    expect(first).toMatchObject({ file: "kit/drop.py", line: 2, chain: ["run"] });
  });

  test.each<[string, string, CapabilityName[]]>([
    ["fire", "fire.Fire(Tool)", ["filesystem-write"]],
    ["fire", "fire.Fire({'tool': Tool, 'drop': drop})", ["filesystem-write", "filesystem-delete"]],
    ["fire", "fire.Fire()", ["filesystem-write", "filesystem-delete"]],
    ["jsonargparse", "jsonargparse.CLI(Tool)", ["filesystem-write"]],
  ])("%s: %s", async (library, main, expected) => {
    const definitions = `
import os, ${library}
class Tool:
    def make(self, path: str): os.mkdir(path)
    def _hidden(self): os.kill(1, 9)
def drop(path: str): os.remove(path)
`;
    expect(await needs(definitions, main)).toEqual(expected);
  });
});

describe("arguments in variables", () => {
  test.each<[string, CapabilityName[]]>([
    ["mode = 'w'\nopen(x, mode)", ["filesystem-write"]],
    ["mode = 'r' if x else 'rb'\nopen(x, mode)", ["filesystem-read"]],
    ["mode = 'r'\nif x:\n    mode = 'w'\nopen(x, mode)", ["filesystem-read", "filesystem-write"]],
    ["mode = 'w'\nmode += x\nopen(x, mode)", ["filesystem-read", "filesystem-write"]],
    ["open(x, 'w' + ('b' if x else ''))", ["filesystem-write"]],
    ["import gzip\ngzip.GzipFile('', 'w', 9, x)", []],
    ["import tarfile\ntarfile.open(fileobj=x)", []],
    ["import importlib\nimportlib.import_module('json')", []],
    ["import importlib\nimportlib.import_module(x)", ["dynamic-code"]],
    ["import os\nopen(os.devnull, 'w')", []],
    ["import socket\nsocket.socket(socket.AF_UNIX)", []],
    ["import yaml\nLoader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)\nyaml.load(x, Loader=Loader)", []],
    ["import yaml\nLoader = yaml.Loader if x else yaml.SafeLoader\nyaml.load(x, Loader)", ["deserialization"]],
    ["import io, sys\nio.open(sys.stdin.fileno(), 'wb')", ["stdin"]],
    ["import io, zipfile\nzipfile.ZipFile(io.BytesIO(x))", []],
    ["import zipfile\nzipfile.ZipFile(x)", ["filesystem-read"]],
    ["import socket\nsocket.socket()", ["network-access"]],
    ["import ssl\nssl.wrap_socket(x, server_side=True)", []],
    ["import os\nx.env = os.environ", ["env-read"]],
    ["import os\nos.environ['A'] = x", ["env-write"]],
    ["from fastmcp import FastMCP\nFastMCP('x').run()", []],
    ["from fastmcp import FastMCP\nFastMCP('x').run(transport='http')", ["network-listen"]],
  ])("%s", async (lines, expected) => {
    const body = lines.replaceAll(/^/gmu, "    ");
    const tool = await onlyTool({ "t.py": `def f(x):\n${body}\n\nif __name__ == "__main__":\n    f(1)\n` });
    expect(namesOf(tool)).toEqual(expected);
  });

  test("a parameter is what callers give, whatever is assigned to it besides", async () => {
    const text =
      "def f(mode):\n    if not mode:\n        mode = 'r'\n    open('x', mode)\n\nif __name__ == '__main__':\n    f(1)\n";
    expect(namesOf(await onlyTool({ "t.py": text }))).toEqual(["filesystem-read", "filesystem-write"]);
  });
});

describe("one name for several things", () => {
  const thing = "class Thing(Base):\n    def __init__(self): open('x')\n    def __enter__(self): os.fork()\n";
  const other = "class Thing:\n    def __init__(self): eval(input())\n";
  const make = "def Thing(size=os.environ): os.mkdir('x')\n";
  const indented = (text: string): string => text.replaceAll(/^(?=.)/gmu, "    ");

  test.each<[string, string, CapabilityName[]]>([
    [
      "a class, then a function",
      `${indented(thing)}except ImportError:\n${indented(make)}`,
      ["filesystem-write", "env-read"],
    ],
    [
      "a function, then a class",
      `${indented(make)}except ImportError:\n${indented(thing)}`,
      ["filesystem-read", "filesystem-write", "process-spawn", "env-read"],
    ],
    [
      "two classes",
      `${indented(thing)}except ImportError:\n${indented(other)}`,
      ["filesystem-read", "process-spawn", "dynamic-code", "stdin"],
    ],
  ])("%s", async (_, text, expected) => {
    const definitions = `import os\nclass Base: pass\ntry:\n${text}`;
    expect(await needs(definitions, "Thing()")).toEqual(expected);
  });
});

describe("what is only asked", () => {
  test.each<[string, string, CapabilityName[]]>([
    ["import sys", "print(sys.stdin.isatty(), sys.stdin.encoding)", []],
    ["import sys", "print(sys.stdin.isatty() or sys.stdin.read())", ["stdin"]],
    ["import requests\nclass A(requests.Session):\n    def __init__(self): super().__init__()", "print(A)", []],
    ["import requests\nclass A(requests.Session):\n    def go(self): super().get('x')", "A().go()", ["network-access"]],
  ])("%s: %s", async (definitions, main, expected) => {
    expect(await needs(definitions, main)).toEqual(expected);
  });
});

describe("evidence", () => {
  test("stands on the line of the call, not where its result is used", async () => {
    const text =
      "import os\nhome = os.environ.get('HOME')\nif home:\n    print(home.upper())\nelse:\n    dict(os.environ)\n";
    const tool = await onlyTool({ "t.py": `#!/usr/bin/env python3\n${text}` });
    const evidence = tool.capabilities.find(({ name }) => name === "env-read")?.evidence ?? [];
    expect(evidence.map(({ line, text: shown }) => [line, shown])).toEqual([
      [3, "home = os.environ.get('HOME')"],
      [7, "dict(os.environ)"],
    ]);
  });

  test("of a chain over several lines is the line of the name that is called", async () => {
    const text = "from pathlib import Path\n(\n    Path('a')\n    .parent\n    .mkdir()\n)\n";
    const tool = await onlyTool({ "t.py": `#!/usr/bin/env python3\n${text}` });
    expect(tool.capabilities[0]?.evidence).toMatchObject([{ line: 6, text: ".mkdir()" }]);
  });
});
