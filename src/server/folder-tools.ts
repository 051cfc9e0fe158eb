import { configured, type IndexFile, readFolderConfiguration, WorkspaceIndex } from "../discovery/index.ts";
import {
  type CapabilityExtension,
  type DiscoveringParams,
  type DiscoveryReport,
  FOLDER_CONFIGURATION,
  type Tool,
  type ToolsChangedParams,
} from "../model/index.ts";
import { Gathering, type Patience } from "./gathering.ts";
import { Revisions, sameTools } from "./revisions.ts";

/** Between two keystrokes a text is seldom what its author wants to see. */
const TYPING: Patience = { quiet: () => 250, atMost: 1_000 };

/** A saved file is read at once; where many change, as when another branch is checked out, they are read together. */
const ON_DISK: Patience = { quiet: (count) => (count < 10 ? 10 : 150), atMost: 1_000 };

/** How long, in milliseconds, files are read again whose results rest on changed ones, before what was found is told. */
const SLICE_MS = 200;

/** How often, in milliseconds, a first reading tells what it found. */
const TELL_MS = 200;

/** After how many milliseconds without a change what is known is stored. */
const STORE_MS = 10_000;

/** What a reading changed: `first` when there was no report before, `tools` when a tool came, went or changed. */
export type ReportChange = "first" | "tools" | "none";

