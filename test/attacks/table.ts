import { type Door, FAMILIES, knownAt } from "./attack.ts";
import { findAttack, type HonestVerdict, isWrong, type Verdict } from "./suite.ts";

export const DOOR_NAMES: Readonly<Record<Door, string>> = {
  plain: "control",
  bwrap: "tier A",
  landlock: "tier B",
  "warm-bwrap": "warm A",
  "warm-landlock": "warm B",
};

export function isWrongHonest({ works, door }: HonestVerdict): boolean {
  return !works && door !== "plain";
}

/** One verdict in one line. */
export function describe(verdict: Verdict): string {
  const { family, name, door, result, evidence } = verdict;
  const known = result === "escaped" ? knownAt(findAttack(family, name), door) : undefined;
  const word = known === undefined ? result.toUpperCase() : "KNOWN";
  return `${word.padEnd(8)} ${DOOR_NAMES[door]}: ${family}: ${name}: ${known ?? evidence.replaceAll("\n", " ¶ ")}`;
}

/** Per family and door: how many attacks were blocked, escaped, broken and skipped; and the honest programs. */
export function summary(
  verdicts: readonly Verdict[],
  honest: readonly HonestVerdict[],
  doors: readonly Door[],
): string {
  const cells = (some: readonly Verdict[]): string[] =>
    doors.map((door) => {
      const here = some.filter((verdict) => verdict.door === door);
      if (here.length === 0) return "–";
      const count = (result: Verdict["result"]): number => here.filter((one) => one.result === result).length;
      const known = here.filter((one) => door !== "plain" && one.result === "escaped" && !isWrong(one)).length;
      const parts = [
        [door === "plain" ? "escaped" : "blocked", count(door === "plain" ? "escaped" : "blocked")],
        [door === "plain" ? "stopped" : "ESCAPED", door === "plain" ? count("blocked") : count("escaped") - known],
        ["known", known],
        ["broken", count("broken")],
        ["skipped", count("skipped")],
      ] as const;
      return parts.flatMap(([word, number], at) => (number > 0 || at === 0 ? [`${number} ${word}`] : [])).join(", ");
    });
  const rows = FAMILIES.filter((family) => verdicts.some((one) => one.family === family)).map((family) => [
    family,
    ...cells(verdicts.filter((one) => one.family === family)),
  ]);
  const honestCells = doors.map((door) => {
    const here = honest.filter((verdict) => verdict.door === door);
    return here.length === 0 ? "–" : `${here.filter(({ works }) => works).length} of ${here.length}`;
  });
  const header = ["", ...doors.map((door) => DOOR_NAMES[door])];
  const table = [header, ...rows, ["all", ...cells(verdicts)], ["honest programs working", ...honestCells]];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
