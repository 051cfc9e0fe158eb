import type { Module, SyntaxProblem } from "./ast.ts";
import type { UnicodeNames } from "./escapes.ts";
import { LineIndex } from "./lines.ts";
import { Parser } from "./parser.ts";
import type { Suggestion } from "./parser-blocks.ts";

/** Readings of a broken file in search of the one with the fewest problems. */
const MOST_READINGS = 8;

export interface ParseOptions {
  /** Knows the characters of `\N{…}`; without it such an escape stays as it is written. */
  readonly unicodeNames?: UnicodeNames;
}

export interface ParsedModule {
  readonly module: Module;
  readonly problems: readonly SyntaxProblem[];
}

interface Reading extends ParsedModule {
  readonly problemCount: number;
  readonly suggestions: readonly Suggestion[];
  readonly applied: readonly Suggestion[];
}

function read(text: string, applied: readonly Suggestion[], unicodeNames: UnicodeNames | null): Reading {
  const pairs = (kind: Suggestion["kind"]): ReadonlyMap<number, number> =>
    new Map(applied.filter((one) => one.kind === kind).map((one) => [one.key, one.value]));
  const corrections = applied.length === 0 ? null : { stringEnds: pairs("string-end"), columns: pairs("column") };
  const parser = new Parser(text, { corrections, unicodeNames });
  const module = parser.module();
  const { suggestions } = parser;
  const moved = applied.filter((one) => one.kind === "column").map((one) => indentationProblem(text, one));
  const problems = moved.length === 0 ? parser.problems : inOrder([...parser.problems, ...moved]);
  return { module, problems, problemCount: parser.problemCount + moved.length, suggestions, applied };
}

function indentationProblem(text: string, { key }: Suggestion): SyntaxProblem {
  let end = key;
  while (/[ \t\f]/.test(text.charAt(end))) end++;
  return { message: "unexpected indentation", start: key, end, line: new LineIndex(text).lineAt(key) };
}

function inOrder(problems: readonly SyntaxProblem[]): readonly SyntaxProblem[] {
  return problems.toSorted((a, b) => a.start - b.start);
}

function sameSuggestion(a: Suggestion, b: Suggestion): boolean {
  return a.kind === b.kind && a.key === b.key;
}

/**
 * Reads the source text of a Python module (3.8 to 3.14). Never throws: what cannot be read becomes `ErrorStatement`
 * or `ErrorExpression` nodes and problems, and its neighbours come out as they are. A broken file is read again, a few
 * times at most, with guesses about a lost quote or indentation, and the reading with the fewest problems counts.
 */
export function parseModule(text: string, options?: ParseOptions): ParsedModule {
  const names = options?.unicodeNames ?? null;
  let best = read(text, [], names);
  const tried: Suggestion[] = [];
  for (let readings = 1; readings < MOST_READINGS && best.problemCount > best.applied.length; readings++) {
    const suggestion = best.suggestions.find((one) => !tried.some((other) => sameSuggestion(one, other)));
    if (suggestion === undefined) break;
    tried.push(suggestion);
    const next = read(text, [...best.applied, suggestion], names);
    // A correction is a problem by itself, so an equal number already speaks for it.
    if (next.problemCount <= best.problemCount) best = next;
  }
  const nul = text.indexOf("\0");
  if (nul < 0) return { module: best.module, problems: best.problems };
  const line = new LineIndex(text).lineAt(nul);
  const problem = { message: "source code cannot contain null bytes", start: nul, end: nul + 1, line };
  return { module: best.module, problems: inOrder([...best.problems, problem]) };
}
