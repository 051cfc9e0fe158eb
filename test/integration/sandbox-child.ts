/**
 * Runs a Python program in the sandbox and prints the outcome as JSON; for tests that need another process around the
 * sandbox: one that is killed, or one of another user. Arguments: a workspace, the program, its arguments. The variable
 * TOKA_TEST_BACKEND names the one backend to use, TOKA_TEST_HELPER_PATH where the supervisor lies; with TOKA_TEST_OBSERVE the
 * run is observed.
 */
import { join } from "node:path";
import { Backend } from "../../src/model/index.ts";
import { compileConfig, Sandbox } from "../../src/sandbox/index.ts";

const [workspace = "", source = "", ...rest] = process.argv.slice(2);
const sandbox = new Sandbox({
  helperPath: process.env["TOKA_TEST_HELPER_PATH"] ?? join(import.meta.dirname, "../../src/sandbox/helper.py"),
  backend: Backend.optional().parse(process.env["TOKA_TEST_BACKEND"]) ?? "auto",
});
const stdout: Uint8Array[] = [];
const outcome = await sandbox.run(
  {
    argv: ["python", "-c", source, ...rest],
    cwd: workspace,
    config: compileConfig({
      category: "analysis",
      workspace,
      limits: { memoryBytes: 64 * 1024 * 1024, processes: 24 },
    }),
    environment: process.env,
    observe: process.env["TOKA_TEST_OBSERVE"] !== undefined,
    unprotected: process.env["TOKA_TEST_UNPROTECTED"] !== undefined,
  },
  {
    signal: new AbortController().signal,
    onStdout: (chunk) => {
      stdout.push(chunk);
    },
    onStderr: (chunk) => {
      process.stderr.write(chunk);
    },
    onEvent: (event) => {
      if (event.type === "started") process.stdout.write("started\n");
    },
  },
);
process.stdout.write(`${JSON.stringify({ ...outcome, stdout: Buffer.concat(stdout).toString("utf8") })}\n`);
