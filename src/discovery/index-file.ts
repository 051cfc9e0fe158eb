import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { Diagnostic, type Problem, parseBoundary, Tool } from "../model/index.ts";
import type { FileResult } from "./analyse.ts";
import type { FileRecord, Known } from "./records.ts";

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

/** What is stored. */
export interface StoredResults extends Known {
  readonly filesSeen: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** Moves with every change of the file's form. */
const FORMAT = 1;

/** Largest file that is written or read, in bytes: beyond it a scan costs hardly more than reading it. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Folders whose results are kept; those that were not used for longest go. */
const MAX_FILES = 40;

const Head = z.object({ format: z.number(), build: z.string() });

/** Files are named by their number in `paths`, because results name the same ones again and again. */
const Body = z.object({
  workspace: z.string(),
  filesSeen: z.int().min(0),
  diagnostics: z.array(Diagnostic),
  paths: z.array(z.string()),
  /** For each path; empty where the file was not looked at. */
  stamps: z.array(z.string()),
  hashes: z.record(z.string(), z.string()),
  /** How many of the paths, the first ones, are Python files. */
  python: z.int().min(0),
  results: z.array(
    z.object({
      file: z.int().min(0),
      tools: z.array(Tool),
      diagnostics: z.array(Diagnostic),
      dependencies: z.array(z.int().min(0)),
      misses: z.array(z.string()),
      isNotable: z.boolean(),
    }),
  ),
});
type Body = z.infer<typeof Body>;

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

/** What was stored for the folder by the same code; `null` without it. A file that is no good is told about and removed. */
export async function loadIndex(file: IndexFile, workspace: string): Promise<StoredResults | null> {
  let text: string;
  try {
    if ((await stat(file.path)).size > MAX_BYTES) return await drop(file, "it is too large");
    text = await readFile(file.path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    return await drop(file, messageOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return await drop(file, messageOf(error));
  }
  const head = parseBoundary(Head, value, file.path);
  if (!head.ok) return await drop(file, head.problem.message);
  if (head.value.format !== FORMAT || head.value.build !== file.build) {
    return await drop(file, "another version of the program wrote it", "index-outdated");
  }
  const body = parseBoundary(Body, value, file.path);
  if (!body.ok) return await drop(file, body.problem.message);
  if (body.value.workspace !== workspace) return await drop(file, `it is about ${body.value.workspace}`);
  const stored = unpack(body.value);
  return stored ?? (await drop(file, "it names files that it does not list"));
}

/** Writes the file anew, all of it or nothing. What cannot be stored is told about; it only costs time later. */
export async function saveIndex(file: IndexFile, workspace: string, results: StoredResults): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, build: file.build, ...pack(workspace, results) });
  const temporary = `${file.path}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`;
  let isBegun = false;
  try {
    if (Buffer.byteLength(text) > MAX_BYTES) throw new Error("it would be too large");
    await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
    isBegun = true;
    await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
    await rename(temporary, file.path);
    await removeOld(dirname(file.path));
  } catch (error) {
    if (isBegun) await rm(temporary, { force: true });
    file.onProblem({ code: "index-not-saved", message: `The index ${file.path} is not saved: ${messageOf(error)}` });
  }
}

function pack(workspace: string, { records, python, filesSeen, diagnostics }: StoredResults): Body {
  const paths = [...python];
  const numbers = new Map(paths.map((path, index) => [path, index]));
  const numberOf = (path: string): number => {
    let number = numbers.get(path);
    if (number === undefined) {
      number = paths.push(path) - 1;
      numbers.set(path, number);
    }
    return number;
  };
  const hashes: Record<string, string> = {};
  const results: Body["results"] = [];
  for (const [path, { state, result }] of records) {
    // Manifests are few and quickly read; unsaved texts are gone with the editor.
    if (state === null || (result !== null && result.manifest !== null)) continue;
    const file = numberOf(path);
    if (state.hash !== null) hashes[String(file)] = state.hash;
    if (result === null) continue;
    const { tools, isNotable } = result;
    const dependencies = [...result.dependencies].map(numberOf);
    results.push({
      file,
      tools: [...tools],
      diagnostics: [...result.diagnostics],
      dependencies,
      misses: [...result.misses],
      isNotable,
    });
  }
  const isStored = (record: FileRecord | undefined): boolean => (record?.result?.manifest ?? null) === null;
  const stamps = paths.map((path) => {
    const record = records.get(path);
    return isStored(record) ? (record?.state?.stamp ?? "") : "";
  });
  return {
    workspace,
    filesSeen,
    diagnostics: [...diagnostics],
    paths,
    stamps,
    hashes,
    python: python.size,
    results,
  };
}

function unpack(body: Body): StoredResults | null {
  const { paths, stamps, hashes, filesSeen, diagnostics } = body;
  const results = new Map<number, FileResult>();
  for (const { file, dependencies, misses, ...rest } of body.results) {
    const names = dependencies.flatMap((number) => paths[number] ?? []);
    if (names.length !== dependencies.length) return null;
    results.set(file, { ...rest, manifest: null, dependencies: new Set(names), misses: new Set(misses) });
  }
  const records = new Map<string, FileRecord>();
  for (const [number, path] of paths.entries()) {
    const stamp = stamps[number] ?? "";
    if (stamp === "") continue;
    records.set(path, {
      state: { stamp, hash: hashes[String(number)] ?? null },
      result: results.get(number) ?? null,
    });
  }
  return { records, python: new Set(paths.slice(0, body.python)), filesSeen, diagnostics };
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
