/**
 * Attacks the sandbox, and tells what got out.
 *
 *   npm run test:sandbox [-- WORD…] [--sample] [--door plain|bwrap|landlock] [--as root|user] [--verbose]
 *
 * WORD: a family, or a part of an attack's name. As root everything is run twice: as root, and as an unprivileged user
 * with copies of its own. Exit code 1 when an attack got out, when a control (the plain run) was stopped, when a program
 * never came to its attack, or when an honest program failed.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");
const NOBODY = 65_534;

const secret = `SECRET-${randomUUID()}`;
const args = process.argv.slice(2);
const at = args.indexOf("--as");
const only = at < 0 ? undefined : args.splice(at, 2)[1];
const root = process.getuid?.() === 0;
const users = root
  ? (["root", "user"] as const).filter((user) => only === undefined || user === only)
  : (["user"] as const);

const folder = mkdtempSync(join(tmpdir(), "toka-suite-program-"));
let failed = false;
try {
  chmodSync(folder, 0o755);
  const program = join(folder, "attack.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  // A temporary folder of its own, so that what is left there was left by the suite's runs.
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  chmodSync(temporary, 0o1777);
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  copyFileSync(join(ROOT, "src/sandbox/helper.py"), join(folder, "helper.py"));
  for (const user of users) {
    console.log(`\n── as ${user === "root" ? "root" : "an unprivileged user"} ${"─".repeat(50)}`);
    const identity = root && user === "user" ? { uid: NOBODY, gid: NOBODY } : {};
    const child = spawn(node, [program, join(folder, "helper.py"), ...args], {
      ...identity,
      cwd: folder,
      stdio: "inherit",
      // Nothing of the caller's own environment: attacks print what they find.
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: folder, TMPDIR: temporary, ATTACK_SECRET: secret },
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    failed ||= code !== 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
