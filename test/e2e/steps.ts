import type { Workbench } from "../support/workbench.ts";

/** Opens the Toka view once the tools of the sample workspace are found. */
export async function openTools(workbench: Workbench): Promise<void> {
  await workbench.openActivity(/^Toka.*\b\d+ tools/);
  await workbench.treeItem(/^weather/).waitFor();
}

/** Opens the control-flow graph of the first function of tools/harvest.py from its code lens. */
export async function openGraph(workbench: Workbench): Promise<void> {
  await workbench.openFile("tools/harvest.py", 17);
  await workbench
    .codeLens(/^Control flow · complexity \d+/)
    .first()
    .click();
  await workbench.webview().locator("body[data-state=drawn]").waitFor();
}

/** Starts a tool from its line in the view, with the options as they stand, and confirms. */
export async function runFromTree(workbench: Workbench, tool: RegExp): Promise<void> {
  await workbench.inlineAction(workbench.treeItem(tool).first(), /^Run Tool/);
  const options = workbench.focusedPick("Continue");
  await options.or(workbench.dialog()).waitFor();
  // A tool without parameters asks for none.
  if (await options.isVisible()) await workbench.page.keyboard.press("Enter");
  await workbench.confirm("Run");
}
