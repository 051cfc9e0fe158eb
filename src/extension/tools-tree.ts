import {
  commands,
  Disposable,
  l10n,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from "vscode";
import {
  CAPABILITIES,
  type Capability,
  type Evidence,
  hasSource,
  type Severity,
  type Tool,
  type ToolStatistics,
} from "../model/index.ts";
import { COMMANDS, CONTEXT_KEYS, VIEWS, type ViewState } from "./contributions.ts";
import { plainMarkdown } from "./markdown.ts";
import type { Reporter } from "./reporter.ts";
import { toolUri } from "./severity-decorations.ts";
import { bySeverity, capabilityTitle, severityWord } from "./text/capability.ts";
import { groupTools } from "./text/group.ts";
import { statisticsLines } from "./text/statistics.ts";
import {
  capabilityLabel,
  escapeMarkdown,
  evidenceTooltip,
  toolContext,
  toolDescription,
  toolLabel,
  toolTooltip,
} from "./text/tool.ts";
import type { LocatedTool, ToolStore } from "./tool-store.ts";
import { TreeLines } from "./tree-view.ts";

/** A file that may hold a tool and has not been read yet. */
interface WaitingFile {
  readonly kind: "waiting";
  readonly id: string;
  readonly name: string;
  readonly file: string;
}

type GroupMember = Tool | WaitingFile;

function waitingFile(file: string): WaitingFile {
  const base = file.slice(file.lastIndexOf("/") + 1);
  return { kind: "waiting", id: file, name: base.replace(/\.\w+$/u, ""), file };
}

/** A line of the tools view. */
export type ToolsNode =
  | { readonly kind: "folder"; readonly folder: WorkspaceFolder }
  | {
      readonly kind: "group";
      readonly folder: WorkspaceFolder;
      readonly path: string;
      readonly tools: readonly GroupMember[];
    }
  | { readonly kind: "analyses"; readonly folder: WorkspaceFolder; readonly tools: readonly Tool[] }
  | ({ readonly kind: "tool" } & LocatedTool)
  | { readonly kind: "waiting"; readonly folder: WorkspaceFolder; readonly file: WaitingFile }
  | { readonly kind: "capability"; readonly located: LocatedTool; readonly capability: Capability }
  | {
      readonly kind: "evidence";
      readonly located: LocatedTool;
      readonly capability: Capability;
      readonly evidence: Evidence;
      readonly index: number;
    };

const KIND_ICONS: Readonly<Record<Tool["kind"], string>> = {
  python: "symbol-method",
  shell: "terminal",
  external: "link-external",
};

const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  critical: "list.errorForeground",
  high: "list.warningForeground",
  medium: "charts.yellow",
  low: "icon.foreground",
};

/** Groups are unfolded at first as long as there are no more tools than this. */
const UNFOLD_UP_TO = 60;

/** Most files that are asked for at once: more than these nobody sees. */
const MOST_WANTED = 200;

/** What the runs of a tool were like; nothing when it never ran or that cannot be known. */
type StatisticsOf = (located: LocatedTool) => Promise<ToolStatistics | undefined>;

class ToolLines extends TreeLines<ToolsNode> {
  readonly #store: ToolStore;
  readonly #statisticsOf: StatisticsOf;

  constructor(store: ToolStore, statisticsOf: StatisticsOf) {
    super();
    this.#store = store;
    this.#statisticsOf = statisticsOf;
  }

  getChildren(node?: ToolsNode): ToolsNode[] {
    if (node === undefined) return this.#roots();
    switch (node.kind) {
      case "folder":
        return this.#inFolder(node.folder);
      case "group":
        this.#want(node.folder, node.tools);
        return node.tools.map((member) => memberNode(node.folder, member));
      case "analyses":
        return node.tools.map((tool) => ({ kind: "tool", folder: node.folder, tool }));
      case "tool":
        return bySeverity(node.tool.capabilities).map((capability) => ({
          kind: "capability",
          located: { folder: node.folder, tool: node.tool },
          capability,
        }));
      case "capability":
        return node.capability.evidence.map((evidence, index) => ({ ...node, kind: "evidence", evidence, index }));
      case "evidence":
      case "waiting":
        return [];
    }
  }

  /** Tools, and files that may turn out to be some. */
  #count(): number {
    const waiting = (workspace.workspaceFolders ?? []).map((folder) => this.#store.waiting(folder).length);
    return waiting.reduce((sum, count) => sum + count, this.#store.tools().length);
  }

  /** What is unfolded is what the user looks at. */
  #want(folder: WorkspaceFolder, members: readonly GroupMember[]): void {
    const waiting = members.filter(({ kind }) => kind === "waiting").map(({ file }) => file);
    const files = waiting.slice(0, MOST_WANTED);
    if (files.length > 0) this.#store.want(folder, files);
  }

