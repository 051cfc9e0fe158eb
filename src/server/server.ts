import { readFile } from "node:fs/promises";
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
import {
  DiscoverParams,
  type DiscoveryReport,
  GraphParams,
  type GraphResult,
  METHODS,
  parseBoundary,
  ServerConfiguration,
  type ToolsChangedParams,
} from "../model/index.ts";
import { FolderTools, type ReportChange } from "./folder-tools.ts";
import { graphOf, scopesOf } from "./graphs.ts";
import { type LensScope, lenses } from "./lenses.ts";
import { pathInFolder, pathOfUri } from "./places.ts";
import { Problems } from "./problems.ts";

/** What the server does until it is told otherwise. */
const DEFAULTS: ServerConfiguration = {
  exclude: {},
  lenses: { controlFlow: true, run: true },
  texts: { controlFlow: "Control flow · complexity {0}", run: "▶ Run {0}" },
};

/** The language server: reads folders and open documents, answers the editor, and says when tools change. */
export class Server {
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #folders = new Map<string, FolderTools>();
  readonly #problems: Problems;
  /** Scopes by document; gone with the version they were read from. */
  readonly #scopes = new WeakMap<TextDocument, { readonly version: number; readonly scopes: readonly LensScope[] }>();
  #configuration = DEFAULTS;
  #refreshesLenses: boolean = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#problems = new Problems(connection);
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onRequest(METHODS.discover, (params: unknown, token: CancellationToken) =>
      this.#discover(params, token),
    );
    connection.onRequest(METHODS.graph, (params: unknown) => this.#graph(params));
    connection.onNotification(METHODS.configure, (params: unknown) => this.#configure(params));
    connection.onCodeLens(({ textDocument }) => this.#lenses(textDocument.uri));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      for (const { uri } of changes) this.#touch(uri);
    });
    this.#documents.onDidChangeContent(({ document }) => this.#overlay(document.uri, document.getText()));
    this.#documents.onDidClose(({ document }) => this.#overlay(document.uri, undefined));
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
    const folder = this.#folders.get(uri);
    if (folder === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `no such folder: ${uri}`);
    return await orCancelled(folder.discover(fresh), token);
  }

  async #graph(params: unknown): Promise<GraphResult> {
    const asked = required(GraphParams, params, METHODS.graph);
    const found = graphOf(await this.#textOf(asked.uri), asked);
    if (!found.ok) throw new ResponseError(LSPErrorCodes.RequestFailed, found.problem.message);
    return found.value;
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
    const scopes = document.languageId === "python" ? this.#scopesOf(document) : [];
    return lenses({ uri, folder: place?.folder.uri }, scopes, tools, this.#configuration);
  }

  #scopesOf(document: TextDocument): readonly LensScope[] {
    const known = this.#scopes.get(document);
    if (known?.version === document.version) return known.scopes;
    const scopes = scopesOf(document.getText());
    this.#scopes.set(document, { version: document.version, scopes });
    return scopes;
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

/** The work's outcome, or the protocol's error as soon as the request is cancelled. */
async function orCancelled<T>(work: Promise<T>, token: CancellationToken): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const cancel = (): void => reject(new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled"));
    if (token.isCancellationRequested) cancel();
    const listener = token.onCancellationRequested(cancel);
    work.then(resolve, reject).finally(() => listener.dispose());
  });
}
