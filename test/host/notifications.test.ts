import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { Kernels } from "../../src/extension/kernels.ts";
import { Reporter } from "../../src/extension/reporter.ts";
import { Runner } from "../../src/extension/run/runner.ts";
import { type FolderAlert, showAlerts } from "../../src/extension/statistics/alerts.ts";
import { workflowFile } from "../../src/extension/workflows/workflow-files.ts";
import { WorkflowRuns } from "../../src/extension/workflows/workflow-runs.ts";
import type { Tool, ToolArguments } from "../../src/model/index.ts";
import { eventually, fileUri, folder, toka } from "./support.ts";

/** A message that a person would have seen. */
interface Asked {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/** What the buttons of messages do: a scripted person reads each message and presses a button, or none. */
describe("what messages offer", () => {
  const { showInformationMessage, showWarningMessage, showErrorMessage, createQuickPick, showQuickPick } =
    vscode.window;
  const { executeCommand } = vscode.commands;
  const asked: Asked[] = [];
  const forms: vscode.QuickPick<vscode.QuickPickItem>[] = [];
  const lists: (readonly vscode.QuickPickItem[])[] = [];
  const executed: string[] = [];
  let press: (message: Asked) => string | undefined = () => undefined;
  let log: vscode.LogOutputChannel;
  let kernels: Kernels;
  let runner: Runner;
  let reporter: Reporter;
  let tools: readonly Tool[];

  type Item = string | vscode.MessageItem;

  async function message(text: string, ...rest: readonly (Item | vscode.MessageOptions)[]): Promise<Item | undefined> {
    const items = rest.filter((one): one is Item => typeof one === "string" || "title" in one);
    const options = rest.find((one): one is vscode.MessageOptions => typeof one === "object" && "modal" in one);
    const titleOf = (item: Item): string => (typeof item === "string" ? item : item.title);
    const seen = { message: text, detail: options?.detail ?? "", buttons: items.map(titleOf) };
    asked.push(seen);
    const pressed = press(seen);
    return items.find((item) => titleOf(item) === pressed);
  }

  before(async function prepare() {
    const { extensionUri } = await toka();
    log = vscode.window.createOutputChannel("Toka messages test", { log: true });
    reporter = new Reporter(log);
    tools = (await discover(folder().uri.fsPath, { signal: AbortSignal.timeout(60_000) })).tools;
    const dist = (name: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, "dist", name);
    const store = { tools: () => tools.map((tool) => ({ folder: folder(), tool })) };
    kernels = new Kernels(dist("helper.py"), dist("cli.cjs"), store, log);
    runner = new Runner(kernels, reporter, log);
    const report = await (await kernels.sandbox()).probe(AbortSignal.timeout(60_000));
    if (report.backend === undefined) {
      console.warn("SKIPPED: this machine cannot run tools in the sandbox");
      this.skip();
    }
    Object.assign(vscode.window, {
      showInformationMessage: message,
      showWarningMessage: message,
      showErrorMessage: message,
      createQuickPick: () => {
        const picker = createQuickPick();
        forms.push(picker);
        return picker;
      },
      showQuickPick: async (items: readonly vscode.QuickPickItem[]) => {
        lists.push(items);
        return items.at(-1);
      },
    });
    Object.assign(vscode.commands, {
      executeCommand: (command: string, ...rest: unknown[]) => {
        executed.push(command);
        return executeCommand(command, ...rest);
      },
    });
  });

  afterEach(() => {
    press = () => undefined;
    for (const list of [asked, forms, lists, executed]) list.splice(0);
  });

  after(async () => {
    Object.assign(vscode.window, {
      ...{ showInformationMessage, showWarningMessage, showErrorMessage, createQuickPick, showQuickPick },
    });
    Object.assign(vscode.commands, { executeCommand });
    await runner?.stop();
    runner?.dispose();
    kernels?.dispose();
    log?.dispose();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.workspace.fs.delete(fileUri("workflows/told.workflow.yaml")).then(undefined, () => undefined);
  });

  const named = (name: string): Tool => {
    const tool = tools.find((one) => one.name === name);
    assert.ok(tool, `there is no ${name}`);
    return tool;
  };
  const run = (name: string, args: ToolArguments, hosts?: readonly string[]): ReturnType<Runner["run"]> =>
    runner.run({ folder: folder(), tool: named(name) }, { args, complete: true, ...(hosts ? { hosts } : {}) });
  const waitFor = (text: RegExp): Promise<Asked> =>
    eventually(`a message like ${text}`, () => asked.find((one) => text.test(one.message)));

  it("goes back to arguments that were refused, as they were", async () => {
    press = ({ message: text }) => (text.includes("depth") ? "Change Arguments…" : undefined);
    assert.equal(await run("soil_stats", { depth: "deep", fields: ["hill"] }), undefined);
    const form = await eventually("the form", () => forms[0]);
    await eventually("its options", () => (form.items.length > 0 ? true : undefined));
    assert.match(form.title ?? "", /soil_stats/);
    assert.ok(form.items.some(({ label, description }) => label.includes("fields") && description === "= hill"));
    form.hide();
  });

  it("offers a run that may reach what an earlier one was refused", async function refusedHost() {
    press = ({ message: text, buttons }) => {
      if (text.includes("asked for")) return "Run Again…";
      return buttons.find((button) => button.includes("example.org"));
    };
    const done = await run("weather", {}, ["example.org"]);
    if (done?.exit.reason === "not-enforceable") {
      console.warn("SKIPPED: this machine cannot allow single hosts");
      this.skip();
    }
    assert.equal(
      (await waitFor(/asked for/)).message,
      "weather asked for api.open-meteo.com:443, which it may not reach.",
    );
    const again = await eventually("the next question", () =>
      asked.findLast(({ buttons }) => buttons.some((button) => button.includes("api.open-meteo.com:443"))),
    );
    assert.match(again.message, /^Run weather/);
  });

  it("shows the history where an alert asks for it", async () => {
    const alerts = new vscode.EventEmitter<FolderAlert>();
    const shown = showAlerts({ onDidAlert: alerts.event }, reporter, () => "weather");
    press = ({ buttons }) => buttons.find((button) => button === "Show History");
    const rule = { measure: "timeSeconds", above: 1 } as const;
    alerts.fire({
      folder: folder(),
      alert: { rule, tool: "tools/weather.py", value: 2, runs: 1, message: "weather took 2 s, more than 1 s" },
    });
    await eventually("the history", () => (executed.includes("toka.history.focus") ? true : undefined));
    shown.dispose();
    alerts.dispose();
  });

  it("goes on with the run that failed, and else with the one that is chosen", async () => {
    const file = workflowFile(fileUri("workflows/season-archive.workflow.yaml"));
    assert.ok(file);
    const runs = new WorkflowRuns(kernels, { showDiagram: () => undefined }, reporter);
    try {
      press = ({ buttons }) => buttons.find((button) => button === "Run");
      assert.equal((await runs.run(file))?.status, "failed");
      press = ({ buttons }) => buttons.find((button) => button === "Run" || button === "Resume…");
      assert.equal((await runs.run(file))?.status, "failed");
      const question = await waitFor(/^Go on with a run of season-archive/);
      assert.match(question.detail, /failed · /);
      assert.equal(lists.length, 0);
      assert.equal(await runs.resume(file), undefined);
      assert.equal(lists[0]?.length, 2);
      assert.equal(asked.filter(({ message: text }) => text.startsWith("Go on with")).length, 2);
    } finally {
      runs.dispose();
    }
  });

  it("shows what a workflow gave", async () => {
    const uri = fileUri("workflows/told.workflow.yaml");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
    const text = "steps:\n  - id: soil\n    tool: soil_stats\noutputs:\n  all: ${{ steps.soil.json }}\n";
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    const file = workflowFile(uri);
    assert.ok(file);
    const runs = new WorkflowRuns(kernels, { showDiagram: () => undefined }, reporter);
    try {
      press = ({ buttons }) => buttons.find((button) => button === "Run" || button === "Show Outputs");
      assert.equal((await runs.run(file))?.status, "ok");
      await eventually("the page", () =>
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ label }) => label === "Outputs of told"),
      );
    } finally {
      runs.dispose();
    }
  });
});
