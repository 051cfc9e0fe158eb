import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discover } from "../../src/discovery/index.ts";
import type { Tool } from "../../src/model/index.ts";
import { audit } from "../eval/discovery/audit.ts";
import type { Workspace } from "../eval/discovery/debian.ts";
import { type Count, score } from "../eval/discovery/score.ts";
import { type Truth, takeTruth } from "../eval/discovery/truth.ts";

/**
 * A sample of `npm run eval:discovery` that needs no network: programs of this machine's own standard library, run in a
 * sandbox under the same shim and the same audit hooks.
 */
const PROGRAMS = [
  "ast.py",
  "calendar.py",
  "compileall.py",
  "dis.py",
  "filecmp.py",
  "gzip.py",
  "inspect.py",
  "json/tool.py",
  "pickletools.py",
  "py_compile.py",
  "quopri.py",
  "tarfile.py",
  "tokenize.py",
  "uu.py",
  "zipapp.py",
  "zipfile.py",
];
const AUDITED = new Set(["ast", "calendar", "gzip", "json.tool", "py_compile", "tarfile", "zipfile"]);
const PYTHON = "/usr/bin/python3";
const MINUTES = 60_000;

const library = await execa(PYTHON, ["-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], { reject: false });
const jail = await execa(
  "bwrap",
  ["--unshare-all", "--ro-bind", "/", "/", "--tmpfs", "/run", "--tmpfs", "/home", "--tmpfs", "/tmp", PYTHON, "-c", ""],
  { reject: false },
);
const canRun = library.exitCode === 0 && jail.exitCode === 0;
if (!canRun) {
  console.warn(
    `NOT TESTED: discovery against running programs: needs ${PYTHON} and a bubblewrap that may make namespaces`,
  );
}

describe.skipIf(!canRun)("discovery against running programs", () => {
  let scratch = "";
  let workspace: Workspace;
  let truth: Truth;
  let tools: readonly Tool[];

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "toka-oracle-"));
    workspace = await layOut(join(scratch, "workspace"));
    truth = await takeTruth("/", workspace, join(scratch, "runs"), 2, () => undefined);
    tools = (await discover(workspace.folder, { signal: new AbortController().signal })).tools;
  }, 3 * MINUTES);
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  async function layOut(folder: string): Promise<Workspace> {
    const files = PROGRAMS.map((path) => ({ path, installed: join(library.stdout, path).slice(1) }));
    for (const { path, installed } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await cp(join("/", installed), join(folder, path));
    }
    return { name: "library", folder, files, entryPoints: [] };
  }

  function compare(found: readonly Tool[]) {
    return score(truth, new Map([["library", found]]));
  }

  test("parsers that are built are read", () => {
    const { all, imperfect } = compare(tools);
    expect(truth.tools.length).toBeGreaterThan(8);
    expect(imperfect.map(({ tool, differences }) => [tool.file, ...differences])).toEqual([]);
    expect(share(all.found)).toBe(1);
    expect(share(all.precision)).toBe(1);
  });

  test("the comparison notices what is wrong", () => {
    const spoilt = tools.map((tool) => ({
      ...tool,
      parameters: tool.parameters.slice(1).map((parameter) => ({ ...parameter, required: !parameter.required })),
    }));
    const { all } = compare(spoilt);
    expect(all.perfect.ok).toBeLessThan(all.perfect.total / 2);
    expect(share(all.recall)).toBeLessThan(1);
    expect(all.required.ok).toBe(0);
    expect(compare([]).all.found.ok).toBe(0);
  });

  test(
    "what programs do is claimed",
    async () => {
      const material = { root: "/", workspaces: [], missing: [] };
      const options = { every: 1, jobs: 2, only: AUDITED, keep: scratch };
      const audited = await audit(material, join(scratch, "audit"), options, () => undefined);
      expect(new Set(audited.map(({ name }) => name))).toEqual(AUDITED);
      const done = new Map(audited.map((program) => [program.name, program.done]));
      expect([...(done.get("zipfile")?.keys() ?? [])]).toEqual(
        expect.arrayContaining(["filesystem-read", "filesystem-write"]),
      );
      const missed = audited.flatMap(({ name, claimed, done: deeds }) =>
        [...deeds].filter(([capability]) => !claimed.has(capability)).map(([, event]) => [name, event]),
      );
      expect(missed).toEqual([]);
    },
    3 * MINUTES,
  );
});

function share({ ok, total }: Count): number {
  return ok / total;
}
