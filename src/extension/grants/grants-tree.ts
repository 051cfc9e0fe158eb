import {
  type Disposable,
  l10n,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import { CAPABILITIES, type ExplainedGrant } from "../../model/index.ts";
import { COMMANDS, VIEWS } from "../contributions.ts";
import type { Kernels } from "../kernels.ts";
import { plainMarkdown } from "../markdown.ts";
import type { Reporter } from "../reporter.ts";
import { grantLabel, grantLine, grantTooltip } from "../text/grant.ts";
import { showTree, TreeLines } from "../tree-view.ts";

/** A line of the grants view. */
export interface GrantNode {
  readonly kind: "grant";
  readonly folder: WorkspaceFolder;
  readonly grant: ExplainedGrant;
}

/** Other processes give and revoke grants, too: what is seen is read anew this often. */
const REFRESH_EVERY_MS = 30_000;

function grantItem({ folder, grant }: GrantNode): TreeItem {
  const { capability, holds, evidence } = grant;
  const item = new TreeItem(grant.name ?? grant.tool);
  item.collapsibleState = TreeItemCollapsibleState.None;
  item.id = `${folder.uri.toString()}|${grant.id}`;
  item.iconPath = holds
    ? new ThemeIcon(CAPABILITIES[capability].icon)
    : new ThemeIcon("warning", new ThemeColor("list.warningForeground"));
  item.description = grantLine(grant, l10n.t);
  item.tooltip = plainMarkdown(grantTooltip(grant, l10n.t));
  item.contextValue = ["grant", holds ? "holds" : "lapsed", ...(grant.changes ? ["changed"] : [])].join(";");
  item.accessibilityInformation = { label: grantLabel(grant, l10n.t) };
  const [first] = evidence;
  if (first !== undefined) {
    item.command = {
      command: COMMANDS.openEvidence.id,
      title: COMMANDS.openEvidence.title,
      arguments: [{ uri: Uri.joinPath(folder.uri, first.file).toString(), line: first.line }],
    };
  }
  return item;
}

/** The grants view: what was allowed to whom, and whether it still holds. */
export class GrantLines extends TreeLines<GrantNode> {
  readonly #kernels: Kernels;
  readonly #reporter: Reporter;

  constructor(kernels: Kernels, reporter: Reporter) {
    super();
    this.#kernels = kernels;
    this.#reporter = reporter;
  }

  show(): Disposable {
    const { onDidGrantWorkspaceTrust, onDidChangeWorkspaceFolders } = workspace;
    const changes = [this.#kernels.onDidChangeGrants, onDidGrantWorkspaceTrust, onDidChangeWorkspaceFolders];
    return showTree(VIEWS.grants.id, this, changes, REFRESH_EVERY_MS);
  }

  async getChildren(node?: GrantNode): Promise<GrantNode[]> {
    if (node !== undefined || !workspace.isTrusted) return [];
    const folders = workspace.workspaceFolders ?? [];
    const listed = await Promise.all(folders.map((folder) => this.#inFolder(folder)));
    return listed.flat();
  }

  async #inFolder(folder: WorkspaceFolder): Promise<GrantNode[]> {
    const kernel = await this.#kernels.get(folder);
    const grants = kernel.ok ? kernel.value.grants.list() : kernel;
    if (grants.ok) return grants.value.map((grant) => ({ kind: "grant", folder, grant }));
    this.#reporter.log(`grants of ${folder.name}: ${grants.problem.message}`);
    return [];
  }

  getTreeItem(node: GrantNode): TreeItem {
    return grantItem(node);
  }
}
