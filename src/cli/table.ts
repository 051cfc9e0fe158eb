import { sanitizeTerminal } from "../kernel/index.ts";

/** Columns of text for people, the last one as long as it is. Cells come from the workspace: nothing in them acts. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows].map((row) => row.map((cell) => sanitizeTerminal(cell).replace(/\s+/g, " ")));
  const widths = head.map((_, column) => Math.max(...clean.map((row) => row[column]?.length ?? 0)));
  return clean
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
