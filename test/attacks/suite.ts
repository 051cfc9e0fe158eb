import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attack, type Door, FAMILIES, type Family, type HonestProgram } from "./attack.ts";
import { Runs } from "./doors.ts";
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

/** `broken`: the program never got to its attack; that is neither an escape nor a defence. */
export interface Verdict {
  readonly family: Family;
  readonly attack: Attack;
  readonly door: Door;
  readonly result: "blocked" | "escaped" | "broken";
  readonly evidence: string;
}

export interface HonestVerdict {
  readonly program: HonestProgram;
  readonly door: Door;
  readonly works: boolean;
  readonly evidence: string;
}

export interface SuiteOptions {
  readonly helperPath: string;
  readonly doors: readonly Door[];
  readonly chosen: (family: Family, attack: Attack) => boolean;
  readonly onVerdict: (verdict: Verdict) => void;
}

/** Attacks that can be tried here at all. */
export function applicable(attack: Attack, machine: { readonly root: boolean; readonly compiler: boolean }): boolean {
  if (attack.needsRoot && !machine.root) return false;
  if (attack.x64Only && process.arch !== "x64") return false;
  return !attack.needsCompiler || machine.compiler;
}

/** Runs attacks, one after the other so that none disturbs what is seen of another. */
export class Suite {
  readonly #options: SuiteOptions;

  constructor(options: SuiteOptions) {
    this.#options = options;
  }

  async attack(): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    await this.#onMachine(async (runs, door) => {
      for (const family of FAMILIES) {
        for (const attack of ATTACKS[family]) {
          if (!this.#options.chosen(family, attack)) continue;
          const verdict = await tryAttack(runs, family, attack, door);
          this.#options.onVerdict(verdict);
          verdicts.push(verdict);
        }
      }
    });
    return verdicts;
  }

  async honest(): Promise<HonestVerdict[]> {
    const verdicts: HonestVerdict[] = [];
    await this.#onMachine(async (runs, door) => {
      for (const program of HONEST) {
        const verdict = await runs.run(program.body, program, async (seen) => {
          const right =
            typeof program.prints === "string" ? seen.stdout === program.prints : program.prints.test(seen.stdout);
          const works = right && (seen.code ?? -1) === (program.code ?? 0);
          return { works, evidence: `${seen.reason} ${seen.message} ${seen.stdout} ${seen.stderr}`.trim() };
        });
        verdicts.push({ program, door, ...verdict });
      }
    });
    return verdicts;
  }

  async #onMachine(work: (runs: Runs, door: Door) => Promise<void>): Promise<void> {
    const root = mkdtempSync(join(tmpdir(), "toka-suite-"));
    mkdirSync(join(root, "stages"));
    const host = await Host.start(root);
    try {
      for (const door of this.#options.doors) {
        await work(new Runs(door, join(root, "stages"), host, this.#options.helperPath), door);
      }
    } finally {
      await host.stop();
      rmSync(root, { recursive: true, force: true });
    }
  }
}

async function tryAttack(runs: Runs, family: Family, attack: Attack, door: Door): Promise<Verdict> {
  const body = door === "plain" ? (attack.plainBody ?? attack.body) : attack.body;
  return await runs.run(body, attack, async (seen, stage) => {
    const about = { family, attack, door };
    const escaped = await attack.judge(seen, stage);
    if (escaped !== undefined) return { ...about, result: "escaped" as const, evidence: escaped };
    const said = `${seen.reason} ${seen.message} ${seen.stdout.slice(0, 400)} ${seen.stderr.slice(0, 400)}`.trim();
    // Where the environment is the attack, another interpreter may have run instead of the program.
    const began = /^began$/m.test(seen.stdout) || family === "environment";
    const broken = !began || /^BROKEN/m.test(seen.stdout) || ["sandbox-error", "not-enforceable"].includes(seen.reason);
    return { ...about, result: broken ? ("broken" as const) : ("blocked" as const), evidence: said };
  });
}
