import { describe, expect, test } from "vitest";
import { Interpreter } from "../evaluate/index.ts";
import { ModuleStore } from "../modules.ts";
import { onlyTool, parameterOf, temporaryWorkspace } from "../testing/workspace.ts";
import { WorkspaceIndex } from "../workspace-index.ts";
import { MODELLED_MODULES, MODELS } from "./python.ts";

/** A program whose subcommands are the modules of a package, found in one way or another. */
function withPlugins(lookUp: string): Record<string, string> {
  const plugin = (name: string): string => `
def register(subparsers):
    parser = subparsers.add_parser("${name}")
    parser.add_argument("--${name}-size", type=int)
`;
  return {
    "run.py": `
import argparse
import importlib
import importlib.util
import pkgutil
import os
from glob import glob
from os.path import abspath, dirname, join
from pathlib import Path
import kit.plugins

parser = argparse.ArgumentParser()
subparsers = parser.add_subparsers()
${lookUp}
parser.parse_args()
`,
    "kit/__init__.py": "",
    "kit/plugins/__init__.py": "",
    "kit/plugins/first.py": plugin("first"),
    "kit/plugins/second/__init__.py": plugin("second"),
    "kit/plugins/notes.txt": "",
  };
}

const BY_PLACE = `
def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
`;

