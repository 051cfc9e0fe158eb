import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { AuditRecord } from "../../src/model/index.ts";
import { eventually, fileUri, folder, toka } from "./support.ts";

/** Grants in the editor: given by another process on the same state, as the command line would. */
describe("grants in the editor", () => {
  const TOOL = "tools/soil_stats.py";
  let kernel: Kernel;
  let scratch: string;
  let before_: string;

  before(async () => {
    await toka();
    scratch = await mkdtemp(join(tmpdir(), "toka-host-grants-"));
    before_ = await readFile(fileUri(TOOL).fsPath, "utf8");
    const sandbox = { run: () => Promise.reject(new Error("nothing is run here")) };
    const opened = Kernel.open({ workspace: folder().uri.fsPath, sandbox });
    assert.ok(opened.ok, opened.ok ? "" : opened.problem.message);
    kernel = opened.value;
    kernel.registerTools((await discover(folder().uri.fsPath, { signal: AbortSignal.timeout(60_000) })).tools);
  });

  after(async () => {
    await writeFile(fileUri(TOOL).fsPath, before_);
    kernel?.close();
    await rm(scratch, { recursive: true, force: true });
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  function allow(): string {
    const granted = kernel.grants.allow({
      ...{ tool: TOOL, capability: "network-access", principal: "chat", duration: "always" },
      hosts: ["soil.example"],
    });
    assert.ok(granted.ok, granted.ok ? "" : granted.problem.message);
    return granted.value.id;
  }

  function held(): readonly string[] {
    const grants = kernel.grants.list();
    assert.ok(grants.ok);
    return grants.value.map(({ id }) => id);
  }

  it("have a view, and its commands are there", async () => {
    const { packageJSON } = await toka();
    const views: { id: string }[] = packageJSON.contributes.views.toka;
    assert.ok(views.some(({ id }) => id === "toka.grants"));
    const commands = await vscode.commands.getCommands(true);
    for (const id of ["toka.revokeGrant", "toka.showChanges", "toka.exportAudit", "toka.grants.focus"]) {
      assert.ok(commands.includes(id), id);
    }
    await vscode.commands.executeCommand("toka.grants.focus");
  });

  it("are revoked by their command", async () => {
    const grant = allow();
    assert.ok(held().includes(grant));
    await vscode.commands.executeCommand("toka.revokeGrant", { folder: folder().uri.toString(), grant });
    await eventually("the grant is gone", () => !held().includes(grant) || undefined);
    const revoked = [...kernel.audit.read({ action: "revoked" })].map((line) => line.ok && line.value.details["grant"]);
    assert.ok(revoked.includes(grant));
  });

  it("show what changed in a tool since it was approved, as a diff of both texts", async () => {
    allow();
    await appendFile(fileUri(TOOL).fsPath, "\n# watered\n");
    await vscode.commands.executeCommand("toka.showChanges", { folder: folder().uri.toString(), tool: TOOL });
    const input = await eventually("the diff", () => {
      const active = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return active instanceof vscode.TabInputTextDiff ? active : undefined;
    });
    const [approved, now] = await Promise.all(
      [input.original, input.modified].map((uri) => vscode.workspace.openTextDocument(uri)),
    );
    assert.equal(approved?.getText(), before_);
    assert.match(now?.getText() ?? "", /# watered/);
  });

  it("are in the audit that is exported", async () => {
    const file = join(scratch, "audit.jsonl");
    const written = kernel.audit.exportTo(file);
    assert.ok(written.ok);
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    assert.equal(lines.length, written.value);
    const actions = lines.map((line) => AuditRecord.parse(JSON.parse(line)).action);
    assert.ok(actions.includes("granted") && actions.includes("revoked"));
  });
});
