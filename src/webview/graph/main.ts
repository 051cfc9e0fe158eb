import "./zod-jitless.ts";

import mermaid from "mermaid";
import { GraphViewInput, type GraphViewOutput, type GraphViewState } from "../../model/index.ts";
import { DrawnNodes } from "./nodes.ts";
import { fill, readTexts } from "./texts.ts";
import { mermaidConfig } from "./theme.ts";
import { Viewport } from "./viewport.ts";

interface EditorApi {
  postMessage(message: GraphViewOutput): void;
  setState(state: GraphViewState): void;
}
declare function acquireVsCodeApi(): EditorApi;

type Drawable = Extract<GraphViewInput, { type: "graph" | "mermaid" }>;

const RENDER_ID = "graph";
const COPIED_FOR_MS = 1500;

function part<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}

/** The graph view: draws what the extension sends, and tells it where the person goes. */
class GraphView {
  readonly #editor = acquireVsCodeApi();
  readonly #texts = readTexts(document.body);
  readonly #stage = part("stage", HTMLDivElement);
  readonly #viewport = new Viewport(part("canvas", HTMLElement), (zoom) => {
    part("zoom", HTMLOutputElement).value = `${Math.round(zoom * 100)} %`;
  });
  #shown: Drawable | undefined;
  #nodes: DrawnNodes | undefined;
  #selectedLine: number | undefined;
  /** Drawings happen one after the other; only the newest asked for is shown. */
  #queue: Promise<void> = Promise.resolve();
  #newest = 0;

  start(): void {
    window.addEventListener("message", ({ data }: MessageEvent<unknown>) => this.#receive(data));
    part("zoom-in", HTMLButtonElement).addEventListener("click", () => this.#viewport.zoomIn());
    part("zoom-out", HTMLButtonElement).addEventListener("click", () => this.#viewport.zoomOut());
    part("fit", HTMLButtonElement).addEventListener("click", () => this.#viewport.fit());
    part("copy", HTMLButtonElement).addEventListener("click", () => this.#copy());
    new MutationObserver(() => {
      if (this.#shown !== undefined) this.#draw(this.#shown);
    }).observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
    this.#editor.postMessage({ type: "ready" });
  }

  #receive(data: unknown): void {
    const parsed = GraphViewInput.safeParse(data);
    if (!parsed.success) {
      this.#fail(parsed.error.message);
      return;
    }
    const input = parsed.data;
    switch (input.type) {
      case "graph":
      case "mermaid":
        this.#editor.setState(stateOf(input));
        this.#draw(input);
        break;
      case "failed":
        this.#newest += 1;
        this.#fail(input.message);
        break;
      case "select":
        this.#selectedLine = input.line;
        this.#nodes?.select(input.line);
        break;
    }
  }

  #draw(input: Drawable): void {
    this.#newest += 1;
    const turn = this.#newest;
    this.#queue = this.#queue
      .then(() => (turn === this.#newest ? this.#render(input) : undefined))
      .catch((error: unknown) => {
        part("title", HTMLHeadingElement).textContent = titleOf(input);
        const why = error instanceof Error ? error.message : String(error);
        this.#fail(input.type === "mermaid" ? fill(this.#texts.notDrawn, why) : why, textOf(input));
      });
  }

  async #render(input: Drawable): Promise<void> {
    const started = performance.now();
    const again = this.#shown !== undefined && titleOf(this.#shown) === titleOf(input) && this.#nodes !== undefined;
    this.#shown = input;
    mermaid.initialize(mermaidConfig(document.body));
    const { svg: text } = await mermaid.render(RENDER_ID, textOf(input));
    const drawing = new DOMParser().parseFromString(text, "text/html").querySelector("svg");
    if (drawing === null) throw new Error("nothing was drawn");
    const focused = document.activeElement?.getAttribute("aria-label");
    this.#stage.replaceChildren(drawing);
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-label", fill(this.#texts.graph, titleOf(input)));
    const nodes = input.type === "graph" ? input.result.graph.nodes : [];
    this.#nodes = new DrawnNodes(drawing, RENDER_ID, nodes, this.#texts, (line) => {
      this.#editor.postMessage({ type: "reveal", line });
    });
    part("title", HTMLHeadingElement).textContent = titleOf(input);
    part("summary", HTMLParagraphElement).textContent = this.#summary(input, drawing);
    this.#state("drawn");
    this.#viewport.show(drawing, again);
    if (this.#selectedLine !== undefined) this.#nodes.select(this.#selectedLine);
    if (again && focused) this.#refocus(drawing, focused);
    this.#editor.postMessage({
      type: "drawn",
      nodes: drawing.querySelectorAll("g.node").length,
      milliseconds: performance.now() - started,
    });
  }

  /** After a redraw the keyboard stays on the node it was on, when that is still there. */
  #refocus(drawing: SVGSVGElement, label: string): void {
    for (const element of drawing.querySelectorAll<SVGGElement>("g.toka-node")) {
      if (element.getAttribute("aria-label") === label) element.focus();
    }
  }

  /** Counts what is drawn: exceptions that just leave the function are not. */
  #summary(input: Drawable, drawing: SVGSVGElement): string {
    if (input.type === "mermaid") return "";
    const nodes = drawing.querySelectorAll("g.node").length;
    const edges = drawing.querySelectorAll("path.flowchart-link").length;
    return fill(this.#texts.summary, nodes, edges, input.result.graph.complexity.cyclomatic);
  }

  #copy(): void {
    if (this.#shown === undefined) return;
    this.#editor.postMessage({ type: "copy", text: textOf(this.#shown) });
    const button = part("copy", HTMLButtonElement);
    button.textContent = this.#texts.copied;
    setTimeout(() => {
      button.textContent = this.#texts.copySign;
    }, COPIED_FOR_MS);
  }

  #fail(message: string, source = ""): void {
    part("reason", HTMLParagraphElement).textContent = message;
    part("source", HTMLPreElement).textContent = source;
    part("failure", HTMLDivElement).hidden = false;
    this.#state("failed");
    this.#editor.postMessage({ type: "failed", message });
  }

  #state(state: "drawn" | "failed"): void {
    document.body.dataset["state"] = state;
  }
}

function textOf(input: Drawable): string {
  return input.type === "graph" ? input.result.mermaid : input.text;
}

function titleOf(input: Drawable): string {
  return input.title;
}

function stateOf(input: Drawable): GraphViewState {
  if (input.type === "mermaid") return { mermaid: input.text, title: input.title };
  const { uri, graph } = input.result;
  return { uri, qualname: graph.qualname, line: graph.line, title: input.title };
}

new GraphView().start();
