import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WorkspaceIndex } from "../../src/discovery/index.ts";
import { DiscoveryReport } from "../../src/model/index.ts";
import { standardLibrary } from "../support/stdlib.ts";

const { signal } = new AbortController();

/** Programs of the standard library that declare command lines in different ways. */
const PROGRAMS = [
  "json/tool.py",
  "tarfile.py",
  "timeit.py",
  "calendar.py",
  "venv/__init__.py",
  "zipapp.py",
  "pdb.py",
  "trace.py",
  "cProfile.py",
  "quopri.py",
];

/** Pieces that are put into programs: what the reader looks for, where it is not expected. */
const PIECES = [
  "import argparse\n",
  "from m import *\n",
  "from . import m\n",
  "import click\n",
  "@click.command()\n",
  "@click.option('--x')\n",
  "typer.run(f)\n",
  "parser.parse_args()\n",
  "parser.add_argument('--x', type=int, default=[], nargs='*')\n",
  "add_subparsers()",
  "fire.Fire(",
  "if __name__ == '__main__':\n",
  "while True:\n",
  "lambda: ",
  "*args, **kwargs",
  "def f(",
  "class C(C):\n",
  "    ",
  "\t",
  "\n",
  "\\\n",
  "'''",
  '"',
  "f'{",
  "}'",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ":",
  ",",
  "=",
  "==",
  ":=",
  "**",
  "@",
  "#",
  ";",
  "->",
  "\0",
  "\u202e",
  "\ud800",
  "\ufeff",
  "10**10",
  "'a'*10**9",
  "yield ",
  "await ",
  "async ",
  "return ",
  "global x\n",
  "exec('x')\n",
  "print 'x'\n",
  "match x:\n",
  "case _:\n",
  "type X = int\n",
  "# -*- coding: latin-1 -*-\n",
  "#!/usr/bin/env python3\n",
  "# /// script\n",
];

/** A change of a text, places as shares of its length. */
type Edit =
  | { readonly kind: "insert"; readonly at: number; readonly piece: string }
  | { readonly kind: "delete" | "repeat" | "move"; readonly at: number; readonly length: number; readonly to: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("insert" as const),
    at: share,
    piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "binary", maxLength: 8 })),
  }),
  fc.record({
    kind: fc.constantFrom("delete" as const, "repeat" as const, "move" as const),
    at: share,
    length: fc.nat(200),
    to: share,
  }),
);

function applied(text: string, one: Edit): string {
  const start = Math.floor(one.at * text.length);
  if (one.kind === "insert") return text.slice(0, start) + one.piece + text.slice(start);
  const part = text.slice(start, start + one.length);
  if (one.kind === "repeat") return text.slice(0, start) + part.repeat(3) + text.slice(start);
  const without = text.slice(0, start) + text.slice(start + one.length);
  if (one.kind === "delete") return without;
  const to = Math.floor(one.to * without.length);
  return without.slice(0, to) + part + without.slice(to);
}

const library = standardLibrary();
let folder = "";
let programs: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "toka-fuzz-"));
  const found = PROGRAMS.map((name) => library?.files.find((file) => file.endsWith(`/${name}`)));
  programs = await Promise.all(found.flatMap((file) => (file === undefined ? [] : [readFile(file, "utf8")])));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("changed programs: a valid report, the good tool beside them found, the same when read again", {
  timeout: 300_000,
}, async ({ skip }) => {
  if (programs.length === 0) skip("there is no standard library of Python on this machine");
  const good = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--x')\np.parse_args()\n";
  await writeFile(join(folder, "good.py"), good);
  const index = new WorkspaceIndex(folder);
  await index.scan({ signal });
  const changed = fc.tuple(fc.nat(programs.length - 1), fc.array(edit, { minLength: 1, maxLength: 12 }));
  await fc.assert(
    fc.asyncProperty(changed, changed, async (one, other) => {
      for (const [name, [program, edits]] of [
        ["m.py", one],
        ["n.py", other],
      ] as const) {
        await writeFile(join(folder, name), edits.reduce(applied, programs[program] ?? ""));
      }
      await index.update(["m.py", "n.py"], signal);
      const { stats: _updated, ...updated } = index.report();
      expect(DiscoveryReport.safeParse(index.report()).error).toBeUndefined();
      expect(updated.tools.find(({ file }) => file === "good.py")?.parameters).toHaveLength(1);
      expect(updated.diagnostics.filter(({ code }) => code === "analysis-failed")).toEqual([]);
      // Reading anew finds what reading the changes found.
      const fresh = new WorkspaceIndex(folder);
      await fresh.scan({ signal });
      const { stats: _scanned, ...scanned } = fresh.report();
      expect(scanned).toEqual(updated);
    }),
    { numRuns: 150 },
  );
});
