import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { discover } from "../../src/discovery/index.ts";
import { parseModule } from "../../src/python/index.ts";
import { readAll, standardLibrary } from "../support/stdlib.ts";
import { interleave, table } from "./measure.ts";

const ROUNDS = 3;

/** A cold scan of the standard library's folder next to listing it, reading its Python files, and a bare parse. */
export default async function discovery(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const signal = new AbortController().signal;
  let found = "";
  const figures = await interleave(
    [
      {
        name: "list and read",
        run: async () => {
          await readdir(library.folder, { recursive: true });
          for (const path of library.files) await readFile(join(path));
        },
      },
      {
        name: "list, read and parse all",
        run: async () => {
          await readdir(library.folder, { recursive: true });
          for (const { text } of readAll(library.files)) parseModule(text);
        },
      },
      {
        name: "discover",
        run: async () => {
          const { tools, stats } = await discover(library.folder, { signal });
          found = `${tools.length} tools in ${stats.filesSeen} files, ${stats.filesParsed} parsed`;
        },
      },
    ],
    ROUNDS,
  );
  return `${found}\n${table(figures)}`;
}
