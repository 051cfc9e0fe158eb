import { describe, expect, it } from "vitest";
import { type AnalysisFormat, AnalysisKind, AnalysisReport } from "../../model/index.ts";
import { AnalysisRun } from "./collect.ts";
import { components } from "./components.ts";
import { renderReport } from "./render.ts";

type Files = Readonly<Record<string, string>>;

function reportOf<K extends AnalysisKind>(kind: K, files: Files): Extract<AnalysisReport, { analysis: K }> {
  const run = new AnalysisRun(kind);
  for (const [path, text] of Object.entries(files)) run.add(path, Buffer.from(text));
  const report = AnalysisReport.parse(run.finish());
  if (report.analysis !== kind) throw new Error(report.analysis);
  return report as Extract<AnalysisReport, { analysis: K }>;
}

function findings(files: Files): string[] {
  return reportOf("dead-code", files).findings.map(
    ({ confidence, kind, name, file, line }) => `${confidence} ${kind} ${name} ${file}:${line}`,
  );
}

describe("module dependencies", () => {
  const files = {
    "main.py": "import os, requests\nfrom pkg import a\nimport pkg.sub.c\nfrom .gone import x",
    "pkg/__init__.py": "",
    "pkg/a.py": "from . import b",
    "pkg/b.py": "from .a import f\ndef g():\n    from .sub import c",
    "pkg/sub/__init__.py": "",
    "pkg/sub/c.py": "def h():\n    import pkg.b\n",
  };

  it("finds imports, packages on the way, circles and what is outside", () => {
    const { modules, edges, cycles, external, unresolved } = reportOf("module-dependencies", files);
    const name = (id: number) => modules[id]?.file ?? "";
    expect(
      edges.map(({ from, to, deferred }) => `${name(from)} > ${name(to)}${deferred ? " later" : ""}`).sort(),
    ).toEqual([
      "main.py > pkg/__init__.py",
      "main.py > pkg/a.py",
      "main.py > pkg/sub/__init__.py",
      "main.py > pkg/sub/c.py",
      "pkg/a.py > pkg/__init__.py",
      "pkg/a.py > pkg/b.py",
      "pkg/b.py > pkg/a.py",
      "pkg/b.py > pkg/sub/__init__.py later",
      "pkg/b.py > pkg/sub/c.py later",
      "pkg/sub/c.py > pkg/__init__.py later",
      "pkg/sub/c.py > pkg/b.py later",
    ]);
    expect(cycles.map((cycle) => [cycle.modules.map(name), cycle.deferred])).toEqual([
      [["pkg/a.py", "pkg/b.py", "pkg/sub/c.py"], false],
    ]);
    expect(external).toEqual([
      { name: "os", standard: true, importedBy: [0] },
      { name: "requests", standard: false, importedBy: [0] },
    ]);
    expect(unresolved).toEqual([{ from: 0, name: ".gone", line: 4 }]);
  });

  it("finds components in deep graphs", () => {
    const chain = Array.from({ length: 50_000 }, (_, from) => ({ from, to: from + 1 }));
    expect(components(50_001, chain)).toEqual([]);
    expect(components(50_001, [...chain, { from: 50_000, to: 0 }])[0]?.length).toBe(50_001);
    expect(
      components(4, [
        { from: 0, to: 1 },
        { from: 1, to: 0 },
        { from: 2, to: 2 },
        { from: 3, to: 0 },
      ]),
    ).toEqual([[0, 1]]);
  });
});

describe("complexity report", () => {
  it("lists functions from the worst on, and sums modules", () => {
    const { functions, modules } = reportOf("complexity-report", {
      "a.py": "def f(x): return x\nclass C:\n    def m(self, x):\n        if x:\n            for y in x: pass\n",
      "b.py": "x = 1\n",
    });
    expect(functions.map(({ qualname, complexity }) => [qualname, complexity.cognitive])).toEqual([
      ["C.m", 3],
      ["f", 0],
    ]);
    expect(modules).toMatchObject([
      { file: "a.py", functions: 2, cognitive: 3 },
      { file: "b.py", functions: 0, statements: 1 },
    ]);
  });
});

