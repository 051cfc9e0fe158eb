import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Result } from "../../model/index.ts";
import { Kernel } from "../kernel.ts";
import type { Plan, RunRequest } from "../request.ts";
import { ScriptedSandbox, tool, value } from "../testing/scripted.ts";

const MEBIBYTE = 1024 * 1024;

describe("toka.json", () => {
  let base: string;
  let workspace: string;
  let kernel: Kernel;

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-folder-")));
    workspace = join(base, "workspace");
    mkdirSync(join(workspace, "tools"), { recursive: true });
    writeFileSync(join(workspace, "tools/report.py"), "print('hi')\n");
    kernel = value(
      Kernel.open({ workspace, sandbox: new ScriptedSandbox(), stateFolder: join(base, "state"), environment: {} }),
    );
    kernel.registerTools([tool()]);
  });
  afterEach(() => {
    kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  function plan(configuration: object, given: Partial<RunRequest> = {}): Result<Plan> {
    writeFileSync(join(workspace, "toka.json"), JSON.stringify(configuration));
    return kernel.plan({ tool: "report", arguments: { title: "x" }, principal: "user", ...given });
  }

  it("narrows limits, and never widens them", () => {
    const { policy } = value(plan({ limits: { memoryMB: 64, timeSeconds: 100_000 } }));
    expect(policy.memoryBytes).toBe(64 * MEBIBYTE);
    expect(policy.timeMs).toBe(300_000);
    // Not even what the user asked for this run goes beyond.
    const asked = value(plan({ limits: { memoryMB: 64 } }, { limits: { memoryBytes: 999 * MEBIBYTE } }));
    expect(asked.policy.memoryBytes).toBe(64 * MEBIBYTE);
  });

  it("hides files from every tool", () => {
    const { policy } = value(plan({ forbid: ["secrets", "data/keys.txt"] }));
    expect(policy.forbiddenPaths).toEqual([join(workspace, "secrets"), join(workspace, "data/keys.txt")]);
  });

  it("keeps the network and agents away", () => {
    const grant = { writablePaths: [], hosts: ["example.org"] };
    expect(value(plan({ network: false }, { grant })).denied?.capability).toBe("network-access");
    expect(value(plan({ network: true }, { grant })).denied).toBeUndefined();
    expect(value(plan({ agents: false }, { principal: "mcp:desk" })).denied?.message).toContain("toka.json");
    expect(value(plan({ agents: false })).denied).toBeUndefined();
  });

  it("stops every run while it cannot be read", () => {
    const planned = plan({ network: "yes" });
    expect(planned).toMatchObject({
      ok: false,
      problem: { code: "bad-configuration", place: { file: "toka.json", line: 1, field: "network" } },
    });
  });
});
