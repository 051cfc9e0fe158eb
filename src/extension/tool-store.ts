import {
  type CancellationToken,
  CancellationTokenSource,
  Disposable,
  EventEmitter,
  type LogOutputChannel,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from "vscode";
import {
  analysisTools,
  type DiscoveringParams,
  type DiscoveryReport,
  type Problem,
  type Tool,
  type ToolReference,
  type ToolsChangedParams,
} from "../model/index.ts";
import { VIEWS } from "./contributions.ts";
import type { LanguageServer } from "./language-server.ts";
import { changedReport } from "./report.ts";
import type { ToolProviders } from "./tool-providers.ts";

/** A tool with the workspace folder it lies in. */
export interface LocatedTool {
  readonly folder: WorkspaceFolder;
  readonly tool: Tool;
}

/** What a first reading has found so far. */
export interface PartialReport {
  readonly tools: readonly Tool[];
  /** Files that may hold tools and have not been read yet. */
  readonly waiting: ReadonlySet<string>;
}

/** What is known of one workspace folder. A refresh keeps the report that was there before. */
export type FolderState =
  | { readonly kind: "loading"; readonly report?: DiscoveryReport; readonly partial?: PartialReport }
  | { readonly kind: "ready"; readonly report: DiscoveryReport; readonly revision: number }
  | { readonly kind: "failed"; readonly problem: Problem; readonly report?: DiscoveryReport };

/** How often, in milliseconds, tools are shown of a report that is still coming. */
const SHOW_MS = 100;

/** The tools of all workspace folders, as the language server last told them. */
export class ToolStore implements Disposable {
  readonly #server: LanguageServer;
  readonly #providers: ToolProviders;
  readonly #log: LogOutputChannel;
  readonly #states = new Map<string, FolderState>();
  readonly #requests = new Map<string, CancellationTokenSource>();
  /** Tools of reports that are still coming, not shown yet. */
  readonly #coming = new Map<string, { readonly tools: Tool[]; readonly told: number }>();
  /** Changes that were told while a report was coming. */
  readonly #missed = new Map<string, readonly ToolsChangedParams[]>();
  /** By folder whose results are being brought up to date, what ends telling so. */
  readonly #behind = new Map<string, () => void>();
  readonly #builtins = analysisTools();
  readonly #changed = new EventEmitter<void>();
  readonly #subscriptions: Disposable;

  readonly onDidChange = this.#changed.event;

  /** @param providers tools of other extensions, which count among those of each folder */
  constructor(server: LanguageServer, providers: ToolProviders, log: LogOutputChannel) {
    this.#server = server;
    this.#providers = providers;
    this.#log = log;
    this.#subscriptions = Disposable.from(
      providers.onDidChange(() => this.#changed.fire()),
      server.onDiscovering((found) => this.#add(found)),
      server.onToolsChanged((change) => this.#follow(change)),
      workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) this.#forget(uri);
        this.#reload(
          added.map(({ uri }) => uri),
          false,
        );
        this.#changed.fire();
      }),
    );
  }

  /** Asks the server for all folders; with `fresh` it reads the files anew. */
  async refresh(fresh: boolean, token?: CancellationToken): Promise<void> {
    const folders = workspace.workspaceFolders ?? [];
    await Promise.all(folders.map(({ uri }) => this.#load(uri, fresh, token)));
  }

  #reload(folders: readonly Uri[], fresh: boolean): void {
    for (const folder of folders) {
      this.#load(folder, fresh).then(undefined, (error: unknown) => this.#log.error(`reading tools: ${String(error)}`));
    }
  }

  async #load(folder: Uri, fresh: boolean, token?: CancellationToken): Promise<void> {
    const key = folder.toString();
    this.#requests.get(key)?.cancel();
    const request = new CancellationTokenSource();
    this.#requests.set(key, request);
    this.#missed.delete(key);
    const outer = token?.onCancellationRequested(() => request.cancel());
    const before = this.#states.get(key);
    this.#set(key, { kind: "loading", ...(before?.report ? { report: before.report } : {}) });
    try {
      const found = await this.#server.discover(folder, fresh, request.token, (tools) => this.#addTools(key, tools));
      if (this.#requests.get(key) !== request) return;
      if (found.ok) this.#set(key, { kind: "ready", ...found.value });
      else if (found.problem.code === "cancelled" && before !== undefined) this.#set(key, before);
      else this.#fail(key, found.problem);
      if (found.ok) this.#logReport(key, found.value.report);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#requests.get(key) === request) this.#fail(key, { code: "language-server", message });
    } finally {
      outer?.dispose();
      request.dispose();
      if (this.#requests.get(key) === request) this.#end(key);
    }
  }

  /** Nothing is asked for any more: what changed since the report that came is followed. */
  #end(key: string): void {
    this.#requests.delete(key);
    const missed = this.#missed.get(key) ?? [];
    this.#missed.delete(key);
    for (const change of missed) {
      const state = this.#states.get(key);
      if (state?.kind === "ready" && state.revision === change.from) this.#follow(change);
    }
  }

  /** Brings a report up to date, or asks for the new one. */
  #follow(change: ToolsChangedParams): void {
    const { folder, from, to, changed, removed, behind } = change;
    this.#setBehind(folder, behind);
    const state = this.#states.get(folder);
    if (from === to) return;
    if (this.#requests.has(folder)) {
      // The report that is coming may be older than this.
      this.#missed.set(folder, [...(this.#missed.get(folder) ?? []), change]);
      return;
    }
    if (state?.kind !== "ready" || state.revision !== from || changed === undefined) {
      if (state?.kind !== "ready" || state.revision !== to) this.#reload([Uri.parse(folder, true)], false);
      return;
    }
    this.#set(folder, { ...state, report: changedReport(state.report, changed, removed ?? []), revision: to });
  }

  /** Shows in the view that results are being brought up to date, for as long as they are. */
  #setBehind(folder: string, behind: number): void {
    const end = this.#behind.get(folder);
    if (behind === 0) {
      this.#behind.delete(folder);
      end?.();
    } else if (end === undefined) {
      const done = Promise.withResolvers<void>();
      this.#behind.set(folder, done.resolve);
      window
        .withProgress({ location: { viewId: VIEWS.tools.id } }, () => done.promise)
        .then(undefined, (error: unknown) => this.#log.warn(`showing progress: ${String(error)}`));
    }
  }

  /** Adds what a first reading found; what comes too late is in the report already. */
  #add({ folder, waiting, analysed, tools }: DiscoveringParams): void {
    const state = this.#states.get(folder);
    if (state?.kind !== "loading" || state.report !== undefined) return;
    const left = new Set([...(state.partial?.waiting ?? []), ...waiting]);
    for (const file of analysed) left.delete(file);
    const byId = new Map([...(state.partial?.tools ?? []), ...tools].map((tool) => [tool.id, tool]));
    this.#set(folder, { kind: "loading", partial: { tools: [...byId.values()], waiting: left } });
  }

  /** Adds tools of a report that is still coming. */
  #addTools(folder: string, tools: readonly Tool[]): void {
    const coming = this.#coming.get(folder) ?? { tools: [], told: performance.now() };
    this.#coming.set(folder, coming);
    coming.tools.push(...tools);
    if (performance.now() - coming.told < SHOW_MS) return;
    this.#coming.delete(folder);
    this.#add({ folder, seen: 0, waiting: [], analysed: coming.tools.map(({ file }) => file), tools: coming.tools });
  }

  /** Files that may hold tools and have not been read yet. */
  waiting(folder: WorkspaceFolder): readonly string[] {
    const state = this.state(folder);
    return state.kind === "loading" && state.report === undefined ? [...(state.partial?.waiting ?? [])] : [];
  }

  /** Files that the user looks at come before others. */
  want(folder: WorkspaceFolder, files: readonly string[]): void {
    this.#server
      .want({ folder: folder.uri.toString(), files: [...files] })
      .then(undefined, (error: unknown) => this.#log.warn(`asking for files: ${String(error)}`));
  }

  #logReport(key: string, { tools, diagnostics, stats }: DiscoveryReport): void {
    this.#log.info(
      `${key}: ${tools.length} tools, ${diagnostics.length} diagnostics, ${stats.filesSeen} files seen, ` +
        `${stats.filesParsed} parsed in ${Math.round(stats.milliseconds)} ms`,
    );
  }

  #fail(key: string, problem: Problem): void {
    this.#log.error(`${key}: ${problem.message}`);
    this.#set(key, { kind: "failed", problem });
  }

  #set(key: string, state: FolderState): void {
    if (state.kind !== "loading") this.#coming.delete(key);
    this.#states.set(key, state);
    this.#changed.fire();
  }

  #forget(folder: Uri): void {
    this.#requests.get(folder.toString())?.cancel();
    this.#coming.delete(folder.toString());
    this.#setBehind(folder.toString(), 0);
    this.#states.delete(folder.toString());
  }

  state(folder: WorkspaceFolder): FolderState {
    return this.#states.get(folder.uri.toString()) ?? { kind: "loading" };
  }

  /** The tools of one folder, or of all. */
  tools(only?: WorkspaceFolder): LocatedTool[] {
    const folders = only ? [only] : (workspace.workspaceFolders ?? []);
    return folders.flatMap((folder) =>
      [...this.#known(folder), ...this.#providers.tools(folder)].map((tool): LocatedTool => ({ folder, tool })),
    );
  }

  #known(folder: WorkspaceFolder): readonly Tool[] {
    const state = this.state(folder);
    if (state.report !== undefined) return state.report.tools;
    return state.kind === "loading" ? (state.partial?.tools ?? []) : [];
  }

  /** The analyses that come with the product, in folders that have been read. */
  builtins(folder: WorkspaceFolder): LocatedTool[] {
    if (this.state(folder).report === undefined) return [];
    return this.#builtins.map((tool) => ({ folder, tool }));
  }

  /** Everything that can be run: the tools of all folders, then what is built in. */
  runnable(): LocatedTool[] {
    return [...this.tools(), ...(workspace.workspaceFolders ?? []).flatMap((folder) => this.builtins(folder))];
  }

  find(reference: ToolReference): LocatedTool | undefined {
    return this.runnable().find(
      ({ folder, tool }) => folder.uri.toString() === reference.folder && tool.id === reference.tool,
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const request of this.#requests.values()) request.cancel();
    for (const end of this.#behind.values()) end();
    this.#changed.dispose();
  }
}
