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
  readonly different: {
    readonly file: string;
    readonly function: string;
    readonly ours: number;
    readonly ruff: number;
  }[];
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
    const theirs = ruffComplexities(ruff, text);
    if (theirs === null) result.refused++;
    else compareFile(result, path, text, theirs);
  }
  return result;
}

/** `line name` → the complexities of the functions there, or null where ruff does not read the text. */
function ruffComplexities(ruff: Workspace, text: string): Map<string, number[]> | null {
  const found = new Map<string, number[]>();
  // ruff keeps silent where a comment asks it to.
  for (const { code, message, start_location } of Diagnostics.parse(ruff.check(text.replaceAll(/noqa/gi, "n0qa")))) {
    if (code !== "C901") return null;
    const [, name = "", complexity = ""] = MESSAGE.exec(message) ?? [];
    const key = `${start_location.row} ${name}`;
    found.set(key, [...(found.get(key) ?? []), Number(complexity)]);
  }
  return found;
}

function compareFile(result: Mutable, file: string, text: string, theirs: ReadonlyMap<string, number[]>): void {
  for (const { kind, qualname, line, complexity } of fileGraphs(file, text).functions) {
    if (kind !== "function") continue;
    const name = qualname.slice(qualname.lastIndexOf(".") + 1);
    const ruff = theirs.get(`${line} ${name}`)?.shift() ?? -1;
    const ours = complexity.cyclomatic;
    count(result.equal, ruff === ours);
    if (ruff !== ours) result.different = [...result.different, { file, function: `${line} ${qualname}`, ours, ruff }];
  }
}
