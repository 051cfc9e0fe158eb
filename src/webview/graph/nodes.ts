import type { DrawnEdge, DrawnNode, GraphDrawing, GraphNode } from "../../model/index.ts";

/** What tells which lines a node stands for. */
type Lines = Pick<GraphNode, "lines" | "startLine" | "endLine">;

/** The node that a line belongs to: one with a statement that starts there, else the smallest that spans it. */
export function nodeAtLine<N extends Lines>(nodes: readonly N[], line: number): N | undefined {
  return nodesAtLine(nodes, line)[0];
}

/** All nodes that a line belongs to: several where a statement has parts, or each way through a `finally` its copy. */
export function nodesAtLine<N extends Lines>(nodes: readonly N[], line: number): readonly N[] {
  const starting = nodes.filter(({ lines }) => lines.includes(line));
  if (starting.length > 0) return starting;
  const spanning = nodes.filter(({ lines, startLine, endLine }) => {
    return lines.length > 0 && startLine <= line && line <= endLine;
  });
  const span = ({ startLine, endLine }: Lines): number => endLine - startLine;
  const least = spanning.reduce((most, node) => Math.min(most, span(node)), Number.POSITIVE_INFINITY);
  return spanning.filter((node) => span(node) === least);
}

export type Way = "up" | "down" | "left" | "right";

type Placed = Pick<DrawnNode, "id" | "x" | "y" | "width">;

/** Where an arrow key leads from a node: down and up along its edges, left and right to its neighbour in the row. */
export function neighbour(
  nodes: readonly Placed[],
  edges: readonly Pick<DrawnEdge, "from" | "to">[],
  id: string,
  way: Way,
): string | undefined {
  const here = nodes.find((node) => node.id === id);
  if (here === undefined) return undefined;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const centre = ({ x, width }: Placed): number => x + width / 2;
  const distance = (node: Placed): number => Math.abs(node.y - here.y) * 2 + Math.abs(centre(node) - centre(here));
  const nearest = (found: readonly Placed[]): string | undefined =>
    found.toSorted((a, b) => distance(a) - distance(b))[0]?.id;
  switch (way) {
    case "down": {
      const next = edges.filter(({ from }) => from === id).flatMap(({ to }) => byId.get(to) ?? []);
      const below = next.filter(({ y }) => y > here.y);
      return nearest(below.length > 0 ? below : next);
    }
    case "up": {
      const before = edges.filter(({ to }) => to === id).flatMap(({ from }) => byId.get(from) ?? []);
      return nearest(before.filter(({ y }) => y < here.y));
    }
    case "left":
      return nearest(nodes.filter((node) => node.y === here.y && node.x < here.x));
    case "right":
      return nearest(nodes.filter((node) => node.y === here.y && node.x > here.x));
  }
}

const WAYS: Readonly<Record<string, Way>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** The drawn nodes of a graph: they can be chosen by pointer and keyboard, and one is marked. */
export class DrawnNodes {
  readonly #elements = new Map<string, SVGGElement>();
  readonly #drawing: Pick<GraphDrawing, "nodes" | "edges">;
  #selected: string | undefined;

  constructor(
    svg: SVGSVGElement,
    drawing: Pick<GraphDrawing, "nodes" | "edges">,
    onChosen: (node: DrawnNode) => void,
    onFocused: (node: DrawnNode) => void,
  ) {
    this.#drawing = drawing;
    const byId = new Map(drawing.nodes.map((node) => [node.id, node]));
    for (const element of svg.querySelectorAll<SVGGElement>("g.toka-node")) {
      const node = byId.get(element.dataset["id"] ?? "");
      if (node === undefined) continue;
      this.#elements.set(node.id, element);
      element.addEventListener("click", () => onChosen(node));
      element.addEventListener("focus", () => onFocused(node));
      element.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const way = WAYS[event.key];
        if (way !== undefined) this.#go(node.id, way);
        else if (event.key === "Enter" || event.key === " ") onChosen(node);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    }
  }

  /** The node that is marked as the one of the cursor's line. */
  get selected(): string | undefined {
    return this.#selected;
  }

  elements(): ReadonlyMap<string, SVGGElement> {
    return this.#elements;
  }

  /** The node that has the keyboard. */
  get focused(): string | undefined {
    for (const [id, element] of this.#elements) if (element === document.activeElement) return id;
    return undefined;
  }

  focus(id: string): void {
    this.#elements.get(id)?.focus();
  }

  #go(from: string, way: Way): void {
    const to = neighbour(this.#drawing.nodes, this.#drawing.edges, from, way);
    if (to === undefined) return;
    const element = this.#elements.get(to);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Marks the node of a line and brings it into view. */
  select(line: number): void {
    const node = nodeAtLine(this.#drawing.nodes, line);
    this.#selected = node?.id;
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
