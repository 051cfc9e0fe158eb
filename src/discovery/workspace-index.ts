import { readSync } from "node:fs";
import { join, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Diagnostic, DiscoveryReport } from "../model/index.ts";
import { FileAnalyser, type FileResult } from "./analyse.ts";
import { mergeTools } from "./merge.ts";
import { ModuleStore } from "./modules.ts";
import { classify, type FileClass, isTestFile, MAX_FILE_BYTES } from "./prefilter.ts";
import { applyManifests } from "./readers/manifest.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { withRegularFile } from "./regular-file.ts";
import { type WalkedFile, walk, walkable } from "./walk.ts";

export interface DiscoverOptions {
  readonly signal: AbortSignal;
  /** Told now and then how many files were seen and how many of them read. */
  readonly onProgress?: (seen: number, read: number) => void;
  /** Unsaved texts by relative path; they stand for the files' contents. */
  readonly overlays?: ReadonlyMap<string, string>;
}

/** How long, in milliseconds, files are read before the event loop gets a turn. */
const TURN = 12;

/** Bytes of a file without ending that are looked at first. */
const HEAD_BYTES = 256;

/**
 * The tools of one workspace folder, kept up to date: {@link scan} reads everything, {@link update} only what changed and
 * what depends on it. Results are per file, so that a report is put together without reading anything.
 */
export class WorkspaceIndex {
  readonly folder: string;
  readonly #overlays: Map<string, string>;
  readonly #results = new Map<string, FileResult>();
  #store: ModuleStore;
  #analyser: FileAnalyser;
  #walkDiagnostics: readonly Diagnostic[] = [];
  #filesSeen = 0;
  #filesRead = 0;
  #milliseconds = 0;

  constructor(folder: string, overlays: ReadonlyMap<string, string> = new Map()) {
    this.folder = resolve(folder);
    this.#overlays = new Map(overlays);
    this.#store = new ModuleStore(this.folder, [], MODELLED_MODULES, this.#overlays);
    this.#analyser = new FileAnalyser(this.#store);
  }