  #roots(): ToolsNode[] {
    const folders = workspace.workspaceFolders ?? [];
    const [first] = folders;
    if (first === undefined || this.#count() === 0) return [];
    return folders.length === 1 ? this.#inFolder(first) : folders.map((folder) => ({ kind: "folder", folder }));
  }

  #inFolder(folder: WorkspaceFolder): ToolsNode[] {
    const { groups, loose } = groupTools<GroupMember>([
      ...this.#store.tools(folder).map(({ tool }) => tool),
      ...this.#store.waiting(folder).map(waitingFile),
    ]);
    this.#want(folder, loose);
    return [
      ...groups.map(({ path, tools }): ToolsNode => ({ kind: "group", folder, path, tools })),
      ...loose.map((member) => memberNode(folder, member)),
      ...this.#analyses(folder),
    ];
  }

  #analyses(folder: WorkspaceFolder): ToolsNode[] {
    const tools = this.#store.builtins(folder).map(({ tool }) => tool);
    return tools.length === 0 ? [] : [{ kind: "analyses", folder, tools }];
  }

  getTreeItem(node: ToolsNode): TreeItem {
    switch (node.kind) {
      case "folder":
        return folderItem(node.folder, this.#store.tools(node.folder).length);
      case "group":
        return groupItem(node.folder, node.path, node.tools, this.#count() <= UNFOLD_UP_TO);
      case "analyses":
        return analysesItem(node.folder, node.tools);
      case "waiting":
        return waitingItem(node.folder, node.file);
      case "tool":
        return toolItem(node);
      case "capability":
        return capabilityItem(node.located, node.capability);
      case "evidence":
        return evidenceItem(node.located, node.capability, node.evidence, node.index);
    }
  }

  /** A tool's tooltip is made when it is pointed at: with what its runs were like. */
  async resolveTreeItem(item: TreeItem, node: ToolsNode): Promise<TreeItem> {
    if (node.kind !== "tool") return item;
    const statistics = await this.#statisticsOf(node);
    const lines = statistics === undefined ? [] : statisticsLines(statistics, l10n.t);
    const ofRuns = lines.length === 0 ? "" : `\n\n---\n\n${escapeMarkdown(lines.join("\n"))}`;
    item.tooltip = plainMarkdown(`${toolTooltip(node.tool, l10n.t)}${ofRuns}`);
    return item;
  }
}

function memberNode(folder: WorkspaceFolder, member: GroupMember): ToolsNode {
  return member.kind === "waiting" ? { kind: "waiting", folder, file: member } : { kind: "tool", folder, tool: member };
}

/** A name until the file has been read: what it takes and what it may do is not known yet. */
function waitingItem(folder: WorkspaceFolder, { name, file }: WaitingFile): TreeItem {
  const item = new TreeItem(name, TreeItemCollapsibleState.None);
  item.id = `${folder.uri.toString()}|waiting|${file}`;
  item.iconPath = new ThemeIcon("loading~spin");
  item.description = l10n.t("reading…");
  item.contextValue = "waiting";
  item.accessibilityInformation = { label: l10n.t("{0}, being read", name) };
  item.command = { command: "vscode.open", title: l10n.t("Open"), arguments: [Uri.joinPath(folder.uri, file)] };
  return item;
}

function countText(count: number): string {
  return count === 1 ? l10n.t("1 tool") : l10n.t("{0} tools", count);
}

function folderItem(folder: WorkspaceFolder, count: number): TreeItem {
  const item = new TreeItem(folder.name, TreeItemCollapsibleState.Expanded);
  item.id = folder.uri.toString();
  item.iconPath = new ThemeIcon("root-folder");
  item.description = countText(count);
  item.contextValue = "folder";
  item.accessibilityInformation = { label: `${folder.name}, ${countText(count)}` };
  return item;
}

function groupItem(folder: WorkspaceFolder, path: string, tools: readonly GroupMember[], unfold: boolean): TreeItem {
  const state = unfold ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
  const item = new TreeItem(path, state);
  item.id = `${folder.uri.toString()}|group|${path}`;
  item.iconPath = ThemeIcon.Folder;
  item.description = String(tools.length);
  item.contextValue = "group";
  item.accessibilityInformation = { label: l10n.t("folder {0}, {1}", path, countText(tools.length)) };
  return item;
}

/** The built-in tools, folded: they are the same everywhere. */
function analysesItem(folder: WorkspaceFolder, tools: readonly Tool[]): TreeItem {
  const item = new TreeItem(l10n.t("Analysis"), TreeItemCollapsibleState.Collapsed);
  item.id = `${folder.uri.toString()}|analyses`;
  item.iconPath = new ThemeIcon("graph");
  item.description = String(tools.length);
  item.tooltip = l10n.t("Built-in analyses of the Python files of this folder");
  item.contextValue = "analyses";
  item.accessibilityInformation = { label: l10n.t("Built-in analyses, {0}", countText(tools.length)) };
  return item;
}

function toolKey({ folder, tool }: LocatedTool): string {
  return `${folder.uri.toString()}|tool|${tool.id}`;
}

function toolItem(located: LocatedTool): TreeItem {
  const { folder, tool } = located;
  const foldable = tool.capabilities.length > 0;
  const item = new TreeItem(tool.name, foldable ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
  item.id = toolKey(located);
  item.resourceUri = toolUri(folder.uri, tool);
  item.iconPath = new ThemeIcon(KIND_ICONS[tool.kind]);
  item.description = toolDescription(tool, l10n.t);
  item.contextValue = toolContext(tool);
  item.accessibilityInformation = { label: toolLabel(tool, l10n.t) };
  const opens = hasSource(tool) ? COMMANDS.openToolSource : COMMANDS.runTool;
  item.command = { command: opens.id, title: opens.title, arguments: [reference(located)] };
  return item;
}

/** How a tool is named to a command. */
export function reference({ folder, tool }: LocatedTool): { folder: string; tool: string } {
  return { folder: folder.uri.toString(), tool: tool.id };
}

function capabilityItem(located: LocatedTool, capability: Capability): TreeItem {
  const item = new TreeItem(capabilityTitle(capability.name, l10n.t), TreeItemCollapsibleState.Collapsed);
  item.id = `${toolKey(located)}|${capability.name}`;
  item.iconPath = new ThemeIcon(
    CAPABILITIES[capability.name].icon,
    new ThemeColor(SEVERITY_COLORS[capability.severity]),
  );
  item.description = severityWord(capability.severity, l10n.t);
  item.contextValue = `capability;${capability.name}`;
  item.accessibilityInformation = { label: capabilityLabel(capability, l10n.t) };
  return item;
}

function evidenceItem(located: LocatedTool, capability: Capability, evidence: Evidence, index: number): TreeItem {
  const item = new TreeItem(evidence.text, TreeItemCollapsibleState.None);
  const place = `${evidence.file}:${evidence.line}`;
  item.id = `${toolKey(located)}|${capability.name}|${index}`;
  item.iconPath = new ThemeIcon("arrow-small-right");
  item.description = place;
  item.tooltip = plainMarkdown(evidenceTooltip(evidence, l10n.t));
  item.accessibilityInformation = { label: l10n.t("{0}, {1}, {2}", evidence.text, evidence.why, place) };
  // What a plugin says of its own tool is in no file.
  if (evidence.file === located.tool.id && !hasSource(located.tool)) return item;
  item.contextValue = "evidence";
  item.command = {
    command: COMMANDS.openEvidence.id,
    title: COMMANDS.openEvidence.title,
    arguments: [{ uri: Uri.joinPath(located.folder.uri, evidence.file).toString(), line: evidence.line }],
  };
  return item;
}

/** The tools view: tree, badge and the context key that its empty states test. */
export class ToolsTree implements Disposable {
  readonly #view: TreeView<ToolsNode>;
  readonly #store: ToolStore;
  readonly #reporter: Reporter;
  readonly #subscriptions: Disposable;

  constructor(store: ToolStore, reporter: Reporter, statisticsOf: StatisticsOf) {
    this.#store = store;
    this.#reporter = reporter;
    const lines = new ToolLines(store, statisticsOf);
    this.#view = window.createTreeView(VIEWS.tools.id, { treeDataProvider: lines, showCollapseAll: true });
    this.#subscriptions = Disposable.from(
      this.#view,
      lines,
      store.onDidChange(() => {
        lines.refresh();
        this.#update();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.#update()),
    );
    this.#update();
  }

  #update(): void {
    const count = this.#store.tools().length;
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip: countText(count) };
    this.#view.message = this.#message(count);
    this.#reporter.background(
      commands.executeCommand("setContext", CONTEXT_KEYS.state, this.#viewState()),
      "updating the view",
    );
  }

  /** A line above the tools, for what the tools themselves do not say. */
  #message(count: number): string {
    const failed = (workspace.workspaceFolders ?? []).find((folder) => this.#store.state(folder).kind === "failed");
    if (count > 0 && failed !== undefined) return l10n.t("{0} could not be read; see the log.", failed.name);
    if (count > 0 && !workspace.isTrusted) return l10n.t("Not trusted: tools are listed, nothing runs.");
    return "";
  }

  #viewState(): ViewState {
    const states = (workspace.workspaceFolders ?? []).map((folder) => this.#store.state(folder).kind);
    if (states.includes("loading")) return "loading";
    return states.length > 0 && states.every((kind) => kind === "failed") ? "failed" : "ready";
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
