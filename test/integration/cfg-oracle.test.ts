import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fileGraphs } from "../../src/analysis/index.ts";
import type { ControlFlowGraph } from "../../src/model/index.ts";
import { compareComplexity } from "../eval/cfg/complexity.ts";
import { admit, CONSTRUCTS, constructsOf, type Program, programs, record } from "../eval/cfg/dynamic.ts";
import { askOracle, findPython, type OracleScope } from "../eval/cfg/oracle.ts";
import { type Count, compareScope, compareStatically, GraphFinder, Tally } from "../eval/cfg/static.ts";
import { BROKEN, edits, NESTS, SHAPES } from "../support/large-python.ts";
import { hasNewestPython, NEWEST_PYTHON } from "../support/newest-python.ts";
import { standardLibrary } from "../support/stdlib.ts";

const PYTHON = "python3";
const MINUTES = 60_000;
/** `npm run eval:cfg` looks at every file; here each of these many. */
const EVERY = 12;
const SECONDS_PER_PROGRAM = 20;
/** A part of Python's own tests (or, without them, of its examples) that does not take long. */
const PROGRAMS: ReadonlySet<string> = new Set([
  "test.test_contextlib",
  "test.test_except_star",
  "test.test_shlex",
  "difflib",
  "ipaddress",
  "textwrap",
]);

