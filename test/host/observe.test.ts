import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { eventually, folder, toka } from "./support.ts";

/** The labels of all open tabs. */
function tabs(): string[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
}

describe("observed runs in the editor", () => {
  let kernel: Kernel;

  before(async function prepare() {
    const extension = await toka();
    const sandbox = new Sandbox({ helperPath: join(extension.extensionPath, "dist", "helper.py") });
    const report = await sandbox.probe(AbortSignal.timeout(60_000));
    if (report.backend === undefined) {
      console.warn("SKIPPED: this machine cannot run tools in the sandbox");
      this.skip();
    }
    // The extension's own state, so that its commands find the run.
    const opened = Kernel.open({ workspace: folder().uri.fsPath, sandbox });
    assert.ok(opened.ok);
    kernel = opened.value;
    kernel.registerTools((await discover(folder().uri.fsPath, { signal: AbortSignal.timeout(30_000) })).tools);
  });

  after(async () => {
    kernel?.close();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  async function run(observe: boolean): Promise<{ folder: string; execution: string }> {
    const request = { tool: "soil_stats", arguments: { depth: 20 }, principal: "user", observe } as const;
    const done = await kernel.execute(request, { signal: AbortSignal.timeout(60_000) });
    assert.ok(done.ok, done.ok ? "" : done.problem.message);
    assert.equal(done.value.exit.reason, "ok");
    assert.equal(done.value.observed === undefined, !observe);
    if (observe) assert.ok((done.value.observed?.comparison?.tighter.code ?? []).length > 0);
    return { folder: folder().uri.toString(), execution: done.value.id };
  }

  it("are shown as a page", async () => {
    await vscode.commands.executeCommand("toka.showObserved", await run(true));
    await eventually("the page", () => tabs().includes("What soil_stats Did") || undefined);
  });

  it("are told in the document of the run", async () => {
    await vscode.commands.executeCommand("toka.openExecution", await run(true));
    const text = await eventually("the document", () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.uri.scheme === "toka-result" ? editor.document.getText() : undefined;
    });
    assert.match(text, /── what it did ──/);
  });

  it("have no page when they were not observed", async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.commands.executeCommand("toka.showObserved", await run(false));
    assert.ok(!tabs().includes("What soil_stats Did"));
  });

  it("can be asked for only where the workspace is trusted", async () => {
    const { packageJSON } = await toka();
    const declared: { command: string; enablement?: string }[] = packageJSON.contributes.commands;
    assert.equal(declared.find(({ command }) => command === "toka.observeTool")?.enablement, "isWorkspaceTrusted");
  });
});
