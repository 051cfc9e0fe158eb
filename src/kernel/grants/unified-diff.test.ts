import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

/** What `patch` does, for texts that end with a newline. */
function patched(before: string, diff: string): string {
  const source = before.split("\n").slice(0, -1);
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2, -1)) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line);
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      out.push(...source.slice(at, start));
      at = start;
      continue;
    }
    const text = line.slice(1);
    if (line.startsWith("+")) out.push(text);
    else {
      expect(source[at]).toBe(text);
      at++;
      if (line.startsWith(" ")) out.push(text);
    }
  }
  return [...out, ...source.slice(at)].map((text) => `${text}\n`).join("");
}

describe("unifiedDiff", () => {
  it("writes what diff -u writes", () => {
    const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n";
    const after = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
    expect(unifiedDiff(before, after, ["old", "new"])).toBe(
      "--- old\n+++ new\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -9,3 +9,4 @@\n i\n j\n k\n+l\n",
    );
  });

  it("tells a new text, one that went, and a missing end of line", () => {
    expect(unifiedDiff("", "x\n", ["a", "b"])).toBe("--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
    expect(unifiedDiff("x\n", "", ["a", "b"])).toBe("--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
    expect(unifiedDiff("x\n", "x", ["a", "b"])).toContain("\\ No newline at end of file");
    expect(unifiedDiff("same", "same", ["a", "b"])).toBe("");
  });

  it("leads from one text to the other, whatever they are", () => {
    const line = fc.constantFrom("", "a", "b", "c", "def f():", "    return 1");
    const text = fc.array(line, { maxLength: 40 }).map((lines) => lines.map((one) => `${one}\n`).join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        if (before !== after) expect(patched(before, unifiedDiff(before, after, ["a", "b"]))).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  it("bounds its work on texts that have nothing in common", () => {
    const before = Array.from({ length: 4000 }, (_, index) => `old ${index}\n`).join("");
    const after = Array.from({ length: 4000 }, (_, index) => `new ${index}\n`).join("");
    expect(patched(before, unifiedDiff(before, after, ["a", "b"]))).toBe(after);
  });
});
