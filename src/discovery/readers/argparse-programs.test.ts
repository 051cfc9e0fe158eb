import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

const flagsOf = (tool: { readonly parameters: readonly { readonly flags: readonly string[] }[] }): string[] =>
  tool.parameters.flatMap((parameter) => [...parameter.flags]);

describe("programs of many modules", () => {
  test("packages that are long to import do not end the program", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
from huge import check
check("1.0")
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=3)
    return parser.parse_args()
main()
`,
      "huge/__init__.py": "from .work import check\nfrom .work import NOTHING\n",
      "huge/work.py":
        "x = 0\nfor i in range(10**9):\n    for j in range(10**9):\n        x += i * j\ndef check(v): pass\n",
    });
    expect(parameterOf(tool, "--size").default).toBe(3);
  });

  test("what a module does only as a program says nothing about its import", async () => {
    const work = `for i in range(100):\n    for j in range(100):\n        str(i + j)\n`;
    const files = (main: string): Record<string, string> => ({
      "run.py": `import demo\ndef main():\n    from cli import go\n    go()\n${main}`,
      "demo.py": `SIZE = 1\nif __name__ == "__main__":  # a demo\n    import argparse\n    argparse.ArgumentParser().parse_args()\n`,
      "cli.py": `import argparse\ndef go():\n    p = argparse.ArgumentParser()\n    p.add_argument("--size")\n    p.parse_args()\n`,
    });
    const soon = await discoverFiles(files(`if __name__ == "__main__":\n    main()\n`));
    expect(soon.tools.find(({ file }) => file === "run.py")?.parameters.map(({ name }) => name)).toEqual(["size"]);
    expect(soon.tools.find(({ file }) => file === "demo.py")?.framework).toBe("argparse");
    const inside = work.replaceAll(/^/gmu, "    ");
    const late = await discoverFiles(files(`if __name__ == "__main__":\n${inside}\n    main()\n`));
    expect(late.tools.find(({ file }) => file === "run.py")?.framework).toBe("main");
  });

  test("data that is long to prepare does not end the program", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
def table(n):
    return [[i * j for j in range(n)] for i in range(n)]
DATA = {n: table(1000) for n in range(1000)}
SIZES = ["small", "large"]
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=SIZES)
    parser.add_argument("--count", type=int, default=len(DATA))
    parser.parse_args()
if __name__ == "__main__":
    main()
