import { describe, expect, it } from "vitest";
import { builtinEnd, ProgressLines, type RunProgress } from "./builtin-tools.ts";

describe("ProgressLines", () => {
  it("finds how far a run is, wherever its output is cut", () => {
    const text =
      "toka: 3 of 12 files read\ntoka: a.py: 1 of 2 files read\nx 1 of 2 files read\ntoka: 12 of 12 files connected\n";
    for (let size = 1; size < 40; size++) {
      const told: RunProgress[] = [];
      const lines = new ProgressLines((progress) => told.push(progress));
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size));
      expect(told).toEqual([
        { done: 3, of: 12 },
        { done: 12, of: 12 },
      ]);
    }
  });
});

describe("builtinEnd", () => {
  it("names the way out where the memory was not enough, and says nothing of other ends", () => {
    for (const exit of [
      { reason: "memory" },
      { reason: "failed", code: 134 },
      { reason: "failed", message: "It was ended by signal 6" },
    ] as const) {
      expect(builtinEnd(exit)).toMatch(/name folders or files/);
    }
    for (const exit of [{ reason: "ok", code: 0 }, { reason: "failed", code: 1 }, { reason: "cancelled" }] as const) {
      expect(builtinEnd(exit)).toBeUndefined();
    }
  });
});
