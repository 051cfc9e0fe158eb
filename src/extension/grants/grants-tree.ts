import {
  Disposable,
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from "vscode";
import { CAPABILITIES, type ExplainedGrant } from "../../model/index.ts";
import { COMMANDS, VIEWS } from "../contributions.ts";
import type { Kernels } from "../kernels.ts";
import { plainMarkdown } from "../markdown.ts";
import type { Reporter } from "../reporter.ts";
import { capabilityTitle } from "../text/capability.ts";
import { grantDescription, grantLabel, grantTooltip } from "../text/grant.ts";

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
  const item = new TreeItem(`${grant.name ?? grant.tool}: ${capabilityTitle(capability, l10n.t)}`);
  item.collapsibleState = TreeItemCollapsibleState.None;
  item.id = `${folder.uri.toString()}|${grant.id}`;
  item.iconPath = holds
    ? new ThemeIcon(CAPABILITIES[capability].icon)
    : new ThemeIcon("warning", new ThemeColor("list.warningForeground"));
  item.description = grantDescription(grant, l10n.t);
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

class GrantsProvider implements TreeDataProvider<GrantNode> {
  readonly #kernels: Kernels;
  readonly #reporter: Reporter;
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(kernels: Kernels, reporter: Reporter) {
    this.#kernels = kernels;
    this.#reporter = reporter;
  }

  refresh(): void {
    this.#changed.fire(undefined);
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

  dispose(): void {
    this.#changed.dispose();
  }
}

/** The grants view: what was allowed to whom, and whether it still holds. */
export class GrantsTree implements Disposable {
  readonly #view: TreeView<GrantNode>;
  readonly #provider: GrantsProvider;
  readonly #subscriptions: Disposable;
  readonly #timer: NodeJS.Timeout;

  constructor(kernels: Kernels, reporter: Reporter) {
    const provider = new GrantsProvider(kernels, reporter);
    this.#provider = provider;
    this.#view = window.createTreeView(VIEWS.grants.id, { treeDataProvider: provider });
    this.#timer = setInterval(() => {
      if (this.#view.visible) provider.refresh();
    }, REFRESH_EVERY_MS);
    this.#subscriptions = Disposable.from(
      this.#view,
      provider,
      kernels.onDidChangeGrants(() => provider.refresh()),
      workspace.onDidGrantWorkspaceTrust(() => provider.refresh()),
      workspace.onDidChangeWorkspaceFolders(() => provider.refresh()),
    );
  }

  refresh(): void {
    this.#provider.refresh();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#subscriptions.dispose();
  }
}
