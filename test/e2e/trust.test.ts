import { expect, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools, runFromTree } from "./steps.ts";

const session = useSession(() => ({ trusted: false }));

it("lists the tools of an untrusted workspace, and draws, but does not run", async () => {
  const { workbench } = session();
  await openTools(workbench);
  await workbench.page.getByText("Not trusted: tools are listed, nothing runs.").waitFor();
  const tool = workbench.treeItem(/^soil_stats/);
  await tool.hover();
  const run = tool.getByRole("button", { name: /^Run Tool/ });
  expect((await run.count()) === 0 || (await run.getAttribute("aria-disabled")) === "true").toBe(true);
  await workbench.openFile("tools/soil_stats.py");
  await workbench
    .codeLens(/^Control flow/)
    .first()
    .click();
  await workbench.webview().locator("body[data-state=drawn]").waitFor();
});

it("does not run from the code lens either", async () => {
  const { workbench } = session();
  await workbench.openFile("tools/soil_stats.py");
  const lens = workbench.codeLens(/Run soil_stats/);
  await lens.first().click();
  await workbench.notification(/was not run: this workspace is not trusted/).waitFor();
  expect(await workbench.page.locator(".terminal-wrapper").count()).toBe(0);
});

it("runs once the person trusts the workspace", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await workbench.trust();
  await runFromTree(workbench, /^soil_stats/);
  await workbench.terminalShows(/soil_stats[^\n]*: finished/);
});
