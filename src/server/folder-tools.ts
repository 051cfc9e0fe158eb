import { setTimeout as pause } from "node:timers/promises";
import ignore, { type Ignore } from "ignore";
import { WorkspaceIndex } from "../discovery/index.ts";
import type { DiscoveryReport, Tool } from "../model/index.ts";

/** Changes that come this close together are read together. */
const SETTLE_MS = 250;

/** What a reading changed: `first` when there was no report before, `tools` when a tool came, went or changed. */
export type ReportChange = "first" | "tools" | "none";

/** What a folder tells about changes that it noticed itself. */
export interface FolderListener {
  /** The folder was read. */
  readonly onReport: (folder: FolderTools, change: ReportChange) => void;
  readonly onError: (folder: FolderTools, error: unknown) => void;
}

/** The tools of one workspace folder, kept up to date with its files and with the texts that are open. */
export class FolderTools {
  readonly uri: string;
  /** Absolute path. */
  readonly path: string;
  readonly #listener: FolderListener;
  readonly #index: WorkspaceIndex;
  readonly #dirty = new Set<string>();
  readonly #stop = new AbortController();
  #exclude: Ignore = ignore();
  #report: DiscoveryReport | undefined;
  /** The reading under way; readings come one after the other. */
  #reading: Promise<DiscoveryReport> | undefined;
  #settling: Promise<void> | undefined;

  constructor(uri: string, path: string, listener: FolderListener) {
    this.uri = uri;
    this.path = path;
    this.#listener = listener;
    this.#index = new WorkspaceIndex(path);
  }

  /** Patterns, as in `.gitignore`, of files whose tools are left out. */
  exclude(patterns: readonly string[]): void {
    this.#exclude = ignore().add([...patterns]);
  }

  /** What is known now, without reading anything. */
  get report(): DiscoveryReport | undefined {
    return this.#report === undefined ? undefined : this.#filtered(this.#report);
  }

  /** The tools of a file, by its relative path. */
  toolsOf(file: string): readonly Tool[] {
    return this.report?.tools.filter((tool) => tool.file === file) ?? [];
  }

  /** The folder's report: what is known, or what a first (or fresh) reading finds. */
  async discover(fresh: boolean): Promise<DiscoveryReport> {
    if (this.#report === undefined || fresh) await this.#readAll(fresh);
    return this.report ?? (await this.#readAll(false));
  }

  async #readAll(fresh: boolean): Promise<DiscoveryReport> {
    if (this.#reading !== undefined) {
      if (!fresh) return await this.#reading;
      await this.#reading.catch(() => undefined);
    }
    this.#dirty.clear();
    return await this.#read(() => this.#index.scan({ signal: this.#stop.signal }));
  }

  async #read(work: () => Promise<void>): Promise<DiscoveryReport> {
    const reading = work().then(() => this.#index.report());
    this.#reading = reading;
    try {
      const before = this.#report;
      this.#report = await reading;
      const differ = JSON.stringify(before?.tools) !== JSON.stringify(this.#report.tools);
      this.#listener.onReport(this, before === undefined ? "first" : differ ? "tools" : "none");
      return this.#report;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  /** The text of an open document, saved or not; `undefined` when it was closed. */
  setOverlay(file: string, text: string | undefined): void {
    this.#index.setOverlay(file, text);
    this.touch(file);
  }

  /** A file came, went or changed: it is read again soon. */
  touch(file: string): void {
    this.#dirty.add(file);
    // Before the first reading there is nothing to bring up to date.
    if (this.#report === undefined && this.#reading === undefined) return;
    this.#settling ??= this.#settle();
  }

  async #settle(): Promise<void> {
    try {
      await pause(SETTLE_MS, undefined, { signal: this.#stop.signal });
      await this.#reading?.catch(() => undefined);
      this.#settling = undefined;
      const changed = [...this.#dirty];
      this.#dirty.clear();
      if (changed.length === 0) return;
      // New rules may take in or leave out any file.
      if (changed.some((file) => file.endsWith(".gitignore"))) await this.#readAll(true);
      else await this.#read(() => this.#index.update(changed, this.#stop.signal));
    } catch (error) {
      this.#settling = undefined;
      if (!this.#stop.signal.aborted) this.#listener.onError(this, error);
    }
  }

  #filtered(report: DiscoveryReport): DiscoveryReport {
    const kept = <T extends { readonly file: string }>(all: readonly T[]): T[] => {
      return all.filter(({ file }) => !(ignore.isPathValid(file) && this.#exclude.ignores(file)));
    };
    return { ...report, tools: kept(report.tools), diagnostics: kept(report.diagnostics) };
  }

  /** Stops reading; the folder was closed. */
  dispose(): void {
    this.#stop.abort();
  }
}
