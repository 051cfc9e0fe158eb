import type { SandboxConfig } from "../../model/index.ts";
import type { Controller } from "./hierarchy.ts";

/** The part of a policy that a cgroup can hold. */
export type CgroupLimits = Pick<SandboxConfig, "memoryBytes" | "processes" | "cpuPercent">;

/** A file of a cgroup and what is written to it. */
export interface Setting {
  readonly file: string;
  readonly value: string;
  /** Some kernels do not have it: swap may be off, `memory.oom.group` came with Linux 4.19. */
  readonly optional?: true;
}

/** Microseconds in which the processor's share is counted, the kernel's default. */
const PERIOD = 100_000;

/**
 * The settings of a run's cgroup (kernel documentation, admin-guide/cgroup-v2). The share of the processor starts as one
 * core, or as more where the policy gives more: a short program runs at full speed. The supervisor narrows it to the
 * policy's share once the run has used what its start is lent (`helper.py`).
 */
export function settingsFor(limits: CgroupLimits, controllers: readonly Controller[]): Setting[] {
  const settings: Record<Controller, readonly Setting[]> = {
    memory: [
      { file: "memory.swap.max", value: "0", optional: true },
      { file: "memory.oom.group", value: "1", optional: true },
      { file: "memory.max", value: String(limits.memoryBytes) },
    ],
    pids: [{ file: "pids.max", value: String(limits.processes) }],
    cpu: [{ file: "cpu.max", value: `${Math.round((Math.max(100, limits.cpuPercent) / 100) * PERIOD)} ${PERIOD}` }],
  };
  return controllers.flatMap((controller) => settings[controller]);
}
