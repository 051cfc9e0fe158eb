import { createHash } from "node:crypto";
import type { AnalysisKind, AnalysisReport, DeadCodeFinding, FileGraphs } from "../../model/index.ts";
import { decodeSource, parseModule } from "../../python/index.ts";
import { callGraphSteps } from "../callgraph/callgraph.ts";
import { packSummary, unpackSummary } from "../callgraph/codec.ts";
import { Interner } from "../callgraph/interner.ts";
import { NeverIndex, type NeverSource } from "../callgraph/never-index.ts";
import { summarise } from "../callgraph/summarise.ts";
import { type FileSummary, NO_BINDINGS, NO_CALLS, type SourceFile } from "../callgraph/summary.ts";
import { type WorkspaceSummary, workspaceOf } from "../callgraph/workspace.ts";
import { buildGraphs } from "../graphs.ts";
import { ComplexityCollector, complexityFacts } from "./complexity.ts";
import { deadCode } from "./dead-code.ts";
import { moduleDependencies } from "./dependencies.ts";
import { type FactsStore, type FileFacts, readFacts } from "./facts.ts";
import { mostComplex } from "./limit.ts";
import { unreachableCode } from "./unreachable.ts";

type Problems = AnalysisReport["problems"];

export interface AnalysisOptions {
  /** For control flow: only functions of this qualified name. */
  readonly function?: string | undefined;
  /** For control flow: how many graphs are kept, the most complex ones; all of a large workspace fill the memory. */
  readonly mostGraphs?: number | undefined;
  /** Facts of files read before. Graphs are not kept: reading them would take longer than drawing them anew. */
  readonly store?: FactsStore | undefined;
  /** The workspace, for functions of other files that never return. */
  readonly never?: NeverSource | undefined;
}

/**
 * Runs one analysis over files that come one after the other, so that whoever reads them decides about pauses and
 * cancelling. What is kept of a file is small next to its tree.
 */
export class AnalysisRun {
  readonly #kind: AnalysisKind;
  readonly #problems: Problems = [];
  #summaries: FileSummary[] = [];
  #graphs: FileGraphs[] = [];
  #graphCount = 0;
  #leftOut = 0;
  readonly #unreachable: DeadCodeFinding[] = [];
  readonly #complexity = new ComplexityCollector();
  #interner = new Interner();
  readonly #options: AnalysisOptions;
  readonly #never: NeverIndex | undefined;
  #files = 0;

  constructor(kind: AnalysisKind, options: AnalysisOptions = {}) {
    this.#kind = kind;
    this.#options = options;
    this.#never = options.never === undefined ? undefined : new NeverIndex(options.never);
  }

  /** @param path relative to the workspace, with `/` */
  add(path: string, bytes: Uint8Array): void {
    this.#files++;
    const { store } = this.#options;
    if (store === undefined || this.#kind === "control-flow") {
      this.#read(path, bytes);
      return;
    }
    const key = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
    const known = readFacts(store, key);
    if (known !== undefined && this.#isUpToDate(path, known) && this.#keep(path, known)) return;
    const facts = this.#read(path, bytes);
    if (facts !== undefined) store.put(key, JSON.stringify(facts));
  }

  /** A file that cannot be read. */
  problem(file: string, message: string): void {
    this.#problems.push({ file, message });
  }

  /** Whether other files still answer as they did. */
  #isUpToDate(path: string, { asked = [] }: FileFacts): boolean {
    const never = this.#never?.of(path);
    return asked.every(([name, answer]) => (never?.(name) ?? false) === answer);
  }

