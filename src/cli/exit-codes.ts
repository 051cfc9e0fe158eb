import type { ExitStatus, Problem } from "../model/index.ts";

/** The exit codes of `toka`, the same for every command. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongUse: 2,
  denied: 3,
  notEnforceable: 4,
  timedOut: 124,
  cancelled: 130,
} as const;

/** How a run ended, as an exit code of `toka run`. */
export function exitCodeOf(exit: ExitStatus): number {
  switch (exit.reason) {
    case "ok":
      return EXIT.done;
    case "timeout":
      return EXIT.timedOut;
    case "denied":
      return EXIT.denied;
    case "cancelled":
      return EXIT.cancelled;
    case "not-enforceable":
      return EXIT.notEnforceable;
    default:
      return EXIT.failed;
  }
}

/** Problems that are nobody's wrong use: something in the machine or the state failed. */
const FAILURES: ReadonlySet<string> = new Set([
  "state-unavailable",
  "state-corrupt",
  "state-newer",
  "no-sqlite",
  "write-failed",
  "discovery-failed",
]);

/** A problem before anything ran, as an exit code. */
export function exitCodeOfProblem(problem: Problem): number {
  if (problem.code === "cancelled") return EXIT.cancelled;
  return FAILURES.has(problem.code) ? EXIT.failed : EXIT.wrongUse;
}
