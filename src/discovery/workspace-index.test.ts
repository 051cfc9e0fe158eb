import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DiscoveryReport } from "../model/index.ts";
import { discoverFiles, parameterOf, temporaryWorkspace } from "./testing/workspace.ts";
import { discover, WorkspaceIndex } from "./workspace-index.ts";

const never = new AbortController().signal;
const TOOL = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--x')\np.parse_args()\n";

describe("discover", () => {
  test("reports in the published format, sorted by file, then line", async () => {
    const report = await discoverFiles({ "b.py": TOOL, "a.py": TOOL, "c/d.sh": "#!/bin/sh\nls\n", "readme.md": "" });
    expect(() => DiscoveryReport.parse(report)).not.toThrow();
    expect(report.tools.map((tool) => tool.file)).toEqual(["a.py", "b.py", "c/d.sh"]);
    expect(report.stats).toMatchObject({ filesSeen: 4, filesRead: 3, filesParsed: 2 });
  });

  test("unsaved texts stand for files", async () => {
    await using workspace = await temporaryWorkspace({ "a.py": TOOL });
    const overlays = new Map([["a.py", TOOL.replace("--x", "--unsaved")]]);
    const { tools } = await discover(workspace.folder, { signal: never, overlays });
    expect(tools[0]?.parameters[0]?.name).toBe("unsaved");
  });

  test("rejects with the reason when aborted, before and while it works", async () => {
    await using workspace = await temporaryWorkspace(
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`d${index % 20}/t${index}.py`, TOOL])),
    );
    const reason = new Error("enough");
    await expect(discover(workspace.folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const running = discover(workspace.folder, {
      signal: controller.signal,
      onProgress: (_seen, read) => {
        if (read > 0) controller.abort(reason);
      },
    });
    await expect(running).rejects.toBe(reason);
  });

  test("the event loop keeps turning", { timeout: 30_000 }, async () => {
    await using workspace = await temporaryWorkspace(
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`t${index}.py`, TOOL.repeat(20)])),
    );
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await discover(workspace.folder, { signal: never });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

describe("files that are trouble", () => {
  test("broken syntax: what can be read is read, one diagnostic", async () => {
    const { tools, diagnostics } = await discoverFiles({ "a.py": `${TOOL}\ndef broken(:\n    pass\n\nclass ]:\n` });
    expect(tools).toHaveLength(1);
    expect(diagnostics).toMatchObject([{ file: "a.py", severity: "warning", code: "syntax-error", line: 6 }]);
  });

  test("too large, binary and one long line", { timeout: 30_000 }, async () => {
    const { tools, diagnostics } = await discoverFiles({
      "big.py": `x = "${"a".repeat(5_000_000)}"\n`,
      "binary.py": new Uint8Array([1, 0, 2, 0, 3]),
      "line.py": `x = [${"1,".repeat(700_000)}]\nimport argparse\nargparse.ArgumentParser().parse_args()\n`,
    });
    expect(diagnostics.map(({ file, code }) => [file, code])).toEqual([
      ["big.py", "file-too-large"],
      ["binary.py", "binary-file"],
    ]);
    expect(tools.map((tool) => tool.file)).toEqual(["line.py"]);
  });

  test("notebooks are left out, and one of them says why", async () => {
    const notebook = JSON.stringify({ cells: [{ cell_type: "code", source: TOOL }] });
    const { tools, diagnostics } = await discoverFiles({ "b.ipynb": notebook, "a.ipynb": notebook, "t.py": TOOL });
    expect(tools).toHaveLength(1);
    expect(diagnostics).toMatchObject([
      { file: "a.ipynb", code: "notebook", message: expect.stringContaining("2 files") },
    ]);
  });

  test("deep nesting", async () => {
    const deep = `x = ${"(".repeat(20_000)}1${")".repeat(20_000)}\n${TOOL}`;
    const indented = `${Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}if x:\n`).join("")}${" ".repeat(300)}pass\n${TOOL}`;
    const { tools } = await discoverFiles({ "deep.py": deep, "indented.py": indented });
    expect(tools.map((tool) => tool.file)).toContain("indented.py");
  });

  test("modules that import themselves and each other", async () => {
    const { tools } = await discoverFiles({
      "a.py": `import a, b\nfrom a import *\nfrom b import *\n${TOOL}`,
      "b.py": "from a import p\nfrom . import a\nfrom .... import c\nimport a.b.c.d\n",
    });
    expect(tools[0]?.parameters).toHaveLength(1);
  });

  test("other encodings and control characters stay text", async () => {
    const latin = Buffer.from(
      `# -*- coding: latin-1 -*-\n${TOOL.replace("'--x'", "'--x', help='gr\xfcn \x1b[31m\x07'")}`,
      "latin1",
    );
    const { tools } = await discoverFiles({ "a.py": latin });
    expect(tools[0]?.parameters[0]?.help).toBe("grün \x1b[31m\x07");
  });

  test("names that look like options or commands are just names", async () => {
    await using workspace = await temporaryWorkspace({ "a b;$(x).py": TOOL, "-rf.py": TOOL, "ü/ß.py": TOOL });
    const { tools } = await discover(workspace.folder, { signal: never });
    expect(tools.map((tool) => tool.id)).toEqual(["-rf.py", "a b;$(x).py", "ü/ß.py"]);
  });
});

