import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlertRule, Execution, ExitReason } from "../../model/index.ts";
import { compileConfig } from "../../sandbox/index.ts";
import { State } from "../state.ts";
import { value } from "../testing/scripted.ts";
import { newAlerts } from "./alerts.ts";
import { type CountedRun, learnedLimits, percentile } from "./figures.ts";
import { forecast } from "./forecast.ts";
import { Retention } from "./retention.ts";
import { StatisticsKeeper } from "./statistics-keeper.ts";

const MEBIBYTE = 1024 * 1024;
const startedAt = "2026-01-02T03:04:05.678Z";

function counted(wallMs: number, megabytes: number, reason: ExitReason = "ok"): CountedRun {
  return { reason, wallMs, memoryBytes: megabytes * MEBIBYTE, startedAt };
}

describe("percentile", () => {
  it("is the nearest rank: a value of the list, with the share at or below it", () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(percentile([], 0.95)).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (list, share) => {
          const found = percentile(list, share);
          expect(list).toContain(found);
          expect(list.filter((item) => item <= found).length).toBeGreaterThanOrEqual(share * list.length - 1e-9);
        },
      ),
    );
  });
});

describe("learnedLimits", () => {
  it("leaves half as much again as most runs needed, and learns nothing from few runs or failures", () => {
    const runs = Array.from({ length: 20 }, (_, index) => counted(10_000 + index, 100));
    expect(learnedLimits(runs)).toEqual({ memoryBytes: 160 * MEBIBYTE, timeMs: 16_000, runs: 20 });
    expect(learnedLimits(runs.slice(0, 4))).toBeUndefined();
    expect(learnedLimits(runs.map((run) => ({ ...run, reason: "failed" as const })))).toBeUndefined();
  });

  it("follows a tool that grows: the newest run counts by itself", () => {
    const runs = [counted(100_000, 1000), ...Array.from({ length: 40 }, () => counted(1000, 10))];
    expect(learnedLimits(runs)).toMatchObject({ memoryBytes: 1200 * MEBIBYTE, timeMs: 120_000 });
  });

  it("never suggests less than an interpreter may need, or than most runs needed", () => {
    expect(learnedLimits(Array.from({ length: 5 }, () => counted(1, 1)))).toMatchObject({
      ...{ memoryBytes: 32 * MEBIBYTE, timeMs: 5000 },
    });
  });
});

describe("forecast", () => {
  const limits = { memoryBytes: 128 * MEBIBYTE, timeMs: 60_000 };

  it("warns where successful runs needed more than the limits", () => {
    const runs = Array.from({ length: 6 }, () => counted(70_000, 200));
    expect(forecast(runs, limits).warnings.map(({ measure, expected }) => [measure, expected])).toEqual([
      ["memory", 200 * MEBIBYTE],
      ["time", 70_000],
    ]);
    expect(forecast(runs, { memoryBytes: 300 * MEBIBYTE, timeMs: 80_000 }).warnings).toEqual([]);
  });

  it("warns after one run that the same limit ended, until there is more room", () => {
    const runs = [counted(2000, 127, "memory"), counted(2000, 50)];
    expect(forecast(runs, limits).warnings).toMatchObject([{ measure: "memory", limit: limits.memoryBytes }]);
    expect(forecast(runs, { ...limits, memoryBytes: 512 * MEBIBYTE }).warnings).toEqual([]);
    expect(forecast([counted(60_010, 5, "timeout")], limits).warnings).toMatchObject([{ measure: "time" }]);
  });
});

describe("newAlerts", () => {
  const tool = { id: "a.py", name: "a" };
  const told = (rule: AlertRule, runs: readonly CountedRun[]): string[] =>
    newAlerts([rule], tool, runs).map(({ message }) => message);

  it("tells a state once, when it begins", () => {
    const rule: AlertRule = { measure: "timeSeconds", above: 2 };
    expect(told(rule, [counted(3000, 1), counted(1000, 1)])).toEqual(["a: its last run took 3.0 s, more than 2 s"]);
    expect(told(rule, [counted(3000, 1), counted(2500, 1)])).toEqual([]);
    expect(told(rule, [counted(1000, 1), counted(3000, 1)])).toEqual([]);
    expect(told(rule, [counted(3000, 1)])).toHaveLength(1);
  });

  it("waits for some runs before it speaks of a rate", () => {
    const rule: AlertRule = { measure: "failureRate", above: 50, runs: 10 };
    const failed = counted(1, 1, "failed");
    const good = counted(1, 1);
    expect(told(rule, [failed, failed])).toEqual([]);
    expect(told(rule, [failed, failed, failed, good, good])).toEqual([
      "a: 60 % of its last 5 runs failed, more than 50 %",
    ]);
    expect(told({ ...rule, runs: 1 }, [failed])).toHaveLength(1);
  });

  it("is for one tool by id or name, or for all", () => {
    const runs = [counted(1, 100)];
    const names = ["a", "a.py", "b", undefined].filter(
      (wanted) => told({ measure: "memoryMB", above: 50, ...(wanted ? { tool: wanted } : {}) }, runs).length > 0,
    );
    expect(names).toEqual(["a", "a.py", undefined]);
  });
});

