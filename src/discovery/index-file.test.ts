import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../model/index.ts";
import { type IndexFile, indexPath } from "./index-file.ts";
import { type TemporaryWorkspace, temporaryWorkspace } from "./testing/workspace.ts";
import { WorkspaceIndex } from "./workspace-index.ts";

const { signal } = new AbortController();
const TOOL = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--x')\np.parse_args()\n";
const USER = "from common import parser\nparser.parse_args()\n";
const common = (flag: string): string =>
  `import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('${flag}')\n`;

describe("an index that outlives its process", () => {
  let workspace: TemporaryWorkspace;
  let state = "";
  let problems: Problem[] = [];
  const file = (build = "1"): IndexFile => ({
    path: indexPath(state, workspace.folder),
    build,
    onProblem: (problem) => problems.push(problem),
  });
  const open = (build?: string): WorkspaceIndex => new WorkspaceIndex(workspace.folder, new Map(), file(build));
  const scanned = async (index: WorkspaceIndex): Promise<WorkspaceIndex> => {
    await index.scan({ signal });
    return index;
  };
  /** A new process: what is stored, then a look at the workspace. */
  const restarted = async (build?: string): Promise<WorkspaceIndex> => {
    const index = open(build);
    await index.restore();
    return await scanned(index);
  };
  const names = (index: WorkspaceIndex): string[] =>
    index.report().tools.flatMap((tool) => tool.parameters.map((parameter) => `${tool.file} ${parameter.name}`));

  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), "toka-index-"));
    problems = [];
    workspace = await temporaryWorkspace({
      "a.py": TOOL,
      "use.py": USER,
      "common.py": common("--old"),
      "x.tool.yaml": "name: x\ncommand: [ls]\n",
      "run.sh": "#!/bin/sh\nls\n",
      script: "#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1])\n",
    });
    await (await scanned(open())).save();
  });
  afterEach(async () => {
    await workspace[Symbol.asyncDispose]();
    await rm(state, { recursive: true });
  });

  test("gives the same report without reading or parsing a program", async () => {
    const before = (await scanned(open())).report();
    const index = open();
    expect(await index.restore()).toBe(true);
    expect(index.report().tools.map((tool) => tool.file)).toEqual(["a.py", "run.sh", "script", "use.py"]);
    await index.scan({ signal });
    const { stats, ...after } = index.report();
    expect(after).toEqual({ workspace: before.workspace, tools: before.tools, diagnostics: before.diagnostics });
    expect(stats).toMatchObject({ filesParsed: 0, filesSeen: 6 });
    expect(problems).toEqual([]);
  });

  test("reads what changed meanwhile, and what rests on it", async () => {
    await workspace.write("common.py", common("--new"));
    const index = await restarted();
    expect(names(index)).toEqual(["a.py x", "script args", "use.py new"]);
    expect(index.report().stats.filesParsed).toBe(2);
  });

  test("notices a change within the clock's tick that leaves size and time as they were", async () => {
    const full = join(workspace.folder, "a.py");
    const time = new Date("2024-01-01");
    await utimes(full, time, time);
    await (await scanned(open())).save();
    await writeFile(full, TOOL.replace("--x", "--y"));
    await utimes(full, time, time);
    expect(names(await restarted())).toContain("a.py y");
  });

  test("notices files that came, went, or became executable", async () => {
    await workspace.write("late.py", "import sys\nprint(sys.argv[1])\n");
    await rm(join(workspace.folder, "a.py"));
    await (await restarted()).save();
    await chmod(join(workspace.folder, "late.py"), 0o755);
    const tools = (await restarted()).report().tools.map((tool) => tool.file);
    expect(tools).toEqual(["late.py", "run.sh", "script", "use.py", "x.tool.yaml"]);
  });

  test("notices a module that now stands before another of its name", async () => {
    await workspace.write("deep/use.py", USER);
    await (await restarted()).save();
    await workspace.write("deep/common.py", common("--near"));
    expect(names(await restarted())).toContain("deep/use.py near");
    await (await restarted()).save();
    await rm(join(workspace.folder, "deep/common.py"));
    expect(names(await restarted())).toContain("deep/use.py old");
  });

  test("does not keep unsaved texts", async () => {
    const index = new WorkspaceIndex(workspace.folder, new Map([["common.py", common("--typed")]]), file());
    await index.scan({ signal });
    await index.save();
    expect(names(await restarted())).toEqual(["a.py x", "script args", "use.py old"]);
  });

  test("a changed file that is updated is stored as it is", async () => {
    const index = await restarted();
    await workspace.write("common.py", common("--new"));
    await index.update(["common.py"], signal);
    await index.save();
    const again = open();
    await again.restore();
    expect(names(again)).toContain("use.py new");
  });

  const damages: readonly [string, (text: string) => string, RegExp][] = [
    ["cut short", (text) => text.slice(0, text.length / 2), /JSON/],
    ["empty", () => "", /expected object/],
    ["something else", () => "[]", /expected object/],
    ["without its last line", (text) => text.slice(0, text.trimEnd().lastIndexOf("\n") + 1), /not complete/],
    ["newer", (text) => text.replace('"format":2', '"format":99'), /another version/],
    ["with a wrong field", (text) => text.replace('"misses":[]', '"misses":7'), /misses/],
    ["of another folder", (text) => text.replace('"workspace":"/', '"workspace":"/else/'), /it is about/],
    [
      "with evidence that is not there",
      (text) => text.replace(/"evidence":\[\d+/u, '"evidence":[999'),
      /does not list/,
    ],
    [
      "with a number that names no file",
      (text) => text.replace(/"dependencies":\[0/u, '"dependencies":[999'),
      /does not list/,
    ],
  ];
  test.each(damages)("a file %s is dropped, told about, and made anew", async (_name, damage, why) => {
    const { path } = file();
    const text = await readFile(path, "utf8");
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    await writeFile(path, damaged);
    const index = open();
    expect(await index.restore()).toBe(false);
    expect(problems).toMatchObject([{ message: expect.stringMatching(why) }]);
    expect(await readdir(state)).toEqual([]);
    await index.scan({ signal });
    await index.save();
    expect(await open().restore()).toBe(true);
  });

  test("another build's file is of no use", async () => {
    expect(await open("2").restore()).toBe(false);
    expect(problems).toMatchObject([{ code: "index-outdated", message: expect.stringContaining("another version") }]);
  });

  test("a place that cannot be written is told about", async () => {
    await writeFile(join(state, "file"), "");
    const path = join(state, "file", "index.json");
    const index = new WorkspaceIndex(workspace.folder, new Map(), { ...file(), path });
    await index.scan({ signal });
    await index.save();
    expect(problems).toMatchObject([{ code: "index-not-saved" }]);
  });

  test("keeps a bounded number of folders, the latest ones", async () => {
    for (let number = 0; number < 60; number++) {
      const path = join(state, `old-${number}.json`);
      await writeFile(path, "{}");
      await utimes(path, number, number);
    }
    await (await restarted()).save();
    const left = await readdir(state);
    expect(left).toHaveLength(40);
    expect(left).toContain("old-59.json");
    expect(left).not.toContain("old-0.json");
  });
});
