import type { CallGraph, CallNode } from "../model/index.ts";
import { quoted } from "./dot.ts";

const MAX_CALLS = 5;

const SHAPES: Readonly<Record<CallNode["kind"], string>> = {
  module: "folder",
  class: "component",
  function: "box",
  method: "box",
};

type Part = Pick<CallGraph, "nodes" | "edges" | "external" | "unknown">;

/**
 * Calls in Graphviz' DOT language, one `digraph` with a cluster for each file. What is only possible is dashed; a caller's
 * calls that lead out of the workspace are one grey node, those that are not resolved one dotted node.
 */
export function callsToDot(title: string, { nodes, edges, external, unknown }: Part): string {
  const out = [
    `digraph ${quoted([title], "")} {`,
    "  rankdir=LR;",
    '  node [fontname="monospace", fontsize=11];',
    '  edge [fontname="sans-serif", fontsize=9];',
  ];
  let cluster = 0;
  for (const [file, inside] of Map.groupBy(nodes, (node) => node.file)) {
    out.push(`  subgraph cluster_${cluster++} {`, `    label=${quoted([file], "")};`);
    for (const { id, kind, qualname, line } of inside) {
      const label = quoted([qualname, `line ${line}`], "\\l");
      out.push(`    n${id} [label=${label}, shape=${SHAPES[kind]}, class="${kind}"];`);
    }
    out.push("  }");
  }
  for (const { from, to, kind, certainty } of edges) {
    const style = certainty === "possible" ? 'style="dashed", ' : "";
    out.push(`  n${from} -> n${to} [${style}class="${kind} ${certainty}"];`);
  }
  out.push(
    ...others(
      "external",
      external.map(({ from, name }) => ({ from, name })),
    ),
  );
  out.push(
    ...others(
      "unknown",
      unknown.map(({ from, text }) => ({ from, name: text })),
    ),
  );
  return `${[...out, "}"].join("\n")}\n`;
}

function others(kind: "external" | "unknown", calls: readonly { from: number; name: string }[]): string[] {
  const style = kind === "external" ? 'color="gray50"' : 'style="dotted"';
  return [...Map.groupBy(calls, ({ from }) => from)].flatMap(([from, list]) => {
    const names = list.slice(0, MAX_CALLS).map(({ name }) => name.replaceAll(/\s+/g, " "));
    const more = list.length > MAX_CALLS ? [`… ${list.length - MAX_CALLS} more`] : [];
    const id = `${kind === "external" ? "x" : "u"}${from}`;
    const label = quoted([`${kind}:`, ...names, ...more], "\\l");
    return [
      `  ${id} [label=${label}, shape=box, ${style}, class="${kind}"];`,
      `  n${from} -> ${id} [${style}, class="${kind}"];`,
    ];
  });
}
