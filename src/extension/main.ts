import "./zod-jitless.ts";

import {
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from "vscode";
import type { TokaExports } from "./api.ts";
import { Ask } from "./ask.ts";
import { registerCommands } from "./commands.ts";
import { Exports } from "./exports.ts";
import { ApprovedTexts } from "./grants/approved-texts.ts";
import { GrantCommands } from "./grants/grant-commands.ts";
import { GrantLines } from "./grants/grants-tree.ts";
import { GraphPanels } from "./graph/graph-panels.ts";
import { HistoryLines } from "./history-tree.ts";
import { Kernels } from "./kernels.ts";
import { LanguageServer } from "./language-server.ts";
import { Reporter } from "./reporter.ts";
import { Results } from "./results.ts";
import { Runner } from "./run/runner.ts";
import { serverConfiguration } from "./server-configuration.ts";
import { registerSeverityDecorations } from "./severity-decorations.ts";
import { StateBackup } from "./state-backup.ts";
import { showAlerts } from "./statistics/alerts.ts";
import { ToolProviders } from "./tool-providers.ts";
import { ToolStore } from "./tool-store.ts";
import { ToolsTree } from "./tools-tree.ts";
import { UserCommands } from "./user-commands.ts";
import { WorkflowFiles } from "./workflows/workflow-files.ts";
import { WorkflowRuns } from "./workflows/workflow-runs.ts";
import { WorkflowLines } from "./workflows/workflows-tree.ts";

type State =
  | { readonly kind: "inactive" }
  | { readonly kind: "active"; readonly stop: () => Promise<unknown> }
  | { readonly kind: "failed"; readonly error: unknown };

let state: State = { kind: "inactive" };

/** Composes the extension. It is synchronous and short: the language server starts after it, in the background. */
export function activate(context: ExtensionContext): TokaExports {
  const started = performance.now();
  const log = window.createOutputChannel("Toka", { log: true });
  context.subscriptions.push(log);
  try {
    const { stop, exports } = compose(context, log);
    state = { kind: "active", stop };
    log.info(`activated in ${Math.round(performance.now() - started)} ms`);
    return exports;
  } catch (error) {
    // The editor itself says nothing when an extension does not start.
    state = { kind: "failed", error };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error(`activation failed: ${message}`);
    new Reporter(log).exception(error, l10n.t("Starting"));
    throw error;
  }
}

export async function deactivate(): Promise<void> {
  const before = state;
  state = { kind: "inactive" };
  if (before.kind === "active") await before.stop();
}

/** @returns what other extensions get, and what stops everything that must come to an end in order */
function compose(
  context: ExtensionContext,
  log: LogOutputChannel,
): { readonly exports: TokaExports; readonly stop: () => Promise<unknown> } {
  const { extensionUri, globalStorageUri, subscriptions } = context;
  const dist = (name: string): Uri => Uri.joinPath(extensionUri, "dist", name);
  const reporter = new Reporter(log);
  const server = new LanguageServer(dist("server.cjs").fsPath, log, () =>
    serverConfiguration(reporter, globalStorageUri),
  );
  const providers = new ToolProviders(reporter);
  const store = new ToolStore(server, providers, log);
  const kernels = new Kernels(dist("helper.py"), dist("cli.cjs"), store, log);
  const runner = new Runner(kernels, reporter, log);
  const graphs = new GraphPanels(extensionUri, server, reporter);
  const results = new Results(kernels, graphs, reporter);
  const ask = new Ask(store, runner, reporter);
  const nameOf = (folder: WorkspaceFolder, id: string): string | undefined =>
    store.find({ folder: folder.uri.toString(), tool: id })?.tool.name;
  const history = new HistoryLines(kernels, runner, reporter, nameOf);
  const backup = new StateBackup(reporter, () => history.refresh());
  const texts = new ApprovedTexts(kernels);
  const grants = new GrantCommands(kernels, texts, reporter);
  const workflows = { files: new WorkflowFiles(reporter), runs: new WorkflowRuns(kernels, graphs, reporter) };
  const services = { store, runner, graphs, results, ask, backup, grants, kernels, workflows, reporter, log };
  const commands = new UserCommands(services);
  const exports = new Exports(store, providers, runner);
  subscriptions.push(
    server,
    providers,
    exports,
    store,
    kernels,
    runner,
    graphs,
    results,
    new ToolsTree(store, reporter, async ({ folder, tool }) => {
      const kernel = await kernels.get(folder);
      const statistics = kernel.ok ? kernel.value.statistics.of(tool.id) : kernel;
      return statistics.ok ? statistics.value : undefined;
    }),
    workflows.files,
    workflows.runs,
    new WorkflowLines(workflows.files, workflows.runs).show(),
    workflows.runs.onDidChange(() => history.refresh()),
    history.show(runner.onDidChange),
    texts,
    new GrantLines(kernels, reporter).show(),
    showAlerts(kernels, reporter, nameOf),
    registerSeverityDecorations(),
    registerCommands(commands.handlers(), reporter),
    runner.onDidFinish(({ located, execution }) => {
      reporter.background(results.openResults(located.folder, execution, false), l10n.t("opening a result"));
    }),
    onSettingsChange(server, kernels, reporter),
  );
  reporter.background(
    window.withProgress({ location: { viewId: "toka.tools" } }, () => store.refresh(false)),
    l10n.t("reading the workspace"),
  );
  return { exports, stop: () => Promise.all([runner.stop(), workflows.runs.end(), server.stop()]) };
}

/** Settings that a kernel is opened with. */
const OF_KERNELS = ["limits", "python", "sandbox", "runs", "cache", "history", "alerts"].map(
  (section) => `toka.${section}`,
);

function onSettingsChange(server: LanguageServer, kernels: Kernels, reporter: Reporter): Disposable {
  return workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration("toka")) return;
    if (OF_KERNELS.some((section) => event.affectsConfiguration(section))) kernels.reset();
    reporter.background(server.configure(), l10n.t("applying settings"));
  });
}
