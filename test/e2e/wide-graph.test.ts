import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { useSession } from "./session.ts";

const SIZE = { width: 1440, height: 1000 };
const session = useSession(() => ({ viewport: SIZE }));

/** Text that is smaller is hard to read, in pixels. */
const LEGIBLE = 8;
const CASES = 14;

/** A function whose graph is as wide as two long lines beside each other, and one call of each of many others. */
const SOURCE = [
  "def pick(kind, value):",
  "    match kind:",
  ...Array.from(
    { length: CASES },
    (_, n) => `        case "kind_${n}":\n            return work_out_${n}(value, ${n})`,
  ),
  "",
  ...Array.from({ length: CASES }, (_, n) => `\ndef work_out_${n}(value, n):\n    return value * n\n`),
].join("\n");

/** How a view stands: its zoom, whether its first box is whole in it, how far it can be scrolled aside, its text. */
interface Standing {
  readonly zoom: string;
  readonly firstIsWhole: boolean;
  readonly beyond: number;
  readonly text: number;
}

async function standing(first: string): Promise<Standing> {
  return await session()
    .workbench.webview()
    .locator("#canvas")
    .evaluate((canvas, selector) => {
      const page = canvas.ownerDocument;
      const box = page.querySelector(selector)?.getBoundingClientRect();
      const room = canvas.getBoundingClientRect();
      const svg = page.querySelector("#stage svg");
      const scale = (svg?.getBoundingClientRect().width ?? 0) / Number(svg?.getAttribute("viewBox")?.split(" ")[2]);
      const style = svg === null ? undefined : page.defaultView?.getComputedStyle(svg);
      return {
        zoom: page.querySelector("#zoom")?.textContent ?? "",
        firstIsWhole: box !== undefined && box.left >= room.left && box.right <= room.right && box.top >= room.top - 1,
        beyond: canvas.scrollWidth - canvas.clientWidth,
        text: Number.parseFloat(style?.fontSize ?? "0") * scale,
      };
    }, first);
}

it("opens a wide function as wide as its view, with legible text and its start in sight", async () => {
  const { workbench, workspace } = session();
  await writeFile(join(workspace, "tools", "wide.py"), SOURCE);
  await workbench.openFile("tools/wide.py", 1);
  await workbench
    .codeLens(/^Control flow/)
    .first()
    .click();
  await workbench.webview().locator("body[data-state=drawn]").waitFor();
  await expect.poll(() => standing("g.node.kind-entry")).toMatchObject({ firstIsWhole: true, beyond: 0 });
  expect((await standing("g.node.kind-entry")).text).toBeGreaterThanOrEqual(LEGIBLE - 0.1);
});

it("fits anew when the view becomes wider or narrower, until a person zooms", async () => {
  const { workbench } = session();
  const before = (await standing("g.node.kind-entry")).zoom;
  await workbench.page.setViewportSize({ ...SIZE, width: 2400 });
  await expect.poll(async () => (await standing("g.node.kind-entry")).zoom).not.toBe(before);
  await expect.poll(() => standing("g.node.kind-entry")).toMatchObject({ firstIsWhole: true, beyond: 0 });
  await workbench.page.setViewportSize(SIZE);
  await expect.poll(async () => (await standing("g.node.kind-entry")).zoom).toBe(before);
  await workbench.webview().locator("#zoom-in").click();
  await expect.poll(async () => (await standing("g.node.kind-entry")).zoom).not.toBe(before);
  const chosen = (await standing("g.node.kind-entry")).zoom;
  const canvas = workbench.webview().locator("#canvas");
  const width = (): Promise<number> => canvas.evaluate((element) => element.clientWidth);
  const narrow = await width();
  await workbench.page.setViewportSize({ ...SIZE, width: 2400 });
  await expect.poll(width).toBeGreaterThan(narrow);
  expect((await standing("g.node.kind-entry")).zoom).toBe(chosen);
  await workbench.page.setViewportSize(SIZE);
  await expect.poll(width).toBe(narrow);
});

it("opens wide calls with the function in sight and legible text", async () => {
  const { workbench } = session();
  await workbench.palette("View: Close All Editors");
  await workbench.openFile("tools/wide.py", 1);
  await workbench
    .codeLens(/^Calls$/)
    .first()
    .click();
  await workbench.webview().locator("body[data-state=drawn][data-kind=calls]").waitFor({ timeout: 60_000 });
  await expect.poll(() => standing("g.toka-call.root")).toMatchObject({ firstIsWhole: true });
  expect((await standing("g.toka-call.root")).text).toBeGreaterThanOrEqual(LEGIBLE - 0.1);
});
