import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

/** A program that builds a parser and parses with it. */
function program(lines: string): Record<string, string> {
  const body = lines
    .trim()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  return {
    "tool.py": `import argparse\n\ndef main():\n    parser = argparse.ArgumentParser(description="Does things.")\n${body}\n    args = parser.parse_args()\n\nif __name__ == "__main__":\n    main()\n`,
  };
}

describe("add_argument", () => {
  test("positional and optional arguments with everything about them", async () => {
    const tool = await onlyTool(
      program(`
parser.add_argument("source", help="what to read")
parser.add_argument("-n", "--max-count", type=int, default="3", metavar="N", help="how many")
parser.add_argument("--mode", choices=["fast", "slow"], default="fast")
parser.add_argument("--token", required=True)`),
    );
    expect(tool).toMatchObject({
      id: "tool.py",
      name: "tool",
      kind: "python",
      framework: "argparse",
      description: "Does things.",
      entry: { argv: ["python", "tool.py"] },
    });
    expect(parameterOf(tool, "source")).toMatchObject({
      type: "string",
      required: true,
      help: "what to read",
      line: 5,
    });
    expect(parameterOf(tool, "-n")).toEqual({
      name: "max_count",
      flags: ["-n", "--max-count"],
      type: "integer",
      required: false,
      default: 3,
      metavar: "N",
      help: "how many",
      confidence: "certain",
      line: 6,
    });
    expect(parameterOf(tool, "--mode")).toMatchObject({ choices: ["fast", "slow"], default: "fast" });
    expect(parameterOf(tool, "--token")).toMatchObject({ required: true });
    expect(tool.schema).toMatchObject({ type: "object", required: ["source", "token"], additionalProperties: false });
  });

  test.each([
    ["action='store_true'", { type: "boolean", default: false, action: "store_true" }],
    ["action='store_false'", { type: "boolean", default: true }],
    ["action='store_const', const=3", { type: "boolean", action: "store_const" }],
    ["action='count', default=0", { type: "integer", default: 0 }],
    ["action='append', type=int", { type: "array", items: { type: "integer" } }],
    ["action=argparse.BooleanOptionalAction", { type: "boolean", flags: ["--x", "--no-x"] }],
    ["nargs='?', const='c'", { type: "string", nargs: "?" }],
    ["nargs='*'", { type: "array", nargs: "*" }],
    ["nargs=2, type=float", { type: "array", nargs: 2, items: { type: "number" } }],
    ["type=argparse.FileType('r')", { type: "string", isPath: true }],
    ["type=lambda v: v.split()", { confidence: "certain" }],
    ["default=argparse.SUPPRESS", { required: false }],
    ["help=argparse.SUPPRESS", { required: false }],
  ])("%s", async (keywords, expected) => {
    const tool = await onlyTool(program(`parser.add_argument("--x", ${keywords})`));
    const parameter = parameterOf(tool, "--x");
    expect(parameter).toMatchObject(expected);
    expect(parameter.help).toBeUndefined();
  });

  test("what only running could tell is left out, not guessed", async () => {
    const tool = await onlyTool(
      program(`parser.add_argument("--jobs", type=int, default=__import__("os").cpu_count())`),
    );
    const jobs = parameterOf(tool, "--jobs");
    expect(jobs.confidence).toBe("unknown");
    expect("default" in jobs).toBe(false);
  });

  test("a name that is not known is a diagnostic", async () => {
    const report = await discoverFiles(
      program(`import os\nfor name in os.listdir("."):\n    parser.add_argument("--" + name)`),
    );
    expect(report.tools[0]?.parameters).toEqual([]);
    expect(report.diagnostics).toMatchObject([{ file: "tool.py", line: 7, code: "not-known-before-run" }]);
  });
});

