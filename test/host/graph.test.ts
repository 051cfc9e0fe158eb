import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as vscode from "vscode";
import { eventually, fileUri, toka } from "./support.ts";

describe("the graph panel", () => {
  it("opens for the function around a line, and again for another one", async () => {
    await toka();
    for (const [path, line] of [
      ["tools/harvest.py", 20],
      ["tools/soil_stats.py", 20],
    ] as const) {
      await vscode.commands.executeCommand("toka.showControlFlowGraph", { uri: fileUri(path).toString(), line });
    }
    const tabs = await eventually("a webview tab", () => {
      const found = vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("toka.graph"));
      return found.length > 0 ? found : undefined;
    });
    assert.ok(tabs.every(({ label }) => label !== ""));
  });
});
