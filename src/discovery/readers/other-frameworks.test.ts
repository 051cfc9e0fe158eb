import { expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf, temporaryWorkspace } from "../testing/workspace.ts";
import { discover } from "../workspace-index.ts";

test("optparse: options, groups, option lists, usage", async () => {
  const tool = await onlyTool({
    "old.py": `
from optparse import OptionParser, OptionGroup, make_option
parser = OptionParser(usage="%prog [options] FILE...", option_list=[make_option("-q", action="store_true")])
parser.add_option("-n", "--number", type="int", dest="count", default=2, help="how many")
parser.add_option("--kind", type="choice", choices=["a", "b"])
group = OptionGroup(parser, "More")
group.add_option("--path", metavar="DIR")
parser.add_option_group(group)
parser.set_defaults(kind="a")
(options, args) = parser.parse_args()
`,
  });
  expect(tool.framework).toBe("optparse");
  expect(parameterOf(tool, "-q")).toMatchObject({ type: "boolean", default: false });
  expect(parameterOf(tool, "-n")).toMatchObject({ name: "count", type: "integer", default: 2, help: "how many" });
  expect(parameterOf(tool, "--kind")).toMatchObject({ choices: ["a", "b"], default: "a" });
  expect(parameterOf(tool, "--path").isPath).toBe(true);
  expect(tool.parameters.map(({ name }) => name)).toEqual(["q", "count", "kind", "path"]);
  expect(tool.entry.rest).toEqual({ name: "args", metavar: "FILE", isPath: true, confidence: "likely", line: 3 });
  expect(tool.schema["properties"]).toMatchObject({
    args: { type: "array", items: { type: "string" }, description: "The words after the options (FILE)." },
  });
});

test("words that a parser leaves over have a key that no parameter has", async () => {
  const tool = await onlyTool({
    "old.py":
      'import optparse\np = optparse.OptionParser()\np.add_option("--args")\np.add_option("-x", dest="args_2")\nprint(p.parse_args())\n',
  });
  expect(tool.parameters.map(({ name }) => name)).toEqual(["args", "args_2"]);
  expect(tool.entry.rest).toEqual({ name: "args_3", confidence: "unknown", line: 2 });
});

test("optparse: actions of the program's own take a value only where their class says so", async () => {
  const tool = await onlyTool({
    "own.py": `
import optparse
class ManPage(optparse.Option):
    ACTIONS = optparse.Option.ACTIONS + ("manpage",)
class Collect(optparse.Option):
    ACTIONS = optparse.Option.ACTIONS + ("collect",)
    ALWAYS_TYPED_ACTIONS = optparse.Option.ALWAYS_TYPED_ACTIONS + ("collect",)
parser = optparse.OptionParser(option_class=Collect)
parser.add_option(ManPage("--manpage", action="manpage"))
parser.add_option("--names", action="collect")
parser.add_option("--call", action="callback", callback=print)
parser.add_option("--call-with", action="callback", callback=print, type="int")
parser.parse_args()
`,
  });
  expect(parameterOf(tool, "--manpage").type).toBe("boolean");
  expect(parameterOf(tool, "--names").type).toBe("string");
  expect(parameterOf(tool, "--call").type).toBe("boolean");
  expect(parameterOf(tool, "--call-with").type).toBe("integer");
});

test("getopt: short and long options", async () => {
  const tool = await onlyTool({
    "g.py": `
import getopt, sys
def main():
    opts, args = getopt.getopt(sys.argv[1:], "ho:v", ["help", "output=", "dry-run"])
if __name__ == "__main__":
    main()
`,
  });
  expect(tool.framework).toBe("getopt");
  expect(parameterOf(tool, "-o").type).toBe("string");
  expect(parameterOf(tool, "-v").type).toBe("boolean");
  expect(parameterOf(tool, "--output").type).toBe("string");
  expect(parameterOf(tool, "--dry-run").type).toBe("boolean");
  expect(tool.parameters).toHaveLength(4);
  expect(tool.entry.rest).toMatchObject({ name: "args", confidence: "likely" });
});

test("getopt: an option that is named twice is one", async () => {
  const tool = await onlyTool({
    "g.py": `import getopt, sys\nopts, args = getopt.getopt(sys.argv[1:], "va:vo:av", ["all", "all"])\n`,
  });
  expect(tool.parameters.map(({ flags, type }) => [flags[0], type])).toEqual([
    ["-v", "boolean"],
    ["-a", "string"],
    ["-o", "string"],
    ["--all", "boolean"],
  ]);
});

