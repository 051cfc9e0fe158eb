/**
 * Compares our syntax trees with those of the newest CPython (3.14, compiled to WebAssembly), positions included:
 * `node test/eval/ast/newest.ts [--mutations 40] [--seed 1] [--show 10] [FILE|FOLDER…]`.
 *
 * It takes every snippet of newest-syntax.ts, that many random changes of each (a token taken out, doubled, replaced by
 * or exchanged with another), and the given files. Where Python refuses a text, we must find a problem too; where it does not, the trees
 * must be equal.
 */
import { parseArgs } from "node:util";
import { hasNewestPython, NEWEST_PYTHON } from "../../support/newest-python.ts";
import { random } from "../../support/random.ts";
import { type Comparison, compareTexts, compareWithPython } from "./compare.ts";
import { NEWEST_SYNTAX } from "./newest-syntax.ts";
import { pythonFiles } from "./python-files.ts";

const TOKEN = /\s+|\w+|[rbftRBFT]{0,2}["']{1,3}|[^\s\w]/gu;

/** Random changes of texts, each text once. */
export function mutations(texts: readonly string[], times: number, seed: number): string[] {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const vocabulary = texts.flatMap((text) => text.match(TOKEN) ?? []);
  const found = new Set<string>();
  for (const text of texts) {
    const tokens = text.match(TOKEN) ?? [];
    if (tokens.length === 0) continue;
    for (let i = 0; i < times; i++) {
      const at = below(tokens.length);
      const token = tokens[at] ?? "";
      const other = vocabulary[below(vocabulary.length)] ?? "";
      const changes = [
        () => tokens.toSpliced(at, 1),
        () => tokens.toSpliced(at, 0, token),
        () => tokens.toSpliced(at, 0, other),
        () => tokens.toSpliced(at, 1, other),
        () => tokens.toSpliced(at, 2, tokens[at + 1] ?? "", token),
      ];
      found.add((changes[below(changes.length)]?.() ?? tokens).join(""));
    }
  }
  return [...found].filter((text) => !texts.includes(text));
}

/** Texts that Python refuses and we read without a problem. */
export function overlooked(comparison: Comparison): { path: string; error: string }[] {
  return comparison.refused.filter(({ ours }) => ours.length === 0);
}

function report(title: string, comparison: Comparison, show: number): void {
  for (const { path, ours, theirs } of comparison.different.slice(0, show)) {
    console.log(`\n${path}\n  ours:   ${ours}\n  python: ${theirs}`);
  }
  for (const { path, error } of overlooked(comparison).slice(0, show)) {
    console.log(`read by us, refused by Python: ${path}: ${error}`);
  }
  const { equal, total, refused } = comparison;
  const alike = refused.length - overlooked(comparison).length;
  console.log(`| ${title} | ${equal} of ${total} | ${alike} of ${refused.length} |`);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mutations: { type: "string", default: "40" },
      seed: { type: "string", default: "1" },
      show: { type: "string", default: "10" },
    },
  });
  if (!(await hasNewestPython())) {
    console.error("NOT TESTED: the newest Python is not within reach (it comes from the npm registry).");
    process.exit(0);
  }
  const show = Number(values.show);
  const written = await compareTexts(NEWEST_PYTHON, NEWEST_SYNTAX);
  const changed = mutations(NEWEST_SYNTAX, Number(values.mutations), Number(values.seed));
  report("snippets", written, show);
  report("random changes of them", await compareTexts(NEWEST_PYTHON, changed), show);
  const files = positionals.flatMap(pythonFiles);
  if (files.length > 0) report("files", await compareWithPython(NEWEST_PYTHON, files), show);
  console.log(`Python ${written.version}: texts with equal trees; texts that both refuse`);
}
