import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attack, type Door, FAMILIES, type Family, type HonestProgram, knownAt } from "./attack.ts";
import { Runs, type Supervisor } from "./doors.ts";
import { environment } from "./families/environment.ts";
import { ipc } from "./families/ipc.ts";
import { kernel } from "./families/kernel.ts";
import { lifetime } from "./families/lifetime.ts";
import { network } from "./families/network.ts";
import { output } from "./families/output.ts";
import { processes } from "./families/processes.ts";
import { reading } from "./families/reading.ts";
import { resources } from "./families/resources.ts";
import { writing } from "./families/writing.ts";
import { HONEST } from "./honest.ts";
import { Host } from "./host.ts";

export const ATTACKS: Readonly<Record<Family, readonly Attack[]>> = {
  reading,
  writing,
  processes,
  ipc,
  network,
  resources,
  lifetime,
  kernel,
  environment,
  output,
};

/**
 * `broken`: the program never got to its attack; that is neither an escape nor a defence. `skipped`: this machine has not
 * what the attack is about, so that its being stopped shows nothing.
 */
export type Outcome = "blocked" | "escaped" | "broken" | "skipped";

/** What came of one attack at one door. */
export interface Verdict {
  readonly family: Family;
  readonly name: string;
  readonly door: Door;
  readonly result: Outcome;
  readonly evidence: string;
}

export interface HonestVerdict {
  readonly name: string;
  readonly door: Door;
  readonly works: boolean;
  readonly evidence: string;
}

export interface Machine {
  readonly root: boolean;
  readonly compiler: boolean;
}

/** Whether an attack can be tried here at all. */
export function applicable(attack: Attack, machine: Machine): boolean {
  if (attack.needsRoot && !machine.root) return false;
  if (attack.x64Only && process.arch !== "x64") return false;
  return !attack.needsCompiler || machine.compiler;
}

/** Whether a verdict is not what it has to be: controls escape, attacks in a tier do not, but for what is known. */
export function isWrong({ family, name, door, result }: Verdict): boolean {
  if (result === "skipped") return false;
  const expected = door === "plain" || knownAt(findAttack(family, name), door) !== undefined ? "escaped" : "blocked";
  return result !== expected;
}

/** @throws when there is none of that name */
export function findAttack(family: Family, name: string): Attack {
  const found = ATTACKS[family].find((attack) => attack.name === name);
  if (found === undefined) throw new Error(`no attack “${name}” in ${family}`);
  return found;
}

/** The answer of a kernel that was built without the system call: no defence, and no control of one. */
const NO_SUCH_CALL = /^stopped OSError \[Errno 38\]/m;

/** One place where attacks are tried, one after the other: its own services of a host, its own folder. */
export class Trials {
  readonly #root: string;
  readonly #host: Host;
  readonly #supervisor: Supervisor;
  readonly #runs = new Map<Door, Runs>();

  private constructor(root: string, host: Host, supervisor: Supervisor) {
    this.#root = root;
    this.#host = host;
    this.#supervisor = supervisor;
  }

  static async start(supervisor: Supervisor): Promise<Trials> {
    const root = mkdtempSync(join(tmpdir(), "toka-suite-"));
    mkdirSync(join(root, "stages"));
    return new Trials(root, await Host.start(root), supervisor);
  }

  async stop(): Promise<void> {
    await this.#host.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** @param doors in the order of `DOORS`: what the plain run shows decides about the others, too */
  async attack(family: Family, attack: Attack, doors: readonly Door[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const door of doors) verdicts.push(await tryAttack(this.#at(door), family, attack, door));
    const control = verdicts.find(({ door }) => door === "plain");
    const isAbsent = [NO_SUCH_CALL, attack.absent].some((seen) => seen?.test(control?.evidence ?? "") === true);
    if (control?.result !== "blocked" || !isAbsent) return verdicts;
    return verdicts.map((verdict) => (verdict.result === "escaped" ? verdict : { ...verdict, result: "skipped" }));
  }

  async honest(program: HonestProgram, doors: readonly Door[]): Promise<HonestVerdict[]> {
    const verdicts: HonestVerdict[] = [];
    for (const door of doors) {
      const verdict = await this.#at(door).run(program.body, program, async (seen) => {
        const right =
          typeof program.prints === "string" ? seen.stdout === program.prints : program.prints.test(seen.stdout);
        const works = right && (seen.code ?? -1) === (program.code ?? 0);
        return { works, evidence: `${seen.reason} ${seen.message} ${seen.stdout} ${seen.stderr}`.trim() };
      });
      verdicts.push({ name: program.name, door, ...verdict });
    }
    return verdicts;
  }

  #at(door: Door): Runs {
    const known = this.#runs.get(door);
    if (known !== undefined) return known;
    const runs = new Runs(door, join(this.#root, "stages"), this.#host, this.#supervisor);
    this.#runs.set(door, runs);
    return runs;
  }
}

/** Tries all attacks that are chosen, one after the other. */
export async function tryAll(
  supervisor: Supervisor,
  doors: readonly Door[],
  chosen: (family: Family, attack: Attack) => boolean,
): Promise<Verdict[]> {
  const trials = await Trials.start(supervisor);
  try {
    const verdicts: Verdict[] = [];
    for (const family of FAMILIES) {
      for (const attack of ATTACKS[family]) {
        if (chosen(family, attack)) verdicts.push(...(await trials.attack(family, attack, doors)));
      }
    }
    return verdicts;
  } finally {
    await trials.stop();
  }
}

/** @throws when there is none of that name */
export function findHonest(name: string): HonestProgram {
  const found = HONEST.find((program) => program.name === name);
  if (found === undefined) throw new Error(`no honest program “${name}”`);
  return found;
}

async function tryAttack(runs: Runs, family: Family, attack: Attack, door: Door): Promise<Verdict> {
  const body = door === "plain" ? (attack.plainBody ?? attack.body) : attack.body;
  return await runs.run(body, attack, async (seen, stage) => {
    const about = { family, name: attack.name, door };
    const escaped = await attack.judge(seen, stage);
    if (escaped !== undefined) return { ...about, result: "escaped", evidence: escaped };
    const said = `${seen.reason} ${seen.message}\n${seen.stdout.slice(0, 400)} ${seen.stderr.slice(0, 400)}`.trim();
    // Where the environment is the attack, another interpreter may have run instead of the program.
    const began = /^began$/m.test(seen.stdout) || family === "environment";
    const broken = !began || /^BROKEN/m.test(seen.stdout) || ["sandbox-error", "not-enforceable"].includes(seen.reason);
    return { ...about, result: broken ? "broken" : "blocked", evidence: said };
  });
}