describe("subcommands that are the modules of a folder", () => {
  test.each([
    ["iter_modules over a package", "for _, name, is_package in pkgutil.iter_modules(kit.plugins.__path__):\n", ""],
    ["iter_modules with a prefix", "", "pkgutil.iter_modules(kit.plugins.__path__, kit.plugins.__name__ + '.')"],
    ["walk_packages", "", "pkgutil.walk_packages(kit.plugins.__path__, prefix='kit.plugins.')"],
    ["walk_packages from above", "", "pkgutil.walk_packages(path=kit.__path__, prefix='kit.')"],
  ])("%s", async (_title, head, listing) => {
    const loop =
      head === ""
        ? `for info in ${listing}:\n    if not info.name.endswith("plugins"):\n        importlib.import_module(info.name).register(subparsers)`
        : `${head}    importlib.import_module("." + name, package="kit.plugins").register(subparsers)`;
    const tool = await onlyTool(withPlugins(loop));
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["first", "second"]);
    expect(parameterOf(tool, "--second-size", "second").type).toBe("integer");
  });

  test.each([
    [
      "a finder's loader",
      "for finder, name, _ in pkgutil.iter_modules(kit.plugins.__path__):",
      "finder.find_module(name).load_module(name)",
    ],
    [
      "a finder's specification",
      "for finder, name, _ in pkgutil.iter_modules([join(dirname(__file__), 'kit', 'plugins')]):",
      "finder.find_spec(name).loader.load_module()",
    ],
    [
      "a generator of names",
      "def names():\n    for info in pkgutil.iter_modules(kit.plugins.__path__):\n        yield info[1]\nfor name in names():",
      "__import__('kit.plugins.' + name, fromlist=['x'])",
    ],
  ])("%s", async (_title, head, load) => {
    const tool = await onlyTool(withPlugins(`${head}\n    ${load}.register(subparsers)`));
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["first", "second"]);
    expect(parameterOf(tool, "--first-size", "first").confidence).toBe("certain");
  });

  test.each([
    ["glob.glob", "glob(join(abspath(dirname(__file__)), 'kit', 'plugins', '*.py'))"],
    ["Path.glob", "sorted_paths(Path(__file__).resolve().parent.joinpath('kit', 'plugins').glob('*.py'))"],
    ["Path.glob by /", "(Path(__file__).parents[0] / 'kit' / 'plugins').glob('*.py')"],
  ])("loaded by their place: %s", async (_title, paths) => {
    const tool = await onlyTool(
      withPlugins(`${BY_PLACE}
def sorted_paths(paths):
    return list(paths)
for path in ${paths}:
    if os.path.basename(path) != "__init__.py":
        load(path).register(subparsers)
`),
    );
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["first"]);
  });

  test("names in a folder, of which some may be no modules", async () => {
    const tool = await onlyTool(
      withPlugins(`
for name in os.listdir(os.path.join(os.path.dirname(os.path.realpath(__file__)), "kit/plugins")):
    if name.endswith(".py"):
        importlib.import_module("kit.plugins." + name[:-3]).register(subparsers)
`),
    );
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["first"]);
  });

  test("what registers itself when it is imported, kept by an attribute of a function and given by an iterator", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
import pkgutil
import importlib
import shapes
from registry import Registry

def plugins():
    if not hasattr(plugins, "found"):
        for info in pkgutil.iter_modules(shapes.__path__, "shapes."):
            importlib.import_module(info.name)
        plugins.found = Registry()
    return plugins.found

parser = argparse.ArgumentParser()
for shape in plugins():
    parser.add_argument("--" + shape)
parser.parse_args()
`,
      "registry.py": `
KNOWN = {}
def register(name):
    KNOWN[name] = True
class Registry:
    def __iter__(self):
        return iter(KNOWN)
`,
      // A folder without an __init__.py.
      "shapes/circle.py": 'from registry import register\nregister("circle")\n',
      "shapes/square.py": 'from registry import register\nregister("square")\n',
    });
    expect(tool.parameters.map(({ name }) => name)).toEqual(["circle", "square"]);
  });

  test("folders out of the workspace are not looked at", async () => {
    const tool = await onlyTool(
      withPlugins(`
for info in pkgutil.iter_modules([os.path.join(os.path.dirname(__file__), "..", "..", "etc")]):
    importlib.import_module(info.name).register(subparsers)
parser.add_argument("--here")
parser.add_argument("--place", default=os.path.join(os.path.dirname(__file__), "data"))
`),
    );
    expect(tool.subcommands).toEqual([]);
    expect(parameterOf(tool, "--here").confidence).toBe("certain");
    expect(parameterOf(tool, "--place").default).toBeUndefined();
  });

  test("a plugin that comes or goes changes the tool", async () => {
    const files = withPlugins(`
for info in pkgutil.iter_modules(kit.plugins.__path__, "kit.plugins."):
    importlib.import_module(info.name).register(subparsers)
`);
    await using workspace = await temporaryWorkspace(files);
    const { signal } = new AbortController();
    const index = new WorkspaceIndex(workspace.folder);
    const names = (): string[] =>
      index.report().tools.flatMap(({ subcommands }) => subcommands.map(({ path }) => path));
    await index.scan({ signal });
    expect(names()).toEqual(["first", "second"]);
    await workspace.write("kit/plugins/third.py", "def register(subparsers):\n    subparsers.add_parser('third')\n");
    await index.update(["kit/plugins/third.py"], signal);
    expect(names()).toEqual(["first", "second", "third"]);
  });

  test("of a folder with very many modules only so many are looked at", () => {
    const program = `
import importlib
import pkgutil
import plugins
names = pkgutil.walk_packages(plugins.__path__, "plugins.")
modules = [importlib.import_module(name) for _, name, _ in names]
`;
    const files = Array.from({ length: 3_000 }, (_, index) => `plugins/p${index}.py`);
    const overlays = new Map([["run.py", program], ...files.map((file) => [file, "x = 1"] as const)]);
    const interpreter = new Interpreter(
      new ModuleStore("/nowhere", [...files, "run.py"], MODELLED_MODULES, overlays),
      MODELS,
    );
    const { module } = interpreter.runMain("run.py");
    const names = module?.scope.own("names");
    expect(names).toMatchObject({ kind: "list", open: true });
    expect(names?.kind === "list" && names.items.length).toBe(interpreter.limits.iterations);
    expect(interpreter.filesUsed.size).toBeLessThanOrEqual(interpreter.limits.iterations + 1);
  });
});

describe("what a program builds its parser with", () => {
  test("an action of its own that asks for other options", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
class Both(argparse.Action):
    def __init__(self, option_strings, dest, help=None, **kwargs):
        names = [name.replace("SELECT", word) for word in ("include", "exclude") for name in option_strings]
        super().__init__(names, "selections", help=help, **kwargs)
    def __call__(self, parser, namespace, values, option_string=None):
        namespace.selections.append((option_string, values))
parser = argparse.ArgumentParser()
parser.add_argument("--SELECT-file", action=Both, metavar="FILE")
parser.parse_args()
`,
    });
    expect(parameterOf(tool, "--include-file").flags).toEqual(["--include-file", "--exclude-file"]);
  });

  test("of two parsers between which the arguments decide, the one that takes more with its subcommands", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, sys
def new():
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers(dest="action")
    for name in ("backup", "restore"):
        action = actions.add_parser(name)
        action.add_argument("--from")
        action.add_argument("--to")
    return parser.parse_args()
def old():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backup")
    parser.add_argument("--restore")
    return parser.parse_args()
if __name__ == "__main__":
    options = old() if "--old" in sys.argv else new()
`,
    });
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["backup", "restore"]);
  });

  test("a generator that may give more than is known", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse, json
def sure():
    yield "--one"
    yield from ["--two"]
def unsure():
    yield "--three"
    if json.load(open("x")):
        yield "--four"
parser = argparse.ArgumentParser()
if len(list(sure())) == 2:
    parser.add_argument("--sure")
if len(list(unsure())) == 1:
    parser.add_argument("--unsure")
parser.parse_args()
`,
    });
    expect(parameterOf(tool, "--sure").confidence).toBe("certain");
    expect(parameterOf(tool, "--unsure").confidence).not.toBe("certain");
  });

  test("options of optparse that store nothing, take one value by nargs, or have an action of the program's own", async () => {
    const tool = await onlyTool({
      "run.py": `
import optparse
class Option(optparse.Option):
    ACTIONS = optparse.Option.ACTIONS + ("extend",)
    ALWAYS_TYPED_ACTIONS = optparse.Option.ALWAYS_TYPED_ACTIONS + ("extend",)
parser = optparse.OptionParser(option_class=Option)
parser.add_option("--one", dest="", type="string", action="callback", callback=print)
parser.add_option("--two", dest="", action="callback", callback=print)
parser.add_option("--number", nargs=1, type="int")
parser.add_option("--pair", nargs=2, type="int")
parser.add_option("--more", action="extend")
parser.parse_args()
`,
    });
    const shapes = tool.parameters.map(({ name, type }) => [name, type]);
    expect(shapes).toEqual([
      ["one", "string"],
      ["two", "boolean"],
      ["number", "integer"],
      ["pair", "array"],
      ["more", "string"],
    ]);
  });

  test("options and types of click of classes of the program's own", async () => {
    const tool = await onlyTool({
      "run.py": `
import click
from click_repl import register_repl

class Grouped(click.Option):
    def __init__(self, *args, **kwargs):
        self.group = kwargs.pop("group", None)
        super().__init__(*args, **kwargs)

class Daemon(click.Command):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.params.append(Grouped(("--pidfile",), group="Daemon"))

class Level(click.Choice):
    def __init__(self):
        super().__init__(("LOW", "HIGH"))

@click.group()
def main():
    pass

@main.command(cls=Daemon)
@click.option("--level", type=Level())
def serve(level):
    pass

register_repl(main, name="shell")
if __name__ == "__main__":
    main()
`,
    });
    expect(tool.subcommands.map(({ path }) => path)).toEqual(["serve", "shell"]);
    expect(parameterOf(tool, "--level", "serve").choices).toEqual(["LOW", "HIGH"]);
    expect(parameterOf(tool, "--pidfile", "serve").type).toBe("string");
  });
});