describe("history", () => {
  let root: string;
  let state: State;
  let now: Date;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "toka-statistics-"));
    now = new Date("2026-06-01T00:00:00Z");
    state = value(State.open(root, "/somewhere", () => now));
  });
  afterEach(() => {
    state.close();
    rmSync(root, { recursive: true, force: true });
  });

  const policy = compileConfig({ category: "general", workspace: "/somewhere" });
  function keep(id: string, given: Partial<Execution> = {}): Execution {
    const execution: Execution = {
      ...{ id, tool: "a.py", arguments: {}, argv: ["python"], principal: "user", startedAt: now.toISOString(), policy },
      ...{ exit: { code: 0, reason: "ok" }, stdout: "x".repeat(1000), stderr: "", results: [], cached: false },
      usage: { wallMs: 100, cpuMs: 1, peakMemoryBytes: 10 * MEBIBYTE, writtenBytes: 0 },
      ...given,
    };
    value(state.record(execution, "f"));
    return execution;
  }

  it("counts what really ran: nothing from the cache, denied, cancelled or never begun", () => {
    for (let index = 0; index < 9; index++) keep(`ok-${index}`, { usage: { ...usage(), wallMs: 100 + index } });
    keep("failed", { exit: { code: 1, reason: "failed" } });
    keep("cached", { cached: true });
    keep("denied", { exit: { reason: "denied" } });
    keep("cancelled", { exit: { reason: "cancelled" } });
    keep("waited", { exit: { reason: "timeout" }, usage: { ...usage(), wallMs: 0 } });
    const [statistics] = value(new StatisticsKeeper(state, []).all());
    expect(statistics).toMatchObject({
      ...{ tool: "a.py", runs: 10, failed: 1, failureRate: 0.1, cachedRuns: 1 },
      wallMs: { p50: 103, p95: 108 },
      suggested: { runs: 9 },
    });
    expect(statistics?.last[0]).toMatchObject({ reason: "failed", wallMs: 100 });
    expect(value(new StatisticsKeeper(state, []).of("other.py"))).toBeUndefined();
  });

  it("is read from an index that covers all that is asked", () => {
    const plan = value(
      state.read((connection) =>
        connection
          .prepare(
            `EXPLAIN QUERY PLAN SELECT reason, wall_ms, peak_memory_bytes, started_at FROM executions
             WHERE tool = ? AND counted = 1 ORDER BY seq DESC LIMIT ?`,
          )
          .all("a.py", 10),
      ),
    );
    expect(JSON.stringify(plan)).toContain("COVERING INDEX executions_counted");
  });

  it("keeps no more runs than asked for; the audit stays", () => {
    const retention = new Retention({ state, clock: () => now, bounds: { runs: 3, maxMB: 100, days: 10 } });
    for (let index = 0; index < 8; index++) keep(`run-${index}`);
    expect(value(retention.tidy())).toBe(5);
    expect(value(state.history({})).map(({ id }) => id)).toEqual(["run-7", "run-6", "run-5"]);
    expect(readdirSync(state.places.runs).toSorted()).toEqual(["run-5", "run-6", "run-7"]);
    expect(state.execution("run-0")).toMatchObject({ problem: { code: "no-execution" } });
    const audit = value(state.read((connection) => connection.prepare("SELECT count(*) AS lines FROM audit").get()));
    expect(audit?.["lines"]).toBe(8);
  });

  it("keeps no more bytes than asked for, and nothing that is too old", () => {
    for (let index = 0; index < 4; index++) keep(`big-${index}`, { stdout: "x".repeat(MEBIBYTE) });
    const few = new Retention({ state, clock: () => now, bounds: { runs: 100, maxMB: 2.5, days: 10 } });
    expect(value(few.tidy())).toBe(2);
    now = new Date("2026-06-12T00:00:00Z");
    keep("new");
    const old = new Retention({ state, clock: () => now, bounds: { runs: 100, maxMB: 100, days: 10 } });
    expect(value(old.tidy())).toBe(2);
    expect(value(state.history({})).map(({ id }) => id)).toEqual(["new"]);
  });

  it("says so when an output is taken away while its run is read", () => {
    const { id } = keep("one");
    rmSync(join(state.places.runs, id), { recursive: true });
    expect(state.execution(id)).toMatchObject({ problem: { code: "output-gone" } });
  });

  it("takes away old folders that belong to no run, and leaves those of runs that go on", () => {
    keep("kept");
    for (const name of ["lost", "young"]) mkdirSync(join(state.places.runs, name));
    const long = new Date("2026-05-01T00:00:00Z");
    for (const name of ["lost", "kept"]) utimesSync(join(state.places.runs, name), long, long);
    utimesSync(join(state.places.runs, "young"), now, now);
    value(new Retention({ state, clock: () => now, bounds: { runs: 9, maxMB: 9, days: 999 } }).tidy());
    expect(["lost", "young", "kept"].map((name) => existsSync(join(state.places.runs, name)))).toEqual([
      ...[false, true, true],
    ]);
  });
});

function usage(): Execution["usage"] {
  return { wallMs: 100, cpuMs: 1, peakMemoryBytes: 10 * MEBIBYTE, writtenBytes: 0 };
}
