import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execution, ExitStatus, GateEvent, Tool } from "../../model/index.ts";
import { Kernel, type KernelOptions } from "../kernel.ts";
import { RunQueue } from "../queue/run-queue.ts";
import type { RunRequest } from "../request.ts";
import { ScriptedSandbox, tool, value } from "../testing/scripted.ts";

/** A sandbox whose runs go on until the test ends them. */
class HeldSandbox extends ScriptedSandbox {
  readonly going: (() => void)[] = [];

  override async run(...given: Parameters<ScriptedSandbox["run"]>): ReturnType<ScriptedSandbox["run"]> {
    await new Promise<void>((resolve) => this.going.push(resolve));
    return super.run(...given);
  }
}

describe("a run on its way through the gate", () => {
  let base: string;
  let workspace: string;
  let kernel: Kernel;
  let events: GateEvent[];

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-executor-")));
    workspace = join(base, "workspace");
    mkdirSync(join(workspace, "tools"), { recursive: true });
    writeFileSync(join(workspace, "tools/report.py"), "print('hi')\n");
    events = [];
  });
  afterEach(() => {
    kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  function open(sandbox: ScriptedSandbox, given: Partial<Tool> = {}, options: Partial<KernelOptions> = {}): void {
    const state = { stateFolder: join(base, "state"), environment: {} };
    kernel = value(Kernel.open({ workspace, sandbox, ...state, ...options }));
    kernel.registerTools([tool({ capabilities: [], ...given })]);
  }

  async function run(given: Partial<RunRequest> = {}, signal = new AbortController().signal): Promise<Execution> {
    const request: RunRequest = { tool: "report", arguments: { title: "x" }, principal: "user", ...given };
    return value(await kernel.execute(request, { signal, onGate: (event) => events.push(event) }));
  }

  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  it("waits for its turn, and says at which place", async () => {
    const sandbox = new HeldSandbox();
    open(sandbox, {}, { queue: new RunQueue({ slots: 1, memoryBytes: 2 ** 40 }) });
    const monitored: string[] = [];
    kernel.monitor(({ event }) => monitored.push(event.type));
    const first = run();
    const second = run();
    await settled();
    expect(events).toEqual([{ type: "queued", position: 1, waiting: 1 }]);
    expect(monitored).toContain("queued");
    sandbox.going.shift()?.();
    expect((await first).exit.reason).toBe("ok");
    await settled();
    sandbox.going.shift()?.();
    expect((await second).exit.reason).toBe("ok");
  });

  it("is a run that was cancelled or timed out also when it never began", async () => {
    const sandbox = new HeldSandbox();
    open(sandbox, {}, { queue: new RunQueue({ slots: 1, memoryBytes: 2 ** 40 }) });
    const first = run();
    await settled();
    const controller = new AbortController();
    const cancelled = run({}, controller.signal);
    controller.abort();
    expect((await cancelled).exit).toMatchObject({ reason: "cancelled", message: expect.stringContaining("waited") });
    expect((await run({ waitMs: 1 })).exit).toMatchObject({
      reason: "timeout",
      message: expect.stringContaining("never ran"),
    });
    sandbox.going.shift()?.();
    await first;
    expect(sandbox.requests).toHaveLength(1);
    expect(value(kernel.history()).map(({ exit }) => exit.reason)).toEqual(["ok", "timeout", "cancelled"]);
    expect(value(kernel.statistics.of("tools/report.py"))).toMatchObject({ runs: 1, failed: 0 });
  });

  it("is planned anew when it waited: a tool that changed meanwhile is not the approved one", async () => {
    const sandbox = new HeldSandbox();
    open(sandbox, {}, { queue: new RunQueue({ slots: 1, memoryBytes: 2 ** 40 }) });
    const request = { tool: "report", arguments: { title: "x" }, principal: "user" } as const;
    const { fingerprint } = value(kernel.plan(request));
    const first = run();
    await settled();
    const second = kernel.execute({ ...request, approved: fingerprint }, { signal: new AbortController().signal });
    await settled();
    writeFileSync(join(workspace, "tools/report.py"), "print('something else')\n");
    sandbox.going.shift()?.();
    await first;
    expect(await second).toMatchObject({ ok: false, problem: { code: "tool-changed" } });
    expect(sandbox.requests).toHaveLength(1);
    // Its turn was given back.
    const third = run();
    await settled();
    sandbox.going.shift()?.();
    expect((await third).exit.reason).toBe("ok");
  });

  function failing(...exits: readonly ExitStatus[]): ScriptedSandbox {
    const sandbox = new ScriptedSandbox();
    let attempt = 0;
    sandbox.act = ({ resultFolder = "" }) => {
      expect(readdirSync(resultFolder)).toEqual([]);
      writeFileSync(join(resultFolder, "attempt.json"), "{}");
      sandbox.outcome = { ...sandbox.outcome, exit: exits[attempt++] ?? { code: 0, reason: "ok" } };
    };
    return sandbox;
  }

  it("is tried again as its manifest says, each time with an empty result folder", async () => {
    const failed: ExitStatus = { code: 1, reason: "failed" };
    const sandbox = failing(failed, failed);
    open(sandbox, { retry: { count: 2, backoffSeconds: 0.001 } });
    expect(await run()).toMatchObject({ attempts: 3, exit: { reason: "ok" }, results: [{ format: "json" }] });
    expect(events.map((event) => (event.type === "retrying" ? [event.attempt, event.of, event.reason] : []))).toEqual([
      [2, 3, "failed"],
      [3, 3, "failed"],
    ]);
    expect(value(kernel.history())).toHaveLength(1);
  });

  it("is not tried again after what stays, and never in a cancelled wait", async () => {
    const sandbox = failing({ code: 2, reason: "failed" }, { reason: "timeout" });
    open(sandbox, { retry: { count: 5, backoffSeconds: 60 } });
    const wrong = await run();
    expect([wrong.exit.code, wrong.attempts]).toEqual([2, undefined]);
    const controller = new AbortController();
    const waiting = run({}, controller.signal);
    await settled();
    controller.abort();
    expect((await waiting).exit.reason).toBe("timeout");
    expect(sandbox.requests).toHaveLength(2);
  });

  it("is told to go beyond its limits before it begins, and sets off alerts after it ended", async () => {
    const sandbox = new ScriptedSandbox();
    open(sandbox, {}, { running: { alerts: { rules: [{ measure: "memoryMB", above: 100 }] } } });
    const used = (megabytes: number): void => {
      sandbox.outcome = {
        ...sandbox.outcome,
        usage: { ...sandbox.outcome.usage, peakMemoryBytes: megabytes * 2 ** 20 },
      };
    };
    used(10);
    await run();
    expect(events).toEqual([]);
    used(300);
    for (let index = 0; index < 4; index++) await run();
    expect(events.map(({ type }) => type)).toEqual(["alert"]);
    expect(events[0]).toMatchObject({ alert: { tool: "tools/report.py", value: 300 } });
    await run();
    expect(events.at(-1)).toMatchObject({ type: "forecast", warnings: [{ measure: "memory" }] });
  });

  it("comes to its end with all others when a crowd waits, two at a time", async () => {
    let going = 0;
    let most = 0;
    const sandbox = new (class extends ScriptedSandbox {
      override async run(...given: Parameters<ScriptedSandbox["run"]>): ReturnType<ScriptedSandbox["run"]> {
        going++;
        most = Math.max(most, going);
        await new Promise((resolve) => setImmediate(resolve));
        going--;
        return super.run(...given);
      }
    })();
    open(sandbox, {}, { queue: new RunQueue({ slots: 2, memoryBytes: 2 ** 40 }) });
    const done = await Promise.all(Array.from({ length: 150 }, () => run()));
    expect(done.every(({ exit }) => exit.reason === "ok")).toBe(true);
    expect(most).toBe(2);
    expect(value(kernel.history({ limit: 2000 }))).toHaveLength(150);
  }, 60_000);
});
