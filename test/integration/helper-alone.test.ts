import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { missingMechanism } from "./sandbox-support.ts";

const HELPER = join(import.meta.dirname, "../../src/sandbox/helper.py");
const missing = await missingMechanism();

/** Runs the supervisor with bubblewrap's own first process before it. In a namespace, as one that went on would end all that it sees. */
async function supervise(...options: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  const namespace = ["--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/", "--proc", "/proc"];
  const command = ["python3", "-I", "-S", HELPER, ...options, "--", "echo", "started"];
  // The fourth is the descriptor of its events.
  const child = spawn("bwrap", [...namespace, "--", ...command], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stdio[2]?.on("data", (chunk) => {
    stderr += chunk;
  });
  let events = "";
  child.stdio[3]?.on("data", (chunk) => {
    events += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  expect(events).toBe("");
  return { code, stderr };
}

it.skipIf(missing !== undefined)(
  "the supervisor starts nothing where it is not the first process of a namespace",
  async () => {
    const limits = ["memory", "cpu", "time", "processes", "disk", "files", "output"].map((name) => `${name}=1000000`);
    const { code, stderr } = await supervise(...limits);
    expect(stderr.trim().split("\n").at(-1)).toBe("OSError: not the first process of a namespace");
    expect(code).toBe(1);
  },
);
