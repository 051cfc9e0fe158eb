import { describe, expect, test } from "vitest";
import type { Tool } from "../../model/index.ts";
import { onlyTool, parameterOf } from "../testing/workspace.ts";

function flagsOf(tool: Tool): readonly string[] {
  return tool.parameters.flatMap(({ flags }) => flags);
}

describe("registers that classes fill when they are made", () => {
  test("a metaclass, also by a call and of modules that are imported further on", async () => {
    const tool = await onlyTool({
      "app/__init__.py": "",
      "app/__main__.py": "from app.run import run\nrun()\n",
      "app/run.py": `
from app.config import parser
def run():
    from app.run import Runner
    Runner().go()
class Runner:
    def go(self):
        parser().parse_args()
`,
      "app/config.py": `
import argparse
KNOWN = []
class Meta(type):
    def __new__(cls, name, bases, attrs):
        super_new = super().__new__
        if not [base for base in bases if isinstance(base, Meta)]:
            return super_new(cls, name, bases, attrs)
        attrs["order"] = len(KNOWN)
        made = super_new(cls, name, bases, attrs)
        made.describe(attrs.get("desc", ""))
        KNOWN.append(made)
        return made
    def describe(cls, text):
        setattr(cls, "short", text.strip().splitlines()[0])
class Setting:
    name = None
    cli = None
    def add(self, parser):
        if self.cli:
            parser.add_argument(*self.cli, dest=self.name, help=self.short)
Setting = Meta("Setting", (Setting,), {})
class Bind(Setting):
    name = "bind"
    cli = ["-b", "--bind"]
    desc = "Where to listen.\\nMore of it."
class Hidden(Setting):
    name = "hidden"
    desc = "Only in files."
def parser():
    made = argparse.ArgumentParser()
    for setting in KNOWN:
        setting().add(made)
    return made
`,
    });
    expect(tool.parameters).toMatchObject([{ name: "bind", flags: ["-b", "--bind"], help: "Where to listen." }]);
  });

  test("__set_name__ and __init_subclass__", async () => {
    const tool = await onlyTool({
      "fields.py": `
import argparse
class Field:
    def __init__(self, default):
        self.default = default
    def __set_name__(self, owner, name):
        owner.register.append(self)
        self.name = name
class Config:
    register = []
    width = Field(80)
    tab_size = Field("x")
class Plugin:
    kinds = {}
    def __init_subclass__(cls, kind=None, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.kinds[kind] = cls
class One(Plugin, kind="one"): pass
class Two(Plugin, kind="two"): pass
parser = argparse.ArgumentParser()
for field in Config.register:
    parser.add_argument("--" + field.name.replace("_", "-"), type=type(field.default), default=field.default)
parser.add_argument("--kind", choices=sorted(Plugin.kinds))
parser.parse_args()
`,
    });
    expect(tool.parameters).toMatchObject([
      { flags: ["--width"], type: "integer", default: 80 },
      { flags: ["--tab-size"], type: "string", default: "x" },
      { flags: ["--kind"], choices: ["one", "two"] },
    ]);
  });

  test("names of modules, classes and objects as dictionaries", async () => {
    const tool = await onlyTool({
      "names.py": `
import argparse
class Base: pass
class OneStyle(Base): pass
class TwoStyle(Base): pass
class Arch:
    ARM = "arm"
    X86 = "x86"
class Options:
    def __init__(self, **given):
        self.__dict__.update(given)
        vars(self)["late"] = "l"
STYLES = [name for name, value in globals().items() if isinstance(value, type) and issubclass(value, Base) and name != "Base"]
globals()["MADE"] = "made"
options = Options(first="f")
parser = argparse.ArgumentParser()
parser.add_argument("--style", choices=STYLES, default=options.first)
parser.add_argument("--arch", choices=[v for k, v in Arch.__dict__.items() if not k.startswith("__")], default=options.late)
parser.add_argument("--made", default=MADE)
parser.parse_args()
`,
    });
    expect(parameterOf(tool, "--style")).toMatchObject({ choices: ["OneStyle", "TwoStyle"], default: "f" });
    expect(parameterOf(tool, "--arch")).toMatchObject({ choices: ["arm", "x86"], default: "l" });
    expect(parameterOf(tool, "--made").default).toBe("made");
  });
});

test("a program that refuses this interpreter or system is read as if it ran on its own", async () => {
  const tool = await onlyTool({
    "old.py": `
import argparse, sys
SUPPORTED = ("3.9", "3.10")
def version(info):
    return ".".join(str(part) for part in info)
if version(sys.version_info[:2]) not in SUPPORTED:
    raise SystemExit("not with this Python")
if sys.platform != "win32":
    sys.exit("only on Windows")
p = argparse.ArgumentParser()
p.add_argument("--x")
p.parse_args()
`,
  });
  expect(flagsOf(tool)).toEqual(["--x"]);
});

test("a package that imports itself by its name; a parser that does not have the method given another name", async () => {
  const tool = await onlyTool({
    "bin/app": "#!/usr/bin/env python3\nfrom app import App\nApp().run()\n",
    "app/__init__.py": `
from argparse import ArgumentParser
class App:
    def run(self):
        import app.report
        parser = ArgumentParser()
        try:
            parser.add_argument = parser.add_option
        except AttributeError:
            pass
        app.report.add_options(parser)
        parser.parse_args()
`,
    "app/report.py": "def add_options(parser):\n    parser.add_argument('--all-logs', action='store_true')\n",
  });
  expect(flagsOf(tool)).toEqual(["--all-logs"]);
});

test("actions of the program's own change what their arguments are", async () => {
  const tool = await onlyTool({
    "acts.py": `
import argparse, enum
class When(enum.Enum):
    ALWAYS = enum.auto()
    NEVER = enum.auto()
class EnumAction(argparse.Action):
    def __init__(self, **kwargs):
        self.kind = kwargs.pop("type")
        kwargs.setdefault("choices", [member.name.lower() for member in self.kind])
        super().__init__(**kwargs)
class One(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None): pass
class Endless(argparse.Action):
    def __init__(self, **kwargs):
        for i in range(999):
            for j in range(999):
                str(i + j)
        super().__init__(**kwargs)
parser = argparse.ArgumentParser()
parser.register("action", "extend", One)
when = parser.add_argument("--when", type=When, action=EnumAction)
parser.add_argument("--only", action="extend", metavar=when.metavar or when.option_strings[0])
parser.add_argument("--endless", action=Endless, type=int)
commands = parser.add_subparsers(metavar="COMMAND")
if commands.metavar == "COMMAND":
    parser.add_argument("--here", action="store_true")
parser.parse_args()
`,
  });
  expect(parameterOf(tool, "--when")).toMatchObject({ choices: ["always", "never"] });
  expect(parameterOf(tool, "--only")).toMatchObject({ type: "string", metavar: "--when" });
  expect(parameterOf(tool, "--endless").type).toBe("integer");
  expect(flagsOf(tool)).toContain("--here");
});

test("a parser that chooses one of several programs is the one that counts", async () => {
  const tool = await onlyTool({
    "pick.py": `
import argparse
def test(argv):
    inner = argparse.ArgumentParser()
    inner.add_argument("--deep")
    inner.parse_args(argv)
parser = argparse.ArgumentParser()
parser.add_argument("program", choices=["test", "other"])
args, rest = parser.parse_known_args()
main = {"test": test}.get(args.program)
if args.program == "test":
    main = test
main(rest)
`,
  });
  expect(tool.parameters.map(({ name }) => name)).toEqual(["program"]);
});
