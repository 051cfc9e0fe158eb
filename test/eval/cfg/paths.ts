import { type Automaton, addTo, type Step } from "./automaton.ts";
import { KIND, type Kind } from "./oracle.ts";

/** A set of states as one: sorted, closed under silent steps. */
type Subset = readonly number[];

function close(automaton: Automaton, states: Iterable<number>): Subset {
  const closed = new Set(states);
  for (const state of closed) {
    const place = automaton.places[state];
    for (const { to } of automaton.stepsFrom(state)) if (automaton.places[to] === place) closed.add(to);
  }
  return [...closed].sort((one, other) => one - other);
}

const PREFIX: Readonly<Partial<Record<Kind, string>>> = { [KIND.normal]: "", [KIND.impossible]: "?" };

/** What may come next: `place` normally, `!place` by an exception, `?place` by an impossible one → the states there. */
function lettersFrom(automaton: Automaton, subset: Subset): Map<string, Set<number>> {
  const letters = new Map<string, Set<number>>();
  for (const state of subset) {
    for (const { place, kind, to } of automaton.departures(state)) addTo(letters, `${PREFIX[kind] ?? "!"}${place}`, to);
  }
  return letters;
}

export interface PathDifference {
  /** The letters of a shortest way to the difference. */
  readonly path: readonly string[];
  readonly only: "oracle" | "ours";
}

interface Pair {
  readonly oracle: Subset;
  readonly ours: Subset;
  readonly before: Pair | null;
  readonly letter: string;
}

const MAX_PAIRS = 20_000;

/**
 * Whether both allow the same sequences of statements: every normal step both ways, every exceptional step of the
 * oracle. This tells the ways through a `finally` body apart, which edges alone do not. Both automata are made
 * deterministic side by side (Hopcroft and Karp's test of equivalence).
 */
export function firstPathDifference(oracle: Automaton, ours: Automaton): PathDifference | null | "too large" {
  const seen = new Set<string>();
  const queue: Pair[] = [{ oracle: close(oracle, [0]), ours: close(ours, [0]), before: null, letter: "entry" }];
  for (const pair of queue) {
    const theirLetters = lettersFrom(oracle, pair.oracle);
    const ourLetters = lettersFrom(ours, pair.ours);
    const unmatched = firstUnmatched(theirLetters, ourLetters);
    if (unmatched !== null) return { path: [...lettersTo(pair), unmatched.letter], only: unmatched.only };
    for (const [letter, states] of theirLetters) {
      const same = ourLetters.get(counterpart(letter));
      const isShadowed = letter.startsWith("?") && theirLetters.has(counterpart(letter));
      if (same === undefined || isShadowed) continue;
      const next = { oracle: close(oracle, states), ours: close(ours, same), before: pair, letter };
      const key = `${next.oracle.join()} ${next.ours.join()}`;
      if (!seen.has(key)) queue.push(next);
      seen.add(key);
    }
    if (seen.size > MAX_PAIRS) return "too large";
  }
  return null;
}

/** The letter of ours that goes with one of the oracle's: we do not tell impossible exceptions from others. */
function counterpart(letter: string): string {
  return letter.startsWith("?") ? `!${letter.slice(1)}` : letter;
}

function firstUnmatched(
  theirs: ReadonlyMap<string, unknown>,
  ours: ReadonlyMap<string, unknown>,
): { readonly letter: string; readonly only: "oracle" | "ours" } | null {
  for (const letter of ours.keys()) {
    if (!letter.startsWith("!") && !theirs.has(letter) && !theirs.has(`!${letter}`)) return { letter, only: "ours" };
  }
  // What is impossible we need not have.
  for (const letter of theirs.keys()) {
    if (!letter.startsWith("?") && !ours.has(letter)) return { letter, only: "oracle" };
  }
  return null;
}

function lettersTo(pair: Pair): string[] {
  const path: string[] = [];
  for (let at: Pair | null = pair; at !== null; at = at.before) path.unshift(at.letter);
  return path;
}

/**
 * Whether a recorded run is a walk over our edges.
 * @param run letters, without the entry
 * @returns the index of the first letter that is not admitted, or -1
 */
export function firstNotAdmitted(automaton: Automaton, run: readonly string[]): number {
  let at = close(automaton, [0]);
  for (const [index, letter] of run.entries()) {
    const isExceptional = letter.startsWith("!");
    const place = Number(isExceptional ? letter.slice(1) : letter);
    const leads = ({ to, kind }: Step): boolean =>
      automaton.places[to] === place && (isExceptional || kind === KIND.normal);
    const next = at.flatMap((state) => automaton.stepsFrom(state).filter(leads));
    if (next.length === 0) return index;
    at = close(
      automaton,
      next.map(({ to }) => to),
    );
  }
  return -1;
}
