import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { useSession } from "./session.ts";

const session = useSession();
const ROOT = "g.toka-call.root";

it("draws the calls around a function from its code lens", async () => {
  const { workbench } = session();
  await workbench.openFile("tools/harvest.py", 17);
  await workbench
    .codeLens(/^Calls$/)
    .first()
    .click();
  const view = workbench.webview();
  await view.locator("body[data-state=drawn][data-kind=calls]").waitFor({ timeout: 60_000 });
  expect(await view.locator("#title").textContent()).toContain("summary");
  expect(await view.locator(ROOT).getAttribute("data-id")).toBe("tools/harvest.py:summary");
  const boxes = view.locator("g.toka-call");
  expect(await boxes.count()).toBeGreaterThan(3);
  expect(await boxes.and(view.locator("[role=button][tabindex='0'][aria-label]")).count()).toBe(await boxes.count());
  expect(await view.locator("#level").isVisible()).toBe(false);
});

it("keeps calls apart that are not resolved, and shows more or less", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  const unknown = view.locator("g.toka-call.kind-unknown");
  expect(await unknown.count()).toBeGreaterThan(0);
  await view.locator("#others").selectOption("none");
  await expect.poll(() => unknown.count()).toBe(0);
  await view.locator("#others").selectOption("all");
  await expect.poll(() => view.locator("g.toka-call.kind-external").count()).toBeGreaterThan(0);
  await view.locator("#others").selectOption("none");
  // The page draws some time after it was asked to: what is counted next must be the new picture.
  await expect.poll(() => view.locator("g.toka-call:is(.kind-external,.kind-unknown)").count()).toBe(0);
  const boxes = view.locator("g.toka-call");
  const before = await boxes.count();
  await view.locator("#callees").selectOption("0");
  await expect.poll(() => boxes.count()).toBe(1);
  await view.locator("#callees").selectOption("2");
  await expect.poll(() => boxes.count()).toBe(before);
});

it("unfolds and folds a side by its button and by the keyboard", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  const boxes = view.locator("g.toka-call");
  const before = await boxes.count();
  const called = view.locator("g.toka-call[data-id='orchard/records.py:group_by']");
  await called.locator(".knob.unfold[data-side=callers]").click();
  await expect.poll(() => boxes.count()).toBeGreaterThan(before);
  await called.focus();
  await workbench.page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(() => boxes.count()).toBe(before);
});

it("goes along calls by the arrow keys, and to the source of a function", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator(ROOT).focus();
  await workbench.page.keyboard.press("ArrowRight");
  const focused = view.locator("g.toka-call:focus");
  await expect.poll(() => focused.getAttribute("data-id")).toMatch(/^orchard\/records\.py:/);
  const line = await focused.getAttribute("data-line");
  await workbench.page.keyboard.press("Enter");
  await workbench.editorTab("records.py").waitFor();
  await expect.poll(() => workbench.cursor().textContent()).toMatch(new RegExp(`^Ln ${line},`));
});

it("follows what is typed in another file, before it is saved", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await workbench.openFile("tools/harvest.py", 17);
  await expect.poll(() => workbench.cursor().textContent()).toMatch(/^Ln 17,/);
  await workbench.typeBelow("main()");
  await expect
    .poll(() => view.locator("g.toka-call[data-id='tools/harvest.py:main']").count(), { timeout: 20_000 })
    .toBe(1);
});

it("draws the calls around another function", async () => {
  const { workbench } = session();
  const view = workbench.webview();
  await view.locator("g.toka-call[data-id='orchard/records.py:read_harvest']").click({ modifiers: ["Shift"] });
  await expect.poll(() => view.locator(ROOT).getAttribute("data-id")).toBe("orchard/records.py:read_harvest");
  await expect.poll(() => view.locator("#title").textContent()).toContain("read_harvest");
});

it.for(["SVG", "DOT", "JSON", "HTML"])("saves the calls as %s", async (format) => {
  const { workbench, workspace } = session();
  await workbench.webview().locator("#export").click();
  await workbench.quickInput().waitFor();
  await workbench.quickInput().fill(format);
  await workbench.focusedPick(format).waitFor();
  await workbench.page.keyboard.press("Enter");
  const file = join(workspace, `calls.${format.toLowerCase()}`);
  await expect.poll(() => workbench.quickInput().inputValue()).toMatch(/read_harvest\.\w+$/);
  await workbench.answer(file);
  const read = (): Promise<string> => readFile(file, "utf8").catch(() => "");
  await expect.poll(async () => (await read()).length, { timeout: 20_000 }).toBeGreaterThan(300);
  const text = await read();
  expect(text).toContain("read_harvest");
  if (format === "JSON") expect(JSON.parse(text)).toMatchObject({ analysis: "call-graph" });
  else expect(text).toMatch({ SVG: /^<svg /, DOT: /^digraph /, HTML: /^<!DOCTYPE html>/i }[format] ?? /^$/);
});
