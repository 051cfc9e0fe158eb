import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

it("goes along edges by the arrow keys", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator("g.node.kind-entry").focus();
  await workbench.page.keyboard.press("ArrowDown");
  await expect.poll(() => view.locator("g.node:focus").getAttribute("data-line")).toBe("18");
});

it("marks the node of the line that the cursor is on", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator("g.node[data-line='26']").click();
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 26,/);
  await workbench.page.keyboard.press("ArrowDown");
  await expect.poll(() => view.locator("g.node.selected").getAttribute("data-line")).toBe("27");
});

it("tells more or less apart, and shows and hides exceptions", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  const nodes = view.locator("g.node");
  const blocks = await nodes.count();
  await view.locator("#level").selectOption("statement");
  await expect.poll(() => nodes.count()).toBeGreaterThan(blocks);
  await view.locator("#level").selectOption("block");
  await expect.poll(() => nodes.count()).toBe(blocks);
  const exceptions = view.locator("g.edge.kind-exception");
  expect(await exceptions.count()).toBe(0);
  await view.locator("#exceptions").selectOption("all");
  await expect.poll(() => exceptions.count()).toBeGreaterThan(0);
  await view.locator("#exceptions").selectOption("handled");
  await expect.poll(() => exceptions.count()).toBe(0);
});

it("marks where the values of a node come from and go to", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator("#variable").selectOption("rows");
  await expect.poll(() => view.locator("g.node.flow-defines").count()).toBeGreaterThan(1);
  await expect.poll(() => view.locator("#flow").textContent()).toMatch(/^rows: .*20.*25.*26/);
  // The loop reads what the first lines or the cut gave.
  await view.locator("g.node[data-line='26']").click();
  await expect
    .poll(() => view.locator("g.node.flow-reads").evaluateAll((all) => all.map((one) => one.getAttribute("data-line"))))
    .toEqual(["26"]);
  await view.locator("#flow .go-to", { hasText: "25" }).click();
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 25,/);
  await view.locator("#variable").selectOption("-");
  await expect.poll(() => view.locator(".flow-mark").count()).toBe(0);
  expect(await view.locator("#flow").isVisible()).toBe(false);
});

it("follows the cursor into other functions, where that is wanted", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator("#follow").click();
  await workbench.openFile("tools/harvest.py", 46);
  await expect.poll(() => view.locator("#title").textContent()).toBe("compare");
  await workbench.openFile("tools/harvest.py", 18);
  await expect.poll(() => view.locator("#title").textContent()).toBe("summary");
  await view.locator("#follow").click();
  await expect.poll(() => view.locator("#follow").getAttribute("aria-pressed")).toBe("false");
  await workbench.openFile("tools/harvest.py", 46);
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 46,/);
  await workbench.openFile("tools/harvest.py", 26);
  await expect.poll(() => view.locator("g.node.selected").getAttribute("data-line")).toBe("26");
  expect(await view.locator("#title").textContent()).toBe("summary");
});

it.for(["SVG", "PNG", "DOT"])("saves the graph as %s", async (format) => {
  const { workbench, workspace } = session();
  await workbench.webview().locator("#export").click();
  await workbench.quickInput().waitFor();
  await workbench.quickInput().fill(format);
  await workbench.focusedPick(format).waitFor();
  await workbench.page.keyboard.press("Enter");
  const file = join(workspace, `graph.${format.toLowerCase()}`);
  await expect.poll(() => workbench.quickInput().inputValue()).toMatch(/summary\.\w+$/);
  await workbench.answer(file);
  const read = (): Promise<Buffer | undefined> => readFile(file).catch(() => undefined);
  await expect.poll(async () => (await read())?.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(300);
  const bytes = await readFile(file);
  const text = bytes.toString("utf8");
  if (format === "PNG") expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  else if (format === "DOT") expect(text).toMatch(/^digraph /);
  else {
    expect(text).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(text).toContain("if options.top");
    // Colours are written out: no variable of the editor remains.
    expect(text).toMatch(/fill="rgb/);
    expect(text).not.toContain("var(--");
  }
});

it("follows what is typed, before it is saved", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  const before = await view.locator("g.node").count();
  await view.locator("g.node[data-line='18']").click();
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 18,/);
  await workbench.typeBelow("if options:", "return 1");
  await expect.poll(() => view.locator("g.node").count(), { timeout: 10_000 }).toBeGreaterThan(before);
  // Whatever came in between, what is drawn last is the newest text.
  await workbench.page.keyboard.type("23456789");
  await expect.poll(() => view.locator("g.node", { hasText: "return 123456789" }).count()).toBe(1);
});
