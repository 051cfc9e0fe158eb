import { describe, expect, it } from "vitest";
import { supervise } from "./supervise.ts";

const HANDLERS = { onStdout: () => undefined, onStderr: () => undefined, onEvent: () => undefined };

function superviseShell(script: string, timeMs: number): ReturnType<typeof supervise> {
  const command = { file: "/bin/sh", arguments: ["-c", script], descriptors: [] };
  return supervise(command, "none", timeMs, HANDLERS, new AbortController().signal);
}

describe.skipIf(process.platform === "win32")("supervise", () => {
  it("tells a timeout when a supervisor had to be killed after the command's time", async () => {
    const outcome = await superviseShell(`echo '{"type":"started","pid":1}' >&3; exec sleep 600`, 50);
    expect(outcome).toMatchObject({ started: true, exit: { reason: "timeout" } });
    expect(outcome.exit.message).toContain("50 ms");
  }, 60_000);

  it("lets a supervisor come up for longer than the command may run", async () => {
    const script = `sleep 4; echo '{"type":"started","pid":1}' >&3; echo '{"type":"exited","exit":{"code":0,"reason":"ok"},"usage":{"wallMs":1,"cpuMs":1,"peakMemoryBytes":1,"writtenBytes":0}}' >&3`;
    expect(await superviseShell(script, 50)).toMatchObject({ started: true, exit: { code: 0, reason: "ok" } });
  }, 60_000);

  it("passes on what a supervisor that does not come up complains about", async () => {
    const outcome = await superviseShell("echo no namespaces here >&2; exit 1", 50);
    expect(outcome).toMatchObject({ started: false, exit: { reason: "sandbox-error", message: "no namespaces here" } });
  }, 60_000);
});
