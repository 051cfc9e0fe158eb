import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gathering } from "./gathering.ts";

describe("Gathering", () => {
  let given: string[][] = [];
  const gathering = (): Gathering =>
    new Gathering({ quiet: (count) => (count < 3 ? 10 : 100), atMost: 250 }, (files) => given.push([...files]));

  beforeEach(() => {
    vi.useFakeTimers();
    given = [];
  });
  afterEach(() => vi.useRealTimers());

  it("gives few files away soon, many when it is quiet", () => {
    const one = gathering();
    one.add("a");
    vi.advanceTimersByTime(5);
    one.add("b");
    vi.advanceTimersByTime(9);
    expect(given).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(given).toEqual([["a", "b"]]);
    for (const file of ["a", "b", "c"]) one.add(file);
    vi.advanceTimersByTime(99);
    expect(given).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(given[1]).toEqual(["a", "b", "c"]);
  });

  it("does not wait for ever", () => {
    const one = gathering();
    for (const file of ["a", "b", "c"]) one.add(file);
    for (let number = 0; number < 12; number += 1) {
      one.add(`f${number}`);
      vi.advanceTimersByTime(25);
    }
    expect(given[0]?.length).toBeGreaterThan(8);
  });

  it("gives away what is hurried, and nothing that was dropped", () => {
    const one = gathering();
    for (const file of ["a", "b", "c"]) one.add(file);
    one.hurry("b");
    one.hurry("z");
    expect(given).toEqual([["b"]]);
    one.drop();
    vi.advanceTimersByTime(1_000);
    expect(given).toHaveLength(1);
  });
});
