import type { SandboxConfig } from "../../model/index.ts";
import type { WatchedCommand } from "../backend.ts";

/** The unit of `ulimit -f` in a POSIX shell. */
const BLOCK = 512;

/**
 * Lowers its own limits, then becomes the command: no core files, files no larger than the disk limit, few descriptors.
 * Beside it a process waits for the end of descriptor 3, which comes when whoever watches the run is gone, and ends the whole
 * group then. The text is fixed; what varies comes as arguments.
 */
const LOWER_LIMITS =
  '(read -r _ <&3; kill -KILL -$$) >/dev/null 2>&1 & exec 3<&- && ulimit -c 0 && ulimit -f "$1" && ulimit -n 1024 && shift && exec "$@"';

/** Processes of a {@link limitedCommand} that are not the command's. */
export const LIMITED_OWN_PROCESSES = 1;

/** A command behind limits that a process keeps for itself and all below it (POSIX). */
export function limitedCommand(config: SandboxConfig, command: readonly string[]): string[] {
  return ["/bin/sh", "-c", LOWER_LIMITS, "sh", String(Math.max(1, Math.floor(config.diskBytes / BLOCK))), ...command];
}

/** What is watched from outside. */
export function watchedLimits(config: SandboxConfig): WatchedCommand["limits"] {
  const { timeMs, outputBytes, memoryBytes, processes, cpuPercent } = config;
  return { timeMs, outputBytes, memoryBytes, processes, cpuPercent };
}
