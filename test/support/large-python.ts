/** Python texts to measure size and robustness with: large functions, deep nesting, broken lines, random edits. */
import { random } from "./random.ts";

/** Writes functions of a given size. */
export const SHAPES: Readonly<Record<string, (lines: number) => string>> = {
  "statements in a row": (lines) => repeated(lines, "    total += step(total)"),
  "if after if": (lines) => repeated(lines / 2, "    if total:\n        total = step(total)"),
  "elif after elif": (lines) =>
    `def f(total):\n    if total == 0:\n        return 0\n${"    elif step(total):\n        total = 1\n".repeat(lines / 2)}`,
  "try after try": (lines) =>
    repeated(
      lines / 5,
      "    try:\n        step(total)\n    except ValueError as error:\n        return 1\n    total += 1",
    ),
  "try … finally with return": (lines) =>
    repeated(
      lines / 6,
      "    try:\n        if step(total):\n            return total\n    finally:\n        step(total)\n    total += 1",
    ),
  "with after with": (lines) =>
    repeated(lines / 3, "    with step(total) as total:\n        if total:\n            return 1"),
  "one try around all": (lines) =>
    `def f(total):\n    try:\n${"        total += step(total)\n".repeat(lines)}    except ValueError:\n        return 0\n`,
  "one finally around returns": (lines) =>
    `def f(total):\n    try:\n${"        if step(total):\n            return 1\n".repeat(lines / 2)}    finally:\n        step(0)\n`,
  "case after case": (lines) =>
    `def f(total):\n    match total:\n${"        case [1, x]:\n            total = x\n".repeat(lines / 2)}`,
};

function repeated(times: number, text: string): string {
  return `def f(total):\n${`${text}\n`.repeat(Math.max(1, Math.floor(times)))}    return total\n`;
}

/** Writes statements nested in each other. */
export const NESTS: Readonly<Record<string, (depth: number) => string>> = {
  if: (depth) => nested(depth, ["if x:"]),
  "for … else": (depth) => nested(depth, ["for x in y:"]),
  "try … except": (depth) => nested(depth, ["try:"], ["except E:", " pass"]),
  "try … finally": (depth) => nested(depth, ["try:"], ["finally:", " f()"]),
  "finally in finally": (depth) => nested(depth, ["try:", " g()", "finally:"]),
  with: (depth) => nested(depth, ["with f() as x:"]),
  "elif chain": (depth) => `if x:\n  pass\n${"elif y:\n  pass\n".repeat(depth)}else:\n  pass\n`,
  "conditional expressions": (depth) => `x = ${"a if b else ".repeat(depth)}c\n`,
  calls: (depth) => `x = ${"f(".repeat(depth)}1${")".repeat(depth)}\n`,
  attributes: (depth) => `x = a${".b".repeat(depth)}\n`,
  "boolean operators": (depth) => `def f():\n  if ${"a and b or ".repeat(depth)}c:\n    pass\n`,
  lambdas: (depth) => `x = ${"lambda: ".repeat(depth)}1\n`,
  brackets: (depth) => `x = ${"(".repeat(depth)}1${")".repeat(depth)}\n`,
  operators: (depth) => `x = ${"-".repeat(depth)}1\n`,
};

function nested(depth: number, before: readonly string[], after: readonly string[] = []): string {
  const lines: string[] = ["def f():"];
  for (let level = 1; level <= depth; level++) for (const line of before) lines.push(" ".repeat(level) + line);
  lines.push(`${" ".repeat(depth + 1)}g()`);
  for (let level = depth; level >= 1; level--) for (const line of after) lines.push(" ".repeat(level) + line);
  return `${lines.join("\n")}\n`;
}

/** Lines that are broken in the same way, again and again. */
export const BROKEN: Readonly<Record<string, (lines: number) => string>> = {
  "open brackets on every line": (lines) => "(\n".repeat(lines),
  "open brackets and names on every line": (lines) => "x = (\n".repeat(lines),
  "open f-strings on every line": (lines) => 'f"{\n'.repeat(lines),
  "open headers on every line": (lines) => "def f(a=(\n".repeat(lines),
  "triple quotes on every other line": (lines) => 'a b """\ndef f():\n'.repeat(lines / 2),
  noise: (lines) => Array.from({ length: 10 * lines }, (_, i) => String.fromCharCode((i * 7919) % 256)).join(""),
};

const PIECES = [
  "(",
  ")",
  "[",
  "'",
  '"""',
  ":",
  "\n",
  "\n    ",
  "\t",
  "\\",
  "else:",
  "finally:",
  "except:",
  "return",
  "#",
];

/** Texts with a few random insertions, deletions and repetitions. */
export function* edits(text: string, times: number, seed: number): Generator<string> {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  for (let i = 0; i < times; i++) {
    let changed = text;
    for (let j = below(8); j >= 0; j--) {
      const at = below(changed.length);
      const to = at + below(60);
      const piece = [PIECES[below(PIECES.length)] ?? "", "", changed.slice(at, to)][below(3)] ?? "";
      changed = changed.slice(0, at) + piece + changed.slice(below(2) === 0 ? at : to);
    }
    yield changed;
  }
}
