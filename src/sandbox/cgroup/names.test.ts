import { describe, expect, it } from "vitest";
import { isGone, ownerOf, startOf, thisOwner, treeName } from "./names.ts";

const OWNER = { pid: 12, started: 3456, namespace: 4026531836 };

describe("the name of a tree", () => {
  it("tells its owner", () => {
    expect(ownerOf(treeName(OWNER, 2))).toEqual(OWNER);
    expect(ownerOf(`${treeName(OWNER, 7)}.scope`)).toEqual(OWNER);
  });

  it.each([
    "toka-1-2.scope",
    "toka-1-2-3-4-5",
    "nottoka-1-2-3-4",
    "toka--1-2-3-4",
    "app.slice",
    "toka-1-2-3-4.service",
  ])("is not %s", (name) => {
    expect(ownerOf(name)).toBeUndefined();
  });
});

it("reads when a process started, whatever its name is", () => {
  const fields = Array.from({ length: 40 }, (_, index) => String(index + 3));
  expect(startOf(`12 (a) b) (c) S ${fields.slice(1).join(" ")}`)).toBe(22);
});

describe.skipIf(process.platform !== "linux")("whether an owner has ended", () => {
  it("does not say so of this process", () => {
    expect(isGone(thisOwner())).toBe(false);
  });

  it("says so of a process that has this one's number and began at another time", () => {
    expect(isGone({ ...thisOwner(), started: 1 })).toBe(true);
  });

  it("says so of a number that nobody has", () => {
    expect(isGone({ ...thisOwner(), pid: 2 ** 22 + 1 })).toBe(true);
  });

  it("does not say so of a process that cannot be looked up from here", () => {
    expect(isGone({ ...thisOwner(), pid: 2 ** 22 + 1, namespace: 1 })).toBe(false);
  });
});
