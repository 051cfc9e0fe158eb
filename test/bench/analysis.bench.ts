import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AnalysisRun } from "../../src/analysis/index.ts";
import { PackCache } from "../../src/cli/pack-cache.ts";
import { AnalysisKind } from "../../src/model/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { interleave, table } from "./measure.ts";

const ROUNDS = 3;

/** Each analysis of the standard library, with nothing and with everything read before, next to a bare parse. */
export default async function analysis(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const folder = mkdtempSync(join(tmpdir(), "toka-analysis-bench-"));
  const files = library.files.filter((path) => !path.includes("/test/"));
  const sources = (): { path: string; text: string }[] => readAll(files);
  const analyse = (kind: AnalysisKind, store: PackCache): void => {
    const run = new AnalysisRun(kind, { store });
    for (const { path, text } of sources()) run.add(path.slice(1), Buffer.from(text));
    run.finish();
    store.close();
  };
  const open = (kind: AnalysisKind, name: string): PackCache =>
    PackCache.open({ folder: join(folder, name), kind, mark: "bench" });
  // Graphs are drawn anew each time.
  const kinds = AnalysisKind.options.filter((kind) => kind !== "control-flow");
  try {
    const figures = await interleave(
      [
        {
          name: "list, read and parse all",
          run: async () => {
            await readdir(library.folder, { recursive: true });
            for (const { text } of sources()) parseModule(text);
          },
        },
        ...kinds.flatMap((kind) => [
          {
            name: `${kind}, cold`,
            run: () => {
              rmSync(join(folder, "cold"), { recursive: true, force: true });
              analyse(kind, open(kind, "cold"));
            },
          },
          { name: `${kind}, warm`, run: () => analyse(kind, open(kind, "warm")) },
        ]),
      ],
      ROUNDS,
    );
    return `${files.length} files\n${table(figures)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
