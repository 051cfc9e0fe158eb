import { join } from "node:path";
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { THEMES, type Theme } from "../support/workbench.ts";
import { openSession, RESULTS } from "./session.ts";
import { openGraph, openTools } from "./steps.ts";

it.for(Object.keys(THEMES) as Theme[])("is drawn in the colours of the %s theme", async (theme) => {
  await using session = await openSession({ theme });
  const { workbench } = session;
  await openTools(workbench);
  await openGraph(workbench);
  await workbench.screenshot(join(RESULTS, "themes", `${theme}.png`));
  const body = workbench.webview().locator("body");
  const page = await colorOf(body, "background-color");
  const node = await colorOf(body.locator("g.node .label-container path").first(), "fill");
  const text = await colorOf(body.locator("g.node .nodeLabel").first(), "color");
  // Black shapes on black are what a refused style sheet looks like.
  expect(node).not.toBe(text);
  expect(page).not.toBe(text);
});

async function colorOf(element: Locator, property: string): Promise<string> {
  return element.evaluate(
    (drawn, name) => drawn.ownerDocument.defaultView?.getComputedStyle(drawn).getPropertyValue(name) ?? "",
    property,
  );
}
