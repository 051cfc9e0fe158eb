import { expect, it } from "vitest";
import { discoverFiles, onlyTool, temporaryWorkspace } from "./testing/workspace.ts";
import { WorkspaceIndex } from "./workspace-index.ts";

const SCRIPT = `#!/usr/bin/env python3
"""Resizes pictures.

    $ ./resize.py --width 100 a.png
    usage: resize.py [options] FILE
"""
import argparse
p = argparse.ArgumentParser(epilog="Examples:\\n  resize.py b.png\\n  other.py c.png\\n  resize.py <file>")
p.add_argument("--width", type=int)
p.add_argument("file")
p.parse_args()
`;

it("examples come from the epilog, the docstring and READMEs around", async () => {
  const { tools } = await discoverFiles({
    "tools/resize.py": SCRIPT,
    "tools/README.md":
      "Run resize.py now and then.\n\n```sh\npython tools/resize.py --width 5 d.png\nSIZE=1 uv run resize.py e.png\n```\n",
    "README.rst": "Use::\n\n    $ python3 tools/resize.py f.png\n",
    "run.sh": "#!/bin/sh\n# Runs.\n#   ./run.sh fast\necho $1\n",
  });
  expect(tools.map((tool) => [tool.file, tool.examples])).toEqual([
    ["run.sh", ["./run.sh fast"]],
    [
      "tools/resize.py",
      [
        "resize.py b.png",
        "./resize.py --width 100 a.png",
        "python tools/resize.py --width 5 d.png",
        "SIZE=1 uv run resize.py e.png",
        "python3 tools/resize.py f.png",
      ],
    ],
  ]);
});

it("modules are known by their names; prose is no example", async () => {
  const tool = await onlyTool({
    "app/__init__.py": "",
    "app/__main__.py": "import argparse\np = argparse.ArgumentParser()\np.add_argument('x')\np.parse_args()\n",
    "README.md": "The app runs python -m app for you.\n\n    python -m app go\n    python -m other go\n",
  });
  expect(tool.examples).toEqual(["python -m app go"]);
});

it("a changed README changes the examples", async () => {
  await using workspace = await temporaryWorkspace({ "resize.py": SCRIPT, "README.md": "    resize.py one.png\n" });
  const index = new WorkspaceIndex(workspace.folder);
  const { signal } = new AbortController();
  await index.scan({ signal });
  expect(index.report().tools[0]?.examples).toContain("resize.py one.png");
  await workspace.write("README.md", "    resize.py two.png\n");
  await index.update(["README.md"], signal);
  expect(index.report().tools[0]?.examples).toContain("resize.py two.png");
});