  /** Reads the whole folder anew. Rejects with the signal's reason when aborted; what was known before stays then. */
  async scan(options: Omit<DiscoverOptions, "overlays">): Promise<void> {
    const started = performance.now();
    const { signal, onProgress } = options;
    signal.throwIfAborted();
    const walked = await walk(this.folder, { signal, onSeen: (seen) => onProgress?.(seen, 0) });
    const python = walked.files.filter((file) => classify(file.name) === "python");
    const store = new ModuleStore(
      this.folder,
      python.map((file) => file.path),
      MODELLED_MODULES,
      this.#overlays,
    );
    const analyser = new FileAnalyser(store);
    const results = new Map<string, FileResult>();
    let read = 0;
    let turn = performance.now();
    for (const file of walked.files) {
      const outcome = this.#read(file, analyser);
      if (outcome === null) continue;
      read += 1;
      if (outcome.isNotable) results.set(file.path, outcome);
      if (performance.now() - turn < TURN) continue;
      onProgress?.(walked.files.length, read);
      await nextTurn();
      signal.throwIfAborted();
      turn = performance.now();
    }
    this.#store = store;
    this.#analyser = analyser;
    this.#results.clear();
    for (const [path, result] of results) this.#results.set(path, result);
    this.#walkDiagnostics = walked.unreadable.map(({ path, reason }) => ({
      file: path === "" ? "." : path,
      line: 1,
      severity: "warning",
      code: "unreadable-folder",
      message: `The folder cannot be listed: ${reason}`,
    }));
    this.#filesSeen = walked.files.length;
    this.#filesRead = read;
    this.#milliseconds = performance.now() - started;
    onProgress?.(this.#filesSeen, read);
  }

  /**
   * Reads changed, new or deleted files again, and those whose results depend on them.
   * @param paths relative to the folder, with `/`
   */
  async update(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const started = performance.now();
    signal.throwIfAborted();
    const belonging = await walkable(this.folder, paths);
    const again = new Set(belonging);
    for (const path of belonging) {
      for (const file of this.#noteChange(path)) again.add(file);
    }
    let turn = performance.now();
    for (const path of again) {
      const outcome = this.#read({ path, name: nameOf(path) }, this.#analyser);
      if (outcome?.isNotable === true) this.#results.set(path, outcome);
      else this.#results.delete(path);
      if (performance.now() - turn < TURN) continue;
      await nextTurn();
      signal.throwIfAborted();
      turn = performance.now();
    }
    this.#milliseconds = performance.now() - started;
  }

  /** Forgets what was kept about a file. @returns files whose results rest on it, or may now find it */
  #noteChange(path: string): readonly string[] {
    const isPython = classify(nameOf(path)) === "python";
    const exists = this.#overlays.has(path) || readBytes(join(this.folder, path), 0) !== null;
    const cameOrWent = isPython && this.#store.has(path) !== exists;
    if (isPython) this.#store.change(path, exists);
    this.#analyser.forget(path);
    return [...this.#results].flatMap(([file, result]) => {
      const isAffected = result.dependencies.has(path) || (cameOrWent && result.misses.has(stemOf(path)));
      return isAffected ? [file] : [];
    });
  }

  /** Sets or, with `undefined`, drops the unsaved text of a file; {@link update} takes it into account. */
  setOverlay(path: string, text: string | undefined): void {
    if (text === undefined) this.#overlays.delete(path);
    else this.#overlays.set(path, text);
  }

  /** What is known now. Tools are sorted by file, then line. */
  report(): DiscoveryReport {
    const results = [...this.#results.values()];
    const merged = applyManifests(
      mergeTools([...this.#results].map(([path, result]) => [path, result.tools])),
      results.flatMap((result) => (result.manifest === null ? [] : [result.manifest])),
    );
    const diagnostics = [
      ...this.#walkDiagnostics,
      ...results.flatMap((result) => result.diagnostics),
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
        filesParsed: this.#store.parsedCount,
        milliseconds: Math.round(this.#milliseconds * 10) / 10,
      },
    };
  }

  /** The result of one file; `null` when its content need not be looked at or it is not there. */
  #read(file: WalkedFile, analyser: FileAnalyser): FileResult | null {
    const kind = classify(file.name);
    if (kind === "other" || isTestFile(file.path)) return null;
    const overlay = this.#overlays.get(file.path);
    if (overlay !== undefined) {
      return analyser.analyse({ path: file.path, kind, bytes: Buffer.from(overlay), isExecutable: false });
    }
    const full = join(this.folder, file.path);
    if (kind === "headless" && !isScriptHead(full)) return null;
    return this.#readFile(file.path, kind, full, analyser);
  }

  #readFile(path: string, kind: FileClass, full: string, analyser: FileAnalyser): FileResult | null {
    const content = readBytes(full, MAX_FILE_BYTES);
    if (content === null) return null;
    if (content.size > MAX_FILE_BYTES) return analyser.tooLarge(path, content.size);
    return analyser.analyse({ path, kind, bytes: content.bytes, isExecutable: (content.mode & 0o111) !== 0 });
  }
}

/**
 * Reads a workspace folder and says which tools it holds. Nothing of it is ever run. Rejects with the signal's reason
 * when aborted; a folder that cannot be listed is a diagnostic.
 */
export async function discover(folder: string, options: DiscoverOptions): Promise<DiscoveryReport> {
  const index = new WorkspaceIndex(folder, options.overlays);
  await index.scan(options);
  return index.report();
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The name under which a file would be imported. */
function stemOf(path: string): string {
  const name = nameOf(path);
  const folder = path.slice(0, Math.max(0, path.length - name.length - 1));
  return name === "__init__.py" ? nameOf(folder) : name.replace(/\.pyw?$/u, "");
}

function isScriptHead(path: string): boolean {
  const head = readBytes(path, HEAD_BYTES);
  return head !== null && head.bytes[0] === 0x23 && head.bytes[1] === 0x21;
}

interface Content {
  readonly bytes: Buffer;
  /** Of the whole file, which may be larger than what was read. */
  readonly size: number;
  readonly mode: number;
}

/** The first bytes of a regular file, `null` when it is none or cannot be read. */
function readBytes(path: string, limit: number): Content | null {
  return withRegularFile(path, (descriptor, { size, mode }) => {
    const bytes = Buffer.allocUnsafe(Math.min(size, limit));
    const count = bytes.length === 0 ? 0 : readSync(descriptor, bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, count), size, mode };
  });
}
