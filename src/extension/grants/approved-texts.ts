import {
  commands,
  Disposable,
  l10n,
  type TextDocumentContentProvider,
  Uri,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import type { ChangedFile, ToolChanges } from "../../model/index.ts";
import type { Kernels } from "../kernels.ts";

/** The scheme of texts as they were when a tool was approved, and of files that are not there. */
const SCHEME = "toka-approved";
/** So many editors are opened at once. */
const MOST_EDITORS = 10;

/** Shows what changed in a tool since it was approved, a diff editor for each file. */
export class ApprovedTexts implements TextDocumentContentProvider, Disposable {
  readonly #kernels: Kernels;
  readonly #subscription: Disposable;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#subscription = Disposable.from(workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  async provideTextDocumentContent({ query, path }: Uri): Promise<string> {
    const asked = new URLSearchParams(query);
    const folder = workspace.getWorkspaceFolder(Uri.parse(asked.get("folder") ?? "", true));
    if (folder === undefined || asked.get("side") === "none") return "";
    const kernel = await this.#kernels.get(folder);
    const text = kernel.ok ? kernel.value.approvals.approvedText(asked.get("tool") ?? "", path.slice(1)) : kernel;
    return text.ok ? text.value : text.problem.message;
  }

  /** Opens a diff editor for each changed file, as many as make sense. @returns the files that were not shown */
  async show(folder: WorkspaceFolder, changes: ToolChanges): Promise<readonly string[]> {
    const shown = changes.files.filter(({ hasText }) => hasText).slice(0, MOST_EDITORS);
    for (const file of shown) {
      const title = l10n.t("{0} (approved ↔ now)", file.file);
      const [before, after] = sides(folder, changes.tool, file);
      await commands.executeCommand("vscode.diff", before, after, title, { preview: false });
    }
    return changes.files.filter((file) => !shown.includes(file)).map(({ file }) => file);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

function sides(folder: WorkspaceFolder, tool: string, { file, change }: ChangedFile): readonly [Uri, Uri] {
  const text = (side: "approved" | "none"): Uri =>
    Uri.from({
      scheme: SCHEME,
      path: `/${file}`,
      query: new URLSearchParams({ folder: folder.uri.toString(), tool, side }).toString(),
    });
  return [text("approved"), change === "removed" ? text("none") : Uri.joinPath(folder.uri, file)];
}