describe("entry points", () => {
  const LIST = `
import argparse
def add_list(commands):
    parser = commands.add_parser("list", help="Lists")
    parser.add_argument("--long", action="store_true")
`;
  const program = (points: string): string => `
import argparse
from importlib.metadata import entry_points
from importlib import metadata
import pkg_resources
def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    for point in ${points}:
        point.load()(commands)
    parser.parse_args()
if __name__ == "__main__":
    main()
`;

  test.each([
    ["entry_points(group='kit.commands')"],
    ["entry_points().select(group='kit.commands')"],
    ["metadata.entry_points().get('kit.commands', ())"],
    ["metadata.entry_points()['kit.commands']"],
    ["pkg_resources.iter_entry_points('kit.commands')"],
    ["pkg_resources.iter_entry_points('kit.commands', 'list')"],
  ])("of the project itself: %s", async (points) => {
    const files = {
      "src/kit/cli.py": program(points),
      "src/kit/listing.py": LIST,
      "src/kit/never.py": LIST.replaceAll("list", "never"),
    };
    for (const [path, text] of [
      [
        "pyproject.toml",
        '[project.entry-points."kit.commands"]\nlist = "kit.listing:add_list"\n[project.entry-points.x]\nn = "kit.never:add_never"\n',
      ],
      ["pyproject.toml", '[tool.poetry.plugins."kit.commands"]\nlist = "kit.listing:add_list"\n'],
      [
        "setup.cfg",
        "[options.entry_points]\nkit.commands =\n    list = kit.listing:add_list\nx =\n    n = kit.never:add_never\n",
      ],
      [
        "src/kit-1.0.dist-info/entry_points.txt",
        "[x]\nn = kit.never:add_never\n[kit.commands]\nlist = kit.listing:add_list [extra]\n",
      ],
    ] as const) {
      const tool = await onlyTool({ ...files, [path]: text });
      expect(tool.subcommands?.map((command) => command.path)).toEqual(["list"]);
      expect(tool.parameters.find(({ flags }) => flags.includes("--long"))?.subcommand).toBe("list");
    }
  });

  test("what others install is not known", async () => {
    const tool = await onlyTool({
      "run.py": `
import argparse
from importlib.metadata import entry_points
points = entry_points(group="others")
p = argparse.ArgumentParser()
p.add_argument("--backend", choices=[point.name for point in points])
p.parse_args()
`,
    });
    expect(parameterOf(tool, "--backend").choices).toBeUndefined();
  });
});
