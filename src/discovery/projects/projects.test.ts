import { describe, expect, it } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";
import { pyprojectEntryPoints, setupCfgEntryPoints } from "./entry-points.ts";

describe("pyprojectEntryPoints", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["PEP 621", '[project.scripts]\nfoo = "pkg.cli:main"\n"foo-gui" = \'pkg.gui:App.start\' # x\n', ["foo", "foo-gui"]],
    ["an inline table", '[project]\nscripts = { a = "p:m", "b-c" = "p:n" }\n', ["a", "b-c"]],
    ["dotted keys", '[project]\nscripts.a = "p:m"\n', ["a"]],
    ["quoted table", '[project.entry-points."console_scripts"]\na = "p:m"\n', ["a"]],
    ["Poetry", '[tool.poetry.scripts]\na = { reference = "p:m", type = "console" }\nb = "q:n"\n', ["a", "b"]],
    ["Poetry files are no functions", '[tool.poetry.scripts]\na = { reference = "bin/x", type = "file" }\n', []],
    ["inside a multi-line string", 'x = """\n[project.scripts]\na = "p:m"\n"""\n', []],
    ["not an identifier", '[project.scripts]\na = "p:m\'); import os #"\nb = "p"\n', []],
    ["other tables", '[tool.hatch.envs.default.scripts]\na = "p:m"\n', []],
  ];
  it.each(cases)("%s", (_name, text, names) => {
    expect(pyprojectEntryPoints(text).map((entry) => entry.name)).toEqual(names);
  });
});

it("setup.cfg: console_scripts over several lines", () => {
  const text =
    "[metadata]\nname = x\n[options.entry_points]\nconsole_scripts =\n    a = p.m:f\n    b=p:g [extra]\nother =\n    c = p:h\n";
  expect(setupCfgEntryPoints(text)).toMatchObject([
    { name: "a", module: "p.m", attribute: ["f"], line: 5 },
    { name: "b", module: "p", attribute: ["g"] },
  ]);
});

const CLI = `
import argparse
def main(argv=None):
    """Starts it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=3)
    args = parser.parse_args(argv)
`;

it("a console command is the function of its module", async () => {
  const tool = await onlyTool({
    "pyproject.toml": '[project.scripts]\nresize = "pkg.cli:main"\n',
    "src/pkg/__init__.py": "",
    "src/pkg/cli.py": CLI,
  });
  expect(tool).toMatchObject({
    id: "src/pkg/cli.py#main",
    name: "resize",
    function: "main",
    framework: "argparse",
    entry: { pythonPath: ["src"] },
  });
  expect(tool.entry.argv.at(-1)).toBe("import sys; from pkg.cli import main; sys.argv[0] = 'resize'; sys.exit(main())");
  expect(parameterOf(tool, "--size")).toMatchObject({ type: "integer", default: 3 });
});

it("a module that is the same program by itself is one tool, named by the command", async () => {
  const tool = await onlyTool({
    "setup.py":
      "from setuptools import setup\nsetup(name='x', entry_points={'console_scripts': ['resize=pkg.cli:main', 'rs=pkg.cli:main']})\n",
    "pkg/__init__.py": "",
    "README.md": "```\npython pkg/cli.py --size 1\n$ resize --size 2\n```\n",
    "pkg/cli.py": `${CLI}\nif __name__ == "__main__":\n    main()\n`,
  });
  expect(tool).toMatchObject({
    id: "pkg/cli.py",
    name: "resize",
    framework: "argparse",
    examples: ["python pkg/cli.py --size 1", "resize --size 2"],
  });
});

it("a command object of click, in a package's __init__; an entry point without arguments", async () => {
  const { tools } = await discoverFiles({
    "setup.cfg":
      "[options.entry_points]\nconsole_scripts =\n  grp = pkg:cli\n  plain = pkg.plain:run\n  gone = nowhere:x\n",
    "pkg/__init__.py":
      "import click\n@click.group()\ndef cli(): 'All of it.'\n@cli.command()\n@click.option('--n', type=int)\ndef go(n): 'Goes.'\n",
    "pkg/plain.py": "def run():\n    'Runs.'\n    print('x')\n",
  });
  expect(tools.map(({ id, name, framework, description }) => [id, name, framework, description])).toEqual([
    ["pkg/__init__.py#cli", "grp", "click", "All of it."],
    ["pkg/plain.py#run", "plain", "main", "Runs."],
  ]);
  expect(tools[0]?.subcommands).toMatchObject([{ path: "go", help: "Goes." }]);
});

it("a command that does too much before its command line says so", async () => {
  const { diagnostics } = await discoverFiles({
    "pyproject.toml": '[project.scripts]\nslow = "pkg.slow:main"\n',
    "pkg/__init__.py": "",
    "pkg/slow.py": `import argparse
def main():
    for a in range(999999):
        for b in range(999999):
            x = [[a, b] * 9 for c in range(99999)]
    parser = argparse.ArgumentParser()
    parser.add_argument("--late")
    parser.parse_args()
`,
  });
  expect(diagnostics).toMatchObject([
    { file: "pkg/slow.py", message: expect.stringMatching(/^slow: The program does too much before/) },
  ]);
});

it("several names of one function: one tool, unless the program looks at its name", async () => {
  const { tools } = await discoverFiles({
    "pyproject.toml":
      '[project.scripts]\nvault = "pkg.cli:main"\nvaultfs = "pkg.cli:main"\none = "pkg.plain:main"\ntwo = "pkg.plain:main"\n',
    "pkg/__init__.py": "",
    "pkg/cli.py": `import argparse
def main():
    parser = argparse.ArgumentParser()
    if parser.prog == "vaultfs":
        parser.add_argument("mountpoint")
    else:
        parser.add_argument("--list", action="store_true")
    parser.parse_args()
`,
    "pkg/plain.py":
      "import argparse, sys\ndef main():\n    p = argparse.ArgumentParser(prog=sys.argv[0])\n    p.add_argument('--x')\n    p.parse_args()\n",
  });
  expect(tools.map(({ id, name, parameters }) => [id, name, parameters.map((parameter) => parameter.name)])).toEqual([
    ["pkg/cli.py#main", "vault", ["list"]],
    ["pkg/cli.py#main:vaultfs", "vaultfs", ["mountpoint"]],
    ["pkg/plain.py#main", "one", ["x"]],
  ]);
});
