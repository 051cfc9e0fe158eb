import { describe, expect, it } from "vitest";
import { SAMPLE_POLICY } from "../testing/sample.ts";
import { executionText, formattedJson, pictureKind, resultLines, scriptlessPage, svgPage } from "./result.ts";
import { english } from "./translate.ts";

describe("results", () => {
  it("indents JSON and leaves other text alone", () => {
    expect(formattedJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect(formattedJson("{oops")).toBe("{oops");
  });

  it("names the files that a run left, and not what it printed", () => {
    const result = (name: string) => ({ path: `/state/runs/1/results/${name}`, format: "text" as const, bytes: 1 });
    expect(resultLines({ results: [result("stdout.json")] }, english)).toEqual([]);
    const [line] = resultLines({ results: [result("a.md"), result("stdout.json"), result("b.md")] }, english);
    expect(line).toMatch(/history: a\.md, b\.md$/);
    const many = Array.from({ length: 9 }, (_, index) => result(`${index}.txt`));
    expect(resultLines({ results: many }, english)[0]).toMatch(/5\.txt and 3 more$/);
  });

  it("knows pictures by their names", () => {
    expect(["plot.PNG", "a.jpeg", "b.svg", "c.pdf", "png"].map(pictureKind)).toEqual([
      ...["raster", "raster", "svg"],
      ...[undefined, undefined],
    ]);
  });

  it("shows a drawing as an image, which runs nothing", () => {
    const page = svgPage("<svg><script>alert(1)</script></svg>", '"><b>');
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<b>");
    expect(page).toContain(`base64,${Buffer.from("<svg><script>alert(1)</script></svg>").toString("base64")}`);
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
