import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as vscode from "vscode";
import { eventually, toka } from "./support.ts";

describe("activation", () => {
  it("happens by itself in a folder with Python files", async () => {
    await eventually("activation", () => vscode.extensions.getExtension("toka.toka-tools")?.isActive || undefined);
  });

  it("registers the commands that are declared, and no others", async () => {
    const { packageJSON } = await toka();
    const declared: string[] = packageJSON.contributes.commands.map(({ command }: { command: string }) => command);
    const views: string[] = Object.values<{ id: string }[]>(packageJSON.contributes.views).flatMap((list) =>
      list.map(({ id }) => id),
    );
    const own = (await vscode.commands.getCommands(true)).filter(
      // The editor adds commands of its own to every view, such as `toka.tools.focus`.
      (id) => id.startsWith("toka.") && !views.some((view) => id.startsWith(`${view}.`)),
    );
    assert.deepEqual(new Set(own), new Set(declared));
  });
});
