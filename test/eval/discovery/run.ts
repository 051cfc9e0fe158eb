/**
 * Checks discovery against the parsers that programs really build: `npm run eval:discovery -- [--write docs/…md]`
 *
 *   --cache FOLDER    where packages are downloaded and unpacked; by default below the user's cache folder
 *   --only NAME…      only these packages; last option
 *   --again           takes the truth anew
 *   --jobs N          programs that run at once, by default 2
 *   --imperfect FILE  writes the tools that are not read perfectly, with every difference
 *   --capabilities    also runs programs with audit hooks and compares what they do with what is claimed
 *   --every N         of the packages' programs only each Nth is audited, by default 1
 *   --only-capabilities   leaves out the command lines
 *   --claims          also asks which of the claims that were judged by hand are still made, and how many are possible
 *   --only-claims     nothing else
 *   --repositories FOLDER   checkouts for these, by default below the cache; what is missing is fetched from GitHub
 *   --write FILE      puts the tables between the marks of a page
 *
 * It needs Debian's package tools, a Debian mirror, and bubblewrap. Nothing is installed; programs run in a sandbox
 * without network.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { discover } from "../../../src/discovery/index.ts";
import type { Tool } from "../../../src/model/index.ts";
import { type Audited, audit } from "./audit.ts";
import { judgedClaims } from "./claims/measure.ts";
import { type Material, missingPrograms, prepare } from "./debian.ts";
import { PACKAGES } from "./packages.ts";
import { type Count, type Score, score, type Tally } from "./score.ts";
import { TRUTH_VERSION, Truth, takeTruth } from "./truth.ts";

const MARKS = { begin: "<!-- eval:discovery -->", end: "<!-- /eval:discovery -->" };

const COLUMNS = [
  ["found", "tools found"],
  ["perfect", "perfect"],
  ["recall", "parameters"],
  ["precision", "precision"],
  ["typeNotString", "types (not text)"],
  ["arity", "arity"],
  ["required", "required"],
  ["default", "defaults"],
  ["choices", "choices"],
  ["subcommands", "subcommands"],
  ["attributed", "attributed"],
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cache: { type: "string", default: join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "toka-eval") },
    only: { type: "boolean", default: false },
    again: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    imperfect: { type: "string" },
    capabilities: { type: "boolean", default: false },
    "only-capabilities": { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    claims: { type: "boolean", default: false },
    "only-claims": { type: "boolean", default: false },
    repositories: { type: "string" },
    write: { type: "string" },
  },
});

function log(text: string): void {
  process.stderr.write(`${text}\n`);
}

const missing = await missingPrograms();
if (missing.length > 0) {
  log(`NOT EVALUATED: this needs Debian's package tools and bubblewrap; missing here: ${missing.join(", ")}.`);
  process.exit(0);
}
await mkdir(values.cache, { recursive: true });
const material = await prepare(PACKAGES, values.cache, log);
const chosen: Material = {
  ...material,
  workspaces: material.workspaces.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
};
const sections: string[] = [];
if (!values["only-capabilities"] && !values["only-claims"]) sections.push(await commandLines());
if (values.capabilities || values["only-capabilities"]) sections.push(await capabilities());
if (values.claims || values["only-claims"]) {
  const repositories = values.repositories ?? join(values.cache, "repositories");
  sections.push(await judgedClaims(material, { repositories, log }));
}
console.log(sections.join("\n"));
if (values.write !== undefined) await writeTo(values.write, sections);

async function commandLines(): Promise<string> {
  const truth = await knownTruth();
  const discovered = new Map<string, readonly Tool[]>();
  for (const { name, folder } of chosen.workspaces) {
    const report = await discover(folder, { signal: new AbortController().signal });
    discovered.set(name, report.tools);
  }
  const result = score(truth, discovered);
  if (values.imperfect !== undefined) await writeFile(values.imperfect, imperfectList(result));
  return tables(truth, result);
}

async function capabilities(): Promise<string> {
  const scratch = join(values.cache, `audit-${process.pid}`);
  const only = positionals.length === 0 ? null : new Set(positionals);
  try {
    const keep = join(material.root, "..");
    const options = { every: Number(values.every), jobs: Number(values.jobs), only, keep };
    return capabilityTables(await audit(material, scratch, options, log));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** How much of what happened was claimed, and of what was claimed how much was seen to happen. */
function auditRow(title: string, list: readonly Audited[], only?: string): string {
  const isWanted = (name: string): boolean => only === undefined || name === only;
  const done = list.flatMap((program) => [...program.done.keys()].filter(isWanted).map((name) => ({ program, name })));
  const claims = list.flatMap((program) => [...program.claimed].filter(isWanted).map((name) => ({ program, name })));
  const ok = done.filter(({ program, name }) => program.claimed.has(name)).length;
  const seen = claims.filter(({ program, name }) => program.done.has(name)).length;
  const share = percent({ ok, total: done.length });
  return `| ${title} | ${list.length} | ${done.length} | ${share} | ${claims.length} | ${seen} |`;
}

