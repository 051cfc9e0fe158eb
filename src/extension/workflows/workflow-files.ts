import { Disposable, EventEmitter, l10n, type Uri, type WorkspaceFolder, workspace } from "vscode";
import { WORKFLOW_FILE } from "../../model/index.ts";
import type { Reporter } from "../reporter.ts";

const PATTERN = "**/*.workflow.{yaml,yml,json}";
const LEFT_OUT = "**/{node_modules,.venv,venv,.git}/**";
/** More than these are not listed. */
const MOST = 500;

/** A workflow file of a workspace folder. */
export interface WorkflowFile {
  readonly folder: WorkspaceFolder;
  readonly uri: Uri;
  /** Relative to the folder, with `/`. */
  readonly file: string;
  /** The file's name without its endings. */
  readonly name: string;
}

/** What a workflow file is, when it lies in a folder of the workspace. */
export function workflowFile(uri: Uri): WorkflowFile | undefined {
  const folder = workspace.getWorkspaceFolder(uri);
  if (folder === undefined || uri.scheme !== "file" || !WORKFLOW_FILE.test(uri.path)) return undefined;
  const file = workspace.asRelativePath(uri, false);
  const base = file.slice(file.lastIndexOf("/") + 1);
  return { folder, uri, file, name: base.replace(WORKFLOW_FILE, "") };
}

/** The workflow files of all workspace folders, kept up to date. */
export class WorkflowFiles implements Disposable {
  readonly #reporter: Reporter;
  readonly #changed = new EventEmitter<void>();
  readonly #subscriptions: Disposable;
  #files: readonly WorkflowFile[] = [];

  /** A file came, changed or went. */
  readonly onDidChange = this.#changed.event;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    const watcher = workspace.createFileSystemWatcher(PATTERN);
    this.#subscriptions = Disposable.from(
      this.#changed,
      watcher,
      watcher.onDidCreate(() => this.refresh()),
      watcher.onDidDelete(() => this.refresh()),
      watcher.onDidChange(() => this.#changed.fire()),
      workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
    );
    this.refresh();
  }

  get all(): readonly WorkflowFile[] {
    return this.#files;
  }

  refresh(): void {
    this.#reporter.background(this.#find(), l10n.t("looking for workflows"));
  }

  async #find(): Promise<void> {
    const uris = await workspace.findFiles(PATTERN, LEFT_OUT, MOST);
    const files = uris.flatMap((uri) => workflowFile(uri) ?? []);
    this.#files = files.toSorted((one, other) => one.file.localeCompare(other.file));
    this.#changed.fire();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
