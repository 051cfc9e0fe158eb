import { constants, writeFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AnalysisRun } from "../../analysis/index.ts";
import { walk } from "../../discovery/index.ts";
import {
  AnalysisFormat,
  AnalysisKind,
  AnalysisReport,
  fail,
  ok,
  parseBoundary,
  type Result,
} from "../../model/index.ts";
import type { Context } from "../context.ts";
import { EXIT, exitCodeOfProblem } from "../exit-codes.ts";
import { parseBytes, parseCount } from "../units.ts";

export interface AnalyzeOptions {
  readonly format: string;
  readonly function?: string;
  readonly limit?: string;
  readonly maxBytes?: string;
  readonly output?: string;
}

/** Larger files are generated tables; they would take longer than all others together. */
const LARGEST_BYTES = 4 * 1024 * 1024;
/** Files read at the same time. */
const BATCH = 16;
/** Milliseconds between two lines that say how far it is, and between turns of the event loop. */
const PROGRESS = 1000;
const TURN = 30;

/** More graphs than this do not fit into what may be printed. */
const MOST_GRAPHS = 6000;

interface Wish {
  readonly kind: AnalysisKind;
  readonly format: AnalysisFormat;
  readonly limit: number | undefined;
  readonly maxBytes: number | undefined;
}

/** `toka analyze KIND [PATH…]`: an analysis of a whole folder; reads, never runs. */
export async function analyzeCommand(
  kind: string,
  paths: readonly string[],
  options: AnalyzeOptions,
  context: Context,
): Promise<number> {
  const wish = readWish(kind, options);
  if (!wish.ok) return refuse(wish, context);
  const sources = await findSources(paths, context);
  if (!sources.ok) return refuse(sources, context);
  const { AnalysisRun, renderReport } = await import("../../analysis/index.ts");
  const isBounded = wish.value.maxBytes !== undefined || wish.value.format !== "json";
  const run = new AnalysisRun(wish.value.kind, {
    function: options.function,
    mostGraphs: wish.value.limit ?? (isBounded ? MOST_GRAPHS : undefined),
  });
  await readSources(sources.value, run, context);
  if (context.signal.aborted) return EXIT.cancelled;
  const report = parseBoundary(AnalysisReport, run.finish(), "analysis report");
  if (!report.ok) return refuse(fail("write-failed", report.problem.message), context);
  for (const { file, message } of report.value.problems) context.console.say(`toka: ${file}: ${message}`);
  const { format, limit, maxBytes } = wish.value;
  return await write(renderReport(report.value, format, { limit, maxBytes }), options.output, context);
}

function refuse(result: Result<unknown>, context: Context): number {
  if (result.ok) return EXIT.done;
  context.console.problem(result.problem);
  return exitCodeOfProblem(result.problem);
}

function readWish(kind: string, options: AnalyzeOptions): Result<Wish> {
  const known = AnalysisKind.safeParse(kind);
  if (!known.success) return fail("bad-option", `There is no analysis “${kind}”: ${AnalysisKind.options.join(", ")}`);
  const format = AnalysisFormat.safeParse(options.format);
  if (!format.success) return fail("bad-option", `--format is one of ${AnalysisFormat.options.join(", ")}`);
  const limit = options.limit === undefined ? ok(undefined) : parseCount(options.limit, 1);
  if (!limit.ok) return limit;
  const maxBytes = options.maxBytes === undefined ? ok(undefined) : parseBytes(options.maxBytes);
  if (!maxBytes.ok) return maxBytes;
  return ok({ kind: known.data, format: format.data, limit: limit.value, maxBytes: maxBytes.value });
}

interface Sources {
  /** Absolute; what the paths in the result are relative to. */
  readonly root: string;
  /** Absolute paths of the Python files, each once. */
  readonly files: readonly string[];
}

/** One folder is a workspace of its own; otherwise the current folder is. */
async function findSources(paths: readonly string[], context: Context): Promise<Result<Sources>> {
  const wanted = paths.length === 0 ? ["."] : paths;
  const files = new Set<string>();
  let root = resolve(".");
  for (const path of wanted) {
    const full = resolve(path);
    const state = await stat(full).catch(() => undefined);
    if (state === undefined) return fail("no-file", `${path} does not exist`);
    const isFolder = state.isDirectory();
    if (isFolder && wanted.length === 1) root = full;
    const found = isFolder ? await pythonFiles(full, context) : ok([full]);
    if (!found.ok) return found;
    for (const file of found.value) files.add(file);
  }
  return ok({ root, files: [...files] });
}

async function pythonFiles(folder: string, context: Context): Promise<Result<readonly string[]>> {
  try {
    const walked = await walk(folder, { signal: context.signal });
    for (const { path, reason } of walked.unreadable) context.console.say(`toka: ${path}: ${reason}`);
    return ok(walked.files.filter(({ name }) => /\.pyw?$/.test(name)).map(({ path }) => join(folder, path)));
  } catch (error) {
    if (context.signal.aborted) return fail("cancelled", "cancelled");
    throw error;
  }
}

async function readSources({ root, files }: Sources, run: AnalysisRun, context: Context): Promise<void> {
  let told = performance.now();
  let turn = told;
  for (let at = 0; at < files.length; at += BATCH) {
    const batch = files.slice(at, at + BATCH);
    const contents = await Promise.all(batch.map(readSource));
    for (const [index, file] of batch.entries()) {
      take(run, relative(root, file).replaceAll(sep, "/"), contents[index]);
      if (performance.now() - turn < TURN) continue;
      await nextTurn();
      if (context.signal.aborted) return;
      turn = performance.now();
    }
    if (performance.now() - told < PROGRESS) continue;
    told = performance.now();
    context.console.say(`toka: ${Math.min(at + BATCH, files.length)} of ${files.length} files`);
  }
}

function take(run: AnalysisRun, path: string, content: Result<Uint8Array> | undefined): void {
  if (content?.ok === true) run.add(path, content.value);
  else if (content !== undefined) run.problem(path, content.problem.message);
}

/** The bytes of a regular file of bearable size. */
async function readSource(path: string): Promise<Result<Uint8Array>> {
  try {
    // Non-blocking, so that a pipe of that name cannot hang it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const state = await file.stat();
    if (!state.isFile()) return fail("no-file", "It is not a regular file");
    if (state.size > LARGEST_BYTES) return fail("too-large", `It is larger than ${LARGEST_BYTES} bytes`);
    return ok(await file.readFile());
  } catch (error) {
    return fail("unreadable", error instanceof Error ? error.message : String(error));
  }
}

async function write(text: string, output: string | undefined, context: Context): Promise<number> {
  if (output === undefined) {
    await context.console.write(text);
    return EXIT.done;
  }
  try {
    writeFileSync(output, text);
    return EXIT.done;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(fail("write-failed", `${output} cannot be written: ${why}`), context);
  }
}
