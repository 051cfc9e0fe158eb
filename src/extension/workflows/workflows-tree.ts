import { type Disposable, l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri } from "vscode";
import type { WorkflowStepReport } from "../../model/index.ts";
import { COMMANDS, VIEWS } from "../contributions.ts";
import { whyDenied } from "../text/denied.ts";
import { usageText } from "../text/exit.ts";
import { stepIcon, stepStatusText } from "../text/workflow.ts";
import { showTree, TreeLines } from "../tree-view.ts";
import type { WorkflowFile, WorkflowFiles } from "./workflow-files.ts";
import type { WorkflowRuns } from "./workflow-runs.ts";

/** A line of the workflows view. */
export type WorkflowNode =
  | { readonly kind: "workflow"; readonly file: WorkflowFile }
  | { readonly kind: "step"; readonly file: WorkflowFile; readonly step: WorkflowStepReport };

/** The workflows view: the files, and how the steps of the last run stand. */
export class WorkflowLines extends TreeLines<WorkflowNode> {
  readonly #files: WorkflowFiles;
  readonly #runs: WorkflowRuns;

  constructor(files: WorkflowFiles, runs: WorkflowRuns) {
    super();
    this.#files = files;
    this.#runs = runs;
  }

  show(): Disposable {
    return showTree(VIEWS.workflows.id, this, [this.#files.onDidChange, this.#runs.onDidChange]);
  }

  getChildren(node?: WorkflowNode): WorkflowNode[] {
    if (node === undefined) return this.#files.all.map((file) => ({ kind: "workflow", file }));
    if (node.kind === "step") return [];
    const { file } = node;
    const standing = this.#runs.standing(file);
    if (standing === undefined) return [];
    return standing.plan.steps.map(({ id, tool }): WorkflowNode => {
      const waiting: WorkflowStepReport = { id, tool, status: "waiting", reused: false, runs: [] };
      const step = standing.steps.get(id) ?? waiting;
      const denied = whyDenied(standing.plan, step, l10n.t);
      return {
        kind: "step",
        file,
        step: denied === undefined ? step : { ...step, message: l10n.t("not allowed: {0}", denied) },
      };
    });
  }

  getTreeItem(node: WorkflowNode): TreeItem {
    return node.kind === "workflow" ? this.#workflowItem(node.file) : stepItem(node);
  }

  #workflowItem(file: WorkflowFile): TreeItem {
    const standing = this.#runs.standing(file);
    const collapsed = standing === undefined ? TreeItemCollapsibleState.None : TreeItemCollapsibleState.Expanded;
    const item = new TreeItem(file.name, collapsed);
    const status = standing?.report?.status;
    const state = standing === undefined ? "idle" : standing.running ? "running" : (status ?? "failed");
    // A line that is unfolded for the first time must not stay as it was known before.
    item.id = `${file.uri.toString()}|${standing === undefined ? "idle" : "run"}`;
    // The folder: what stands behind it in the path is the name, mostly.
    item.description = standing === undefined ? file.file.slice(0, file.file.lastIndexOf("/") + 1) : stateText(state);
    item.tooltip = file.file;
    item.iconPath = new ThemeIcon(standing?.running === true ? "loading~spin" : "run-all");
    item.contextValue = `workflow;${state}`;
    item.accessibilityInformation = { label: `${file.name}, ${stateText(state)}` };
    item.command = {
      command: COMMANDS.openWorkflow.id,
      title: COMMANDS.openWorkflow.title,
      arguments: [node(file)],
    };
    return item;
  }
}

function node(file: WorkflowFile): WorkflowNode {
  return { kind: "workflow", file };
}

function stateText(state: string): string {
  const texts: Readonly<Record<string, string>> = {
    idle: l10n.t("workflow"),
    running: l10n.t("running"),
    ok: l10n.t("finished"),
    failed: l10n.t("failed"),
    cancelled: l10n.t("stopped"),
  };
  return texts[state] ?? state;
}

function stepItem({ file, step }: Extract<WorkflowNode, { kind: "step" }>): TreeItem {
  const { id, status, reused, runs, message } = step;
  const item = new TreeItem(id, TreeItemCollapsibleState.None);
  const said = stepStatusText(status, reused, l10n.t);
  const { icon, color } = stepIcon(status);
  const last = runs.at(-1);
  item.id = `${file.uri.toString()}|step|${id}`;
  item.iconPath = new ThemeIcon(icon, new ThemeColor(color));
  item.description = message === undefined ? said : `${said} · ${message}`;
  item.tooltip = [said, message ?? "", last === undefined ? "" : usageText(last.usage, l10n.t)]
    .filter(Boolean)
    .join("\n");
  item.contextValue = `workflowStep;${status}`;
  item.accessibilityInformation = { label: `${id}, ${said}` };
  if (last !== undefined) {
    item.command = {
      command: COMMANDS.openExecution.id,
      title: COMMANDS.openExecution.title,
      arguments: [{ folder: file.folder.uri.toString(), execution: last.execution }],
    };
  }
  return item;
}

/** The workflow that a command was called for: a line of the tree, or a file; nothing when neither was given. */
export function workflowTarget(target: unknown): Uri | undefined {
  if (target instanceof Uri) return target;
  if (typeof target !== "object" || target === null || !("file" in target)) return undefined;
  const { file } = target;
  return typeof file === "object" && file !== null && "uri" in file && file.uri instanceof Uri ? file.uri : undefined;
}
