import type { CallDrawing, CallFold, CallSide, DrawnCall } from "../../model/index.ts";
import { knobOf } from "./call-svg.ts";

type Way = "left" | "right" | "up" | "down";

const WAYS: Readonly<Record<string, Way>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

const SIDES: Readonly<Partial<Record<Way, CallSide>>> = { left: "callers", right: "callees" };

type Placed = Pick<DrawnCall, "id" | "x" | "y" | "height">;

/** Where an arrow key leads: right to what is called, left to what calls, up and down within the column. */
export function callNeighbour(
  nodes: readonly Placed[],
  edges: readonly { readonly from: string; readonly to: string }[],
  id: string,
  way: Way,
): string | undefined {
  const here = nodes.find((node) => node.id === id);
  if (here === undefined) return undefined;
  const middle = ({ y, height }: Placed): number => y + height / 2;
  const away = (node: Placed): number => Math.abs(middle(node) - middle(here));
  const nearest = (found: readonly Placed[]): string | undefined => found.toSorted((a, b) => away(a) - away(b))[0]?.id;
  if (way === "up" || way === "down") {
    const column = nodes.filter((node) => node.x === here.x && (way === "up" ? node.y < here.y : node.y > here.y));
    return nearest(column);
  }
  const ends = edges.flatMap(({ from, to }) => (way === "right" ? (from === id ? [to] : []) : to === id ? [from] : []));
  const joined = nodes.filter((node) => node.id !== id && ends.includes(node.id));
  const ahead = joined.filter(({ x }) => (way === "right" ? x > here.x : x < here.x));
  return nearest(ahead.length > 0 ? ahead : joined);
}

/** What a person does with the boxes of a call graph. */
export interface CallActions {
  readonly chosen: (node: DrawnCall) => void;
  readonly fold: (fold: CallFold) => void;
  /** The graph is wanted around this one. */
  readonly centre: (node: DrawnCall) => void;
}

/** The drawn boxes of a call graph: they can be chosen, folded and made the middle, by pointer and keyboard. */
export class DrawnCalls {
  readonly #elements = new Map<string, SVGGElement>();
  readonly #drawing: CallDrawing;
  readonly #actions: CallActions;

  constructor(svg: SVGSVGElement, drawing: CallDrawing, actions: CallActions) {
    this.#drawing = drawing;
    this.#actions = actions;
    const byId = new Map(drawing.nodes.map((node) => [node.id, node]));
    for (const element of svg.querySelectorAll<SVGGElement>("g.toka-call")) {
      const node = byId.get(element.dataset["id"] ?? "");
      if (node === undefined) continue;
      this.#elements.set(node.id, element);
      element.addEventListener("click", (event) => this.#click(event, node));
      element.addEventListener("keydown", (event) => this.#key(event, node));
    }
  }

  /** The box that has the keyboard. */
  get focused(): string | undefined {
    for (const [id, element] of this.#elements) if (element === document.activeElement) return id;
    return undefined;
  }

  /** The box in the middle, which is looked at first. */
  get root(): SVGGElement | undefined {
    const root = this.#drawing.nodes.find((node) => node.root === true);
    return root === undefined ? undefined : this.#elements.get(root.id);
  }

  focus(id: string): void {
    this.#elements.get(id)?.focus({ preventScroll: true });
  }

  /** Where a box stands on the page; it is to stay there when something beside it is folded. */
  place(id: string): DOMRect | undefined {
    return this.#elements.get(id)?.getBoundingClientRect();
  }

  #click(event: MouseEvent, node: DrawnCall): void {
    const knob = event.target instanceof Element ? event.target.closest<SVGGElement>("g.knob") : null;
    const side = knob?.dataset["side"];
    if (side === "callers" || side === "callees") this.#fold(node, side);
    else if (event.shiftKey && this.#canBeCentre(node)) this.#actions.centre(node);
    else this.#actions.chosen(node);
  }

  #key(event: KeyboardEvent, node: DrawnCall): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    const side = way === undefined ? undefined : SIDES[way];
    if (event.shiftKey && side !== undefined) this.#fold(node, side);
    else if (way !== undefined) this.#go(node.id, way);
    else if (event.key === "Enter" && event.shiftKey && this.#canBeCentre(node)) this.#actions.centre(node);
    else if (event.key === "Enter" || event.key === " ") this.#actions.chosen(node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #canBeCentre({ kind }: DrawnCall): boolean {
    return kind !== "external" && kind !== "unknown";
  }

  #fold(node: DrawnCall, side: CallSide): void {
    const action = knobOf(node, side);
    if (action !== undefined) this.#actions.fold({ node: node.id, side, open: action === "unfold" });
  }

  #go(from: string, way: Way): void {
    const to = callNeighbour(this.#drawing.nodes, this.#drawing.edges, from, way);
    const element = to === undefined ? undefined : this.#elements.get(to);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
