import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fail, ok } from "../../model/index.ts";
import { SpareRuns } from "./spare-runs.ts";

let root: string;
let spares: SpareRuns;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "toka-spare-"));
  spares = new SpareRuns({
    makeRunFolder: (id) => {
      const folder = join(root, id);
      const results = join(folder, "results");
      mkdirSync(results, { recursive: true });
      return ok({ folder, results });
    },
  });
});

afterEach(() => rmSync(root, { recursive: true }));

describe("spare runs", () => {
  test("a run of the same tool takes the oldest", () => {
    const first = spares.foldersFor("a").make() ?? "";
    const second = spares.foldersFor("a").make() ?? "";
    expect(existsSync(first)).toBe(true);
    expect(spares.take("b")).not.toBe(basename(dirname(first)));
    expect(spares.take("a")).toBe(basename(dirname(first)));
    expect(spares.take("a")).toBe(basename(dirname(second)));
  });

  test("one that no run came for is removed, and its number is not given any more", () => {
    const folders = spares.foldersFor("a");
    const path = folders.make() ?? "";
    folders.discard(path);
    expect(existsSync(dirname(path))).toBe(false);
    expect(spares.take("a")).not.toBe(basename(dirname(path)));
  });

  test("the folder of a run is never removed", () => {
    const folders = spares.foldersFor("a");
    const path = folders.make() ?? "";
    spares.take("a");
    folders.discard(path);
    expect(existsSync(path)).toBe(true);
  });

  test("there is none where no folder can be made", () => {
    const none = new SpareRuns({ makeRunFolder: () => fail("state-unavailable", "full") });
    expect(none.foldersFor("a").make()).toBeUndefined();
  });
});
