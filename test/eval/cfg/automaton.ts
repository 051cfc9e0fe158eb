import type { ControlFlowGraph } from "../../../src/model/index.ts";
import { EXIT, KIND, type Kind, type OracleScope, RAISE } from "./oracle.ts";

/** A step to another state; `kind` as in bytecode.py. */
interface Step {
  readonly to: number;
  readonly kind: Kind;
}

/**
 * Control flow over places (see bytecode.py). A state stands for one copy of a place; steps between states of the same
 * place are silent, for a place is only told from another by its line.
 */
export interface Automaton {
  /** Per state. */
  readonly places: readonly number[];
  readonly steps: readonly (readonly Step[])[];
  readonly start: number;
}

export function oracleAutomaton(scope: OracleScope): Automaton {
  const steps: Step[][] = scope.places.map(() => []);
  for (const [from, to, kind] of scope.edges) steps[from]?.push({ to, kind });
  return { places: scope.places, steps, start: 0 };
}

/** Our graph over the same places: what has none (merges, `try`, `pass`) is led through. */
export function graphAutomaton(graph: ControlFlowGraph, scope: OracleScope): Automaton {
  const unitOf = new Map(scope.units);
  const strong = new Set(scope.strong);
  const raw: (number | null)[] = [];
  const rawSteps: Step[][] = [];
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  const add = (place: number | null): number => {
    raw.push(place);
    rawSteps.push([]);
    return raw.length - 1;
  };
  for (const node of graph.nodes) {
    let previous = -1;
    for (const place of placesOf(node, unitOf, strong)) {
      const state = add(place);
      if (previous < 0) first.set(node.id, state);
      else rawSteps[previous]?.push({ to: state, kind: KIND.normal });
      previous = state;
    }
    last.set(node.id, previous);
  }
  for (const edge of graph.edges) {
    const from = first.get(edge.from);
    const end = last.get(edge.from);
    const to = first.get(edge.to);
    if (from === undefined || end === undefined || to === undefined) throw new Error("An edge without its node.");
    if (edge.kind !== "exception") rawSteps[end]?.push({ to, kind: KIND.normal });
    else for (let state = from; state <= end; state++) rawSteps[state]?.push({ to, kind: KIND.implicit });
  }
  return contract(raw, rawSteps);
}

function placesOf(
  node: ControlFlowGraph["nodes"][number],
  unitOf: ReadonlyMap<number, number>,
  strong: ReadonlySet<number>,
): (number | null)[] {
  if (node.kind === "entry") return [0];
  if (node.kind === "exit") return [EXIT];
  if (node.kind === "raise-exit") return [RAISE];
  const places = node.lines.map((line) => {
    const unit = unitOf.get(line);
    if (unit === undefined || !strong.has(unit)) return null;
    return 2 * unit + (node.kind === "with-exit" ? 1 : 0);
  });
  return places.length === 0 ? [null] : places;
}

/** Takes the states without a place out; a way is exceptional if one of its steps is. */
function contract(raw: readonly (number | null)[], rawSteps: readonly (readonly Step[])[]): Automaton {
  const number = new Map<number, number>();
  const places: number[] = [];
  raw.forEach((place, state) => {
    if (place === null) return;
    number.set(state, places.length);
    places.push(place);
  });
  const steps: Step[][] = places.map(() => []);
  for (const [state, own] of number) {
    const seen = new Set<number>();
    const stack = [...(rawSteps[state] ?? [])];
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      const key = step.to * 8 + step.kind;
      if (seen.has(key)) continue;
      seen.add(key);
      const to = number.get(step.to);
      if (to !== undefined) steps[own]?.push({ to, kind: step.kind });
      else {
        for (const next of rawSteps[step.to] ?? []) {
          stack.push({ to: next.to, kind: step.kind === KIND.normal ? next.kind : step.kind });
        }
      }
    }
  }
  return { places, steps, start: 0 };
}

/**
 * Leaves out the exceptions that lead to places which the other does not have: the compiler drops a handler whose body
 * has no instruction that can fail, where we let an interrupt lead there so that the handler is not drawn as dead.
 */
export function withoutDropped(automaton: Automaton, other: Automaton): Automaton {
  const kept = new Set([...other.places, RAISE]);
  const steps = automaton.steps.map((list) =>
    list.filter(({ to, kind }) => kind === KIND.normal || kept.has(automaton.places[to] ?? RAISE)),
  );
  return { ...automaton, steps };
}

/** Leaves out what can happen in principle only. */
export function withoutImpossible(automaton: Automaton): Automaton {
  return { ...automaton, steps: automaton.steps.map((list) => list.filter(({ kind }) => kind !== KIND.impossible)) };
}

/** The states that the start leads to. */
export function reached({ steps, start }: Automaton): ReadonlySet<number> {
  const seen = new Set([start]);
  for (const state of seen) for (const { to } of steps[state] ?? []) seen.add(to);
  return seen;
}

