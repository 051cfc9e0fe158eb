import { expect, test } from "vitest";
import { compareTexts, compareWithPython, pythonVersion } from "../eval/ast/compare.ts";
import { NEWEST_SYNTAX } from "../eval/ast/newest-syntax.ts";
import { hasNewestPython, NEWEST_PYTHON } from "../support/newest-python.ts";
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

/** Refused by Python, read by us: see docs/accuracy.md. */
const READ_ALL_THE_SAME = 3;

test("our syntax trees of the newest syntax are those of CPython 3.14", { timeout: 5 * MINUTES }, async ({ skip }) => {
  if (!(await hasNewestPython())) {
    console.warn("NOT TESTED: the newest syntax against CPython 3.14: Pyodide cannot be fetched from the npm registry");
    return skip("Pyodide is not within reach");
  }
  const { total, different, refused } = await compareTexts(NEWEST_PYTHON, NEWEST_SYNTAX);
  expect(different).toEqual([]);
  expect(total).toBeGreaterThan(140);
  expect(refused.length).toBeGreaterThan(200);
  expect(refused.filter(({ ours }) => ours.length === 0).length).toBeLessThanOrEqual(READ_ALL_THE_SAME);
});