`,
    });
    expect(parameterOf(tool, "--size").choices).toEqual(["small", "large"]);
    expect(parameterOf(tool, "--count").default).toBeUndefined();
  });

  test("a second command line is found after the first", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, sys
import helpers
from commands import dispatch
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--debug", action="store_true")
    known, rest = parser.parse_known_args()
    helpers.prepare(known)
    dispatch(rest)
if __name__ == "__main__":
    main()
`,
      "helpers.py": "def prepare(args):\n    for i in range(10):\n        print(i)\n",
      "commands.py": `
import argparse
def dispatch(rest):
    parser = argparse.ArgumentParser()
    parser.add_argument("--level", type=int)
    parser.parse_args(rest)
`,
    });
    expect(flagsOf(tool)).toEqual(expect.arrayContaining(["--debug", "--level"]));
  });

  test("a loop that may have ended does not use up what a program may cost", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, os
def width(text):
    for i in range(2000):
        for j in range(2000):
            if os.path.exists(text):
                break
            text += str(i)
    return 80
p = argparse.ArgumentParser()
p.add_argument("--width", type=int, default=width("x"))
p.parse_args()
`,
    });
    expect(parameterOf(tool, "--width").default).toBe(80);
  });

  test("a parser of three hundred arguments", async () => {
    const lines = Array.from(
      { length: 300 },
      (_, index) => `p.add_argument("--a${index}", type=int, default=${index})`,
    );
    const tool = await onlyTool({
      "run.py": `import argparse\np = argparse.ArgumentParser()\n${lines.join("\n")}\np.parse_args()\n`,
    });
    expect(tool.parameters).toHaveLength(300);
    expect(parameterOf(tool, "--a299").default).toBe(299);
  });

  test("names that packages pass on: lazily, by star, for type checkers only", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
from kit import LIMIT, NAMES, Level
p = argparse.ArgumentParser()
p.add_argument("--limit", type=int, default=LIMIT)
p.add_argument("--name", choices=NAMES)
p.add_argument("--level", choices=[level.value for level in Level])
p.parse_args()
`,
      "kit/__init__.py": `
from typing import TYPE_CHECKING
from .names import *
if TYPE_CHECKING:
    from .limits import LIMIT, Level
else:
    import sys
    sys.modules[__name__] = Lazy(__name__)
`,
      "kit/names.py": 'NAMES = ("a", "b")\n',
      "kit/limits.py": 'from enum import Enum\nLIMIT = 9\nclass Level(Enum):\n    LOW = "low"\n    HIGH = "high"\n',
    });
    expect(parameterOf(tool, "--limit").default).toBe(9);
    expect(parameterOf(tool, "--name").choices).toEqual(["a", "b"]);
    expect(parameterOf(tool, "--level").choices).toEqual(["low", "high"]);
  });

  test("modules that import the same name from each other", async () => {
    const tool = await onlyTool({
      "run.py":
        'import argparse\nfrom one import x\np = argparse.ArgumentParser()\np.add_argument("--a", default=x)\np.parse_args()\n',
      "one.py": "from two import x\n",
      "two.py": "from one import x\n",
    });
    expect(parameterOf(tool, "--a").confidence).toBe("unknown");
  });

  test("modules found by name, and programs that run others", async () => {
    const { tools } = await discoverFiles({
      "start.py": 'import runpy\nrunpy.run_module("app", run_name="__main__")\n',
      "app/__init__.py": "",
      "app/__main__.py": `
import argparse, importlib
def main():
    p = argparse.ArgumentParser()
    for name in ("one", "two"):
        importlib.import_module(f"app.{name}").add(p)
    p.parse_args()
if __name__ == "__main__":
    raise SystemExit(main())
`,
      "app/one.py": 'def add(p): p.add_argument("--one")\n',
      "app/two.py": 'def add(p): p.add_argument("--two")\n',
    });
    expect(tools.map((tool) => [tool.file, flagsOf(tool)])).toEqual([
      ["app/__main__.py", ["--one", "--two"]],
      ["start.py", ["--one", "--two"]],
    ]);
  });

  test("a package that is a program as well", async () => {
    const text =
      'import argparse\ndef main():\n  p = argparse.ArgumentParser()\n  p.add_argument("--x")\n  p.parse_args()\n';
    const { tools } = await discoverFiles({
      "both/__init__.py": `${text}if __name__ == "__main__":\n  main()\n`,
      "library/__init__.py": `${text}main()\n`,
    });
    expect(tools.map((tool) => tool.file)).toEqual(["both/__init__.py"]);
  });

  test("registries that decorators fill", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
from registry import COMMANDS
import plugins
p = argparse.ArgumentParser()
sub = p.add_subparsers(dest="command")
for name, cls in COMMANDS.items():
    cls.add_arguments(sub.add_parser(name, help=cls.__doc__))
p.parse_args()
`,
      "registry.py": `
COMMANDS = {}
def register(name):
    def wrap(cls):
        COMMANDS[name] = cls
        return cls
    return wrap
`,
      "plugins.py": `
from registry import register
@register("build")
class Build:
    """Builds it."""
    @staticmethod
    def add_arguments(parser):
        parser.add_argument("--fast", action="store_true")
`,
    });
    expect(tool.subcommands).toMatchObject([{ path: "build" }]);
    expect(parameterOf(tool, "--fast", "build").type).toBe("boolean");
  });
});

describe("parsers and groups of the program's own", () => {
  test("subclasses that translate what they pass on", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
class StoreTrue(argparse._StoreTrueAction):
    pass
class Now(argparse.Action):
    def __init__(self, option_strings, dest, nargs=0, **kwargs):
        super().__init__(option_strings, dest, nargs=nargs, **kwargs)
class Group(argparse._ArgumentGroup):
    def add_argument(self, *args, **kwargs):
        if kwargs.get("action") == "store_true":
            kwargs["action"] = StoreTrue
        super().add_argument(*args, **kwargs)
class Parser(argparse.ArgumentParser):
    def add_argument_group(self, *args, **kwargs):
        group = Group(self, *args, **kwargs)
        self._action_groups.append(group)
        return group
    def add_argument(self, *args, **kwargs):
        argparse.ArgumentParser.add_argument(self, *args, **kwargs)
parser = Parser()
parser.add_argument_group("a group").add_argument("--quiet", action="store_true")
parser.add_argument("--now", action=Now)
parser.parse_args()
`,
    });
    expect(parameterOf(tool, "--quiet")).toMatchObject({ type: "boolean", action: "store_true", default: false });
    expect(parameterOf(tool, "--now")).toMatchObject({ type: "boolean", action: "custom:Now" });
  });

  test("keywords that only one side of a condition sets are not taken for certain", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, os
kwargs = {"help": "how many"}
if os.getpid() % 2:
    kwargs["nargs"] = "+"
p = argparse.ArgumentParser()
p.add_argument("--many", **kwargs)
p.parse_args()
`,
    });
    const many = parameterOf(tool, "--many");
    expect(many).toMatchObject({ help: "how many", confidence: "unknown" });
    expect(many.nargs).toBeUndefined();
  });

  test("defaults from a configuration file that may be given leave the declared ones", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, yaml
first = argparse.ArgumentParser(add_help=False)
first.add_argument("--config")
p = argparse.ArgumentParser(parents=[first])
p.add_argument("--rate", type=float, default=0.5)
known, rest = first.parse_known_args()
if known.config:
    with open(known.config) as file:
        p.set_defaults(**yaml.safe_load(file))
p.parse_args(rest)
`,
    });
    expect(parameterOf(tool, "--rate").default).toBe(0.5);
  });

  test("hidden arguments, names of a class, types of values", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
class Category:
    READ = 1
    WRITE = 2
p = argparse.ArgumentParser()
p.add_argument("--secret", help=argparse.SUPPRESS)
p.add_argument("--sort", choices=[name.lower() for name in dir(Category) if name.isupper()])
for name, value in {"rate": 0.5, "size": 3}.items():
    p.add_argument("--" + name, type=type(value), default=value)
p.parse_args()
`,
    });
    expect(parameterOf(tool, "--secret")).toMatchObject({ hidden: true, confidence: "certain" });
    expect(parameterOf(tool, "--sort").choices).toEqual(["read", "write"]);
    expect(parameterOf(tool, "--rate")).toMatchObject({ type: "number", default: 0.5 });
    expect(parameterOf(tool, "--size")).toMatchObject({ type: "integer", default: 3 });
  });
});

describe("what the surroundings of a run may change", () => {
  test.each([
    ['os.environ.get("PORT", "8080")', "8080"],
    ['os.environ.get("HOST") or "localhost"', "localhost"],
    ['int(os.getenv("N", "4"))', 4],
    ['os.getenv("LIST", "a,b").split(",")', ["a", "b"]],
    ['"fast" if os.getenv("FAST") else "slow"', "slow"],
    [`f"{os.getenv('USER_DIR', '/home')}/x"`, "/home/x"],
  ])("default=%s is likely", async (expression, expected) => {
    const tool = await onlyTool({
      "run.py": `import argparse, os\np = argparse.ArgumentParser()\np.add_argument("--x", default=${expression})\np.parse_args()\n`,
    });
    expect(parameterOf(tool, "--x")).toMatchObject({ default: expected, confidence: "likely" });
  });

  test("arguments that a variable brings are told of, not offered", async () => {
    const { tools, diagnostics } = await discoverFiles({
      "run.py": `
import argparse, os
MAINTAINER = os.environ.get("MAINTAINER") or False
p = argparse.ArgumentParser()
if MAINTAINER:
    p.add_argument("--release")
if not MAINTAINER:
    p.add_argument("--plain")
if "CI" in os.environ or os.environ.get("KIND", "a") == "b":
    p.add_argument("--ci")
p.parse_args()
`,
    });
    expect(tools.flatMap(flagsOf)).toEqual(["--plain"]);
    expect(diagnostics.map((one) => one.line)).toEqual([6, 10]);
  });

  test("what has no stand-in stays unknown", async () => {
    const tool = await onlyTool({
      "run.py":
        'import argparse, os\np = argparse.ArgumentParser()\np.add_argument("--x", default=os.environ["X"])\np.parse_args()\n',
    });
    expect(parameterOf(tool, "--x")).toMatchObject({ confidence: "unknown" });
    expect(parameterOf(tool, "--x").default).toBeUndefined();
  });

  test("translated texts are those of the source", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
from somewhere import translation
__ = translation("app")
p = argparse.ArgumentParser(description=__("Builds."))
for name, about in {"one": __("the first")}.items():
    p.add_argument("--" + name, help=__("enable %s") % about)
p.parse_args()
`,
    });
    expect(tool.description).toBe("Builds.");
    expect(parameterOf(tool, "--one").help).toBe("enable the first");
  });
});

