import { l10n, Uri, type WorkspaceFolder, window, workspace } from "vscode";
import * as z from "zod";
import { parseBoundary, ToolReference } from "../../model/index.ts";
import type { Kernels } from "../kernels.ts";
import type { Reporter } from "../reporter.ts";
import type { LocatedTool } from "../tool-store.ts";
import type { ApprovedTexts } from "./approved-texts.ts";
import type { GrantNode } from "./grants-tree.ts";

/** How a grant is named to a command. */
const GrantReference = z.object({ folder: z.string(), grant: z.string() });

/** The commands about grants, approved versions and the audit. */
export class GrantCommands {
  readonly #kernels: Kernels;
  readonly #texts: ApprovedTexts;
  readonly #reporter: Reporter;

  constructor(kernels: Kernels, texts: ApprovedTexts, reporter: Reporter) {
    this.#kernels = kernels;
    this.#texts = texts;
    this.#reporter = reporter;
  }

  /** Takes a grant back; it is asked for nothing, since giving it again is as easy. */
  async revoke(target: unknown): Promise<void> {
    const named = isGrantNode(target) ? { folder: target.folder.uri.toString(), grant: target.grant.id } : target;
    const reference = parseBoundary(GrantReference, named, "grant");
    if (!reference.ok) return this.#reporter.problem(reference.problem);
    const folder = workspace.getWorkspaceFolder(Uri.parse(reference.value.folder, true));
    if (folder === undefined) return;
    const kernel = await this.#kernels.get(folder);
    const revoked = kernel.ok ? kernel.value.grants.revokeOne(reference.value.grant) : kernel;
    if (!revoked.ok) this.#reporter.problem(revoked.problem);
    else if (!revoked.value) this.#reporter.notice(l10n.t("This grant was no longer there."));
  }

  /** @param find the tool that the command was called for, when it was not a grant */
  async showChanges(target: unknown, find: (target: unknown) => LocatedTool | undefined): Promise<void> {
    const located = find(target);
    const folder = isGrantNode(target) ? target.folder : located?.folder;
    const tool = isGrantNode(target) ? target.grant.tool : located?.tool.id;
    if (folder === undefined || tool === undefined) {
      const parsed = parseBoundary(ToolReference, target, "tool");
      if (!parsed.ok) return this.#reporter.problem(parsed.problem);
      return this.#reporter.problem({ code: "no-tool", message: l10n.t("This tool is no longer there.") });
    }
    const kernel = await this.#kernels.get(folder);
    const changes = kernel.ok ? kernel.value.grants.changes(tool) : kernel;
    if (!changes.ok) return this.#reporter.problem(changes.problem);
    if (changes.value === undefined) {
      return this.#reporter.notice(l10n.t("It is as it was approved last, or was never approved."));
    }
    const left = await this.#texts.show(folder, changes.value);
    if (left.length > 0) this.#reporter.notice(l10n.t("Not shown: {0}", left.join(", ")));
  }

  async exportAudit(): Promise<void> {
    const folder = await pickFolder();
    if (folder === undefined) return;
    const target = await window.showSaveDialog({
      defaultUri: Uri.joinPath(folder.uri, "..", `${folder.name}-audit.jsonl`),
      filters: { [l10n.t("JSON Lines")]: ["jsonl"] },
      title: l10n.t("Export Audit"),
    });
    if (target !== undefined) await this.exportTo(folder, target);
  }

  async exportTo(folder: WorkspaceFolder, target: Uri): Promise<void> {
    const kernel = await this.#kernels.get(folder);
    const written = kernel.ok ? kernel.value.audit.exportTo(target.fsPath) : kernel;
    if (!written.ok) this.#reporter.problem(written.problem);
    else this.#reporter.notice(l10n.t("{0} lines of the audit were written to {1}.", written.value, target.fsPath));
  }
}

async function pickFolder(): Promise<WorkspaceFolder | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  return folders.length > 1 ? window.showWorkspaceFolderPick() : folders[0];
}

function isGrantNode(target: unknown): target is GrantNode {
  return typeof target === "object" && target !== null && "kind" in target && target.kind === "grant";
}
