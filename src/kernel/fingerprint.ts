import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, type Result, type Tool } from "../model/index.ts";
import { type CodeReferences, codeReferences } from "./code-references.ts";
import { isInside } from "./entry.ts";
import { LocalModules } from "./local-modules.ts";

const CHUNK = 65_536;
const MEBIBYTE = 1024 * 1024;
/** Code that is looked through for imports; what is larger is data. */
const MAX_CODE_BYTES = 2 * MEBIBYTE;
/** So many files of code belong to one tool at most, and so many bytes. */
const BOUNDS = { files: 2000, bytes: 64 * MEBIBYTE };
/** So many files are remembered. */
const MAX_REMEMBERED = 4000;
/** A file that changed less than this long ago may change again under the same stamp (coarse clocks: FAT has 2 s). */
const CLOCK_MS = 2000;

/** What a tool consists of. */
export interface ToolParts {
  /** SHA-256 over all the rest, hexadecimal: what was approved for one fingerprint says nothing about another. */
  readonly fingerprint: string;
  /** SHA-256 of its command, schema, category and limits. */
  readonly description: string;
  /** The tool's file and the code of the workspace that it leads to: relative path to SHA-256. */
  readonly files: ReadonlyMap<string, string>;
  /** False when it leads to more code than is followed; the fingerprint then covers what was. */
  readonly isComplete: boolean;
}

/** What is known of a file. */
interface Part {
  readonly hash: string;
  readonly bytes: number;
  readonly references: CodeReferences;
  /** Tells this state of the file from another; none while the clock could not. */
  readonly stamp: string | undefined;
}

const NO_REFERENCES: CodeReferences = { imports: [], paths: [] };

/** Takes fingerprints. Files that did not change are not read again: no program can set a change time back. */
export class Fingerprints {
  readonly #bounds: { readonly files: number; readonly bytes: number };
  readonly #parts = new Map<string, Part>();

  constructor(bounds: { readonly files: number; readonly bytes: number } = BOUNDS) {
    this.#bounds = bounds;
  }

  /**
   * The parts of a tool: its file, its command and schema, and what it imports or names of the workspace's code, and so on
   * from there. The code is read and never run.
   * @param workspace real path of the folder that the tool's file is relative to
   * @returns problem `no-file` when the tool's own file cannot be read
   */
  of(tool: Tool, workspace: string): Result<ToolParts> {
    const modules = new LocalModules(workspace, tool);
    const files = new Map<string, string>();
    const waiting = [...modules.entryFiles(tool)];
    const seen = new Set(waiting);
    let bytes = 0;
    let isComplete = true;
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (files.size >= this.#bounds.files || bytes > this.#bounds.bytes) {
        isComplete = false;
        break;
      }
      const part = this.#part(workspace, file, tool);
      if (!part.ok) {
        if (file === tool.file) return part;
        continue; // what cannot be read cannot be run either
      }
      files.set(file, part.value.hash);
      bytes += part.value.bytes;
      for (const target of modules.targets(file, part.value.references)) {
        if (!seen.has(target)) waiting.push(target);
        seen.add(target);
      }
    }
    return ok(sealed(tool, files, isComplete));
  }

  /** As {@link of}, for a tool that is one file and imports nothing of a workspace. */
  ofFile(tool: Tool, folder: string): Result<ToolParts> {
    const part = this.#part(folder, tool.file, tool);
    return part.ok ? ok(sealed(tool, new Map([[tool.file, part.value.hash]]), true)) : part;
  }

  #part(workspace: string, file: string, tool: Tool): Result<Part> {
    const path = join(workspace, file);
    try {
      // What lies outside is not visible in the sandbox.
      if (!isInside(workspace, realpathSync(path))) throw new Error("it lies outside the workspace");
      // Non-blocking, so that a pipe put in the file's place cannot hang the gate.
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const stat = fstatSync(descriptor, { bigint: true });
        if (!stat.isFile()) throw new Error("it is not a regular file");
        const known = this.#parts.get(path);
        if (known?.stamp !== undefined && known.stamp === stampOf(stat)) return ok(known);
        const part = readPart(descriptor, file, stat, known);
        this.#remember(path, part);
        return ok(part);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("no-file", `${tool.name}: its file cannot be read: ${why}`, { file: tool.file, line: tool.line });
    }
  }

  #remember(path: string, part: Part): void {
    this.#parts.delete(path);
    this.#parts.set(path, part);
    const [oldest] = this.#parts.keys();
    if (this.#parts.size > MAX_REMEMBERED && oldest !== undefined) this.#parts.delete(oldest);
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function readPart(descriptor: number, file: string, stat: BigIntStats, known: Part | undefined): Part {
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  const isCode = stat.size <= MAX_CODE_BYTES;
  let bytes = 0;
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const read = readSync(descriptor, buffer);
    if (read === 0) break;
    bytes += read;
    hash.update(buffer.subarray(0, read));
    if (isCode) kept.push(buffer.subarray(0, read));
  }
  const digest = hash.digest("hex");
  const isSettled = Date.now() - Number(stat.ctimeMs) > CLOCK_MS && Date.now() - Number(stat.mtimeMs) > CLOCK_MS;
  const references =
    known?.hash === digest ? known.references : isCode ? codeReferences(file, Buffer.concat(kept)) : NO_REFERENCES;
  return { hash: digest, bytes, references, stamp: isSettled ? stampOf(stat) : undefined };
}

function sealed(tool: Tool, files: ReadonlyMap<string, string>, isComplete: boolean): ToolParts {
  const { argv, usage, pythonPath } = tool.entry;
  const text = JSON.stringify({
    argv,
    usage,
    pythonPath,
    schema: tool.schema,
    category: tool.category,
    limits: tool.limits,
  });
  const description = createHash("sha256").update(text).digest("hex");
  const hash = createHash("sha256").update(description);
  for (const [file, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`\0${file}\0${content}`);
  return { fingerprint: hash.digest("hex"), description, files, isComplete };
}
