import {
  type Disposable,
  type Event,
  l10n,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import type { Kernel } from "../kernel/index.ts";
import type { Execution, Result } from "../model/index.ts";
import { COMMANDS, VIEWS } from "./contributions.ts";
import type { Kernels } from "./kernels.ts";
import type { Reporter } from "./reporter.ts";
import type { ActiveRun, Runner } from "./run/runner.ts";
import { shownCommand } from "./text/confirm.ts";
import { exitIcon, exitSentence, usageText } from "./text/exit.ts";
import { ageText, durationText } from "./text/quantity.ts";
import { nameOfId } from "./text/result.ts";
import { cachedText, statisticsLines } from "./text/statistics.ts";
import { showTree, TreeLines } from "./tree-view.ts";

/** A line of the history view. */
export type HistoryNode =
  | { readonly kind: "active"; readonly run: ActiveRun }
  | { readonly kind: "finished"; readonly folder: WorkspaceFolder; readonly execution: Execution };

/** So many runs of each folder are listed. */
const LISTED = 50;
/** Ages are told anew this often while the view is visible. */
const AGE_EVERY_MS = 60_000;

function activeItem({ id, located }: ActiveRun): TreeItem {
  const item = new TreeItem(located.tool.name, TreeItemCollapsibleState.None);
  item.id = `active|${id}`;
  item.iconPath = new ThemeIcon("loading~spin");
  item.description = l10n.t("running");
  item.contextValue = "run;running";
  item.accessibilityInformation = { label: l10n.t("{0}, running", located.tool.name) };
  return item;
}

function finishedItem(folder: WorkspaceFolder, execution: Execution, name: string): TreeItem {
  const { exit, usage, startedAt, id, results, observed } = execution;
  const age = ageText(Date.now() - Date.parse(startedAt), l10n.t);
  const sentence = exitSentence(execution, l10n.t);
  const { icon, color } = exitIcon(exit.reason);
  const cached = cachedText(execution, Date.now(), l10n.t);
  const item = new TreeItem(name, TreeItemCollapsibleState.None);
  item.id = `${folder.uri.toString()}|${id}`;
  item.iconPath = new ThemeIcon(cached === undefined ? icon : "database", new ThemeColor(color));
  const of = execution.workflow === undefined ? "" : ` · ${execution.principal.slice("workflow:".length)}`;
  // What went wrong comes first: a narrow view cuts off the rest.
  const ended = exit.reason === "ok" ? "" : `${sentence} · `;
  item.description = `${ended}${age} · ${cached ?? durationText(usage.wallMs)}${of}`;
  const marks = [
    ...(results.length > 0 ? ["result"] : []),
    ...(observed === undefined ? [] : ["observed"]),
    ...(cached === undefined ? [] : ["cached"]),
  ];
  item.contextValue = ["run", "finished", exit.reason, ...marks].join(";");
  item.accessibilityInformation = { label: `${name}, ${sentence}, ${age}, ${cached ?? durationText(usage.wallMs)}` };
  item.command = {
    command: COMMANDS.openExecution.id,
    title: COMMANDS.openExecution.title,
    arguments: [{ folder: folder.uri.toString(), execution: id }],
  };
  return item;
}

/** What is told of a run when it is pointed at: its command, its end, and what the runs of its tool were like. */
function finishedTooltip(execution: Execution, kernel: Result<Pick<Kernel, "statistics">>): string {
  const { argv, usage, attempts } = execution;
  const statistics = kernel.ok ? kernel.value.statistics.of(execution.tool) : kernel;
  const ofTool = statistics.ok && statistics.value !== undefined ? statisticsLines(statistics.value, l10n.t) : [];
  return [
    shownCommand(argv),
    exitSentence(execution, l10n.t),
    ...(execution.denied === undefined ? [] : [execution.denied.message]),
    cachedText(execution, Date.now(), l10n.t) ?? usageText(usage, l10n.t),
    ...(attempts === undefined ? [] : [l10n.t("{0} attempts", attempts)]),
    ...(ofTool.length === 0 ? [] : ["", ...ofTool]),
  ].join("\n");
}

/** A tool's name by its id, while it is there. */
type NameOf = (folder: WorkspaceFolder, id: string) => string | undefined;

/** The history view below the tools: what runs now and what ran. */
export class HistoryLines extends TreeLines<HistoryNode> {
  readonly #kernels: Kernels;
  readonly #runner: Pick<Runner, "active">;
  readonly #reporter: Reporter;
  readonly #nameOf: NameOf;

  constructor(kernels: Kernels, runner: Pick<Runner, "active">, reporter: Reporter, nameOf: NameOf) {
    super();
    this.#kernels = kernels;
    this.#runner = runner;
    this.#reporter = reporter;
    this.#nameOf = nameOf;
  }

  /** @param ran a run began or ended */
  show(ran: Event<unknown>): Disposable {
    const { onDidGrantWorkspaceTrust, onDidChangeWorkspaceFolders } = workspace;
    const changes = [ran, onDidGrantWorkspaceTrust, onDidChangeWorkspaceFolders];
    return showTree(VIEWS.history.id, this, changes, AGE_EVERY_MS);
  }

  async getChildren(node?: HistoryNode): Promise<HistoryNode[]> {
    if (node !== undefined || !workspace.isTrusted) return [];
    const folders = workspace.workspaceFolders ?? [];
    const finished = await Promise.all(folders.map((folder) => this.#finished(folder)));
    return [
      ...this.#runner.active.map((run): HistoryNode => ({ kind: "active", run })),
      ...finished.flat().toSorted((a, b) => b.execution.startedAt.localeCompare(a.execution.startedAt)),
    ];
  }

  async #finished(folder: WorkspaceFolder): Promise<Extract<HistoryNode, { kind: "finished" }>[]> {
    const kernel = await this.#kernels.get(folder);
    const history = kernel.ok ? kernel.value.history({ limit: LISTED }) : kernel;
    if (!history.ok) {
      this.#reporter.log(`history of ${folder.name}: ${history.problem.message}`);
      return [];
    }
    return history.value.map((execution) => ({ kind: "finished", folder, execution }));
  }

  getTreeItem(node: HistoryNode): TreeItem {
    if (node.kind === "active") return activeItem(node.run);
    const { folder, execution } = node;
    return finishedItem(folder, execution, this.#nameOf(folder, execution.tool) ?? nameOfId(execution.tool));
  }

  async resolveTreeItem(item: TreeItem, node: HistoryNode): Promise<TreeItem> {
    if (node.kind === "finished") item.tooltip = finishedTooltip(node.execution, await this.#kernels.get(node.folder));
    return item;
  }
}
