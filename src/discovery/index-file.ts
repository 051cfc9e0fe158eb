import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import type { Problem } from "../model/index.ts";
import { FORMAT, Head, StoredReader, type StoredResults, storedLines } from "./stored-form.ts";
import { Turns } from "./turns.ts";

/** Where the results of one folder outlive the process that found them. */
export interface IndexFile {
  readonly path: string;
  /** Names the code that makes the results: what another one wrote is of no use. */
  readonly build: string;
  /**
   * Told why a file that is there is not used (`index-outdated` is part of every update, `index-dropped` is not), or why
   * none could be written (`index-not-saved`).
   */
  readonly onProblem: (problem: Problem) => void;
}

/** Largest file that is written or read, in bytes: beyond it a scan costs hardly more than reading it. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Folders whose results are kept; those that were not used for longest go. */
const MAX_FILES = 40;

/** The file of a workspace's results in a folder of such files; the name tells people whose it is. */
export function indexPath(folder: string, workspace: string): string {
  const hash = createHash("sha256").update(workspace).digest("hex").slice(0, 20);
  return join(
    folder,
    `${basename(workspace)
      .replace(/[^\w.-]+/gu, "_")
      .slice(0, 40)}-${hash}.json`,
  );
}

/** Told what a stored file holds, before all of it was read. */
export interface RestoreListener {
  /** The files that most of the tools lie in. */
  readonly onKnown?: ((files: readonly string[]) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was stored for the folder by the same code; `null` without it. A file that is no good is told about and removed. */
export async function loadIndex(
  file: IndexFile,
  workspace: string,
  { onKnown, signal = new AbortController().signal }: RestoreListener = {},
): Promise<StoredResults | null> {
  let bytes: Buffer;
  try {
    if ((await stat(file.path)).size > MAX_BYTES) return await drop(file, "it is too large");
    bytes = await readFile(file.path);
  } catch (error) {
    if (isMissing(error)) return null;
    return await drop(file, messageOf(error));
  }
  try {
    const read = await readLines(parsedLines(bytes), file, workspace, onKnown, new Turns(signal));
    return typeof read === "string" ? await drop(file, read) : read;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return await drop(file, error.message);
  }
}

/** What the lines hold, or what is wrong with them. */
async function readLines(
  lines: Iterator<unknown, undefined>,
  file: IndexFile,
  workspace: string,
  onKnown: RestoreListener["onKnown"],
  turns: Turns,
): Promise<StoredResults | string | null> {
  const head = Head.safeParse(lines.next().value);
  if (!head.success) return z.prettifyError(head.error);
  if (head.data.format !== FORMAT || head.data.build !== file.build) {
    return await drop(file, "another version of the program wrote it", "index-outdated");
  }
  const reader = StoredReader.begin(lines.next().value, workspace);
  if (typeof reader === "string") return reader;
  onKnown?.(reader.files);
  for (let line = lines.next(); line.done !== true; line = lines.next()) {
    const problem = reader.add(line.value);
    if (problem !== null) return problem;
    if (turns.isDue) await turns.give();
  }
  return reader.isComplete ? reader.end() : "it is not complete";
}

/** The values of lines of JSON. Throws a `SyntaxError` at one that is none. */
function* parsedLines(bytes: Buffer): Generator<unknown, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    yield JSON.parse(bytes.toString("utf8", start, end));
    start = end + 1;
  }
}

const LINE_END = 0x0a;

/** Writes the file anew, all of it or nothing. What cannot be stored is told about; it only costs time later. */
export async function saveIndex(file: IndexFile, workspace: string, results: StoredResults): Promise<void> {
  const temporary = `${file.path}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`;
  let isBegun = false;
  try {
    await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
    isBegun = true;
    await writeFile(temporary, bounded(storedLines(file.build, workspace, results)), { mode: 0o600, flag: "wx" });
    await rename(temporary, file.path);
    await removeOld(dirname(file.path));
  } catch (error) {
    if (isBegun) await rm(temporary, { force: true });
    file.onProblem({ code: "index-not-saved", message: `The index ${file.path} is not saved: ${messageOf(error)}` });
  }
}

/** Lines with their ends, made one after the other as they are written: who asks for something meanwhile gets it. */
function* bounded(lines: Iterable<string>): Generator<string> {
  let size = 0;
  for (const line of lines) {
    size += Buffer.byteLength(line) + 1;
    if (size > MAX_BYTES) throw new Error("it would be too large");
    yield `${line}\n`;
  }
}

async function drop(
  file: IndexFile,
  why: string,
  code: "index-dropped" | "index-outdated" = "index-dropped",
): Promise<null> {
  file.onProblem({ code, message: `The index ${file.path} is not used: ${why}` });
  await rm(file.path, { force: true, recursive: true });
  return null;
}

/** Removes the files of folders that were not opened for longest, and what interrupted writers left. */
async function removeOld(folder: string): Promise<void> {
  const files: { path: string; time: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith(".json") || name.endsWith(".tmp")) files.push({ path, time: await timeOf(path) });
  }
  const old = Date.now() - ABANDONED;
  const kept = files.filter(({ path }) => path.endsWith(".json")).sort((a, b) => b.time - a.time);
  const left = files.filter(({ path, time }) => path.endsWith(".tmp") && time < old);
  for (const { path } of [...kept.slice(MAX_FILES), ...left]) await rm(path, { force: true });
}

/** After how many milliseconds a temporary file has nobody who still writes it. */
const ABANDONED = 3_600_000;

async function timeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    // Another process removed or renamed it: it is not ours to count.
    return Date.now();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
