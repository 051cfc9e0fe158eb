import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CATEGORY_LIMITS } from "../model/index.ts";
import { BoundedText, collectResults, formatOfText, stdoutResult } from "./output.ts";

const ALL = CATEGORY_LIMITS.general.outputFormats;
const MEBIBYTE = 1024 * 1024;

describe("formatOfText", () => {
  it.each([
    ['{"a": 1}', "json"],
    ["[1, 2]", "json"],
    ["{ not json }", "text"],
    ["5", "text"],
    ["flowchart TD\n  a --> b", "mermaid"],
    ["%% a comment\ngraph LR\n a-->b", "mermaid"],
    ["---\ntitle: x\n---\nsequenceDiagram\n a->>b: hi", "mermaid"],
    ["stateDiagram-v2\n [*] --> a", "mermaid"],
    ['pie title Pets\n "Dogs" : 386', "mermaid"],
    ["graph of the sales", "text"],
    ["timeline of events", "text"],
    ["pie is good", "text"],
    ["<!DOCTYPE html><p>x", "html"],
    ["<html lang=en>", "html"],
    ["plain", "text"],
  ])("%j is %s", (text, format) => {
    expect(formatOfText(text)).toBe(format);
  });
});

describe("BoundedText", () => {
  it("keeps the first bytes and counts the rest", () => {
    const text = new BoundedText(5);
    text.push(Buffer.from("abc"));
    text.push(Buffer.from("defg"));
    text.push(Buffer.from("h"));
    expect(text.text()).toBe("abcde");
    expect(text.dropped).toBe(3);
  });

  it("joins characters that chunks cut in two", () => {
    const bytes = Buffer.from("é🌱");
    const text = new BoundedText(100);
    for (const byte of bytes) text.push(Buffer.of(byte));
    expect(text.text()).toBe("é🌱");
  });
});

describe("collectResults", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toka-output-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("tells formats by name and content, in folders too", () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "a.json"), "{}");
    writeFileSync(join(folder, "b"), "flowchart TD\n a-->b");
    writeFileSync(join(folder, "c.bin"), Buffer.of(0, 1));
    writeFileSync(join(folder, "sub", "d.html"), "<p>");
    const { results, withheld } = collectResults(folder, { bytes: MEBIBYTE, formats: ALL });
    expect(withheld).toEqual([]);
    expect(results).toEqual([
      { path: join(folder, "a.json"), format: "json", bytes: 2 },
      { path: join(folder, "b"), format: "mermaid", bytes: 19 },
      { path: join(folder, "c.bin"), format: "other", bytes: 2 },
      { path: join(folder, "sub", "d.html"), format: "html", bytes: 3 },
    ]);
  });

  it("follows no link, opens no pipe, and removes them", () => {
    symlinkSync("/etc/passwd", join(folder, "passwd.json"));
    symlinkSync("/etc", join(folder, "etc"));
    execFileSync("python3", ["-c", "import os, sys; os.mkfifo(sys.argv[1])", join(folder, "pipe.json")]);
    const { results, withheld } = collectResults(folder, { bytes: MEBIBYTE, formats: ALL });
    expect(results).toEqual([]);
    expect(withheld).toHaveLength(3);
    for (const name of ["passwd.json", "etc", "pipe.json"]) expect(existsSync(join(folder, name))).toBe(false);
  });

  it("keeps back what is too large, and says so", () => {
    writeFileSync(join(folder, "a.txt"), "x".repeat(60));
    writeFileSync(join(folder, "b.txt"), "x".repeat(60));
    const { results, withheld } = collectResults(folder, { bytes: 100, formats: ALL });
    expect(results.map(({ path }) => path)).toEqual([join(folder, "a.txt")]);
    expect(withheld[0]).toContain("b.txt was kept back");
  });

  it("lets only the allowed formats out of an analysis tool", () => {
    writeFileSync(join(folder, "a.json"), "{}");
    writeFileSync(join(folder, "b.txt"), "x");
    writeFileSync(join(folder, "c.exe"), "x");
    const { results, withheld } = collectResults(folder, {
      bytes: 100,
      formats: CATEGORY_LIMITS.analysis.outputFormats,
    });
    expect(results.map(({ format }) => format)).toEqual(["json"]);
    expect(withheld).toHaveLength(2);
  });
});

describe("stdoutResult", () => {
  it("keeps what is worth showing, and trusts the text over the declaration", () => {
    const folder = mkdtempSync(join(tmpdir(), "toka-output-"));
    try {
      expect(stdoutResult(folder, "hello", "json", ALL)).toBeUndefined();
      expect(stdoutResult(folder, " ", "html", ALL)).toBeUndefined();
      expect(stdoutResult(folder, '{"a":1}\n', undefined, ALL)).toEqual({
        path: join(folder, "stdout.json"),
        format: "json",
        bytes: 8,
      });
      expect(stdoutResult(folder, "<p>x</p>", "html", ALL)?.format).toBe("html");
      expect(stdoutResult(folder, "flowchart TD\na-->b", undefined, ["json"])).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
