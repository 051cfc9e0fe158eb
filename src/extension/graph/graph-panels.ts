import { type Disposable, l10n, type Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import { type GraphParams, GraphViewState, parseBoundary } from "../../model/index.ts";
import { GRAPH_PANEL } from "../contributions.ts";
import type { LanguageServer } from "../language-server.ts";
import type { Reporter } from "../reporter.ts";
import { CALL_OPTIONS, CallsSubject } from "./calls-subject.ts";
import { FUNCTION_OPTIONS, FunctionSubject } from "./function-subject.ts";
import { GraphPanel } from "./graph-panel.ts";
import type { GraphSource, GraphSubject } from "./graph-subject.ts";
import { MermaidSubject } from "./mermaid-subject.ts";

/** Where something in a Python file is: a function, or whatever is around a line, or the whole file. */
export type PythonPlace = Pick<GraphParams, "uri" | "qualname" | "line">;

/** All open graph panels; it also brings them back after a reload. */
export class GraphPanels implements Disposable {
  readonly #extension: Uri;
  readonly #server: LanguageServer;
  readonly #reporter: Reporter;
  readonly #panels = new Set<GraphPanel>();
  readonly #diagrams = new Map<string, { readonly panel: GraphPanel; readonly subject: MermaidSubject }>();
  readonly #subscriptions: readonly Disposable[];

  constructor(extension: Uri, server: LanguageServer, reporter: Reporter) {
    this.#extension = extension;
    this.#server = server;
    this.#reporter = reporter;
    this.#subscriptions = [
      window.registerWebviewPanelSerializer(GRAPH_PANEL, {
        deserializeWebviewPanel: async (panel, state: unknown) => this.#restore(panel, state),
      }),
      server.onSourcesChanged((changes) => {
        for (const panel of this.#panels) panel.sourcesChanged(changes);
      }),
    ];
  }

  /** Draws a function's control flow beside the editor, in its panel when it has one. */
  showFunction(place: PythonPlace): void {
    this.#show({ kind: "function", ...place, options: FUNCTION_OPTIONS }, place.qualname ?? l10n.t("Control flow"));
  }

  /** Draws the calls around a function, or around the functions of a file. */
  showCalls(place: PythonPlace): void {
    const title = place.qualname === undefined ? l10n.t("Calls") : l10n.t("Calls: {0}", place.qualname);
    this.#show({ kind: "calls", ...place, options: CALL_OPTIONS, folds: [] }, title);
  }

  /**
   * Draws a diagram that changes: in the panel of its key while that is open.
   * @param reveal open a panel when there is none, and bring it to the front; else an open one is only kept up to date
   */
  showDiagram(key: string, text: string, title: string, reveal: boolean): void {
    const open = this.#diagrams.get(key);
    if (open !== undefined) {
      open.subject.replace(text);
      open.panel.redraw();
      if (reveal) open.panel.reveal();
      return;
    }
    if (!reveal) return;
    const subject = new MermaidSubject({ kind: "mermaid", text, title });
    const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    const panel = this.#adoptSubject(window.createWebviewPanel(GRAPH_PANEL, title, column), subject);
    this.#diagrams.set(key, { panel, subject });
    panel.onDidDispose(() => this.#diagrams.delete(key));
  }

  /** Draws Mermaid text that a tool printed. */
  showMermaid(text: string, title: string): void {
    this.#open({ kind: "mermaid", text, title }, title);
  }

  #show(source: Exclude<GraphSource, { kind: "mermaid" }>, title: string): void {
    const open = [...this.#panels].find((panel) => isSame(panel.source, source));
    if (open === undefined) this.#open(source, title);
    else open.reveal();
  }

  #open(source: GraphSource, title: string): void {
    const column = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    this.#adopt(window.createWebviewPanel(GRAPH_PANEL, title, column), source);
  }

  #adopt(panel: WebviewPanel, source: GraphSource): void {
    this.#adoptSubject(panel, this.#subject(source));
  }

  #adoptSubject(panel: WebviewPanel, subject: GraphSubject): GraphPanel {
    const graph = new GraphPanel(panel, this.#extension, subject, this.#reporter);
    this.#panels.add(graph);
    graph.onDidDispose(() => {
      this.#panels.delete(graph);
      graph.dispose();
    });
    return graph;
  }

  #subject(source: GraphSource): GraphSubject {
    switch (source.kind) {
      case "function":
        return new FunctionSubject(source, this.#server);
      case "calls":
        return new CallsSubject(source, this.#server);
      case "mermaid":
        return new MermaidSubject(source);
    }
  }

  #restore(panel: WebviewPanel, state: unknown): void {
    const parsed = parseBoundary(GraphViewState, state, "saved graph view");
    if (!parsed.ok) {
      this.#reporter.log(parsed.problem.message);
      panel.dispose();
      return;
    }
    const { uri, qualname, line, mermaid, title, options = FUNCTION_OPTIONS, calls } = parsed.value;
    if (uri !== undefined) {
      const name = qualname === undefined ? {} : { qualname };
      const place = { uri, ...name, ...(line === undefined ? {} : { line }) };
      if (calls === undefined) this.#adopt(panel, { kind: "function", ...place, options });
      else {
        const { folds, ...callOptions } = calls;
        this.#adopt(panel, { kind: "calls", ...place, options: callOptions, folds });
      }
    } else if (mermaid !== undefined) this.#adopt(panel, { kind: "mermaid", text: mermaid, title });
    else panel.dispose();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const panel of this.#panels) panel.dispose();
  }
}

/** Whether a panel draws a function already, by its name. */
function isSame(drawn: GraphSource, wanted: Exclude<GraphSource, { kind: "mermaid" }>): boolean {
  if (drawn.kind !== wanted.kind || drawn.uri !== wanted.uri) return false;
  // A line may lie in another function than the one drawn; a file's calls are asked for by neither.
  return drawn.qualname === wanted.qualname && (wanted.qualname !== undefined || wanted.line === undefined);
}
