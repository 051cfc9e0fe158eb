import { expect, it } from "vitest";
import { settingsFor } from "./limits.ts";

const LIMITS = { memoryBytes: 64 << 20, processes: 24, cpuPercent: 20 };
const table = (...given: Parameters<typeof settingsFor>): Record<string, string> =>
  Object.fromEntries(settingsFor(...given).map(({ file, value }) => [file, value]));

it("writes the limits of every controller", () => {
  expect(table(LIMITS, ["memory", "pids", "cpu"])).toEqual({
    "memory.swap.max": "0",
    "memory.oom.group": "1",
    "memory.max": "67108864",
    "pids.max": "24",
    "cpu.max": "100000 100000",
  });
});

it("leaves to the watch what has no controller", () => {
  expect(Object.keys(table(LIMITS, ["memory", "pids"]))).not.toContain("cpu.max");
  expect(table(LIMITS, ["pids"])).toEqual({ "pids.max": "24" });
});

it("gives more than one core where the policy does", () => {
  expect(table({ ...LIMITS, cpuPercent: 250 }, ["cpu"])).toEqual({ "cpu.max": "250000 100000" });
});

it("does without what some kernels have not, and with nothing else", () => {
  const optional = settingsFor(LIMITS, ["memory", "pids", "cpu"]).filter((setting) => setting.optional);
  expect(optional.map(({ file }) => file)).toEqual(["memory.swap.max", "memory.oom.group"]);
});
