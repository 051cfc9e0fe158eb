import { readFileSync } from "node:fs";
import { fileGraphs } from "../../../src/analysis/index.ts";
import type { ControlFlowGraph } from "../../../src/model/index.ts";
import { Automaton, graphAutomaton, oracleAutomaton, withoutDropped, withoutImpossible } from "./automaton.ts";
import { askOracle, KIND, type Kind, type OracleScope, RAISE } from "./oracle.ts";
import { firstPathDifference } from "./paths.ts";

const BRANCH = "branch";
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

/** Compares one graph with the oracle's, and counts what is found. */
export function compareScope(tally: Tally, file: string, scope: OracleScope, graph: ControlFlowGraph | null): void {
  const oracle = oracleAutomaton(scope);
  const ours = graph === null ? new Automaton([0], [[]]) : withoutDropped(graphAutomaton(graph, scope), oracle);
  const missing = findMissing(tally, oracle, ours);
  const wrong = findWrong(tally, oracle, ours);
  const isExact = graph !== null && wrong.length === 0 && missing.every((edge) => edge.startsWith("!"));
  countExact(tally, scope.tags, isExact);
  const path = graph === null ? "no graph" : pathDifference(oracle, ours);
  count(tally.paths, path === null);
  if (missing.length + wrong.length === 0 && path === null) return;
  const { line, qualname } = scope;
  const difference = { file, line, qualname, missing: missing.map(readable), wrong: wrong.map(readable) };
  tally.differences.push(path === null ? difference : { ...difference, path });
}

/** The oracle's edges that are not ours; exceptional ones with `!` in front. */
function findMissing(tally: Tally, oracle: Automaton, automaton: Automaton): string[] {
  const ours = automaton.edges();
  const possible = withoutImpossible(oracle).edges();
  const missing: string[] = [];
  const handlers = new Map<string, boolean>();
  for (const [edge, kinds] of oracle.edges()) {
    const isNormal = kinds.has(KIND.normal);
    if (!isNormal && !possible.has(edge)) continue;
    const isFound = ours.has(edge);
    count(counterOf(tally, kinds), isFound);
    if (!isFound) missing.push(isNormal ? edge : `!${edge}`);
    const target = edge.slice(edge.indexOf(" ") + 1);
    if (!isNormal && target !== String(RAISE)) handlers.set(target, isFound || handlers.get(target) === true);
  }
  for (const isFound of handlers.values()) count(tally.handlers, isFound);
  return missing;
}

function counterOf(tally: Tally, kinds: ReadonlySet<Kind>): Count {
  if (kinds.has(KIND.normal)) return tally.normal;
  if (kinds.has(KIND.raised)) return tally.raised;
  return kinds.has(KIND.reraised) ? tally.reraised : tally.implicit;
}

/** Our normal edges that are not the oracle's. */
function findWrong(tally: Tally, oracle: Automaton, automaton: Automaton): string[] {
  const theirs = oracle.edges();
  const wrong: string[] = [];
  for (const [edge, kinds] of automaton.edges()) {
    const isThere = theirs.has(edge);
    const isNormal = kinds.has(KIND.normal);
    count(isNormal ? tally.precise : tally.preciseExceptions, isThere);
    if (!isThere && isNormal) wrong.push(edge);
  }
  return wrong;
}

function countExact(tally: Tally, tags: readonly string[], isExact: boolean): void {
  count(tally.exact.all, isExact);
  if (tags.includes(BRANCH)) count(tally.exact.branching, isExact);
  if (tags.some((tag) => HARD.has(tag))) count(tally.exact.hard, isExact);
  for (const tag of tags) {
    if (tag === BRANCH) continue;
    const counter = tally.byTag.get(tag) ?? none();
    tally.byTag.set(tag, counter);
    count(counter, isExact);
  }
}

function pathDifference(oracle: Automaton, ours: Automaton): string | null {
  const difference = firstPathDifference(oracle, ours);
  if (difference === null || difference === "too large") return difference;
  return `${difference.path.map(placeName).join(" → ")} only in ${difference.only}`;
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
