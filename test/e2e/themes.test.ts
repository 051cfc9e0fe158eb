import { join } from "node:path";
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { THEMES, type Theme } from "../support/workbench.ts";
import { RESULTS, useSession } from "./session.ts";
import { openGraph, openTools } from "./steps.ts";

const session = useSession(() => ({ theme: "dark" }));

it("draws the graph anew in the colours of the theme that a person changes to", async () => {
  const { workbench } = session();
  await openTools(workbench);
  await openGraph(workbench);
  const body = workbench.webview().locator("body");
  const looks = new Set<string>();
  for (const theme of Object.keys(THEMES) as Theme[]) {
    await workbench.changeTheme(theme);
    await body.and(workbench.webview().locator(`.vscode-${theme}`)).waitFor();
    const page = await colorOf(body, "background-color");
    // Black shapes on black are what a refused style sheet looks like, or one of the theme before.
    const text = body.locator("g.node .node-label").first();
    const node = body.locator("g.node .shape").first();
    await expect.poll(async () => lightness(await colorOf(text, "fill"))).toBe(page === WHITE ? "dark" : "light");
    await expect.poll(async () => lightness(await colorOf(node, "fill"))).toBe(page === WHITE ? "light" : "dark");
    // Both light themes are white: their lines differ.
    looks.add(`${page} ${await colorOf(node, "stroke")}`);
    await workbench.screenshot(join(RESULTS, "themes", `${theme}.png`));
  }
  expect(looks.size).toBe(Object.keys(THEMES).length);
});

const WHITE = "rgb(255, 255, 255)";

/** Whether a computed colour is nearer to black or to white. */
function lightness(color: string): "dark" | "light" {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return red + green + blue > 1.5 * 255 ? "light" : "dark";
}

async function colorOf(element: Locator, property: string): Promise<string> {
  return element.evaluate(
    (drawn, name) => drawn.ownerDocument.defaultView?.getComputedStyle(drawn).getPropertyValue(name) ?? "",
    property,
  );
}
