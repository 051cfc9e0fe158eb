import type { SandboxConfig } from "../model/index.ts";

/**
 * The supervisor's options for a policy that every backend gives it.
 * @param writable the host's files and folders that the command may write to
 */
export function helperOptions(config: SandboxConfig, writable: readonly string[], hasInput: boolean): string[] {
  return [
    `memory=${config.memoryBytes}`,
    `cpu=${config.cpuPercent}`,
    `time=${config.timeMs}`,
    `processes=${config.processes}`,
    `disk=${config.diskBytes}`,
    `output=${config.outputBytes}`,
    `stdin=${hasInput ? "pipe" : "none"}`,
    ...writable.map((path) => `write=${path}`),
  ];
}
