import { type DrawnEdge, type DrawnNode, GraphViewTexts } from "../../model/index.ts";

/** The localised words that the extension wrote into the page. */
export function readTexts(body: HTMLElement): GraphViewTexts {
  return GraphViewTexts.parse(JSON.parse(body.dataset["texts"] ?? "null"));
}

/** Puts values in the places of `{0}`, `{1}`… */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}

/** A node's accessible name. */
export function nodeName(texts: GraphViewTexts, node: DrawnNode): string {
  const name = fill(texts.node, node.kind, node.label.replaceAll(/\s+/g, " "), node.startLine);
  return node.unreachable === true ? `${name}, ${texts.unreachable}` : name;
}

/** What an edge's tooltip says. */
export function edgeName(texts: GraphViewTexts, edge: DrawnEdge, nodes: readonly DrawnNode[]): string {
  const lineOf = (id: string): number => nodes.find((node) => node.id === id)?.startLine ?? 0;
  const name = edge.label === "" || edge.label === edge.kind ? edge.kind : `${edge.kind}: ${edge.label}`;
  return fill(texts.edge, name, lineOf(edge.from), lineOf(edge.to));
}
