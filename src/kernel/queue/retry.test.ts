import { describe, expect, it } from "vitest";
import type { ExitStatus } from "../../model/index.ts";
import { delayBeforeNext } from "./retry.ts";

const retry = { count: 3, backoffSeconds: 2 };

describe("delayBeforeNext", () => {
  it("waits twice as long each time, five minutes at most, and gives up after the count", () => {
    const failed: ExitStatus = { code: 1, reason: "failed" };
    expect([1, 2, 3, 4].map((made) => delayBeforeNext({ retry }, failed, made))).toEqual([2000, 4000, 8000, undefined]);
    expect(delayBeforeNext({ retry: { count: 10, backoffSeconds: 300 } }, failed, 5)).toBe(300_000);
    expect(delayBeforeNext({}, failed, 1)).toBeUndefined();
  });

  it.each<[boolean, ExitStatus]>([
    [true, { reason: "timeout" }],
    [true, { reason: "sandbox-error" }],
    [true, { reason: "failed", message: "ended by signal 11" }],
    [false, { code: 0, reason: "ok" }],
    [false, { code: 2, reason: "failed" }],
    [false, { code: 127, reason: "failed" }],
    [false, { reason: "denied" }],
    [false, { reason: "memory" }],
    [false, { reason: "cancelled" }],
    [false, { reason: "not-enforceable" }],
    [false, { reason: "output-limit" }],
  ])("tries again (%s) after %o", (again, exit) => {
    expect(delayBeforeNext({ retry }, exit, 1) !== undefined).toBe(again);
  });
});
