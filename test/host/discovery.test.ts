import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as vscode from "vscode";
import { eventually, fileUri, folder, lensesOf, toka } from "./support.ts";

describe("discovery through the language server", () => {
  it("puts a lens that runs it above a tool, and one with its control flow above each function", async () => {
    await toka();
    const lenses = await lensesOf("tools/soil_stats.py");
    const run = lenses.filter(({ command }) => command === "toka.runTool");
    assert.equal(run.length, 1);
    assert.equal(run[0]?.arguments?.[0].folder, folder().uri.toString());
    const flow = lenses.filter(({ command }) => command === "toka.showControlFlowGraph");
    assert.deepEqual(
      flow.map((lens) => lens.arguments?.[0].qualname),
      ["main"],
    );
  });

  it("sees a tool that is written while the editor runs", async () => {
    const source = "import argparse\n\nparser = argparse.ArgumentParser()\nparser.parse_args()\n";
    await vscode.workspace.fs.writeFile(fileUri("tools/prune.py"), Buffer.from(source));
    const run = await eventually("a lens above the new tool", async () => {
      const lenses = await lensesOf("tools/prune.py");
      return lenses.find(({ command }) => command === "toka.runTool");
    });
    assert.match(run.title, /prune/);
  });

  it("tells the author of a manifest what is wrong with it, on its line", async () => {
    const uri = fileUri("tools/broken.tool.yaml");
    const text = "name: broken\ncommand: [wc]\ncategory: enormous\n";
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
    const [problem] = await eventually("a diagnostic", () => {
      const found = vscode.languages.getDiagnostics(uri);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(problem?.range.start.line, 2);
  });
});
