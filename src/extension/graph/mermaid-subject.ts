import { ok, type Result } from "../../model/index.ts";
import type { Drawing, GraphSource, GraphSubject } from "./graph-subject.ts";

type MermaidSource = Extract<GraphSource, { kind: "mermaid" }>;

/** A diagram that a tool printed; it stays as it is. */
export class MermaidSubject implements GraphSubject {
  readonly formats = [];
  readonly source: MermaidSource;

  constructor(source: MermaidSource) {
    this.source = source;
  }

  get title(): string {
    return this.source.title;
  }

  async draw(): Promise<Result<Drawing>> {
    const { text, title } = this.source;
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
