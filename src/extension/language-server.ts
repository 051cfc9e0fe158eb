import {
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type FileSystemWatcher,
  type LogOutputChannel,
  type Uri,
  workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import * as z from "zod";
import {
  type CallViewParams,
  CallViewResult,
  type CallViewTextParams,
  DiscoveringParams,
  type DiscoverParams,
  fail,
  type GraphParams,
  GraphResult,
  type GraphTextParams,
  GraphTextResult,
  METHODS,
  parseBoundary,
  ReadingProgress,
  type Result,
  type ServerConfiguration,
  SourcesChangedParams,
  type Tool,
  ToolsChangedParams,
  type WantedParams,
} from "../model/index.ts";
import { type NumberedReport, ReportReader } from "./report.ts";

type State =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting"; readonly client: Promise<LanguageClient> }
  | { readonly kind: "running"; readonly client: LanguageClient }
  | { readonly kind: "disposed" };

/** Our language server: it reads and parses everything, so that the extension host never does. */
export class LanguageServer implements Disposable {
  readonly #module: string;
  readonly #log: LogOutputChannel;
  readonly #configuration: () => ServerConfiguration;
  readonly #toolsChanged = new EventEmitter<ToolsChangedParams>();
  readonly #discovering = new EventEmitter<DiscoveringParams>();
  readonly #sourcesChanged = new EventEmitter<SourcesChangedParams["changes"]>();
  #readings = 0;
  #files: FileSystemWatcher | undefined;
  #state: State = { kind: "stopped" };

  /** A folder's tools changed. */
  readonly onToolsChanged = this.#toolsChanged.event;

  /** The first reading of a folder goes on. */
  readonly onDiscovering = this.#discovering.event;

  /** Python files changed, and the server read them anew. */
  readonly onSourcesChanged = this.#sourcesChanged.event;

  /** @param module absolute path of the server's bundle */
  constructor(module: string, log: LogOutputChannel, configuration: () => ServerConfiguration) {
    this.#module = module;
    this.#log = log;
    this.#configuration = configuration;
  }

  /** Starts the process if it does not run yet; every request does so too. */
  async start(): Promise<LanguageClient> {
    if (this.#state.kind === "running") return this.#state.client;
    if (this.#state.kind === "starting") return await this.#state.client;
    if (this.#state.kind === "disposed") throw new Error("the language server was stopped");
    const starting = this.#launch();
    this.#state = { kind: "starting", client: starting };
    try {
      const client = await starting;
      if (this.#isDisposed()) await client.dispose();
      else this.#state = { kind: "running", client };
      return client;
    } catch (error) {
      if (!this.#isDisposed()) this.#state = { kind: "stopped" };
      throw error;
    }
  }

  #isDisposed(): boolean {
    return this.#state.kind === "disposed";
  }

  async #launch(): Promise<LanguageClient> {
    const started = performance.now();
    const { LanguageClient, TransportKind } = await import("vscode-languageclient/node");
    this.#files ??= workspace.createFileSystemWatcher("**/*");
    const client = new LanguageClient(
      "toka",
      "Toka",
      { module: this.#module, transport: TransportKind.ipc },
      {
        documentSelector: [
          { language: "python", scheme: "file" },
          { language: "python", scheme: "untitled" },
          { language: "shellscript", scheme: "file" },
          { pattern: "**/*.{tool,workflow}.{yaml,yml,json}", scheme: "file" },
        ],
        outputChannel: this.#log,
        initializationOptions: this.#configuration(),
        // Scripts may have any name, so every change counts; the server leaves out what discovery ignores.
        synchronize: { fileEvents: this.#files },
      },
    );
    client.onNotification(METHODS.toolsChanged, (params: unknown) => {
      const parsed = parseBoundary(ToolsChangedParams, params, "language server");
      if (parsed.ok) this.#toolsChanged.fire(parsed.value);
      else this.#log.error(parsed.problem.message);
    });
    client.onNotification(METHODS.sourcesChanged, (params: unknown) => {
      const parsed = parseBoundary(SourcesChangedParams, params, "language server");
      if (parsed.ok) this.#sourcesChanged.fire(parsed.value.changes);
      else this.#log.error(parsed.problem.message);
    });
    client.onNotification(METHODS.discovering, (params: unknown) => {
      const parsed = parseBoundary(DiscoveringParams, params, "language server");
      if (parsed.ok) this.#discovering.fire(parsed.value);
      else this.#log.error(parsed.problem.message);
    });
    await client.start();
    this.#log.info(`language server started in ${Math.round(performance.now() - started)} ms`);
    return client;
  }

  /**
   * The tools of a folder. Cancelling the token stops a reading that was asked for with `fresh`.
   * @param told gets tools as they come
   */
  async discover(
    folder: Uri,
    fresh: boolean,
    token: CancellationToken,
    told: (tools: readonly Tool[]) => void,
  ): Promise<Result<NumberedReport>> {
    const source = `language server, ${METHODS.discover}`;
    const reader = new ReportReader(source);
    const asked: Omit<DiscoverParams, "progress"> = { folder: folder.toString(), fresh };
    const answer = await this.#requestWithProgress(METHODS.discover, asked, z.unknown(), token, (part) => {
      const tools = reader.add(part);
      if (!token.isCancellationRequested) told(tools);
    });
    return answer.ok ? reader.end(answer.value) : answer;
  }

  /** Tells the server which files the user looks at: a reading that goes on takes them first. */
  async want(params: WantedParams): Promise<void> {
    if (this.#state.kind === "running") await this.#state.client.sendNotification(METHODS.wanted, params);
  }

  /** The control-flow graph of a function as its text stands in the editor. */
  async graph(params: GraphParams, token: CancellationToken): Promise<Result<GraphResult>> {
    return await this.#request(METHODS.graph, params, GraphResult, token);
  }

  /** The same graph as text in another format. */
  async graphText(params: GraphTextParams, token: CancellationToken): Promise<Result<GraphTextResult>> {
    return await this.#request(METHODS.graphText, params, GraphTextResult, token);
  }

  /**
   * The calls around a function, or around the functions of a file.
   * @param told gets how far a reading of the folder is, when that takes a while
   */
  async callView(
    params: CallViewParams,
    token: CancellationToken,
    told: (progress: ReadingProgress) => void,
  ): Promise<Result<CallViewResult>> {
    return await this.#requestWithProgress(METHODS.callView, params, CallViewResult, token, (value) => {
      const parsed = parseBoundary(ReadingProgress, value, "language server, progress");
      if (parsed.ok) told(parsed.value);
      else this.#log.error(parsed.problem.message);
    });
  }

  /** The same calls as text. */
  async callViewText(params: CallViewTextParams, token: CancellationToken): Promise<Result<GraphTextResult>> {
    return await this.#request(METHODS.callViewText, params, GraphTextResult, token);
  }

  /** Tells a running server that settings changed. */
  async configure(): Promise<void> {
    if (this.#state.kind !== "running") return;
    await this.#state.client.sendNotification(METHODS.configure, this.#configuration());
  }

  /** A request during which the server tells something under a token of its own. */
  async #requestWithProgress<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
    token: CancellationToken,
    told: (value: unknown) => void,
  ): Promise<Result<z.infer<S>>> {
    const client = await this.start();
    this.#readings += 1;
    const progress = `toka-reading-${this.#readings}`;
    const { ProgressType } = await import("vscode-languageclient/node");
    const listener = client.onProgress(new ProgressType<unknown>(), progress, told);
    try {
      return await this.#request(method, { ...params, progress }, schema, token);
    } finally {
      listener.dispose();
    }
  }

  async #request<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
    token: CancellationToken,
  ): Promise<Result<z.infer<S>>> {
    const client = await this.start();
    let answer: unknown;
    try {
      answer = await client.sendRequest<unknown>(method, params, token);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return fail(token.isCancellationRequested ? "cancelled" : "language-server", message);
    }
    return parseBoundary(schema, answer, `language server, ${method}`);
  }

  /** Stops the process; to be awaited when the extension is deactivated. */
  async stop(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "disposed" };
    this.#toolsChanged.dispose();
    this.#discovering.dispose();
    this.#sourcesChanged.dispose();
    this.#files?.dispose();
    if (state.kind === "running") await state.client.dispose();
  }

  dispose(): void {
    this.stop().then(undefined, (error: unknown) => this.#log.warn(`stopping the language server: ${String(error)}`));
  }
}
