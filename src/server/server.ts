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
  ProgressType,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceFolder,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { type IndexFile, indexBuild, indexPath } from "../discovery/index.ts";
import {
  analysisTools,
  type CapabilityExtension,
  type DiscoveringParams,
  DiscoverParams,
  type DiscoverProgress,
  type DiscoverResult,
  METHODS,
  type Problem,
  parseBoundary,
  ServerConfiguration,
  type SourcesChangedParams,
  type Tool,
  type ToolsChangedParams,
  WantedParams,
  WORKFLOW_FILE,
} from "../model/index.ts";
import { Analyses } from "./analyses.ts";
import { Changes } from "./changes.ts";
import { DEFAULTS } from "./defaults.ts";
import { type FolderListener, FolderTools, type ReportChange } from "./folder-tools.ts";
import { Folder, Folders } from "./folders.ts";
import { highlightsOf } from "./highlights.ts";
import { lenses } from "./lenses.ts";
import { pathOfUri } from "./places.ts";
import { portions } from "./portions.ts";
import { Problems } from "./problems.ts";
import { cancellable, orCancelled, required, withSignal } from "./requests.ts";
import { hoverOf, symbolsOf } from "./symbols.ts";
import { Texts } from "./texts.ts";
import type { DescribedFiles } from "./yaml/described-files.ts";

/** Files that describe tools and workflows. */
const DESCRIBED_FILE = /\.(?:tool|workflow)\.(?:ya?ml|json)$/i;
const DESCRIBED_PATTERN = "**/*.{tool,workflow}.{yaml,yml,json}";
/** What is typed before a name, a value or an expression in them. */
const TRIGGERS = [".", "{", " ", "'"];

/** Tools of a report, under the token that a request named. */
const DISCOVERED = new ProgressType<DiscoverProgress>();

