import { describe, expect, it } from "vitest";
import { MemoryWatch } from "./memory-watch.ts";

describe("MemoryWatch", () => {
  it("ends what stays near the limit, not what goes back between two collections", () => {
    let looks = 0;
    const sawtooth = new MemoryWatch(() => 0.5 + (looks++ % 10) * 0.05);
    for (let i = 0; i < 200; i++) expect(sawtooth.isFull()).toBe(false);
    const full = new MemoryWatch(() => 0.95);
    expect(Array.from({ length: 50 }, () => full.isFull()).includes(true)).toBe(true);
  });

  it("finds room here and now", () => {
    expect(new MemoryWatch().isFull()).toBe(false);
  });
});
