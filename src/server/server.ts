import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import {
  type CancellationToken,
  type CodeLens,
  CodeLensRefreshRequest,
  CompletionRequest,
  type Connection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  ProgressType,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceFolder,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { dataFlow } from "../analysis/index.ts";
import { type IndexFile, indexBuild, indexPath } from "../discovery/index.ts";
import {
  analysisTools,
  type CallGraph,
  CallGraphParams,
  CallViewParams,
  type CallViewResult,
  CallViewTextParams,
  type CapabilityExtension,
  type DataFlow,
  DataFlowParams,
  type DiscoveringParams,
  DiscoverParams,
  type DiscoverProgress,
  type DiscoverResult,
  GraphParams,
  type GraphResult,
  GraphTextParams,
  type GraphTextResult,
  METHODS,
  type Problem,
  parseBoundary,
  type ReadingProgress,
  ServerConfiguration,
  type SourcesChangedParams,
  type Tool,
  type ToolsChangedParams,
  WantedParams,
  WORKFLOW_FILE,
} from "../model/index.ts";
import { decodeSource } from "../python/index.ts";
import { CallGraphs } from "./call-graphs.ts";
import { CallViews, type Reading } from "./call-views.ts";
import { Changes } from "./changes.ts";
import { type FolderListener, FolderTools, type ReportChange } from "./folder-tools.ts";
import { graphResult, graphText } from "./graphs.ts";
import { highlightsOf } from "./highlights.ts";
import { lenses } from "./lenses.ts";
import { FolderNevers } from "./never.ts";
import { pathInFolder, pathOfUri } from "./places.ts";
import { portions } from "./portions.ts";
import { Problems } from "./problems.ts";
import { answered, cancellable, orCancelled, required, withSignal } from "./requests.ts";
import { type Source, Sources } from "./sources.ts";
import { hoverOf, symbolsOf } from "./symbols.ts";
import type { DescribedFiles } from "./yaml/described-files.ts";

/** What the server does until it is told otherwise. */
const DEFAULTS: ServerConfiguration = {
  exclude: {},
  capabilities: {},
  lenses: { controlFlow: true, callGraph: true, run: true },
  highlights: true,
  texts: {
    controlFlow: "Control flow · complexity {0}",
    callGraph: "Calls",
    calls: { external: "out of the workspace: {0}", unknown: "not resolved: {0}", module: "module {0}" },
    run: "▶ Run {0}",
    symbol: "complexity {0} · cognitive {1}",
    lines: "lines {0} to {1}",
    metrics: {
      cyclomatic: { name: "Cyclomatic complexity", meaning: "" },
      cognitive: { name: "Cognitive complexity", meaning: "" },
    },
  },
};

/** Files that describe tools and workflows. */
const DESCRIBED_FILE = /\.(?:tool|workflow)\.(?:ya?ml|json)$/i;
const DESCRIBED_PATTERN = "**/*.{tool,workflow}.{yaml,yml,json}";
/** What is typed before a name, a value or an expression in them. */
const TRIGGERS = [".", "{", " ", "'"];

/** Tools of a report, under the token that a request named. */
const DISCOVERED = new ProgressType<DiscoverProgress>();

/** How far a reading of files is, under the token that a request named. */
const READING = new ProgressType<ReadingProgress>();

/** The language server: reads folders and open documents, answers the editor, and says when tools change. */
export class Server {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #folders = new Map<string, FolderTools>();
  readonly #problems: Problems;
  /** Help with files that describe tools and workflows; loaded with the first of them. */
  #described: Promise<DescribedFiles> | undefined;
  readonly #sources = new Sources();
  readonly #nevers = new WeakMap<FolderTools, FolderNevers>();
  readonly #calls = new WeakMap<FolderTools, { readonly graphs: CallGraphs; readonly views: CallViews }>();
  readonly #changes = new Changes((changes) => this.#background(this.#tellChanges(changes)));
  /** The lenses that the editor has of each open document. */
  readonly #lensesAnswered = new Map<string, string>();
  #configuration = DEFAULTS;
  #refreshesLenses: boolean = false;
  #followsFolders: boolean = false;
  #registersLater: boolean = false;

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
    connection.onRequest(
      METHODS.callView,
      cancellable((params: unknown, token) => this.#callView(params, token)),
    );
    connection.onRequest(
      METHODS.callViewText,
      cancellable((params: unknown, token) => this.#callViewText(params, token)),
    );
    connection.onCodeLens(
      cancellable(({ textDocument: { uri } }) => {
        const found = this.#lenses(uri);
        this.#lensesAnswered.set(uri, JSON.stringify(found));
        return found;
      }),
    );
    connection.onDocumentSymbol(
      cancellable(({ textDocument }) => this.#ofPython(textDocument.uri, (source) => symbolsOf(source, this.#texts))),
    );
    connection.onHover(
      cancellable(({ textDocument, position }) => {
        const document = this.#documents.get(textDocument.uri);
        if (document === undefined || document.languageId === "python") {
          return this.#ofPython(textDocument.uri, (source) => hoverOf(source, position, this.#texts));
        }
        return this.#ofDescribed(document, (files) => files.hover(document, position, this.#toolsAround(document.uri)));
      }),
    );
    connection.onCompletion(
      cancellable(({ textDocument, position }) => {
        const document = this.#documents.get(textDocument.uri);
        if (document === undefined) return null;
        const tools = this.#toolsAround(document.uri);
        return this.#ofDescribed(document, (files) => files.completion(document, position, tools));
      }),
    );
    connection.onDocumentHighlight(
      cancellable(({ textDocument, position }) => {
        if (!this.#configuration.highlights) return null;
        return this.#ofPython(textDocument.uri, (source) =>
          highlightsOf(source, position, this.#neverReturns(textDocument.uri)),
        );
      }),
    );
    connection.onNotification(METHODS.configure, (params: unknown) => this.#configure(params));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      for (const { uri } of changes) this.#changedOnDisk(uri);
    });
    this.#documents.onDidChangeContent(({ document }) => {
      this.#overlay(document.uri, document.getText());
      if (document.languageId === "python") this.#changed(document.uri, document.version);
      else this.#checkWorkflow(document);
    });
    this.#documents.onDidSave(({ document: { uri } }) => {
      const place = this.#placeOf(uri);
      place?.folder.saved(place.file);
    });
    this.#documents.onDidClose(({ document: { uri, languageId } }) => {
      this.#overlay(uri, undefined);
      this.#sources.forget(uri);
      this.#lensesAnswered.delete(uri);
      if (WORKFLOW_FILE.test(uri)) this.#background(this.#describedFiles().then((files) => files.forget(uri)));
      // What was not saved is gone.
      if (languageId === "python") this.#changed(uri, null);
    });
    this.#documents.listen(connection);
    connection.onNotification(METHODS.wanted, (params: unknown) => this.#wanted(params));
    connection.onShutdown(async () => {
      this.#changes.dispose();
      await Promise.all([...this.#folders.values()].map((folder) => folder.dispose()));
    });
  }

  listen(): void {
    this.#connection.listen();
  }

  #initialize(params: InitializeParams): InitializeResult {
    this.#refreshesLenses = params.capabilities.workspace?.codeLens?.refreshSupport === true;
    this.#followsFolders = params.capabilities.workspace?.workspaceFolders === true;
    this.#registersLater = params.capabilities.textDocument?.completion?.dynamicRegistration === true;
    // Other editors than ours may have none.
    if (params.initializationOptions !== undefined) this.#configure(params.initializationOptions);
    for (const folder of params.workspaceFolders ?? []) this.#open(folder);
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        codeLensProvider: { resolveProvider: false },
        documentSymbolProvider: { label: "Toka" },
        hoverProvider: true,
        documentHighlightProvider: true,
        // Only for the files that we complete, where the editor can be told so: Python is other servers' to complete.
        ...(this.#registersLater ? {} : { completionProvider: { triggerCharacters: TRIGGERS } }),
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: "Toka" },
    };
  }

  #initialized(): void {
    if (this.#registersLater) {
      const options = { documentSelector: [{ pattern: DESCRIBED_PATTERN }], triggerCharacters: TRIGGERS };
      this.#background(this.#connection.client.register(CompletionRequest.type, options));
    }
    if (!this.#followsFolders) return;
    this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const folder of added) this.#open(folder);
      for (const { uri } of removed) this.#close(uri);
    });
  }

  #open({ uri }: WorkspaceFolder): void {
    const path = pathOfUri(uri);
    if (path === undefined || this.#folders.has(uri)) return;
    const listener: FolderListener = {
      onReport: (changed, change) => this.#background(this.#tell(changed, change)),
      onFound: ({ uri: of }, found) => this.#background(this.#tellFound({ folder: of, ...found })),
      onError: (changed, error) => this.#connection.console.error(`${changed.path}: ${textOf(error)}`),
    };
    const capabilities = this.#configuration.capabilities[uri] ?? [];
    const folder = new FolderTools(uri, path, listener, this.#indexFile(path, capabilities), capabilities);
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
    this.#background(folder.dispose());
    this.#background(this.#problems.forget(folder));
  }

  /** Where what is known of a folder outlives this process; nowhere when the editor names no place. */
  #indexFile(path: string, capabilities: readonly CapabilityExtension[]): IndexFile | undefined {
    const { indexFolder } = this.#configuration;
    const build = indexBuild(capabilities);
    if (indexFolder === undefined || build === undefined) return undefined;
    const onProblem = ({ message }: Problem): void => this.#connection.console.warn(message);
    return { path: indexPath(indexFolder, path), build, onProblem };
  }

  async #tellFound(found: DiscoveringParams): Promise<void> {
    await this.#connection.sendNotification(METHODS.discovering, found);
  }

  #wanted(params: unknown): void {
    const parsed = parseBoundary(WantedParams, params, METHODS.wanted);
    if (parsed.ok) this.#folders.get(parsed.value.folder)?.prioritise(parsed.value.files);
    else this.#connection.console.warn(parsed.problem.message);
  }

  /** Passes on what a folder found. */
  async #tell(folder: FolderTools, change: ReportChange): Promise<void> {
    const delta = change === "first" ? undefined : folder.takeDelta();
    if (delta !== undefined) {
      const params: ToolsChangedParams = { folder: folder.uri, ...delta };
      await this.#connection.sendNotification(METHODS.toolsChanged, params);
    }
    await this.#problems.publish(folder);
    // What a workflow says of tools may be right or wrong now.
    if (change !== "none") for (const document of this.#documents.all()) this.#checkWorkflow(document);
    if (this.#refreshesLenses && change !== "none") await this.#connection.sendRequest(CodeLensRefreshRequest.type);
  }

  #changedOnDisk(uri: string): void {
    this.#touch(uri);
    // While a document is open, its text counts.
    if (uri.endsWith(".py") && this.#documents.get(uri) === undefined) this.#changed(uri, null);
  }

  #changed(uri: string, version: number | null): void {
    const place = this.#placeOf(uri);
    if (place !== undefined) this.#calls.get(place.folder)?.views.touch();
    this.#changes.add(uri, version);
  }

  /** Reads the new texts, then says so: whoever asks finds them read. */
  async #tellChanges(changes: SourcesChangedParams["changes"]): Promise<void> {
    let isOtherLenses = false;
    for (const { uri } of changes) {
      const document = this.#documents.get(uri);
      if (document === undefined) continue;
      const before = this.#lensesAnswered.get(uri);
      isOtherLenses ||= before !== undefined && before !== JSON.stringify(this.#lenses(uri));
    }
    const params: SourcesChangedParams = { changes };
    await this.#connection.sendNotification(METHODS.sourcesChanged, params);
    if (this.#refreshesLenses && isOtherLenses) await this.#connection.sendRequest(CodeLensRefreshRequest.type);
  }

  #configure(params: unknown): void {
    const parsed = parseBoundary(ServerConfiguration, params, METHODS.configure);
    if (!parsed.ok) {
      this.#connection.console.warn(parsed.problem.message);
      return;
    }
    const before = this.#configuration.capabilities;
    this.#configuration = parsed.value;
    for (const uri of [...this.#folders.keys()]) {
      if (isDeepStrictEqual(before[uri] ?? [], parsed.value.capabilities[uri] ?? [])) continue;
      // Everything was found with the former table.
      this.#close(uri);
      this.#open({ uri, name: uri });
    }
    for (const folder of this.#folders.values()) {
      folder.exclude(parsed.value.exclude[folder.uri] ?? []);
      this.#background(this.#tell(folder, "tools"));
    }
  }

  async #discover(params: unknown, token: CancellationToken): Promise<DiscoverResult> {
    const { folder: uri, fresh = false, progress } = required(DiscoverParams, params, METHODS.discover);
    const folder = this.#folder(uri);
    const found = await withSignal(token, (signal) => orCancelled(folder.discover(fresh, signal), token));
    // As it is now, with its number: what was found may be old already.
    const report = folder.report ?? found;
    const { revision } = folder;
    if (progress === undefined) return { ...report, revision };
    for (const tools of portions(report.tools)) {
      const part: DiscoverProgress = { tools };
      await this.#connection.sendProgress(DISCOVERED, progress, part);
      if (token.isCancellationRequested) break;
    }
    return { ...report, tools: [], revision };
  }

  async #graph(params: unknown): Promise<GraphResult> {
    const asked = required(GraphParams, params, METHODS.graph);
    const source = await this.#sourceOf(asked.uri);
    return answered(
      graphResult(source, asked, this.#documents.get(asked.uri)?.version ?? null, this.#neverReturns(asked.uri)),
    );
  }

  async #graphText(params: unknown): Promise<GraphTextResult> {
    const asked = required(GraphTextParams, params, METHODS.graphText);
    return {
      text: answered(graphText(await this.#sourceOf(asked.uri), asked, asked.format, this.#neverReturns(asked.uri))),
    };
  }

  async #dataFlow(params: unknown): Promise<DataFlow> {
    const { uri, ...query } = required(DataFlowParams, params, METHODS.dataFlow);
    const { text, module } = await this.#sourceOf(uri);
    const flow = dataFlow(text, module, query, { neverReturns: this.#neverReturns(uri) });
    if (flow === null) throw new ResponseError(LSPErrorCodes.RequestFailed, "there is no such function");
    return flow;
  }

  /** What is known of functions of other files, for the graph of one. */
  #neverReturns(uri: string): ((path: string) => boolean) | undefined {
    const place = this.#placeOf(uri);
    if (place === undefined) return undefined;
    const { folder, file } = place;
    const nevers = this.#nevers.get(folder) ?? new FolderNevers(folder.path);
    this.#nevers.set(folder, nevers);
    return nevers.of(file, this.#unsaved(folder));
  }

  async #callGraph(params: unknown, token: CancellationToken): Promise<CallGraph> {
    const { folder: uri } = required(CallGraphParams, params, METHODS.callGraph);
    const folder = this.#folder(uri);
    const { graphs } = this.#callsOf(folder);
    return await withSignal(token, (signal) => graphs.read(this.#unsaved(folder), signal));
  }

  async #callView(params: unknown, token: CancellationToken): Promise<CallViewResult> {
    const asked = required(CallViewParams, params, METHODS.callView);
    const { folder, file } = this.#placeInFolder(asked.uri);
    const holder = await this.#holder(asked);
    return await withSignal(token, async (signal) => {
      const reading = this.#reading(folder, signal, asked.progress);
      return answered(await this.#callsOf(folder).views.view(file, asked, this.#texts.calls, reading, holder));
    });
  }

  async #callViewText(params: unknown, token: CancellationToken): Promise<GraphTextResult> {
    const { format, ...asked } = required(CallViewTextParams, params, METHODS.callViewText);
    const { folder, file } = this.#placeInFolder(asked.uri);
    const holder = await this.#holder(asked);
    return await withSignal(token, async (signal) => {
      const reading = this.#reading(folder, signal, asked.progress);
      return { text: answered(await this.#callsOf(folder).views.text(file, asked, format, reading, holder)) };
    });
  }

  #callsOf(folder: FolderTools): { readonly graphs: CallGraphs; readonly views: CallViews } {
    const known = this.#calls.get(folder);
    if (known !== undefined) return known;
    const graphs = new CallGraphs(folder.path);
    const made = { graphs, views: new CallViews(folder.path, graphs) };
    this.#calls.set(folder, made);
    return made;
  }

  #reading(folder: FolderTools, signal: AbortSignal, token: string | undefined): Reading {
    const tell = (done: number, of: number): void => {
      if (token !== undefined) this.#background(this.#connection.sendProgress(READING, token, { done, of }));
    };
    return { overlay: this.#unsaved(folder), signal, progress: tell };
  }

  /** The texts of a folder's open documents, as they are now, by their relative paths. */
  #unsaved(folder: FolderTools): (file: string) => string | undefined {
    const texts = new Map(
      this.#documents.all().flatMap((document) => {
        const file = this.#fileIn(folder, document.uri);
        return file === undefined ? [] : [[file, document.getText()] as const];
      }),
    );
    return (file) => texts.get(file);
  }

  /** The innermost function around a line of the file that a request names, in the file's text of now. */
  async #holder({ uri, line }: CallViewParams): Promise<(line: number) => string | undefined> {
    const scopes = line === undefined ? [] : (await this.#sourceOf(uri)).scopes;
    return (at) => {
      const around = scopes.filter(
        ({ kind, firstLine, endLine }) => kind === "function" && firstLine <= at && at <= endLine,
      );
      return around.at(-1)?.qualname;
    };
  }

  #placeInFolder(uri: string): { readonly folder: FolderTools; readonly file: string } {
    const place = this.#placeOf(uri);
    if (place !== undefined) return place;
    throw new ResponseError(
      LSPErrorCodes.RequestFailed,
      "calls are followed inside workspace folders, where this is not",
    );
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
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ResponseError(LSPErrorCodes.RequestFailed, `${path} cannot be read: ${why}`);
    }
    return answered(decodeSource(bytes));
  }

  #lenses(uri: string): CodeLens[] {
    const document = this.#documents.get(uri);
    if (document === undefined) return [];
    const place = this.#placeOf(uri);
    const tools = place === undefined ? [] : place.folder.toolsOf(place.file);
    const scopes = this.#ofPython(uri, (source) => source.scopes) ?? [];
    return lenses({ uri, folder: place?.folder.uri }, scopes, tools, this.#configuration);
  }

  /** Tools that a file can name: those of its folder and those that are built in. */
  #toolsAround(uri: string): readonly Tool[] {
    return [...(this.#placeOf(uri)?.folder.report?.tools ?? []), ...analysisTools()];
  }

  #describedFiles(): Promise<DescribedFiles> {
    this.#described ??= import("./yaml/described-files.ts").then(
      (module) => new module.DescribedFiles(this.#connection),
    );
    return this.#described;
  }

  /** Answers from an open file that describes a tool or a workflow; of others there is nothing to say. */
  async #ofDescribed<R>(document: TextDocument, answer: (files: DescribedFiles) => R): Promise<R | null> {
    return DESCRIBED_FILE.test(document.uri) ? answer(await this.#describedFiles()) : null;
  }

  /** Before the folder was read, every tool would be unknown: then nothing is said yet. */
  #checkWorkflow(document: TextDocument): void {
    const place = this.#placeOf(document.uri);
    const report = place?.folder.report;
    if (place === undefined || report === undefined || !WORKFLOW_FILE.test(document.uri)) return;
    const { version } = document;
    const publish = async (): Promise<void> => {
      const files = await this.#describedFiles();
      const isOpen = this.#documents.get(document.uri)?.version === version;
      // A newer text is checked by itself.
      if (isOpen) await files.publish(document, place.file, report.tools);
    };
    this.#background(publish());
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