/** The language server: reads folders and open documents, answers the editor, and says when tools change. */
export class Server {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #folders = new Folders();
  readonly #texts = new Texts(this.#documents);
  readonly #analyses: Analyses;
  readonly #problems: Problems;
  /** Help with files that describe tools and workflows; loaded with the first of them. */
  #described: Promise<DescribedFiles> | undefined;
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
    this.#analyses = new Analyses(connection, {
      folders: this.#folders,
      texts: this.#texts,
      versionOf: (uri) => this.#documents.get(uri)?.version ?? null,
      callTexts: () => this.#configuration.texts.calls,
      background: (work) => this.#background(work),
    });
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onRequest(
      METHODS.discover,
      cancellable((params: unknown, token) => this.#discover(params, token)),
    );
    connection.onCodeLens(
      cancellable(({ textDocument: { uri } }) => {
        const found = this.#lenses(uri);
        this.#lensesAnswered.set(uri, JSON.stringify(found));
        return found;
      }),
    );
    connection.onDocumentSymbol(
      cancellable(({ textDocument }) =>
        this.#texts.ofPython(textDocument.uri, (source) => symbolsOf(source, this.#configuration.texts)),
      ),
    );
    connection.onHover(
      cancellable(({ textDocument, position }) => {
        const document = this.#documents.get(textDocument.uri);
        if (document === undefined || document.languageId === "python") {
          return this.#texts.ofPython(textDocument.uri, (source) =>
            hoverOf(source, position, this.#configuration.texts),
          );
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
        return this.#texts.ofPython(textDocument.uri, (source) =>
          highlightsOf(source, position, this.#analyses.neverReturns(textDocument.uri)),
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
      const place = this.#folders.placeOf(uri);
      place?.folder.tools.saved(place.file);
    });
    this.#documents.onDidClose(({ document: { uri, languageId } }) => {
      this.#overlay(uri, undefined);
      this.#texts.forget(uri);
      this.#lensesAnswered.delete(uri);
      if (WORKFLOW_FILE.test(uri)) this.#background(this.#describedFiles().then((files) => files.forget(uri)));
      // What was not saved is gone.
      if (languageId === "python") this.#changed(uri, null);
    });
    this.#documents.listen(connection);
    connection.onNotification(METHODS.wanted, (params: unknown) => this.#wanted(params));
    connection.onShutdown(async () => {
      this.#changes.dispose();
      await Promise.all(this.#folders.all().map(({ tools }) => tools.dispose()));
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
    if (path === undefined || this.#folders.get(uri) !== undefined) return;
    const listener: FolderListener = {
      onReport: (changed, change) => this.#background(this.#tell(changed, change)),
      onFound: ({ uri: of }, found) => this.#background(this.#tellFound({ folder: of, ...found })),
      onError: (changed, error) => this.#connection.console.error(`${changed.path}: ${textOf(error)}`),
    };
    const capabilities = this.#configuration.capabilities[uri] ?? [];
    const tools = new FolderTools(uri, path, listener, this.#indexFile(path, capabilities), capabilities);
    tools.exclude(this.#configuration.exclude[uri] ?? []);
    const folder = new Folder(tools);
    this.#folders.add(folder);
    for (const document of this.#documents.all()) {
      const file = folder.fileOf(document.uri);
      if (file !== undefined) tools.setOverlay(file, document.getText());
    }
  }

  #close(uri: string): void {
    const folder = this.#folders.remove(uri);
    if (folder === undefined) return;
    this.#background(folder.tools.dispose());
    this.#background(this.#problems.forget(folder.tools));
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
    if (parsed.ok) this.#folders.get(parsed.value.folder)?.tools.prioritise(parsed.value.files);
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
    const place = this.#folders.placeOf(uri);
    place?.folder.changed();
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
    for (const { uri } of this.#folders.all()) {
      if (isDeepStrictEqual(before[uri] ?? [], parsed.value.capabilities[uri] ?? [])) continue;
      // Everything was found with the former table.
      this.#close(uri);
      this.#open({ uri, name: uri });
    }
    for (const { uri, tools } of this.#folders.all()) {
      tools.exclude(parsed.value.exclude[uri] ?? []);
      this.#background(this.#tell(tools, "tools"));
    }
  }

  async #discover(params: unknown, token: CancellationToken): Promise<DiscoverResult> {
    const { folder: uri, fresh = false, progress } = required(DiscoverParams, params, METHODS.discover);
    const folder = this.#folders.get(uri);
    if (folder === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `no such folder: ${uri}`);
    const { tools: known } = folder;
    const found = await withSignal(token, (signal) => orCancelled(known.discover(fresh, signal), token));
    // As it is now, with its number: what was found may be old already.
    const report = known.report ?? found;
    const { revision } = known;
    if (progress === undefined) return { ...report, revision };
    for (const tools of portions(report.tools)) {
      const part: DiscoverProgress = { tools };
      await this.#connection.sendProgress(DISCOVERED, progress, part);
      if (token.isCancellationRequested) break;
    }
    return { ...report, tools: [], revision };
  }

  #lenses(uri: string): CodeLens[] {
    const document = this.#documents.get(uri);
    if (document === undefined) return [];
    const place = this.#folders.placeOf(uri);
    const tools = place === undefined ? [] : place.folder.tools.toolsOf(place.file);
    const scopes = this.#texts.ofPython(uri, (source) => source.scopes) ?? [];
    return lenses({ uri, folder: place?.folder.uri }, scopes, tools, this.#configuration);
  }

  /** Tools that a file can name: those of its folder and those that are built in. */
  #toolsAround(uri: string): readonly Tool[] {
    return [...(this.#folders.placeOf(uri)?.folder.tools.report?.tools ?? []), ...analysisTools()];
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
    const place = this.#folders.placeOf(document.uri);
    const report = place?.folder.tools.report;
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
    const place = this.#folders.placeOf(uri);
    place?.folder.tools.setOverlay(place.file, text);
  }

  #touch(uri: string): void {
    const place = this.#folders.placeOf(uri);
    place?.folder.tools.touch(place.file);
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#connection.console.error(textOf(error)));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
