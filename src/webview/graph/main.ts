import "./zod-jitless.ts";

import {
  DetailLevel,
  ExceptionDetail,
  GraphViewInput,
  type GraphViewOptions,
  type GraphViewOutput,
  type GraphViewState,
  type PictureFormat,
} from "../../model/index.ts";
import { DrawnNodes } from "./nodes.ts";
import { pictureOf, pngOf } from "./picture.ts";
import { drawingSvg } from "./svg.ts";
import { textScale } from "./text-scale.ts";
import { edgeName, fill, nodeName, readTexts } from "./texts.ts";
import { Viewport } from "./viewport.ts";

interface EditorApi {
  postMessage(message: GraphViewOutput): void;
  setState(state: GraphViewState): void;
}
declare function acquireVsCodeApi(): EditorApi;

type Drawable = Extract<GraphViewInput, { type: "graph" | "mermaid" }>;

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
  readonly #level = part("level", HTMLSelectElement);
  readonly #exceptions = part("exceptions", HTMLSelectElement);
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
    const onClick = (id: string, action: () => void): void => {
      part(id, HTMLButtonElement).addEventListener("click", action);
    };
    onClick("zoom-in", () => this.#viewport.zoomIn());
    onClick("zoom-out", () => this.#viewport.zoomOut());
    onClick("fit", () => this.#viewport.fit());
    onClick("copy", () => this.#copy());
    onClick("export", () => this.#editor.postMessage({ type: "export" }));
    for (const select of [this.#level, this.#exceptions]) {
      select.addEventListener("change", () => {
        this.#editor.postMessage({ type: "options", options: this.#options() });
      });
    }
    new MutationObserver(() => this.#redraw()).observe(document.body, {
      attributes: true,
      attributeFilter: ["class", "data-vscode-theme-id"],
    });
    this.#editor.postMessage({ type: "ready" });
  }

  #options(): GraphViewOptions {
    return { level: DetailLevel.parse(this.#level.value), exceptions: ExceptionDetail.parse(this.#exceptions.value) };
  }

  /** Our own drawing takes new colours by its style sheet; Mermaid's has them written into it. */
  #redraw(): void {
    if (this.#shown?.type === "mermaid") this.#draw(this.#shown);
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
      case "picture":
        this.#takePicture(input.format).catch((error: unknown) => this.#report(error));
        break;
    }
  }

  #draw(input: Drawable): void {
    this.#newest += 1;
    const turn = this.#newest;
    this.#queue = this.#queue
      .then(() => (turn === this.#newest ? this.#render(input) : undefined))
      .catch((error: unknown) => {
        part("title", HTMLHeadingElement).textContent = input.title;
        const why = error instanceof Error ? error.message : String(error);
        this.#fail(input.type === "mermaid" ? fill(this.#texts.notDrawn, why) : why, textOf(input));
      });
  }

  async #render(input: Drawable): Promise<void> {
    const started = performance.now();
    const again = this.#shown?.title === input.title && document.body.dataset["state"] === "drawn";
    const focused = this.#nodes?.focused;
    this.#shown = input;
    document.body.dataset["kind"] = input.type;
    part("title", HTMLHeadingElement).textContent = input.title;
    part("summary", HTMLParagraphElement).textContent = "";
    const own = input.type === "graph" ? this.#graph(input) : undefined;
    this.#nodes = own?.nodes;
    const drawing = input.type === "graph" ? own?.svg : await mermaidSvg(input.text);
    if (drawing === undefined) return;
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-label", fill(this.#texts.graph, input.title));
    this.#stage.replaceChildren(drawing);
    this.#state("drawn");
    this.#viewport.show(drawing, again);
    if (this.#selectedLine !== undefined) this.#nodes?.select(this.#selectedLine);
    // After a redraw the keyboard stays on the node it was on, when that is still there.
    if (focused !== undefined) this.#nodes?.focus(focused);
    const nodes = drawing.querySelectorAll("g.node").length;
    this.#editor.postMessage({ type: "drawn", nodes, milliseconds: performance.now() - started });
  }

  #graph(
    input: Extract<Drawable, { type: "graph" }>,
  ): { readonly svg: SVGSVGElement; readonly nodes: DrawnNodes } | undefined {
    const { options, result } = input;
    this.#level.value = options.level;
    this.#exceptions.value = options.exceptions;
    const { drawing } = result;
    if (drawing === null) {
      this.#fail(fill(this.#texts.tooLarge, result.graph.nodes.length));
      return undefined;
    }
    const { nodes, edges } = drawing;
    const svg = drawingSvg(drawing, {
      node: (node) => nodeName(this.#texts, node),
      edge: (edge) => edgeName(this.#texts, edge, nodes),
    });
    svg.style.fontSize = `${drawing.fontSize * textScale(document.body, drawing)}px`;
    part("summary", HTMLParagraphElement).textContent = fill(
      this.#texts.summary,
      nodes.length,
      edges.length,
      result.graph.complexity.cyclomatic,
    );
    const chosen = (line: number): void => this.#editor.postMessage({ type: "reveal", line });
    return { svg, nodes: new DrawnNodes(svg, drawing, chosen) };
  }

  async #takePicture(format: PictureFormat): Promise<void> {
    const drawing = this.#stage.querySelector("svg");
    if (drawing === null) throw new Error("nothing is drawn");
    const picture = pictureOf(drawing);
    const data = format === "svg" ? picture.svg : await pngOf(picture);
    this.#editor.postMessage({ type: "picture", format, data });
  }

  #report(error: unknown): void {
    this.#editor.postMessage({ type: "failed", message: error instanceof Error ? error.message : String(error) });
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
    this.#state("failed");
    this.#editor.postMessage({ type: "failed", message });
  }

  #state(state: "drawn" | "failed"): void {
    document.body.dataset["state"] = state;
    part("failure", HTMLDivElement).hidden = state !== "failed";
  }
}

async function mermaidSvg(text: string): Promise<SVGSVGElement> {
  const library = await import("../mermaid/main.ts");
  return await library.mermaidSvg(text);
}

function textOf(input: Drawable): string {
  return input.type === "graph" ? input.result.mermaid : input.text;
}

function stateOf(input: Drawable): GraphViewState {
  if (input.type === "mermaid") return { mermaid: input.text, title: input.title };
  const { uri, graph } = input.result;
  return { uri, qualname: graph.qualname, line: graph.line, title: input.title, options: input.options };
}

new GraphView().start();
