/** Takes the README's pictures anew: the same view in each theme, from the packaged extension into docs/images/. */
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import { openGraph, openTools, runFromTree } from "../test/e2e/steps.ts";
import { THEMES, type Theme, Workbench } from "../test/support/workbench.ts";

const ROOT = join(import.meta.dirname, "..");

await execa(process.execPath, [join(import.meta.dirname, "package.ts")], { cwd: ROOT, stdio: "inherit" });
for (const theme of Object.keys(THEMES) as Theme[]) {
  await using workbench = await Workbench.open(join(ROOT, "test", "workspaces", "sample"), {
    theme,
    extensions: [join(ROOT, "toka-tools.vsix")],
    settings: { "editor.minimap.enabled": false },
  });
  await openTools(workbench);
  await openGraph(workbench);
  await runFromTree(workbench, /^soil_stats/);
  await workbench.terminalShows(/soil_stats[^\n]*: finished/);
  await workbench.expand(workbench.treeItem(/^weather/));
  await workbench.expand(workbench.treeItem(/^connects to the network/));
  const picture = join(ROOT, "docs", "images", `toka-${theme}.png`);
  await workbench.screenshot(picture);
  console.log(picture);
}
