import {
  CancellationTokenSource,
  type Disposable,
  env,
  l10n,
  Range,
  type TextEditor,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from "vscode";
import { type GraphViewInput, GraphViewOutput, parseBoundary, type SourcesChangedParams } from "../../model/index.ts";
import type { Reporter } from "../reporter.ts";
import { GraphExport } from "./graph-export.ts";
import { graphHtml } from "./graph-html.ts";
import type { Cursor, GraphSource, GraphSubject } from "./graph-subject.ts";
import { graphViewTexts } from "./graph-texts.ts";

/** One webview panel with a graph; it lives until the person closes it. */
export class GraphPanel implements Disposable {
  readonly #panel: WebviewPanel;
  readonly #subject: GraphSubject;
  readonly #reporter: Reporter;
  readonly #subscriptions: Disposable[] = [];
  readonly #export: GraphExport;
  #request: CancellationTokenSource | undefined;
  #redraw: NodeJS.Timeout | undefined;
  #ready: boolean = false;

  constructor(panel: WebviewPanel, extension: Uri, subject: GraphSubject, reporter: Reporter) {
    this.#panel = panel;
    this.#subject = subject;
    this.#reporter = reporter;
    this.#export = new GraphExport(subject, reporter, (format) => this.#post({ type: "picture", format }));
    panel.iconPath = {
      light: Uri.joinPath(extension, "media", "toka-light.svg"),
      dark: Uri.joinPath(extension, "media", "toka-dark.svg"),
    };
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [Uri.joinPath(extension, "dist", "webview"), Uri.joinPath(extension, "media")],
    };
    this.#subscriptions.push(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      window.onDidChangeTextEditorSelection(({ textEditor }) => this.#follow(textEditor)),
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.#follow(editor);
      }),
    );
    panel.webview.html = graphHtml(panel.webview, extension, graphViewTexts(), env.language);
  }

  get source(): GraphSource {
    return this.#subject.source;
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  onDidDispose(listener: () => void): void {
    this.#subscriptions.push(this.#panel.onDidDispose(listener));
  }

  /** What the subject shows is another thing now. */
  redraw(): void {
    this.#drawInBackground();
  }

  /** The server read changed texts. */
  sourcesChanged(changes: SourcesChangedParams["changes"]): void {
    const wait = this.#subject.redrawAfter(changes);
    if (wait === undefined) return;
    clearTimeout(this.#redraw);
    if (wait === 0) this.#drawInBackground();
    else this.#redraw = setTimeout(() => this.#drawInBackground(), wait);
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
        this.#drawInBackground();
        break;
      case "reveal":
        this.#reporter.background(this.#goTo(output.line, output.uri), l10n.t("going to a line"));
        break;
      case "copy":
        this.#reporter.background(env.clipboard.writeText(output.text), l10n.t("copying"));
        break;
      case "export":
        this.#reporter.background(this.#export.ask(), l10n.t("exporting a graph"));
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
      default:
        if (this.#subject.receive(output)) this.#drawInBackground();
    }
  }

  #drawInBackground(): void {
    this.#reporter.background(this.#draw(), l10n.t("drawing a graph"));
  }

  /** Draws what is now; an answer that a newer question overtook is dropped. */
  async #draw(): Promise<void> {
    // A page that is hidden is gone; it asks when it comes back.
    if (!this.#ready || !this.#panel.visible) return;
    this.#request?.cancel();
    const request = new CancellationTokenSource();
    this.#request = request;
    try {
      const isOld = (): boolean => request.token.isCancellationRequested || this.#request !== request;
      const drawn = await this.#subject.draw(request.token, (input) => {
        if (!isOld()) this.#reporter.background(this.#post(input), l10n.t("drawing a graph"));
      });
      if (isOld()) return;
      if (!drawn.ok) {
        await this.#post({ type: "failed", message: drawn.problem.message });
        return;
      }
      this.#panel.title = drawn.value.title;
      await this.#post(drawn.value);
      const editor = window.activeTextEditor;
      if (editor !== undefined && editor.document.uri.toString() === this.#ownUri()) this.#select(cursorOf(editor));
    } finally {
      request.dispose();
    }
  }

  #follow(editor: TextEditor): void {
    if (editor.document.languageId !== "python") return;
    const { select, redraw } = this.#subject.moveTo(cursorOf(editor));
    this.#select(select);
    if (redraw) this.#drawInBackground();
  }

  #select(cursor: Cursor | undefined): void {
    if (cursor === undefined) return;
    const { line, column } = cursor;
    this.#reporter.background(this.#post({ type: "select", line, column }), l10n.t("marking a node"));
  }

  async #post(message: GraphViewInput): Promise<void> {
    if (this.#ready) await this.#panel.webview.postMessage(message);
  }

  async #goTo(line: number, uri = this.#ownUri()): Promise<void> {
    if (uri === undefined) return;
    const shown = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
    const other = window.visibleTextEditors.find(({ viewColumn }) => {
      return viewColumn !== undefined && viewColumn !== this.#panel.viewColumn;
    });
    const beside = this.#panel.viewColumn === ViewColumn.One ? ViewColumn.Two : ViewColumn.One;
    const document = await workspace.openTextDocument(Uri.parse(uri, true));
    const start = document.lineAt(Math.min(line, document.lineCount) - 1).range.start;
    // The selection goes along: one set afterwards can cross with what the editor reports, and get lost.
    await window.showTextDocument(document, {
      viewColumn: shown?.viewColumn ?? other?.viewColumn ?? beside,
      preserveFocus: false,
      selection: new Range(start, start),
    });
  }

  #ownUri(): string | undefined {
    const { source } = this.#subject;
    return source.kind === "mermaid" ? undefined : source.uri;
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    this.#request?.cancel();
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
    this.#panel.dispose();
  }
}

function cursorOf({ document, selection }: TextEditor): Cursor {
  const { line, character } = selection.active;
  return { uri: document.uri.toString(), line: line + 1, column: character };
}
