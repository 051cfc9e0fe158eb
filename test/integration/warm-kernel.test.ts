import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import type { Execution } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { missingMechanism } from "./sandbox-support.ts";

const missing = await missingMechanism();

const TOOL = `import argparse, os
parser = argparse.ArgumentParser(description="Count.")
parser.add_argument("--number", type=int, default=1, help="How many.")
given = parser.parse_args()
print(given.number, open("data.txt").read())
open(os.path.join(os.environ["TOKA_RESULTS"], "result.txt"), "w").write("x" * given.number)
`;

describe.skipIf(missing !== undefined)("a warm start of a tool", () => {
  let base: string;
  let workspace: string;
  let sandbox: Sandbox;
  let kernel: Kernel;

  beforeAll(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), "toka-warm-kernel-")));
    workspace = join(base, "workspace");
    await mkdir(workspace);
    await writeFile(join(workspace, "count.py"), TOOL);
    await writeFile(join(workspace, "data.txt"), "data");
    sandbox = new Sandbox({
      helperPath: join(import.meta.dirname, "../../src/sandbox/helper.py"),
      warm: { ready: 2 },
    });
    const opened = Kernel.open({ workspace, sandbox, stateFolder: join(base, "state") });
    if (!opened.ok) throw new Error(opened.problem.message);
    kernel = opened.value;
    const { tools } = await discover(workspace, { signal: AbortSignal.timeout(60_000) });
    kernel.registerTools(tools.map((tool) => ({ ...tool, idempotent: true })));
  });

  afterAll(async () => {
    await sandbox.dispose();
    kernel.close();
    await rm(base, { recursive: true, force: true });
  });

  const run = async (number: number, cache = true): Promise<Execution> => {
    const [tool] = kernel.tools();
    if (tool === undefined) throw new Error("there is no tool");
    const done = await kernel.execute(
      { tool: tool.id, arguments: { number }, principal: "user", cache },
      { signal: AbortSignal.timeout(60_000) },
    );
    if (!done.ok) throw new Error(done.problem.message);
    return done.value;
  };

  test("has the run's own result folder, and is told and kept", async () => {
    const first = await run(1);
    expect(first).toMatchObject({ exit: { reason: "ok" }, stdout: "1 data\n" });
    expect(first.warm).toBeUndefined();
    for (const number of [2, 3]) {
      await sandbox.ready();
      const seen = await run(number);
      expect(seen).toMatchObject({ exit: { reason: "ok" }, stdout: `${number} data\n`, warm: true, cached: false });
      expect(seen.results.map(({ bytes }) => bytes)).toContain(number);
      const [result] = seen.results.filter(({ path }) => path.endsWith("result.txt"));
      expect(await readFile(result?.path ?? "", "utf8")).toBe("x".repeat(number));
      expect(result?.path).toContain(seen.id);
    }
  });

  test("its result is kept and given again like any other", async () => {
    await sandbox.ready();
    expect(await run(7)).toMatchObject({ warm: true, cached: false });
    await sandbox.ready();
    expect(await run(7)).toMatchObject({ stdout: "7 data\n", cached: true });
  });

  test("leaves no folder of a run that never came", async () => {
    await run(9, false);
    await sandbox.ready();
    await sandbox.dispose();
    const kept = kernel.history({ limit: 100 });
    if (!kept.ok) throw new Error(kept.problem.message);
    const known = new Set(kept.value.map(({ id }) => id));
    const [state = ""] = (await readdir(join(base, "state"), { recursive: true })).filter((path) =>
      /(^|\/)runs$/.test(path),
    );
    expect(existsSync(join(base, "state", state))).toBe(true);
    const folders = await readdir(join(base, "state", state));
    expect(folders.filter((name) => !known.has(name))).toEqual([]);
  });
});
