/**
 * Checks control-flow graphs against the interpreter: `npm run eval:cfg -- [--show 20] [--write docs/…md]`
 *
 *   --python NAME    the Python to ask (3.11 to 3.14), by default `python3`
 *   --files PATH…    files to compare statically, instead of the standard library; last option
 *   --tests          the standard library with its tests
 *   --every N        only each Nth file and program, for a quick look
 *   --only PART      `static`, `constructs`, `dynamic` or `complexity`
 *   --also NAME      another Python (3.12 to 3.14) to compare the constructs with; more than once, if you like
 *   --kept           of the programs, only those that were recorded before
 *   --show N         that many differences of each part, by default 10
 *   --write FILE     puts the tables between the marks of a page
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { toolsFolder } from "../../../scripts/setup.mjs";
import { fileGraphs } from "../../../src/analysis/index.ts";
import { standardLibrary } from "../../support/stdlib.ts";
import { compareComplexity } from "./complexity.ts";
import { admit, constructsOf, programs, record } from "./dynamic.ts";
import { findPython, type OracleScope } from "./oracle.ts";
import { type Count, compareStatically, type Difference, type Tally } from "./static.ts";

/** Of processor time. */
const SECONDS_PER_PROGRAM = 10;
const TESTS = /\/(?:test|tests|idle_test)\//;
const MARKS = { begin: "<!-- eval:cfg -->", end: "<!-- /eval:cfg -->" };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    files: { type: "boolean", default: false },
    tests: { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    only: { type: "string" },
    also: { type: "string", multiple: true, default: [] },
    kept: { type: "boolean", default: false },
    show: { type: "string", default: "10" },
    write: { type: "string" },
  },
});
const show = Number(values.show);
const every = Number(values.every);

function sample<Item>(list: readonly Item[]): Item[] {
  return list.filter((_, index) => index % every === 0);
}

function percent({ ok, total }: Count): string {
  if (total === 0) return "–";
  // Rounded down: 100 % means all.
  return `${(Math.floor((10_000 * ok) / total) / 100).toFixed(2)} %`;
}

function line(name: string, counter: Count): string {
  return `| ${name} | ${percent(counter)} | ${counter.ok} of ${counter.total} |`;
}

function printDifferences(title: string, differences: readonly Difference[]): void {
  for (const { file, line: at, qualname, missing, wrong, path } of differences.slice(0, show)) {
    console.log(`\n${title}: ${file}:${at} ${qualname}`);
    if (missing.length > 0) console.log(`  missing: ${missing.slice(0, 12).join(", ")}`);
    if (wrong.length > 0) console.log(`  not in the bytecode: ${wrong.slice(0, 12).join(", ")}`);
    if (path !== undefined) console.log(`  path: ${path}`);
  }
}

function staticTable(title: string, tally: Tally): string[] {
  return [
    `### ${title}`,
    "",
    `${tally.files} files (${tally.refused} that this Python refuses).`,
    "",
    "| | | |",
    "|---|---|---|",
    line("exact", tally.exact.all),
    line("exact, with branches", tally.exact.branching),
    line("exact, hard constructs", tally.exact.hard),
    line("same paths, ways through `finally` and exceptions included", tally.paths),
    line("normal edges found", tally.normal),
    line("our normal edges that are in the bytecode", tally.precise),
    line("`raise` and `assert` → handler or exit", tally.raised),
    line("exception that goes on (`finally`, no match, `__exit__`)", tally.reraised),
    line("any other exception, per statement", tally.implicit),
    line("handlers that an exception leads to", tally.handlers),
    line("our exception edges that are in the bytecode", tally.preciseExceptions),
    ...[...tally.byTag]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([tag, counter]) => line(`exact, with ${tag}`, counter)),
    "",
  ];
}

async function staticPart(files: readonly string[]): Promise<string[]> {
  const kinds = (list: OracleScope["kind"][]) => new Set(list);
  const functions = await compareStatically(values.python, files, kinds(["function"]));
  printDifferences("function", functions.differences);
  const others = await compareStatically(values.python, files, kinds(["module", "class", "lambda"]));
  printDifferences("other", others.differences);
  return [
    ...staticTable("Functions against the bytecode", functions),
    ...staticTable("Modules, classes and lambdas against the bytecode", others),
  ];
}