describe("how parsers are put together", () => {
  test("subcommands, nested, with aliases, parents and variables", async () => {
    const tool = await onlyTool(
      program(`
common = argparse.ArgumentParser(add_help=False)
common.add_argument("--verbose", action="store_true")
sub = parser.add_subparsers(dest="command", required=True)
build = sub.add_parser("build", parents=[common], help="builds")
build.add_argument("target")
remote = sub.add_parser("remote").add_subparsers()
add = remote.add_parser("add")
add.add_argument("url")`),
    );
    expect(tool.subcommands.map((item) => item.path)).toEqual(["build", "remote", "remote add"]);
    expect(parameterOf(tool, "--verbose", "build").type).toBe("boolean");
    expect(parameterOf(tool, "target", "build").required).toBe(true);
    expect(parameterOf(tool, "url", "remote add").required).toBe(true);
    expect(tool.schema["properties"]).toMatchObject({ subcommand: { enum: ["build", "remote", "remote add"] } });
    expect(tool.schema["required"]).toBeUndefined();
  });

  test("groups, exclusive groups, set_defaults, actions changed later", async () => {
    const tool = await onlyTool(
      program(`
group = parser.add_argument_group("output")
either = group.add_mutually_exclusive_group(required=True)
either.add_argument("--json", action="store_true")
either.add_argument("--text", action="store_true")
action = parser.add_argument("--level", type=int)
action.default = 4
parser.set_defaults(json=True)`),
    );
    expect(parameterOf(tool, "--json").exclusiveGroup).toBe(parameterOf(tool, "--text").exclusiveGroup);
    expect(parameterOf(tool, "--json").default).toBe(true);
    expect(parameterOf(tool, "--level").default).toBe(4);
  });

  test("loops, tables, keyword dictionaries, f-strings and constants", async () => {
    const tool = await onlyTool({
      "tool.py": `
import argparse
KINDS = ("red", "blue")
OPTIONS = {"--width": dict(type=int, default=80), "--title": {"help": "the title"}}
parser = argparse.ArgumentParser()
for flag, options in OPTIONS.items():
    parser.add_argument(flag, **options)
for kind in KINDS:
    parser.add_argument(f"--{kind}", help="use %s" % kind, action="store_true")
parser.add_argument("--kind", choices=KINDS, default=KINDS[0])
args = parser.parse_args()
`,
    });
    expect(parameterOf(tool, "--width")).toMatchObject({ type: "integer", default: 80 });
    expect(parameterOf(tool, "--title").help).toBe("the title");
    expect(parameterOf(tool, "--blue").help).toBe("use blue");
    expect(parameterOf(tool, "--kind")).toMatchObject({ choices: ["red", "blue"], default: "red" });
  });

  test("parsers made in functions, classes, subclasses and other modules", async () => {
    const tool = await onlyTool({
      "run.py": `
from lib.cli import Parser, add_common
from lib import LIMIT
class App:
    def __init__(self):
        self.parser = Parser(prog="app")
    def setup(self):
        add_common(self.parser, limit=LIMIT)
        return self
    def run(self):
        return self.parser.parse_args()
if __name__ == "__main__":
    App().setup().run()
`,
      "lib/__init__.py": "LIMIT = 12\n",
      "lib/cli.py": `
import argparse
class Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs):
        super().__init__(description="An app.", **kwargs)
        self.add_argument("--debug", action="store_true")
def add_common(parser, limit):
    parser.add_argument("--limit", type=int, default=limit)
`,
    });
    expect(tool).toMatchObject({ name: "app", description: "An app." });
    expect(parameterOf(tool, "--debug").type).toBe("boolean");
    expect(parameterOf(tool, "--limit").default).toBe(12);
  });

  test("a condition that is not known makes an argument likely", async () => {
    const tool = await onlyTool(program(`import os\nif os.getpid() % 2:\n    parser.add_argument("--extra")`));
    expect(parameterOf(tool, "--extra").confidence).toBe("likely");
  });

  test("a first look with parse_known_args adds to the final parser", async () => {
    const tool = await onlyTool(
      program(`
first = argparse.ArgumentParser(add_help=False)
first.add_argument("--config")
known, rest = first.parse_known_args()
parser.add_argument("--name")`),
    );
    expect(tool.parameters.map((parameter) => parameter.name).sort()).toEqual(["config", "name"]);
  });

  test("cyclic parents and parsers below themselves end", async () => {
    const tool = await onlyTool(
      program(`
sub = parser.add_subparsers()
inner = sub.add_parser("again", parents=[parser])
inner.add_argument("--x")`),
    );
    expect(parameterOf(tool, "--x", "again").type).toBe("string");
  });
});

describe("what is no tool", () => {
  test("a library that defines a parser but runs none", async () => {
    const { tools } = await discoverFiles({
      "library.py":
        "import argparse\ndef make():\n    p = argparse.ArgumentParser()\n    p.add_argument('--x')\n    return p\n",
      "unused.py": "import argparse\ndef main():\n    argparse.ArgumentParser().parse_args()\n",
    });
    expect(tools).toEqual([]);
  });

  test("tests", async () => {
    const text = "import argparse\nargparse.ArgumentParser().parse_args()\n";
    const { tools } = await discoverFiles({
      "test_a.py": text,
      "a_test.py": text,
      "conftest.py": text,
      "tests/b.py": text,
    });
    expect(tools).toEqual([]);
  });
});

test("a module of a package is run with -m, from the folder that holds the package", async () => {
  const main = "from .core import parse\nparse()\n";
  const core =
    "import argparse\ndef parse():\n    p = argparse.ArgumentParser()\n    p.add_argument('--x')\n    p.parse_args()\n";
  const { tools } = await discoverFiles({
    "pkg/__init__.py": "",
    "pkg/__main__.py": main,
    "pkg/core.py": core,
    "src/other/__init__.py": "",
    "src/other/__main__.py": main,
    "src/other/core.py": core,
  });
  expect(tools.map(({ name, entry }) => ({ name, entry }))).toEqual([
    { name: "pkg", entry: { argv: ["python", "-m", "pkg"] } },
    { name: "other", entry: { argv: ["python", "-m", "other"], pythonPath: ["src"] } },
  ]);
});