describe("optparse", () => {
  test("one default for options that store to the same place; the program's own word is no argument", async () => {
    const tool = await onlyTool({
      "run.py": `
from optparse import OptionParser, OptionGroup, Option
class Path(Option):
    pass
class Group(OptionGroup):
    def add(self, *names, **kwargs):
        OptionGroup.add_option(self, *names, **kwargs)
parser = OptionParser("Usage: run.py [options]\\nexample: run.py -v")
parser.add_option("--ssl", action="store_true", dest="ssl", default=True)
parser.add_option("--no-ssl", action="store_false", dest="ssl")
parser.add_option("--no-check", action="store_false", dest="check")
parser.add_option(Path("--cert", type="string", help="a file"))
group = Group(parser, "more")
group.add("--more", help="more of it")
options, args = parser.parse_args()
`,
    });
    expect(flagsOf(tool)).toEqual(["--ssl", "--no-ssl", "--no-check", "--cert", "--more"]);
    expect(tool.parameters).toHaveLength(5);
    expect(tool.entry.rest).toBeUndefined();
    expect(parameterOf(tool, "--no-ssl").default).toBe(true);
    expect(parameterOf(tool, "--no-check").default).toBeUndefined();
    expect(parameterOf(tool, "--cert").help).toBe("a file");
  });

  test("defaults that are kept in the parser's own table, and encodings that are usual", async () => {
    const tool = await onlyTool({
      "run.py": `
import optparse, sys
class Parser(optparse.OptionParser):
    def __init__(self, overrides):
        super().__init__()
        self.add_option("--handler", default="strict")
        self.add_option("--encoding", default=getattr(sys.stderr, "encoding", None) or "ascii")
        self.defaults.update(overrides or {})
Parser({"handler": "replace"}).parse_args()
`,
    });
    expect(parameterOf(tool, "--handler").default).toBe("replace");
    expect(parameterOf(tool, "--encoding")).toMatchObject({ default: "utf-8", confidence: "likely" });
  });

  test("a parser with a way of its own of parsing", async () => {
    const tool = await onlyTool({
      "run.py": `
import optparse, sys
class Parser(optparse.OptionParser):
    def __init__(self):
        super().__init__(usage="%prog [OPTIONS] URL [URL...]")
    def parse_known(self):
        self.rargs = sys.argv[1:]
        while self.rargs:
            self.rargs.pop(0)
        return self.check_values(self.values, [])
parser = Parser()
parser.add_option("-v", action="store_true", dest="verbose")
parser.parse_known()
`,
    });
    expect(tool.framework).toBe("optparse");
    expect(parameterOf(tool, "-v").name).toBe("verbose");
    expect(tool.entry.rest).toMatchObject({ name: "args", metavar: "URL", confidence: "likely" });
  });
});

