import { PositionEncoding, Workspace } from "@astral-sh/ruff-wasm-nodejs";
import * as z from "zod";
import { fileGraphs } from "../../../src/analysis/index.ts";
import { readAll } from "../../support/stdlib.ts";
import { type Count, count } from "./static.ts";

const Diagnostics = z.array(
  z.object({ code: z.string().nullable(), message: z.string(), start_location: z.object({ row: z.int() }) }),
);
const MESSAGE = /^`(.*)` is too complex \((\d+) > 0\)$/;

export interface ComplexityComparison {
  /** Functions whose cyclomatic complexity is the one of ruff's rule C901. */
  readonly equal: Count;
  readonly different: { readonly file: string; readonly function: string; readonly ours: number; readonly ruff: number }[];
  /** Files that ruff does not read. */
  readonly refused: number;
}

type Mutable = { -readonly [Key in keyof ComplexityComparison]: ComplexityComparison[Key] };

/** Compares the cyclomatic complexity of every function of files with ruff's. */
export function compareComplexity(files: readonly string[]): ComplexityComparison {
  using ruff = new Workspace(
    { "target-version": "py314", lint: { select: ["C901"], mccabe: { "max-complexity": 0 } } },
    PositionEncoding.Utf16,
  );
  const result: Mutable = { equal: { ok: 0, total: 0 }, different: [], refused: 0 };
  for (const { path, text } of readAll(files)) {
    // ruff keeps silent where a comment asks it to.
    const diagnostics = Diagnostics.parse(ruff.check(text.replaceAll(/noqa/gi, "n0qa")));
    if (diagnostics.some(({ code }) => code !== "C901")) {
      result.refused++;
      continue;
    }
    const theirs = new Map<string, number[]>();
    for (const { message, start_location } of diagnostics) {
      const [, name = "", complexity = ""] = MESSAGE.exec(message) ?? [];
      const key = `${start_location.row} ${name}`;
      theirs.set(key, [...(theirs.get(key) ?? []), Number(complexity)]);
    }
    for (const { kind, qualname, line, complexity } of fileGraphs(path, text).functions) {
      if (kind !== "function") continue;
      const name = qualname.slice(qualname.lastIndexOf(".") + 1);
      const ruffs = theirs.get(`${line} ${name}`)?.shift() ?? -1;
      count(result.equal, ruffs === complexity.cyclomatic);
      if (ruffs !== complexity.cyclomatic) {
        result.different.push({ file: path, function: `${line} ${qualname}`, ours: complexity.cyclomatic, ruff: ruffs });
      }
    }
  }
  return result;
}
