import {
  type LogOutputChannel,
  l10n,
  ProgressLocation,
  type QuickPickItem,
  Selection,
  ThemeIcon,
  Uri,
  window,
  workspace,
} from "vscode";
import * as z from "zod";
import { type EnforcementReport, GraphParams, hasSource, parseBoundary, ToolReference } from "../model/index.ts";
import type { Ask } from "./ask.ts";
import type { CommandHandler } from "./commands.ts";
import { type CommandKey, VIEWS } from "./contributions.ts";
import type { GrantCommands } from "./grants/grant-commands.ts";
import type { GraphPanels, PythonPlace } from "./graph/graph-panels.ts";
import type { HistoryNode } from "./history-tree.ts";
import type { Kernels } from "./kernels.ts";
import type { Reporter } from "./reporter.ts";
import { ExecutionReference, type Results } from "./results.ts";
import type { Runner } from "./run/runner.ts";
import { showPage } from "./scriptless-page.ts";
import type { StateBackup } from "./state-backup.ts";
import { badges } from "./text/capability.ts";
import { enforcementPage } from "./text/enforcement.ts";
import type { LocatedTool, ToolStore } from "./tool-store.ts";
import { reference, type ToolsNode } from "./tools-tree.ts";
import { workflowHandlers } from "./workflows/workflow-commands.ts";
import type { WorkflowFiles } from "./workflows/workflow-files.ts";
import type { WorkflowRuns } from "./workflows/workflow-runs.ts";

/** What the commands work on. */
export interface CommandServices {
  readonly store: ToolStore;
  readonly runner: Runner;
  readonly graphs: GraphPanels;
  readonly results: Results;
  readonly ask: Ask;
  readonly backup: StateBackup;
  readonly grants: GrantCommands;
  readonly kernels: Kernels;
  readonly workflows: { readonly files: WorkflowFiles; readonly runs: WorkflowRuns };
  readonly reporter: Reporter;
  readonly log: LogOutputChannel;
}

/** A line of a file, as the tree names it to a command. */
const FilePlace = z.object({ uri: z.string(), line: z.int().min(1) });

interface ToolItem extends QuickPickItem {
  readonly located: LocatedTool;
}

/** What each command does. Arguments come from trees, lenses, key bindings or other extensions and are checked. */
export class UserCommands {
  readonly #services: CommandServices;

  constructor(services: CommandServices) {
    this.#services = services;
  }

  handlers(): Readonly<Record<CommandKey, CommandHandler>> {
    const { ask, backup, grants, log, reporter, workflows } = this.#services;
    return {
      ...workflowHandlers(workflows.files, workflows.runs, reporter),
      refresh: () => this.#refresh(),
      runTool: (target) => this.#runTool(target, false),
      observeTool: (target) => this.#runTool(target, true),
      ask: () => ask.ask(),
      openToolSource: (target) => this.#openToolSource(target),
      openEvidence: (target) => this.#openEvidence(target),
      showControlFlowGraph: (target) => this.#showGraph(target),
      showCallGraph: (target, selected) => this.#showCalls(target, selected),
      runAgain: (target) => this.#runAgain(target),
      stopRun: (target) => this.#stopRun(target),
      openExecution: (target) => this.#openExecution(target),
      showObserved: (target) => this.#showObserved(target),
      openResult: (target) => this.#openResult(target),
      showEnforcement: () => this.#showEnforcement(),
      backUpState: () => backup.backUp(),
      restoreState: () => backup.restore(),
      runAnew: (target) => this.#runAgain(target, false),
      allowCache: (target) => this.#allowCache(target),
      clearCache: () => this.#clearCache(),
      revokeGrant: (target) => grants.revoke(target),
      showChanges: (target) => grants.showChanges(target, (named) => this.#toolFrom(named)),
      exportAudit: () => grants.exportAudit(),
      showLog: () => log.show(),
    };
  }

  async #refresh(): Promise<void> {
    const title = l10n.t("Looking for tools");
    await window.withProgress({ location: { viewId: VIEWS.tools.id }, title }, async (_progress, token) =>
      this.#services.store.refresh(true, token),
    );
  }

