import { fileGraphs } from "../../src/analysis/index.ts";
import type { ControlFlowGraph } from "../../src/model/index.ts";
import { randomFunction } from "./random-python.ts";
import { readAll, standardLibrary } from "./stdlib.ts";

/** Texts that have a meaning in Mermaid, DOT, HTML or SVG, or that are hard to write. */
const HOSTILE: readonly string[] = [
  'a = "#40; end %% --> | ]) }"',
  "b = '<script>alert(1)</script>'",
  "c = `click n1 call()`; ü = '😀'",
  "d = f'{a!r}' # ```",
  "end",
  "subgraph x; graph TD; class n0 evil; style n1 fill:#f00",
  "%%{init: {'theme': 'dark'}}%%",
  "\\N \\G \\l \\r \\n \\\\",
  'x = "\\"" + \'"\' }; digraph { a -> b }',
  "&lt;b&gt; &amp; &#34; &quot; &nbsp;",
  "<b>bold</b><br/><img src=x onerror=alert(1)>",
  "]]></text></svg><svg onload=alert(1)>",
  "a\tb   c  ",
  "日本語 العربية e\u0301 \u200d\u202e rtl",
  "@{ shape: circle } :::klass",
  "/* comment */ // # not\nsecond line \\",
  "--> ==> -.-> o--o x--x ~~~",
  "[[x]] ((y)) {{z}} [/a/] >b] {c}",
  "\u0000\u0007\u001b[31m",
  "http://example.org/?a=1&b=2#c mailto:x@y.z",
  "",
  '"',
  "\\",
  "x".repeat(300),
];

/** Graphs of real functions (of random ones where there is no Python) with hostile texts on some nodes and edges. */
export function hostileGraphs(count: number, maxNodes: number): ControlFlowGraph[] {
  const library = standardLibrary();
  const texts = library
    ? readAll(library.files.filter((path) => !path.includes("/test/")).filter((_, i) => i % 6 === 0)).map(
        ({ text }) => text,
      )
    : Array.from({ length: count }, (_, i) => randomFunction(25, i + 1));
  const graphs = texts
    .flatMap((text, i) => fileGraphs(`${i}.py`, text).functions)
    .filter(({ nodes }) => nodes.length > 2 && nodes.length <= maxNodes);
  const step = Math.max(Math.floor(graphs.length / count), 1);
  return graphs.filter((_, i) => i % step === 0).map(withHostileTexts);
}

function withHostileTexts(graph: ControlFlowGraph, index: number): ControlFlowGraph {
  const text = (i: number): string => HOSTILE[(index + i) % HOSTILE.length] ?? "";
  return {
    ...graph,
    qualname: text(0) || graph.qualname,
    nodes: graph.nodes.map((node, i) => (i % 3 === 0 ? { ...node, label: text(i) } : node)),
    edges: graph.edges.map((edge, i) => (i % 4 === 0 ? { ...edge, label: text(i) } : edge)),
  };
}