test("checks of a program's own tables and surroundings do not end it", async () => {
  const tool = await onlyTool({
    "checked.py": `
import argparse, os, pickle
codes = {"a": 1, "b": 2}
def check_table():
    rest = codes.copy()
    for name in pickle.__all__:
        if name in rest:
            del rest[name]
    if rest:
        raise ValueError("left over")
def check_streams():
    blocked = []
    for stream in (1, 2):
        if not os.get_blocking(stream):
            blocked.append(stream)
    if blocked:
        raise SystemExit("blocked")
check_table()
check_streams()
parser = argparse.ArgumentParser()
parser.add_argument("--late")
parser.parse_args()
`,
  });
  expect(tool.parameters.map((parameter) => parameter.flags)).toEqual([["--late"]]);
});

test("defaults that helpers look up, with keys that may not be there, and texts that are evaluated", async () => {
  const tool = await onlyTool({
    "looked.py": `
import optparse
class Parser(optparse.OptionParser):
    config = {"hooks": "True", "level": "3"}
    def is_switch(self, **kwargs):
        try:
            return kwargs["action"] in ["store_true", "store_false"]
        except KeyError:
            return False
    def add(self, name, **kwargs):
        default = self.config[name]
        if self.is_switch(**kwargs):
            default = eval(default)
        self.add_option("--" + name, default=default, **kwargs)
parser = Parser()
parser.add("hooks", action="store_true")
parser.add("level", type="int")
parser.parse_args()
`,
  });
  expect(parameterOf(tool, "--hooks").default).toBe(true);
  expect(parameterOf(tool, "--level").default).toBe(3);
});

