/**
 * How much of a file survives when one of its lines is broken, next to tree-sitter:
 * `node test/eval/ast/tolerance.ts [--files 60] [--breaks 40] [--seed 1] [--show]`, over Python's standard library.
 *
 * Every break changes one line. Of the functions that do not contain that line, it counts how many are still found
 * under the same qualified name, with the same text and as many nodes.
 */
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Language, Parser, type Node as TreeSitterNode } from "web-tree-sitter";
import { forEachChild, type Node, parseModule, walk } from "../../../src/python/index.ts";
import { random } from "../../support/random.ts";
import { readAll, standardLibrary } from "../../support/stdlib.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "60" },
    breaks: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    show: { type: "boolean", default: false },
  },
});

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
  readonly counts: Map<string, number>;
  readonly list: { readonly key: string; readonly line: number; readonly endLine: number }[];
}

function add({ counts, list }: Functions, key: string, line: number, endLine: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  list.push({ key, line, endLine });
}

function ourFunctions(text: string): Functions {
  const functions: Functions = { counts: new Map(), list: [] };
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
        add(functions, `${below} ${nodes} ${text.slice(node.start, node.end)}`, line, node.endLine);
      }
    }
    forEachChild(node, (child) => visit(child, below));
  };
  visit(parseModule(text).module, "");
  return functions;
}

async function treeSitter(): Promise<(text: string) => Functions> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve("tree-sitter-python/tree-sitter-python.wasm");
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return (text) => {
    const functions: Functions = { counts: new Map(), list: [] };
    const tree = parser.parse(text);
    if (tree === null) throw new Error("tree-sitter gave no tree.");
    visitTreeSitter(functions, text, tree.rootNode, "", 1);
    tree.delete();
    return functions;
  };
}

function visitTreeSitter(functions: Functions, text: string, node: TreeSitterNode, path: string, line: number): void {
  let below = path;
  if (node.type === "function_definition" || node.type === "class_definition") {
    below = `${path}.${node.childForFieldName("name")?.text ?? ""}`;
    if (node.type === "function_definition") {
      const key = `${below} ${node.descendantCount} ${text.slice(node.startIndex, node.endIndex)}`;
      add(functions, key, line, node.endPosition.row + 1);
    }
  }
  for (const child of node.namedChildren) {
    // A decorated function begins with its decorators.
    const start = node.type === "decorated_definition" ? node : child;
    visitTreeSitter(functions, text, child, below, start.startPosition.row + 1);
  }
}

/** The functions that do not contain a line, and which of them are lost. */
function survey(before: Functions, after: Functions, line: number): { total: number; lost: string[] } {
  const left = new Map(after.counts);
  const lost: string[] = [];
  let total = 0;
  for (const one of before.list) {
    if (one.line <= line && line <= one.endLine) continue;
    total++;
    const count = left.get(one.key) ?? 0;
    if (count > 0) left.set(one.key, count - 1);
    else lost.push(one.key.split(" ")[0] ?? "");
  }
  return { total, lost };
}

const library = standardLibrary();
if (library === undefined) throw new Error("There is no python3 on this machine.");
const next = random(Number(values.seed));
const candidates = readAll(library.files).filter(
  ({ path, text }) => text.length < 150_000 && !/\/(test|tests|lib2to3|idlelib)\//.test(path),
);
const parsers = [
  { name: "ours", read: ourFunctions },
  { name: "tree-sitter", read: await treeSitter() },
] as const;
type Score = Record<(typeof parsers)[number]["name"], { kept: number; total: number; wholly: number }>;
const none = (): Score => ({
  ours: { kept: 0, total: 0, wholly: 0 },
  "tree-sitter": { kept: 0, total: 0, wholly: 0 },
});
const scores = new Map<string, { score: Score; breaks: number }>();
for (let i = 0; i < Number(values.files); i++) {
  const file = candidates[Math.floor(next() * candidates.length)];
  if (file === undefined) break;
  const before = parsers.map(({ read }) => read(file.text));
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
    const entry = scores.get(name) ?? { score: none(), breaks: 0 };
    scores.set(name, entry);
    entry.breaks++;
    for (const [which, parser] of parsers.entries()) {
      const { total, lost } = survey(before[which] ?? parser.read(file.text), parser.read(changed), index + 1);
      const score = entry.score[parser.name];
      score.total += total;
      score.kept += total - lost.length;
      if (lost.length === 0) score.wholly++;
      if (values.show && parser.name === "ours" && lost.length > 2) {
        const some = lost.slice(0, 4).join(" ");
        console.log(`${name}: ${file.path}:${index + 1}: ${lost.length} lost (${some})\n    ${broken}`);
      }
    }
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(2)} %`;
}

const sum = none();
let breaks = 0;
console.log("| one line broken | breaks | ours | tree-sitter |\n|---|---|---|---|");
for (const [name, entry] of [...scores].sort(([one], [other]) => one.localeCompare(other))) {
  breaks += entry.breaks;
  const cells = parsers.map((parser) => {
    const { kept, total, wholly } = entry.score[parser.name];
    sum[parser.name].kept += kept;
    sum[parser.name].total += total;
    sum[parser.name].wholly += wholly;
    return percent(kept, total);
  });
  console.log(`| ${name} | ${entry.breaks} | ${cells.join(" | ")} |`);
}
const kept = parsers.map(({ name }) => percent(sum[name].kept, sum[name].total));
const wholly = parsers.map(({ name }) => percent(sum[name].wholly, breaks));
console.log(`| **all other functions** | ${breaks} | ${kept.join(" | ")} |`);
console.log(`| **breaks that no other function notices** | ${breaks} | ${wholly.join(" | ")} |`);