/** `from to` of two places → the kinds of the edges between them, of what the start leads to. */
export function edgesOf(automaton: Automaton): Map<string, Set<Kind>> {
  const edges = new Map<string, Set<Kind>>();
  for (const state of reached(automaton)) {
    const from = automaton.places[state];
    for (const { to, kind } of automaton.steps[state] ?? []) {
      const place = automaton.places[to];
      if (place === from) continue;
      const key = `${from} ${place}`;
      const kinds = edges.get(key);
      if (kinds === undefined) edges.set(key, new Set([kind]));
      else kinds.add(kind);
    }
  }
  return edges;
}

/** A set of states as one: sorted, closed under silent steps. */
type Subset = readonly number[];

function close(automaton: Automaton, states: Iterable<number>): Subset {
  const closed = new Set(states);
  for (const state of closed) {
    const place = automaton.places[state];
    for (const { to } of automaton.steps[state] ?? []) if (automaton.places[to] === place) closed.add(to);
  }
  return [...closed].sort((one, other) => one - other);
}

function isNormal(letter: string): boolean {
  return !letter.startsWith("!") && !letter.startsWith("?");
}

/** What may come next: `place` normally, `!place` by an exception, `?place` by an impossible one → the states there. */
function lettersFrom(automaton: Automaton, subset: Subset): Map<string, Set<number>> {
  const letters = new Map<string, Set<number>>();
  for (const state of subset) {
    const place = automaton.places[state];
    for (const { to, kind } of automaton.steps[state] ?? []) {
      const target = automaton.places[to];
      if (target === place || target === undefined) continue;
      const letter = kind === KIND.normal ? `${target}` : `${kind === KIND.impossible ? "?" : "!"}${target}`;
      const known = letters.get(letter);
      if (known === undefined) letters.set(letter, new Set([to]));
      else known.add(to);
    }
  }
  return letters;
}

export interface PathDifference {
  /** The places on a shortest way to the difference. */
  readonly path: readonly string[];
  readonly only: "oracle" | "ours";
}

const MAX_SUBSETS = 20_000;

/**
 * Whether both allow the same sequences of statements: every normal step both ways, every exceptional step of the
 * oracle. This tells the ways through a `finally` body apart, which edges alone do not. Both automata are made
 * deterministic side by side (the product of Hopcroft and Karp's equivalence test).
 */
export function firstPathDifference(oracle: Automaton, ours: Automaton): PathDifference | null | "too large" {
  type Pair = { one: Subset; other: Subset; before: Pair | null; letter: string };
  const start: Pair = {
    one: close(oracle, [oracle.start]),
    other: close(ours, [ours.start]),
    before: null,
    letter: "entry",
  };
  const seen = new Set<string>();
  const queue = [start];
  const pathTo = (pair: Pair, letter: string): string[] => {
    const path = [letter];
    for (let at: Pair | null = pair; at !== null; at = at.before) path.unshift(at.letter);
    return path;
  };
  for (const pair of queue) {
    const theirs = lettersFrom(oracle, pair.one);
    const our = lettersFrom(ours, pair.other);
    for (const letter of our.keys()) {
      if (isNormal(letter) && !theirs.has(letter) && !theirs.has(`!${letter}`)) {
        return { path: pathTo(pair, letter), only: "ours" };
      }
    }
    for (const [letter, states] of theirs) {
      // What is impossible we need not have, but where we do it must go on in the same way.
      const isPossible = !letter.startsWith("?");
      if (!isPossible && theirs.has(`!${letter.slice(1)}`)) continue;
      const found = our.get(isPossible ? letter : `!${letter.slice(1)}`);
      if (found === undefined) {
        if (isPossible) return { path: pathTo(pair, letter), only: "oracle" };
        continue;
      }
      const next: Pair = { one: close(oracle, states), other: close(ours, found), before: pair, letter };
      const key = `${next.one.join()} ${next.other.join()}`;
      if (seen.has(key)) continue;
      if (seen.size >= MAX_SUBSETS) return "too large";
      seen.add(key);
      queue.push(next);
    }
  }
  return null;
}

/**
 * Whether a recorded run is a walk over our edges.
 * @param run letters as `lettersFrom` makes them, without the entry
 * @returns the index of the first letter that is not admitted, or -1
 */
export function firstNotAdmitted(automaton: Automaton, run: readonly string[]): number {
  let at = close(automaton, [automaton.start]);
  for (const [index, letter] of run.entries()) {
    const exceptional = letter.startsWith("!");
    const place = Number(exceptional ? letter.slice(1) : letter);
    const next = new Set<number>();
    for (const state of at) {
      for (const { to, kind } of automaton.steps[state] ?? []) {
        if (automaton.places[to] === place && (exceptional || kind === KIND.normal)) next.add(to);
      }
    }
    if (next.size === 0) return index;
    at = close(automaton, next);
  }
  return -1;
}
