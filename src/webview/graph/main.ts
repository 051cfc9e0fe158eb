import "./zod-jitless.ts";

import {
  CallViewOptions,
  DetailLevel,
  ExceptionDetail,
  GraphViewInput,
  type GraphViewOptions,
  type GraphViewOutput,
  type GraphViewState,
  type PictureFormat,
} from "../../model/index.ts";
import { callsSvg } from "./call-svg.ts";
import { DrawnCalls } from "./calls.ts";
import type { FlowQuery } from "./flow.ts";
import { FlowPanel } from "./flow-panel.ts";
import { DrawnNodes } from "./nodes.ts";
import { pictureOf, pngOf } from "./picture.ts";
import { drawingSvg } from "./svg.ts";
import { textScale } from "./text-scale.ts";
import { callEdgeName, callName, edgeName, fill, knobName, nodeName, readTexts } from "./texts.ts";
import { Viewport } from "./viewport.ts";

interface EditorApi {
  postMessage(message: GraphViewOutput): void;
  setState(state: GraphViewState): void;
}
declare function acquireVsCodeApi(): EditorApi;

type Drawable = Extract<GraphViewInput, { type: "graph" | "calls" | "mermaid" }>;
type OfKind<K extends Drawable["type"]> = Extract<Drawable, { type: K }>;

/** What is drawn, with what the person can do with it. */
interface Drawn {
  readonly svg: SVGSVGElement;
  readonly nodes?: DrawnNodes;
  readonly calls?: DrawnCalls;
}

