import { type CancellationToken, l10n } from "vscode";
import {
  type GraphParams,
  type GraphResult,
  type GraphTextFormat,
  type GraphViewOptions,
  type GraphViewOutput,
  ok,
  type Result,
  type SourcesChangedParams,
} from "../../model/index.ts";
import type { LanguageServer } from "../language-server.ts";
import type { Cursor, Drawing, GraphSource, GraphSubject } from "./graph-subject.ts";

type FunctionSource = Extract<GraphSource, { kind: "function" }>;

export const FUNCTION_OPTIONS: GraphViewOptions = {
  level: "block",
  exceptions: "handled",
  follow: false,
  variable: null,
};

/** The control flow of one function; it follows the function wherever edits move it, or the cursor. */
export class FunctionSubject implements GraphSubject {
  readonly formats = ["dot", "json", "html"] as const;
  readonly #server: LanguageServer;
  #source: FunctionSource;
  #scope: GraphResult["scope"] | undefined;

  constructor(source: FunctionSource, server: LanguageServer) {
    this.#source = source;
    this.#server = server;
  }

  get source(): FunctionSource {
    return this.#source;
  }

  get title(): string {
    return this.#source.qualname ?? l10n.t("graph");
  }

  #params(): GraphParams {
    const { uri, qualname, line, options } = this.#source;
    const { level, exceptions } = options;
    return {
      uri,
      level,
      exceptions,
      ...(qualname === undefined ? {} : { qualname }),
      ...(line === undefined ? {} : { line }),
    };
  }

  async draw(token: CancellationToken): Promise<Result<Drawing>> {
    const asked = this.#source;
    const found = await this.#server.graph({ ...this.#params(), dataFlow: true }, token);
    if (!found.ok || token.isCancellationRequested) return found.ok ? ok(this.#drawing(found.value)) : found;
    const { graph, scope } = found.value;
    // From now on this function is meant, wherever edits move it.
    if (this.#source === asked) this.#source = { ...asked, qualname: graph.qualname, line: graph.line };
    this.#scope = scope;
    return ok(this.#drawing(found.value));
  }

  #drawing(result: GraphResult): Drawing {
    return { type: "graph", result, title: result.graph.qualname, options: this.#source.options };
  }

  async text(format: GraphTextFormat, token: CancellationToken): Promise<Result<string>> {
    const found = await this.#server.graphText({ ...this.#params(), format }, token);
    return found.ok ? ok(found.value.text) : found;
  }

  redrawAfter(changes: SourcesChangedParams["changes"]): number | undefined {
    return changes.some(({ uri }) => uri === this.#source.uri) ? 0 : undefined;
  }

  receive(output: GraphViewOutput): boolean {
    if (output.type !== "options") return false;
    this.#source = { ...this.#source, options: output.options };
    return true;
  }

  moveTo(cursor: Cursor): { readonly select?: Cursor; readonly redraw: boolean } {
    const { uri, options } = this.#source;
    const isHere = cursor.uri === uri;
    if (!options.follow || (isHere && this.#holds(cursor.line)))
      return isHere ? { select: cursor, redraw: false } : { redraw: false };
    this.#source = { kind: "function", uri: cursor.uri, line: cursor.line, options };
    return { select: cursor, redraw: true };
  }

  /** Whether a line belongs to the drawn function itself. */
  #holds(line: number): boolean {
    const scope = this.#scope;
    if (scope === undefined || line < scope.firstLine || line > scope.endLine) return false;
    return !scope.inner.some(({ firstLine, endLine }) => firstLine <= line && line <= endLine);
  }
}
