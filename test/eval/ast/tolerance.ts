/**
 * How much of a file survives when one of its lines is broken:
 * `node test/eval/ast/tolerance.ts [--files 60] [--breaks 40] [--seed 1] [--show]`, over Python's standard library.
 *
 * Every break changes one line. Of the functions that do not contain that line, it counts how many are still found
 * under the same qualified name, with the same text and as many nodes.
 */
import { parseArgs } from "node:util";
import { forEachChild, type Node, parseModule, walk } from "../../../src/python/index.ts";
import { readAll, standardLibrary } from "../../support/stdlib.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "60" },
    breaks: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    show: { type: "boolean", default: false },
  },
});

/** mulberry32: a small generator that gives the same numbers everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Break = (line: string, next: () => number) => string;

function without(pattern: RegExp): Break {
  return (line, next) => {
    const found = [...line.matchAll(pattern)];
    const match = found[Math.floor(next() * found.length)];
    return match === undefined ? line : line.slice(0, match.index) + line.slice(match.index + match[0].length);
  };
}

function insert(what: string): Break {
  return (line, next) => {
    const indent = line.length - line.trimStart().length;
    const at = indent + Math.floor(next() * (line.length - indent + 1));
    return line.slice(0, at) + what + line.slice(at);
  };
}

const BREAKS: Readonly<Record<string, Break>> = {
  "line deleted": () => "",
  "line cut": (line, next) => line.slice(0, Math.floor(next() * line.length)),
  "opening bracket deleted": without(/[([{]/g),
  "closing bracket deleted": without(/[)\]}]/g),
  "opening bracket inserted": insert("("),
  "closing bracket inserted": insert(")"),
  "quote deleted": without(/["']/g),
  "quote inserted": insert("'"),
  "triple quote deleted": without(/"""|'''/g),
  "triple quote inserted": insert('"""'),
  "colon deleted": without(/:/g),
  "word inserted": insert(" word "),
  "operator inserted": insert(" + * "),
  "indentation lost": (line) => line.trimStart(),
  "indented by two": (line) => `  ${line}`,
  "dedented by two": (line) => line.replace(/^ {2}/, ""),
  "keyword misspelt": (line) => line.replace(/\b(def|class|if|for|while|try|with|return|import)\b/, "$1x"),
};

interface Functions {
  readonly counts: ReadonlyMap<string, number>;
  readonly list: readonly { readonly key: string; readonly line: number; readonly endLine: number }[];
}

function functionsOf(text: string): Functions {
  const counts = new Map<string, number>();
  const list: { key: string; line: number; endLine: number }[] = [];
  const visit = (node: Node, path: string): void => {
    let below = path;
    if (node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef" || node.kind === "ClassDef") {
      below = `${path}.${node.name}`;
      if (node.kind !== "ClassDef") {
        let nodes = 0;
        walk(node, () => {
          nodes++;
          return true;
        });
        const line = node.decorator_list[0]?.line ?? node.line;
        const key = `${below} ${nodes} ${text.slice(node.start, node.end)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        list.push({ key, line, endLine: node.endLine });
      }
    }
    forEachChild(node, (child) => visit(child, below));
  };
  visit(parseModule(text).module, "");
  return { counts, list };
}

const library = standardLibrary();
if (library === undefined) throw new Error("There is no python3 on this machine.");
const next = random(Number(values.seed));
const candidates = readAll(library.files).filter(
  ({ path, text }) => text.length < 150_000 && !/\/(test|tests|lib2to3|idlelib)\//.test(path),
);
const score = new Map<string, { kept: number; total: number; breaks: number }>();
for (let i = 0; i < Number(values.files); i++) {
  const file = candidates[Math.floor(next() * candidates.length)];
  if (file === undefined) break;
  const before = functionsOf(file.text);
  const lines = file.text.split("\n");
  const solid = [...lines.keys()].filter((index) => /\S/.test(lines[index] ?? ""));
  for (let j = 0; j < Number(values.breaks); j++) {
    const names = Object.keys(BREAKS);
    const name = names[Math.floor(next() * names.length)] ?? "";
    // A break that suits the line: a bracket can only be taken where there is one.
    let index = 0;
    let broken = "";
    for (let tries = 0; tries < 50; tries++) {
      index = solid[Math.floor(next() * solid.length)] ?? 0;
      broken = BREAKS[name]?.(lines[index] ?? "", next) ?? "";
      if (broken !== lines[index]) break;
    }
    if (broken === lines[index]) continue;
    const changed = lines.with(index, broken).join("\n");
    const after = functionsOf(changed);
    const entry = score.get(name) ?? { kept: 0, total: 0, breaks: 0 };
    const left = new Map(after.counts);
    const lost: string[] = [];
    for (const { key, line, endLine } of before.list) {
      if (line <= index + 1 && index + 1 <= endLine) continue;
      entry.total++;
      const count = left.get(key) ?? 0;
      if (count > 0) {
        left.set(key, count - 1);
        entry.kept++;
      } else lost.push(key.split(" ")[0] ?? "");
    }
    entry.breaks++;
    score.set(name, entry);
    if (values.show && lost.length > 2) {
      console.log(
        `${name}: ${file.path}:${index + 1}: ${lost.length} lost (${lost.slice(0, 4).join(" ")})\n    ${broken}`,
      );
    }
  }
}
let kept = 0;
let total = 0;
for (const [name, entry] of [...score].sort(([, a], [, b]) => a.kept / a.total - b.kept / b.total)) {
  kept += entry.kept;
  total += entry.total;
  console.log(`${((100 * entry.kept) / entry.total).toFixed(2).padStart(7)} %  ${name} (${entry.breaks} breaks)`);
}
console.log(`${((100 * kept) / total).toFixed(2).padStart(7)} %  of ${total} other functions survive`);
