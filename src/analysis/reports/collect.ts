import type { AnalysisKind, AnalysisReport, DeadCodeFinding, FileGraphs } from "../../model/index.ts";
import { decodeSource, parseModule } from "../../python/index.ts";
import { callGraphOf } from "../callgraph/callgraph.ts";
import { Interner } from "../callgraph/interner.ts";
import { summarise } from "../callgraph/summarise.ts";
import type { FileSummary, SourceFile } from "../callgraph/summary.ts";
import { workspaceOf } from "../callgraph/workspace.ts";
import { buildGraphs } from "../graphs.ts";
import { ComplexityCollector } from "./complexity.ts";
import { deadCode } from "./dead-code.ts";
import { moduleDependencies } from "./dependencies.ts";
import { mostComplex } from "./limit.ts";
import { unreachableCode } from "./unreachable.ts";

type Problems = AnalysisReport["problems"];

export interface AnalysisOptions {
  /** For control flow: only functions of this qualified name. */
  readonly function?: string | undefined;
  /** For control flow: how many graphs are kept, the most complex ones; all of a large workspace fill the memory. */
  readonly mostGraphs?: number | undefined;
}

/**
 * Runs one analysis over files that come one after the other, so that whoever reads them decides about pauses and
 * cancelling. What is kept of a file is small next to its tree.
 */
export class AnalysisRun {
  readonly #kind: AnalysisKind;
  readonly #problems: Problems = [];
  readonly #summaries: FileSummary[] = [];
  #graphs: FileGraphs[] = [];
  #graphCount = 0;
  #leftOut = 0;
  readonly #unreachable: DeadCodeFinding[] = [];
  readonly #complexity = new ComplexityCollector();
  readonly #interner = new Interner();
  readonly #options: AnalysisOptions;
  #files = 0;

  constructor(kind: AnalysisKind, options: AnalysisOptions = {}) {
    this.#kind = kind;
    this.#options = options;
  }

  /** @param path relative to the workspace, with `/` */
  add(path: string, bytes: Uint8Array): void {
    this.#files++;
    const text = decodeSource(bytes);
    if (!text.ok) {
      this.problem(path, text.problem.message);
      return;
    }
    const { module, problems } = parseModule(text.value);
    for (const { line, message } of problems.slice(0, 1)) this.#problems.push({ file: path, line, message });
    this.#take({ path, text: text.value, module });
  }

  /** A file that cannot be read. */
  problem(file: string, message: string): void {
    this.#problems.push({ file, message });
  }

  #take(file: SourceFile): void {
    switch (this.#kind) {
      case "control-flow":
        this.#takeGraphs(file);
        return;
      case "complexity-report":
        this.#complexity.add(file);
        return;
      case "dead-code":
        this.#unreachable.push(...unreachableCode(file));
        this.#summaries.push(summarise(file, this.#interner, { calls: false, reads: true }));
        return;
      default:
        this.#summaries.push(summarise(file, this.#interner, { calls: this.#kind === "call-graph", reads: false }));
    }
  }

  #takeGraphs({ path, text, module }: SourceFile): void {
    const { function: name, mostGraphs: most = Number.POSITIVE_INFINITY } = this.#options;
    const all = buildGraphs(text, module);
    const functions = name === undefined ? all : all.filter(({ qualname }) => qualname === name);
    if (functions.length === 0) return;
    this.#graphs.push({ file: path, withExit: "node", functions });
    this.#graphCount += functions.length;
    // Now and then, so that the sorting does not cost more than the graphs.
    if (this.#graphCount > 2 * most) this.#thinOut(most);
  }

  #thinOut(most: number): void {
    const { graphs, leftOut } = mostComplex(this.#graphs, most);
    this.#graphs = graphs;
    this.#graphCount -= leftOut;
    this.#leftOut += leftOut;
  }

  finish(): AnalysisReport {
    const head = { files: this.#files, problems: this.#problems, leftOut: {} };
    switch (this.#kind) {
      case "control-flow":
        return {
          analysis: this.#kind,
          ...head,
          leftOut: this.#leftOut === 0 ? {} : { functions: this.#leftOut },
          graphs: this.#graphs,
        };
      case "complexity-report":
        return { analysis: this.#kind, ...head, ...this.#complexity.finish() };
      case "call-graph":
        return { analysis: this.#kind, ...head, ...callGraphOf(workspaceOf(this.#summaries)) };
      case "module-dependencies":
        return { analysis: this.#kind, ...head, ...moduleDependencies(workspaceOf(this.#summaries)) };
      case "dead-code":
        return { analysis: this.#kind, ...head, ...deadCode(workspaceOf(this.#summaries), this.#unreachable) };
    }
  }
}
