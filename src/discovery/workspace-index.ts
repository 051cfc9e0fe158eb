import { lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CapabilityExtension, Diagnostic, DiscoveryReport } from "../model/index.ts";
import { FileAnalyser } from "./analyse.ts";
import { isReadme } from "./examples.ts";
import { FileReader, isCandidate } from "./file-reader.ts";
import { type IndexFile, loadIndex, type RestoreListener, saveIndex } from "./index-file.ts";
import { mergeTools } from "./merge.ts";
import { ModuleStore } from "./modules.ts";
import { classify } from "./prefilter.ts";
import { applyManifests } from "./readers/manifest.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { Changes, Dependents, type FileRecord, isSameKnowledge, type Known, nameOf } from "./records.ts";
import { isNotebook, notebookDiagnostics, noteDependencies, Scan, type ScanListener, unreadable } from "./scan.ts";
import { type FileState, stillIn } from "./stamp.ts";
import { touchedFiles } from "./touched.ts";
import { Turns } from "./turns.ts";

export interface ScanOptions extends ScanListener {
  readonly signal: AbortSignal;
  /** Threads that analyse files besides the one that asks; as many as pay when left out. */
  readonly helpers?: number;
  /** Read everything, whatever is known already. */
  readonly fresh?: boolean;
}

export interface DiscoverOptions extends Omit<ScanOptions, "fresh"> {
  /** Unsaved texts by relative path; they stand for the files' contents. */
  readonly overlays?: ReadonlyMap<string, string>;
  /** Calls that settings add to the table of capabilities. */
  readonly capabilities?: readonly CapabilityExtension[];
}

const NOTHING: Known = { records: new Map(), python: new Set() };

export interface CatchUpOptions {
  readonly signal: AbortSignal;
  /** Asked before each file; what is left is read the next time. */
  readonly isInterrupted?: () => boolean;
  /** Files that somebody waits for. */
  readonly isFirst?: (path: string) => boolean;
}

/**
 * The tools of one workspace folder, kept up to date: {@link scan} reads what is not known yet, {@link update} what
 * changed and what depends on it. Results are per file, so that a report is put together without reading anything. With
 * a file to keep them in, they outlive the process.
 */
export class WorkspaceIndex {
  readonly folder: string;
  readonly #overlays: Map<string, string>;
  readonly #file: IndexFile | undefined;
  readonly #capabilities: readonly CapabilityExtension[];
  #store: ModuleStore;
  #analyser: FileAnalyser;
  #reader: FileReader;
  #records: Map<string, FileRecord> = new Map();
  #python = new Set<string>();
  #dependents = new Dependents(this.#records);
  /** Files whose results rest on what changed since. */
  readonly #behind = new Set<string>();
  /** The unsaved texts as they were last read. */
  readonly #overlaysRead = new Map<string, string>();
  #scan: Scan | undefined;
  /** About what could not be listed; of an earlier process, about notebooks too. */
  #walkDiagnostics: readonly Diagnostic[] = [];
  readonly #notebooks = new Set<string>();
  #filesSeen = 0;
  #filesRead = 0;
  #filesParsed = 0;
  #milliseconds = 0;
  #isScanned: boolean = false;
  #hasChanged: boolean = false;

  /**
   * @param overlays unsaved texts by relative path
   * @param file where results are kept between processes; its build has to tell apart different `capabilities`
   * @param capabilities calls that settings add to the table of capabilities
   */
  constructor(
    folder: string,
    overlays: ReadonlyMap<string, string> = new Map(),
    file?: IndexFile,
    capabilities: readonly CapabilityExtension[] = [],
  ) {
    this.#capabilities = capabilities;
    this.folder = resolve(folder);
    this.#overlays = new Map(overlays);
    this.#file = file;
    this.#store = new ModuleStore(this.folder, [], MODELLED_MODULES, this.#overlays);
    this.#analyser = new FileAnalyser(this.#store, this.#capabilities);
    this.#reader = new FileReader(this.folder, this.#overlays, this.#store, this.#analyser);
  }

