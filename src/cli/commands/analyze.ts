import { createHash } from "node:crypto";
import { closeSync, constants, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AnalysisRun } from "../../analysis/index.ts";
import { walk } from "../../discovery/index.ts";
import { analysisCacheFolder } from "../../kernel/index.ts";
import { AnalysisFormat, AnalysisKind, type AnalysisReport, fail, ok, type Result } from "../../model/index.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { FolderNever } from "../folder-never.ts";
import { MemoryWatch } from "../memory-watch.ts";
import { PackCache } from "../pack-cache.ts";
import { refuse } from "../refuse.ts";
import { Supervisor } from "../supervise.ts";
import { parseBytes, parseCount } from "../units.ts";

export interface AnalyzeOptions {
  readonly cache?: string;
  readonly format: string;
  readonly function?: string;
  readonly limit?: string;
  readonly maxBytes?: string;
  readonly memory?: string;
  readonly output?: string;
  readonly supervised?: true;
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
  readonly heapBytes: number | undefined;
}

/**
 * `toka analyze KIND [PATH…]` in a process of its own, so that the end of its memory is a sentence and not an abort, and
 * that cancelling ends it wherever it is.
 * @param words all of the command line
 */
export function superviseAnalysis(words: readonly string[]): typeof analyzeCommand {
  return async (kind, _paths, options, context) => {
    const wish = readWish(kind, options);
    if (!wish.ok) return refuse(wish, context);
    const [name = "", ...rest] = words;
    const ended = await new Supervisor(context).run([name, "--supervised", ...rest], wish.value.heapBytes);
    if (ended.ok) return ended.value;
    return refuse(ended.problem.code === "out-of-memory" ? fail("too-large", tooLarge("")) : ended, context);
  };
}

/** An analysis of a whole folder; reads, never runs. To be called where the process may end for lack of memory. */
export async function analyzeCommand(
  kind: string,
  paths: readonly string[],
  options: AnalyzeOptions,
  context: Context,
): Promise<number> {
  const wish = readWish(kind, options);
  if (!wish.ok) return refuse(wish, context);
  const pace = new Pace(context);
  const sources = await findSources(paths, context, pace);
  if (!sources.ok) return refuse(sources, context);
  const report = await analyse(sources.value, wish.value, options, context, pace);
  if (context.signal.aborted) return EXIT.cancelled;
  if (!report.ok) return refuse(report, context);
  for (const { file, message } of report.value.problems) context.console.say(`toka: ${file}: ${message}`);
  const written = await write(report.value, wish.value, options.output, context, pace);
  return written.ok ? EXIT.done : refuse(written, context);
}

/** Reads the files and puts together what they say; what was read is kept for the next run, when it is cancelled too. */
async function analyse(
  sources: Sources,
  { kind, format, limit, maxBytes }: Wish,
  options: AnalyzeOptions,
  context: Context,
  pace: Pace,
): Promise<Result<AnalysisReport>> {
  const { AnalysisRun } = await import("../../analysis/index.ts");
  const cache = kind === "control-flow" ? undefined : openCache(sources.root, kind, options.cache, context);
  const isBounded = maxBytes !== undefined || format !== "json";
  const run = new AnalysisRun(kind, {
    function: options.function,
    mostGraphs: limit ?? (isBounded ? MOST_GRAPHS : undefined),
    store: cache,
    never: new FolderNever(sources.root),
  });
  try {
    const read = await readSources(sources, run, pace);
    if (!read.ok) return read;
  } finally {
    closeCache(cache, context);
  }
  const steps = run.finishing();
  const total = sources.files.length;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return ok(step.value);
    const going = await pace.at(() => `${step.value} of ${total} files connected`);
    if (!going.ok) return going;
  }
}

/** Nothing where the folder cannot be used: then everything is read anew. */
function openCache(
  root: string,
  kind: AnalysisKind,
  given: string | undefined,
  context: Context,
): PackCache | undefined {
  const mark = productMark();
  if (mark === undefined) return undefined;
  try {
    const folder = given ?? analysisCacheFolder(root, context.environment);
    return PackCache.open({ folder, kind, mark });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.console.say(`toka: What was read before cannot be used: ${why}`);
    return undefined;
  }
}

function closeCache(cache: PackCache | undefined, context: Context): void {
  try {
    cache?.close();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.console.say(`toka: What was read cannot be kept for the next time: ${why}`);
  }
}

/** Which program this is, by its bundle; nothing in a checkout, whose code may change between two runs. */
function productMark(): string | undefined {
  const bundle = join(import.meta.dirname, "cli.cjs");
  return existsSync(bundle) ? createHash("sha256").update(readFileSync(bundle)).digest("hex") : undefined;
}

