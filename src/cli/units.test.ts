import { describe, expect, it } from "vitest";
import type { Result } from "../model/index.ts";
import { formatBytes, formatTime, parseBytes, parseCount, parsePercent, parseTime } from "./units.ts";

const value = (result: Result<number>): number | string => (result.ok ? result.value : result.problem.code);

describe("units", () => {
  it.each([
    ["256MB", 268_435_456],
    ["256 MiB", 268_435_456],
    ["1.5g", 1_610_612_736],
    ["4096", 4096],
    ["10B", 10],
    ["0", "bad-option"],
    ["-1MB", "bad-option"],
    ["12XB", "bad-option"],
    ["", "bad-option"],
  ])("size %j", (text, expected) => {
    expect(value(parseBytes(text))).toBe(expected);
  });

  it.each([
    ["60s", 60_000],
    ["60", 60_000],
    ["500ms", 500],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["0s", "bad-option"],
    ["soon", "bad-option"],
  ])("time %j", (text, expected) => {
    expect(value(parseTime(text))).toBe(expected);
  });

  it("shares and counts", () => {
    expect(value(parsePercent("25%"))).toBe(25);
    expect(value(parsePercent("150"))).toBe(150);
    expect(value(parsePercent("a lot"))).toBe("bad-option");
    expect(value(parseCount("5", 1))).toBe(5);
    expect(value(parseCount("0", 1))).toBe("bad-option");
    expect(value(parseCount("1.5", 1))).toBe("bad-option");
  });

  it("for people", () => {
    expect([formatBytes(0), formatBytes(1023), formatBytes(1536), formatBytes(268_435_456)]).toEqual([
      "0 B",
      "1023 B",
      "1.5 KB",
      "256 MB",
    ]);
    expect([formatTime(12.4), formatTime(1234), formatTime(90_000)]).toEqual(["12 ms", "1.2 s", "1.5 min"]);
  });
});
