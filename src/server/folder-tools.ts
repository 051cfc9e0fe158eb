import { setTimeout as pause } from "node:timers/promises";
import { configured, type IndexFile, readFolderConfiguration, WorkspaceIndex } from "../discovery/index.ts";
import {
  type CapabilityExtension,
  type DiscoveringParams,
  type DiscoveryReport,
  FOLDER_CONFIGURATION,
  type Tool,
} from "../model/index.ts";

/** Changes that come this close together are read together. */
const SETTLE_MS = 250;

/** How often, in milliseconds, a first reading tells what it found. */
const TELL_MS = 200;

/** After how many milliseconds without a change what is known is stored. */
const STORE_MS = 3_000;

/** What a reading changed: `first` when there was no report before, `tools` when a tool came, went or changed. */
export type ReportChange = "first" | "tools" | "none";

/** What a first reading found since it last told. */
export type Found = Omit<DiscoveringParams, "folder">;

/** What a folder tells about changes that it noticed itself. */
export interface FolderListener {
  /** The folder was read. */
  readonly onReport: (folder: FolderTools, change: ReportChange) => void;
  /** The first reading goes on. */
  readonly onFound: (folder: FolderTools, found: Found) => void;
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
  #exclude: readonly string[] = [];
  #report: DiscoveryReport | undefined;
  /** {@link report}, worked out once. */
  #shown: { readonly report: DiscoveryReport; readonly tools: Map<string, Tool[]> } | undefined;
  /** What an earlier process left is looked for once. */
  #restoring: Promise<boolean> | undefined;
  /** The reading under way; readings come one after the other. */
  #reading: Promise<DiscoveryReport> | undefined;
  #settling: Promise<void> | undefined;
  #storing: NodeJS.Timeout | undefined;

  /**
   * @param file where the folder's results outlive the process
   * @param capabilities calls that settings add to the table of capabilities
   */
  constructor(
    uri: string,
    path: string,
    listener: FolderListener,
    file?: IndexFile,
    capabilities: readonly CapabilityExtension[] = [],
  ) {
    this.uri = uri;
    this.path = path;
    this.#listener = listener;
    this.#index = new WorkspaceIndex(path, new Map(), file, capabilities);
  }

  /** Patterns, as in `.gitignore`, of files whose tools are left out. */
  exclude(patterns: readonly string[]): void {
    this.#exclude = patterns;
    this.#shown = undefined;
  }

  /** What is known now, without reading anything. */
  get report(): DiscoveryReport | undefined {
    return this.#visible?.report;
  }

