import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools, runFromTree } from "./steps.ts";

const session = useSession();

/** Opens the confirmation of a run, from the tool's line, with the parameters as they stand. */
async function askToRun(tool: RegExp): Promise<string> {
  const { workbench } = session();
  await workbench.inlineAction(workbench.treeItem(tool).first(), /^Run Tool/);
  const options = workbench.focusedPick("Continue");
  await options.or(workbench.dialog()).waitFor();
  if (await options.isVisible()) await workbench.page.keyboard.press("Enter");
  await workbench.dialog().waitFor();
  return (await workbench.dialog().textContent()) ?? "";
}

it("allows a tool for longer what its code names, and lists it", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await openTools(workbench);
  await askToRun(/^weather/);
  await workbench.confirm("Allow for Longer…");
  await workbench.picks().filter({ hasText: "Reach a Host…until it is revoked" }).click();
  await workbench.answer("api.open-meteo.com");
  await workbench.terminalShows(/weather[^\n]*: (?:failed|finished)/);
  await workbench.palette("Toka: Focus on Grants View");
  await workbench.treeItem(/^weather, connects to the network, api\.open-meteo\.com · until revoked/).waitFor();
  const asked = await askToRun(/^weather.*connects/);
  expect(asked).toContain("Network: only api.open-meteo.com");
  expect(asked).toContain("Granted (until revoked): connects to the network api.open-meteo.com");
  await workbench.page.keyboard.press("Escape");
});

it("asks again when the tool changed, and shows what changed", async (test) => {
  needsSandbox(test);
  const { workbench, workspace } = session();
  await appendFile(join(workspace, "tools/weather.py"), "\n# rain\n");
  const asked = await askToRun(/^weather.*connects/);
  expect(asked).toContain("The tool changed since it was approved: tools/weather.py");
  expect(asked).toContain("Network: none");
  await workbench.confirm("Show What Changed");
  await workbench.editorTab(/^tools\/weather\.py \(approved ↔ now\)/).waitFor();
});

it("takes a grant back from its line", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await runFromTree(workbench, /^weather.*connects/);
  await workbench.terminalShows(/no forecast/);
  await workbench.palette("Toka: Focus on Grants View");
  const line = workbench.treeItem(/^weather, connects to the network, does not hold/);
  await workbench.inlineAction(line, /^Revoke/);
  await line.waitFor({ state: "detached" });
});
