import {
  type CancellationToken,
  type Connection,
  ErrorCodes,
  LSPErrorCodes,
  ProgressType,
  ResponseError,
} from "vscode-languageserver/node";
import { type CallDrawingTexts, dataFlow } from "../analysis/index.ts";
import {
  type CallGraph,
  CallGraphParams,
  CallViewParams,
  type CallViewResult,
  CallViewTextParams,
  type DataFlow,
  DataFlowParams,
  GraphParams,
  type GraphResult,
  GraphTextParams,
  type GraphTextResult,
  METHODS,
  type ReadingProgress,
} from "../model/index.ts";
import type { Reading } from "./call-views.ts";
import type { Folder, Folders, Place } from "./folders.ts";
import { graphResult, graphText } from "./graphs.ts";
import { answered, cancellable, required, withSignal } from "./requests.ts";
import type { Texts } from "./texts.ts";

/** How far a reading of files is, under the token that a request named. */
const READING = new ProgressType<ReadingProgress>();

/** What the answers need of the editor. */
export interface AnalysesEnvironment {
  readonly folders: Folders;
  readonly texts: Texts;
  /** The version of an open document. */
  readonly versionOf: (uri: string) => number | null;
  /** What stands in drawn calls, in the language of the editor. */
  readonly callTexts: () => CallDrawingTexts;
  /** Runs work whose failure is only logged. */
  readonly background: (work: Promise<unknown>) => void;
}

/** Answers the requests for control flow, data flow and calls. */
export class Analyses {
  readonly #connection: Connection;
  readonly #editor: AnalysesEnvironment;

  constructor(connection: Connection, editor: AnalysesEnvironment) {
    this.#connection = connection;
    this.#editor = editor;
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
  }

  /** What is known of functions of other files, for the graph of one. */
  neverReturns(uri: string): ((path: string) => boolean) | undefined {
    const place = this.#editor.folders.placeOf(uri);
    return place?.folder.nevers.of(place.file, this.#unsaved(place.folder));
  }

  async #graph(params: unknown): Promise<GraphResult> {
    const asked = required(GraphParams, params, METHODS.graph);
    const source = await this.#editor.texts.source(asked.uri);
    return answered(graphResult(source, asked, this.#editor.versionOf(asked.uri), this.neverReturns(asked.uri)));
  }

  async #graphText(params: unknown): Promise<GraphTextResult> {
    const asked = required(GraphTextParams, params, METHODS.graphText);
    const source = await this.#editor.texts.source(asked.uri);
    return { text: answered(graphText(source, asked, asked.format, this.neverReturns(asked.uri))) };
  }

  async #dataFlow(params: unknown): Promise<DataFlow> {
    const { uri, ...query } = required(DataFlowParams, params, METHODS.dataFlow);
    const { text, module } = await this.#editor.texts.source(uri);
    const flow = dataFlow(text, module, query, { neverReturns: this.neverReturns(uri) });
    if (flow === null) throw new ResponseError(LSPErrorCodes.RequestFailed, "there is no such function");
    return flow;
  }

  async #callGraph(params: unknown, token: CancellationToken): Promise<CallGraph> {
    const { folder: uri } = required(CallGraphParams, params, METHODS.callGraph);
    const folder = this.#editor.folders.get(uri);
    if (folder === undefined) throw new ResponseError(ErrorCodes.InvalidParams, `no such folder: ${uri}`);
    return await withSignal(token, (signal) => folder.callGraphs.read(this.#unsaved(folder), signal));
  }

  async #callView(params: unknown, token: CancellationToken): Promise<CallViewResult> {
    const asked = required(CallViewParams, params, METHODS.callView);
    const { folder, file } = this.#place(asked.uri);
    const holder = await this.#holder(asked);
    return await withSignal(token, async (signal) => {
      const reading = this.#reading(folder, signal, asked.progress);
      return answered(await folder.callViews.view(file, asked, this.#editor.callTexts(), reading, holder));
    });
  }

  async #callViewText(params: unknown, token: CancellationToken): Promise<GraphTextResult> {
    const { format, ...asked } = required(CallViewTextParams, params, METHODS.callViewText);
    const { folder, file } = this.#place(asked.uri);
    const holder = await this.#holder(asked);
    return await withSignal(token, async (signal) => {
      const reading = this.#reading(folder, signal, asked.progress);
      return { text: answered(await folder.callViews.text(file, asked, format, reading, holder)) };
    });
  }

  #reading(folder: Folder, signal: AbortSignal, token: string | undefined): Reading {
    const progress = (done: number, of: number): void => {
      if (token !== undefined) this.#editor.background(this.#connection.sendProgress(READING, token, { done, of }));
    };
    return { overlay: this.#unsaved(folder), signal, progress };
  }

  /** The texts of a folder's open documents, by their relative paths. */
  #unsaved(folder: Folder): (file: string) => string | undefined {
    return this.#editor.texts.open((uri) => folder.fileOf(uri));
  }

  /** The innermost function around a line of the file that a request names, in the file's text of now. */
  async #holder({ uri, line }: CallViewParams): Promise<(line: number) => string | undefined> {
    const scopes = line === undefined ? [] : (await this.#editor.texts.source(uri)).scopes;
    return (at) => {
      const around = scopes.filter(
        ({ kind, firstLine, endLine }) => kind === "function" && firstLine <= at && at <= endLine,
      );
      return around.at(-1)?.qualname;
    };
  }

  #place(uri: string): Place {
    const place = this.#editor.folders.placeOf(uri);
    if (place !== undefined) return place;
    throw new ResponseError(
      LSPErrorCodes.RequestFailed,
      "calls are followed inside workspace folders, where this is not",
    );
  }
}
