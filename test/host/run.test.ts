import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import type { SandboxEvent, ToolArguments } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { folder, toka } from "./support.ts";

/** The gate and the sandbox in the process in which the extension uses them, with its environment and its threads. */
describe("running tools in the extension host", () => {
  let state: string;
  let kernel: Kernel;

  before(async function prepare() {
    const extension = await toka();
    const sandbox = new Sandbox({ helperPath: join(extension.extensionPath, "dist", "helper.py") });
    const report = await sandbox.probe(AbortSignal.timeout(30_000));
    if (report.backend === undefined) {
      console.warn("SKIPPED: this machine cannot run tools in the sandbox");
      this.skip();
    }
    state = await mkdtemp(join(tmpdir(), "toka-state-"));
    const opened = Kernel.open({
      workspace: folder().uri.fsPath,
      sandbox,
      stateFolder: state,
      trusted: () => vscode.workspace.isTrusted,
    });
    assert.ok(opened.ok);
    kernel = opened.value;
    kernel.registerTools((await discover(folder().uri.fsPath, { signal: AbortSignal.timeout(30_000) })).tools);
  });

  after(async () => {
    kernel?.close();
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });

  async function run(tool: string, args: ToolArguments, signal: AbortSignal, onEvent?: (event: SandboxEvent) => void) {
    const done = await kernel.execute(
      { tool, arguments: args, principal: "user" },
      { signal, ...(onEvent ? { onEvent } : {}) },
    );
    assert.ok(done.ok, done.ok ? "" : done.problem.message);
    return done.value;
  }

  it("gives back what the tool printed, and what it used", async () => {
    const { exit, stdout, usage } = await run("soil_stats", { depth: 20 }, AbortSignal.timeout(30_000));
    assert.equal(exit.reason, "ok");
    assert.equal(exit.code, 0);
    assert.ok(Object.keys(JSON.parse(stdout)).length > 0);
    assert.ok(usage.wallMs > 0 && usage.peakMemoryBytes > 1_000_000);
  });

  it("cancels a tool that hangs", async () => {
    const cancel = new AbortController();
    const { exit } = await run("frost_watch", {}, cancel.signal, (event) => {
      if (event.type === "started") setTimeout(() => cancel.abort(), 500);
    });
    assert.equal(exit.reason, "cancelled");
  });

  it("refuses arguments that do not fit", async () => {
    const refused = await kernel.execute(
      { tool: "soil_stats", arguments: { depth: "deep" }, principal: "user" },
      { signal: AbortSignal.timeout(30_000) },
    );
    assert.ok(!refused.ok);
    assert.match(refused.problem.message, /depth/);
  });
});
