import { Interner } from "./interner.ts";
import { ModuleIndex } from "./module-index.ts";
import { Resolver } from "./resolver.ts";
import { summarise } from "./summarise.ts";
import type { FileSummary, SourceFile } from "./summary.ts";

/** What the analyses of a whole workspace stand on. Holds summaries, no texts and no trees. */
export interface WorkspaceSummary {
  readonly files: readonly FileSummary[];
  readonly index: ModuleIndex;
  readonly resolver: Resolver;
}

/** Reads the files one after the other; each may be forgotten as soon as the next one is asked for. */
export function summariseWorkspace(files: Iterable<SourceFile>): WorkspaceSummary {
  const summaries: FileSummary[] = [];
  const interner = new Interner();
  for (const file of files) summaries.push(summarise(file, interner));
  return workspaceOf(summaries);
}

/** Puts summaries of files together. */
export function workspaceOf(files: readonly FileSummary[]): WorkspaceSummary {
  const index = ModuleIndex.of(new Set(files.map(({ path }) => path)));
  return { files, index, resolver: new Resolver(files, index) };
}
