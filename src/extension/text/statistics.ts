import type { Alert, Execution, Forecast, GateEvent, ToolStatistics } from "../../model/index.ts";
import { ageText, bytesText, durationText } from "./quantity.ts";
import type { Translate } from "./translate.ts";

const MEBIBYTE = 1024 * 1024;
/** Milliseconds. */
const MINUTE = 60_000;

function short(value: number): string {
  return String(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
}

/** What a tool's runs were like, one fact a line: how many, how long, how much memory, what its limits might be. */
export function statisticsLines(
  { runs, failed, wallMs, memoryBytes, suggested }: ToolStatistics,
  t: Translate,
): string[] {
  if (runs === 0) return [];
  const spread = (half: string, most: string): string => t("half of them at most {0}, 95 % at most {1}", half, most);
  const time = durationText(wallMs.p50);
  const memory = bytesText(memoryBytes.p50);
  return [
    ...(runs === 1
      ? [
          failed === 1 ? t("1 run, it failed") : t("1 run, it did not fail"),
          t("Time: {0}", time),
          t("Memory: {0}", memory),
        ]
      : [
          t("{0} runs, {1} failed", runs, failed),
          t("Time: {0}", spread(time, durationText(wallMs.p95))),
          t("Memory: {0}", spread(memory, bytesText(memoryBytes.p95))),
        ]),
    ...(suggested === undefined
      ? []
      : [t("Limits that would do: {0}, {1}", bytesText(suggested.memoryBytes), durationText(suggested.timeMs))]),
  ];
}

/** Why a run will likely not fit its limits, as sentences. */
export function forecastWarnings({ warnings }: Forecast, t: Translate): string[] {
  return warnings.map(({ measure, limit, expected }) =>
    measure === "memory"
      ? t("It will likely not fit into {0} of memory: earlier runs needed {1}.", bytesText(limit), bytesText(expected))
      : t("It will likely not end within {0}: earlier runs took {1}.", durationText(limit), durationText(expected)),
  );
}

/** The limits that a tool's own runs suggest, as a line of the confirmation. */
export function suggestionLines({ suggested }: Forecast, t: Translate): string[] {
  if (suggested === undefined) return [];
  const { memoryBytes, timeMs, runs } = suggested;
  return [t("Its last {0} good runs suggest: {1} of memory, {2}", runs, bytesText(memoryBytes), durationText(timeMs))];
}

/** What a person set an alert for, as it happened. */
export function alertText({ tool, rule, value, runs }: Alert, name: string | undefined, t: Translate): string {
  const shown = name ?? tool;
  const { above } = rule;
  switch (rule.measure) {
    case "failureRate":
      return runs === 1
        ? t("{0}: the last run failed (alert above {1} %)", shown, above)
        : t("{0}: {1} % of the last {2} runs failed (alert above {3} %)", shown, short(value), runs, above);
    case "timeSeconds":
      return t("{0} took {1} (alert above {2})", shown, durationText(value * 1000), durationText(above * 1000));
    case "memoryMB":
      return t(
        "{0} used {1} of memory (alert above {2})",
        shown,
        bytesText(value * MEBIBYTE),
        bytesText(above * MEBIBYTE),
      );
  }
}

/** `cached 5 min ago`: that a result is not of this run, and how old it is; nothing for a run that ran. */
export function cachedText(
  { cachedFrom }: Pick<Execution, "cachedFrom">,
  now: number,
  t: Translate,
): string | undefined {
  if (cachedFrom === undefined) return undefined;
  const age = now - Date.parse(cachedFrom.at);
  return age < MINUTE ? t("cached just now") : t("cached {0}", ageText(age, t));
}

/** What the gate says of a run under way, in one line; nothing for what is told elsewhere. */
export function gateText(event: GateEvent, t: Translate): string | undefined {
  switch (event.type) {
    case "queued":
      return t("waits for its turn: {0} of {1}", event.position, event.waiting);
    case "retrying":
      return t("attempt {0} of {1} in {2}", event.attempt, event.of, durationText(event.delayMs));
    case "not-kept":
    case "forecast":
    case "cached":
    case "alert":
      return undefined;
  }
}
