import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";
import { openTools, runFromTree } from "./steps.ts";

const session = useSession();

it("lists the tools of the workspace with what each can do", async () => {
  const { workbench } = session();
  await openTools(workbench);
  const weather = workbench.treeItem(/^weather.*connects to the network/);
  await weather.waitFor();
  expect(await weather.textContent()).toContain("network");
  for (const name of ["harvest", "soil_stats", "sensor_check", "backup_data", "count-lines", "yield-report"]) {
    await workbench
      .treeItem(new RegExp(`^${name}`))
      .first()
      .waitFor();
  }
});

it("shows the line that proves a capability", async () => {
  const { workbench } = session();
  const weather = workbench.treeItem(/^weather.*connects to the network/);
  await workbench.expand(weather);
  await workbench.expand(workbench.treeItem(/^connects to the network/));
  await workbench.treeItem(/urllib\.request\.urlopen.*weather\.py/).click();
  await workbench.editorTab(/^weather\.py/).waitFor();
  await expect.poll(() => workbench.cursor().textContent()).toBe("Ln 14, Col 1");
  await workbench.collapse(weather);
});

it("runs a tool from its line, shows its output and says how it ended", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await runFromTree(workbench, /^soil_stats/);
  const shown = await workbench.terminalShows(/soil_stats[^\n]*: finished/);
  expect(shown).toContain('"moisture"');
  expect(shown).toMatch(/\d+ (ms|s) of processor time/);
});

it("cuts the network of a tool that was not granted it", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await runFromTree(workbench, /^weather/);
  const shown = await workbench.terminalShows(/weather[^\n]*: failed/);
  expect(shown).toContain("no forecast");
});

it("stops a tool that hangs, and all its processes", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await runFromTree(workbench, /^frost_watch/);
  await workbench.terminalShows(/look 2/);
  expect(await processesNaming("frost_watch.py")).not.toEqual([]);
  await workbench.palette("Toka: Stop");
  await workbench.terminalShows(/frost_watch[^\n]*: cancelled/);
  await expect.poll(() => processesNaming("frost_watch.py")).toEqual([]);
});

it("stops a tool that eats memory, and says so", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await runFromTree(workbench, /^growth/);
  await workbench.terminalShows(/growth[^\n]*: stopped: it used more than \d+ MB of memory/);
});

it("keeps the runs in the history", async (test) => {
  needsSandbox(test);
  const { workbench } = session();
  await workbench
    .treeItem(/^growth.*stopped: it used more than/)
    .first()
    .waitFor();
  await workbench
    .treeItem(/^frost_watch.*cancelled/)
    .first()
    .waitFor();
  await workbench
    .treeItem(/^soil_stats.*finished/)
    .first()
    .click();
  await workbench.editorTab(/^soil_stats/).waitFor();
});

it("backs up what ran, and brings it back", async (test) => {
  needsSandbox(test);
  const { workbench, workspace } = session();
  const file = join(workspace, "..", `saved-${Date.now()}.toka`);
  await workbench.palette("Toka: Back Up Grants and History…");
  await expect.poll(() => workbench.quickInput().inputValue()).toMatch(/\.toka$/);
  await workbench.answer(file);
  await workbench.notification(/runs of .* are backed up in/).waitFor();
  await runFromTree(workbench, /^sensor_check/);
  const later = workbench.treeItem(/^sensor_check.*(?:finished|failed)/).first();
  await later.waitFor();
  await workbench.palette("Toka: Restore Grants and History…");
  await expect.poll(() => workbench.quickInput().inputValue()).toMatch(/\/$/);
  // The dialog goes on listing folders while a path is typed, and takes it only when it is done.
  await expect
    .poll(async () => {
      await workbench.answer(file);
      return workbench
        .dialog()
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
    })
    .toBe(true);
  await workbench.confirm("Replace");
  await later.waitFor({ state: "detached" });
  await workbench
    .treeItem(/^soil_stats.*finished/)
    .first()
    .waitFor();
});

it("activates at once, and has no error to log", async () => {
  const { workbench } = session();
  const activations = async (): Promise<number[]> => {
    const log = await workbench.host.logs("toka");
    return [...log.matchAll(/activated in (\d+) ms/g)].map(([, milliseconds]) => Number(milliseconds));
  };
  // The machine starts much else meanwhile: of three starts, one shows what activating takes by itself.
  for (let start = 1; start < 3 && Math.min(...(await activations())) >= 50; start++) {
    await workbench.page.reload();
    await expect.poll(async () => (await activations()).length).toBeGreaterThan(start);
  }
  expect(Math.min(...(await activations()))).toBeLessThan(50);
  const log = await workbench.host.logs("toka");
  // The editor says the latter of a tree that is refreshed while it asks for the children of a line that was there before.
  const isError = (line: string): boolean => line.includes("[error]") && !/No tree item with id '\S+' found/.test(line);
  expect(log.split("\n").filter(isError)).toEqual([]);
});

/** Process ids whose command line names a file. */
async function processesNaming(file: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // A process may end while its command line is read.
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(file)) found.push(`${pid}: ${command.replaceAll("\0", " ")}`);
  }
  return found;
}
