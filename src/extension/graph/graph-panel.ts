import {
  CancellationTokenSource,
  type Disposable,
  env,
  l10n,
  Range,
  type Uri,
  Uri as Uris,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from "vscode";
import {
  type GraphParams,
  type GraphViewInput,
  type GraphViewOptions,
  GraphViewOutput,
  parseBoundary,
} from "../../model/index.ts";
import type { LanguageServer } from "../language-server.ts";
import type { Reporter } from "../reporter.ts";
import { GraphExport } from "./graph-export.ts";
import { graphHtml } from "./graph-html.ts";
import { graphViewTexts } from "./graph-texts.ts";

/** What a panel draws: a function of a file, or Mermaid text that a tool printed. */
export type GraphSource =
  | ({ readonly kind: "function" } & GraphParams)
  | { readonly kind: "mermaid"; readonly text: string; readonly title: string };

/** Typing pauses this long before the graph is drawn anew. */
const REDRAW_AFTER_MS = 120;

/** One webview panel with a graph; it lives until the person closes it. */
export class GraphPanel implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #server: LanguageServer;
  readonly #reporter: Reporter;
  readonly #subscriptions: Disposable[] = [];
  readonly #export: GraphExport;
  #source: GraphSource;
  #request: CancellationTokenSource | undefined;
  #redraw: NodeJS.Timeout | undefined;
  #ready: boolean = false;

  constructor(panel: WebviewPanel, extension: Uri, source: GraphSource, server: LanguageServer, reporter: Reporter) {
    this.#panel = panel;
    this.#server = server;
    this.#reporter = reporter;
    this.#source = source;
    this.#export = new GraphExport(server, reporter, (format) => this.#post({ type: "picture", format }));
    panel.iconPath = {
      light: Uris.joinPath(extension, "media", "toka-light.svg"),
      dark: Uris.joinPath(extension, "media", "toka-dark.svg"),
    };
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [Uris.joinPath(extension, "dist", "webview"), Uris.joinPath(extension, "media")],
    };
    this.#subscriptions.push(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.toString() === this.#uri()) this.#redrawSoon();
      }),
      window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
        const [first] = selections;
        if (first && textEditor.document.uri.toString() === this.#uri()) this.#select(first.active.line + 1);
      }),
    );
    panel.webview.html = graphHtml(panel.webview, extension, graphViewTexts(), env.language);
  }

  /** The panel draws this function already. */
  draws({ uri, qualname }: GraphParams): boolean {
    return this.#source.kind === "function" && this.#source.uri === uri && this.#source.qualname === qualname;
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  onDidDispose(listener: () => void): void {
    this.#subscriptions.push(this.#panel.onDidDispose(listener));
  }

  #uri(): string | undefined {
    return this.#source.kind === "function" ? this.#source.uri : undefined;
  }

  #receive(message: unknown): void {
    const parsed = parseBoundary(GraphViewOutput, message, "graph view");
    if (!parsed.ok) {
      this.#reporter.problem(parsed.problem);
      return;
    }
    const output = parsed.value;
    switch (output.type) {
      case "ready":
        this.#ready = true;
        this.#reporter.background(this.#draw(), l10n.t("drawing a graph"));
        break;
      case "reveal":
        this.#reporter.background(this.#goTo(output.line), l10n.t("going to a line"));
        break;
      case "copy":
        this.#reporter.background(env.clipboard.writeText(output.text), l10n.t("copying"));
        break;
      case "options":
        if (this.#source.kind === "function") this.#source = { ...this.#source, ...output.options };
        this.#reporter.background(this.#draw(), l10n.t("drawing a graph"));
        break;
      case "export":
        this.#reporter.background(this.#export.ask(this.#source), l10n.t("exporting a graph"));
        break;
      case "picture":
        this.#reporter.background(this.#export.save(output.format, output.data), l10n.t("exporting a graph"));
        break;
      case "failed":
        this.#reporter.log(`graph view: ${output.message}`);
        break;
      case "drawn":
        this.#reporter.log(`graph of ${output.nodes} nodes drawn in ${Math.round(output.milliseconds)} ms`);
        break;
    }
  }

  #redrawSoon(): void {
    clearTimeout(this.#redraw);
    this.#redraw = setTimeout(() => {
      this.#reporter.background(this.#draw(), l10n.t("drawing a graph"));
    }, REDRAW_AFTER_MS);
  }

  async #draw(): Promise<void> {
    const source = this.#source;
    if (!this.#ready) return;
    if (source.kind === "mermaid") {
      await this.#post({ type: "mermaid", text: source.text, title: source.title });
      return;
    }
    this.#request?.cancel();
    const request = new CancellationTokenSource();
    this.#request = request;
    try {
      const { kind: _kind, ...params } = source;
      const options: GraphViewOptions = {
        level: params.level ?? "block",
        exceptions: params.exceptions ?? "handled",
      };
      const found = await this.#server.graph(params, request.token);
      if (request.token.isCancellationRequested || this.#request !== request) return;
      if (!found.ok) {
        await this.#post({ type: "failed", message: found.problem.message });
        return;
      }
      const { graph } = found.value;
      // From now on the panel follows this function, wherever edits move it.
      this.#source = { ...source, qualname: graph.qualname, line: graph.line };
      this.#panel.title = graph.qualname;
      await this.#post({ type: "graph", result: found.value, title: graph.qualname, options });
      const editor = window.activeTextEditor;
      if (editor?.document.uri.toString() === source.uri) this.#select(editor.selection.active.line + 1);
    } finally {
      request.dispose();
    }
  }

  #select(line: number): void {
    this.#reporter.background(this.#post({ type: "select", line }), l10n.t("marking a node"));
  }

  async #post(message: GraphViewInput): Promise<void> {
    if (this.#ready) await this.#panel.webview.postMessage(message);
  }

  async #goTo(line: number): Promise<void> {
    const uri = this.#uri();
    if (uri === undefined) return;
    const shown = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
    const beside = this.#panel.viewColumn === ViewColumn.One ? ViewColumn.Two : ViewColumn.One;
    const document = await workspace.openTextDocument(Uris.parse(uri, true));
    const start = document.lineAt(Math.min(line, document.lineCount) - 1).range.start;
    // The selection goes along: one set afterwards can cross with what the editor reports, and get lost.
    await window.showTextDocument(document, {
      viewColumn: shown?.viewColumn ?? beside,
      preserveFocus: false,
      selection: new Range(start, start),
    });
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    this.#request?.cancel();
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
    this.#panel.dispose();
  }
}