test("members of enumerations as choices; switches that gather constants", async () => {
  const tool = await onlyTool({
    "members.py": `
import argparse, enum, py_compile
class Mode(enum.Enum):
    GRID = 0
    FLAT = 1
parser = argparse.ArgumentParser()
parser.add_argument("--mode", choices=list(Mode.__members__.keys()) + [str(m.value) for m in Mode.__members__.values()])
parser.add_argument("--made", choices=[m.name for m in enum.Enum("Made", {"ONE": 1, "TWO": 2})])
parser.add_argument("--stale", choices=sorted(m.name.lower().replace("_", "-") for m in py_compile.PycInvalidationMode))
parser.add_argument("--zip", dest="steps", action="append_const", const="zip")
parser.parse_args()
`,
  });
  expect(parameterOf(tool, "--mode").choices).toEqual(["GRID", "FLAT", "0", "1"]);
  expect(parameterOf(tool, "--made").choices).toEqual(["ONE", "TWO"]);
  expect(parameterOf(tool, "--stale").choices).toEqual(["checked-hash", "timestamp", "unchecked-hash"]);
  expect(parameterOf(tool, "--zip")).toMatchObject({ type: "boolean", action: "append_const" });
});

test("a program that is not read to its end says so", async () => {
  const { diagnostics } = await discoverFiles({
    "stops.py": `
import argparse
table = {"a": 1}
if table:
    raise ValueError("as far as can be read")
parser = argparse.ArgumentParser()
parser.add_argument("--late")
if __name__ == "__main__":
    parser.parse_args()
`,
  });
  expect(diagnostics).toEqual([expect.objectContaining({ file: "stops.py", line: 4, code: "not-known-before-run" })]);
});

