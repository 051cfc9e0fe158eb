import { expect, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools, runFromTree } from "./steps.ts";

const session = useSession();

it("draws the Mermaid flowchart that a tool gives", async (context) => {
  needsSandbox(context);
  const { workbench } = session();
  await openTools(workbench);
  await runFromTree(workbench, /^field_map/);
  const view = workbench.webview();
  await view.locator("body[data-state=drawn][data-kind=mermaid]").waitFor({ timeout: 60_000 });
  expect(await view.locator("g.node").count()).toBeGreaterThan(1);
  // A tool's own diagram has no levels of detail.
  expect(await view.locator("#level").isVisible()).toBe(false);
});
