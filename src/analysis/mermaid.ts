import type { ControlFlowGraph, GraphEdge, GraphNode, GraphNodeKind } from "../model/index.ts";
import { type ExceptionDetail, edgeLabel, shorten, viewOf } from "./view.ts";

export interface MermaidOptions {
  /** Top to bottom unless told. */
  readonly direction?: "TB" | "LR";
  /** `handled` unless told. */
  readonly exceptions?: ExceptionDetail;
  /** Shape of branches; a diamond, the usual one, grows as high as its condition is long. `diamond` unless told. */
  readonly branches?: "diamond" | "hexagon";
  /** Lines of a label that are kept, 6 unless told. */
  readonly maxLines?: number;
  /** Characters of a label's line that are kept, 48 unless told. */
  readonly maxLength?: number;
}

/** Brackets of each kind's shape. */
const SHAPES: Readonly<Record<GraphNodeKind, readonly [string, string]>> = {
  entry: ["([", "])"],
  exit: ["([", "])"],
  "raise-exit": ["([", "])"],
  block: ["[", "]"],
  branch: ["{", "}"],
  loop: ["{{", "}}"],
  match: ["[/", "\\]"],
  try: ["[[", "]]"],
  except: [">", "]"],
  finally: ["[[", "]]"],
  with: ["[/", "/]"],
  "with-exit": ["[\\", "\\]"],
};

/**
 * A graph as Mermaid flowchart text. Nodes keep their ids and carry their kind as a class (`raiseExit` for
 * `raise-exit`), so that whoever draws it can theme it; nodes never reached carry `unreachable` too.
 */
export function toMermaid(graph: ControlFlowGraph, options: MermaidOptions = {}): string {
  const { direction = "TB", exceptions = "handled", branches = "diamond", maxLines = 6, maxLength = 48 } = options;
  const view = viewOf(graph, exceptions);
  const out = [`flowchart ${direction}`];
  const classes = new Map<string, string[]>();
  for (const node of view.nodes) {
    const shape = node.kind === "branch" && branches === "hexagon" ? SHAPES.loop : SHAPES[node.kind];
    out.push(`  ${nodeText(node, shape, maxLines, maxLength)}`);
    collect(classes, className(node.kind), node.id);
    if (node.unreachable === true) collect(classes, "unreachable", node.id);
  }
  for (const edge of view.edges) out.push(`  ${edgeText(edge, maxLength)}`);
  for (const [name, ids] of classes) out.push(`  class ${ids.join(",")} ${name}`);
  if (classes.has("unreachable")) out.push("  classDef unreachable stroke-dasharray:4 3,opacity:0.6");
  return `${out.join("\n")}\n`;
}

function collect(classes: Map<string, string[]>, name: string, id: string): void {
  const known = classes.get(name);
  if (known === undefined) classes.set(name, [id]);
  else known.push(id);
}

function className(kind: GraphNodeKind): string {
  return kind.replace(/-(.)/, (_, letter: string) => letter.toUpperCase());
}

function nodeText(node: GraphNode, shape: readonly [string, string], maxLines: number, maxLength: number): string {
  const [open, close] = shape;
  const label = shorten(node.label, maxLines, maxLength).map(escapeMermaid).join("<br/>");
  return `${node.id}${open}"${label === "" ? " " : label}"${close}`;
}

function edgeText(edge: GraphEdge, maxLength: number): string {
  const arrow = edge.kind === "exception" ? "-.->" : "-->";
  const label = shorten(edgeLabel(edge), 1, maxLength).map(escapeMermaid).join("");
  return label === "" ? `${edge.from} ${arrow} ${edge.to}` : `${edge.from} ${arrow}|"${label}"| ${edge.to}`;
}

/** Text that Mermaid shows exactly: every character but ASCII letters, digits and spaces as `#codepoint;`. */
export function escapeMermaid(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/gu, (character) => `#${character.codePointAt(0)};`);
}
