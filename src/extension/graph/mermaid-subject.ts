import { ok, type Result } from "../../model/index.ts";
import type { Drawing, GraphSource, GraphSubject } from "./graph-subject.ts";

type MermaidSource = Extract<GraphSource, { kind: "mermaid" }>;

/** A diagram: one that a tool printed stays as it is, that of a workflow follows its steps. */
export class MermaidSubject implements GraphSubject {
  readonly formats = [];
  #source: MermaidSource;

  constructor(source: MermaidSource) {
    this.#source = source;
  }

  get source(): MermaidSource {
    return this.#source;
  }

  /** Takes another text; the panel has to draw it. */
  replace(text: string): void {
    this.#source = { ...this.#source, text };
  }

  get title(): string {
    return this.source.title;
  }

  async draw(): Promise<Result<Drawing>> {
    const { text, title } = this.#source;
    return ok({ type: "mermaid", text, title });
  }

  async text(): Promise<Result<string>> {
    return ok(this.source.text);
  }

  redrawAfter(): undefined {
    return undefined;
  }

  receive(): boolean {
    return false;
  }

  moveTo(): { readonly redraw: boolean } {
    return { redraw: false };
  }
}