const library = standardLibrary();
const python = await findPython(PYTHON);
const canAsk = python?.supported === true && library !== undefined;
if (!canAsk) {
  console.warn("NOT TESTED: graphs against CPython's bytecode and runs: this machine has no python3 of 3.11 to 3.14");
}
const files = (library?.files ?? [])
  .filter((path) => !/\/(?:test|tests|idle_test)\//.test(path))
  .filter((_, index) => index % EVERY === 0);

function ratio({ ok, total }: Count): number {
  return ok / total;
}

async function scopesOf(file: string): Promise<readonly OracleScope[]> {
  for await (const { scopes } of askOracle(PYTHON, [file])) return scopes ?? [];
  return [];
}

/** How many graphs of the constructs the oracle still finds exact after a change that breaks each of them. */
async function exactAfter(change: (graph: ControlFlowGraph) => ControlFlowGraph | null): Promise<Count> {
  const tally = new Tally();
  const finder = new GraphFinder(fileGraphs(CONSTRUCTS, readFileSync(CONSTRUCTS)).functions);
  for (const scope of await scopesOf(CONSTRUCTS)) {
    const graph = finder.take(scope);
    const changed = graph === null || scope.kind !== "function" ? null : change(graph);
    if (changed !== null) compareScope(tally, CONSTRUCTS, scope, changed);
  }
  return tally.exact.all;
}

test("constructs of the newest syntax have the edges of CPython 3.14's bytecode", { timeout: 3 * MINUTES }, async ({
  skip,
}) => {
  if (!(await hasNewestPython())) {
    console.warn("NOT TESTED: graphs of the newest syntax: Pyodide cannot be fetched from the npm registry");
    return skip("Pyodide is not within reach");
  }
  const newest = await findPython(NEWEST_PYTHON);
  const kinds = new Set<OracleScope["kind"]>(["function", "class", "lambda", "module"]);
  const { files, exact, paths, differences } = await compareStatically(
    NEWEST_PYTHON,
    constructsOf(newest?.version ?? ""),
    kinds,
  );
  expect(differences).toEqual([]);
  expect(files).toBe(3);
  expect(exact.all.total).toBeGreaterThan(200);
  expect(ratio(paths)).toBe(1);
});

describe.skipIf(!canAsk)("graphs against the interpreter", { timeout: 3 * MINUTES }, () => {
  test("every construct has the edges of its bytecode", async () => {
    const { exact, precise, differences } = await compareStatically(PYTHON, [CONSTRUCTS], new Set(["function"]));
    expect(
      differences.filter(({ missing, wrong }) => missing.some((edge) => edge.includes("→")) || wrong.length > 0),
    ).toEqual([]);
    expect(exact.all.total).toBeGreaterThan(90);
    expect(ratio(precise)).toBe(1);
  });

  test("functions of the standard library have the edges of their bytecode", async () => {
    const tally = await compareStatically(PYTHON, files, new Set(["function"]));
    console.info(`${tally.exact.all.ok} of ${tally.exact.all.total} functions of the sample are exact`);
    expect(tally.exact.all.total).toBeGreaterThan(200);
    expect(ratio(tally.exact.all)).toBeGreaterThanOrEqual(0.999);
    expect(ratio(tally.paths)).toBeGreaterThanOrEqual(0.999);
    expect(ratio(tally.precise)).toBe(1);
    expect(ratio(tally.raised)).toBe(1);
    expect(ratio(tally.reraised)).toBeGreaterThanOrEqual(0.999);
    expect(ratio(tally.implicit)).toBeGreaterThanOrEqual(0.999);
  });

  test("modules, classes and lambdas have the edges of their bytecode", async () => {
    const { exact, precise } = await compareStatically(PYTHON, files, new Set(["module", "class", "lambda"]));
    expect(exact.all.total).toBeGreaterThan(30);
    expect(ratio(exact.all)).toBeGreaterThanOrEqual(0.999);
    expect(ratio(precise)).toBe(1);
  });

  test("the oracle notices what is missing and what is wrong", async () => {
    const withoutReturn = await exactAfter((graph) => {
      const exit = graph.nodes.find(({ kind }) => kind === "exit");
      const edges = graph.edges.filter(({ to }) => to !== exit?.id);
      return edges.length === graph.edges.length ? null : { ...graph, edges };
    });
    expect(withoutReturn.total).toBeGreaterThan(80);
    expect(withoutReturn.ok).toBe(0);
    const withShortcut = await exactAfter((graph) => {
      const entry = graph.nodes[0];
      const exit = graph.nodes.find(({ kind }) => kind === "exit");
      if (entry === undefined || exit === undefined) return null;
      return { ...graph, edges: [...graph.edges, { from: entry.id, to: exit.id, kind: "normal" }] };
    });
    expect(withShortcut.total).toBeGreaterThan(80);
    expect(withShortcut.ok).toBe(0);
  });

  test("recorded runs are walks over our edges", async () => {
    const chosen = (await programs(PYTHON, python?.version ?? "")).filter(
      ({ kind, name }: Program) => kind === "script" || (kind !== "module" && PROGRAMS.has(name)),
    );
    const { runs, broken } = await record(PYTHON, chosen, { seconds: SECONDS_PER_PROGRAM });
    expect(broken).toEqual([]);
    const { functions, without, withExceptions, refused } = await admit(PYTHON, runs);
    console.info(`${without.total} runs without and ${withExceptions.total} with exceptions of ${functions} functions`);
    expect(functions).toBeGreaterThan(150);
    expect(refused).toEqual([]);
    expect(withExceptions.total).toBeGreaterThan(100);
  });
});

test.skipIf(library === undefined)("cyclomatic complexity is ruff's", { timeout: 3 * MINUTES }, () => {
  const { equal, different } = compareComplexity(files);
  expect(different).toEqual([]);
  expect(equal.total).toBeGreaterThan(200);
});

// How time grows is for `npm run bench -- size` to say.
describe("any size and any text", { timeout: 3 * MINUTES }, () => {
  test.each(Object.entries(SHAPES))("%s: ten times the lines give no more than ten times the nodes", (_, write) => {
    const nodesOf = (lines: number): number =>
      fileGraphs("x.py", write(lines)).functions.reduce((sum, graph) => sum + graph.nodes.length, 0);
    const small = nodesOf(1000);
    expect(small).toBeGreaterThan(0);
    expect(nodesOf(10_000)).toBeLessThanOrEqual(10 * small + 10);
  });

  test.each(Object.entries(NESTS))("%s nested a thousand deep is drawn, or left out with a problem", (_, write) => {
    const { functions } = fileGraphs("x.py", write(1000));
    expect(functions[0]?.kind).toBe("module");
    expect(functions[0]?.nodes.length).toBeGreaterThan(2);
  });

  test.each(Object.entries(BROKEN))("%s: there is a module", (_, write) => {
    expect(fileGraphs("x.py", write(2000)).functions[0]?.kind).toBe("module");
  });

  test("no prefix and no random edit of a file makes drawing fail", () => {
    const text = readFileSync(CONSTRUCTS, "utf8");
    const texts = [...edits(text, 60, 7)];
    for (let i = 0; i < 60; i++) texts.push(text.slice(0, Math.floor((text.length * i) / 60)));
    for (const changed of texts) {
      const { functions } = fileGraphs("x.py", changed);
      // There is always the module, and no edge without its nodes.
      expect(functions[0]?.kind).toBe("module");
      for (const { nodes, edges } of functions) {
        const ids = new Set(nodes.map(({ id }) => id));
        expect(edges.every(({ from, to }) => ids.has(from) && ids.has(to))).toBe(true);
      }
    }
  });
});
