import { FileAnalyser } from "./analyse.ts";
import type { HelperMessage, HelperTask } from "./crew.ts";
import { FileReader } from "./file-reader.ts";
import { type Keeping, ModuleStore } from "./modules.ts";
import { MODELLED_MODULES } from "./readers/python.ts";
import { nameOf } from "./records.ts";
import { Shares } from "./shares.ts";

/** Less than a scan alone keeps, since several threads do: their peak together is 20 MB lower (of 390), at no cost that shows. */
const KEEPING: Keeping = { trees: 1_000_000, texts: 2_000_000 };

/** Analyses a share of a scan's files, for `crew.ts` in another thread. */
export function analyseShare(task: HelperTask, tell: (message: HelperMessage) => void): void {
  const { folder, python, declaring, overlays, more, paths, claims, part, parts } = task;
  const store = new ModuleStore(folder, python, MODELLED_MODULES, overlays, KEEPING);
  for (const path of python) store.noteDeclaring(path, declaring.has(path));
  const reader = new FileReader(folder, overlays, store, new FileAnalyser(store, more));
  for (const index of new Shares(claims, parts).takeAll(part)) {
    const path = paths[index];
    if (path !== undefined) tell({ kind: "record", path, record: reader.read({ path, name: nameOf(path) }) });
  }
  tell({ kind: "done", parsed: store.parsedCount, states: store.states });
}
