import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SourcesChangedParams } from "../model/index.ts";
import { Changes } from "./changes.ts";

const told: SourcesChangedParams["changes"][] = [];
let changes: Changes;

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  changes = new Changes((some) => told.push(some));
});
afterEach(() => {
  changes.dispose();
  vi.useRealTimers();
});

it("tells many changes at once, each file with its newest version", () => {
  changes.add("a", 1);
  changes.add("b", null);
  changes.add("a", 2);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([
    [
      { uri: "a", version: 2 },
      { uri: "b", version: null },
    ],
  ]);
});

it("does not wait for the end of changes that go on", () => {
  for (let version = 1; version <= 40; version++) {
    changes.add("a", version);
    vi.advanceTimersByTime(10);
  }
  expect(told.length).toBeGreaterThan(1);
  vi.advanceTimersByTime(1000);
  expect(told.at(-1)).toEqual([{ uri: "a", version: 40 }]);
  const versions = told.flat().map(({ version }) => version ?? 0);
  expect(versions).toEqual(versions.toSorted((one, other) => one - other));
});

it("tells nothing after its end", () => {
  changes.add("a", 1);
  changes.dispose();
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([]);
});