const COPIED_FOR_MS = 1500;
/** Items of the list of variables that are no names: no name of Python has these signs. */
const NO_VARIABLE = "-";
const NODE_VARIABLES = "*";

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
  readonly #variable = part("variable", HTMLSelectElement);
  readonly #follow = part("follow", HTMLButtonElement);
  readonly #callers = part("callers", HTMLSelectElement);
  readonly #callees = part("callees", HTMLSelectElement);
  readonly #others = part("others", HTMLSelectElement);
  readonly #flow = new FlowPanel(part("flow", HTMLElement), this.#texts, (line) => {
    this.#editor.postMessage({ type: "reveal", line });
  });
  readonly #viewport = new Viewport(part("canvas", HTMLElement), (zoom) => {
    part("zoom", HTMLOutputElement).value = `${Math.round(zoom * 100)} %`;
  });
  #shown: Drawable | undefined;
  #drawn: Drawn | undefined;
  #cursor: { readonly line: number; readonly column: number } | undefined;
  /** The box that a person folds beside: it stays where it is on the page. */
  #held: { readonly id: string; readonly place: DOMRect } | undefined;
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
    const tellOptions = (): void => this.#editor.postMessage({ type: "options", options: this.#options() });
    for (const select of [this.#level, this.#exceptions, this.#variable])
      select.addEventListener("change", tellOptions);
    onClick("follow", () => {
      this.#press(this.#follow.getAttribute("aria-pressed") !== "true");
      tellOptions();
    });
    for (const select of [this.#callers, this.#callees, this.#others]) {
      select.addEventListener("change", () => {
        this.#editor.postMessage({ type: "callOptions", options: this.#callOptions() });
      });
    }
    new MutationObserver(() => this.#redraw()).observe(document.body, {
      attributes: true,
      attributeFilter: ["class", "data-vscode-theme-id"],
    });
    this.#editor.postMessage({ type: "ready" });
  }

  #options(): GraphViewOptions {
    const { value } = this.#variable;
    return {
      level: DetailLevel.parse(this.#level.value),
      exceptions: ExceptionDetail.parse(this.#exceptions.value),
      follow: this.#follow.getAttribute("aria-pressed") === "true",
      variable: value === NO_VARIABLE ? null : value === NODE_VARIABLES ? "" : value,
    };
  }

  #callOptions(): CallViewOptions {
    return CallViewOptions.parse({
      callers: Number(this.#callers.value),
      callees: Number(this.#callees.value),
      others: this.#others.value,
    });
  }

  #press(isPressed: boolean): void {
    this.#follow.setAttribute("aria-pressed", String(isPressed));
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
      case "calls":
      case "mermaid":
        this.#editor.setState(stateOf(input));
        this.#draw(input);
        break;
      case "failed":
        this.#newest += 1;
        this.#fail(input.message);
        break;
      case "select":
        this.#cursor = input;
        this.#drawn?.nodes?.select(input.line);
        this.#markFlow();
        break;
      case "reading":
        part("status", HTMLParagraphElement).textContent = fill(this.#texts.reading, input.done, input.of);
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
    const focused = this.#drawn?.nodes?.focused ?? this.#drawn?.calls?.focused;
    this.#shown = input;
    document.body.dataset["kind"] = input.type;
    const help = input.type === "calls" ? this.#texts.callsHelp : this.#texts.help;
    part("canvas", HTMLElement).setAttribute("aria-label", help);
    part("title", HTMLHeadingElement).textContent = input.title;
    part("summary", HTMLParagraphElement).textContent = "";
    const drawn = await this.#drawing(input);
    this.#drawn = drawn;
    if (drawn === undefined) return;
    const { svg, nodes, calls } = drawn;
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", fill(input.type === "calls" ? this.#texts.calls : this.#texts.graph, input.title));
    this.#stage.replaceChildren(svg);
    this.#state("drawn");
    this.#viewport.show(svg, again, calls?.root);
    if (calls !== undefined) this.#hold(calls);
    if (this.#cursor !== undefined) nodes?.select(this.#cursor.line);
    // After a redraw the keyboard stays on the node it was on, when that is still there.
    if (focused !== undefined) (nodes ?? calls)?.focus(focused);
    this.#markFlow();
    const count = svg.querySelectorAll("g.node").length;
    this.#editor.postMessage({ type: "drawn", nodes: count, milliseconds: performance.now() - started });
  }

  async #drawing(input: Drawable): Promise<Drawn | undefined> {
    if (input.type === "graph") return this.#graph(input);
    return input.type === "calls" ? this.#calls(input) : { svg: await mermaidSvg(input.text) };
  }

  #graph({ options, result }: OfKind<"graph">): Drawn | undefined {
    this.#level.value = options.level;
    this.#exceptions.value = options.exceptions;
    this.#press(options.follow);
    this.#listVariables(result.flow?.variables.map(({ name }) => name) ?? [], options.variable);
    document.body.dataset["version"] = String(result.version ?? "");
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
    const chosen = ({ startLine: line }: { startLine: number }): void => {
      this.#editor.postMessage({ type: "reveal", line });
    };
    return { svg, nodes: new DrawnNodes(svg, drawing, chosen, () => this.#markFlow()) };
  }

  #calls({ options, result }: OfKind<"calls">): Drawn | undefined {
    this.#callers.value = String(options.callers);
    this.#callees.value = String(options.callees);
    this.#others.value = options.others;
    const { drawing, shown, functions, files } = result;
    if (drawing === null) {
      this.#fail(fill(this.#texts.callsTooLarge, shown));
      return undefined;
    }
    const svg = callsSvg(drawing, {
      node: (node) => callName(this.#texts, node),
      edge: (edge) => callEdgeName(this.#texts, edge),
      knob: (node, side) => knobName(this.#texts, node, side),
    });
    svg.style.fontSize = `${drawing.fontSize * textScale(document.body, drawing)}px`;
    part("summary", HTMLParagraphElement).textContent = fill(this.#texts.callsSummary, shown, functions, files);
    const calls: DrawnCalls = new DrawnCalls(svg, drawing, {
      chosen: ({ uri, startLine: line }) => this.#editor.postMessage({ type: "reveal", uri, line }),
      centre: ({ uri, qualname, startLine: line }) => {
        this.#editor.postMessage({ type: "centre", uri, line, ...(qualname === undefined ? {} : { qualname }) });
      },
      fold: (fold) => {
        const place = calls.place(fold.node);
        this.#held = place === undefined ? undefined : { id: fold.node, place };
        this.#editor.postMessage({ type: "fold", fold });
      },
    });
    return { svg, calls };
  }

  /** Brings the box that was folded beside back to where it was. */
  #hold(calls: DrawnCalls): void {
    const held = this.#held;
    this.#held = undefined;
    const now = held === undefined ? undefined : calls.place(held.id);
    if (held !== undefined && now !== undefined) this.#viewport.moveBy(now.x - held.place.x, now.y - held.place.y);
  }

  #listVariables(names: readonly string[], chosen: string | null): void {
    const item = (value: string, text: string): HTMLOptionElement => new Option(text, value);
    const known = [...new Set(names)];
    // A name that was chosen stays in the list while the text does not have it.
    if (chosen !== null && chosen !== "" && !known.includes(chosen)) known.push(chosen);
    this.#variable.replaceChildren(
      item(NO_VARIABLE, this.#texts.noVariable),
      item(NODE_VARIABLES, this.#texts.nodeVariables),
      ...known.map((name) => item(name, name)),
    );
    this.#variable.value = chosen === null ? NO_VARIABLE : chosen === "" ? NODE_VARIABLES : chosen;
  }

  /** Marks what the chosen variable's data flow joins to the node that has the keyboard, else to the cursor's. */
  #markFlow(): void {
    const [shown, nodes] = [this.#shown, this.#drawn?.nodes];
    if (shown?.type !== "graph" || nodes === undefined) {
      part("flow", HTMLElement).hidden = true;
      return;
    }
    const { variable } = shown.options;
    const { drawing, flow } = shown.result;
    const id = (document.hasFocus() ? nodes.focused : undefined) ?? nodes.selected;
    const node = drawing?.nodes.find((one) => one.id === id);
    // The cursor says more than the node that it is on, and nothing of another one.
    const place = id === nodes.selected ? this.#cursor : undefined;
    const query: FlowQuery | undefined = variable === null ? undefined : { variable, node, place };
    this.#flow.show(flow, drawing?.nodes ?? [], nodes.elements(), query);
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
  return input.type === "mermaid" ? input.text : input.result.mermaid;
}

function stateOf(input: Drawable): GraphViewState {
  if (input.type === "mermaid") return { mermaid: input.text, title: input.title };
  if (input.type === "calls") {
    const { uri, qualname, line } = input.result;
    const place = qualname === null ? { uri } : { uri, qualname, line };
    return { ...place, title: input.title, calls: { ...input.options, folds: input.folds } };
  }
  const { uri, graph } = input.result;
  return { uri, qualname: graph.qualname, line: graph.line, title: input.title, options: input.options };
}

new GraphView().start();
