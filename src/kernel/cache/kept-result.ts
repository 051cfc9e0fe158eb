import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import * as z from "zod";
import { type Execution, ExitStatus, ResultFile } from "../../model/index.ts";
import type { RunFolder } from "../state.ts";

/** What is kept of a run's end; the texts and files lie in the entry's folder, and paths are relative to it. */
export const KeptRecord = z.object({ exit: ExitStatus, results: z.array(ResultFile) });
export type KeptRecord = z.infer<typeof KeptRecord>;

/** What a run gives that is answered by the cache. */
export type KeptOutcome = Pick<Execution, "exit" | "stdout" | "stderr" | "results">;

const TEXTS = ["stdout", "stderr"] as const;

/** Copies what a run left, which lies in its own folder, into an entry's folder. */
export function copyIn(execution: Execution, run: RunFolder, entry: string): KeptRecord {
  mkdirSync(entry, { recursive: true, mode: 0o700 });
  const results = execution.results.map((file) => ({ ...file, path: relative(run.folder, file.path) }));
  for (const path of [...TEXTS, ...results.map(({ path }) => path)]) copy(join(run.folder, path), join(entry, path));
  return { exit: execution.exit, results };
}

/** Copies an entry into the folder of a run that it answers; nothing when the entry is no longer whole. */
export function copyOut(entry: string, { exit, results }: KeptRecord, run: RunFolder): KeptOutcome | undefined {
  try {
    for (const { path } of results) copy(join(entry, path), join(run.folder, path));
    return {
      exit,
      stdout: readFileSync(join(entry, "stdout"), "utf8"),
      stderr: readFileSync(join(entry, "stderr"), "utf8"),
      results: results.map((file) => ({ ...file, path: join(run.folder, file.path) })),
    };
  } catch (error) {
    // Another process took it away in this moment.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

export function removeEntry(entry: string): void {
  rmSync(entry, { recursive: true, force: true });
}

/** A copy of its own: a result may be opened and changed by whoever looks at it. */
function copy(from: string, to: string): void {
  cpSync(from, to, { errorOnExist: false, force: true });
}
