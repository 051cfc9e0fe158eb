/** The suite as one user: `main.ts HELPER [WORD…] [--sample] [--door DOOR] [--verbose]`. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { DOORS, type Door, FAMILIES } from "./attack.ts";
import { ATTACKS, applicable, type HonestVerdict, Suite, type Verdict } from "./suite.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "boolean", default: false },
    door: { type: "string", multiple: true },
    verbose: { type: "boolean", default: false },
  },
});
const [helperPath = "", ...words] = positionals;
const doors = DOORS.filter((door) => values.door === undefined || values.door.includes(door));
const machine = {
  root: process.getuid?.() === 0,
  compiler: spawnSync("gcc", ["--version"], { stdio: "ignore" }).status === 0,
};
if (!machine.compiler) process.stderr.write("!!! SKIPPED, NOT PASSED: attacks that need gcc\n");

const started = performance.now();
const suite = new Suite({
  helperPath,
  doors,
  chosen: (family, attack) =>
    applicable(attack, machine) &&
    (!values.sample || attack.sample === true) &&
    (words.length === 0 || words.some((word) => word === family || attack.name.includes(word))),
  onVerdict: (verdict) => {
    if (values.verbose || isWrong(verdict)) console.log(describe(verdict));
  },
});
const verdicts = await suite.attack();
const honest = words.length === 0 || words.includes("honest") ? await suite.honest() : [];
for (const { program, door, evidence } of honest.filter((verdict) => isWrongHonest(verdict))) {
  console.log(`FAILS    ${door}: ${program.name}: ${evidence}`);
}
print();
const wrong = verdicts.some(isWrong) || honest.some(isWrongHonest);
process.exitCode = wrong || verdicts.length + honest.length === 0 ? 1 : 0;

/** Whether a verdict is not what it has to be: controls escape, attacks in a tier do not, but for what is known. */
function isWrong({ attack, door, result }: Verdict): boolean {
  const expected = door === "plain" || attack.known?.[door] !== undefined ? "escaped" : "blocked";
  return result !== expected;
}

function isWrongHonest({ works, door }: HonestVerdict): boolean {
  return !works && door !== "plain";
}

function describe(verdict: Verdict): string {
  const { family, attack, door, result, evidence } = verdict;
  const known = attack.known?.[door];
  const word = known === undefined ? result.toUpperCase() : `known (${known})`;
  return `${word.padEnd(8)} ${door}: ${family}: ${attack.name}: ${evidence.replaceAll("\n", " ¶ ")}`;
}

function print(): void {
  const header = ["stopped of tried", ...doors];
  const rows = FAMILIES.map((family) => [
    family,
    ...doors.map((door) => count(verdicts.filter((one) => one.family === family && one.door === door))),
  ]).filter(([, ...cells]) => cells.some((cell) => cell !== "–"));
  const total = ["all", ...doors.map((door) => count(verdicts.filter((one) => one.door === door)))];
  const honestRow = ["honest programs working", ...doors.map((door) => countHonest(door))];
  console.log("");
  for (const row of [header, ...rows, total, honestRow])
    console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(26) : cell.padStart(12))).join(""));
  const known = verdicts.filter(
    ({ attack, door, result }) => result === "escaped" && attack.known?.[door] !== undefined,
  );
  for (const { attack, door } of known)
    console.log(`known, not stopped by ${door}: ${attack.name} (${attack.known?.[door]})`);
  const left = FAMILIES.flatMap((family) => ATTACKS[family]).filter((attack) => !applicable(attack, machine)).length;
  if (left > 0) console.log(`${left} attacks are not tried: they need another user or machine even without a sandbox`);
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function count(some: readonly Verdict[]): string {
  return some.length === 0 ? "–" : `${some.filter(({ result }) => result === "blocked").length}/${some.length}`;
}

function countHonest(door: Door): string {
  const some = honest.filter((verdict) => verdict.door === door);
  return some.length === 0 ? "–" : `${some.filter(({ works }) => works).length}/${some.length}`;
}
