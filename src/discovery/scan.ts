import { join } from "node:path";
import type { CapabilityExtension, Diagnostic, Tool } from "../model/index.ts";
import { FileAnalyser, type FileResult } from "./analyse.ts";
import { Crew, helpersFor } from "./crew.ts";
import { isReadme } from "./examples.ts";
import { FileReader, isCandidate, type KeptFile } from "./file-reader.ts";
import { ModuleStore } from "./modules.ts";
import { classify } from "./prefilter.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { Changes, Dependents, type FileRecord, type Known } from "./records.ts";
import type { Shares } from "./shares.ts";
import { type FileState, stillIn } from "./stamp.ts";
import { Turns } from "./turns.ts";
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

/** Bytes of files that passed the filter, kept until they are analysed; the others are read twice. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** What a scan found. */
export interface ScanOutcome {
  readonly store: ModuleStore;
  readonly analyser: FileAnalyser;
  readonly reader: FileReader;
  readonly records: Map<string, FileRecord>;
  readonly python: ReadonlySet<string>;
  /** About folders that could not be listed. */
  readonly diagnostics: readonly Diagnostic[];
  readonly notebooks: readonly string[];
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
    await this.#takeOver(walked.files, files);
    await this.#filter(files, reader, seen);
    await this.#noteReadmes(walked.files, reader);
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
      diagnostics: unreadable(walked),
      notebooks: walked.files.flatMap(({ path }) => (isNotebook(path) ? [path] : [])),
      filesSeen: seen,
      filesRead: this.#read,
      filesParsed: store.parsedCount + this.#parsedByHelpers,
    };
  }

  /** Keeps the records of files that did not change, nor anything that they rest on. */
  async #takeOver(walked: readonly WalkedFile[], files: readonly WalkedFile[]): Promise<void> {
    const { records, python: before } = this.#known;
    if (records.size === 0) return;
    const changes = new Changes();
    const there = new Set(walked.map(({ path }) => path));
    for (const path of [...before, ...records.keys()]) if (!there.has(path)) changes.add(path, true);
    const others = walked.filter(({ path }) => isReadme(path) || records.has(path));
    const same = await this.#unchanged(new Set([...files, ...others]), (path) =>
      changes.add(path, !before.has(path) && !records.has(path)),
    );
    for (const path of changes.files) changes.addMark(path);
    const affected = new Dependents(records).of(changes);
    for (const [path, state] of same) {
      if (!affected.has(path)) this.#records.set(path, { state, result: records.get(path)?.result ?? null });
    }
  }

  /** The files that are as they were, with their states; the others are told. */
  async #unchanged(
    files: Iterable<WalkedFile>,
    onChanged: (path: string) => void,
  ): Promise<ReadonlyMap<string, FileState>> {
    const same = new Map<string, FileState>();
    for (const { path } of files) {
      const before = this.#overlays.has(path) ? null : (this.#known.records.get(path)?.state ?? null);
      const state = before === null ? null : stillIn(join(this.#folder, path), before);
      if (state === null) onChanged(path);
      else same.set(path, state);
      if (this.#turns.isDue) await this.#turns.give();
    }
    return same;
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

  /** One more README may give a tool more examples: so which ones there are is kept, used or not. */
  async #noteReadmes(files: readonly WalkedFile[], reader: FileReader): Promise<void> {
    for (const { path } of files) {
      if (this.#records.has(path) || !isReadme(path)) continue;
      const record = reader.note(path);
      if (record !== null) this.#records.set(path, record);
      if (this.#turns.isDue) await this.#turns.give();
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
    const stateOf = (path: string): FileState | undefined => store.stateOf(path) ?? this.#states.get(path);
    for (const { result } of [...this.#records.values()]) noteDependencies(this.#records, result, stateOf);
  }
}

/** Keeps the states of files that a result rests on and that have no record of their own. */
export function noteDependencies(
  records: Map<string, FileRecord>,
  result: FileResult | null,
  stateOf: (path: string) => FileState | undefined,
): void {
  for (const path of result?.dependencies ?? []) {
    const state = records.has(path) ? undefined : stateOf(path);
    if (state !== undefined) records.set(path, { state, result: null });
  }
}

/** A diagnostic for each folder that could not be listed. */
export function unreadable({ unreadable: folders }: WalkResult): Diagnostic[] {
  return folders.map(({ path, reason }) => ({
    file: path === "" ? "." : path,
    line: 1,
    severity: "warning",
    code: "unreadable-folder",
    message: `The folder cannot be listed: ${reason}`,
  }));
}

export function isNotebook(path: string): boolean {
  return path.endsWith(".ipynb");
}

/** One for all notebooks: a workspace may have thousands. */
export function notebookDiagnostics(notebooks: Iterable<string>): Diagnostic[] {
  const all = [...notebooks].sort((a, b) => (a < b ? -1 : 1));
  const [file] = all;
  if (file === undefined) return [];
  const more = all.length > 1 ? ` This holds for ${all.length} files of the workspace.` : "";
  const message = `Notebooks are not read: they have no command line.${more}`;
  return [{ file, line: 1, severity: "information", code: "notebook", message }];
}
