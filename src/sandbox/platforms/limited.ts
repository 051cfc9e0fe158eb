import type { SandboxConfig } from "../../model/index.ts";
import type { WatchedCommand } from "../backend.ts";

/** The unit of `ulimit -f` in a POSIX shell. */
const BLOCK = 512;

/**
 * Lowers its own limits, then becomes the command: no core files, files no larger than the disk limit, few descriptors. The
 * text is fixed; what varies comes as arguments.
 */
const LOWER_LIMITS = 'ulimit -c 0 && ulimit -f "$1" && ulimit -n 1024 && shift && exec "$@"';

/** A command behind limits that a process keeps for itself and all below it (POSIX). */
export function limitedCommand(config: SandboxConfig, command: readonly string[]): string[] {
  return ["/bin/sh", "-c", LOWER_LIMITS, "sh", String(Math.max(1, Math.floor(config.diskBytes / BLOCK))), ...command];
}

/** What is watched from outside. */
export function watchedLimits(config: SandboxConfig): WatchedCommand["limits"] {
  const { timeMs, outputBytes, memoryBytes, processes, cpuPercent } = config;
  return { timeMs, outputBytes, memoryBytes, processes, cpuPercent };
}
