// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { WorkflowPlan } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { eventually, fileUri, folder, toka } from "./support.ts";

const SAMPLE = "workflows/harvest-report.workflow.yaml";

/** A file of its own for each test: one that is open and changed does not follow what is written. */
async function write(name: string, text: string): Promise<vscode.TextDocument> {
  const uri = fileUri(`workflows/${name}.workflow.yaml`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  return document;
}

const tabs = (): readonly string[] =>
  vscode.window.tabGroups.all.flatMap(({ tabs: open }) => open.map(({ label }) => label));

describe("workflows in the editor", () => {
  before(async () => {
    await toka();
  });

  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const name of ["marked", "completed", "planned"]) {
      await vscode.workspace.fs.delete(fileUri(`workflows/${name}.workflow.yaml`));
    }
  });

  it("marks what is wrong as it is written, and nothing once it is mended", async () => {
    const document = await write(
      "marked",
      "steps:\n  - id: a\n    tool: soil_stats\n    with: { depth: ${{ 1 + }} }\n",
    );
    const diagnostics = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(document.uri);
    await eventually("a diagnostic", () => (diagnostics().length > 0 ? true : undefined));
    const edit = new vscode.WorkspaceEdit();
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    edit.replace(document.uri, all, "steps:\n  - id: a\n    tool: soil_stats\n    with: { depth: 33 }\n");
    await vscode.workspace.applyEdit(edit);
    const [wrong] = await eventually("another diagnostic", () => {
      const found = diagnostics();
      return found.length === 1 && found[0]?.message.includes("depth") ? found : undefined;
    });
    assert.deepEqual([wrong?.range.start.line, wrong?.range.start.character], [3, 19]);
    const mend = new vscode.WorkspaceEdit();
    mend.replace(document.uri, new vscode.Range(3, 19, 3, 21), "20");
    await vscode.workspace.applyEdit(mend);
    await eventually("no diagnostic", () => (diagnostics().length === 0 ? true : undefined));
  });

  it("completes tools, and the parameters of the tool", async () => {
    const text = "steps:\n  - id: a\n    tool: soil_stats\n    with:\n      \n";
    const document = await write("completed", text);
    const labels = async (position: vscode.Position): Promise<string[]> => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        document.uri,
        position,
      );
      return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
    };
    await eventually("parameters", async () => {
      const found = await labels(new vscode.Position(4, 6));
      return found.includes("depth") && found.includes("fields") ? true : undefined;
    });
    assert.ok((await labels(new vscode.Position(2, 10))).includes("yield-report"));
  });

  it("shows the plan of a workflow as a diagram", async () => {
    const { uri } = await write(
      "planned",
      "steps:\n  - id: soil\n    tool: soil_stats\n  - id: page\n    tool: yield-report\n    needs: soil\n",
    );
    const planned = await eventually("the plan", async () => {
      return (await vscode.commands.executeCommand<unknown>("toka.planWorkflow", uri)) ?? undefined;
    });
    const plan = WorkflowPlan.parse(planned);
    assert.deepEqual(plan.waves, [["soil"], ["page"]]);
    assert.ok(plan.capabilities.some(({ name, evidence }) => name === "filesystem-read" && evidence.length > 0));
    await eventually("the diagram", () => (tabs().some((label) => label.includes("planned")) ? true : undefined));
  });
});

describe("workflows in the extension host", () => {
  let state: string | undefined;
  let kernel: Kernel | undefined;

  before(async function prepare() {
    const extension = await toka();
    const sandbox = new Sandbox({ helperPath: join(extension.extensionPath, "dist", "helper.py") });
    const report = await sandbox.probe(AbortSignal.timeout(30_000));
    if (report.backend === undefined) {
      console.warn("SKIPPED: this machine cannot run tools in the sandbox");
      this.skip();
    }
    state = await mkdtemp(join(tmpdir(), "toka-state-"));
    const workspace = folder().uri.fsPath;
    const opened = Kernel.open({ workspace, sandbox, stateFolder: state });
    assert.ok(opened.ok);
    kernel = opened.value;
    kernel.registerTools((await discover(workspace, { signal: AbortSignal.timeout(30_000) })).tools);
  });

  after(async () => {
    kernel?.close();
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });

  it("run the sample to its end, with files passed on", async () => {
    assert.ok(kernel);
    const compiled = kernel.workflows.open(fileUri(SAMPLE).fsPath);
    assert.ok(compiled.ok);
    const steps: string[] = [];
    const done = await kernel.workflows.run(
      { compiled: compiled.value, inputs: {} },
      { signal: AbortSignal.timeout(50_000), onStep: ({ id, status }) => steps.push(`${id} ${status}`) },
    );
    assert.ok(done.ok, done.ok ? "" : done.problem.message);
    assert.equal(done.value.status, "ok", JSON.stringify(done.value.steps));
    assert.equal(done.value.outputs["dry"], "hill");
    assert.ok(steps.includes("note running") && steps.includes("note ok"));
  });
});