  /**
   * Takes over what an earlier process knew, without a look at the workspace: a {@link scan} then reads what changed.
   * @returns whether there was anything of use
   */
  async restore(listener: RestoreListener = {}): Promise<boolean> {
    const stored = this.#file === undefined ? null : await loadIndex(this.#file, this.folder, listener);
    if (stored === null) return false;
    this.#records = new Map(stored.records);
    this.#python = new Set(stored.python);
    this.#filesSeen = stored.filesSeen;
    this.#walkDiagnostics = stored.diagnostics;
    return true;
  }

  /** Whether something was learnt that is not stored. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Keeps what is known for the next process, if there is a place for it. */
  async save(): Promise<void> {
    if (this.#file === undefined) return;
    this.#hasChanged = false;
    // Lines are made as they are written: changes meanwhile are for the next time.
    await saveIndex(this.#file, this.folder, {
      records: new Map(this.#current()),
      python: new Set(this.#python),
      filesSeen: this.#filesSeen,
      diagnostics: this.#listingDiagnostics(),
    });
  }

  #listingDiagnostics(): readonly Diagnostic[] {
    return [...this.#walkDiagnostics, ...notebookDiagnostics(this.#notebooks)];
  }

  /** The records that are not behind. */
  #current(): ReadonlyMap<string, FileRecord> {
    if (this.#behind.size === 0) return this.#records;
    return new Map([...this.#records].filter(([path]) => !this.#behind.has(path)));
  }

  /**
   * Reads the whole folder, except what is known and did not change. Rejects with the signal's reason when aborted; what
   * was known before stays then.
   */
  async scan(options: ScanOptions): Promise<void> {
    const started = performance.now();
    options.signal.throwIfAborted();
    const known = options.fresh === true ? NOTHING : { records: this.#current(), python: this.#python };
    const scan = new Scan(
      this.folder,
      this.#overlays,
      known,
      options.signal,
      options,
      this.#capabilities,
      options.helpers,
    );
    this.#scan = scan;
    const overlays = new Map(this.#overlays);
    try {
      const outcome = await scan.run();
      this.#hasChanged ||= !isSameKnowledge({ records: this.#records, python: this.#python }, outcome);
      this.#store = outcome.store;
      this.#analyser = outcome.analyser;
      this.#reader = outcome.reader;
      this.#records = outcome.records;
      this.#python = new Set(outcome.python);
      this.#dependents = new Dependents(this.#records);
      this.#behind.clear();
      this.#overlaysRead.clear();
      for (const [path, text] of overlays) if (this.#overlays.get(path) === text) this.#overlaysRead.set(path, text);
      this.#walkDiagnostics = outcome.diagnostics;
      this.#notebooks.clear();
      for (const path of outcome.notebooks) this.#notebooks.add(path);
      this.#filesSeen = outcome.filesSeen;
      this.#filesRead = outcome.filesRead;
      this.#filesParsed = outcome.filesParsed;
      this.#isScanned = true;
    } finally {
      if (this.#scan === scan) this.#scan = undefined;
    }
    this.#milliseconds = performance.now() - started;
  }

  /** Files that somebody waits for: a scan that goes on analyses them first. */
  prioritise(paths: readonly string[]): void {
    this.#scan?.prioritise(paths);
  }

  /**
   * Reads changed, new or deleted files again, and those whose results depend on them.
   * @param paths relative to the folder, with `/`; of a folder, everything in it may have changed
   */
  async update(paths: readonly string[], signal: AbortSignal): Promise<void> {
    await this.change(paths, signal);
    const read = this.#filesRead;
    await this.catchUp({ signal });
    this.#filesRead += read;
  }

  /**
   * Reads changed, new or deleted files again. Results that rest on them are as before until {@link catchUp}.
   * @param paths as for {@link update}
   * @returns whether any file of the workspace changed
   */
  async change(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (!this.#isScanned) {
      await this.scan({ signal });
      return true;
    }
    const started = performance.now();
    signal.throwIfAborted();
    const turns = new Turns(signal);
    const touched = await this.#touched(paths, turns);
    if (touched === null) {
      await this.scan({ signal });
      return true;
    }
    this.#filesRead = 0;
    if (touched.size === 0) return false;
    const parsedBefore = this.#store.parsedCount;
    const changes = this.#note(touched);
    for (const path of this.#dependents.of(changes)) this.#behind.add(path);
    for (const path of touched) {
      this.#readAgain(path);
      if (turns.isDue) await turns.give();
    }
    this.#noteWork(started, parsedBefore, touched.size);
    return true;
  }

  /** How many files are to be read again, because what they rest on changed. */
  get behind(): number {
    return this.#behind.size;
  }

  /** Reads again what rests on files that changed. */
  async catchUp({ signal, isInterrupted = () => false, isFirst = () => false }: CatchUpOptions): Promise<void> {
    const started = performance.now();
    const parsedBefore = this.#store.parsedCount;
    const waiting = [...this.#behind].sort(compareText);
    const order = [...waiting.filter(isFirst), ...waiting.filter((path) => !isFirst(path))];
    const turns = new Turns(signal);
    let read = 0;
    for (const path of order) {
      if (isInterrupted()) break;
      this.#readAgain(path);
      read += 1;
      if (turns.isDue) await turns.give();
    }
    if (read > 0) this.#noteWork(started, parsedBefore, read);
    else this.#filesRead = 0;
  }

  #noteWork(started: number, parsedBefore: number, read: number): void {
    this.#hasChanged = true;
    this.#filesRead = read;
    this.#filesParsed = this.#store.parsedCount - parsedBefore;
    this.#milliseconds = performance.now() - started;
  }

  /** The files that are not as they were read, of those that some paths name; `null` as for {@link touchedFiles}. */
  async #touched(paths: readonly string[], turns: Turns): Promise<ReadonlySet<string> | null> {
    const known = (): Iterable<string> => [...this.#python, ...this.#records.keys(), ...this.#notebooks];
    const touched = await touchedFiles(this.folder, paths, known, turns);
    if (touched === null) return null;
    const closed = this.#walkDiagnostics.filter(
      ({ file }) => isThere(join(this.folder, file)) && ![...touched.folders.keys()].some((path) => isIn(file, path)),
    );
    this.#walkDiagnostics = [...closed, ...[...touched.folders.values()].flatMap(unreadable)];
    const changed = new Set<string>();
    for (const path of touched.files) {
      if (!this.#isAsRead(path)) changed.add(path);
      if (turns.isDue) await turns.give();
    }
    return changed;
  }

  /** Whether a file is what it was when it was last read: editors tell the same change twice. */
  #isAsRead(path: string): boolean {
    const overlay = this.#overlays.get(path);
    const read = this.#overlaysRead.get(path);
    if (overlay !== undefined && read !== undefined) return overlay === read;
    const record = this.#records.get(path);
    if (overlay !== undefined) {
      // A document that was opened mostly says what its file says.
      const isSaid =
        (record?.state ?? null) !== null && this.#reader.says(path, overlay, record?.state ?? null) !== null;
      if (isSaid) this.#overlaysRead.set(path, overlay);
      return isSaid;
    }
    if (read === undefined) return this.#isIn(path, record?.state ?? null);
    const state = record === undefined ? null : this.#reader.says(path, read, null);
    if (record === undefined || state === null) return false;
    this.#records.set(path, { state, result: record.result });
    this.#overlaysRead.delete(path);
    return true;
  }

  #isIn(path: string, state: FileState | null): boolean {
    return state !== null && stillIn(join(this.folder, path), state) !== null;
  }

  /** Forgets what was kept about files. */
  #note(paths: ReadonlySet<string>): Changes {
    const changes = new Changes();
    this.#analyser.forget(paths);
    let cameOrWent = false;
    for (const path of paths) {
      const exists = this.#overlays.has(path) || isRegularFile(join(this.folder, path));
      if (classify(nameOf(path)) === "python") {
        const was = this.#notePython(path, exists, changes);
        cameOrWent ||= was !== exists;
      } else {
        changes.add(path, this.#records.has(path) !== exists);
        if (isNotebook(path)) put(this.#notebooks, path, exists);
      }
    }
    if (cameOrWent) this.#analyser.forgetImports();
    return changes;
  }

  /** @returns whether the file was there before */
  #notePython(path: string, exists: boolean, changes: Changes): boolean {
    const was = this.#store.has(path);
    const declared = this.#store.knownImportDeclares(path);
    changes.add(path, was !== exists);
    this.#store.change(path, exists);
    put(this.#python, path, exists);
    const declares = exists && this.#store.importDeclares(path);
    if (declared !== declares || path.endsWith("__init__.py")) changes.addMark(path);
    return was;
  }

  #readAgain(path: string): void {
    this.#behind.delete(path);
    const overlay = this.#overlays.get(path);
    if (overlay === undefined) this.#overlaysRead.delete(path);
    else this.#overlaysRead.set(path, overlay);
    const file = { path, name: nameOf(path) };
    const record = isCandidate(file) ? this.#reader.read(file) : this.#noteOther(path);
    if (record === null) this.#records.delete(path);
    else this.#records.set(path, record);
    this.#dependents.set(path, record?.result ?? null);
    noteDependencies(this.#records, record?.result ?? null, (other) => this.#store.stateOf(other));
    if (this.#dependents.isWorn) this.#dependents = new Dependents(this.#records);
  }

  /** Of what is no candidate only what results may rest on is kept. */
  #noteOther(path: string): FileRecord | null {
    return isReadme(path) || this.#records.has(path) ? this.#reader.note(path) : null;
  }

  /** Sets or, with `undefined`, drops the unsaved text of a file; {@link update} takes it into account. */
  setOverlay(path: string, text: string | undefined): void {
    if (text === undefined) this.#overlays.delete(path);
    else this.#overlays.set(path, text);
  }

  /** What is known now. Tools are sorted by file, then line. */
  report(): DiscoveryReport {
    const results = [...this.#records].flatMap(([path, { result }]) => (result === null ? [] : [{ path, result }]));
    results.sort((a, b) => compareText(a.path, b.path));
    const merged = applyManifests(
      mergeTools(results.map(({ path, result }) => [path, result.tools])),
      results.flatMap(({ result }) => (result.manifest === null ? [] : [result.manifest])),
    );
    const diagnostics = [
      ...this.#listingDiagnostics(),
      ...results.flatMap(({ result }) => result.diagnostics),
      ...merged.diagnostics,
    ];
    return {
      workspace: this.folder,
      tools: [...merged.tools].sort(
        (a, b) => compareText(a.file, b.file) || a.line - b.line || compareText(a.id, b.id),
      ),
      diagnostics: diagnostics.sort((a, b) => compareText(a.file, b.file) || a.line - b.line),
      stats: {
        filesSeen: this.#filesSeen,
        filesRead: this.#filesRead,
        filesParsed: this.#filesParsed,
        milliseconds: Math.round(this.#milliseconds * 10) / 10,
      },
    };
  }
}

/**
 * Reads a workspace folder and says which tools it holds. Nothing of it is ever run. Rejects with the signal's reason
 * when aborted; a folder that cannot be listed is a diagnostic.
 */
export async function discover(folder: string, options: DiscoverOptions): Promise<DiscoveryReport> {
  const index = new WorkspaceIndex(folder, options.overlays, undefined, options.capabilities);
  await index.scan(options);
  return index.report();
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function put(set: Set<string>, item: string, isIn: boolean): void {
  if (isIn) set.add(item);
  else set.delete(item);
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
