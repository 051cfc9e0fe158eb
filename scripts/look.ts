/**
 * Shows the extension as a person sees it, without a screen: opens a folder in a real VS Code with the extension
 * installed, does what it is told, and takes a picture.
 *
 *   npm run look -- [--workspace DIR] [--open FILE[:LINE]] [--view] [--command TITLE]… [--theme light|dark|high-contrast|high-contrast-light]
 *                   [--untrusted] [--wait SECONDS] [--out FILE.png] [--log] [--no-build]
 *
 * --view opens the Toka view; --command runs commands of the palette by their full titles (“Toka: Refresh Tools”);
 * --log prints the extension's log; --no-build takes the toka-tools.vsix that is there.
 */
import { join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { THEMES, type Theme, Workbench } from "../test/support/workbench.ts";

const ROOT = join(import.meta.dirname, "..");
const HERE = process.env["INIT_CWD"] ?? process.cwd();
const { values: options } = parseArgs({
  options: {
    workspace: { type: "string", default: join(ROOT, "test", "workspaces", "sample") },
    open: { type: "string" },
    view: { type: "boolean", default: false },
    command: { type: "string", multiple: true, default: [] },
    theme: { type: "string", default: "dark" },
    untrusted: { type: "boolean", default: false },
    wait: { type: "string", default: "2" },
    out: { type: "string", default: join(ROOT, "test-results", "look.png") },
    log: { type: "boolean", default: false },
    build: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const isTheme = (name: string): name is Theme => Object.hasOwn(THEMES, name);
if (!isTheme(options.theme)) throw new Error(`--theme is one of ${Object.keys(THEMES).join(", ")}`);

if (options.build) {
  await execa(process.execPath, [join(import.meta.dirname, "package.ts")], { cwd: ROOT, stdio: "inherit" });
}
await using workbench = await Workbench.open(resolve(HERE, options.workspace), {
  theme: options.theme,
  trusted: !options.untrusted,
  extensions: [join(ROOT, "toka-tools.vsix")],
});
if (options.view) await workbench.openActivity(/^Toka/);
if (options.open !== undefined) {
  const [file = "", line = "1"] = options.open.split(":");
  await workbench.openFile(file, Number(line));
}
for (const title of options.command) await workbench.palette(title);
await wait(Number(options.wait) * 1000);
await workbench.screenshot(resolve(HERE, options.out));
console.log(`picture: ${resolve(HERE, options.out)}`);
if (options.log) console.log(await workbench.host.logs("toka"));