/** What became of the tools since another revision. */
export type ToolsDelta = Omit<ToolsChangedParams, "folder">;

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
  readonly #typed = new Gathering(TYPING, (files) => this.#take(files));
  readonly #touched = new Gathering(ON_DISK, (files) => this.#take(files));
  /** Changed files that are to be read now. */
  readonly #due = new Set<string>();
  readonly #open = new Set<string>();
  readonly #wanted = new Set<string>();
  readonly #revisions = new Revisions();
  readonly #stop = new AbortController();
  #exclude: readonly string[] = [];
  #report: DiscoveryReport | undefined;
  /** {@link report}, worked out once. */
  #shown: { readonly report: DiscoveryReport; readonly tools: Map<string, Tool[]> } | undefined;
  /** What an earlier process left is looked for once. */
  #restoring: Promise<boolean> | undefined;
  /** The reading under way; readings come one after the other. */
  #reading: Promise<DiscoveryReport> | undefined;
  #isFollowing: boolean = false;
  #toldBehind = 0;
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
    for (const file of files) this.#wanted.add(file);
    this.#index.prioritise(files);
  }

  /** How many files are still to be read again, because what they rest on changed. */
  get behind(): number {
    return this.#index.behind;
  }

  /** What became of the tools since this or {@link revision} was last asked; nothing where that is nothing. */
  takeDelta(): ToolsDelta | undefined {
    const change = this.#revisions.take(this.report?.tools ?? []);
    const { behind } = this;
    if (change.from === change.to && behind === this.#toldBehind) return undefined;
    this.#toldBehind = behind;
    return { ...change, behind };
  }

  /** The number of what {@link report} shows. */
  get revision(): number {
    return this.#revisions.of(this.report?.tools ?? []);
  }

  /**
   * The folder's report: what is known, or what a first (or fresh) reading finds. What an earlier process knew is given
   * at once; that it still holds is made sure of in the background.
   * @param signal ends a fresh reading; what was known before is known still
   */
  async discover(fresh: boolean, signal?: AbortSignal): Promise<DiscoveryReport> {
    this.#restoring ??= this.#restore();
    await this.#restoring;
    if (this.#report === undefined || fresh) await this.#readAll(fresh, fresh, signal);
    return this.report ?? (await this.#readAll(false, false));
  }

  async #restore(): Promise<boolean> {
    // Names show before all that is known of them was read.
    const onKnown = (waiting: readonly string[]): void =>
      this.#listener.onFound(this, { seen: 0, waiting: [...waiting], analysed: [], tools: [] });
    if (!(await this.#index.restore({ onKnown, signal: this.#stop.signal }))) return false;
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
  async #readAll(fresh: boolean, all: boolean, stop?: AbortSignal): Promise<DiscoveryReport> {
    if (this.#reading !== undefined) {
      if (!fresh) return await this.#reading;
      await this.#reading.catch(() => undefined);
    }
    this.#typed.drop();
    this.#touched.drop();
    this.#due.clear();
    const isNeeded = this.#report === undefined || stop === undefined;
    const signal = isNeeded ? this.#stop.signal : AbortSignal.any([this.#stop.signal, stop]);
    const progress = this.#report === undefined ? new Progress((found) => this.#listener.onFound(this, found)) : null;
    return await this.#read(async () => {
      await this.#index.scan({ signal, fresh: all, ...progress?.listener });
      progress?.tell();
      return true;
    });
  }

  /** @param work says whether anything changed; it begins when no other reading goes on */
  async #read(work: () => Promise<boolean>): Promise<DiscoveryReport> {
    const before = this.#reading?.catch(() => undefined) ?? Promise.resolve();
    const reading = before.then(work).then((hasChanged) => this.#follows(hasChanged));
    this.#reading = reading;
    try {
      return await reading;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  /** What is known after a reading. */
  #follows(hasChanged: boolean): DiscoveryReport {
    const before = this.#report;
    if (before !== undefined && !hasChanged) return before;
    const report = this.#index.report();
    this.#keep(report);
    const isSame = before !== undefined && sameTools(before.tools, report.tools);
    this.#listener.onReport(this, before === undefined ? "first" : isSame ? "none" : "tools");
    this.#storeSoon();
    return report;
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
    if (text === undefined) this.#open.delete(file);
    else this.#open.add(file);
    this.#index.prioritise([file]);
    this.#changed(file, this.#typed);
  }

  /** An open document was saved: its text is what its author wants to see. */
  saved(file: string): void {
    this.#typed.hurry(file);
  }

  /** A file or folder came, went or changed: it is read again soon. */
  touch(file: string): void {
    this.#changed(file, this.#touched);
  }

  #changed(file: string, gathering: Gathering): void {
    // Before the first reading there is nothing to bring up to date.
    if (this.#report !== undefined || this.#reading !== undefined) gathering.add(file);
  }

  #take(files: ReadonlySet<string>): void {
    for (const file of files) this.#due.add(file);
    this.#follow().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#listener.onError(this, error);
    });
  }

  /** Reads what is due, then, as long as nothing else is, what rests on it. */
  async #follow(): Promise<void> {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    try {
      while (!this.#stop.signal.aborted && (this.#due.size > 0 || this.#index.behind > 0)) {
        if (this.#due.size > 0) await this.#readDue();
        else await this.#read(() => this.#catchUp());
      }
    } finally {
      this.#isFollowing = false;
    }
  }

  async #readDue(): Promise<void> {
    const changed = [...this.#due];
    this.#due.clear();
    if (changed.includes(FOLDER_CONFIGURATION)) {
      this.#shown = undefined;
      this.#listener.onReport(this, "tools");
    }
    await this.#read(() => this.#index.change(changed, this.#stop.signal));
  }

  async #catchUp(): Promise<boolean> {
    const until = performance.now() + SLICE_MS;
    await this.#index.catchUp({
      signal: this.#stop.signal,
      isInterrupted: () => this.#due.size > 0 || performance.now() > until,
      isFirst: (file) => this.#open.has(file) || this.#wanted.has(file),
    });
    return true;
  }

  #configured(report: DiscoveryReport): DiscoveryReport {
    const own = readFolderConfiguration(this.path);
    if (!own.ok) return configured(report, this.#exclude, own.problems);
    return configured(report, [...this.#exclude, ...own.value.exclude]);
  }

  /** Stops reading; the folder was closed. What is known is stored for the next time. */
  async dispose(): Promise<void> {
    clearTimeout(this.#storing);
    this.#typed.drop();
    this.#touched.drop();
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
