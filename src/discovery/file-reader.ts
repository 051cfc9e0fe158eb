import { lstatSync } from "node:fs";
import { join } from "node:path";
import { type Diagnostic, Parameter, Tool } from "../model/index.ts";
import { type FileAnalyser, type FileContent, type FileResult, failedResult } from "./analyse.ts";
import type { ModuleStore } from "./modules.ts";
import { classify, isTestFile, MAX_FILE_BYTES, mayHoldTools, PythonMarks } from "./prefilter.ts";
import { type FileRecord, recordOf } from "./records.ts";
import { readBytes } from "./regular-file.ts";
import { type FileState, isSame, stateOf } from "./stamp.ts";
import type { WalkedFile } from "./walk.ts";

/** Bytes of a file without ending that are looked at first. */
const HEAD_BYTES = 256;

/** A file that passed the filter and waits to be analysed. */
export interface KeptFile {
  readonly path: string;
  readonly state: FileState | null;
  /** In bytes. */
  readonly size: number;
  /** Dropped while it waits when there are too many; it is read again then. */
  content: FileContent | null;
}

/** What the filter says: a record where that is all, a file to be analysed, or `null`: there is no such file. */
export type Filtered =
  | { readonly kind: "record"; readonly record: FileRecord }
  | { readonly kind: "kept"; readonly kept: KeptFile }
  | null;

/** Whether a file is looked at at all, by its path alone. */
export function isCandidate({ path, name }: WalkedFile): boolean {
  return classify(name) !== "other" && !isTestFile(path);
}

/** Reads files of one workspace: first whether they may hold tools, then which. */
export class FileReader {
  readonly #folder: string;
  readonly #overlays: ReadonlyMap<string, string>;
  readonly #store: ModuleStore;
  readonly #analyser: FileAnalyser;
  /** Most files are looked at once: they need no memory of their own. */
  readonly #place = Buffer.allocUnsafeSlow(256 * 1024);

  constructor(folder: string, overlays: ReadonlyMap<string, string>, store: ModuleStore, analyser: FileAnalyser) {
    this.#folder = folder;
    this.#overlays = overlays;
    this.#store = store;
    this.#analyser = analyser;
  }

  filter(file: WalkedFile): Filtered {
    const { path } = file;
    const kind = classify(file.name);
    const full = join(this.#folder, path);
    const overlay = this.#overlays.get(path);
    if (overlay !== undefined) {
      return this.#sift({ path, kind, bytes: Buffer.from(overlay), isExecutable: isExecutable(full) }, null);
    }
    if (kind === "headless") {
      const head = readBytes(full, HEAD_BYTES);
      if (head === null) return null;
      const isScript = head.bytes[0] === 0x23 && head.bytes[1] === 0x21;
      if (!isScript) return { kind: "record", record: { state: stateOf(head, Date.now()), result: null } };
    }
    const content = readBytes(full, MAX_FILE_BYTES, this.#place);
    if (content === null) return null;
    const { bytes, stat } = content;
    const state = stateOf(content, Date.now());
    if (stat.size > MAX_FILE_BYTES) {
      return { kind: "record", record: recordOf(state, this.#analyser.tooLarge(path, stat.size), this.#store.texts) };
    }
    return this.#sift({ path, kind, bytes, isExecutable: (stat.mode & ANYBODY_EXECUTES) !== 0 }, state);
  }

  #sift(content: FileContent, state: FileState | null): Filtered {
    const marks = new PythonMarks(content.bytes);
    if (content.kind === "python") this.#store.noteMarks(content.path, marks);
    return mayHoldTools(content.path, content.kind, content.bytes, marks)
      ? {
          kind: "kept",
          kept: {
            path: content.path,
            state,
            size: content.bytes.length,
            content: { ...content, bytes: Buffer.from(content.bytes) },
          },
        }
      : { kind: "record", record: { state, result: null } };
  }

  /** The record of a file that passed the filter; `null` when it is gone meanwhile. */
  analyse(kept: KeptFile): FileRecord | null {
    const { path, content } = kept;
    if (content !== null) return recordOf(kept.state, this.#result(content), this.#store.texts);
    const again = this.filter({ path, name: path.slice(path.lastIndexOf("/") + 1) });
    if (again === null) return null;
    return again.kind === "kept" ? this.analyse(again.kept) : again.record;
  }

  /** A record that another thread made, as one of this reader. */
  adopted({ state, result }: FileRecord): FileRecord {
    return result === null ? { state, result } : recordOf(state, result, this.#store.texts);
  }

  /** A file that the analysis cannot cope with does not keep the others from being read. */
  #result(content: FileContent): FileResult {
    try {
      return describable(this.#analyser.analyse(content));
    } catch (error) {
      return failedResult(content.path, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * The state of a file that holds a text, to the byte; `null` when it does not.
   * @param state the state that it has to be in, or `null`
   */
  says(path: string, text: string, state: FileState | null): FileState | null {
    const content = readBytes(join(this.#folder, path), MAX_FILE_BYTES, this.#place);
    if (content === null || content.stat.size > MAX_FILE_BYTES || !content.bytes.equals(Buffer.from(text))) return null;
    return state === null || isSame(state, content) ? stateOf(content, Date.now()) : null;
  }

  /** The record of a file that is no candidate, but on which results may rest; `null` when it is gone. */
  note(path: string): FileRecord | null {
    if (this.#overlays.has(path)) return { state: null, result: null };
    const content = readBytes(join(this.#folder, path), MAX_FILE_BYTES, this.#place);
    return content === null ? null : { state: stateOf(content, Date.now()), result: null };
  }

  /** Filter and analysis in one. */
  read(file: WalkedFile): FileRecord | null {
    const filtered = this.filter(file);
    if (filtered === null) return null;
    return filtered.kind === "kept" ? this.analyse(filtered.kept) : filtered.record;
  }
}

/** Permission bits. */
const ANYBODY_EXECUTES = 0o111;

function isExecutable(path: string): boolean {
  return ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & ANYBODY_EXECUTES) !== 0;
}

/** Leaves out, and tells about, what is no tool in our own words: one odd declaration must not cost the others. */
function describable(result: FileResult): FileResult {
  const problems: Diagnostic[] = [];
  const tools = result.tools.flatMap((tool) => {
    if (Tool.safeParse(tool).success) return [tool];
    const parameters = tool.parameters.filter((parameter) => Parameter.safeParse(parameter).success);
    const smaller = Tool.safeParse({ ...tool, parameters });
    problems.push({
      file: tool.file,
      line: Math.max(1, tool.line),
      severity: "warning",
      code: "not-describable",
      message: smaller.success
        ? `${tool.name}: ${tool.parameters.length - parameters.length} of its parameters cannot be described.`
        : `A tool of this file cannot be described: ${smaller.error.issues[0]?.message ?? "not valid"}`,
    });
    return smaller.success ? [smaller.data] : [];
  });
  if (problems.length === 0) return result;
  return { ...result, tools, diagnostics: [...result.diagnostics, ...problems], isNotable: true };
}
