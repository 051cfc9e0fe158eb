import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools } from "./steps.ts";

const session = useSession();
const DRAWN = "body[data-state=drawn][data-kind=mermaid]";

it("shows the plan of a workflow, runs it once confirmed, and follows its steps", async (context) => {
  needsSandbox(context);
  const { workbench } = session();
  await openTools(workbench);
  // It is folded at first.
  await workbench.palette("Toka: Focus on Workflows View");
  await workbench.inlineAction(workbench.treeItem(/^harvest-report, workflow/), /^Run Workflow/);
  // All inputs have defaults.
  await workbench.focusedPick("Continue").waitFor();
  await workbench.page.keyboard.press("Enter");
  const dialog = workbench.dialog();
  await dialog.filter({ hasText: "Run the workflow harvest-report?" }).waitFor();
  expect(await dialog.textContent()).toMatch(/5 steps in 3 waves.*those of the workflow harvest-report/s);
  await workbench.confirm("Run");
  await workbench.treeItem(/^soil, finished/).waitFor({ timeout: 60_000 });
  await workbench.treeItem(/^harvest-report, finished/).waitFor({ timeout: 120_000 });
  const view = workbench.webview();
  await view.locator(DRAWN).waitFor();
  await expect.poll(() => view.locator("g.node.ok").count()).toBe(5);
  expect(await view.locator("g.node.ok").first().textContent()).toContain("✓");
  await workbench.treeItem(/^note, finished/).click();
  await workbench.editorTab(/^watering_note/).waitFor();
});

it("says which step is denied, and goes on with the run once its tools are others", async (context) => {
  needsSandbox(context);
  const { workbench, workspace } = session();
  await workbench.collapse(workbench.treeItem(/^harvest-report, finished/));
  await workbench.inlineAction(workbench.treeItem(/^season-archive, workflow/), /^Run Workflow/);
  const dialog = workbench.dialog();
  await dialog.filter({ hasText: "Run the workflow season-archive?" }).waitFor();
  expect(await dialog.textContent()).toMatch(/Will be denied: diary: deletes files \(tools\/season_diary\.py:\d+\)/);
  await workbench.confirm("Run");
  await workbench.treeItem(/^season-archive, failed/).waitFor({ timeout: 60_000 });
  await workbench.treeItem(/^lines, skipped/).waitFor();
  await workbench.notification("season-archive: diary was not allowed: deletes files").waitFor();
  const text = "name: season-archive\nsteps:\n  - id: diary\n    tool: soil_stats\n";
  await writeFile(join(workspace, "workflows", "season-archive.workflow.yaml"), text);
  await workbench.palette("Toka: Resume Workflow…");
  await workbench.quickInput().fill("season-archive");
  await workbench.focusedPick("season-archive").waitFor();
  await workbench.page.keyboard.press("Enter");
  await dialog.filter({ hasText: "Go on with a run of season-archive?" }).waitFor();
  await workbench.confirm("Resume");
  await workbench.treeItem(/^season-archive, finished/).waitFor({ timeout: 60_000 });
});

it("lets a workflow be given what it lacks, and plans it anew", async (context) => {
  needsSandbox(context);
  const { workbench, workspace } = session();
  const text = "name: allowed\nsteps:\n  - id: diary\n    tool: season_diary\n";
  await writeFile(join(workspace, "workflows", "allowed.workflow.yaml"), text);
  await workbench.inlineAction(workbench.treeItem(/^allowed, workflow/), /^Run Workflow/);
  const dialog = workbench.dialog().filter({ hasText: "Run the workflow allowed?" });
  await dialog.filter({ hasText: "Will be denied: diary: deletes files" }).waitFor();
  await workbench.confirm("Allow…");
  // What it lacks is chosen already.
  await workbench.page.getByText("1 Selected").waitFor();
  await workbench.page.getByRole("button", { name: "OK", exact: true }).click();
  await workbench.picks().filter({ hasText: "This session" }).click();
  await dialog.filter({ hasNotText: "Will be denied" }).waitFor();
  await workbench.confirm("Cancel");
  await workbench.palette("Toka: Focus on Grants View");
  await workbench.treeItem(/^season_diary, deletes files, .*orchard · the workflow allowed · this session/).waitFor();
});
