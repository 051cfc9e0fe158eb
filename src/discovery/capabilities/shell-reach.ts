import type { ShellCommand } from "../readers/shell-words.ts";

/** A function of a script, with its first and last line. */
interface Body {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const HEADER = /^(\s*)(?:function\s+([\w:.-]+)\s*(?:\(\s*\))?|([\w:.-]+)\s*\(\s*\))\s*([{(].*)?$/u;

/** Commands that name functions for whoever sits at the shell later, or say words that may be names. */
const NOT_CALLING: ReadonlySet<string> = new Set("complete bind compgen echo printf unset".split(" "));

/** Longest header that is looked at, in characters. */
const MAX_HEADER = 300;

/**
 * The commands of a script that running it may reach: those outside functions, and those of functions that these name,
 * and so on. Where the script runs what its arguments or variables name, all may be.
 */
export function reachedCommands(text: string, commands: readonly ShellCommand[]): readonly ShellCommand[] {
  const bodies = bodiesOf(text);
  if (bodies.length === 0) return commands;
  const byFunction = Map.groupBy(commands, ({ line }) => ownerOf(line, bodies));
  const names = new Set(bodies.map(({ name }) => name));
  const reached = new Set<string | null>([null]);
  // The set grows while it is gone through.
  for (const owner of reached) {
    const own = byFunction.get(owner) ?? [];
    if (own.some(({ words }) => isOpen(words))) return commands;
    const calling = own.filter(({ words }) => !NOT_CALLING.has(words[0] ?? ""));
    for (const name of calling.flatMap(({ words }) => words.flatMap(namesIn))) if (names.has(name)) reached.add(name);
  }
  return commands.filter(({ line }) => reached.has(ownerOf(line, bodies)));
}

/** Functions outside others, by the braces that stand where their headers do. A function without such an end has no body. */
function bodiesOf(text: string): readonly Body[] {
  const lines = text.split(/\r?\n/u);
  const found: Body[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const header = line.length > MAX_HEADER ? null : HEADER.exec(line);
    const name = header?.[2] ?? header?.[3];
    if (header === null || name === undefined) continue;
    const end = endOf(lines, at, header[1] ?? "", header[4] ?? "");
    if (end === null) continue;
    found.push({ name, from: at + 1, to: end + 1 });
    at = end;
  }
  return found;
}

/** The line on which a function ends that begins on a line, after what stands behind its name there. */
function endOf(lines: readonly string[], at: number, indent: string, rest: string): number | null {
  if (/^\{.*\}\s*;?\s*$/u.test(rest) || /^\(.*\)\s*$/u.test(rest)) return at;
  if (rest.includes("}")) return null;
  const isOpened = rest !== "" || /^\s*[{(]/u.test(lines[at + 1] ?? "");
  if (!isOpened) return null;
  for (let line = at + 1; line < lines.length; line += 1) {
    const text = lines[line] ?? "";
    if (text.startsWith(`${indent}}`) || text.startsWith(`${indent})`)) return line;
    // The end of the first one was not seen.
    if (text.length <= MAX_HEADER && HEADER.exec(text)?.[1] === indent) return null;
  }
  return null;
}

function ownerOf(line: number, bodies: readonly Body[]): string | null {
  return bodies.find(({ from, to }) => line >= from && line <= to)?.name ?? null;
}

/** Whether a command runs what something else names; what has a path is no function. */
function isOpen([first = "", ...rest]: readonly string[]): boolean {
  if (first === "eval") return true;
  const named = /^(?:command|exec|time|builtin)$/u.test(first) ? (rest[0] ?? "") : first;
  return /[$`]/u.test(named) && !named.includes("/");
}

/** What may be the name of a function in a word: `trap 'clean; exit' EXIT`. */
function namesIn(word: string): readonly string[] {
  return word.match(/[\w:.-]+/gu) ?? [];
}
