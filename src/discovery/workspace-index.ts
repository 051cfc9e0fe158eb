import { lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CapabilityExtension, Diagnostic, DiscoveryReport } from "../model/index.ts";
import { FileAnalyser } from "./analyse.ts";
import { FileReader, isCandidate } from "./file-reader.ts";
import { type IndexFile, loadIndex, saveIndex } from "./index-file.ts";
import { mergeTools } from "./merge.ts";
import { ModuleStore } from "./modules.ts";
import { classify } from "./prefilter.ts";
import { applyManifests } from "./readers/manifest.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { Changes, type FileRecord, isSameKnowledge, type Known, nameOf } from "./records.ts";
import { Scan, type ScanListener, Turns } from "./scan.ts";
import { walkable } from "./walk.ts";

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
  #records = new Map<string, FileRecord>();
  #python: ReadonlySet<string> = new Set();
  #scan: Scan | undefined;
  #walkDiagnostics: readonly Diagnostic[] = [];
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
  async restore(): Promise<boolean> {
    const stored = this.#file === undefined ? null : await loadIndex(this.#file, this.folder);
    if (stored === null) return false;
    this.#records = stored.records;
    this.#python = stored.python;
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
    await saveIndex(this.#file, this.folder, {
      records: this.#records,
      python: this.#python,
      filesSeen: this.#filesSeen,
      diagnostics: this.#walkDiagnostics,
    });
  }

  /**
   * Reads the whole folder, except what is known and did not change. Rejects with the signal's reason when aborted; what
   * was known before stays then.
   */
  async scan(options: ScanOptions): Promise<void> {
    const started = performance.now();
    options.signal.throwIfAborted();
    const known = options.fresh === true ? NOTHING : { records: this.#records, python: this.#python };
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
    try {
      const outcome = await scan.run();
      this.#hasChanged ||= !isSameKnowledge({ records: this.#records, python: this.#python }, outcome);
      this.#store = outcome.store;
      this.#analyser = outcome.analyser;
      this.#reader = outcome.reader;
      this.#records = outcome.records;
      this.#python = outcome.python;
      this.#walkDiagnostics = outcome.diagnostics;
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
   * @param paths relative to the folder, with `/`
   */
  async update(paths: readonly string[], signal: AbortSignal): Promise<void> {
    if (!this.#isScanned) {
      await this.scan({ signal });
      return;
    }
    const started = performance.now();
    signal.throwIfAborted();
    const parsedBefore = this.#store.parsedCount;
    const belonging = await walkable(this.folder, paths);
    const changes = new Changes();
    let cameOrWent = false;
    for (const path of belonging) {
      const is = this.#noteChange(path);
      changes.add(path, is);
      cameOrWent ||= is;
    }
    if (cameOrWent) this.#analyser.forgetImports();
    const again = new Set(belonging);
    for (const [path, { result }] of this.#records) if (result !== null && changes.affect(result)) again.add(path);
    const turns = new Turns(signal);
    for (const path of again) {
      const file = { path, name: nameOf(path) };
      const record = isCandidate(file) ? this.#reader.read(file) : null;
      if (record === null) this.#records.delete(path);
      else this.#records.set(path, record);
      if (turns.isDue) await turns.give();
    }
    this.#hasChanged = true;
    this.#filesRead = again.size;
    this.#filesParsed = this.#store.parsedCount - parsedBefore;
    this.#milliseconds = performance.now() - started;
  }

  /** Forgets what was kept about a file. @returns whether it is a Python file that came or went */
  #noteChange(path: string): boolean {
    this.#analyser.forget(path);
    if (classify(nameOf(path)) !== "python") return false;
    const exists = this.#overlays.has(path) || isRegularFile(join(this.folder, path));
    const cameOrWent = this.#store.has(path) !== exists;
    this.#store.change(path, exists);
    if (cameOrWent) this.#python = changed(this.#python, path, exists);
    return cameOrWent;
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
      ...this.#walkDiagnostics,
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

function changed(set: ReadonlySet<string>, item: string, isIn: boolean): ReadonlySet<string> {
  const copy = new Set(set);
  if (isIn) copy.add(item);
  else copy.delete(item);
  return copy;
}

function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