  get #visible(): { readonly report: DiscoveryReport; readonly tools: Map<string, Tool[]> } | undefined {
    if (this.#report !== undefined && this.#shown === undefined) {
      const report = this.#configured(this.#report);
      this.#shown = { report, tools: Map.groupBy(report.tools, ({ file }) => file) };
    }
    return this.#shown;
  }

  /** The tools of a file, by its relative path. */
  toolsOf(file: string): readonly Tool[] {
    return this.#visible?.tools.get(file) ?? [];
  }

  /** Files that the user looks at: a reading that goes on takes them first. */
  prioritise(files: readonly string[]): void {
    this.#index.prioritise(files);
  }

  /**
   * The folder's report: what is known, or what a first (or fresh) reading finds. What an earlier process knew is given
   * at once; that it still holds is made sure of in the background.
   */
  async discover(fresh: boolean): Promise<DiscoveryReport> {
    this.#restoring ??= this.#restore();
    await this.#restoring;
    if (this.#report === undefined || fresh) await this.#readAll(fresh, fresh);
    return this.report ?? (await this.#readAll(false, false));
  }

  async #restore(): Promise<boolean> {
    if (!(await this.#index.restore())) return false;
    this.#keep(this.#index.report());
    this.#listener.onReport(this, "first");
    this.#readAll(false, false).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#listener.onError(this, error);
    });
    return true;
  }

  /**
   * @param fresh begin anew where a reading is under way
   * @param all read every file, whatever is known of it
   */
  async #readAll(fresh: boolean, all: boolean): Promise<DiscoveryReport> {
    if (this.#reading !== undefined) {
      if (!fresh) return await this.#reading;
      await this.#reading.catch(() => undefined);
    }
    this.#dirty.clear();
    const { signal } = this.#stop;
    const progress = this.#report === undefined ? new Progress((found) => this.#listener.onFound(this, found)) : null;
    return await this.#read(async () => {
      await this.#index.scan({ signal, fresh: all, ...progress?.listener });
      progress?.tell();
    });
  }

  async #read(work: () => Promise<void>): Promise<DiscoveryReport> {
    const reading = work().then(() => this.#index.report());
    this.#reading = reading;
    try {
      const before = this.#report;
      const report = await reading;
      this.#keep(report);
      const isSame = before !== undefined && sameTools(before.tools, report.tools);
      this.#listener.onReport(this, before === undefined ? "first" : isSame ? "none" : "tools");
      this.#storeSoon();
      return report;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  #keep(report: DiscoveryReport): void {
    this.#report = report;
    this.#shown = undefined;
  }

  #storeSoon(): void {
    clearTimeout(this.#storing);
    if (this.#stop.signal.aborted) return;
    this.#storing = setTimeout(() => {
      if (!this.#index.hasChanged) return;
      this.#index.save().catch((error: unknown) => this.#listener.onError(this, error));
    }, STORE_MS);
  }

  /** The text of an open document, saved or not; `undefined` when it was closed. */
  setOverlay(file: string, text: string | undefined): void {
    this.#index.setOverlay(file, text);
    this.#index.prioritise([file]);
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
      if (changed.includes(FOLDER_CONFIGURATION)) {
        this.#shown = undefined;
        this.#listener.onReport(this, "tools");
      }
      // New rules may take in or leave out any file.
      if (changed.some((file) => file.endsWith(".gitignore"))) await this.#readAll(true, false);
      else await this.#read(() => this.#index.update(changed, this.#stop.signal));
    } catch (error) {
      this.#settling = undefined;
      if (!this.#stop.signal.aborted) this.#listener.onError(this, error);
    }
  }

  #configured(report: DiscoveryReport): DiscoveryReport {
    const own = readFolderConfiguration(this.path);
    if (!own.ok) return configured(report, this.#exclude, own.problems);
    return configured(report, [...this.#exclude, ...own.value.exclude]);
  }

  /** Stops reading; the folder was closed. What is known is stored for the next time. */
  async dispose(): Promise<void> {
    clearTimeout(this.#storing);
    const isComplete = this.#report !== undefined && this.#reading === undefined;
    this.#stop.abort();
    if (isComplete && this.#index.hasChanged) await this.#index.save();
  }
}

/** Gathers what a reading finds, and tells it now and then. */
class Progress {
  readonly #tell: (found: Found) => void;
  #seen = 0;
  #waiting: readonly string[] = [];
  #analysed: string[] = [];
  #tools: Tool[] = [];
  #told = performance.now();

  constructor(tell: (found: Found) => void) {
    this.#tell = tell;
  }

  readonly listener = {
    onProgress: (seen: number): void => {
      this.#seen = seen;
      if (performance.now() - this.#told >= TELL_MS) this.tell();
    },
    onKept: (files: readonly string[]): void => {
      this.#waiting = files;
      this.tell();
    },
    onAnalysed: (file: string, tools: readonly Tool[]): void => {
      this.#analysed.push(file);
      this.#tools.push(...tools);
    },
  };

  tell(): void {
    this.#tell({ seen: this.#seen, waiting: [...this.#waiting], analysed: this.#analysed, tools: this.#tools });
    this.#waiting = [];
    this.#analysed = [];
    this.#tools = [];
    this.#told = performance.now();
  }
}

/** Most tools are the same objects as before; only the others are compared. */
function sameTools(before: readonly Tool[], after: readonly Tool[]): boolean {
  return (
    before.length === after.length &&
    after.every((tool, index) => tool === before[index] || JSON.stringify(tool) === JSON.stringify(before[index]))
  );
}
