import { lstatSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CapabilityExtension, Diagnostic, Tool } from "../model/index.ts";
import { FileAnalyser } from "./analyse.ts";
import { Crew, helpersFor } from "./crew.ts";
import { FileReader, isCandidate, type KeptFile } from "./file-reader.ts";
import { ModuleStore } from "./modules.ts";
import { classify, MAX_FILE_BYTES } from "./prefilter.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { Changes, type FileRecord, type Known } from "./records.ts";
import { readBytes } from "./regular-file.ts";
import type { Shares } from "./shares.ts";
import { type FileState, isSame, stampOf, stateOf } from "./stamp.ts";
import { type WalkedFile, type WalkResult, walk } from "./walk.ts";

/** What a scan tells while it goes on. */
export interface ScanListener {
  /** How many files were seen so far, and how many of them read. */
  readonly onProgress?: ((seen: number, read: number) => void) | undefined;
  /** The files that passed the filter: only these may hold tools. Those whose results still hold are not among them. */
  readonly onKept?: ((files: readonly string[]) => void) | undefined;
  /** A kept file was analysed. The tools are as the file alone tells, without manifests. */
  readonly onAnalysed?: ((file: string, tools: readonly Tool[]) => void) | undefined;
}

/** How long, in milliseconds, is worked before the event loop gets a turn. */
const TURN = 12;

/** Bytes of files that passed the filter, kept until they are analysed; the others are read twice. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** Gives the event loop its turns, and stops when it is asked to. */
export class Turns {
  readonly #signal: AbortSignal;
  #began = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether a turn is due. */
  get isDue(): boolean {
    return performance.now() - this.#began >= TURN;
  }

  async give(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
    this.#began = performance.now();
  }
}

/** What a scan found. */
export interface ScanOutcome {
  readonly store: ModuleStore;
  readonly analyser: FileAnalyser;
  readonly reader: FileReader;
  readonly records: Map<string, FileRecord>;
  readonly python: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
  readonly filesSeen: number;
  readonly filesRead: number;
  readonly filesParsed: number;
}

/**
 * One reading of a whole folder: list, leave out what did not change, filter by content, analyse what is left. The
 * analysis is what takes time; files that somebody waits for come first.
 */
export class Scan {
  readonly #folder: string;
  readonly #overlays: ReadonlyMap<string, string>;
  readonly #known: Known;
  readonly #listener: ScanListener;
  readonly #turns: Turns;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<string, KeptFile>();
  readonly #urgent: string[] = [];
  readonly #records = new Map<string, FileRecord>();
  /** States of files that helpers have read. */
  readonly #states = new Map<string, FileState>();
  readonly #helpers: number | undefined;
  #waitingBytes = 0;
  #read = 0;
  #parsedByHelpers = 0;

  readonly #more: readonly CapabilityExtension[];

  /**
   * @param known records of an earlier reading; those that still hold are taken over
   * @param more calls that settings add to the table of capabilities
   * @param helpers how many threads analyse files besides this one; as many as pay when undefined
   */
  constructor(
    folder: string,
    overlays: ReadonlyMap<string, string>,
    known: Known,
    signal: AbortSignal,
    listener: ScanListener,
    more: readonly CapabilityExtension[] = [],
    helpers?: number,
  ) {
    this.#more = more;
    this.#helpers = helpers;
    this.#folder = folder;
    this.#overlays = overlays;
    this.#known = known;
    this.#signal = signal;
    this.#listener = listener;
    this.#turns = new Turns(signal);
  }

  /** Files to be analysed before others, the first one first. */
  prioritise(paths: readonly string[]): void {
    this.#urgent.push(...[...paths].reverse());
  }

