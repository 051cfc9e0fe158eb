import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { HistoryLines } from "../../src/extension/history-tree.ts";
import { Kernels } from "../../src/extension/kernels.ts";
import { Reporter } from "../../src/extension/reporter.ts";
import type { FolderAlert } from "../../src/extension/statistics/alerts.ts";
import type { Kernel } from "../../src/kernel/index.ts";
import type { Execution, Tool, ToolArguments } from "../../src/model/index.ts";
import { eventually, folder, toka } from "./support.ts";

const RULES = "toka.alerts.rules";

describe("kept results, statistics and alerts in the editor", () => {
  let log: vscode.LogOutputChannel;
  let kernels: Kernels;
  let kernel: Kernel;
  const alerts: FolderAlert[] = [];

  before(async function prepare() {
    const { extensionUri } = await toka();
    // Of a tool that nothing else here runs: only the beginning of a state is told.
    const rules = [{ tool: "sensor_check", measure: "memoryMB", above: 0.5 }];
    await vscode.workspace.getConfiguration().update(RULES, rules, vscode.ConfigurationTarget.Global);
    log = vscode.window.createOutputChannel("Toka results test", { log: true });
    const tools: readonly Tool[] = (await discover(folder().uri.fsPath, { signal: AbortSignal.timeout(60_000) })).tools;
    const dist = (name: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, "dist", name);
    const store = { tools: () => tools.map((tool) => ({ folder: folder(), tool })) };
    kernels = new Kernels(dist("helper.py"), dist("cli.cjs"), store, log);
    kernels.onDidAlert((event) => alerts.push(event));
    const report = await (await kernels.sandbox()).probe(AbortSignal.timeout(60_000));
    if (report.backend === undefined) {
      console.warn("SKIPPED: this machine cannot run tools in the sandbox");
      this.skip();
    }
    const opened = await kernels.get(folder());
    assert.ok(opened.ok, opened.ok ? "" : opened.problem.message);
    kernel = opened.value;
    assert.ok(kernel.allowCache("soil_stats").ok);
    assert.ok(kernel.cache.clear().ok);
  });

  after(async () => {
    kernels?.dispose();
    log?.dispose();
    await vscode.workspace.getConfiguration().update(RULES, undefined, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  async function run(tool = "soil_stats", args: ToolArguments = { depth: 40 }): Promise<Execution> {
    const request = { tool, arguments: args, principal: "user" } as const;
    const done = await kernel.execute(request, { signal: AbortSignal.timeout(60_000) });
    assert.ok(done.ok, done.ok ? "" : done.problem.message);
    assert.equal(done.value.exit.reason, "ok", done.value.stderr);
    return done.value;
  }

  it("marks a kept result with its age, and tells what the runs of its tool were like", async () => {
    const first = await run();
    assert.equal(first.cached, false);
    const second = await run();
    assert.equal(second.cachedFrom?.execution, first.id);
    const provider = new HistoryLines(kernels, { active: [] }, new Reporter(log), () => "soil_stats");
    try {
      const nodes = await provider.getChildren();
      const node = nodes.find((one) => one.kind === "finished" && one.execution.id === second.id);
      assert.ok(node);
      const item = provider.getTreeItem(node);
      assert.match(String(item.description), /cached (?:just now|\d+ min ago)/);
      assert.match(String(item.accessibilityInformation?.label), /cached (?:just now|\d+ min ago)/);
      assert.match(String(item.contextValue), /;cached(;|$)/);
      const { tooltip } = await provider.resolveTreeItem(item, node);
      assert.match(String(tooltip), /\d+ runs?, /);
      assert.match(String(tooltip), /Memory: /);
    } finally {
      provider.dispose();
    }
    const reference = { folder: folder().uri.toString(), execution: second.id };
    await vscode.commands.executeCommand("toka.openExecution", reference);
    const text = await eventually("the document of the run", () => {
      const shown = vscode.window.activeTextEditor?.document;
      return shown?.uri.scheme === "toka-result" ? shown.getText() : undefined;
    });
    assert.ok(text.includes(`cached: the result of a run at ${new Date(first.startedAt).toLocaleString()}`), text);
  });

  it("tells an alert that the settings ask for, once", async () => {
    await run("sensor_check", {});
    await run("sensor_check", {});
    await eventually("the alert", () => (alerts.length > 0 ? true : undefined));
    assert.equal(alerts.length, 1);
    assert.equal(alerts[0]?.folder.uri.toString(), folder().uri.toString());
    assert.match(alerts[0]?.alert.message ?? "", /sensor_check: its last run used .* MB of memory/);
  });

  it("clears what is kept by its command", async () => {
    await vscode.commands.executeCommand("toka.clearCache");
    const report = kernel.cache.report();
    assert.ok(report.ok);
    assert.deepEqual(report.value.entries, []);
    assert.equal((await run()).cached, false);
  });
});
