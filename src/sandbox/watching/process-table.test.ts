import { describe, expect, it } from "vitest";
import { sampleTree } from "./process-table.ts";

describe("sampleTree", () => {
  it("sums a group and all descendants, whatever group they are in (Linux)", () => {
    const table = `
      1     0     1  9000 00:00:04
    100     1   100  1000 00:00:01
    101   100   100  2000 00:01:00
    102   101   102   500 01:00:00
    103   102   103   100 1-00:00:00
    104     1   100    10 00:00:00
    200     1   200  7777 00:00:09
`;
    const sample = sampleTree(table, 100);
    expect(sample.pids.toSorted()).toEqual([100, 101, 102, 103, 104]);
    expect(sample.memoryBytes).toBe((1000 + 2000 + 500 + 100 + 10) * 1024);
    expect(sample.cpuMs).toBe((1 + 60 + 3600 + 86_400) * 1000);
  });

  it("reads times as macOS writes them", () => {
    expect(sampleTree("  501     1   501   2048   1:02.50\n", 501).cpuMs).toBe(62_500);
  });

  it("is empty when the process is gone, and skips what it cannot read", () => {
    expect(sampleTree("", 5)).toEqual({ pids: [], memoryBytes: 0, cpuMs: 0 });
    expect(sampleTree("  PID PPID\n 5 1 5 - 0:00\n", 5).pids).toEqual([]);
  });
});
