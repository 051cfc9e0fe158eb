import { type CallDrawingTexts, CallIndex, callsToDot, drawCalls, renderReport } from "../analysis/index.ts";
import {
  type AnalysisReport,
  type CallNode,
  type CallViewParams,
  type CallViewResult,
  fail,
  type GraphTextFormat,
  ok,
  type Result,
} from "../model/index.ts";
import type { CallGraphs } from "./call-graphs.ts";
import { uriInFolder } from "./places.ts";

/** What a reading of a folder needs of the one who asks. */
export interface Reading {
  /** The unsaved text of a file, by its relative path. */
  readonly overlay: (file: string) => string | undefined;
  readonly signal: AbortSignal;
  readonly progress?: ((done: number, of: number) => void) | undefined;
}

/** What of a folder's call graph is asked for. */
interface Part {
  readonly title: string;
  readonly index: CallIndex;
  /** Null for a whole file. */
  readonly root: CallNode | null;
  readonly around: ReturnType<CallIndex["around"]>;
}

/** Parts of a folder's call graph. The whole is put together once for all that ask before something changes. */
export class CallViews {
  readonly #folder: string;
  readonly #graphs: Pick<CallGraphs, "read">;
  #known: CallIndex | undefined;
  /** Counts the changes: what was read before the last one is not kept. */
  #changes = 0;

  /** @param folder absolute path */
  constructor(folder: string, graphs: Pick<CallGraphs, "read">) {
    this.#folder = folder;
    this.#graphs = graphs;
  }

  /** A file of the folder changed. */
  touch(): void {
    this.#changes += 1;
    this.#known = undefined;
  }

  /**
   * The part around a function, laid out.
   * @param file relative to the folder
   * @param holder where in the file a line is: the qualified name of the innermost function around it
   */
  async view(
    file: string,
    params: CallViewParams,
    texts: CallDrawingTexts,
    reading: Reading,
    holder: (line: number) => string | undefined,
  ): Promise<Result<CallViewResult>> {
    const found = await this.#part(file, params, reading, holder);
    if (!found.ok) return found;
    const { index, root, around, title } = found.value;
    const uri = (path: string): string => uriInFolder(this.#folder, path);
    const drawing = drawCalls(index, around, { others: params.others, texts, uri, root: root?.id ?? null });
    return ok({
      uri: uri(file),
      qualname: root?.qualname ?? null,
      line: root?.line ?? 1,
      title,
      mermaid: renderReport(reportOf(found.value), "mermaid", { limit: Number.POSITIVE_INFINITY }),
      drawing,
      shown: around.nodes.length,
      functions: index.graph.nodes.length,
      files: index.graph.stats.files,
    });
  }

  /** The same part as text; numbers of nodes in it are those of the folder's whole call graph. */
  async text(
    file: string,
    params: CallViewParams,
    format: GraphTextFormat,
    reading: Reading,
    holder: (line: number) => string | undefined,
  ): Promise<Result<string>> {
    const found = await this.#part(file, params, reading, holder);
    if (!found.ok) return found;
    const report = reportOf(found.value);
    return ok(
      format === "dot"
        ? callsToDot(found.value.title, report)
        : renderReport(report, format, { limit: Number.POSITIVE_INFINITY }),
    );
  }

  async #index({ overlay, signal, progress }: Reading): Promise<CallIndex> {
    if (this.#known !== undefined) return this.#known;
    const before = this.#changes;
    const index = new CallIndex(await this.#graphs.read(overlay, signal, progress));
    if (before === this.#changes) this.#known = index;
    return index;
  }

  async #part(
    file: string,
    { qualname, line, callers, callees, folds }: CallViewParams,
    reading: Reading,
    holder: (line: number) => string | undefined,
  ): Promise<Result<Part>> {
    const index = await this.#index(reading);
    const nodes = index.inFile(file);
    if (nodes.length === 0) return fail("no-file", `${file} is not among the Python files of the workspace.`);
    const root = rootOf(nodes, qualname, line, holder);
    if (root === undefined) return fail("no-function", `There is no function “${qualname ?? ""}” here any more.`);
    const roots = (root === null ? index.rootsOfFile(file) : [root]).map(({ id }) => id);
    const around = index.around({ roots, callers, callees, folds });
    return ok({ title: root?.qualname ?? file, index, root, around });
  }
}

/** The node that is meant: null for the whole file, nothing where the function is gone. */
function rootOf(
  nodes: readonly CallNode[],
  qualname: string | undefined,
  line: number | undefined,
  holder: (line: number) => string | undefined,
): CallNode | null | undefined {
  // Of several with the name (by conditions) the nearest above the line is meant.
  const named = (name: string, at: number): CallNode | undefined => {
    const all = nodes.filter((node) => node.qualname === name);
    return all.findLast((node) => node.line <= at) ?? all[0];
  };
  if (qualname !== undefined) {
    const found = named(qualname, line ?? 1);
    if (found !== undefined || line === undefined) return found;
  }
  const around = line === undefined ? undefined : holder(line);
  if (around === undefined) return qualname === undefined ? null : undefined;
  return named(around, line ?? 1);
}

/** The part as the report of an analysis, for its renderers. */
function reportOf({ index: { graph }, around }: Part): Extract<AnalysisReport, { analysis: "call-graph" }> {
  const shown = new Map(around.nodes.map((one) => [one.node.id, one]));
  const external = graph.external.filter(({ from }) => shown.has(from));
  const unknown = graph.unknown.filter(({ from }) => shown.has(from));
  const nodes = around.nodes.map(({ node }) => node).sort((a, b) => a.id - b.id);
  const { stats } = graph;
  const edges = [...around.edges];
  const hidden = graph.nodes.length - nodes.length;
  const leftOut: Record<string, number> = hidden > 0 ? { nodes: hidden } : {};
  return { analysis: "call-graph", files: stats.files, problems: [], leftOut, nodes, edges, external, unknown, stats };
}
