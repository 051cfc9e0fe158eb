import { describe, expect, test } from "vitest";
import { encodeWords, readPythonCommand } from "./command.ts";

describe("a command of the interpreter, apart", () => {
  test.each([
    [["a.py"], [], ["a.py"]],
    [["a.py", "-u", "x"], [], ["a.py", "-u", "x"]],
    [["-u", "-X", "utf8", "a.py"], ["-u", "-X", "utf8"], ["a.py"]],
    [
      ["-W", "error", "-m", "a.b", "-c"],
      ["-W", "error"],
      ["-m", "a.b", "-c"],
    ],
    [["-c", "", "x"], [], ["-c", "", "x"]],
  ])("%j", (rest, flags, words) => {
    expect(readPythonCommand(rest)).toEqual({ flags, words });
  });

  test.each([
    [[]],
    [[""]],
    [["-"]],
    [["-m"]],
    [["-m", ""]],
    [["-c"]],
    [["-u"]],
    [["-X"]],
    [["-I", "a.py"]],
    [["-S", "a.py"]],
    [["-E", "a.py"]],
    [["-i", "a.py"]],
    [["-mjson.tool"]],
    [["-uB", "a.py"]],
    [["--version"]],
  ])("%j is nothing for one that was started before", (rest) => {
    expect(readPythonCommand(rest)).toBeUndefined();
  });

  test("is passed on with its length and a NUL after each word", () => {
    expect([...encodeWords(["a", "é"])]).toEqual([5, 0, 0, 0, 0x61, 0, 0xc3, 0xa9, 0]);
  });
});
