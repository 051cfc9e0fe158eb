import type { DrawnEdge, DrawnNode, GraphDrawing } from "../../model/index.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";
/** Half of an arrow's width, and its length. */
const ARROW = { half: 3.5, length: 7 };
/** How far the corners of a choice are cut. */
const CUT = 7;

type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element with attributes and children; text is never read as markup. */
export function element<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes,
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** The drawing as SVG: edges below nodes, each with what a style sheet and a screen reader need. */
export function drawingSvg(drawing: GraphDrawing, names: SvgNames): SVGSVGElement {
  const { width, height } = drawing;
  return element(
    "svg",
    { id: "graph", viewBox: `0 0 ${width} ${height}`, width, height },
    element("g", { class: "edges", "aria-hidden": "true" }, ...drawing.edges.map((edge) => edgeGroup(edge, names))),
    element("g", { class: "nodes" }, ...drawing.nodes.map((node) => nodeGroup(node, drawing, names))),
  );
}

/** How nodes and edges are called. */
export interface SvgNames {
  readonly node: (node: DrawnNode) => string;
  readonly edge: (edge: DrawnEdge) => string;
}

function edgeGroup(edge: DrawnEdge, names: SvgNames): SVGGElement {
  // From its end: dashes of lines that run together then fall upon each other and stay dashes.
  const line = edge.points
    .toReversed()
    .map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`)
    .join("");
  const group = element(
    "g",
    { class: `edge kind-${edge.kind}${isBack(edge) ? " back" : ""}`, "data-from": edge.from, "data-to": edge.to },
    element("title", {}, names.edge(edge)),
    element("path", { class: "hit", d: line }),
    element("path", { class: "line", d: line }),
    element("path", { class: "arrow", d: arrowHead(edge.points) }),
  );
  if (edge.text !== "") {
    group.append(element("text", { class: "edge-label", x: edge.labelX, y: edge.labelY }, edge.text));
  }
  return group;
}

function isBack({ points }: DrawnEdge): boolean {
  const [first, last] = [points[0], points.at(-1)];
  return first !== undefined && last !== undefined && last[1] < first[1];
}

/** The head of an orthogonal edge, pointing as its last stretch does. */
export function arrowHead(points: DrawnEdge["points"]): string {
  const [[fromX, fromY] = [0, 0], [x, y] = [0, 0]] = [points.at(-2), points.at(-1)];
  const { half, length } = ARROW;
  if (fromY === y) {
    const way = Math.sign(fromX - x);
    return `M${x} ${y}L${x + way * length} ${y - half}L${x + way * length} ${y + half}Z`;
  }
  const way = Math.sign(fromY - y);
  return `M${x} ${y}L${x - half} ${y + way * length}L${x + half} ${y + way * length}Z`;
}

function nodeGroup(node: DrawnNode, { padding, lineHeight }: GraphDrawing, names: SvgNames): SVGGElement {
  const lines = node.text.map((line, i) =>
    element("text", { class: "node-label", x: node.x + padding, y: node.y + padding + lineHeight * (i + 0.75) }, line),
  );
  return element(
    "g",
    {
      class: `node toka-node kind-${node.kind}${node.unreachable === true ? " unreachable" : ""}`,
      tabindex: 0,
      role: "button",
      "aria-label": names.node(node),
      "data-id": node.id,
      "data-line": node.startLine,
    },
    element("title", {}, node.label),
    element("path", { class: "shape", d: outline(node) }),
    ...lines,
  );
}

/** A node's border: choices with cut corners, ends round, the rest a rectangle. */
function outline({ kind, x, y, width, height }: DrawnNode): string {
  const [right, bottom] = [x + width, y + height];
  if (kind === "branch" || kind === "loop" || kind === "match") {
    return `M${x + CUT} ${y}H${right - CUT}L${right} ${y + CUT}V${bottom - CUT}L${right - CUT} ${bottom}H${x + CUT}L${x} ${bottom - CUT}V${y + CUT}Z`;
  }
  const isEnd = kind === "entry" || kind === "exit" || kind === "raise-exit";
  const radius = isEnd ? Math.min(height, width) / 2 : 2;
  const corner = (dx: number, dy: number): string => `a${radius} ${radius} 0 0 1 ${dx} ${dy}`;
  return `M${x + radius} ${y}H${right - radius}${corner(radius, radius)}V${bottom - radius}${corner(-radius, radius)}H${x + radius}${corner(-radius, -radius)}V${y + radius}${corner(radius, -radius)}Z`;
}
