import { type Disposable, l10n, type Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import { type GraphParams, GraphViewState, parseBoundary } from "../../model/index.ts";
import { GRAPH_PANEL } from "../contributions.ts";
import type { LanguageServer } from "../language-server.ts";
import type { Reporter } from "../reporter.ts";
import { GraphPanel, type GraphSource } from "./graph-panel.ts";

/** All open graph panels; it also brings them back after a reload. */
export class GraphPanels implements Disposable {
  readonly #extension: Uri;
  readonly #server: LanguageServer;
  readonly #reporter: Reporter;
  readonly #panels = new Set<GraphPanel>();
  readonly #serializer: Disposable;

  constructor(extension: Uri, server: LanguageServer, reporter: Reporter) {
    this.#extension = extension;
    this.#server = server;
    this.#reporter = reporter;
    this.#serializer = window.registerWebviewPanelSerializer(GRAPH_PANEL, {
      deserializeWebviewPanel: async (panel, state: unknown) => this.#restore(panel, state),
    });
  }

  /** Draws a function beside the editor, in its panel when it has one. */
  showFunction(params: GraphParams): void {
    const open = [...this.#panels].find((panel) => panel.draws(params));
    if (open === undefined) this.#open({ kind: "function", ...params }, params.qualname ?? l10n.t("Control flow"));
    else open.reveal();
  }

  /** Draws Mermaid text that a tool printed. */
  showMermaid(text: string, title: string): void {
    this.#open({ kind: "mermaid", text, title }, title);
  }

  #open(source: GraphSource, title: string): void {
    const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    this.#adopt(window.createWebviewPanel(GRAPH_PANEL, title, column), source);
  }

  #adopt(panel: WebviewPanel, source: GraphSource): void {
    const graph = new GraphPanel(panel, this.#extension, source, this.#server, this.#reporter);
    this.#panels.add(graph);
    graph.onDidDispose(() => {
      this.#panels.delete(graph);
      graph.dispose();
    });
  }

  #restore(panel: WebviewPanel, state: unknown): void {
    const parsed = parseBoundary(GraphViewState, state, "saved graph view");
    if (!parsed.ok) {
      this.#reporter.log(parsed.problem.message);
      panel.dispose();
      return;
    }
    const { uri, qualname, line, mermaid, title, options } = parsed.value;
    if (uri !== undefined) {
      const place = { ...(qualname === undefined ? {} : { qualname }), ...(line === undefined ? {} : { line }) };
      this.#adopt(panel, { kind: "function", uri, ...place, ...options });
    } else if (mermaid !== undefined) this.#adopt(panel, { kind: "mermaid", text: mermaid, title });
    else panel.dispose();
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#panels) panel.dispose();
  }
}
