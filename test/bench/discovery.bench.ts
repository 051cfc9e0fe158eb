import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { type IndexFile, indexPath, WorkspaceIndex, walk } from "../../src/discovery/index.ts";
import { decodeSource, parseModule } from "../../src/python/index.ts";
import { standardLibrary } from "../support/stdlib.ts";
import { type Contestant, interleave, table } from "./measure.ts";

const ROUNDS = 2;

/** Packages of Debian, where there are any: more like a workspace than a library is. */
const PACKAGES = "/usr/lib/python3/dist-packages";

/** After how many milliseconds the time of a file tells that it was not changed since. */
const CLOCK = 2_500;

const { signal } = new AbortController();

/**
 * Discovery over the standard library and the installed packages, next to what no reader can do without: `git ls-files`,
 * reading and a bare parse of the files that pass the filter, nothing else. Processor time of this process, without that of
 * `git`, so that other work on the machine counts little.
 */
export default async function discovery(): Promise<string> {
  const library = standardLibrary();
  if (!library) return "skipped: there is no python3 on this machine";
  const scratch = await mkdtemp(join(tmpdir(), "toka-bench-"));
  try {
    const workspace = join(scratch, "workspace");
    await fill(workspace, library.folder);
    // Files that were changed just now are compared by their content: that is not how a workspace is found in the morning.
    await setTimeout(CLOCK);
    return await measure(workspace, join(scratch, "state"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Programs that import one module. */
const PROGRAMS = 300;
const HELPER = "LEVEL = 3\n\ndef add_common(parser):\n    parser.add_argument('--level', type=int, default=LEVEL)\n";
const PROGRAM = `import argparse
from team.helper import add_common

def main():
    parser = argparse.ArgumentParser()
    add_common(parser)
    parser.add_argument("--own")
    print(open(parser.parse_args().own).read())

if __name__ == "__main__":
    main()
`;

/** For each file, what it takes until its tool (shown first) and all tools that rest on it are known after it was saved. */
function edits(workspace: string, live: WorkspaceIndex, files: Readonly<Record<string, string>>): Contestant[] {
  let edit = 0;
  return Object.entries(files).flatMap(([name, file]) => {
    const saving = async (work: () => Promise<unknown>): Promise<number> => {
      const path = join(workspace, file);
      const text = await readFile(path, "latin1");
      await writeFile(path, `${text}\n# ${edit++}\n`, "latin1");
      const took = await processorTime(async () => {
        await work();
        live.report();
      });
      await writeFile(path, text, "latin1");
      await live.update([file], signal);
      return took;
    };
    return [
      { name: `${name}: itself`, run: () => saving(() => live.change([file], signal)) },
      { name: `${name}: all that rests on it`, run: () => saving(() => live.update([file], signal)) },
    ];
  });
}

/** Reads a stored index until the names of the files with tools are known. */
async function untilNames(workspace: string, stored: IndexFile): Promise<void> {
  const enough = new AbortController();
  const index = new WorkspaceIndex(workspace, new Map(), stored);
  await index.restore({ onKnown: () => enough.abort(), signal: enough.signal }).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
}

async function fill(workspace: string, library: string): Promise<void> {
  const filter = (path: string): boolean =>
    !/\/(?:__pycache__|site-packages|lib-dynload|config-[^/]*)$|\.so$/.test(path);
  await cp(library, join(workspace, "stdlib"), { recursive: true, filter });
  await cp(PACKAGES, join(workspace, "packages"), { recursive: true, filter, force: true }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  });
  await mkdir(join(workspace, "team"));
  await writeFile(join(workspace, "team", "helper.py"), HELPER);
  for (let number = 0; number < PROGRAMS; number += 1)
    await writeFile(join(workspace, "team", `p${number}.py`), PROGRAM);
  await execa("git", ["init", "--quiet"], { cwd: workspace });
}

async function measure(workspace: string, state: string): Promise<string> {
  const stored: IndexFile = {
    path: indexPath(state, workspace),
    build: "bench",
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  };
  const kept: string[] = [];
  const live = new WorkspaceIndex(workspace, new Map(), stored);
  await live.scan({ signal, onKept: (files) => kept.push(...files) });
  await live.save();
  const cold = live.report();
  const saved = cold.tools.find((tool) => tool.parameters.length > 5)?.file ?? kept[0] ?? "";
  const all = (await walk(workspace, { signal })).files.flatMap(({ path }) => (path.endsWith(".py") ? [path] : []));
  const figures = await interleave(
    [
      { name: "list, read and parse what is kept", run: () => processorTime(() => peer(workspace, kept)) },
      { name: "list, read and parse all Python files", run: () => processorTime(() => peer(workspace, all)) },
      {
        name: "cold scan",
        run: () => processorTime(() => new WorkspaceIndex(workspace).scan({ signal, helpers: 0 })),
      },
      {
        name: "cold scan, helped by threads",
        run: () => processorTime(() => new WorkspaceIndex(workspace).scan({ signal })),
      },
      {
        name: "warm start: names shown",
        run: () => processorTime(() => untilNames(workspace, stored)),
      },
      {
        name: "warm start: all shown",
        run: () =>
          processorTime(async () => {
            const index = new WorkspaceIndex(workspace, new Map(), stored);
            if (!(await index.restore())) throw new Error("the index was not stored");
            index.report();
          }),
      },
      {
        name: "warm start: made sure of",
        run: () =>
          processorTime(async () => {
            const index = new WorkspaceIndex(workspace, new Map(), stored);
            await index.restore();
            await index.scan({ signal });
            index.report();
          }),
      },
      ...edits(workspace, live, {
        "one saved file": saved,
        [`a module under ${PROGRAMS} programs`]: "team/helper.py",
        "one of these programs": "team/p7.py",
      }),
      {
        name: "a file that came, then went",
        run: async () => {
          const path = join(workspace, "came_now.py");
          const took = await processorTime(async () => {
            await writeFile(path, PROGRAM);
            await live.update(["came_now.py"], signal);
            await rm(path);
            await live.update(["came_now.py"], signal);
            live.report();
          });
          return took;
        },
      },
      {
        name: `a folder of ${PROGRAMS} files renamed, and back`,
        run: () =>
          processorTime(async () => {
            for (const [from, to] of [
              ["team", "crew"],
              ["crew", "team"],
            ] as const) {
              await rename(join(workspace, from), join(workspace, to));
              await live.update([from, to], signal);
            }
            live.report();
          }),
      },
    ],
    ROUNDS,
  );
  const waited = await interleave(
    [
      { name: "list, read and parse what is kept", run: () => peer(workspace, kept) },
      { name: "cold scan", run: () => new WorkspaceIndex(workspace).scan({ signal, helpers: 0 }) },
      { name: "cold scan, helped by threads", run: () => new WorkspaceIndex(workspace).scan({ signal }) },
    ],
    ROUNDS,
  );
  const { filesSeen, filesParsed } = cold.stats;
  return [
    `${filesSeen} files, ${kept.length} pass the filter, ${cold.tools.length} tools; ${filesParsed} parsed in a cold scan`,
    "Processor time:",
    table(figures),
    "Time that somebody waits (other work on the machine counts):",
    table(waited),
    `peak memory of a process that does one cold scan: ${await peakMemory(workspace, "0")} MB, ` +
      `with threads that help ${await peakMemory(workspace, "undefined")} MB`,
  ].join("\n");
}

/** Milliseconds of processor time, user and system; of other processes nothing. */
async function processorTime(task: () => Promise<unknown>): Promise<number> {
  const before = cpuUsage();
  await task();
  const { user, system } = cpuUsage(before);
  return (user + system) / 1000;
}

async function peer(workspace: string, files: readonly string[]): Promise<void> {
  await execa("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: workspace });
  for (const path of files) {
    const decoded = decodeSource(await readFile(join(workspace, path)));
    if (decoded.ok) parseModule(decoded.value);
  }
}

/**
 * In megabytes of 1024 × 1024 bytes.
 * @param helpers how many threads, as JavaScript; as many as pay when `undefined`
 */
async function peakMemory(workspace: string, helpers: string): Promise<number> {
  const index = JSON.stringify(join(import.meta.dirname, "../../src/discovery/index.ts"));
  const script = `const { discover, holdHeapDown } = await import(${index});
    holdHeapDown();
    await discover(process.argv[1], { signal: new AbortController().signal, helpers: ${helpers} });
    console.log(process.resourceUsage().maxRSS);`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", script, workspace]);
  return Math.round(Number(stdout) / 1024);
}
