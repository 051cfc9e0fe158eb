import type { GraphNode, GraphViewTexts } from "../../model/index.ts";
import { fill } from "./texts.ts";

/** The node that a line belongs to: one with a statement that starts there, else the smallest that spans it. */
export function nodeAtLine(nodes: readonly GraphNode[], line: number): GraphNode | undefined {
  const starting = nodes.find(({ lines }) => lines.includes(line));
  if (starting !== undefined) return starting;
  const spanning = nodes.filter(({ lines, startLine, endLine }) => {
    return lines.length > 0 && startLine <= line && line <= endLine;
  });
  return spanning.toSorted((a, b) => a.endLine - a.startLine - (b.endLine - b.startLine))[0];
}

/** Mermaid names a node's element `<render id>-flowchart-<node id>-<number>`. */
function nodeIdOf(element: Element, renderId: string): string | undefined {
  const prefix = `${renderId}-flowchart-`;
  return element.id.startsWith(prefix) ? element.id.slice(prefix.length).replace(/-\d+$/, "") : undefined;
}

/** The drawn nodes of a graph: made reachable by keyboard, named for screen readers, and marked when selected. */
export class DrawnNodes {
  readonly #elements = new Map<string, Element>();
  readonly #nodes: readonly GraphNode[];

  constructor(
    svg: SVGSVGElement,
    renderId: string,
    nodes: readonly GraphNode[],
    texts: GraphViewTexts,
    onChosen: (line: number) => void,
  ) {
    this.#nodes = nodes;
    const byId = new Map(nodes.map((node) => [node.id, node]));
    for (const element of svg.querySelectorAll("g.node")) {
      const node = byId.get(nodeIdOf(element, renderId) ?? "");
      if (node === undefined) continue;
      this.#elements.set(node.id, element);
      element.classList.add("toka-node", `kind-${node.kind}`);
      if (node.unreachable) element.classList.add("unreachable");
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("data-line", String(node.startLine));
      element.setAttribute("aria-label", nodeName(node, texts));
      element.addEventListener("click", () => onChosen(node.startLine));
      element.addEventListener("keydown", (event) => {
        if (!(event instanceof KeyboardEvent) || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        event.stopPropagation();
        onChosen(node.startLine);
      });
    }
  }

  get count(): number {
    return this.#elements.size;
  }

  /** Marks the node of a line and brings it into view. */
  select(line: number): void {
    const node = nodeAtLine(this.#nodes, line);
    for (const [id, element] of this.#elements) {
      const selected = id === node?.id;
      element.classList.toggle("selected", selected);
      if (selected) {
        element.setAttribute("aria-current", "true");
        element.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else element.removeAttribute("aria-current");
    }
  }
}

function nodeName(node: GraphNode, texts: GraphViewTexts): string {
  const name = fill(texts.node, node.kind, node.label.replaceAll(/\s+/g, " "), node.startLine);
  return node.unreachable ? `${name}, ${texts.unreachable}` : name;
}
