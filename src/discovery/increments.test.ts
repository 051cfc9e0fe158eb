import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiscoveryReport } from "../model/index.ts";
import { discover, WorkspaceIndex } from "./workspace-index.ts";

const { signal } = new AbortController();

/** How many random sequences are tried instead of the usual ones. */
const RUNS = process.env["TOKA_INCREMENT_RUNS"];

/** Where modules may lie: one name is a module, a package and a folder in turn. */
const MODULES = ["a", "b", "c", "d", "kit.b", "kit.e", "kit.deep.f", "plugins.one", "plugins.two"] as const;
const PACKAGES = ["b", "d", "kit", "kit.deep", "kit.e", "plugins"] as const;
const FILES = [
  ...MODULES.map((name) => `${name.replaceAll(".", "/")}.py`),
  ...PACKAGES.map((name) => `${name.replaceAll(".", "/")}/__init__.py`),
];
const TOOLS = ["tool.py", "other.py", "kit/tool.py", "kit/deep/__main__.py", "plugins/run.py", "tests/test_d.py"];
const FOLDERS = ["kit", "kit/deep", "plugins", "b", "kit/e", "moved", "kit/moved"];
const DOCUMENTS = [
  "README.md",
  "kit/README.md",
  "kit/README",
  "notes.ipynb",
  "kit/notes.ipynb",
  "pyvenv.cfg",
  "kit/deep/pyvenv.cfg",
];

const moduleName = fc.constantFrom<string>(...MODULES, ...PACKAGES);
const importing = fc.oneof(
  moduleName.map((name) => `from ${name} import *`),
  moduleName.map((name) => `from ${name} import add, LIMIT, Config, run, Base`),
  moduleName.map((name) => `from ${name} import add as add_more, run as go\nfrom ${name} import LIMIT as LIMIT`),
  moduleName.map((name) => `import ${name}\nLIMIT = ${name}.LIMIT\nadd = ${name}.add\nrun = ${name}.run`),
  fc
    .constantFrom("b", "e", "f", "deep", "d")
    .map((name) => `from .${name} import add, LIMIT, run\nfrom . import ${name}`),
  fc.constant("from ..b import add, run"),
  fc
    .tuple(
      fc.constantFrom('os.path.dirname(__file__), "kit"', '__file__, "..", "..", "kit", "deep"', "UNKNOWN"),
      moduleName,
    )
    .map(
      ([folder, name]) =>
        `import os, sys\nsys.path.insert(0, os.path.join(${folder}))\nimport ${name.slice(name.lastIndexOf(".") + 1)} as here\nadd = here.add\nLIMIT = here.LIMIT`,
    ),
);
const declaring = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((value) => `LIMIT = ${value}`),
  fc
    .integer({ min: 1, max: 3 })
    .map((value) => `def add(parser):\n    parser.add_argument("--flag-${value}", default=LIMIT)`),
  fc.constant(`def add(parser):\n    add_more(parser)\n    parser.add_argument("--mine", choices=[LIMIT])`),
  fc
    .constantFrom(
      "subprocess.run(['ls'])",
      "open('x', 'w')",
      "go()",
      "os.environ['K']",
      "urllib.request.urlopen('http://x')",
    )
    .map((call) => `import os, subprocess, urllib.request\ndef run():\n    ${call}`),
  moduleName.map((name) => `def run():\n    import ${name}\n    ${name}.run()`),
  fc
    .integer({ min: 1, max: 3 })
    .map(
      (value) =>
        `from dataclasses import dataclass, field\n@dataclass\nclass Config:\n    size: int = ${value}\n    name: str = field(default="n${value}")`,
    ),
  fc.constant("@dataclass\nclass Config(Base):\n    extra: float = 0.5"),
  fc
    .constantFrom("os.remove('x')", "print(1)", "run()")
    .map(
      (call) => `import os\nclass Base:\n    def act(self):\n        self.hook()\n    def hook(self):\n        ${call}`,
    ),
  fc.constant(
    "class Mine(Base):\n    def hook(self):\n        import socket\n        socket.create_connection(('h', 1))",
  ),
  fc.constant("def broken(:\n    pass"),
  fc
    .constantFrom("if __name__ == '__main__':", "if True:", "def main():")
    .map((head) => `${head}\n    import argparse\n    own = argparse.ArgumentParser()\n    own.parse_args()`),
);
const module_ = fc
  .tuple(fc.array(importing, { maxLength: 2 }), fc.array(declaring, { maxLength: 4 }), fc.boolean())
  .map(([imports, parts, isAbove]) => [...(isAbove ? ["# moved down"] : []), ...imports, ...parts].join("\n"));
const using = fc.constantFrom(
  "add(p)",
  "add_more(p)",
  "p.add_argument('--own', type=int, default=LIMIT)",
  "for f in fields(Config):\n    p.add_argument('--' + f.name, default=f.default)",
  "for n in ['one', 'two']:\n    importlib.import_module('plugins.' + n).add(p)",
  "for m in pkgutil.iter_modules(['plugins']):\n    importlib.import_module('plugins.' + m.name).add(p)",
  "for e in metadata.entry_points(group='plugs'):\n    e.load()(p)",
  "run()",
  "go()",
  "Base().act()",
  "Mine().act()",
);
const undeclared = fc
  .tuple(fc.array(importing, { minLength: 1, maxLength: 3 }), fc.constantFrom("run()", "go()", "main()"))
  .map(([imports, use]) => [...imports, "from a import main", `if __name__ == "__main__":\n    ${use}`].join("\n"));
