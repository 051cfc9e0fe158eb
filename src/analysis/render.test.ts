import { describe, expect, it } from "vitest";
import type { ControlFlowGraph, GraphNode } from "../model/index.ts";
import { FileGraphs } from "../model/index.ts";
import { parseModule } from "../python/index.ts";
import { buildGraph, escapeHtml, escapeMermaid, fileGraphs, toHtml, toMermaid } from "./index.ts";

const NASTY = [
  'a = "#40; end %% --> | ]) }"',
  "b = '<script>alert(1)</script>'",
  "c = `click n1 call()`; ü = '😀'",
  "d = f'{a!r}' # ```",
];

function graphOf(text: string): ControlFlowGraph {
  const graph = buildGraph(text, parseModule(text).module, { qualname: "f" });
  if (graph === null) throw new Error("no graph of f");
  return graph;
}

function withLabel(label: string): ControlFlowGraph {
  const graph = graphOf("def f():\n  return 1\n");
  return { ...graph, nodes: graph.nodes.map((node): GraphNode => (node.kind === "block" ? { ...node, label } : node)) };
}

describe("toMermaid", () => {
  it("writes every character of a label but letters, digits and spaces as its code point", () => {
    for (const label of NASTY) {
      const line = toMermaid(withLabel(label))
        .split("\n")
        .find((text) => text.startsWith("  n1["));
      const written = /^ {2}n1\["(.*)"\]$/.exec(line ?? "")?.[1] ?? "";
      expect(written).toMatch(/^(?:[A-Za-z0-9 ]|#\d+;)*$/);
      expect(written.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(label);
    }
  });

  it("escapes edge labels too", () => {
    expect(toMermaid(graphOf("def f():\n  raise a.b.C\n"))).toContain('-.->|"a#46;b#46;C"|');
  });

  it("gives each kind its shape and class, and shows no way by which any statement may fail", () => {
    const text = toMermaid(graphOf("def f(a):\n  with a:\n    while a: b()\n"));
    expect(text).toBe(`flowchart TB
  n0(["f"])
  n1[/"with a"/]
  n2{{"while a"}}
  n3["b#40;#41;"]
  n4[\\"exit with"\\]
  n5[\\"exit with#44; on exception"\\]
  n6(["exit"])
  n7(["exception"])
  n0 --> n1
  n1 --> n2
  n2 -->|"true"| n3
  n3 --> n2
  n2 -->|"false"| n4
  n2 -.->|"exception"| n5
  n3 -.->|"exception"| n5
  n4 --> n6
  n5 -->|"suppressed"| n6
  n5 -.->|"re#45;raise"| n7
  class n0 entry
  class n1 with
  class n2 loop
  class n3 block
  class n4,n5 withExit
  class n6 exit
  class n7 raiseExit
`);
  });

  it("shows all exceptions or none when asked", () => {
    const graph = graphOf("def f(a):\n  a()\n");
    expect(toMermaid(graph)).not.toContain("-.->");
    expect(toMermaid(graph, { exceptions: "all" })).toContain('n1 -.->|"exception"| n3');
    expect(toMermaid(graphOf("def f():\n  raise A\n"), { exceptions: "none" })).not.toContain("-.->");
  });

  it("marks dead nodes and leaves out exits never reached", () => {
    const text = toMermaid(graphOf("def f():\n  while True:\n    a()\n  b()\n"));
    expect(text).toContain("class n3,n4 unreachable");
    expect(text).toContain("classDef unreachable");
    expect(text).not.toContain("raiseExit");
  });

  it("shortens long labels and long blocks", () => {
    const text = toMermaid(graphOf(`def f():\n${"  a()\n".repeat(30)}`), { maxLines: 3 });
    expect(text).toContain('n1["a#40;#41;<br/>a#40;#41;<br/>#8230; 11 more"]');
    expect(toMermaid(withLabel("x".repeat(500)), { maxLength: 10 })).toContain('n1["xxxxxxxxx#8230;"]');
  });
});

describe("escapes", () => {
  it.each([
    ["(", "#40;"],
    ["a_b", "a#95;b"],
    ["😀", "#128512;"],
    ["\n", "#10;"],
  ])("Mermaid %j", (text, expected) => {
    expect(escapeMermaid(text)).toBe(expected);
  });

  it.each([
    ["<a href='x'>&\"`", "&#60;a href=&#39;x&#39;&#62;&#38;&#34;&#96;"],
    ["a\u0000\u001bb", "a\uFFFD\uFFFDb"],
  ])("HTML %j", (text, expected) => {
    expect(escapeHtml(text)).toBe(expected);
  });
});

describe("toHtml", () => {
  it("holds no script, no handler and no address, whatever the labels say", () => {
    for (const label of [...NASTY, '" onload="x', "https://example.org/a.js"]) {
      const html = toHtml([withLabel(label)], { title: `f ${label}` });
      const tags = html.replaceAll(/"[^"]*"/g, '""');
      expect(tags).not.toMatch(/<script|<[^>]*\son\w+=|<[^>]*\s(?:src|href)=/i);
      expect(html).not.toContain("<script");
      expect(html).toContain(escapeHtml(label));
      expect(html).toContain("default-src 'none'");
    }
  });

  it("draws each node and edge once, inside the picture", () => {
    const graph = graphOf("def f(a):\n  for x in a:\n    if x: continue\n    b()\n  return a\n");
    const html = toHtml([graph], { title: "f", exceptions: "none" });
    const [, width, height] = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(html) ?? [];
    const shapes = [...html.matchAll(/<g class="node [^>]*><title>[^<]*<\/title><path d="([^"]*)"/g)];
    expect(shapes.length).toBe(graph.nodes.length - 1);
    expect([...html.matchAll(/<g class="edge/g)].length).toBe(
      graph.edges.filter((edge) => edge.kind !== "exception").length,
    );
    for (const [, shape = ""] of shapes) {
      for (const [, x, y] of shape.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(Number(width));
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(Number(height));
      }
    }
  });

  it("tells loops, exceptions and kinds of nodes apart", () => {
    const html = toHtml([graphOf("def f(a):\n  for x in a:\n    try: b()\n    except E: c()\n")], { title: "f" });
    expect(html).toMatch(/<g class="edge back">/);
    expect(html).toMatch(/<g class="edge exception">/);
    expect(new Set([...html.matchAll(/<g class="node ([a-z-]+)/g)].map(([, kind]) => kind)).size).toBeGreaterThan(4);
  });

  it("lists without a drawing what is too large to draw", () => {
    const html = toHtml([graphOf(`def f(a):\n${"  if a: b()\n".repeat(3_100)}`)], { title: "f" });
    expect(html.includes("<svg")).toBe(false);
    expect(html.includes("too many for a drawing")).toBe(true);
  });
});

describe("fileGraphs", () => {
  it("fits the published schema", () => {
    const graphs = fileGraphs("a.py", "def f(a):\n  try: return a\n  finally: b()\n");
    expect(FileGraphs.parse(graphs)).toEqual(graphs);
    expect(graphs.functions.map((graph) => graph.qualname)).toEqual(["<module>", "f"]);
    expect(graphs.error).toBeUndefined();
  });

  it("names what could not be read and keeps the rest", () => {
    const graphs = fileGraphs("a.py", "def f(:\n  pass\ndef g():\n  pass\n");
    expect(graphs.error).toMatch(/^line 1: /);
    expect(graphs.functions.map((graph) => graph.qualname)).toContain("g");
  });

  it("takes bytes in the encoding that they declare", () => {
    const bytes = Buffer.from("# coding: latin-1\ndef f():\n  return '\u00e9'\n", "latin1");
    const block = fileGraphs("a.py", bytes).functions.at(-1)?.nodes[1];
    expect(block?.label).toBe("return '\u00e9'");
    expect(fileGraphs("a.py", Buffer.from([0x61, 0x3d, 0x27, 0xff, 0x27])).error).toBeDefined();
  });

  it("takes an empty file", () => {
    expect(fileGraphs("a.py", "").functions.map((graph) => graph.line)).toEqual([1]);
  });
});
