import { describe, expect, it } from "vitest";
import { SAMPLE_POLICY } from "../testing/sample.ts";
import { executionText, formattedJson, scriptlessPage } from "./result.ts";
import { english } from "./translate.ts";

describe("results", () => {
  it("indents JSON and leaves other text alone", () => {
    expect(formattedJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect(formattedJson("{oops")).toBe("{oops");
  });

  it("puts the policy before all that a page brings", () => {
    const page = scriptlessPage("<html><head><script>alert(1)</script></head></html>");
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<script>"));
    expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  });

  it("tells a run from its command to what it printed", () => {
    const text = executionText(
      {
        id: "1",
        tool: "tools/prune.py",
        arguments: {},
        argv: ["python", "tools/prune.py"],
        principal: "user",
        startedAt: "2026-01-02T03:04:05.000Z",
        policy: SAMPLE_POLICY,
        exit: { reason: "ok", code: 0 },
        stdout: "pruned 3\n",
        stderr: "",
        results: [],
        usage: { wallMs: 100, cpuMs: 50, peakMemoryBytes: 1024, writtenBytes: 0 },
        cached: false,
      },
      english,
    );
    expect(text).toContain("$ python tools/prune.py\nfinished (100 ms, 50 ms of processor time, 1 KB of memory)");
    expect(text).toContain("── output ──\npruned 3");
    expect(text).not.toContain("errors");
  });
});
