import type { SandboxConfig } from "../../src/model/index.ts";
import type { Stage } from "./stage.ts";

/** Where an attack or an honest program runs; `plain` first: it is the control of the others. */
export const DOORS = ["plain", "bwrap", "landlock", "warm-bwrap", "warm-landlock"] as const;
export type Door = (typeof DOORS)[number];

export const FAMILIES = [
  "reading",
  "writing",
  "processes",
  "ipc",
  "network",
  "resources",
  "lifetime",
  "kernel",
  "environment",
  "output",
] as const;
export type Family = (typeof FAMILIES)[number];

/** What was seen of one run, most of it on the host. */
export interface Seen {
  readonly door: Door;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of both streams that arrived. */
  readonly printedBytes: number;
  readonly reason: string;
  readonly message: string;
  readonly code: number | undefined;
  readonly wallMs: number;
  /** How long the program itself ran, by the supervisor's clock; a busy machine takes its time before and after. */
  readonly usedMs: number;
  /** The most memory, tasks and CPU that the run's processes were seen with from outside. */
  readonly peakMemory: number;
  readonly peakTasks: number;
  readonly cpuSeconds: number;
  /** Processes of the run that were there half a second after its end. */
  readonly survivors: readonly string[];
  /** New entries in the machine's temporary folder that the run left. */
  readonly leftovers: readonly string[];
  /** What `during` returned. */
  readonly witness: string | undefined;
}

/** Says what got out, or nothing when the attack was stopped. */
export type Judge = (seen: Seen, stage: Stage) => string | undefined | Promise<string | undefined>;

/** How a run is set up; what is not named is the default: the workspace readable, nothing granted. */
export interface Setting {
  readonly writable?: (stage: Stage) => readonly string[];
  readonly forbidden?: (stage: Stage) => readonly string[];
  readonly hosts?: readonly string[];
  readonly limits?: Partial<
    Pick<
      SandboxConfig,
      "memoryBytes" | "cpuPercent" | "timeMs" | "processes" | "diskBytes" | "files" | "outputBytes" | "environment"
    >
  >;
  /** Variables of the caller, beside a home and secrets. */
  readonly environment?: (stage: Stage) => Readonly<Record<string, string>>;
  /** Standard input stays open and silent. */
  readonly openInput?: boolean;
  /** A process of the host that holds a secret. */
  readonly victim?: boolean;
  /** What the host does meanwhile; ends when the signal is aborted. */
  readonly during?: (stage: Stage, signal: AbortSignal) => Promise<string | undefined>;
  /** Prepares the host before. */
  readonly before?: (stage: Stage) => void | Promise<void>;
  /** The host's own process leaves a descriptor with the secret open. */
  readonly inheritSecret?: true;
}

export interface Attack extends Setting {
  readonly name: string;
  /** Python; see `prelude.ts` for what it finds. */
  readonly body: string;
  readonly judge: Judge;
  /** What a plain run does instead where the attack itself would harm the machine. */
  readonly plainBody?: string;
  /** Measured by speed, so that it is never tried beside another such attack. */
  readonly measured?: true;
  /** A plain run of an unprivileged user cannot do it either. */
  readonly needsRoot?: true;
  /** What a plain run prints where this machine has not what the attack is about. */
  readonly absent?: RegExp;
  readonly needsCompiler?: true;
  /** Only on x86-64. */
  readonly x64Only?: true;
  /** What a tier does not stop, on purpose and documented; the run then has to show it. */
  readonly known?: Partial<Readonly<Record<Door, string>>>;
  /** A small attack that stands for its family where time is short. */
  readonly sample?: true;
}

/** What an attack is known for at a door. A warm start holds what the tier holds. */
export function knownAt({ known }: Attack, door: Door): string | undefined {
  if (door === "warm-bwrap") return known?.bwrap;
  return door === "warm-landlock" ? known?.landlock : known?.[door];
}

export interface HonestProgram extends Setting {
  readonly name: string;
  readonly body: string;
  readonly prints: string | RegExp;
  readonly code?: number;
}

// --- Judges ----------------------------------------------------------------------------------------------------------

/** The secret of the stage came out by the run's output. */
export const leaks: Judge = (seen, stage) =>
  seen.stdout.includes(stage.secret) || seen.stderr.includes(stage.secret) ? "the secret was printed" : undefined;

/** The program says that it was possible: for what has no trace on the host. */
export const said: Judge = (seen) => (/^possible$/m.test(seen.stdout) ? "was possible" : undefined);

/** Something of the host's decoy files was changed, made or removed. */
export const changes: Judge = (_seen, stage) => stage.whatChanged();

/** A listener of the host was reached. */
export const arrives: Judge = (_seen, stage) => stage.whatArrived();

/** The victim lost something. */
export const harms: Judge = (_seen, stage) => stage.whatHappenedToVictim();

export const survives: Judge = (seen) =>
  seen.survivors.length > 0 ? `${seen.survivors.length} processes were left` : undefined;

/** It had to be ended from outside; in a tier it ran on although its time of 1.5 s was over long ago. */
export const outlasts: Judge = (seen) => {
  const outlived = seen.door === "plain" ? seen.reason === "ended by the suite" : seen.usedMs > 10_000;
  return outlived ? `ran ${Math.round(seen.wallMs)} ms, and ended as ${seen.reason} ${seen.message}` : undefined;
};

export const witnessed: Judge = (seen) => seen.witness;

const MEBIBYTE = 1024 * 1024;

/** The policy's memory limit of the attacks on memory, and what must not be seen: how far the fastest ones get. */
export const MEMORY_LIMIT = 64 * MEBIBYTE;
const TOO_MUCH_MEMORY = 256 * MEBIBYTE;

export const fillsMemory: Judge = (seen) => {
  const held = /^holds (\d+)$/m.exec(seen.stdout)?.[1];
  const bytes = Math.max(Number(held ?? 0), seen.peakMemory);
  return bytes > TOO_MUCH_MEMORY ? `${Math.round(bytes / MEBIBYTE)} MB were held` : undefined;
};

/** Several judges; the first that has something to say. */
export const any =
  (...judges: readonly Judge[]): Judge =>
  async (seen, stage) => {
    for (const judge of judges) {
      const verdict = await judge(seen, stage);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  };
