import { basename } from "node:path";
import type { Execution } from "../../model/index.ts";

/** Names of the files that a run left; what it printed in a known format is none of them. */
export function resultNames({ results }: Pick<Execution, "results">): string[] {
  return results.map(({ path }) => basename(path)).filter((name) => !name.startsWith("stdout."));
}

/** The run wrote files into its result folder. */
export function leftFiles(execution: Pick<Execution, "results">): boolean {
  return resultNames(execution).length > 0;
}
