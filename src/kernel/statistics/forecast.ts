import type { Forecast, ForecastWarning, SandboxConfig } from "../../model/index.ts";
import { type CountedRun, isFailure, LEAST_RUNS, learnedLimits, percentile } from "./figures.ts";

const MEBIBYTE = 1024 * 1024;
/** A run that a limit ended was seen to need at least that; the watch may see it a little above or below. */
const NEAR = 1.05;

/**
 * What the runs of a tool say about one under a policy: it will likely not fit where 95 of 100 of the successful runs, or
 * the newest of them, needed more than its limit, or where the newest run was ended by a limit that was no smaller.
 * @param runs newest first
 */
export function forecast(
  runs: readonly CountedRun[],
  { memoryBytes, timeMs }: Pick<SandboxConfig, "memoryBytes" | "timeMs">,
): Forecast {
  const suggested = learnedLimits(runs);
  const memory = expectedBeyond(runs, ({ memoryBytes: used }) => used, "memory", memoryBytes);
  const time = expectedBeyond(runs, ({ wallMs }) => wallMs, "timeout", timeMs);
  const warnings: ForecastWarning[] = [
    ...(memory === undefined
      ? []
      : [
          {
            measure: "memory" as const,
            limit: memoryBytes,
            expected: memory,
            message: `It will likely not fit into ${inMegabytes(memoryBytes)} of memory: earlier runs needed ${inMegabytes(memory)}`,
          },
        ]),
    ...(time === undefined
      ? []
      : [
          {
            measure: "time" as const,
            limit: timeMs,
            expected: time,
            message: `It will likely not end within ${inSeconds(timeMs)}: earlier runs took ${inSeconds(time)}`,
          },
        ]),
  ];
  return { ...(suggested === undefined ? {} : { suggested }), warnings };
}

function expectedBeyond(
  runs: readonly CountedRun[],
  measure: (run: CountedRun) => number,
  ended: "memory" | "timeout",
  limit: number,
): number | undefined {
  const [newest] = runs;
  if (newest?.reason === ended && measure(newest) * NEAR >= limit) return measure(newest);
  const good = runs.filter((run) => !isFailure(run));
  const [last] = good;
  if (last === undefined || good.length < LEAST_RUNS) return undefined;
  const expected = Math.max(percentile(good.map(measure), 0.95), measure(last));
  return expected > limit ? expected : undefined;
}

function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MB`;
}

function inSeconds(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 100) / 10} s`;
}