describe("WorkspaceIndex", () => {
  test("a saved file is read again, and with it what depends on it, nothing else", async () => {
    await using workspace = await temporaryWorkspace({
      "tool.py": "from common import parser\nparser.parse_args()\n",
      "common.py": "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--old')\n",
      "other.py": TOOL,
    });
    const index = new WorkspaceIndex(workspace.folder);
    await index.scan({ signal: never });
    const before = index.report();
    expect(before.tools.map((tool) => tool.file)).toEqual(["other.py", "tool.py"]);
    await workspace.write(
      "common.py",
      "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--new')\n",
    );
    await index.update(["common.py"], never);
    const after = index.report();
    expect(after.tools[1]?.parameters[0]?.name).toBe("new");
    expect(after.tools[0]).toBe(before.tools[0]);
  });

  test("files that appear and go away", async () => {
    await using workspace = await temporaryWorkspace({
      "tool.py": "from extra import add\nimport argparse\np = argparse.ArgumentParser()\nadd(p)\np.parse_args()\n",
    });
    const index = new WorkspaceIndex(workspace.folder);
    await index.scan({ signal: never });
    expect(index.report().tools[0]?.parameters).toEqual([]);
    await workspace.write("extra.py", "def add(p):\n    p.add_argument('--late')\n");
    await index.update(["extra.py"], never);
    const [tool] = index.report().tools;
    expect(tool && parameterOf(tool, "--late").name).toBe("late");
    await rm(`${workspace.folder}/tool.py`);
    await index.update(["tool.py"], never);
    expect(index.report().tools).toEqual([]);
  });

  test("capabilities follow modules that appear later: imported in functions, by other modules, beside folders", async () => {
    await using workspace = await temporaryWorkspace({
      "direct.py": `${TOOL}def work():\n    import late\n    late.run()\nsomewhere.call(work)\n`,
      "through.py": `import middle\n${TOOL}somewhere.call(middle.work)\n`,
      "middle.py": "def work():\n    from late import run\n    run()\n",
      "spaced.py": `import space.late\n${TOOL}somewhere.call(space.late.run)\n`,
      "space/other.py": "",
      "alone.py": TOOL,
    });
    const index = new WorkspaceIndex(workspace.folder);
    await index.scan({ signal: never });
    const spawning = (): string[] =>
      index
        .report()
        .tools.filter(({ capabilities }) => capabilities.some(({ name }) => name === "process-spawn"))
        .map(({ file }) => file);
    expect(spawning()).toEqual([]);
    const late = "import subprocess\ndef run():\n    subprocess.run(['ls'])\n";
    await workspace.write("late.py", late);
    await index.update(["late.py"], never);
    expect(spawning()).toEqual(["direct.py", "through.py"]);
    expect(index.report().stats.filesRead).toBeLessThan(6);
    await workspace.write("space/late.py", late);
    await index.update(["space/late.py"], never);
    expect(spawning()).toEqual(["direct.py", "spaced.py", "through.py"]);
    await rm(join(workspace.folder, "late.py"));
    await index.update(["late.py"], never);
    expect(spawning()).toEqual(["spaced.py"]);
  });

  test("unsaved texts come and go", async () => {
    await using workspace = await temporaryWorkspace({ "tool.py": TOOL });
    const index = new WorkspaceIndex(workspace.folder);
    await index.scan({ signal: never });
    index.setOverlay("tool.py", TOOL.replace("--x", "--typed"));
    await index.update(["tool.py"], never);
    expect(index.report().tools[0]?.parameters[0]?.name).toBe("typed");
    index.setOverlay("tool.py", undefined);
    await index.update(["tool.py"], never);
    expect(index.report().tools[0]?.parameters[0]?.name).toBe("x");
  });
});
