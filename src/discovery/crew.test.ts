import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Crew, helpersFor } from "./crew.ts";
import { Shares } from "./shares.ts";
import { temporaryWorkspace } from "./testing/workspace.ts";
import { discover, WorkspaceIndex } from "./workspace-index.ts";

const { signal } = new AbortController();

const SHARED = `import subprocess
def add_common(parser, names=("verbose", "quiet")):
    for name in names:
        parser.add_argument(f"--{name}", action="store_true")
def run(args):
    subprocess.run(["ls", *args])
`;

const tool = (index: number): string => `import argparse
from common.shared import add_common, run
p = argparse.ArgumentParser(description="Number ${index}")
add_common(p)
p.add_argument("--x${index}", type=int, default=${index})
if __name__ == "__main__":
    run(p.parse_args())
`;

const FILES: Readonly<Record<string, string>> = {
  "common/__init__.py": "",
  "common/shared.py": SHARED,
  "broken.py": `${tool(0)}\ndef broken(:\n`,
  "tool.sh": '#!/bin/sh\n# Does it.\nwhile getopts "ab:" o; do :; done\n',
  "m.tool.yaml": "name: m\nkind: external\ncommand: [ls]\ndescription: Lists\n",
  ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index % 4}/t${index}.py`, tool(index)])),
};

test.each([
  [100_000, 8, 0],
  [4_000_000, 1, 0],
  [4_000_000, 2, 0],
  [4_000_000, 3, 1],
  [4_000_000, 8, 1],
  [40_000_000, 4, 1],
  [40_000_000, 6, 3],
  [40_000_000, 64, 3],
])("of %d bytes on %d processors: %d helpers", (bytes, processors, helpers) => {
  expect(helpersFor(bytes, processors)).toBe(helpers);
});

describe("helpers", { timeout: 60_000 }, () => {
  test("find the same, to the byte, however many there are", async () => {
    await using workspace = await temporaryWorkspace(FILES);
    const reports: string[] = [];
    for (const helpers of [0, 1, 2]) {
      const { tools, diagnostics } = await discover(workspace.folder, {
        signal,
        helpers,
        overlays: new Map([["d1/t1.py", tool(1).replace("--x1", "--unsaved")]]),
      });
      reports.push(JSON.stringify({ tools, diagnostics }));
    }
    expect(reports[0]).toContain("--unsaved");
    expect(reports[0]).toContain("process-spawn");
    expect(reports[1]).toBe(reports[0]);
    expect(reports[2]).toBe(reports[0]);
  });

  test("tell of each file once, and leave an index that updates", async () => {
    await using workspace = await temporaryWorkspace(FILES);
    const index = new WorkspaceIndex(workspace.folder);
    const kept: string[] = [];
    const analysed: string[] = [];
    await index.scan({
      signal,
      helpers: 2,
      onKept: (files) => kept.push(...files),
      onAnalysed: (file) => analysed.push(file),
    });
    expect(analysed).toHaveLength(kept.length);
    expect(new Set(analysed)).toEqual(new Set(kept));
    await workspace.write("common/shared.py", SHARED.replace('"quiet"', '"silent"'));
    await index.update(["common/shared.py"], signal);
    const { tools } = index.report();
    const [found] = tools.filter(({ file }) => file === "d0/t0.py");
    expect(found?.parameters.map(({ name }) => name)).toEqual(["verbose", "silent", "x0"]);
  });

  test("end when they are aborted", async () => {
    await using workspace = await temporaryWorkspace(FILES);
    const controller = new AbortController();
    const reason = new Error("enough");
    const running = discover(workspace.folder, {
      signal: controller.signal,
      helpers: 2,
      onAnalysed: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
  });

  test.each([
    ["cannot be started", "missing.mjs", 0],
    ["throw", "throws.mjs", 2],
  ])("that %s leave the work to who asked", async (_, name, others) => {
    await using workspace = await temporaryWorkspace({ "throws.mjs": "throw new Error('no');\n" });
    const crew = new Crew({
      folder: workspace.folder,
      python: new Set(),
      declaring: new Set(),
      overlays: new Map(),
      more: [],
      paths: ["a.py", "b.py", "c.py"],
      helpers: others,
      program: join(workspace.folder, name),
      signal,
      onRecord: () => expect.unreachable(),
      onDone: () => expect.unreachable(),
    });
    expect([...crew.shares.takeAll(0)]).toEqual([0, 1, 2]);
    await crew.finish(signal);
    await crew.dispose();
  });
});

describe("shares", () => {
  test.each([
    [10, 1],
    [10, 3],
    [2, 4],
    [0, 2],
  ])("of %i items by %i threads are each taken once", (count, parts) => {
    const shares = Shares.of(count, parts);
    const threads = Array.from({ length: parts }, (_, part) => new Shares(shares.claims, parts).takeAll(part));
    const taken: number[] = [];
    for (let isMore = true; isMore; ) {
      isMore = false;
      for (const thread of threads) {
        const { value, done } = thread.next();
        if (done === true) continue;
        taken.push(value);
        isMore = true;
      }
    }
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  test("begin with neighbours", () => {
    const shares = Shares.of(6, 2);
    expect(shares.takeAll(1).next().value).toBe(3);
    expect([...shares.takeAll(0)]).toEqual([0, 1, 2, 5, 4]);
  });
});
