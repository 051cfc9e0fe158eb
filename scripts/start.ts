/**
 * Opens a real VS Code in the browser with the extension installed, and stays until Ctrl+C.
 *
 *   npm start [-- --workspace DIR] [--port N] [--no-open] [--no-build]
 *
 * --no-build takes the toka-tools.vsix that is there instead of packing a new one.
 */
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { Host } from "../test/support/host.ts";
import { findProgram } from "./setup.mjs";

const ROOT = join(import.meta.dirname, "..");
const { values: options } = parseArgs({
  options: {
    workspace: { type: "string", default: join(ROOT, "test", "workspaces", "sample") },
    port: { type: "string", default: "0" },
    open: { type: "boolean", default: true },
    build: { type: "boolean", default: true },
  },
  allowNegative: true,
});

const workspace = resolve(process.env["INIT_CWD"] ?? process.cwd(), options.workspace);
await access(workspace);
if (options.build) {
  await execa(process.execPath, [join(import.meta.dirname, "package.ts")], { cwd: ROOT, stdio: "inherit" });
}

const host = await Host.start({
  extensions: [join(ROOT, "toka-tools.vsix")],
  port: Number(options.port),
  ownHome: true,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void host.stop());

const address = host.address(workspace);
console.log(`\nVS Code with Toka Tools on ${workspace}:\n\n  ${address}\n\nCtrl+C ends it.`);
if (options.open) await openBrowser(address);
await host.ended();

/** Where there is no screen, the printed address has to do. */
async function openBrowser(address: string): Promise<void> {
  const screen = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"];
  const opener = process.platform === "darwin" ? "open" : screen === undefined ? undefined : findProgram("xdg-open");
  if (opener !== undefined) await execa(opener, [address], { reject: false, stdio: "ignore" });
}