  /** Rejects with the signal's reason when aborted. */
  async run(): Promise<ScanOutcome> {
    const walked = await walk(this.#folder, {
      signal: this.#signal,
      onSeen: (seen) => this.#listener.onProgress?.(seen, 0),
    });
    const files = walked.files.filter((file) => isCandidate(file) || classify(file.name) === "python");
    const python = new Set(files.filter((file) => classify(file.name) === "python").map((file) => file.path));
    const store = new ModuleStore(this.#folder, python, MODELLED_MODULES, this.#overlays);
    const analyser = new FileAnalyser(store, this.#more);
    const reader = new FileReader(this.#folder, this.#overlays, store, analyser);
    const seen = walked.files.length;
    await this.#takeOver(files, python);
    await this.#filter(files, reader, seen);
    this.#listener.onKept?.([...this.#waiting.keys()]);
    this.prioritise([...this.#overlays.keys()]);
    await this.#analyse(reader, store, python, seen);
    this.#noteOthers(store);
    this.#listener.onProgress?.(seen, this.#read);
    return {
      store,
      analyser,
      reader,
      records: this.#records,
      python,
      diagnostics: walkDiagnostics(walked),
      filesSeen: seen,
      filesRead: this.#read,
      filesParsed: store.parsedCount + this.#parsedByHelpers,
    };
  }

  /** Keeps the records of files that did not change, nor anything that they rest on. */
  async #takeOver(files: readonly WalkedFile[], python: ReadonlySet<string>): Promise<void> {
    const { records, python: before } = this.#known;
    if (records.size === 0) return;
    const changes = new Changes();
    for (const path of before) if (!python.has(path)) changes.add(path, true);
    const same = await this.#unchanged(files, (path) => changes.add(path, python.has(path) && !before.has(path)));
    for (const [path, state] of same) {
      const result = records.get(path)?.result ?? null;
      if (result === null || !changes.affect(result)) this.#records.set(path, { state, result });
    }
  }

  /** The files that are as they were, with their states; the others are told. */
  async #unchanged(files: readonly WalkedFile[], onChanged: (path: string) => void): Promise<Map<string, FileState>> {
    const same = new Map<string, FileState>();
    for (const { path } of files) {
      const before = this.#known.records.get(path)?.state ?? null;
      const state = before === null ? null : this.#stillIn(path, before);
      if (state === null) onChanged(path);
      else same.set(path, state);
      if (this.#turns.isDue) await this.#turns.give();
    }
    return same;
  }

  /** The state of a file when it is the one given (with no more doubt than there is now), else `null`. */
  #stillIn(path: string, state: FileState): FileState | null {
    if (this.#overlays.has(path)) return null;
    const full = join(this.#folder, path);
    if (state.hash === null) {
      const stat = lstatSync(full, { throwIfNoEntry: false });
      return stat !== undefined && stampOf(stat) === state.stamp ? state : null;
    }
    const content = readBytes(full, MAX_FILE_BYTES);
    return content !== null && isSame(state, content) ? stateOf(content, Date.now()) : null;
  }

  async #filter(files: readonly WalkedFile[], reader: FileReader, seen: number): Promise<void> {
    for (const file of files) {
      if (this.#records.has(file.path) || !isCandidate(file)) continue;
      this.#sift(file, reader);
      if (!this.#turns.isDue) continue;
      this.#listener.onProgress?.(seen, this.#read);
      await this.#turns.give();
    }
  }

  #sift(file: WalkedFile, reader: FileReader): void {
    const filtered = reader.filter(file);
    if (filtered === null) return;
    this.#read += 1;
    if (filtered.kind === "record") {
      this.#records.set(file.path, filtered.record);
      return;
    }
    const { kept } = filtered;
    if (this.#waitingBytes + kept.size > WAITING_BYTES) kept.content = null;
    else this.#waitingBytes += kept.size;
    this.#waiting.set(file.path, kept);
  }

  async #analyse(reader: FileReader, store: ModuleStore, python: ReadonlySet<string>, seen: number): Promise<void> {
    const all = [...this.#waiting.values()];
    const crew = this.#crew(all, reader, store, python);
    try {
      for (const kept of this.#taken(all, crew.shares)) {
        this.#keep(kept.path, reader.analyse(kept));
        if (this.#turns.isDue) await this.#giveTurn(seen);
      }
      await crew.finish(this.#signal);
      this.#signal.throwIfAborted();
    } finally {
      await crew.dispose();
    }
    // What a helper that failed had taken.
    for (const kept of this.#waiting.values()) {
      this.#keep(kept.path, reader.analyse(kept));
      if (this.#turns.isDue) await this.#giveTurn(seen);
    }
  }

  #keep(path: string, record: FileRecord | null): void {
    if (!this.#waiting.delete(path)) return;
    if (record !== null) this.#records.set(path, record);
    this.#listener.onAnalysed?.(path, record?.result?.tools ?? []);
  }

  async #giveTurn(seen: number): Promise<void> {
    this.#listener.onProgress?.(seen, this.#read);
    await this.#turns.give();
  }

  #crew(all: readonly KeptFile[], reader: FileReader, store: ModuleStore, python: ReadonlySet<string>): Crew {
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    return new Crew({
      folder: this.#folder,
      python,
      declaring: store.declaring,
      overlays: this.#overlays,
      more: this.#more,
      paths: all.map(({ path }) => path),
      helpers: this.#helpers ?? helpersFor(bytes),
      signal: this.#signal,
      onRecord: (path, record) => this.#keep(path, record && reader.adopted(record)),
      onDone: (parsed, states) => {
        this.#parsedByHelpers += parsed;
        for (const [path, state] of states) this.#states.set(path, state);
      },
    });
  }

  /** The files that this thread is to analyse, urgent ones first. */
  *#taken(all: readonly KeptFile[], shares: Shares): Generator<KeptFile> {
    const indices = new Map(all.map(({ path }, index) => [path, index]));
    const own = shares.takeAll(0);
    for (;;) {
      const urgent = this.#urgent.pop();
      const index = urgent === undefined ? own.next().value : indices.get(urgent);
      if (index === undefined && urgent === undefined) return;
      const kept = index === undefined ? undefined : all[index];
      if (kept !== undefined && (urgent === undefined || shares.take(index ?? 0))) yield kept;
    }
  }

  /** Test code and what else is no candidate may have been imported: results rest on it too. */
  #noteOthers(store: ModuleStore): void {
    for (const { result } of [...this.#records.values()]) {
      for (const path of result?.dependencies ?? []) {
        const state = this.#records.has(path) ? undefined : (store.stateOf(path) ?? this.#states.get(path));
        if (state !== undefined) this.#records.set(path, { state, result: null });
      }
    }
  }
}

function walkDiagnostics({ unreadable, files }: WalkResult): Diagnostic[] {
  const closed: Diagnostic[] = unreadable.map(({ path, reason }) => ({
    file: path === "" ? "." : path,
    line: 1,
    severity: "warning",
    code: "unreadable-folder",
    message: `The folder cannot be listed: ${reason}`,
  }));
  return [...closed, ...notebookDiagnostics(files)];
}

/** One for all notebooks: a workspace may have thousands. */
function notebookDiagnostics(files: readonly WalkedFile[]): Diagnostic[] {
  const notebooks = files.filter(({ name }) => name.endsWith(".ipynb"));
  const [first] = notebooks;
  if (first === undefined) return [];
  const more = notebooks.length > 1 ? ` This holds for ${notebooks.length} files of the workspace.` : "";
  const message = `Notebooks are not read: they have no command line.${more}`;
  return [{ file: first.path, line: 1, severity: "information", code: "notebook", message }];
}