function capabilityTables(audited: readonly Audited[]): string {
  for (const { name, claimed, done } of audited) {
    for (const [capability, { event, place, detail }] of done) {
      if (!claimed.has(capability)) log(`not claimed: ${name}: ${capability} (${event} ${detail}) at ${place}`);
    }
  }
  const groups = [...new Set(audited.map(({ group }) => group))].sort((one, other) => (one < other ? 1 : -1));
  const names = [...new Set(audited.flatMap(({ claimed, done }) => [...claimed, ...done.keys()]))].sort((one, other) =>
    one < other ? -1 : 1,
  );
  const runs = audited.reduce((sum, program) => sum + program.runs, 0);
  return [
    "### Capabilities",
    "",
    `${audited.length} programs, ${runs} runs:`,
    "",
    "| | programs | happened | of these claimed, % | claims | of these seen to happen |",
    "|---|---|---|---|---|---|",
    auditRow("**all**", audited),
    ...groups.map((group) =>
      auditRow(
        group,
        audited.filter((program) => program.group === group),
      ),
    ),
    ...names.map((name) => auditRow(name, audited, name)),
    "",
  ].join("\n");
}

/** The truth of these packages, taken once for each version of the shim and kept package by package. */
async function knownTruth(): Promise<Truth> {
  const sources = ["shim/sitecustomize.py", "shim/run_entry_point.py"];
  const hash = createHash("sha256").update(TRUTH_VERSION);
  for (const source of sources) hash.update(await readFile(join(import.meta.dirname, source)));
  const folder = join(material.root, "..", `truth-${hash.digest("hex").slice(0, 12)}`);
  const scratch = join(values.cache, `runs-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const all: Truth = { tools: [], without: [], libraries: [] };
  try {
    for (const workspace of chosen.workspaces) {
      const file = join(folder, `${workspace.name}.json`);
      const old = values.again ? null : await readFile(file, "utf8").catch(() => null);
      const part =
        old === null
          ? Truth.parse(await takeTruth(material.root, workspace, scratch, Number(values.jobs), log))
          : Truth.parse(JSON.parse(old));
      if (old === null) {
        await writeFile(`${file}.new`, JSON.stringify(part));
        await rename(`${file}.new`, file);
      }
      all.tools.push(...part.tools);
      all.without.push(...part.without);
      all.libraries.push(...part.libraries);
    }
    return all;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function percent({ ok, total }: Count): string {
  // Rounded down: 100 % means all.
  return total === 0 ? "–" : `${(Math.floor((1000 * ok) / total) / 10).toFixed(1)}`;
}

function row(name: string, tally: Tally): string {
  return `| ${name} | ${tally.found.total} | ${COLUMNS.map(([key]) => percent(tally[key])).join(" | ")} |`;
}

function tables(truth: Truth, { all, byFramework, byWorkspace, lookAlikes, unconfirmed }: Score): string {
  const head = `| tools | ${COLUMNS.map(([, title]) => title).join(" | ")} |`;
  const rule = `|---|${"---|".repeat(COLUMNS.length)}`;
  const sorted = (map: ReadonlyMap<string, Tally>): string[] =>
    [...map].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, tally]) => row(name, tally));
  return [
    "### Command lines",
    "",
    `${truth.tools.length} tools of ${chosen.workspaces.length} Debian packages with ${all.recall.total} parameters, in per cent:`,
    "",
    `| framework ${head}`,
    `|---${rule}`,
    row("**all**", all),
    ...sorted(byFramework),
    "",
    `Libraries and tests called tools: ${lookAlikes.ok} of ${lookAlikes.total} files ` +
      `(${percent(lookAlikes)} %). Programs for which a command line is claimed though they built none when they were ` +
      `started with \`--help\`: ${unconfirmed.length} of ${truth.without.length}.`,
    "",
    `| package ${head}`,
    `|---${rule}`,
    ...sorted(byWorkspace),
    "",
  ].join("\n");
}

function imperfectList({ imperfect, lookAlikes, unconfirmed }: Score): string {
  const lines = imperfect.flatMap(({ tool, differences }) => [
    `${tool.framework} ${tool.workspace}/${tool.file} (${tool.name}): ${differences.length}`,
    ...differences.map((text) => `    ${text}`),
  ]);
  return [
    `Workspaces lie in ${join(material.root, "..", "workspaces")}`,
    ...lines,
    "",
    "LOOK-ALIKES",
    ...lookAlikes.files,
    "",
    "CLAIMED, BUT NO PARSER WAS BUILT (or the program could not be run)",
    ...unconfirmed,
    "",
  ].join("\n");
}

/** Puts sections (each begins with its heading) between the marks of a page; those that were not measured stay. */
async function writeTo(file: string, sections: readonly string[]): Promise<void> {
  const old = await readFile(file, "utf8");
  const begin = old.indexOf(MARKS.begin);
  const end = old.indexOf(MARKS.end);
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the tables: ${MARKS.begin} … ${MARKS.end}`);
  const known = new Map<string, string>();
  const before = old.slice(begin + MARKS.begin.length, end).split(/^(?=### )/m);
  for (const section of [...before, ...sections]) {
    const [heading = ""] = section.split("\n", 1);
    if (heading.startsWith("### ")) known.set(heading, section.trim());
  }
  await writeFile(
    file,
    `${old.slice(0, begin)}${MARKS.begin}\n\n${[...known.values()].join("\n\n")}\n\n${old.slice(end)}`,
  );
}
