import type { DataFlow, DrawnNode, GraphViewTexts } from "../../model/index.ts";
import { type FlowEntry, type FlowMarks, type FlowQuery, flowMarks } from "./flow.ts";
import { element } from "./svg.ts";
import { fill } from "./texts.ts";

/** Shows what a data flow joins: marks at the nodes, and the lines as text that leads to them. */
export class FlowPanel {
  readonly #list: HTMLElement;
  readonly #texts: GraphViewTexts;
  readonly #reveal: (line: number) => void;
  #shown = "";

  constructor(list: HTMLElement, texts: GraphViewTexts, reveal: (line: number) => void) {
    this.#list = list;
    this.#texts = texts;
    this.#reveal = reveal;
  }

  /** Marks what a query finds; nothing without one. */
  show(
    flow: DataFlow | undefined,
    nodes: readonly DrawnNode[],
    elements: ReadonlyMap<string, SVGGElement>,
    query: FlowQuery | undefined,
  ): void {
    const isOn = flow !== undefined && query !== undefined;
    const marks: FlowMarks = isOn ? flowMarks(flow, nodes, query) : { roles: new Map(), entries: [] };
    this.#list.hidden = !isOn;
    for (const node of nodes) {
      const at = elements.get(node.id);
      if (at !== undefined) this.#mark(at, node, marks.roles.get(node.id) ?? new Set());
    }
    const key = JSON.stringify(marks.entries);
    // What is the same is not said again by a screen reader.
    if (key === this.#shown && this.#list.childElementCount > 0) return;
    this.#shown = key;
    this.#list.replaceChildren(...this.#items(marks.entries));
  }

  #mark(at: SVGGElement, node: DrawnNode, roles: ReadonlySet<string>): void {
    const [defines, reads] = [roles.has("defines"), roles.has("reads")];
    at.classList.toggle("flow-defines", defines);
    at.classList.toggle("flow-reads", reads);
    at.querySelector(".flow-mark")?.remove();
    const words = [defines ? this.#texts.defines : [], reads ? this.#texts.reads : []].flat();
    if (words.length === 0) {
      at.removeAttribute("aria-description");
      return;
    }
    const text = words.join(" + ");
    at.setAttribute("aria-description", text);
    // On the border: above it stand the labels of the ways that arrive.
    const place = { x: node.x + node.width - 6, y: node.y + 3.5 };
    at.append(element("text", { class: "flow-mark", ...place, "text-anchor": "end", "aria-hidden": "true" }, text));
  }

  #items(entries: readonly FlowEntry[]): Node[] {
    if (entries.length === 0) return [paragraph(this.#texts.flowNone)];
    return entries.map(({ name, definitions, uses, outside }) => {
      const item = document.createElement("p");
      const [before = "", between = "", after = ""] = fill(this.#texts.flow, name).split(/\{[12]\}/);
      const from: Node[] = this.#lines(definitions);
      if (outside || definitions.length === 0) {
        if (from.length > 0) from.push(document.createTextNode(", "));
        from.push(document.createTextNode(this.#texts.flowOutside));
      }
      const to: Node[] = uses.length > 0 ? this.#lines(uses) : [document.createTextNode("–")];
      item.append(before, ...from, between, ...to, after);
      return item;
    });
  }

  #lines(lines: readonly number[]): Node[] {
    return lines.flatMap((line, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "go-to";
      button.textContent = String(line);
      button.setAttribute("aria-label", fill(this.#texts.lineOf, line));
      button.addEventListener("click", () => this.#reveal(line));
      return i === 0 ? [button] : [document.createTextNode(", "), button];
    });
  }
}

function paragraph(text: string): HTMLParagraphElement {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}
