import { expect, it } from "vitest";
import { useSession } from "./session.ts";
import { openGraph } from "./steps.ts";

const session = useSession();

it("opens a function's control-flow graph from its code lens", async () => {
  const { workbench } = session();
  await openGraph(workbench);
  const view = workbench.webview();
  expect(await view.locator("h1, h2").first().textContent()).toContain("summary");
  const nodes = view.locator("g.node");
  expect(await nodes.count()).toBeGreaterThan(4);
  expect(await nodes.and(view.locator("[role=button][tabindex='0'][aria-label]")).count()).toBe(await nodes.count());
});

it("goes to the line of a node that is clicked", async () => {
  const { workbench } = session();
  const node = workbench.webview().locator("g.node[data-line='26']");
  await node.click();
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 26,/);
});

it("goes to the line of a node by the keyboard", async () => {
  const { workbench } = session();
  const node = workbench.webview().locator("g.node[data-line='18']");
  await node.focus();
  await workbench.page.keyboard.press("Enter");
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 18,/);
});

it("follows what is typed, before it is saved", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  const before = await view.locator("g.node").count();
  await workbench.openFile("tools/harvest.py", 17);
  await workbench.page.keyboard.press("End");
  await workbench.page.keyboard.type("\nif options:\nreturn 1");
  await expect.poll(() => view.locator("g.node").count(), { timeout: 10_000 }).toBeGreaterThan(before);
});
