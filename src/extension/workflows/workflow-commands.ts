import { l10n, type QuickPickItem, type Uri, window } from "vscode";
import type { CommandHandler } from "../commands.ts";
import type { CommandKey } from "../contributions.ts";
import type { Reporter } from "../reporter.ts";
import { type WorkflowFile, type WorkflowFiles, workflowFile } from "./workflow-files.ts";
import type { WorkflowRuns } from "./workflow-runs.ts";
import { workflowTarget } from "./workflows-tree.ts";

interface WorkflowItem extends QuickPickItem {
  readonly file: WorkflowFile;
}

type WorkflowCommand = Extract<CommandKey, `${string}Workflow`>;

/** What the commands for workflows do. */
export function workflowHandlers(
  files: WorkflowFiles,
  runs: WorkflowRuns,
  reporter: Reporter,
): Readonly<Record<WorkflowCommand, CommandHandler>> {
  const withFile =
    (title: string, work: (file: WorkflowFile) => unknown): CommandHandler =>
    async (target) => {
      const file = await chosenFile(files, reporter, target, title);
      return file === undefined ? undefined : await work(file);
    };
  return {
    runWorkflow: withFile(l10n.t("Run Workflow"), (file) => runs.run(file)),
    planWorkflow: withFile(l10n.t("Show the Plan of a Workflow"), (file) => runs.plan(file)),
    resumeWorkflow: withFile(l10n.t("Resume a Workflow"), (file) => runs.resume(file)),
    stopWorkflow: withFile(l10n.t("Stop a Workflow"), (file) => runs.stop(file)),
    openWorkflow: withFile(l10n.t("Open a Workflow"), ({ uri }) => window.showTextDocument(uri)),
  };
}

/** The named workflow, else the one in the editor, else one that the person picks. */
async function chosenFile(
  files: WorkflowFiles,
  reporter: Reporter,
  target: unknown,
  title: string,
): Promise<WorkflowFile | undefined> {
  const named = workflowTarget(target);
  if (named !== undefined) return known(named, reporter);
  const active = window.activeTextEditor?.document.uri;
  const open = active === undefined ? undefined : workflowFile(active);
  if (open !== undefined) return open;
  const items = files.all.map((file): WorkflowItem => ({ label: file.name, description: file.file, file }));
  if (items.length === 0) {
    reporter.notice(l10n.t("No workflow was found: a workflow is a file such as report.workflow.yaml."));
    return undefined;
  }
  return (await window.showQuickPick(items, { title }))?.file;
}

function known(uri: Uri, reporter: Reporter): WorkflowFile | undefined {
  const file = workflowFile(uri);
  if (file !== undefined) return file;
  reporter.problem({ code: "no-workflow", message: l10n.t("This is no workflow of an open folder.") });
  return undefined;
}
