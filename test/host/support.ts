import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import type { ScriptedModel } from "./model-provider/main.ts";

/** Our extension, active. */
export async function toka(): Promise<vscode.Extension<unknown>> {
  const extension = vscode.extensions.getExtension("toka.toka-tools");
  assert.ok(extension, "the extension is not installed");
  await extension.activate();
  return extension;
}

/** The scripted language model. */
export async function scriptedModel(): Promise<ScriptedModel> {
  const extension = vscode.extensions.getExtension<ScriptedModel>("toka-test.scripted-model");
  assert.ok(extension, "the scripted model is not installed");
  return extension.activate();
}

/** The copy of the sample workspace that is open. */
export function folder(): vscode.WorkspaceFolder {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first, "no folder is open");
  return first;
}

export function fileUri(path: string): vscode.Uri {
  return vscode.Uri.joinPath(folder().uri, path);
}

/** Asks again until there is an answer, for what comes about in the background. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    assert.ok(Date.now() < deadline, `it did not come about: ${what}`);
    await wait(100);
  }
}

/** The code lenses of a file with their commands, once there are any. */
export async function lensesOf(path: string): Promise<readonly vscode.Command[]> {
  await vscode.workspace.openTextDocument(fileUri(path));
  return eventually(`code lenses of ${path}`, async () => {
    const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      "vscode.executeCodeLensProvider",
      fileUri(path),
      100,
    );
    const commands = found.flatMap(({ command }) => (command === undefined ? [] : [command]));
    return commands.length > 0 ? commands : undefined;
  });
}