/** Gives others their turns, says how far it is, and ends what takes too long or too much. */
class Pace {
  readonly #context: Context;
  readonly #memory = new MemoryWatch();
  #told = performance.now();
  #turn = this.#told;

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param state how far it is, in words */
  async at(state: () => string): Promise<Result<void>> {
    if (performance.now() - this.#turn < TURN) return ok(undefined);
    await nextTurn();
    this.#turn = performance.now();
    if (this.#context.signal.aborted) return fail("cancelled", "cancelled");
    if (this.#memory.isFull()) return fail("too-large", tooLarge(` (${state()})`));
    this.tell(state);
    return ok(undefined);
  }

  tell(state: () => string): void {
    const now = performance.now();
    if (now - this.#told < PROGRESS) return;
    this.#told = now;
    this.#context.console.say(`toka: ${state()}`);
  }
}

function tooLarge(state: string): string {
  return (
    `This is too large for the memory${state}: name folders or files to analyse a part of it, give a --limit, or more ` +
    "with --memory"
  );
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
  const memory = options.memory === undefined ? ok(undefined) : parseBytes(options.memory);
  if (!memory.ok) return memory;
  return ok({
    ...{ kind: known.data, format: format.data },
    ...{ limit: limit.value, maxBytes: maxBytes.value, heapBytes: memory.value },
  });
}

interface Sources {
  /** Absolute; what the paths in the result are relative to. */
  readonly root: string;
  /** Absolute paths of the Python files, each once. */
  readonly files: readonly string[];
}

/** One folder is a workspace of its own; otherwise the current folder is. */
async function findSources(paths: readonly string[], context: Context, pace: Pace): Promise<Result<Sources>> {
  const wanted = paths.length === 0 ? ["."] : paths;
  const files = new Set<string>();
  let root = resolve(".");
  for (const path of wanted) {
    const full = resolve(path);
    const state = await stat(full).catch(() => undefined);
    if (state === undefined) return fail("no-file", `${path} does not exist`);
    const isFolder = state.isDirectory();
    if (isFolder && wanted.length === 1) root = full;
    const found = isFolder ? await pythonFiles(full, context, pace) : ok([full]);
    if (!found.ok) return found;
    for (const file of found.value) files.add(file);
  }
  return ok({ root, files: [...files] });
}

async function pythonFiles(folder: string, context: Context, pace: Pace): Promise<Result<readonly string[]>> {
  try {
    const walked = await walk(folder, {
      signal: context.signal,
      onSeen: (seen) => pace.tell(() => `${seen} files listed`),
    });
    for (const { path, reason } of walked.unreadable) context.console.say(`toka: ${path}: ${reason}`);
    return ok(walked.files.filter(({ name }) => /\.pyw?$/.test(name)).map(({ path }) => join(folder, path)));
  } catch (error) {
    if (context.signal.aborted) return fail("cancelled", "cancelled");
    throw error;
  }
}

async function readSources({ root, files }: Sources, run: AnalysisRun, pace: Pace): Promise<Result<void>> {
  for (let at = 0; at < files.length; at += BATCH) {
    const batch = files.slice(at, at + BATCH);
    const contents = await Promise.all(batch.map(readSource));
    for (const [index, file] of batch.entries()) {
      take(run, relative(root, file).replaceAll(sep, "/"), contents[index]);
      const going = await pace.at(() => `${at + index + 1} of ${files.length} files read`);
      if (!going.ok) return going;
    }
  }
  return ok(undefined);
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

/** To standard output piece by piece; to a file when all is there. */
async function write(
  report: AnalysisReport,
  { format, limit, maxBytes }: Wish,
  output: string | undefined,
  { console }: Context,
  pace: Pace,
): Promise<Result<void>> {
  const { reportPieces } = await import("../../analysis/index.ts");
  const kept: string[] = [];
  let characters = 0;
  for (const piece of reportPieces(report, format, { limit, maxBytes })) {
    if (output === undefined) await console.write(piece);
    else kept.push(piece);
    characters += piece.length;
    const going = await pace.at(() =>
      characters === 0 ? "looking how much fits" : `${(characters / 1e6).toFixed(1)} MB written`,
    );
    if (!going.ok) return going;
  }
  return output === undefined ? ok(undefined) : writeFile(output, kept);
}

function writeFile(output: string, pieces: readonly string[]): Result<void> {
  try {
    const file = openSync(output, "w");
    try {
      for (const piece of pieces) writeFileSync(file, piece);
    } finally {
      closeSync(file);
    }
    return ok(undefined);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("write-failed", `${output} cannot be written: ${why}`);
  }
}
