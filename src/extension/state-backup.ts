import { l10n, ProgressLocation, Uri, type WorkspaceFolder, window, workspace } from "vscode";
import type { BackupReport, Result } from "../model/index.ts";
import type { Reporter } from "./reporter.ts";

const FILTERS = { [l10n.t("Backup of Toka")]: ["toka"] };

/** Backs up and restores what is kept of a workspace folder: grants, history with results, audit, cache. */
export class StateBackup {
  readonly #reporter: Reporter;
  /** After the state of a folder was replaced. */
  readonly #onRestored: () => void;

  constructor(reporter: Reporter, onRestored: () => void) {
    this.#reporter = reporter;
    this.#onRestored = onRestored;
  }

  async backUp(): Promise<void> {
    const folder = await pickFolder();
    if (folder === undefined) return;
    const defaultUri = Uri.joinPath(folder.uri, "..", `${folder.name}.toka`);
    const target = await window.showSaveDialog({ defaultUri, filters: FILTERS, title: l10n.t("Back Up Toka's State") });
    if (target === undefined) return;
    const { backUpState } = await import("../kernel/index.ts");
    const report = await this.#withProgress(l10n.t("Backing up"), folder, (options) =>
      backUpState(options, target.fsPath),
    );
    if (report.ok) {
      const { executions, file } = report.value;
      this.#reporter.notice(l10n.t("{0} runs of {1} are backed up in {2}.", executions, folder.name, file));
    } else this.#tell(report);
  }

  async restore(): Promise<void> {
    const folder = await pickFolder();
    if (folder === undefined) return;
    const [source] = (await window.showOpenDialog({ filters: FILTERS, title: l10n.t("Restore Toka's State") })) ?? [];
    if (source === undefined) return;
    const replace = l10n.t("Replace");
    const answer = await window.showWarningMessage(
      l10n.t("Replace the grants and the history of {0}?", folder.name),
      { modal: true, detail: l10n.t("What is there now is backed up first. Grants in the backup hold again.") },
      replace,
    );
    if (answer !== replace) return;
    const { restoreState } = await import("../kernel/index.ts");
    const report = await this.#withProgress(l10n.t("Restoring"), folder, (options) =>
      restoreState(options, source.fsPath),
    );
    if (report.ok) {
      this.#onRestored();
      this.#reporter.notice(l10n.t("{0} runs of {1} are restored.", report.value.executions, folder.name));
    } else this.#tell(report);
  }

  #tell(report: Extract<Result<BackupReport>, { ok: false }>): void {
    if (report.problem.code !== "cancelled") this.#reporter.problem(report.problem);
  }

  async #withProgress(
    title: string,
    folder: WorkspaceFolder,
    work: (options: { workspace: string; root: string; signal: AbortSignal }) => Promise<Result<BackupReport>>,
  ): Promise<Result<BackupReport>> {
    const { stateRoot } = await import("../kernel/index.ts");
    const root = stateRoot(process.env, process.platform);
    return await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      async (_progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        return await work({ workspace: folder.uri.fsPath, root, signal: controller.signal });
      },
    );
  }
}

/** The folder that is meant: the only one, or the one that a person picks. */
async function pickFolder(): Promise<WorkspaceFolder | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  return folders.length < 2 ? folders[0] : await window.showWorkspaceFolderPick();
}
