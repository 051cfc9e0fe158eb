import { describe, expect, it } from "vitest";
import { ageText, bytesText, durationText } from "./quantity.ts";
import { english } from "./translate.ts";

describe("quantities", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KB"],
    [256 * 1024 ** 2, "256 MB"],
    [1.25 * 1024 ** 3, "1.3 GB"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    [0.4, "0 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
    [3_900_000, "1 h 5 min"],
  ])("writes %d ms as %s", (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });

  it.each([
    [0, "now"],
    [125_000, "2 min ago"],
    [3 * 3_600_000, "3 h ago"],
    [86_400_000, "1 day ago"],
    [3 * 86_400_000, "3 days ago"],
  ])("writes an age of %d ms as %s", (milliseconds, text) => {
    expect(ageText(milliseconds, english)).toBe(text);
  });
});
