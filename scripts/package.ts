/**
 * Builds for production and packs toka-tools.vsix. Prints what is in it; a warning of the packer, or more than 2 MB,
 * is an error.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "..");
const VSIX = join(ROOT, "toka-tools.vsix");
const LARGEST = 2 * 1024 * 1024;

await execa(process.execPath, [join(import.meta.dirname, "build.ts"), "--production"], { cwd: ROOT, stdio: "inherit" });
const pack = await execa(
  process.execPath,
  [
    join(ROOT, "node_modules", "@vscode", "vsce", "vsce"),
    ...["package", "--no-dependencies", "--no-rewrite-relative-links", "--allow-missing-repository"],
    ...["--out", VSIX],
  ],
  { cwd: ROOT, all: true, stdin: "ignore", reject: false },
);
process.stdout.write(`${pack.all}\n`);
const warnings = pack.all.split("\n").filter((line) => /\bWARNING\b/.test(line));
const { size } = await stat(VSIX);
if (pack.exitCode !== 0 || warnings.length > 0) throw new Error("The VSIX was not packed without warnings.");
if (size > LARGEST) throw new Error(`The VSIX has ${size} bytes; ${LARGEST} are allowed.`);
