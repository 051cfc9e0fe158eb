import { expect, inject, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools, runFromTree } from "./steps.ts";

const command = ["python3", "-c", "import os; print('picked', os.path.exists('data'))"];
const session = useSession(() => ({
  extensions: [inject("toolProvider")],
  settings: { "toolProvider.tools": [{ name: "pick-list", command, description: "What to pick next." }] },
}));

it("runs a tool that another extension provides, and tells that extension how it ended", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await openTools(workbench);
  await workbench.treeItem(/^pick-list, external tool/).waitFor();
  await runFromTree(workbench, /^pick-list/);
  expect(await workbench.terminalShows(/pick-list[^\n]*: finished/)).toContain("picked True");
  await workbench.notification("Told: plugin:toka-test.tool-provider/pick-list ended ok").waitFor();
  await workbench.treeItem(/^pick-list.*finished/).waitFor();
});