test("fire: functions, classes", async () => {
  const one = await onlyTool({
    "f.py":
      "import fire\ndef add(a, b: int = 2, *rest):\n    '''Adds.'''\nif __name__ == '__main__':\n    fire.Fire(add)\n",
  });
  expect(one).toMatchObject({ framework: "fire", description: "Adds." });
  expect(parameterOf(one, "--a").required).toBe(true);
  expect(parameterOf(one, "--b")).toMatchObject({ type: "integer", default: 2 });
  const many = await onlyTool({
    "c.py":
      "import fire\nclass Calc:\n    def __init__(self, base=10): pass\n    def add(self, x): 'Adds x.'\n    def _hidden(self): pass\nfire.Fire(Calc)\n",
  });
  expect(many.subcommands).toMatchObject([{ path: "add", help: "Adds x." }]);
  expect(parameterOf(many, "--base").default).toBe(10);
  expect(parameterOf(many, "--x", "add").required).toBe(true);
});

test("fire: modules, dictionaries and objects inside objects, help from docstrings", async () => {
  const whole = await onlyTool({
    "m.py": `
import os
import fire
def hello(name, times=1):
    """Says hello.

    Args:
        name: Whom.
    """
def _hidden(): pass
class Group:
    def inner(self, x: int): "Inner."
if __name__ == "__main__":
    fire.Fire()
`,
  });
  expect(whole.subcommands.map(({ path, help }) => [path, help])).toEqual([
    ["hello", "Says hello."],
    ["Group inner", "Inner."],
  ]);
  expect(parameterOf(whole, "--name", "hello")).toMatchObject({ required: true, help: "Whom." });
  const nested = await onlyTool({
    "n.py": `
import fire
class Stage:
    def run(self, fast=False): pass
class Pipeline:
    def __init__(self):
        self.first = Stage()
    def all(self): pass
fire.Fire({"pipe": Pipeline(), "more": {"stage": Stage}})
`,
  });
  expect(nested.subcommands.map((one) => one.path)).toEqual(["pipe all", "pipe first run", "more stage run"]);
  expect(parameterOf(nested, "--fast", "pipe first run").default).toBe(false);
});

test("scripts with inline metadata are made to be run", async () => {
  const tool = await onlyTool({
    "fetch.py":
      "# /// script\n# requires-python = '>=3.12'\n# dependencies = [\n#   'rich',\n# ]\n# ///\n# Fetches it.\nimport rich\nrich.print('x')\n",
    "other.py": "# Sets up.\nimport rich\nrich.print('x')\n",
  });
  expect(tool).toMatchObject({ id: "fetch.py", framework: "main", description: "Fetches it." });
});

test("plain scripts: guard, sys.argv, shebang, executable bit", async () => {
  const guard = await onlyTool({ "a.py": '"""Does it.\n\nMore."""\nif __name__ == "__main__":\n    print("x")\n' });
  expect(guard).toMatchObject({ framework: "main", description: "Does it.", parameters: [], line: 4 });
  const argv = await onlyTool({ "b.py": "import sys\nif __name__ == '__main__':\n    print(sys.argv[1])\n" });
  expect(argv.framework).toBe("sys.argv");
  const long = "for i in range(100):\n        for j in range(100):\n            print(i, j)";
  const late = await onlyTool({
    "b.py": `import sys\nif __name__ == '__main__':\n    ${long}\n    print(sys.argv[1])\n`,
  });
  expect(late.framework).toBe("sys.argv");
  expect(parameterOf(argv, "args").confidence).toBe("unknown");
  const shebang = await onlyTool({ "bin/tool": "#!/usr/bin/env python3\n# Says hello.\nprint('hello')\n" });
  expect(shebang).toMatchObject({ name: "tool", framework: "main", description: "Says hello." });
  const { tools } = await discoverFiles({
    "module.py": "print('side effect of a module that is no __main__')\n",
    "checks.py": "import unittest\nif __name__ == '__main__':\n    unittest.main()\n",
    "empty.py": "import sys\nX = 1\nif __name__ == '__main__':\n    pass\n",
  });
  expect(tools).toEqual([]);
  await using workspace = await temporaryWorkspace();
  await workspace.write("run.py", "import sys\nprint(len(sys.argv))\n", 0o755);
  const report = await discover(workspace.folder, { signal: new AbortController().signal });
  expect(report.tools.map((tool) => tool.framework)).toEqual(["sys.argv"]);
});
