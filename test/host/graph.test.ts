import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as vscode from "vscode";
import { eventually, fileUri, toka } from "./support.ts";

describe("the language server", () => {
  it("lists classes and functions one inside the other, with their metrics", async () => {
    await toka();
    const uri = fileUri("tools/harvest.py");
    await vscode.workspace.openTextDocument(uri);
    const summary = await eventually("symbols of Toka", async () => {
      const found = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
        "vscode.executeDocumentSymbolProvider",
        uri,
      );
      return found?.find(({ name, detail }) => name === "summary" && detail !== "");
    });
    assert.match(summary.detail, /^complexity \d+ · cognitive \d+$/);
    assert.equal(summary.kind, vscode.SymbolKind.Function);
    assert.equal(summary.selectionRange.start.character, "def ".length);
    assert.ok(summary.range.end.line > summary.range.start.line);
  });

  it("tells a function's metrics when the pointer is on its name", async () => {
    await toka();
    const uri = fileUri("tools/harvest.py");
    const document = await vscode.workspace.openTextDocument(uri);
    const place = document.positionAt(document.getText().indexOf("def summary") + "def su".length);
    const text = await eventually("a hover of Toka", async () => {
      const found = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", uri, place);
      const texts = found.flatMap(({ contents }) =>
        contents.map((content) => (typeof content === "string" ? content : content.value)),
      );
      return texts.find((one) => one.includes("summary"));
    });
    assert.match(text, /\| Cyclomatic complexity \| \d+ \|/);
    assert.match(text, /\| Cognitive complexity \| \d+ \|/);
  });

  it("highlights what a variable's value comes from and where it goes", async () => {
    await toka();
    const uri = fileUri("tools/harvest.py");
    const document = await vscode.workspace.openTextDocument(uri);
    const text = document.getText();
    const defined = text.indexOf("pickings = read_harvest");
    const used = text.indexOf("group_by(pickings") + "group_by(".length;
    const found = await eventually("highlights of Toka", async () => {
      const highlights = await vscode.commands.executeCommand<vscode.DocumentHighlight[]>(
        "vscode.executeDocumentHighlights",
        uri,
        document.positionAt(used),
      );
      return highlights?.some(({ kind }) => kind === vscode.DocumentHighlightKind.Write) ? highlights : undefined;
    });
    const places = found.map(({ range }) => document.offsetAt(range.start)).sort((a, b) => a - b);
    assert.deepEqual(places, [defined, used]);
  });
});

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

/** The labels of all open tabs with graphs. */
function graphTabs(): readonly string[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("toka.graph"))
    .map(({ label }) => label);
}

async function tab(label: string): Promise<void> {
  await eventually(`a tab “${label}”`, () => (graphTabs().includes(label) ? true : undefined));
}

describe("what the server pushes", () => {
  it("lets graphs and calls follow unsaved changes, and go back with them", async () => {
    await toka();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    const uri = fileUri("tools/labels.py");
    const document = await vscode.workspace.openTextDocument(uri);
    const { line } = document.positionAt(document.getText().indexOf("def crate("));
    const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    editor.selection = new vscode.Selection(line + 1, 0, line + 1, 0);
    await vscode.commands.executeCommand("toka.showControlFlowGraph");
    await tab("crate");
    const replace = async (from: string, to: string): Promise<void> => {
      const start = document.getText().indexOf(from);
      const edit = new vscode.WorkspaceEdit();
      edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(start + from.length)), to);
      await vscode.workspace.applyEdit(edit);
    };
    // Only a new drawing changes the name of the tab.
    let now = "crate";
    for (const name of ["first", "second", "third", "fourth", "fifth"]) {
      await replace(`def ${now}(`, `def ${name}(`);
      now = name;
      if (name === "first") await tab(name);
    }
    await tab("fifth");
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await tab("crate");
    assert.deepEqual(graphTabs(), ["crate"]);
  });

  it("opens the calls around a function, once, and those of a file", async () => {
    await toka();
    const place = { uri: fileUri("tools/harvest.py").toString(), qualname: "summary", line: 17 };
    await vscode.commands.executeCommand("toka.showCallGraph", place);
    await tab("Calls: summary");
    await vscode.commands.executeCommand("toka.showCallGraph", place);
    const file = fileUri("tools/harvest.py");
    await vscode.commands.executeCommand("toka.showCallGraph", file, [file]);
    await tab("Calls: tools/harvest.py");
    assert.equal(graphTabs().filter((label) => label === "Calls: summary").length, 1);
  });
});
