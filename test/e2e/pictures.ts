import type { Workbench } from "../support/workbench.ts";

/** The tools, a function with its lenses, and its graph beside it: what the README shows. */
export async function composeOverview(workbench: Workbench): Promise<void> {
  await workbench.openActivity(/^Toka.*\b\d+ tools/);
  await workbench.treeItem(/^weather/).waitFor();
  await workbench.openFile("tools/harvest.py", 17);
  await workbench
    .codeLens(/^Control flow · complexity \d+/)
    .first()
    .click();
  await workbench.webview().locator("body[data-state=drawn]").waitFor();
  await workbench.expand(workbench.treeItem(/^weather.*connects to the network/));
}
