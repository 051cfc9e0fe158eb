import type { CallCertainty, CallEdge, CallGraph, CallNode, ExternalCalls, UnknownCalls } from "../../model/index.ts";
import type { Place, Value } from "./resolver.ts";
import { type CallSite, type FileSummary, NO_CALLS, type SourceFile } from "./summary.ts";
import { summariseWorkspace, type WorkspaceSummary } from "./workspace.ts";

/** The call graph of a workspace; files are read one after the other, so that a generator may parse as it goes. */
export function buildCallGraph(files: Iterable<SourceFile>): CallGraph {
  return callGraphOf(summariseWorkspace(files));
}

/** The call graph of a workspace that was read. */
function callGraphOf(workspace: WorkspaceSummary): CallGraph {
  const steps = callGraphSteps(workspace);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

export interface CallGraphOptions {
  /** Whether the calls of a file are let go once they are in the graph: for summaries that nobody needs afterwards. */
  readonly letsGo?: boolean;
}

/** The call graph of a workspace that was read, with a pause after each file: gives the number of files that are done. */
export function callGraphSteps(
  workspace: WorkspaceSummary,
  { letsGo = false }: CallGraphOptions = {},
): Generator<number, CallGraph> {
  return new CallGraphBuilder(workspace, letsGo).build();
}

interface Target {
  readonly to: number;
  readonly kind: CallEdge["kind"];
}

class CallGraphBuilder {
  readonly #workspace: WorkspaceSummary;
  readonly #letsGo: boolean;
  readonly #nodes: CallNode[] = [];
  /** The node of each scope of each file. */
  readonly #ids: number[][] = [];
  readonly #edges: CallEdge[] = [];
  readonly #external: ExternalCalls[] = [];
  readonly #unknown: UnknownCalls[] = [];
  readonly #sums = { calls: 0, resolved: 0, external: 0, unknown: 0 };

  constructor(workspace: WorkspaceSummary, letsGo: boolean) {
    this.#workspace = workspace;
    this.#letsGo = letsGo;
  }

  *build(): Generator<number, CallGraph> {
    const { files } = this.#workspace;
    for (const file of files) this.#addNodes(file);
    for (const [file, summary] of files.entries()) {
      this.#connect(file, summary);
      yield file + 1;
    }
    return {
      nodes: this.#nodes,
      edges: this.#edges,
      external: this.#external,
      unknown: this.#unknown,
      stats: { files: files.length, ...this.#sums },
    };
  }

  #connect(file: number, { scopes }: FileSummary): void {
    const found: ScopeCalls[] = [];
    for (const [scope, summary] of scopes.entries()) {
      if (summary.calls.length === 0) continue;
      const calls = new ScopeCalls(this.#node({ file, scope }));
      for (const call of summary.calls) this.#call({ file, scope }, call, calls);
      found.push(calls);
      if (this.#letsGo) summary.calls = NO_CALLS;
    }
    this.#workspace.resolver.leave(file);
    found.sort((a, b) => a.from - b.from);
    for (const calls of found) calls.moveTo(this.#edges, this.#external, this.#unknown);
  }

  #addNodes({ path, scopes }: FileSummary): void {
    const ids: number[] = [];
    // The module comes first, the others by their lines.
    const order = [...scopes.entries()].sort(
      ([, a], [, b]) => Number(b.kind === "module") - Number(a.kind === "module") || a.line - b.line,
    );
    for (const [scope, { kind, qualname, line, parent }] of order) {
      const isMethod = kind === "function" && scopes[parent]?.kind === "class";
      ids[scope] = this.#nodes.length;
      this.#nodes.push({ id: this.#nodes.length, kind: isMethod ? "method" : kind, file: path, qualname, line });
    }
    this.#ids.push(ids);
  }

  #node({ file, scope }: Place): number {
    return this.#ids[file]?.[scope] ?? 0;
  }

  #call(place: Place, { path, text, line, decorates }: CallSite, calls: ScopeCalls): void {
    this.#sums.calls++;
    const { values, complete } =
      path === null ? { values: [], complete: false } : this.#workspace.resolver.path(place, path);
    const certainty = complete && values.length === 1 ? "certain" : "possible";
    let targets = 0;
    let names = 0;
    for (const value of values) {
      if (value.kind === "external") {
        names++;
        calls.addExternal(value.name, line);
        continue;
      }
      for (const target of this.#targets(value, decorates)) {
        targets++;
        calls.addEdge(target, certainty, line);
      }
    }
    if (targets > 0) this.#sums.resolved++;
    else if (names > 0) this.#sums.external++;
    else {
      this.#sums.unknown++;
      calls.addUnknown(text, line);
    }
  }

  /** What runs when a value is called. */
  #targets(value: Value, decorates: boolean): Target[] {
    if (value.kind === "instance") return this.#methods(value, ["__call__"]);
    if (value.kind !== "scope" || value.scope === 0) return [];
    const kind = decorates ? "decorate" : "call";
    if (this.#workspace.resolver.scope(value)?.kind !== "class") return [{ to: this.#node(value), kind }];
    const made = this.#methods(value, ["__new__", "__init__"]);
    return made.length > 0 ? made : [{ to: this.#node(value), kind: "construct" }];
  }

  #methods(of: Place & { readonly kind: Value["kind"] }, names: readonly string[]): Target[] {
    const kind = of.kind === "instance" ? "call" : "construct";
    return names.flatMap((name): Target[] => {
      const to = this.#method(of, name);
      return to === null ? [] : [{ to, kind }];
    });
  }

  #method(of: Place, name: string): number | null {
    const { resolver } = this.#workspace;
    for (const base of resolver.order(of)) {
      if (base === null || typeof base === "string") continue;
      const [binding] = resolver.scope(base)?.bindings.get(name) ?? [];
      if (binding === undefined) continue;
      return binding.kind === "scope" ? this.#node({ file: base.file, scope: binding.scope }) : null;
    }
    return null;
  }
}

/** What one scope calls. */
class ScopeCalls {
  readonly from: number;
  readonly #edges = new Map<number, CallEdge>();
  readonly #external = new Map<string, ExternalCalls>();
  readonly #unknown = new Map<string, UnknownCalls>();

  constructor(from: number) {
    this.from = from;
  }

  addEdge({ to, kind }: Target, certainty: CallCertainty, line: number): void {
    const { from } = this;
    const key = (to * KINDS.length + KINDS.indexOf(kind)) * 2 + Number(certainty === "certain");
    const known = this.#edges.get(key);
    if (known === undefined) this.#edges.set(key, { from, to, kind, certainty, lines: [line] });
    else addLine(known.lines, line);
  }

  addExternal(name: string, line: number): void {
    const known = this.#external.get(name);
    if (known === undefined) this.#external.set(name, { from: this.from, name, lines: [line] });
    else addLine(known.lines, line);
  }

  addUnknown(text: string, line: number): void {
    const known = this.#unknown.get(text);
    if (known === undefined) this.#unknown.set(text, { from: this.from, text, lines: [line] });
    else addLine(known.lines, line);
  }

  moveTo(edges: CallEdge[], external: ExternalCalls[], unknown: UnknownCalls[]): void {
    move(this.#edges, edges);
    move(this.#external, external);
    move(this.#unknown, unknown);
  }
}

const KINDS: readonly CallEdge["kind"][] = ["call", "construct", "decorate"];

/** Calls come in the order of the text but for what stands in decorators, defaults and comprehensions. */
function addLine(lines: number[], line: number): void {
  const last = lines.at(-1) ?? 0;
  if (last === line) return;
  if (last < line) {
    lines.push(line);
    return;
  }
  const at = lines.findIndex((other) => other >= line);
  if (lines[at] !== line) lines.splice(at, 0, line);
}

/** In the order of their first lines. */
function move<T extends { readonly lines: readonly number[] }>(from: ReadonlyMap<unknown, T>, to: T[]): void {
  const all = [...from.values()];
  if (all.length > 1) all.sort((a, b) => (a.lines[0] ?? 0) - (b.lines[0] ?? 0));
  for (const one of all) to.push(one);
}