  /** @returns the facts, where the text can be decoded */
  #read(path: string, bytes: Uint8Array): FileFacts | undefined {
    const text = decodeSource(bytes);
    if (!text.ok) {
      this.problem(path, text.problem.message);
      return undefined;
    }
    const { module, problems } = parseModule(text.value);
    const [first] = problems;
    const head = first === undefined ? {} : { problem: { line: first.line, message: first.message } };
    return this.#take({ path, text: text.value, module }, head);
  }

  #take(file: SourceFile, head: Pick<FileFacts, "problem">): FileFacts {
    if (head.problem !== undefined) this.#problems.push({ file: file.path, ...head.problem });
    switch (this.#kind) {
      case "control-flow":
        this.#takeGraphs(file);
        return head;
      case "complexity-report": {
        const facts = complexityFacts(file);
        this.#complexity.add(file.path, facts);
        return { ...head, ...facts };
      }
      case "dead-code": {
        const asked = new Map<string, boolean>();
        const unreachable = unreachableCode(file, { neverReturns: this.#asking(file.path, asked) });
        for (const finding of unreachable) this.#unreachable.push({ ...finding, file: file.path });
        const answers = asked.size === 0 ? {} : { asked: [...asked] };
        return { ...head, ...answers, unreachable, ...this.#summarised(file, { calls: false, reads: true }) };
      }
      default:
        return { ...head, ...this.#summarised(file, { calls: this.#kind === "call-graph", reads: false }) };
    }
  }

  #summarised(file: SourceFile, parts: { calls: boolean; reads: boolean }): Pick<FileFacts, "summary"> {
    const whole = summarise(file, this.#interner, parts);
    const summary = this.#kind === "module-dependencies" ? importsOnly(whole) : whole;
    this.#summaries.push(summary);
    if (this.#options.store === undefined) return {};
    const { strings, data } = packSummary(summary);
    return { summary: { strings: [...strings], data: [...data] } };
  }

  #asking(path: string, asked: Map<string, boolean>): ((name: string) => boolean) | undefined {
    const never = this.#never?.of(path);
    if (never === undefined) return undefined;
    return (name) => {
      const answer = never(name);
      asked.set(name, answer);
      return answer;
    };
  }

  /** Takes facts as if the file had been read; not those of another kind of analysis. */
  #keep(path: string, { problem, summary, unreachable, functions, module }: FileFacts): boolean {
    if (this.#kind === "complexity-report") {
      if (functions === undefined || module === undefined) return false;
      this.#complexity.add(path, { functions, module });
    } else {
      const unpacked = summary === undefined ? null : unpackSummary(path, summary, this.#interner);
      if (unpacked === null || (this.#kind === "dead-code" && unreachable === undefined)) return false;
      this.#summaries.push(unpacked);
      for (const finding of unreachable ?? []) this.#unreachable.push({ ...finding, file: path });
    }
    if (problem !== undefined) this.#problems.push({ file: path, ...problem });
    return true;
  }

  #takeGraphs({ path, text, module }: SourceFile): void {
    const { function: name, mostGraphs: most = Number.POSITIVE_INFINITY } = this.#options;
    const all = buildGraphs(text, module, { neverReturns: this.#never?.of(path) });
    const functions = name === undefined ? all : all.filter(({ qualname }) => qualname === name);
    if (functions.length === 0) return;
    this.#graphs.push({ file: path, withExit: "node", functions });
    this.#graphCount += functions.length;
    // Now and then, so that the sorting does not cost more than the graphs.
    if (this.#graphCount > 2 * most) this.#thinOut(most);
  }

  #workspace(): WorkspaceSummary {
    const summaries = this.#summaries;
    this.#summaries = [];
    // One copy of each name is there by now; its tables take more room than the names.
    this.#interner = new Interner();
    return workspaceOf(summaries);
  }

  #thinOut(most: number): void {
    const { graphs, leftOut } = mostComplex(this.#graphs, most);
    this.#graphs = graphs;
    this.#graphCount -= leftOut;
    this.#leftOut += leftOut;
  }

  /** Puts all together. */
  finish(): AnalysisReport {
    const steps = this.finishing();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** As `finish`, with pauses: gives the number of files that are done. What was kept of the files is let go. */
  *finishing(): Generator<number, AnalysisReport> {
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
        return { analysis: this.#kind, ...head, ...(yield* callGraphSteps(this.#workspace(), { letsGo: true })) };
      case "module-dependencies":
        return { analysis: this.#kind, ...head, ...moduleDependencies(this.#workspace()) };
      case "dead-code":
        return { analysis: this.#kind, ...head, ...deadCode(this.#workspace(), this.#unreachable) };
    }
  }
}

/** What the graph of modules needs: names and calls of thousands of files would only take memory. */
function importsOnly(summary: FileSummary): FileSummary {
  const root = summary.scopes
    .slice(0, 1)
    .map((scope) => ({ ...scope, bindings: NO_BINDINGS, calls: NO_CALLS, attributes: null }));
  return { ...summary, scopes: root, stars: [], exported: null };
}
