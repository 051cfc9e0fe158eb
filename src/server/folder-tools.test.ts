import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type IndexFile, indexPath } from "../discovery/index.ts";
import { FolderTools, type Found, type ReportChange } from "./folder-tools.ts";

const script = (option: string): string => `import argparse

def main():
    parser = argparse.ArgumentParser(description="Counts trees.")
    parser.add_argument("${option}")
    parser.parse_args()

if __name__ == "__main__":
    main()
`;

describe("FolderTools", () => {
  let path = "";
  let folder: FolderTools;
  let changes: ReportChange[] = [];
  let found: Found[] = [];
  const errors: unknown[] = [];
  const write = (file: string, text: string): void => writeFileSync(join(path, file), text);
  const open = (file?: IndexFile): FolderTools =>
    new FolderTools(
      pathToFileURL(path).toString(),
      path,
      {
        onReport: (_folder, change) => changes.push(change),
        onFound: (_folder, part) => found.push(part),
        onError: (_folder, error) => errors.push(error),
      },
      file,
    );
  const options = (file: string): string[] =>
    folder.toolsOf(file).flatMap(({ parameters }) => parameters.flatMap(({ flags }) => flags));

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "toka-folder-"));
    mkdirSync(join(path, "build"));
    write("trees.py", script("--count"));
    changes = [];
    found = [];
    folder = open();
  });
  afterEach(async () => {
    await folder.dispose();
    rmSync(path, { recursive: true });
    expect(errors).toEqual([]);
  });

  it("reads a folder once, however many ask", async () => {
    const [one, other] = await Promise.all([folder.discover(false), folder.discover(false)]);
    expect(one.tools).toHaveLength(1);
    expect(other.tools).toEqual(one.tools);
    expect(changes).toEqual(["first"]);
  });

  it("tells which files may hold tools before it has read them, then what they hold", async () => {
    write("readme.py", "x = 1\n");
    const { tools } = await folder.discover(false);
    expect(found.flatMap(({ waiting }) => waiting)).toEqual(["trees.py"]);
    expect(found.flatMap(({ analysed }) => analysed)).toEqual(["trees.py"]);
    expect(found.flatMap((part) => part.tools)).toEqual(tools);
    expect(found.at(-1)?.seen).toBe(2);
  });

  it("gives what an earlier process knew at once, then what changed since", async () => {
    const file: IndexFile = {
      path: indexPath(join(path, ".state"), path),
      build: "1",
      onProblem: (problem) => errors.push(problem),
    };
    const earlier = open(file);
    await earlier.discover(false);
    await earlier.dispose();
    write("trees.py", script("--height"));
    [changes, found] = [[], []];
    await folder.dispose();
    folder = open(file);
    const known = await folder.discover(false);
    expect(known.tools[0]?.parameters[0]?.flags).toEqual(["--count"]);
    await vi.waitFor(() => expect(options("trees.py")).toEqual(["--height"]), 5000);
    expect(changes).toEqual(["first", "tools"]);
    // Only names, before the rest is read.
    expect(found).toEqual([{ seen: 0, waiting: ["trees.py"], analysed: [], tools: [] }]);
  });

  it("follows unsaved text, and goes back to the file when that is closed", async () => {
    await folder.discover(false);
    folder.setOverlay("trees.py", script("--height"));
    await vi.waitFor(() => expect(options("trees.py")).toEqual(["--height"]), 5000);
    folder.setOverlay("trees.py", undefined);
    await vi.waitFor(() => expect(options("trees.py")).toEqual(["--count"]), 5000);
    expect(changes).toEqual(["first", "tools", "tools"]);
  });

  it("finds new files, drops deleted ones, and leaves ignored ones alone", async () => {
    await folder.discover(false);
    write("bushes.py", script("--width"));
    write(".gitignore", "build/\n");
    write("build/copy.py", script("--copy"));
    for (const file of ["bushes.py", "build/copy.py", ".gitignore"]) folder.touch(file);
    await vi.waitFor(() => expect(options("bushes.py")).toEqual(["--width"]), 5000);
    expect(folder.toolsOf("build/copy.py")).toEqual([]);
    rmSync(join(path, "bushes.py"));
    folder.touch("bushes.py");
    await vi.waitFor(() => expect(folder.toolsOf("bushes.py")).toEqual([]), 5000);
  });

  it("reads a saved document without waiting, and says what changed by tool", async () => {
    write("bushes.py", script("--width"));
    await folder.discover(false);
    expect(folder.revision).toBe(1);
    folder.setOverlay("trees.py", script("--height"));
    write("trees.py", script("--height"));
    folder.saved("trees.py");
    folder.touch("trees.py");
    await vi.waitFor(() => expect(options("trees.py")).toEqual(["--height"]), 5000);
    const delta = folder.takeDelta();
    expect(delta).toMatchObject({ from: 1, to: 2, removed: [], behind: 0 });
    expect(delta?.changed?.map(({ file }) => file)).toEqual(["trees.py"]);
    expect(folder.takeDelta()).toBeUndefined();
  });

  it("tells a helper's own change first, then what becomes of the programs that import it", async () => {
    const program = "import argparse\nfrom shared import add\np = argparse.ArgumentParser()\nadd(p)\np.parse_args()\n";
    const shared = (option: string): string => `def add(p):\n    p.add_argument("${option}")\n`;
    for (let number = 0; number < 40; number += 1) write(`p${number}.py`, program);
    write("shared.py", shared("--old"));
    await folder.discover(false);
    write("shared.py", shared("--new"));
    folder.prioritise(["p33.py"]);
    folder.touch("shared.py");
    await vi.waitFor(() => expect(options("p39.py")).toEqual(["--new"]), 20_000);
    await vi.waitFor(() => expect(folder.behind).toBe(0), 20_000);
    for (let number = 0; number < 40; number += 1) expect(options(`p${number}.py`)).toEqual(["--new"]);
  });

  it("drops the tools of a folder of which only its own end is told", async () => {
    mkdirSync(join(path, "wood", "deep"), { recursive: true });
    write("wood/oak.py", script("--age"));
    write("wood/deep/elm.py", script("--leaf"));
    await folder.discover(false);
    expect(options("wood/deep/elm.py")).toEqual(["--leaf"]);
    renameSync(join(path, "wood"), join(path, "forest"));
    folder.touch("wood");
    folder.touch("forest");
    await vi.waitFor(() => expect(options("forest/deep/elm.py")).toEqual(["--leaf"]), 5000);
    expect(folder.report?.tools.map(({ file }) => file)).toEqual(["forest/deep/elm.py", "forest/oak.py", "trees.py"]);
  });

  it("ends a fresh reading that nobody waits for, and keeps what it knew", async () => {
    await folder.discover(false);
    const stop = new AbortController();
    const fresh = folder.discover(true, stop.signal);
    stop.abort();
    await expect(fresh).rejects.toThrow();
    expect(options("trees.py")).toEqual(["--count"]);
    write("trees.py", script("--height"));
    folder.touch("trees.py");
    await vi.waitFor(() => expect(options("trees.py")).toEqual(["--height"]), 5000);
  });

  it("ends with its folder while that is read, and another takes its place", async () => {
    for (let number = 0; number < 60; number += 1) write(`t${number}.py`, script(`--o${number}`));
    const reading = folder.discover(false);
    await Promise.all([folder.dispose(), expect(reading).rejects.toThrow()]);
    expect(changes).toEqual([]);
    folder.touch("trees.py");
    folder = open();
    expect((await folder.discover(false)).tools).toHaveLength(61);
    expect(changes).toEqual(["first"]);
  });

  it("leaves out what the settings exclude", async () => {
    folder.exclude(["tre*"]);
    expect((await folder.discover(false)).tools).toEqual([]);
    folder.exclude([]);
    expect(folder.report?.tools).toHaveLength(1);
  });
});
