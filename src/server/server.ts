import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import {
  type CancellationToken,
  type CodeLens,
  CodeLensRefreshRequest,
  type Connection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceFolder,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type * as z from "zod";
import { dataFlow } from "../analysis/index.ts";
import {
  type CallGraph,
  CallGraphParams,
  type DataFlow,
  DataFlowParams,
  DiscoverParams,
  type DiscoveryReport,
  GraphParams,
  type GraphResult,
  GraphTextParams,
  type GraphTextResult,
  METHODS,
  parseBoundary,
  type Result,
  ServerConfiguration,
  type ToolsChangedParams,
} from "../model/index.ts";
import { CallGraphs } from "./call-graphs.ts";
import { FolderTools, type ReportChange } from "./folder-tools.ts";
import { graphResult, graphText } from "./graphs.ts";
import { highlightsOf } from "./highlights.ts";
import { lenses } from "./lenses.ts";
import { pathInFolder, pathOfUri } from "./places.ts";
import { Problems } from "./problems.ts";
import { type Source, Sources } from "./sources.ts";
import { hoverOf, symbolsOf } from "./symbols.ts";

/** What the server does until it is told otherwise. */
const DEFAULTS: ServerConfiguration = {
  exclude: {},
  lenses: { controlFlow: true, run: true },
  highlights: true,
  texts: {
    controlFlow: "Control flow · complexity {0}",
    run: "▶ Run {0}",
    symbol: "complexity {0} · cognitive {1}",
    lines: "lines {0} to {1}",
    metrics: {
      cyclomatic: { name: "Cyclomatic complexity", meaning: "" },
      cognitive: { name: "Cognitive complexity", meaning: "" },
    },
  },
};

/** A request's answer; `params` come unchecked from requests of our own, and checked by the protocol from the others. */
type Answer<P, R> = (params: P, token: CancellationToken) => R | Promise<R>;

/** The language server: reads folders and open documents, answers the editor, and says when tools change. */
export class Server {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #folders = new Map<string, FolderTools>();
  readonly #problems: Problems;
  readonly #sources = new Sources();
  readonly #callGraphs = new WeakMap<FolderTools, CallGraphs>();
  #configuration = DEFAULTS;
  #refreshesLenses: boolean = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#problems = new Problems(connection);
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onRequest(
      METHODS.discover,
      cancellable((params: unknown, token) => this.#discover(params, token)),
    );
    connection.onRequest(
      METHODS.graph,
      cancellable((params: unknown) => this.#graph(params)),
    );
    connection.onRequest(
      METHODS.graphText,
      cancellable((params: unknown) => this.#graphText(params)),
    );
    connection.onRequest(
      METHODS.dataFlow,
      cancellable((params: unknown) => this.#dataFlow(params)),
    );
    connection.onRequest(
      METHODS.callGraph,
      cancellable((params: unknown, token) => this.#callGraph(params, token)),
    );
    connection.onCodeLens(cancellable(({ textDocument }) => this.#lenses(textDocument.uri)));
    connection.onDocumentSymbol(
      cancellable(({ textDocument }) => this.#ofPython(textDocument.uri, (source) => symbolsOf(source, this.#texts))),
    );
    connection.onHover(
      cancellable(({ textDocument, position }) =>
        this.#ofPython(textDocument.uri, (source) => hoverOf(source, position, this.#texts)),
      ),
    );
    connection.onDocumentHighlight(
      cancellable(({ textDocument, position }) => {
        if (!this.#configuration.highlights) return null;
        return this.#ofPython(textDocument.uri, (source) => highlightsOf(source, position));
      }),
    );
    connection.onNotification(METHODS.configure, (params: unknown) => this.#configure(params));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      for (const { uri } of changes) this.#touch(uri);
    });
    this.#documents.onDidChangeContent(({ document }) => this.#overlay(document.uri, document.getText()));
    this.#documents.onDidClose(({ document }) => {
      this.#overlay(document.uri, undefined);
      this.#sources.forget(document.uri);
    });
    this.#documents.listen(connection);
  }

  listen(): void {
    this.#connection.listen();
  }

  #initialize(params: InitializeParams): InitializeResult {
    this.#refreshesLenses = params.capabilities.workspace?.codeLens?.refreshSupport === true;
    const configuration = parseBoundary(ServerConfiguration, params.initializationOptions, "initialization options");
    if (configuration.ok) this.#configuration = configuration.value;
    else this.#connection.console.warn(configuration.problem.message);
    for (const folder of params.workspaceFolders ?? []) this.#open(folder);
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        codeLensProvider: { resolveProvider: false },
        documentSymbolProvider: { label: "Toka" },
        hoverProvider: true,
        documentHighlightProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: "Toka" },
    };
  }

  #initialized(): void {
    this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const folder of added) this.#open(folder);
      for (const { uri } of removed) this.#close(uri);
    });
  }

  #open({ uri }: WorkspaceFolder): void {
    const path = pathOfUri(uri);
    if (path === undefined || this.#folders.has(uri)) return;
    const folder = new FolderTools(uri, path, {
      onReport: (changed, change) => this.#background(this.#tell(changed, change)),
      onError: (changed, error) => this.#connection.console.error(`${changed.path}: ${textOf(error)}`),
    });
    folder.exclude(this.#configuration.exclude[uri] ?? []);
    this.#folders.set(uri, folder);
    for (const document of this.#documents.all()) {
      const file = this.#fileIn(folder, document.uri);
      if (file !== undefined) folder.setOverlay(file, document.getText());
    }
  }

  #close(uri: string): void {
    const folder = this.#folders.get(uri);
    if (folder === undefined) return;
    this.#folders.delete(uri);
    folder.dispose();
    this.#background(this.#problems.forget(folder));
  }

  /** Passes on what a folder found. */
  async #tell(folder: FolderTools, change: ReportChange): Promise<void> {
    await this.#problems.publish(folder);
    const params: ToolsChangedParams = { folder: folder.uri };
    if (change === "tools") await this.#connection.sendNotification(METHODS.toolsChanged, params);
    if (this.#refreshesLenses && change !== "none") await this.#connection.sendRequest(CodeLensRefreshRequest.type);
  }

  #configure(params: unknown): void {
    const parsed = parseBoundary(ServerConfiguration, params, METHODS.configure);
    if (!parsed.ok) {
      this.#connection.console.warn(parsed.problem.message);
      return;
    }
    this.#configuration = parsed.value;
    for (const folder of this.#folders.values()) {
      folder.exclude(parsed.value.exclude[folder.uri] ?? []);
      this.#background(this.#tell(folder, "tools"));
    }
  }

  async #discover(params: unknown, token: CancellationToken): Promise<DiscoveryReport> {
    const { folder: uri, fresh = false } = required(DiscoverParams, params, METHODS.discover);
    return await orCancelled(this.#folder(uri).discover(fresh), token);
  }

  async #graph(params: unknown): Promise<GraphResult> {
    const asked = required(GraphParams, params, METHODS.graph);
    return answered(graphResult(await this.#sourceOf(asked.uri), asked));
  }

  async #graphText(params: unknown): Promise<GraphTextResult> {
    const asked = required(GraphTextParams, params, METHODS.graphText);
    return { text: answered(graphText(await this.#sourceOf(asked.uri), asked, asked.format)) };
  }

  async #dataFlow(params: unknown): Promise<DataFlow> {
    const { uri, ...query } = required(DataFlowParams, params, METHODS.dataFlow);
    const { text, module } = await this.#sourceOf(uri);
    const flow = dataFlow(text, module, query);
    if (flow === null) throw new ResponseError(LSPErrorCodes.RequestFailed, "there is no such function");
    return flow;
  }

  async #callGraph(params: unknown, token: CancellationToken): Promise<CallGraph> {
    const { folder: uri } = required(CallGraphParams, params, METHODS.callGraph);
    const folder = this.#folder(uri);
    const graphs = this.#callGraphs.get(folder) ?? new CallGraphs(folder.path);
    this.#callGraphs.set(folder, graphs);
    const unsaved = new Map(
      this.#documents.all().flatMap((document) => {
        const file = this.#fileIn(folder, document.uri);
        return file === undefined ? [] : [[file, document.getText()] as const];
      }),
    );
    const stop = new AbortController();
    const listener = token.onCancellationRequested(() => stop.abort());
    try {
      return await graphs.read((file) => unsaved.get(file), stop.signal);
    } catch (error) {
      if (stop.signal.aborted) throw cancelled();
      throw error;
    } finally {
      listener.dispose();
    }
  }

  #folder(uri: string): FolderTools {
    const folder = this.#folders.get(uri);
    if (folder === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `no such folder: ${uri}`);
    return folder;
  }

  get #texts(): ServerConfiguration["texts"] {
    return this.#configuration.texts;
  }

  /** Answers from an open Python document; of others there is nothing to say. */
  #ofPython<R>(uri: string, answer: (source: Source) => R): R | null {
    const document = this.#documents.get(uri);
    return document?.languageId === "python" ? answer(this.#sources.get(uri, document.getText())) : null;
  }

  async #sourceOf(uri: string): Promise<Source> {
    return this.#sources.get(uri, await this.#textOf(uri));
  }

  /** The text as it stands in the editor, else in the file. */
  async #textOf(uri: string): Promise<string> {
    const document = this.#documents.get(uri);
    if (document !== undefined) return document.getText();
    const path = pathOfUri(uri);
    if (path === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `${uri} is not open`);
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ResponseError(LSPErrorCodes.RequestFailed, `${path} cannot be read: ${why}`);
    }
  }

  #lenses(uri: string): CodeLens[] {
    const document = this.#documents.get(uri);
    if (document === undefined) return [];
    const place = this.#placeOf(uri);
    const tools = place === undefined ? [] : place.folder.toolsOf(place.file);
    const scopes = this.#ofPython(uri, (source) => source.scopes) ?? [];
    return lenses({ uri, folder: place?.folder.uri }, scopes, tools, this.#configuration);
  }

  #overlay(uri: string, text: string | undefined): void {
    const place = this.#placeOf(uri);
    place?.folder.setOverlay(place.file, text);
  }

  #touch(uri: string): void {
    const place = this.#placeOf(uri);
    place?.folder.touch(place.file);
  }

  /** The innermost workspace folder that holds a file, and the file's place in it. */
  #placeOf(uri: string): { readonly folder: FolderTools; readonly file: string } | undefined {
    const folders = [...this.#folders.values()].toSorted((a, b) => b.path.length - a.path.length);
    for (const folder of folders) {
      const file = this.#fileIn(folder, uri);
      if (file !== undefined) return { folder, file };
    }
    return undefined;
  }

  #fileIn(folder: FolderTools, uri: string): string | undefined {
    const path = pathOfUri(uri);
    return path === undefined ? undefined : pathInFolder(folder.path, path);
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#connection.console.error(textOf(error)));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function required<S extends z.ZodType>(schema: S, params: unknown, method: string): z.infer<S> {
  const parsed = parseBoundary(schema, params, method);
  if (!parsed.ok) throw new ResponseError(ErrorCodes.InvalidParams, parsed.problem.message);
  return parsed.value;
}

function answered<T>(result: Result<T>): T {
  if (!result.ok) throw new ResponseError(LSPErrorCodes.RequestFailed, result.problem.message);
  return result.value;
}

function cancelled(): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
}

/**
 * An answer that is not worked out when nobody waits for it any more: what has arrived since the request (its own
 * cancellation, a newer text) is heard first.
 */
function cancellable<P, R>(answer: Answer<P, R>): (params: P, token: CancellationToken) => Promise<R> {
  return async (params, token) => {
    await turn();
    if (token.isCancellationRequested) throw cancelled();
    return await answer(params, token);
  };
}

/** The work's outcome, or the protocol's error as soon as the request is cancelled. */
async function orCancelled<T>(work: Promise<T>, token: CancellationToken): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const cancel = (): void => reject(cancelled());
    if (token.isCancellationRequested) cancel();
    const listener = token.onCancellationRequested(cancel);
    work.then(resolve, reject).finally(() => listener.dispose());
  });
}