  /** The tool that a command was called for: a line of the tree, a reference, or none. */
  #toolFrom(target: unknown): LocatedTool | undefined {
    if (isToolNode(target)) return this.#services.store.find(reference(target));
    const parsed = ToolReference.safeParse(target);
    return parsed.success ? this.#services.store.find(parsed.data) : undefined;
  }

  async #runTool(target: unknown, observe: boolean): Promise<void> {
    const located = target === undefined ? await this.#pickTool() : this.#toolFrom(target);
    if (located !== undefined) await this.#services.runner.run(located, { args: {}, complete: false, observe });
    else if (target !== undefined) {
      this.#services.reporter.problem({ code: "no-tool", message: l10n.t("This tool is no longer there.") });
    }
  }

  async #pickTool(): Promise<LocatedTool | undefined> {
    const several = (workspace.workspaceFolders?.length ?? 0) > 1;
    const items = this.#services.store.runnable().map((located): ToolItem => {
      const { tool, folder } = located;
      return {
        label: tool.name,
        description: [several ? folder.name : "", badges(tool.capabilities, l10n.t)].filter(Boolean).join(" · "),
        detail: tool.description === "" ? tool.file : tool.description.replaceAll(/\s+/g, " "),
        iconPath: new ThemeIcon(tool.kind === "python" ? "symbol-method" : "terminal"),
        located,
      };
    });
    if (items.length === 0) {
      this.#services.reporter.notice(l10n.t("No tool was found in this workspace."));
      return undefined;
    }
    const picked = await window.showQuickPick(items, {
      title: l10n.t("Toka: Run Tool"),
      placeHolder: l10n.t("Which tool?"),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return picked?.located;
  }

  async #openToolSource(target: unknown): Promise<void> {
    const located = this.#toolFrom(target);
    if (located === undefined || !hasSource(located.tool)) return;
    await openLine(Uri.joinPath(located.folder.uri, located.tool.file), located.tool.line);
  }

  async #openEvidence(target: unknown): Promise<void> {
    if (isEvidenceNode(target)) {
      const { evidence, located } = target;
      await openLine(Uri.joinPath(located.folder.uri, evidence.file), evidence.line);
      return;
    }
    const place = parseBoundary(FilePlace, target, "evidence");
    if (place.ok) await openLine(Uri.parse(place.value.uri, true), place.value.line);
    else this.#services.reporter.problem(place.problem);
  }

  #showGraph(target: unknown): void {
    const place = this.#placeFrom(target);
    if (place !== undefined) this.#services.graphs.showFunction(place);
  }

  /** @param selected of the explorer, which names all files that are selected: there a whole file is meant */
  #showCalls(target: unknown, selected: unknown): void {
    const isFile = target instanceof Uri && Array.isArray(selected);
    const place = isFile ? { uri: target.toString() } : this.#placeFrom(target);
    if (place !== undefined) this.#services.graphs.showCalls(place);
  }

  /**
   * The Python code that a command was called for: what a lens names, a tool of the tree, else where the cursor is.
   */
  #placeFrom(target: unknown): PythonPlace | undefined {
    const parsed = GraphParams.safeParse(target);
    if (parsed.success) return parsed.data;
    if (isToolNode(target)) {
      const uri = Uri.joinPath(target.folder.uri, target.tool.file).toString();
      const { line } = target.tool;
      return target.tool.function === undefined ? { uri, line } : { uri, line, qualname: target.tool.function };
    }
    const editor = window.activeTextEditor;
    if (editor?.document.languageId === "python") {
      return { uri: editor.document.uri.toString(), line: editor.selection.active.line + 1 };
    }
    const message = l10n.t("Open a Python file and put the cursor into a function.");
    this.#services.reporter.problem({ code: "no-function", message });
    return undefined;
  }

  async #runAgain(target: unknown, cache = true): Promise<void> {
    const node = isFinishedNode(target) ? target : await this.#lastRun();
    if (node === undefined) {
      this.#services.reporter.notice(l10n.t("Nothing ran here yet."));
      return;
    }
    const located = this.#services.store.find({ folder: node.folder.uri.toString(), tool: node.execution.tool });
    if (located === undefined) {
      this.#services.reporter.problem({ code: "no-tool", message: l10n.t("This tool is no longer there.") });
      return;
    }
    const observe = node.execution.observed !== undefined;
    await this.#services.runner.run(located, { args: node.execution.arguments, complete: true, observe, cache });
  }

  /** The person says that a tool, as it is now, gives the same result for the same inputs. */
  async #allowCache(target: unknown): Promise<void> {
    const { kernels, reporter } = this.#services;
    const located = this.#toolFrom(target);
    if (located === undefined) {
      reporter.problem({ code: "no-tool", message: l10n.t("This tool is no longer there.") });
      return;
    }
    const { name } = located.tool;
    const keep = l10n.t("Keep Results");
    const detail = l10n.t(
      "A result is then given again as long as the tool, its arguments and the files that it reads are the same. Say so only of a tool that depends on nothing else, such as the time or chance. When the tool changes, it asks again.",
    );
    const question = l10n.t("Does {0} give the same result for the same inputs?", name);
    if ((await window.showInformationMessage(question, { modal: true, detail }, keep)) !== keep) return;
    const kernel = await kernels.get(located.folder);
    const allowed = kernel.ok ? kernel.value.allowCache(located.tool.id) : kernel;
    if (allowed.ok) reporter.notice(l10n.t("Results of {0} are kept.", name));
    else reporter.problem(allowed.problem);
  }

  async #clearCache(): Promise<void> {
    const { kernels, reporter } = this.#services;
    let count = 0;
    for (const folder of workspace.workspaceFolders ?? []) {
      const kernel = await kernels.get(folder);
      const cleared = kernel.ok ? kernel.value.cache.clear() : kernel;
      if (!cleared.ok) {
        reporter.problem(cleared.problem);
        return;
      }
      count += cleared.value;
    }
    reporter.notice(
      count === 1 ? l10n.t("1 kept result was cleared.") : l10n.t("{0} kept results were cleared.", count),
    );
  }

  async #lastRun(): Promise<Extract<HistoryNode, { kind: "finished" }> | undefined> {
    const { kernels, reporter } = this.#services;
    let last: Extract<HistoryNode, { kind: "finished" }> | undefined;
    for (const folder of workspace.workspaceFolders ?? []) {
      const kernel = await kernels.get(folder);
      const history = kernel.ok ? kernel.value.history({ limit: 1 }) : kernel;
      if (!history.ok) {
        reporter.problem(history.problem);
        continue;
      }
      const [execution] = history.value;
      if (execution !== undefined && (last === undefined || execution.startedAt > last.execution.startedAt)) {
        last = { kind: "finished", folder, execution };
      }
    }
    return last;
  }

  async #stopRun(target: unknown): Promise<void> {
    const { active } = this.#services.runner;
    if (isActiveNode(target)) target.run.stop();
    else if (active.length === 1) active[0]?.stop();
    else if (active.length > 1) {
      const items = active.map((run) => ({ label: run.located.tool.name, run }));
      (await window.showQuickPick(items, { title: l10n.t("Toka: Stop") }))?.run.stop();
    }
  }

  async #openExecution(target: unknown): Promise<void> {
    const run = this.#runFrom(target);
    if (run !== undefined) await this.#services.results.openExecution(run);
  }

  async #showObserved(target: unknown): Promise<void> {
    const run = this.#runFrom(target);
    if (run !== undefined) await this.#services.results.openObserved(run);
  }

  /** The kept run that a command was called for: a line of the history, or a reference. */
  #runFrom(target: unknown): ExecutionReference | undefined {
    const given = isFinishedNode(target)
      ? { folder: target.folder.uri.toString(), execution: target.execution.id }
      : target;
    const parsed = parseBoundary(ExecutionReference, given, "run");
    if (parsed.ok) return parsed.value;
    this.#services.reporter.problem(parsed.problem);
    return undefined;
  }

  async #openResult(target: unknown): Promise<void> {
    if (isFinishedNode(target)) await this.#services.results.openResults(target.folder, target.execution, true);
  }

  async #showEnforcement(): Promise<void> {
    const report = await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title: l10n.t("Trying out what can be enforced") },
      async (_progress, token): Promise<EnforcementReport | undefined> => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        try {
          return await (await this.#services.kernels.sandbox()).probe(controller.signal);
        } catch (error) {
          if (controller.signal.aborted) return undefined;
          throw error;
        }
      },
    );
    if (report === undefined) return;
    showPage(enforcementPage(report, l10n.t), l10n.t("What This Machine Enforces"), true);
  }
}

async function openLine(uri: Uri, line: number): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const { range } = document.lineAt(Math.min(line, document.lineCount) - 1);
  await window.showTextDocument(document, { preview: true, selection: new Selection(range.start, range.start) });
}

function hasKind(target: unknown, kind: string): boolean {
  return typeof target === "object" && target !== null && "kind" in target && target.kind === kind;
}

function isToolNode(target: unknown): target is Extract<ToolsNode, { kind: "tool" }> {
  return hasKind(target, "tool");
}

function isEvidenceNode(target: unknown): target is Extract<ToolsNode, { kind: "evidence" }> {
  return hasKind(target, "evidence");
}

function isFinishedNode(target: unknown): target is Extract<HistoryNode, { kind: "finished" }> {
  return hasKind(target, "finished");
}

function isActiveNode(target: unknown): target is Extract<HistoryNode, { kind: "active" }> {
  return hasKind(target, "active");
}
