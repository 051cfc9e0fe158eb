import {
  type CallSide,
  type DrawnCall,
  type DrawnCallEdge,
  type DrawnEdge,
  type DrawnNode,
  GraphViewTexts,
} from "../../model/index.ts";

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

/** The accessible name of a box in a call graph. */
export function callName(texts: GraphViewTexts, node: DrawnCall): string {
  const label = node.label.split("\n")[0] ?? "";
  const hidden = (side: CallSide, text: string): string => {
    const count = node[side]?.hidden ?? 0;
    return count === 0 ? "" : `, ${fill(text, count)}`;
  };
  const name = fill(texts.node, texts.callKinds[node.kind], label, node.startLine);
  return `${name}${hidden("callers", texts.hiddenCallers)}${hidden("callees", texts.hiddenCallees)}`;
}

/** What a call's tooltip says. */
export function callEdgeName(texts: GraphViewTexts, edge: DrawnCallEdge): string {
  return fill(edge.certainty === "possible" ? texts.callPossible : texts.call, edge.lines.join(", "));
}

/** What the button beside a box says. */
export function knobName(texts: GraphViewTexts, node: DrawnCall, side: CallSide): string {
  const hidden = node[side]?.hidden ?? 0;
  const what = side === "callers" ? texts.callers : texts.callees;
  if (hidden === 0) return fill(texts.fold, what);
  return `${fill(texts.unfold, what)}: ${fill(side === "callers" ? texts.hiddenCallers : texts.hiddenCallees, hidden)}`;
}
