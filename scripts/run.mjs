#!/usr/bin/env node
/**
 * The front door of every `npm run` script: sets up what the task needs, then runs the task with this project's own
 * Node 24, whatever the machine's Node is. (PATH is not enough: a shell that has run `node` once remembers where.)
 *
 *   node scripts/run.mjs TASK [ARGUMENT…]
 */
import { spawn } from "node:child_process";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { projectNode, setupOrExit } from "./setup.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** The setup level of each task, and the script that does it. */
const TASKS = {
  bench: { needs: "sandbox", script: "test/bench/run.ts" },
  "eval:cfg": { needs: "packages", script: "test/eval/cfg/run.ts" },
  "eval:discovery": { needs: "packages", script: "test/eval/discovery/run.ts" },
  build: { needs: "compiler", script: "scripts/build.ts" },
  "eval:unseen": { needs: "browser", script: "test/eval/unseen/run.ts" },
  generate: { needs: "packages", script: "scripts/generate.ts" },
  check: { needs: "compiler", script: "scripts/check.ts" },
  lock: { needs: "packages", script: "scripts/complete-lock-file.ts" },
  look: { needs: "browser", script: "scripts/look.ts" },
  package: { needs: "compiler", script: "scripts/package.ts" },
  screenshots: { needs: "browser", script: "scripts/screenshots.ts" },
  start: { needs: "host", script: "scripts/start.ts" },
  test: { needs: "browser", script: "scripts/test.ts" },
  "test:machines": { needs: "packages", script: "test/machines/run.ts" },
  "test:sandbox": { needs: "sandbox", script: "test/attacks/run.ts" },
  "test-without-host": { needs: "sandbox", script: "scripts/test.ts" },
};

const [name = "", ...args] = process.argv.slice(2);
const task = TASKS[name];
if (task === undefined) {
  process.stderr.write(`No task “${name}”; there are: ${Object.keys(TASKS).join(", ")}.\n`);
  process.exit(2);
}
await setupOrExit(task.needs);

const path = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
const child = spawn(projectNode(), [join(ROOT, task.script), ...args], {
  cwd: ROOT,
  env: { ...process.env, PATH: path },
  stdio: "inherit",
});
// Ctrl+C reaches the task by itself; here it must not end the wait for it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("error", (error) => {
  throw error;
});
child.on("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
