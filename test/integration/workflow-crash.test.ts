import { execFile } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Execution, WorkflowReport } from "../../src/model/index.ts";
import { makeChain, openChain, runChain } from "../support/workflow-chain.ts";

/* A workflow killed before every single change of its state, and gone on with: the same result, and nothing done twice. */

const End = z.object({ changes: z.int(), ok: z.boolean() });

let base: string;
let workspace: string;

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-workflow-crash-")));
  workspace = join(base, "workspace");
  makeChain(workspace);
  // It starts often: as one file it starts fast.
  await build({
    entryPoints: [join(import.meta.dirname, "workflow-child.ts")],
    outfile: join(base, "child.mjs"),
    ...{ bundle: true, platform: "node", format: "esm", target: "node24" },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** How a child ended: its signal, or what it says when nothing killed it. */
async function child(stateFolder: string, killAt: number, resume = false): Promise<string | z.infer<typeof End>> {
  const words = [join(base, "child.mjs"), workspace, stateFolder, String(killAt), ...(resume ? ["resume"] : [])];
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, words, (error, stdout, stderr) => {
      if (error === null) resolve(End.parse(JSON.parse(stdout)));
      else if (error.signal) resolve(error.signal);
      else reject(new Error(stderr));
    });
  });
}

/** Ids of the executions that were kept and went well, by step and item. */
function finished(history: readonly Execution[]): Record<string, string[]> {
  const good = history.filter(({ exit }) => exit.reason === "ok");
  const steps = Map.groupBy(good, ({ workflow }) => `${workflow?.step} ${workflow?.item ?? ""}`.trim());
  return Object.fromEntries([...steps].map(([step, executions]) => [step, executions.map(({ id }) => id)]));
}

/** Goes on with what is left in a state, in this process. */
async function goOn(stateFolder: string): Promise<{
  readonly before: Record<string, string[]>;
  readonly after: Record<string, string[]>;
  readonly report: WorkflowReport | undefined;
}> {
  using kernel = openChain(workspace, stateFolder, () => undefined);
  const history = (): readonly Execution[] => {
    const found = kernel.history({ limit: 1000 });
    if (!found.ok) throw new Error(found.problem.message);
    return found.value;
  };
  const before = finished(history());
  const report = await runChain(kernel, true);
  if (!report.ok) expect(report.problem.code).toBe("no-workflow-run");
  return { before, after: finished(history()), report: report.ok ? report.value : undefined };
}

const STEPS = new Set(["each 0", "each 1", "first", "last"]);
const OUTPUTS = { sizes: [{ size: 18 }, { size: 18 }], last: 43 };

describe("a workflow that is killed", () => {
  it("ends with the same result when it is gone on with, whenever that was, and runs no finished step again", async () => {
    const whole = await child(join(base, "whole"), 0);
    if (typeof whole === "string") throw new Error(whole);
    expect(whole.ok).toBe(true);
    expect(whole.changes).toBeGreaterThan(30);
    for (let killAt = 1; killAt <= whole.changes; killAt++) {
      const stateFolder = join(base, `killed-${killAt}`);
      expect([killAt, await child(stateFolder, killAt)]).toEqual([killAt, "SIGKILL"]);
      const { before, after, report } = await goOn(stateFolder);
      // Killed before the run was noted there is nothing to go on with.
      if (report === undefined) {
        expect(before).toEqual({});
        continue;
      }
      expect({ killAt, status: report.status, outputs: report.outputs }).toEqual({
        killAt,
        status: "ok",
        outputs: OUTPUTS,
      });
      expect({ killAt, steps: new Set(Object.keys(after)) }).toEqual({ killAt, steps: STEPS });
      for (const [step, ids] of Object.entries(after)) expect([killAt, step, ids.length]).toEqual([killAt, step, 1]);
      expect(after).toMatchObject(before);
      rmSync(stateFolder, { recursive: true });
    }
  }, 600_000);

  it("can be killed while it is gone on with, again and again", async () => {
    const stateFolder = join(base, "again");
    for (let killAt = 12; killAt <= 24; killAt += 4) {
      expect([killAt, await child(stateFolder, killAt, killAt > 12)]).toEqual([killAt, "SIGKILL"]);
    }
    const { after, report } = await goOn(stateFolder);
    expect(report).toMatchObject({ status: "ok", resumed: true, outputs: OUTPUTS });
    expect(Object.values(after).map((ids) => ids.length)).toEqual([1, 1, 1, 1]);
  }, 600_000);
});
