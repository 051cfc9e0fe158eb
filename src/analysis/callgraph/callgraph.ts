import type { CallCertainty, CallEdge, CallGraph, CallNode, ExternalCalls, UnknownCalls } from "../../model/index.ts";
import type { Place, Value } from "./resolver.ts";
import type { CallSite, FileSummary, SourceFile } from "./summary.ts";
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

/** The call graph of a workspace that was read, with a pause after each file: gives the number of files that are done. */
export function callGraphSteps(workspace: WorkspaceSummary): Generator<number, CallGraph> {
  return new CallGraphBuilder(workspace).build();
}

interface Target {
  readonly to: number;
  readonly kind: CallEdge["kind"];
}

class CallGraphBuilder {
  readonly #workspace: WorkspaceSummary;
  readonly #nodes: CallNode[] = [];
  /** The node of each scope of each file. */
  readonly #ids: number[][] = [];
  readonly #edges = new Map<string, CallEdge>();
  readonly #external = new Map<string, ExternalCalls>();
  readonly #unknown = new Map<string, UnknownCalls>();
  readonly #sums = { calls: 0, resolved: 0, external: 0, unknown: 0 };

  constructor(workspace: WorkspaceSummary) {
    this.#workspace = workspace;
  }

  *build(): Generator<number, CallGraph> {
    const { files } = this.#workspace;
    for (const file of files) this.#addNodes(file);
    for (const [file, { scopes }] of files.entries()) {
      for (const [scope, { calls }] of scopes.entries()) for (const call of calls) this.#call({ file, scope }, call);
      yield file + 1;
    }
    return {
      nodes: this.#nodes,
      edges: inOrder(this.#edges),
      external: inOrder(this.#external),
      unknown: inOrder(this.#unknown),
      stats: { files: files.length, ...this.#sums },
    };
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

  #call(place: Place, call: CallSite): void {
    this.#sums.calls++;
    const from = this.#node(place);
    const { values, complete } =
      call.path === null ? { values: [], complete: false } : this.#workspace.resolver.path(place, call.path);
    const targets = values.flatMap((value) => this.#targets(value, call.decorates));
    const names = values.flatMap((value) => (value.kind === "external" ? [value.name] : []));
    if (targets.length > 0) this.#sums.resolved++;
    else if (names.length > 0) this.#sums.external++;
    else this.#sums.unknown++;
    const certainty = complete && values.length === 1 ? "certain" : "possible";
    for (const target of targets) this.#edge(from, target, certainty, call.line);
    for (const name of names) {
      append(this.#external, `${from} ${name}`, () => ({ from, name, lines: [] }), call.line);
    }
    if (targets.length + names.length > 0) return;
    const { text } = call;
    append(this.#unknown, `${from} ${text}`, () => ({ from, text, lines: [] }), call.line);
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

  #edge(from: number, { to, kind }: Target, certainty: CallCertainty, line: number): void {
    const key = `${from} ${to} ${kind} ${certainty}`;
    append(this.#edges, key, () => ({ from, to, kind, certainty, lines: [] }), line);
  }
}

/** Adds a line to what is known under a key. */
function append<T extends { readonly lines: number[] }>(
  map: Map<string, T>,
  key: string,
  make: () => T,
  line: number,
): void {
  let known = map.get(key);
  if (known === undefined) {
    known = make();
    map.set(key, known);
  }
  known.lines.push(line);
}

/** Sorted by caller and line, each line once. */
function inOrder<T extends { readonly from: number; lines: number[] }>(map: ReadonlyMap<string, T>): T[] {
  const all = [...map.values()];
  for (const one of all) one.lines = [...new Set(one.lines)].sort((a, b) => a - b);
  return all.sort((a, b) => a.from - b.from || (a.lines[0] ?? 0) - (b.lines[0] ?? 0));
}
