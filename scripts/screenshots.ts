/** Takes the README's pictures anew: the same view in each theme, from the packaged extension into docs/images/. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import { openGraph, openTools, runFromTree } from "../test/e2e/steps.ts";
import { THEMES, type Theme, Workbench } from "../test/support/workbench.ts";

const ROOT = join(import.meta.dirname, "..");

await execa(process.execPath, [join(import.meta.dirname, "package.ts")], { cwd: ROOT, stdio: "inherit" });
const scratch = await mkdtemp(join(tmpdir(), "toka-"));
try {
  const workspace = join(scratch, "orchard");
  await cp(join(ROOT, "test", "workspaces", "sample"), workspace, { recursive: true });
  for (const theme of Object.keys(THEMES) as Theme[]) {
    const picture = join(ROOT, "docs", "images", `toka-${theme}.png`);
    await takePicture(workspace, theme, picture);
    console.log(picture);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** The tools with evidence, a run that was stopped, and a function with its graph. */
async function takePicture(workspace: string, theme: Theme, file: string): Promise<void> {
  await using workbench = await Workbench.open(workspace, {
    theme,
    extensions: [join(ROOT, "toka-tools.vsix")],
    // What else listens on this machine is no part of the picture.
    settings: { "editor.minimap.enabled": false, "remote.autoForwardPorts": false },
  });
  await openTools(workbench);
  await runFromTree(workbench, /^sensor_check/);
  await workbench.terminalShows(/sensor_check[^\n]*: f/);
  await runFromTree(workbench, /^growth/);
  await workbench.terminalShows(/growth[^\n]*: stopped/);
  await openGraph(workbench);
  await workbench.expand(workbench.treeItem(/^weather/));
  await workbench.expand(workbench.treeItem(/^connects to the network/));
  // Not while something is being read.
  await workbench.activity(/^Toka.*\b\d+ tools/).waitFor();
  await workbench.screenshot(file);
}