describe("dead code", () => {
  it("finds what nothing refers to", () => {
    const text = [
      "import os, sys\nfrom a import b as c",
      "def used(): return sys.path\nused()",
      "def _unused(): _unused()",
      "def public(): pass",
      "class K:\n    def _m(self): pass\n    def n(self): self.o()\n    def o(self): pass",
      "def f():\n    x = 1\n    y = 2\n    _ = 3\n    return y\nf()\nK()",
    ].join("\n");
    expect(findings({ "m.py": text, "a.py": "b = 1" })).toEqual([
      "certain import os m.py:1",
      "certain import c m.py:2",
      "certain function _unused m.py:5",
      "certain variable f.x m.py:12",
      "likely function public m.py:6",
      "likely method K._m m.py:8",
      "maybe method K.n m.py:9",
    ]);
  });

  it("spares what may be used in ways that the text does not show", () => {
    const text = [
      "__all__ = ['exported']\ndef exported(): pass",
      "@register\ndef decorated(): pass",
      "def main(): pass\ndef test_x(): pass\ndef __getattr__(n): pass",
      "try:\n    import fast\nexcept ImportError:\n    fast = None",
      "def f():\n    x = 1\n    return locals()\nf()",
      "def taken(): pass\ndef attr(): pass",
    ].join("\n");
    const other = "from m import taken\nimport m\ntaken(m.attr)\n";
    expect(findings({ "m.py": text, "n.py": other, "tests/test_a.py": "def helper(): pass" })).toEqual([]);
    expect(findings({ "p/__init__.py": "from .q import r", "p/q.py": "def r(): pass" })).toEqual([]);
    expect(findings({ "m.py": "def visit_If(): pass\ngetattr(x, 'visit_' + y)" })).toEqual([
      "maybe function visit_If m.py:1",
    ]);
  });

  it("finds statements that are never reached", () => {
    const text =
      "def f(x):\n    while True:\n        x += 1\n    print(x)\n    g(\n    x)\ndef g(x):\n    return\n    yield\nf(g)\n";
    expect(reportOf("dead-code", { "m.py": text }).findings).toMatchObject([
      { kind: "unreachable", name: "f", line: 4, endLine: 6, confidence: "certain" },
    ]);
    const both = "def f(x):\n    try:\n        return 1\n    finally:\n        x()\nf(1)\n";
    expect(findings({ "m.py": both })).toEqual([]);
  });
});

describe("renderReport", () => {
  const nasty =
    'def f():\n    g[\'</td><script>alert(1)</script>\']("`]{}|#;\\"")\n    h()\ndef h():\n    return f()\n';
  const many = Array.from(
    { length: 300 },
    (_, i) => `def f${i}(x):\n    return f${(i + 1) % 300}(x) if x else ${i}\n`,
  ).join("");
  const files = { "a <b>.py": nasty, "many.py": many };

  it.for(AnalysisKind.options)("draws %s within its limits, and says what is missing", (kind) => {
    const report = reportOf(kind, files);
    const mermaid = renderReport(report, "mermaid");
    expect(mermaid).toMatch(/^flowchart (?:LR|TB)\n/);
    expect(mermaid.split("\n").length).toBeLessThan(250);
    for (const [, label] of mermaid.matchAll(/"([^"]*)"/g)) expect(label).toMatch(/^(?:[A-Za-z0-9 ]|#\d+;|<br\/>)*$/);
    const html = renderReport(report, "html", { limit: 20 });
    expect(html).toMatch(/^<!DOCTYPE html>[\s\S]*color-scheme: light dark/);
    expect(html).not.toMatch(/<script|\son\w+\s*=|https?:(?!\/\/www\.w3\.org)/i);
    const isAll = kind === "module-dependencies" || kind === "dead-code";
    expect(html.includes("Left out here")).toBe(!isAll);
  });

  it("prints JSON by the schema, shortened where it has to be", () => {
    for (const kind of AnalysisKind.options) {
      const report = reportOf(kind, files);
      const whole: unknown = JSON.parse(renderReport(report, "json"));
      expect(AnalysisReport.parse(whole)).toEqual(report);
    }
    const report = reportOf("call-graph", files);
    const text = renderReport(report, "json", { maxBytes: 5000 });
    expect(text.length).toBeLessThanOrEqual(5000);
    expect(AnalysisReport.parse(JSON.parse(text)).leftOut["nodes"]).toBeGreaterThan(200);
  });

  it("bounds each list of a page, however much is asked for", () => {
    const long = Array.from({ length: 1200 }, (_, i) => `def f${i}(): return h()\n`).join("");
    const html = renderReport(reportOf("complexity-report", { "long.py": long }), "html", { limit: 5000 });
    expect(html).toContain("200 more, which the JSON of this analysis has.");
    expect(html.match(/<tr><td>/g)).toHaveLength(1001);
    const lines = `def f():\n${"    g()\n".repeat(40)}def g(): pass\n`;
    expect(renderReport(reportOf("call-graph", { "lines.py": lines }), "html")).toContain("13 and 28 more");
  });

  it("draws nothing from nothing", () => {
    const formats: readonly AnalysisFormat[] = ["json", "mermaid", "html"];
    for (const kind of AnalysisKind.options) {
      for (const format of formats) expect(renderReport(reportOf(kind, {}), format)).not.toBe("");
    }
  });

  it("keeps the most complex graphs of many", () => {
    const run = new AnalysisRun("control-flow", { mostGraphs: 10 });
    for (let i = 0; i < 30; i++) run.add(`m${i}.py`, Buffer.from(many.slice(0, 200)));
    const report = run.finish();
    if (report.analysis !== "control-flow") throw new Error(report.analysis);
    expect(report.graphs.flatMap(({ functions }) => functions).length).toBeLessThanOrEqual(20);
    expect(report.leftOut["functions"]).toBeGreaterThan(0);
  });
});
