import type { Execution, ExitReason, LearnedLimits, Percentiles } from "../../model/index.ts";

/** What is counted of one run. */
export interface CountedRun {
  readonly reason: ExitReason;
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly startedAt: string;
}

/** Whether a run says something about its tool: it really ran, and what ended it was its own doing or a limit of its own. */
export function isCounted({ cached, exit, usage }: Pick<Execution, "cached" | "exit" | "usage">): boolean {
  if (cached || usage.wallMs === 0) return false;
  return !["denied", "cancelled", "not-enforceable", "sandbox-error"].includes(exit.reason);
}

const MEBIBYTE = 1024 * 1024;
/** Fewer successful runs than this suggest nothing. */
export const LEAST_RUNS = 5;
/** Suggestions rest on so many of the newest successful runs. */
export const LEARNED_FROM = 50;

/** Value below or at which a share of the values lies, by the nearest rank; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export function percentiles(values: readonly number[]): Percentiles {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}

export function isFailure({ reason }: CountedRun): boolean {
  return reason !== "ok";
}

/**
 * Limits that a tool's own runs suggest: half more than 95 of 100 of its newest successful runs needed, a fifth more than
 * the newest one at least, so that a tool that grows is not cut off; rounded up to 16 MB and whole seconds, and never
 * below 32 MB and 5 s, which an interpreter may need on a busy machine.
 * @param runs newest first
 */
export function learnedLimits(runs: readonly CountedRun[]): LearnedLimits | undefined {
  const good = runs.filter((run) => !isFailure(run)).slice(0, LEARNED_FROM);
  const [last] = good;
  if (last === undefined || good.length < LEAST_RUNS) return undefined;
  const enough = (measure: (run: CountedRun) => number): number =>
    Math.max(percentile(good.map(measure), 0.95) * 1.5, measure(last) * 1.2);
  const upTo = (value: number, step: number): number => Math.ceil(value / step) * step;
  return {
    memoryBytes: Math.max(
      32 * MEBIBYTE,
      upTo(
        enough(({ memoryBytes }) => memoryBytes),
        16 * MEBIBYTE,
      ),
    ),
    timeMs: Math.max(
      5_000,
      upTo(
        enough(({ wallMs }) => wallMs),
        1_000,
      ),
    ),
    runs: good.length,
  };
}