/** Each Python gets the constructs that it reads: more of them, the newer it is. */
async function constructsPart(pythons: readonly string[]): Promise<string[]> {
  const rows: string[] = [];
  const cell = ({ ok, total }: Count): string => `${ok} of ${total}`;
  for (const name of pythons) {
    const found = await findPython(name);
    if (found === null || !found.supported) {
      console.error(`NOT EVALUATED: constructs with “${name}”: it is no Python of 3.11 to 3.14.`);
      continue;
    }
    const kinds = new Set<OracleScope["kind"]>(["function", "class", "lambda", "module"]);
    const tally = await compareStatically(name, constructsOf(found.version), kinds);
    printDifferences(`construct (${found.version})`, tally.differences);
    const { exact, paths, raised, reraised, implicit } = tally;
    const counters = [exact.all, exact.hard, paths, raised, reraised, implicit];
    rows.push(`| ${[found.version, ...counters.map(cell)].join(" | ")} |`);
  }
  return [
    "### One construct each, against the bytecode",
    "",
    "| Python | exact | hard ones | same paths | `raise`, `assert` | exception that goes on | any other exception |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ];
}

async function dynamicPart(version: string): Promise<string[]> {
  const list = sample(await programs(values.python, version));
  const kinds = [...new Set(list.map(({ kind }) => kind))].join(" and ");
  console.error(`Recording ${list.length} programs (${kinds})…`);
  const recorded = await record(values.python, list, {
    seconds: SECONDS_PER_PROGRAM,
    atOnce: cpus().length,
    keptOnly: values.kept,
    cache: join(toolsFolder(), "recorded-runs"),
    onDone: ({ name }, done) => {
      if (done % 25 === 0) console.error(`${done} of ${list.length}: ${name}`);
    },
  });
  const { runs, late, broken } = recorded;
  const admission = await admit(values.python, runs);
  for (const { file, function: name, run } of admission.refused.slice(0, show)) {
    console.log(`\nrun not admitted: ${file}:${name}\n  ${run}`);
  }
  for (const one of broken) console.log(`broke off: ${one}`);
  for (const one of late) console.log(`stopped after ${SECONDS_PER_PROGRAM} s: ${one}`);
  return [
    "### Recorded runs",
    "",
    `${recorded.programs} of ${list.length} programs (${kinds}), of which ${late.length} were stopped after ` +
      `${SECONDS_PER_PROGRAM} s and ${broken.length} were not for this machine or broke off; ` +
      `${admission.functions} functions were really executed.`,
    "",
    "| | | |",
    "|---|---|---|",
    line("distinct runs without exceptions admitted", admission.without),
    line("distinct runs with exceptions admitted", admission.withExceptions),
    "",
  ];
}

function complexityPart(files: readonly string[]): string[] {
  const { equal, different, refused } = compareComplexity(files);
  for (const { file, function: name, ours, ruff } of different.slice(0, show)) {
    console.log(`\ncomplexity: ${file}:${name}: ours ${ours}, ruff ${ruff}`);
  }
  return [
    "### Cyclomatic complexity against ruff's C901",
    "",
    `Of every function (${refused} files that ruff refuses):`,
    "",
    "| | | |",
    "|---|---|---|",
    line("equal", equal),
    "",
  ];
}

/** CPU seconds for reading the bytes once, then: our parser and graphs; CPython's compile(). */
async function times(files: readonly string[]): Promise<string[]> {
  const sources = files.map((file) => ({ file, bytes: readFileSync(file) }));
  const before = process.cpuUsage();
  for (const { file, bytes } of sources) fileGraphs(file, bytes);
  const { user, system } = process.cpuUsage(before);
  const script = [
    "import sys, time, warnings",
    "warnings.simplefilter('ignore')",
    "sources = [open(name.rstrip('\\n'), 'rb').read() for name in sys.stdin]",
    "start = time.process_time()",
    "for source in sources:",
    "    try: compile(source, 'x', 'exec', dont_inherit=True)",
    "    except (SyntaxError, ValueError): pass",
    "print(time.process_time() - start)",
  ].join("\n");
  const python = await execa(values.python, ["-c", script], { input: files.join("\n") });
  const ours = ((user + system) / 1e6).toFixed(2);
  return [
    `CPU for parsing and graphs of these ${files.length} files: ${ours} s with a cold start; CPython's \`compile()\`: ` +
      `${Number(python.stdout).toFixed(2)} s.`,
    "",
  ];
}

function writeTo(page: string, text: string): void {
  const old = readFileSync(page, "utf8");
  const begin = old.indexOf(MARKS.begin);
  const end = old.indexOf(MARKS.end);
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the tables: ${MARKS.begin} … ${MARKS.end}`);
  writeFileSync(page, `${old.slice(0, begin)}${MARKS.begin}\n\n${text}\n${old.slice(end)}`);
}

const python = await findPython(values.python);
const library = standardLibrary();
if (python === null || library === undefined || !python.supported) {
  const found = python === null ? "none here" : `here is ${python.version}`;
  console.error(`NOT EVALUATED: this needs Python 3.11 to 3.14 as “${values.python}”; ${found}.`);
  process.exit(0);
}
const wanted = positionals.length > 0 ? positionals : library.files.filter((file) => values.tests || !TESTS.test(file));
const files = sample(wanted);
const sections: string[] = [`Python ${python.version}, Node ${process.version}.`, ""];
const isWanted = (part: string): boolean => values.only === undefined || values.only === part;
if (isWanted("static")) sections.push(...(await times(files)), ...(await staticPart(files)));
if (isWanted("constructs")) sections.push(...(await constructsPart([values.python, ...values.also])));
if (isWanted("dynamic")) sections.push(...(await dynamicPart(python.version)));
if (isWanted("complexity")) sections.push(...complexityPart(files));
const text = sections.join("\n");
console.log(`\n${text}`);
if (values.write !== undefined) writeTo(values.write, text);
