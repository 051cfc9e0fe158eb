import type { CallDrawing, CallSide, DrawnCall, DrawnCallEdge } from "../../model/index.ts";
import { arrowHead, element } from "./svg.ts";

/** A button's size; it stands on a box's upper corner, where no call arrives. */
const KNOB = { width: 22, height: 13 };
/** How far the corners of a class are cut. */
const CUT = 6;
/** More than this is written as that many and a plus. */
const MAX_COUNT = 99;

/** How boxes, calls and the buttons that fold are called. */
export interface CallNames {
  readonly node: (node: DrawnCall) => string;
  readonly edge: (edge: DrawnCallEdge) => string;
  readonly knob: (node: DrawnCall, side: CallSide) => string;
}

/** What the button beside a box does: unfold what is hidden, fold what is shown, or nothing. */
export function knobOf(node: DrawnCall, side: CallSide): "fold" | "unfold" | undefined {
  const state = node[side];
  if (state === undefined) return undefined;
  if (state.hidden > 0) return "unfold";
  return state.open ? "fold" : undefined;
}

/** A call graph as SVG: calls below boxes, each with what a style sheet and a screen reader need. */
export function callsSvg(drawing: CallDrawing, names: CallNames): SVGSVGElement {
  const { width, height, nodes, edges } = drawing;
  return element(
    "svg",
    { id: "graph", viewBox: `0 0 ${width} ${height}`, width, height },
    element("g", { class: "edges", "aria-hidden": "true" }, ...edges.map((edge) => edgeGroup(edge, names))),
    element("g", { class: "nodes" }, ...nodes.map((node) => nodeGroup(node, drawing, names))),
  );
}

function edgeGroup(edge: DrawnCallEdge, names: CallNames): SVGGElement {
  const line = edge.points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
  const [first, last] = [edge.points[0], edge.points.at(-1)];
  const isBack = first !== undefined && last !== undefined && last[0] < first[0];
  return element(
    "g",
    {
      class: `edge call kind-${edge.kind} ${edge.certainty}${isBack ? " back" : ""}`,
      "data-from": edge.from,
      "data-to": edge.to,
    },
    element("title", {}, names.edge(edge)),
    element("path", { class: "hit", d: line }),
    element("path", { class: "line", d: line }),
    element("path", { class: "arrow", d: arrowHead(edge.points) }),
  );
}

function nodeGroup(node: DrawnCall, { padding, lineHeight }: CallDrawing, names: CallNames): SVGGElement {
  // Where many calls arrive, a box is higher than its text, which stands in the middle.
  const top = node.y + (node.height - node.text.length * lineHeight) / 2;
  const lines = node.text.map((line, i) =>
    element(
      "text",
      {
        class: i === 0 ? "node-label" : "node-label second",
        x: node.x + padding,
        y: top + lineHeight * (i + 0.75),
      },
      line,
    ),
  );
  const open = node.callees?.open;
  return element(
    "g",
    {
      class: `node toka-node toka-call kind-${node.kind}${node.root === true ? " root" : ""}`,
      tabindex: 0,
      role: "button",
      "aria-label": names.node(node),
      ...(open === undefined ? {} : { "aria-expanded": String(open) }),
      "data-id": node.id,
      "data-line": node.startLine,
    },
    element("title", {}, node.label),
    element("path", { class: "shape", d: outline(node) }),
    ...lines,
    ...(["callers", "callees"] as const).flatMap((side) => knob(node, side, names)),
  );
}

function knob(node: DrawnCall, side: CallSide, names: CallNames): SVGGElement[] {
  const action = knobOf(node, side);
  if (action === undefined) return [];
  const { hidden } = node[side] ?? { hidden: 0 };
  const count = hidden > MAX_COUNT ? `${MAX_COUNT}+` : `+${hidden}`;
  const middle = side === "callers" ? node.x : node.x + node.width;
  const name = names.knob(node, side);
  return [
    element(
      "g",
      { class: `knob ${action}`, "data-side": side, "aria-hidden": "true" },
      element("title", {}, name),
      element("rect", {
        x: middle - KNOB.width / 2,
        y: node.y - KNOB.height / 2,
        width: KNOB.width,
        height: KNOB.height,
        rx: KNOB.height / 2,
      }),
      element("text", { x: middle, y: node.y + 3.5, "text-anchor": "middle" }, action === "fold" ? "−" : count),
    ),
  ];
}

/** A box's border: classes with cut corners, what is outside of the workspace round, the rest a rectangle. */
function outline({ kind, x, y, width, height }: DrawnCall): string {
  const [right, bottom] = [x + width, y + height];
  if (kind === "class" || kind === "module") {
    return `M${x + CUT} ${y}H${right - CUT}L${right} ${y + CUT}V${bottom - CUT}L${right - CUT} ${bottom}H${x + CUT}L${x} ${bottom - CUT}V${y + CUT}Z`;
  }
  const radius = kind === "external" || kind === "unknown" ? 10 : 2;
  const corner = (dx: number, dy: number): string => `a${radius} ${radius} 0 0 1 ${dx} ${dy}`;
  return `M${x + radius} ${y}H${right - radius}${corner(radius, radius)}V${bottom - radius}${corner(-radius, radius)}H${x + radius}${corner(-radius, -radius)}V${y + radius}${corner(radius, -radius)}Z`;
}
