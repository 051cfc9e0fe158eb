import { commands, type Disposable, l10n, type WorkspaceFolder, window } from "vscode";
import type { Alert } from "../../model/index.ts";
import { VIEWS } from "../contributions.ts";
import type { Kernels } from "../kernels.ts";
import type { Reporter } from "../reporter.ts";
import { plainMessage } from "../text/plain.ts";
import { alertText } from "../text/statistics.ts";

/** An alert that a run in a folder set off. */
export interface FolderAlert {
  readonly folder: WorkspaceFolder;
  readonly alert: Alert;
}

/**
 * Tells a person of the alerts that they set, with the way to the history.
 * @param nameOf the tool's name, while it is in the workspace
 */
export function showAlerts(
  kernels: Pick<Kernels, "onDidAlert">,
  reporter: Reporter,
  nameOf: (folder: WorkspaceFolder, tool: string) => string | undefined,
): Disposable {
  return kernels.onDidAlert(({ folder, alert }) => {
    reporter.log(`alert: ${alert.message}`);
    const text = alertText(alert, nameOf(folder, alert.tool), l10n.t);
    reporter.background(offerHistory(text), l10n.t("showing an alert"));
  });
}

async function offerHistory(text: string): Promise<void> {
  const show = l10n.t("Show History");
  const picked = await window.showWarningMessage(plainMessage(text), show);
  if (picked === show) await commands.executeCommand(`${VIEWS.history.id}.focus`);
}
