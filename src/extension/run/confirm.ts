import { l10n, type MessageItem, type WorkspaceFolder, window } from "vscode";
import type { CapabilityName, RunGrant, Tool } from "../../model/index.ts";
import { type Confirmation, confirmationDetail, confirmationQuestion } from "../text/confirm.ts";

const CHANGES_FILES: ReadonlySet<CapabilityName> = new Set(["filesystem-write", "filesystem-delete"]);

/** The tool is seen to change files, so that letting it is worth offering. */
function changesFiles(tool: Tool): boolean {
  return tool.capabilities.some(({ name }) => CHANGES_FILES.has(name));
}

interface Choice extends MessageItem {
  readonly grant: RunGrant | undefined;
}

/** Asks a person to confirm a run; the answer is what the run may do beyond its policy, or nothing for no. */
export async function confirmRun(
  confirmation: Confirmation,
  folder: WorkspaceFolder,
): Promise<{ readonly grant: RunGrant | undefined } | undefined> {
  const choices: Choice[] = [{ title: l10n.t("Run"), grant: undefined }];
  if (changesFiles(confirmation.plan.tool)) {
    const title = l10n.t("Run, and Let It Write to {0}", folder.name);
    choices.push({ title, grant: { writablePaths: [folder.uri.fsPath] } });
  }
  return await window.showInformationMessage<Choice>(
    confirmationQuestion(confirmation, l10n.t),
    { modal: true, detail: confirmationDetail(confirmation, l10n.t) },
    ...choices,
  );
}