const program = fc
  .tuple(fc.array(importing, { minLength: 1, maxLength: 3 }), fc.array(using, { minLength: 1, maxLength: 4 }))
  .map(([imports, uses]) =>
    [
      "import argparse, importlib, pkgutil\nfrom importlib import metadata\nfrom dataclasses import fields",
      ...imports,
      "p = argparse.ArgumentParser()",
      ...uses,
      "p.parse_args()",
    ].join("\n"),
  );
const document = fc.constantFrom(
  "```\npython tool.py --own 3\n```\n",
  "    $ python kit/tool.py --flag-1 2\n",
  "{}",
  "home = /usr",
);
const ignoring = fc.constantFrom(
  "",
  "kit/\n",
  "b.py\n",
  "plugins/one.py\n/kit/deep\n",
  "*.py\n!tool.py\n!a.py\n",
  "tool.py\n",
);
const project = fc.constantFrom(
  '[project.scripts]\nhello = "a:run"\n',
  '[project.scripts]\nhello = "kit.tool:main"\nother = "b:add"\n',
  '[project.entry-points.plugs]\none = "plugins.one:add"\ntwo = "b:add_more"\n',
  "",
);

type Change =
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "unsaved"; readonly path: string; readonly text: string | undefined }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string };

const written = fc.oneof(
  { weight: 6, arbitrary: fc.record({ path: fc.constantFrom(...FILES), text: module_ }) },
  { weight: 4, arbitrary: fc.record({ path: fc.constantFrom(...TOOLS), text: fc.oneof(program, undeclared) }) },
  { weight: 1, arbitrary: fc.record({ path: fc.constantFrom(...DOCUMENTS), text: document }) },
  { weight: 1, arbitrary: fc.record({ path: fc.constantFrom(".gitignore", "kit/.gitignore"), text: ignoring }) },
  { weight: 1, arbitrary: fc.record({ path: fc.constant("pyproject.toml"), text: project }) },
);
const anyPath = fc.constantFrom(...FILES, ...TOOLS, ...FOLDERS, ...DOCUMENTS, ".gitignore", "pyproject.toml");
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: written.map((file) => ({ kind: "write" as const, ...file })) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("unsaved" as const),
      path: fc.constantFrom(...FILES, ...TOOLS),
      text: fc.oneof(module_, program, fc.constant(undefined)),
    }),
  },
  { weight: 2, arbitrary: anyPath.map((path) => ({ kind: "delete" as const, path })) },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant("rename" as const), path: anyPath, to: anyPath }),
      fc.record({
        kind: fc.constant("rename" as const),
        path: fc.constantFrom(...FOLDERS),
        to: fc.constantFrom(...FOLDERS),
      }),
    ),
  },
);

/** A workspace that is changed as people and their programs do, and an index that is told as editors tell. */
class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), "toka-increments-"));
  readonly overlays = new Map<string, string>();

  exists(path: string): boolean {
    return lstatSync(join(this.folder, path), { throwIfNoEntry: false }) !== undefined;
  }

  isFolder(path: string): boolean {
    return lstatSync(join(this.folder, path), { throwIfNoEntry: false })?.isDirectory() === true;
  }

  /** @returns the paths that an editor would name; none when the change cannot be made */
  apply(one: Change): string[] {
    switch (one.kind) {
      case "write":
        return this.write(one.path, one.text);
      case "unsaved":
        // An editor keeps no document open whose file is not there.
        if (!this.exists(one.path) || this.isFolder(one.path)) return [];
        if (one.text === undefined) this.overlays.delete(one.path);
        else this.overlays.set(one.path, one.text);
        return [one.path];
      case "delete":
        if (!this.exists(one.path)) return [];
        rmSync(join(this.folder, one.path), { recursive: true });
        return [one.path, ...this.#closed()];
      case "rename":
        return this.#rename(one.path, one.to);
    }
  }

  write(path: string, text: string): string[] {
    for (let above = dirname(path); above !== "."; above = dirname(above)) {
      if (this.exists(above) && !this.isFolder(above)) return [];
    }
    if (this.isFolder(path)) return [];
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
    return [path];
  }

  #rename(path: string, to: string): string[] {
    const isPossible = this.exists(path) && !this.exists(to) && !`${to}/`.startsWith(`${path}/`);
    const isFile = !this.isFolder(path);
    const parent = dirname(to);
    if (!isPossible || isFile !== /\.\w+$|README$/u.test(to) || (parent !== "." && !this.isFolder(parent))) return [];
    renameSync(join(this.folder, path), join(this.folder, to));
    return [path, to, ...this.#closed()];
  }

  /** Documents whose files are gone are closed. */
  #closed(): string[] {
    const gone = [...this.overlays.keys()].filter((path) => !this.exists(path));
    for (const path of gone) this.overlays.delete(path);
    return gone;
  }

  get files(): string[] {
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" }).sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

const known = ({ tools, diagnostics }: DiscoveryReport): unknown => ({ tools, diagnostics });

describe("increments", () => {
  const start = fc.array(written, { minLength: 4, maxLength: 14 });
  const steps = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

  test("any changes, one after the other, leave what a scan from nothing finds", { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(start, steps, async (files, batches) => {
        using workspace = new Workspace();
        for (const { path, text } of files) workspace.write(path, text);
        const index = new WorkspaceIndex(workspace.folder);
        await index.scan({ signal });
        for (const batch of batches) {
          const told = batch.flatMap((one) => workspace.apply(one));
          for (const path of told) index.setOverlay(path, workspace.overlays.get(path));
          await index.update(told, signal);
          const fresh = await discover(workspace.folder, { signal, overlays: workspace.overlays });
          expect(known(index.report()), JSON.stringify(told)).toEqual(known(fresh));
        }
      }),
      // The same ones each time, unless more are asked for.
      RUNS === undefined ? { numRuns: 60, seed: 20_261_123 } : { numRuns: Number(RUNS) },
    );
  });
});
