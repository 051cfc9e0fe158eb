import { readFileSync } from "node:fs";
import { fileGraphs } from "../../../src/analysis/index.ts";
import type { ControlFlowGraph } from "../../../src/model/index.ts";
import { edgesOf, firstPathDifference, graphAutomaton, oracleAutomaton, withoutDropped, withoutImpossible } from "./automaton.ts";
import { askOracle, KIND, type Kind, type OracleScope, RAISE } from "./oracle.ts";

/** Constructs whose control flow is easily drawn wrong. */
const HARD: ReadonlySet<string> = new Set([
  "finally with jumps",
  "with/try with jumps",
  "while True",
  "match",
  "loop-else",
  "async",
  "except*",
]);

export interface Count {
  ok: number;
  total: number;
}

/** What a comparison of scopes with the oracle's found. */
export class Tally {
  files = 0;
  /** Files that Python refuses. */
  refused = 0;
  readonly exact: Record<"all" | "branching" | "hard", Count> = { all: none(), branching: none(), hard: none() };
  readonly byTag = new Map<string, Count>();
  readonly paths = none();
  readonly normal = none();
  readonly raised = none();
  readonly reraised = none();
  readonly implicit = none();
  /** Of the handlers, `finally` bodies and exits of `with`: those that an exception leads to in our graph. */
  readonly handlers = none();
  /** Of our normal edges, those that are in the bytecode. */
  readonly precise = none();
  /** Of our exceptional edges, those that are in the bytecode. */
  readonly preciseExceptions = none();
  readonly differences: Difference[] = [];
}

export interface Difference {
  readonly file: string;
  readonly line: number;
  readonly qualname: string;
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
  readonly path?: string;
}

function none(): Count {
  return { ok: 0, total: 0 };
}

export function count(counter: Count, isOk: boolean): void {
  counter.total++;
  if (isOk) counter.ok++;
}

/** Finds our graph of a scope that Python describes; several lambdas of a line are told apart by their order. */
export class GraphFinder {
  readonly #graphs = new Map<string, ControlFlowGraph[]>();

  constructor(graphs: readonly ControlFlowGraph[]) {
    for (const graph of graphs) {
      const key = keyOf(graph);
      const known = this.#graphs.get(key);
      if (known === undefined) this.#graphs.set(key, [graph]);
      else known.push(graph);
    }
  }

  /** Each graph is given once. */
  take(scope: { readonly kind: string; readonly qualname: string; readonly line: number }): ControlFlowGraph | null {
    return this.#graphs.get(keyOf(scope))?.shift() ?? null;
  }
}

function keyOf({ kind, qualname, line }: { readonly kind: string; readonly qualname: string; readonly line: number }) {
  return kind === "module" ? kind : `${kind} ${line} ${qualname}`;
}

/** Compares our graphs of files with the oracle's, counting the scopes of some kinds. */
export async function compareStatically(
  python: string,
  files: readonly string[],
  kinds: ReadonlySet<OracleScope["kind"]>,
): Promise<Tally> {
  const tally = new Tally();
  for await (const { file, scopes } of askOracle(python, files)) {
    if (scopes === null) {
      tally.refused++;
      continue;
    }
    tally.files++;
    const finder = new GraphFinder(fileGraphs(file, readFileSync(file)).functions);
    for (const scope of scopes) {
      const graph = finder.take(scope);
      if (kinds.has(scope.kind)) compareScope(tally, file, scope, graph);
    }
  }
  return tally;
}

function compareScope(tally: Tally, file: string, scope: OracleScope, graph: ControlFlowGraph | null): void {
  const oracle = oracleAutomaton(scope);
  const theirs = edgesOf(oracle);
  const possible = edgesOf(withoutImpossible(oracle));
  const automaton = graph === null ? null : withoutDropped(graphAutomaton(graph, scope), oracle);
  const ours = automaton === null ? new Map<string, Set<Kind>>() : edgesOf(automaton);
  const missing: string[] = [];
  const wrong: string[] = [];
  const handlers = new Map<string, boolean>();
  for (const [edge, kinds] of theirs) {
    const ok = ours.has(edge);
    if (kinds.has(KIND.normal)) {
      count(tally.normal, ok);
      if (!ok) missing.push(edge);
      continue;
    }
    if (!possible.has(edge)) continue;
    const target = edge.slice(edge.indexOf(" ") + 1);
    if (target !== String(RAISE)) handlers.set(target, ok || handlers.get(target) === true);
    const of = kinds.has(KIND.raised) ? tally.raised : kinds.has(KIND.reraised) ? tally.reraised : tally.implicit;
    count(of, ok);
    if (!ok) missing.push(`!${edge}`);
  }
  for (const ok of handlers.values()) count(tally.handlers, ok);
  for (const [edge, kinds] of ours) {
    const ok = theirs.has(edge);
    count(kinds.has(KIND.normal) ? tally.precise : tally.preciseExceptions, ok);
    if (!ok && kinds.has(KIND.normal)) wrong.push(edge);
  }
  const exact = missing.every((edge) => edge.startsWith("!")) && wrong.length === 0 && graph !== null;
  count(tally.exact.all, exact);
  const tags = new Set(scope.tags);
  if (tags.has("branch")) count(tally.exact.branching, exact);
  if (scope.tags.some((tag) => HARD.has(tag))) count(tally.exact.hard, exact);
  for (const tag of tags) {
    const counter = tally.byTag.get(tag) ?? none();
    tally.byTag.set(tag, counter);
    count(counter, exact);
  }
  const difference = automaton === null ? null : firstPathDifference(oracle, automaton);
  count(tally.paths, difference === null && graph !== null);
  if (missing.length + wrong.length === 0 && difference === null && graph !== null) return;
  const { line, qualname } = scope;
  const found = { file, line, qualname, missing: missing.map(readable), wrong: wrong.map(readable) };
  if (graph === null) tally.differences.push({ ...found, path: "no graph" });
  else if (difference === null) tally.differences.push(found);
  else if (difference === "too large") tally.differences.push({ ...found, path: difference });
  else {
    const path = `${difference.path.map(placeName).join(" → ")} only in ${difference.only}`;
    tally.differences.push({ ...found, path });
  }
}

function readable(edge: string): string {
  const [from = "", to = ""] = edge.replace("!", "").split(" ");
  return `${placeName(from)} ${edge.startsWith("!") ? "⇢" : "→"} ${placeName(to)}`;
}

/** A place as a person reads it: the line, `exit of LINE` for a with statement's, or an end of the scope. */
export function placeName(letter: string): string {
  if (letter.startsWith("!")) return `!${placeName(letter.slice(1))}`;
  const place = Number(letter);
  if (Number.isNaN(place)) return letter;
  if (place === 0) return "entry";
  if (place === -1) return "exit";
  if (place === RAISE) return "raise";
  return place % 2 === 0 ? String(place / 2) : `exit of ${(place - 1) / 2}`;
}
