import type { Alert, AlertMeasure, AlertRule } from "../../model/index.ts";
import { type CountedRun, isFailure, percentile } from "./figures.ts";

const MEBIBYTE = 1024 * 1024;
const DEFAULT_RUNS: Readonly<Record<AlertMeasure, number>> = { failureRate: 20, timeSeconds: 1, memoryMB: 1 };
/** One failure of two runs is no rate yet. */
const LEAST_FOR_RATE = 5;

/** How many runs a rule looks at. */
export function runsOf({ runs, measure }: AlertRule): number {
  return runs ?? DEFAULT_RUNS[measure];
}

/**
 * The rules that hold since a tool's newest run, and did not before it: a state is told once, when it begins.
 * @param runs of the tool, newest first, one more than any rule looks at
 */
export function newAlerts(
  rules: readonly AlertRule[],
  tool: { readonly id: string; readonly name: string },
  runs: readonly CountedRun[],
): Alert[] {
  return rules
    .filter((rule) => rule.tool === undefined || rule.tool === tool.id || rule.tool === tool.name)
    .flatMap((rule) => {
      const count = runsOf(rule);
      const now = runs.slice(0, count);
      const value = measured(rule.measure, now, count);
      const before = measured(rule.measure, runs.slice(1, count + 1), count);
      if (value === undefined || value <= rule.above || (before !== undefined && before > rule.above)) return [];
      return [{ tool: tool.id, rule, value, runs: now.length, message: sentence(rule, tool.name, value, now.length) }];
    });
}

function measured(measure: AlertMeasure, runs: readonly CountedRun[], wanted: number): number | undefined {
  if (runs.length === 0) return undefined;
  switch (measure) {
    case "failureRate":
      if (runs.length < Math.min(wanted, LEAST_FOR_RATE)) return undefined;
      return (100 * runs.filter(isFailure).length) / runs.length;
    case "timeSeconds":
      return percentile(
        runs.map(({ wallMs }) => wallMs / 1000),
        0.95,
      );
    case "memoryMB":
      return percentile(
        runs.map(({ memoryBytes }) => memoryBytes / MEBIBYTE),
        0.95,
      );
  }
}

function sentence({ measure, above }: AlertRule, name: string, value: number, runs: number): string {
  const over = runs === 1 ? "its last run" : `its last ${runs} runs`;
  const shown = value >= 10 ? String(Math.round(value)) : value.toFixed(1);
  switch (measure) {
    case "failureRate":
      return `${name}: ${shown} % of ${over} failed, more than ${above} %`;
    case "timeSeconds":
      return `${name}: ${over} took ${shown} s, more than ${above} s`;
    case "memoryMB":
      return `${name}: ${over} used ${shown} MB of memory, more than ${above} MB`;
  }
}
