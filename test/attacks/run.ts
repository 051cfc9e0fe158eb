/**
 * Attacks the sandbox, and tells what got out.
 *
 *   npm run test:sandbox [-- WORD…] [--only FAMILY] [--tier A|B|warm-A|warm-B] [--helper native|python] [--user root|nobody]
 *                        [--lanes N] [--sample] [--verbose]
 *
 * WORD: a family, `honest`, or a part of an attack's name. --helper: the program that supervises; the native one where it
 * can be compiled, unless given. Every attack is tried plainly first: that is its control. As root
 * everything is done twice: as root, and as unprivileged users with copies of its own. Exit code 1 when an attack got out,
 * when a control was stopped, when a program never came to its attack, or when an honest program failed. An attack whose
 * control shows that this machine has not what it is about is skipped, and told.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { compileNative } from "../../scripts/native.ts";
import { type Door, FAMILIES } from "./attack.ts";
import { HONEST } from "./honest.ts";
import type { Task } from "./lane.ts";
import { Lane } from "./lanes.ts";
import { ATTACKS, applicable, type HonestVerdict, isWrong, type Machine, type Verdict } from "./suite.ts";
import { DOOR_NAMES, describe, isWrongHonest, summary } from "./table.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The doors of a tier. */
const TIERS: Readonly<Record<string, Door>> = {
  A: "bwrap",
  B: "landlock",
  "WARM-A": "warm-bwrap",
  "WARM-B": "warm-landlock",
};

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true, default: [] },
    tier: { type: "string", multiple: true, default: Object.keys(TIERS) },
    helper: { type: "string" },
    user: { type: "string" },
    lanes: { type: "string", default: "4" },
    sample: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});
const doors = values.tier.map((tier) => TIERS[tier.toUpperCase()]).filter((door) => door !== undefined);
const asked = [...values.only, ...words];
const root = process.getuid?.() === 0;
const users = root
  ? (["root", "nobody"] as const).filter((user) => values.user === undefined || user === values.user)
  : (["caller"] as const);
const unknown = values.only.filter((family) => family !== "honest" && !FAMILIES.some((name) => name === family));
const helperIsKnown = ["native", "python", undefined].includes(values.helper);
if (doors.length === 0 || users.length === 0 || unknown.length > 0 || !helperIsKnown) {
  console.error(
    `Nothing to do. Tiers: A, B, warm-A, warm-B. Helpers: native, python. Users: root, nobody. Families: ${FAMILIES.join(", ")}, honest`,
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "toka-suite-program-"));
let failed = false;
try {
  chmodSync(folder, 0o755);
  await build({
    entryPoints: [join(import.meta.dirname, "lane.ts")],
    outfile: join(folder, "lane.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  copyFileSync(process.execPath, join(folder, "node"));
  copyFileSync(join(ROOT, "src/sandbox/helper.py"), join(folder, "helper.py"));
  const isNative = values.helper !== "python" && (await compileNative(folder)) !== undefined;
  if (!isNative && values.helper === "native") throw new Error("There is no C compiler for the native supervisor.");
  const helper = isNative ? "native" : "python";
  console.log(`supervisor: ${helper}`);
  const compiler = spawnSync("gcc", ["--version"], { stdio: "ignore" }).status === 0;
  if (!compiler) process.stderr.write("!!! SKIPPED, NOT PASSED: attacks that need gcc\n");
  for (const user of users) {
    console.log(`\n── as ${user === "nobody" ? "unprivileged users" : user} ${"─".repeat(50)}`);
    failed = !(await tryAs(user, helper, { root: user === "root", compiler })) || failed;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Whether everything was as it has to be. */
async function tryAs(user: (typeof users)[number], helper: "native" | "python", machine: Machine): Promise<boolean> {
  const started = performance.now();
  const verdicts: Verdict[] = [];
  const honest: HonestVerdict[] = [];
  let lost = 0;
  const { measured, others } = tasksFor(machine);
  const secret = `SECRET-${randomUUID()}`;
  const work = async (index: number): Promise<void> => {
    const lane = new Lane(index, { folder, user, secret, helper });
    // What is measured is tried in one lane only, which helps the others when it is done.
    const queues = index === 0 ? [measured, others] : [others];
    for (let task = next(queues); task !== undefined; task = next(queues)) {
      try {
        for (const verdict of await lane.try(task)) take(verdict);
      } catch (error) {
        lost++;
        console.log(`LOST     ${JSON.stringify(task)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await lane.stop();
  };
  const take = (verdict: Verdict | HonestVerdict): void => {
    if ("works" in verdict) {
      honest.push(verdict);
      if (isWrongHonest(verdict))
        console.log(
          `FAILS    ${DOOR_NAMES[verdict.door]}: ${verdict.name}: ${verdict.evidence.replaceAll("\n", " ¶ ")}`,
        );
      return;
    }
    verdicts.push(verdict);
    if (values.verbose || isWrong(verdict)) console.log(describe(verdict));
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.lanes)) }, (_, index) => work(index)));
  console.log(`\n${summary(verdicts, honest, ["plain", ...doors])}`);
  for (const verdict of verdicts.filter(({ result, door }) => result === "skipped" && door === "plain"))
    console.log(`!!! SKIPPED, NOT PASSED: ${verdict.name}: this machine has no such thing, not even without a sandbox`);
  for (const verdict of verdicts.filter((one) => one.result === "escaped" && one.door !== "plain" && !isWrong(one)))
    console.log(`known: ${describe(verdict)}`);
  const left = FAMILIES.flatMap((family) => ATTACKS[family]).filter((attack) => !applicable(attack, machine)).length;
  if (left > 0) console.log(`${left} attacks are not tried: they need another user or machine even without a sandbox`);
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);
  const tried = verdicts.length + honest.length;
  return tried > 0 && lost === 0 && !verdicts.some(isWrong) && !honest.some(isWrongHonest);
}

/** A family's name means the family, any other word a part of an attack's name. */
function matches(word: string, family: string, name: string): boolean {
  return FAMILIES.some((known) => known === word) ? word === family : name.includes(word);
}

function next(queues: readonly Task[][]): Task | undefined {
  return queues.find((queue) => queue.length > 0)?.shift();
}

function tasksFor(machine: Machine): { measured: Task[]; others: Task[] } {
  const all = FAMILIES.flatMap((family) => ATTACKS[family].map((attack) => ({ family, attack })));
  const chosen = all.filter(
    ({ family, attack }) =>
      applicable(attack, machine) &&
      (!values.sample || attack.sample === true) &&
      (asked.length === 0 || asked.some((word) => matches(word, family, attack.name))),
  );
  // The longest first, so that no lane is left alone with them at the end.
  chosen.sort((a, b) => Number(b.family === "lifetime") - Number(a.family === "lifetime"));
  const task = ({ family, attack }: (typeof chosen)[number]): Task => ({
    family,
    attack: attack.name,
    doors: ["plain", ...doors],
  });
  const honest = asked.length === 0 || asked.includes("honest") ? HONEST : [];
  return {
    measured: chosen.filter(({ attack }) => attack.measured).map(task),
    others: [
      ...honest.map(({ name }): Task => ({ honest: name, doors: ["plain", ...doors] })),
      ...chosen.filter(({ attack }) => !attack.measured).map(task),
    ],
  };
}
