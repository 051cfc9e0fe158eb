import { expect, test } from "vitest";
import { compareWithPython, pythonVersion } from "../eval/ast/compare.ts";
import { standardLibrary } from "../support/stdlib.ts";

const MINUTES = 60_000;
/** Before it, trees had fewer positions. */
const EARLIEST = 10;

/** The library itself, without its tests (`test/eval/ast/run.ts` compares those too). */
const TESTS = /\/(?:test|tests|idle_test)\//;

test("our syntax trees are those of ast.dump over the standard library", { timeout: 5 * MINUTES }, async ({ skip }) => {
  const version = await pythonVersion("python3");
  const library = standardLibrary();
  if (version === null || library === undefined || (version[1] ?? 0) < EARLIEST) {
    console.warn("NOT TESTED: syntax trees against CPython: this machine has no python3 of version 3.10 or later");
    return skip("no python3 of version 3.10 or later");
  }
  const files = library.files.filter((path) => !TESTS.test(path));
  const { total, equal, different, refused } = await compareWithPython("python3", files);
  console.info(`Python ${version.join(".")}: ${equal} of ${total} files of ${library.folder} have equal trees`);
  expect(different).toEqual([]);
  expect(total).toBeGreaterThan(300);
  // What Python refuses, we find wrong as well.
  expect(refused.filter(({ ours }) => ours.length === 0)).toEqual([]);
});
