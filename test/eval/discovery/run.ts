/**
 * Checks discovery against the parsers that programs really build: `npm run eval:discovery -- [--write docs/…md]`
 *
 *   --cache FOLDER    where packages are downloaded and unpacked; by default below the user's cache folder
 *   --only NAME…      only these packages; last option
 *   --again           takes the truth anew
 *   --jobs N          programs that run at once, by default 2
 *   --imperfect FILE  writes the tools that are not read perfectly, with every difference
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
import { type Material, missingPrograms, prepare } from "./debian.ts";
import { PACKAGES } from "./packages.ts";
import { type Count, type Score, score, type Tally } from "./score.ts";
import { Truth, takeTruth } from "./truth.ts";

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
const truth = await knownTruth();
const discovered = new Map<string, readonly Tool[]>();
for (const { name, folder } of chosen.workspaces) {
  const report = await discover(folder, { signal: new AbortController().signal });
  discovered.set(name, report.tools);
}
const result = score(truth, discovered);
if (values.imperfect !== undefined) await writeFile(values.imperfect, imperfectList(result));
const page = tables(result);
console.log(page);
if (values.write !== undefined) await writeTo(values.write, page);

/** The truth of these packages, taken once for each version of the shim and kept package by package. */
async function knownTruth(): Promise<Truth> {
  const sources = ["shim/sitecustomize.py", "shim/run_entry_point.py", "truth.ts"];
  const hash = createHash("sha256");
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

function tables({ all, byFramework, byWorkspace, lookAlikes, unconfirmed }: Score): string {
  const head = `| tools | ${COLUMNS.map(([, title]) => title).join(" | ")} |`;
  const rule = `|---|${"---|".repeat(COLUMNS.length)}`;
  const sorted = (map: ReadonlyMap<string, Tally>): string[] =>
    [...map].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, tally]) => row(name, tally));
  return [
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

async function writeTo(file: string, text: string): Promise<void> {
  const old = await readFile(file, "utf8");
  const begin = old.indexOf(MARKS.begin);
  const end = old.indexOf(MARKS.end);
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the tables: ${MARKS.begin} … ${MARKS.end}`);
  await writeFile(file, `${old.slice(0, begin)}${MARKS.begin}\n\n${text}\n${old.slice(end)}`);
}