test("subcommands made of a module's functions and their arguments", async () => {
  const tool = await onlyTool({
    "run.py": `
import argparse, inspect
from works import jobs
parser = argparse.ArgumentParser()
subparsers = parser.add_subparsers()
OPTIONS = {"level": ("-l", "--level", dict(type=int, help="how much"))}
for fn in [getattr(jobs, name) for name in dir(jobs)]:
    if inspect.isfunction(fn) and fn.__name__[0] != "_" and fn.__module__ == "works.jobs":
        spec = inspect.getfullargspec(fn)
        optional = spec[0][-len(spec[3]):] if spec[3] is not None else []
        required = spec[0][1:-len(spec[3])] if spec[3] is not None else spec[0][1:]
        sub = subparsers.add_parser(fn.__name__)
        for name in optional:
            if name in OPTIONS:
                *flags, rest = OPTIONS[name]
                sub.add_argument(*flags, **rest)
        for name in required:
            sub.add_argument(name)
parser.parse_args()
`,
    "works/__init__.py": "",
    "works/jobs.py": `
from os import path
def start(config, target, level=1): pass
def stop(config): pass
def _hidden(config): pass
`,
  });
  expect(tool.subcommands.map(({ path }) => path)).toEqual(["start", "stop"]);
  expect(tool.parameters).toMatchObject([
    { flags: ["-l", "--level"], subcommand: "start", type: "integer" },
    { name: "target", subcommand: "start" },
  ]);
});

test("an action that passes its number of values on by position", async () => {
  const tool = await onlyTool({
    "acts.py": `
import argparse
class Show(argparse.Action):
    def __init__(self, option_strings, dest, nargs=None, const=None, **kwargs):
        super().__init__(option_strings, dest, 0, const, **kwargs)
class Take(argparse.Action):
    def __init__(self, option_strings, dest, nargs=None, const=None, **kwargs):
        super().__init__(option_strings, dest, nargs, const, **kwargs)
parser = argparse.ArgumentParser()
parser.add_argument("--show", action=Show)
parser.add_argument("--take", action=Take)
parser.parse_args()
`,
  });
  expect(parameterOf(tool, "--show").type).toBe("boolean");
  expect(parameterOf(tool, "--take").type).toBe("string");
});

test("what a program hangs on its parser, and the name by which it is started", async () => {
  const tool = await onlyTool({
    "tools/dump.py": `
import argparse, os, sys
class Common:
    def __init__(self, define):
        self.define = define
    def add(self, parser, suffix):
        def add_argument(*names, **kwargs):
            if "dest" in kwargs:
                kwargs["dest"] += suffix
            parser.add_argument(*names, **kwargs)
        self.define(add_argument)
def define(add):
    add("--debug", dest="level", action="store_const", const="debug")
parser = argparse.ArgumentParser()
parser.common = Common(define)
parser.common.add(parser, "_main")
if parser.prog == "dump.py":
    parser.add_argument("--here")
if os.path.basename(sys.argv[0]) == "other":
    parser.add_argument("--there")
parser.parse_args()
`,
  });
  expect(tool.parameters.map(({ name, confidence }) => [name, confidence])).toEqual([
    ["level_main", "certain"],
    ["here", "certain"],
  ]);
});

test("a program that ends in the else of a loop that may have been left goes on", async () => {
  const tool = await onlyTool({
    "office.py": `
import getopt, sys
def find():
    return sys.path[3:]
for place in find():
    try:
        import uno
        break
    except ImportError:
        print(place)
else:
    sys.exit(1)
for word in ("a", "b"):
    if word in sys.path:
        break
else:
    sys.exit(2)
opts, args = getopt.getopt(sys.argv[1:], "o:")
`,
  });
  expect(tool.framework).toBe("getopt");
  expect(parameterOf(tool, "-o").type).toBe("string");
});

test("methods that a program sets on the library's own class", async () => {
  const tool = await onlyTool({
    "both.py": `
from optparse import OptionGroup, OptionParser as ArgumentParser
ArgumentParser.add_argument = ArgumentParser.add_option
def _group(self, *args, **kwargs):
    return self.add_option_group(OptionGroup(self, *args, **kwargs))
ArgumentParser.add_argument_group = _group
def _add(self, *args, **kwargs):
    return self.add_option(*args, **kwargs)
OptionGroup.add_argument = _add
parser = ArgumentParser()
parser.add_argument("--url", dest="url")
target = parser.add_argument_group("Target", "where")
target.add_argument("-d", dest="direct", type="int")
parser.parse_args()
`,
  });
  expect(tool.framework).toBe("optparse");
  expect(tool.parameters.map(({ name, type }) => [name, type])).toEqual([
    ["url", "string"],
    ["direct", "integer"],
  ]);
});
