import type { ControlFlowGraph, GraphNode } from "../../../src/model/index.ts";
import { EXIT, KIND, type Kind, type OracleScope, RAISE } from "./oracle.ts";

/** A step to another state; `kind` as in bytecode.py. */
export interface Step {
  readonly to: number;
  readonly kind: Kind;
}

type Steps = readonly (readonly Step[])[];

/**
 * Control flow over places (see bytecode.py), from state 0 on. A state stands for one copy of a place; steps between
 * states of the same place are silent, for a place is only told from another by its line.
 */
export class Automaton {
  readonly places: readonly number[];
  readonly #steps: Steps;

  constructor(places: readonly number[], steps: Steps) {
    this.places = places;
    this.#steps = steps;
  }

  stepsFrom(state: number): readonly Step[] {
    return this.#steps[state] ?? [];
  }

  /** The steps that lead to another place, with that place. */
  *departures(state: number): Generator<Step & { readonly place: number }> {
    for (const step of this.stepsFrom(state)) {
      const place = this.places[step.to];
      if (place !== undefined && place !== this.places[state]) yield { ...step, place };
    }
  }

  /** The same with fewer steps. */
  filter(keep: (step: Step) => boolean): Automaton {
    return new Automaton(
      this.places,
      this.#steps.map((list) => list.filter(keep)),
    );
  }

  /** `from to` of two places → the kinds of the edges between them, of what the start leads to. */
  edges(): Map<string, Set<Kind>> {
    const edges = new Map<string, Set<Kind>>();
    const reached = new Set([0]);
    for (const state of reached) {
      for (const { to } of this.stepsFrom(state)) reached.add(to);
      for (const { place, kind } of this.departures(state)) addTo(edges, `${this.places[state]} ${place}`, kind);
    }
    return edges;
  }
}

/** Adds to the set under a key. */
export function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

export function oracleAutomaton({ places, edges }: OracleScope): Automaton {
  const steps: Step[][] = places.map(() => []);
  for (const [from, to, kind] of edges) steps[from]?.push({ to, kind });
  return new Automaton(places, steps);
}

/** Our graph over the same places: what has none (merges, `try`, `pass`) is led through. */
export function graphAutomaton(graph: ControlFlowGraph, scope: OracleScope): Automaton {
  const unitOf = new Map(scope.units);
  const strong = new Set(scope.strong);
  const places: (number | null)[] = [];
  const steps: Step[][] = [];
  /** Of each node, the first of its statements' states and what follows the last. */
  const states = new Map<string, { readonly first: number; readonly after: number }>();
  for (const node of graph.nodes) {
    const first = places.length;
    for (const place of placesOf(node, unitOf, strong)) {
      places.push(place);
      // On to the next statement, unless it is the last.
      steps.push([{ to: places.length, kind: KIND.normal }]);
    }
    steps[places.length - 1] = [];
    states.set(node.id, { first, after: places.length });
  }
  for (const { from, to, kind } of graph.edges) {
    const source = states.get(from);
    const target = states.get(to);
    if (source === undefined || target === undefined) throw new Error("An edge without its node.");
    const isException = kind === "exception";
    const step = { to: target.first, kind: isException ? KIND.implicit : KIND.normal };
    for (let state = isException ? source.first : source.after - 1; state < source.after; state++) {
      steps[state]?.push(step);
    }
  }
  return contracted(places, steps);
}

const ENDS: Readonly<Partial<Record<GraphNode["kind"], number>>> = { entry: 0, exit: EXIT, "raise-exit": RAISE };

function placesOf(
  { kind, lines }: GraphNode,
  unitOf: ReadonlyMap<number, number>,
  strong: ReadonlySet<number>,
): (number | null)[] {
  const end = ENDS[kind];
  if (end !== undefined) return [end];
  // `finally` is no statement. Where a node of it has a line, that is what the interpreter counts a re-raise to.
  if (lines.length === 0 || kind === "finally") return [null];
  return lines.map((line) => {
    const unit = unitOf.get(line);
    if (unit === undefined || !strong.has(unit)) return null;
    return 2 * unit + (kind === "with-exit" ? 1 : 0);
  });
}

/** Takes the states without a place out; a way is exceptional if one of its steps is. */
function contracted(places: readonly (number | null)[], steps: Steps): Automaton {
  const number = new Map<number, number>();
  const kept: number[] = [];
  for (const [state, place] of places.entries()) {
    if (place === null) continue;
    number.set(state, kept.length);
    kept.push(place);
  }
  return new Automaton(
    kept,
    [...number.keys()].map((state) => stepsAround(state, number, steps)),
  );
}

function stepsAround(state: number, number: ReadonlyMap<number, number>, steps: Steps): Step[] {
  const found: Step[] = [];
  const seen = new Set<number>();
  const stack = [...(steps[state] ?? [])];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { to, kind } = step;
    const key = to * 8 + kind;
    if (seen.has(key)) continue;
    seen.add(key);
    const target = number.get(to);
    if (target !== undefined) found.push({ to: target, kind });
    else for (const next of steps[to] ?? []) stack.push(kind === KIND.normal ? next : { to: next.to, kind });
  }
  return found;
}

/**
 * Leaves out the exceptions that lead to places which the other does not have: the compiler drops a handler whose body
 * has no instruction that can fail, where we let an interrupt lead there so that the handler is not drawn as dead.
 */
export function withoutDropped(automaton: Automaton, other: Automaton): Automaton {
  const kept = new Set([...other.places, RAISE]);
  return automaton.filter(({ to, kind }) => kind === KIND.normal || kept.has(automaton.places[to] ?? RAISE));
}

/** Leaves out what can happen in principle only. */
export function withoutImpossible(automaton: Automaton): Automaton {
  return automaton.filter(({ kind }) => kind !== KIND.impossible);
}
