/**
 * Runs the tests of the four sizes, and says at last how many passed, failed and were skipped.
 *
 *   npm test [-- SIZE… FILTER…]     SIZE: unit, integration, host, e2e (none: all); FILTER: names of test files
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import process from "node:process";
import { execa } from "execa";
import type { HostResults } from "../test/host/results.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "test-results");

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** What is known of the failures: the test, and the beginning of what it said. */
  readonly failures: readonly string[];
  /** Tests that failed first and passed when they were tried again. */
  readonly unsteady: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Lines of a failure's message that are said again at the end. */
const LONGEST_MESSAGE = 40;

/**
 * What runs in a real editor may be tried again as a whole in CI: its tests build on one another, so that one of them
 * alone cannot be. What passed only then is told.
 */
const HAS_SECOND_TRY = process.env["CI"] !== undefined;

const SIZES = {
  unit: async (filters: readonly string[]) => outcomeOf(await vitest("unit", filters)),
  integration: async (filters: readonly string[]) => outcomeOf(await vitest("integration", filters)),
  host: hostWithSecondTry,
  e2e: endToEnd,
};
type Size = keyof typeof SIZES;

const args = process.argv.slice(2);
const isSize = (text: string): text is Size => Object.hasOwn(SIZES, text);
const wanted = args.some(isSize) ? args.filter(isSize) : (Object.keys(SIZES) as Size[]);
const filters = args.filter((text) => !isSize(text));

await mkdir(RESULTS, { recursive: true });
const outcomes: Outcome[] = [];
const summary: string[] = [];
for (const size of wanted) {
  console.log(`\n── ${size} ${"─".repeat(70 - size.length)}`);
  const started = performance.now();
  const outcome = await SIZES[size](filters);
  outcomes.push(outcome);
  summary.push(`${size.padEnd(12)} ${line(outcome)}  (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

const total: Outcome = {
  passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
  failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
  skipped: outcomes.flatMap(({ skipped }) => skipped),
  failures: outcomes.flatMap(({ failures }) => failures),
  unsteady: outcomes.flatMap(({ unsteady }) => unsteady),
};
console.log(`\n${summary.join("\n")}`);
if (total.skipped.length > 0) console.log(`\nSKIPPED, not shown to work here:\n  ${total.skipped.join("\n  ")}`);
if (total.unsteady.length > 0) console.log(`\nPASSED ONLY WHEN TRIED AGAIN:\n${total.unsteady.join("\n")}`);
// Said again here: the end of a long log is what people (and CI pages) see.
if (total.failures.length > 0) console.log(`\nFAILED:\n${total.failures.join("\n")}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
console.log(`\n${line(total)}`);

/** A failed test and its message without the test runner's own frames, cut where it goes on for pages. */
function failure(test: string, messages: readonly string[]): string {
  const lines = messages
    .join("\n")
    .split("\n")
    .filter((text) => !text.includes("/node_modules/"));
  const said = lines.slice(0, LONGEST_MESSAGE);
  return [`  ${test}`, ...said.map((text) => `    ${text}`)].join("\n");
}

function line({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

interface VitestRun {
  readonly files: VitestReport["testResults"];
  readonly exitCode: number | undefined;
}

async function vitest(project: string, filters: readonly string[]): Promise<VitestRun> {
  const report = join(RESULTS, `${project}.json`);
  await rm(report, { force: true });
  const { exitCode } = await execa(
    process.execPath,
    [
      join(ROOT, "node_modules", "vitest", "vitest.mjs"),
      ...["run", "--project", project, ...filters],
      ...["--reporter", "default", "--reporter", "json", "--outputFile.json", report],
    ],
    { cwd: ROOT, stdio: "inherit", reject: false },
  );
  const { testResults } = await readReport<VitestReport>(report, { testResults: [] });
  return { files: testResults, exitCode };
}

function outcomeOf({ files, exitCode }: VitestRun): Outcome {
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === "passed").length;
  const failed = tests.filter((test) => test.status === "failed").length;
  const brokenFiles = files.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
  return {
    passed,
    failed: honest(failed + brokenFiles.length, exitCode),
    skipped: skipped.map((test) => test.fullName),
    failures: [
      ...tests.filter((test) => test.status === "failed").map((test) => failure(test.fullName, test.failureMessages)),
      ...brokenFiles.map((file) => failure(relative(ROOT, file.name), [file.message])),
    ],
    unsteady: tests
      .filter((test) => test.status === "passed" && test.failureMessages.length > 0)
      .map((test) => failure(test.fullName, test.failureMessages)),
  };
}

/** The files that failed are run again, each in a workbench of its own; the second result counts. */
async function endToEnd(filters: readonly string[]): Promise<Outcome> {
  const first = await vitest("e2e", filters);
  const broken = first.files.filter((file) => file.status === "failed");
  if (!HAS_SECOND_TRY || broken.length === 0) return outcomeOf(first);
  console.log(`\nTried again: ${broken.map((file) => relative(ROOT, file.name)).join(", ")}`);
  const second = await vitest(
    "e2e",
    broken.map((file) => file.name),
  );
  const steady = first.files.filter((file) => file.status !== "failed");
  const outcome = outcomeOf({ files: [...steady, ...second.files], exitCode: second.exitCode });
  return { ...outcome, unsteady: [...outcome.unsteady, ...outcomeOf(first).failures] };
}

async function hostWithSecondTry(filters: readonly string[]): Promise<Outcome> {
  const first = await host(filters);
  if (!HAS_SECOND_TRY || first.failed === 0) return first;
  console.log("\nTried again: host");
  const second = await host(filters);
  return { ...second, unsteady: first.failures };
}

async function host(filters: readonly string[]): Promise<Outcome> {
  const report = join(RESULTS, "host.json");
  await rm(report, { force: true });
  const { exitCode } = await execa(
    process.execPath,
    [join(ROOT, "test", "host", "run.ts"), "--results", report, ...filters],
    { cwd: ROOT, stdio: "inherit", reject: false },
  );
  const { tests } = await readReport<HostResults>(report, { tests: [] });
  const failed = tests.filter((test) => test.state === "failed").length;
  return {
    passed: tests.filter((test) => test.state === "passed").length,
    failed: honest(failed, exitCode),
    skipped: tests.filter((test) => test.state === "skipped").map((test) => test.title),
    failures: tests
      .filter((test) => test.state === "failed")
      .map((test) => failure(test.title, test.error === undefined ? [] : [test.error])),
    unsteady: [],
  };
}

/** A runner that ended before it could report has nothing to count; its exit code makes that one failure. */
async function readReport<Report>(file: string, none: Report): Promise<Report> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    console.error(`No report of the tests: ${String(error)}`);
    return none;
  }
}

/** A runner that failed without a failed test (an unhandled error, no tests found) counts as one failure. */
function honest(failed: number, exitCode: number | undefined): number {
  return failed === 0 && exitCode !== 0 ? 1 : failed;
}
