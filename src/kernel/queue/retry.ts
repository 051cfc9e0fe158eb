import type { ExitStatus, Tool } from "../../model/index.ts";

/** No wait between two attempts is longer, in milliseconds. */
const LONGEST_DELAY_MS = 300_000;

/**
 * Exit codes that say that the call itself was wrong, which no further attempt changes: 2 of argparse, click, getopt and
 * bash, 64 of sysexits.h, and 126 and 127 of shells for what cannot be executed or found.
 */
const WRONG_USE: ReadonlySet<number> = new Set([2, 64, 126, 127]);

/** Whether a failure may pass by itself. Limits on memory and the like are met again, and a denial stays one. */
function canPass({ reason, code }: ExitStatus): boolean {
  if (reason === "timeout" || reason === "sandbox-error") return true;
  return reason === "failed" && (code === undefined || !WRONG_USE.has(code));
}

/**
 * Milliseconds to wait before the next attempt; undefined when there is none.
 * @param made attempts that were made
 */
export function delayBeforeNext(tool: Pick<Tool, "retry">, exit: ExitStatus, made: number): number | undefined {
  const { count, backoffSeconds } = tool.retry ?? { count: 0, backoffSeconds: 0 };
  if (made > count || !canPass(exit)) return undefined;
  return Math.min(LONGEST_DELAY_MS, backoffSeconds * 1000 * 2 ** (made - 1));
}
