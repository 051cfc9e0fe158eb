import { describe, expect, it } from "vitest";
import type { Alert, ToolStatistics } from "../../model/index.ts";
import { alertText, cachedText, forecastWarnings, gateText, statisticsLines, suggestionLines } from "./statistics.ts";
import { english } from "./translate.ts";

const MEBIBYTE = 1024 * 1024;
const suggested = { memoryBytes: 160 * MEBIBYTE, timeMs: 16_000, runs: 12 };
const statistics: ToolStatistics = {
  tool: "a.py",
  runs: 12,
  failed: 1,
  failureRate: 1 / 12,
  wallMs: { p50: 900, p95: 1500 },
  memoryBytes: { p50: 10 * MEBIBYTE, p95: 20 * MEBIBYTE },
  last: [],
  cachedRuns: 3,
  suggested,
};

describe("texts of statistics", () => {
  it("tell what runs were like", () => {
    expect(statisticsLines(statistics, english)).toEqual([
      "12 runs, 1 failed",
      "Time: half of them at most 900 ms, 95 % at most 1.5 s",
      "Memory: half of them at most 10 MB, 95 % at most 20 MB",
      "Limits that would do: 160 MB, 16 s",
    ]);
    expect(statisticsLines({ ...statistics, runs: 0 }, english)).toEqual([]);
    const { suggested: _none, ...one } = { ...statistics, runs: 1 };
    expect(statisticsLines(one, english)).toEqual(["1 run, it failed", "Time: 900 ms", "Memory: 10 MB"]);
  });

  it("warn before a run, and suggest", () => {
    const warnings = [{ measure: "memory", limit: 128 * MEBIBYTE, expected: 200 * MEBIBYTE, message: "" }] as const;
    expect(forecastWarnings({ warnings: [...warnings] }, english)).toEqual([
      "It will likely not fit into 128 MB of memory: earlier runs needed 200 MB.",
    ]);
    expect(suggestionLines({ suggested, warnings: [] }, english)).toEqual([
      "Its last 12 good runs suggest: 160 MB of memory, 16 s",
    ]);
    expect(suggestionLines({ warnings: [] }, english)).toEqual([]);
  });

  it.each<[Alert["rule"], number, string]>([
    [{ measure: "failureRate", above: 50 }, 62.5, "a: 63 % of the last 8 runs failed (alert above 50 %)"],
    [{ measure: "timeSeconds", above: 2 }, 3.5, "a took 3.5 s (alert above 2 s)"],
    [{ measure: "memoryMB", above: 100 }, 300, "a used 300 MB of memory (alert above 100 MB)"],
  ])("tell an alert (%o)", (rule, value, text) => {
    expect(alertText({ tool: "a.py", rule, value, runs: 8, message: "" }, "a", english)).toBe(text);
  });

  it("tell an alert of a single run without a percentage of it", () => {
    const rule = { measure: "failureRate", above: 10 } as const;
    const text = alertText({ tool: "a.py", rule, value: 100, runs: 1, message: "" }, "a", english);
    expect(text).toBe("a: the last run failed (alert above 10 %)");
  });

  it("mark what comes from the cache with its age", () => {
    const at = "2026-01-01T00:00:00Z";
    const now = Date.parse(at) + 5 * 60_000;
    expect(cachedText({ cachedFrom: { execution: "x", at } }, now, english)).toBe("cached 5 min ago");
    expect(cachedText({ cachedFrom: { execution: "x", at } }, Date.parse(at) + 10, english)).toBe("cached just now");
    expect(cachedText({}, now, english)).toBeUndefined();
  });

  it("tell that a run waits or is tried again", () => {
    expect(gateText({ type: "queued", position: 2, waiting: 7 }, english)).toBe("waits for its turn: 2 of 7");
    expect(gateText({ type: "retrying", attempt: 2, of: 3, reason: "failed", delayMs: 4000 }, english)).toBe(
      "attempt 2 of 3 in 4 s",
    );
  });
});
