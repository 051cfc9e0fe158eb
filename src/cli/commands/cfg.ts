import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { DetailLevel, GraphOptions, NeverIndex } from "../../analysis/index.ts";
import { type FileGraphs, fail, ok, type Result } from "../../model/index.ts";
import { decodeSource } from "../../python/index.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { FolderNever } from "../folder-never.ts";
import { linesOf } from "../lines.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";

export interface CfgOptions {
  readonly json?: true;
  readonly format?: string;
  readonly detail?: string;
  readonly function?: string;
  readonly output?: string;
  readonly filesFrom?: string;
}

const FORMATS = ["json", "mermaid", "dot", "html", "table"] as const;
type Format = (typeof FORMATS)[number];
const LEVELS = ["branch", "block", "statement", "expression"] as const satisfies readonly DetailLevel[];

type Analysis = typeof import("../../analysis/index.ts");

/** `toka cfg FILE…`: the control-flow graphs of Python files, one JSON object per line and file. */
export async function cfgCommand(files: readonly string[], options: CfgOptions, context: Context): Promise<number> {
  const format = readFormat(options);
  if (!format.ok) return refuse(format, context);
  const detail = readDetail(options);
  if (!detail.ok) return refuse(detail, context);
  const named = checkFiles(files, options);
  if (!named.ok) return refuse(named, context);
  const sink = new Sink(options.output, context);
  const analysis = await import("../../analysis/index.ts");
  const never = new NeverElsewhere(analysis);
  let failed = false;
  let found = false;
  try {
    for await (const file of allFiles(files, options.filesFrom, context)) {
      if (context.signal.aborted) return EXIT.cancelled;
      const neverReturns = never.of(file);
      const graphs = selectFunction(
        readGraphs(analysis, file, { detail: detail.value, neverReturns }),
        options.function,
      );
      found ||= graphs.functions.length > 0;
      failed ||= graphs.error !== undefined;
      if (graphs.error !== undefined) context.console.say(`toka: ${file}: ${graphs.error}`);
      await sink.write(render(analysis, graphs, format.value));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(fail("bad-option", `The list of files cannot be read: ${why}`), context);
  }
  const written = sink.end();
  if (!written.ok) return refuse(written, context);
  if (options.function !== undefined && !found) {
    return refuse(fail("no-function", `There is no function “${options.function}”`), context);
  }
  return failed ? EXIT.failed : EXIT.done;
}

function readFormat(options: CfgOptions): Result<Format> {
  if (options.json) return ok("json");
  if (options.format === undefined) return ok("table");
  const format = FORMATS.find((known) => known === options.format);
  return format === undefined ? fail("bad-option", `--format is one of ${FORMATS.join(", ")}`) : ok(format);
}

function checkFiles(files: readonly string[], options: CfgOptions): Result<void> {
  const none = files.length === 0 && options.filesFrom === undefined;
  return none ? fail("bad-option", "Give files, or --files-from") : ok(undefined);
}

function readDetail(options: CfgOptions): Result<DetailLevel> {
  const detail = LEVELS.find((known) => known === (options.detail ?? "block"));
  return detail === undefined ? fail("bad-option", `--detail is one of ${LEVELS.join(", ")}`) : ok(detail);
}

/** The files of the command line, then those of the list: one path per line. */
async function* allFiles(
  files: readonly string[],
  list: string | undefined,
  context: Context,
): AsyncGenerator<string, void, undefined> {
  yield* files;
  if (list === undefined) return;
  for await (const line of linesOf(list, context)) if (line.trim() !== "") yield line;
}

function readGraphs(analysis: Analysis, file: string, options: GraphOptions): FileGraphs {
  const unread = (error: string): FileGraphs => ({ file, error, withExit: "node", functions: [] });
  try {
    const text = decodeSource(readFileSync(file));
    return text.ok ? analysis.fileGraphs(file, text.value, options) : unread(text.problem.message);
  } catch (error) {
    return unread(error instanceof Error ? error.message : String(error));
  }
}

function selectFunction(graphs: FileGraphs, qualname: string | undefined): FileGraphs {
  if (qualname === undefined) return graphs;
  return { ...graphs, functions: graphs.functions.filter((graph) => graph.qualname === qualname) };
}

function render(analysis: Analysis, graphs: FileGraphs, format: Format): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(graphs)}\n`;
    case "mermaid":
      return graphs.functions.map((graph) => `${analysis.toMermaid(graph)}\n`).join("\n");
    case "dot":
      return graphs.functions.map((graph) => analysis.toDot(graph)).join("\n");
    case "html":
      return analysis.toHtml(graphs.functions, { title: htmlTitle(graphs) });
    case "table":
      return renderTable(graphs);
  }
}

function htmlTitle({ file, functions }: FileGraphs): string {
  const [only, ...others] = functions;
  return only !== undefined && others.length === 0 ? `${only.qualname} · ${file}` : file;
}

function renderTable(graphs: FileGraphs): string {
  const rows = graphs.functions.map(({ qualname, kind, line, complexity, nodes, edges }) => [
    `${graphs.file}:${line}`,
    kind,
    qualname,
    ...[complexity.cyclomatic, complexity.cognitive, complexity.nesting, nodes.length, edges.length].map(String),
  ]);
  return table(["Where", "Kind", "Name", "Cyclomatic", "Cognitive", "Nesting", "Nodes", "Edges"], rows);
}

/** Which functions of other files never return, as the imports of a file name them. */
class NeverElsewhere {
  readonly #analysis: Analysis;
  readonly #roots = new Map<string, NeverIndex>();

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  of(file: string): (path: string) => boolean {
    const full = resolve(file);
    const root = rootOf(full);
    let index = this.#roots.get(root);
    if (index === undefined) {
      index = new this.#analysis.NeverIndex(new FolderNever(root));
      this.#roots.set(root, index);
    }
    return index.of(relative(root, full).replaceAll(sep, "/"));
  }
}

/** The current folder for what lies in it; else the folder around the package that a file is part of. */
function rootOf(file: string): string {
  const here = resolve(".");
  const way = relative(here, file);
  if (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return here;
  let folder = dirname(file);
  while (existsSync(join(folder, "__init__.py")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Standard output, or a file that is written when everything went well. */
class Sink {
  readonly #file: string | undefined;
  readonly #context: Context;
  readonly #parts: string[] = [];

  constructor(file: string | undefined, context: Context) {
    this.#file = file;
    this.#context = context;
  }

  async write(text: string): Promise<void> {
    if (this.#file === undefined) await this.#context.console.write(text);
    else this.#parts.push(text);
  }

  end(): Result<void> {
    if (this.#file === undefined) return ok(undefined);
    try {
      writeFileSync(this.#file, this.#parts.join(""));
      return ok(undefined);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("write-failed", `${this.#file} cannot be written: ${why}`);
    }
  }
}
