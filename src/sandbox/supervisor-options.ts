import type { PreparedRun } from "./backend.ts";

/**
 * The supervisor's options for a policy that every backend gives it.
 * @param writable the host's files and folders that the command may write to
 * @param kept where something in them must stay as it is: the parts that nothing is kept in, and what is kept
 */
export function helperOptions(
  { config, hasInput, waiting }: Pick<PreparedRun, "config" | "hasInput" | "waiting">,
  writable: readonly string[],
  kept: { readonly rules: readonly string[]; readonly paths: readonly string[] } = { rules: writable, paths: [] },
): string[] {
  return [
    `memory=${config.memoryBytes}`,
    `cpu=${config.cpuPercent}`,
    `time=${config.timeMs}`,
    `processes=${config.processes}`,
    `disk=${config.diskBytes}`,
    `files=${config.files}`,
    `output=${config.outputBytes}`,
    `stdin=${hasInput ? "pipe" : "none"}`,
    ...(waiting ? ["warm=yes"] : []),
    ...kept.rules.map((path) => `write=${path}`),
    ...(kept.paths.length > 0 ? writable.map((path) => `root=${path}`) : []),
    ...kept.paths.map((path) => `keep=${path}`),
  ];
}
