import { expect, test } from "vitest";
import { temporaryWorkspace } from "./testing/workspace.ts";
import { trackedPaths } from "./tracked.ts";
import { Listing, walk } from "./walk.ts";

const { signal } = new AbortController();

/** An index as git writes it, of files of which only the names are told. */
function indexOf(version: 2 | 3 | 4, paths: readonly string[]): Buffer {
  const header = Buffer.alloc(12);
  header.write("DIRC", "latin1");
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(paths.length, 8);
  const entries = paths.map((path, index) => {
    const name = Buffer.from(path);
    // Every second entry of version 3 has flags that need two more bytes.
    const isExtended = version === 3 && index % 2 === 1;
    const head = Buffer.alloc(isExtended ? 64 : 62);
    head.writeUInt16BE(Math.min(name.length, 0xfff) | (isExtended ? 0x4000 : 0), 60);
    if (version === 4) return Buffer.concat([head, shared(Buffer.from(paths[index - 1] ?? ""), name)]);
    const length = (head.length + name.length + 8) & ~7;
    return Buffer.concat([head, name], length);
  });
  return Buffer.concat([header, ...entries, Buffer.alloc(20)]);
}

/** A name by what it shares with the one before; tests need no more than 127 bytes cut off, and up to 16 511 once. */
function shared(previous: Buffer, name: Buffer): Buffer {
  let same = 0;
  while (same < previous.length && same < name.length && previous[same] === name[same]) same += 1;
  const cut = previous.length - same;
  const coded = cut < 128 ? [cut] : [0x80 | ((cut - 128) >> 7), (cut - 128) & 0x7f];
  return Buffer.concat([Buffer.from(coded), name.subarray(same), Buffer.alloc(1)]);
}

const PATHS = [
  "a.py",
  "bin/tool",
  `deep/${"x".repeat(300)}/y.py`,
  "lib/kit/ünder.py",
  "lib/kit/z.py",
  `w/${"n".repeat(5000)}`,
];

test.each([2, 3, 4] as const)("the paths in an index of version %d", (version) => {
  expect(trackedPaths(indexOf(version, PATHS))).toEqual(PATHS);
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["another file", Buffer.from("PACK0000000000000000")],
  ["a version to come", Buffer.concat([Buffer.from("DIRC\0\0\0\x05\0\0\0\0", "latin1")])],
  ["a part", indexOf(2, PATHS).subarray(0, 200)],
  ["more entries than there are", Buffer.from("DIRC\0\0\0\x02\xff\xff\xff\xff", "latin1")],
  ["names of another length", indexOf(2, PATHS).fill(0x41, 74, 90)],
])("%s is no index", (_name, bytes) => {
  expect(trackedPaths(bytes)).toBeNull();
});

test("what git tracks is listed though a rule would leave it out", async () => {
  await using workspace = await temporaryWorkspace({
    ".gitignore": "bin/\n*.gen.py\nlib/never\n",
    "bin/tool.py": "",
    "bin/other.py": "",
    "lib/kit/a.py": "",
    "lib/kit/b.gen.py": "",
    "lib/kit/c.gen.py": "",
    "lib/never/d.py": "",
    ".git/index": indexOf(2, [".gitignore", "bin/tool.py", "lib/kit/a.py", "lib/kit/b.gen.py"]).toString("latin1"),
  });
  const { files } = await walk(workspace.folder, { signal });
  expect(files.map(({ path }) => path)).toEqual([".gitignore", "bin/tool.py", "lib/kit/a.py", "lib/kit/b.gen.py"]);
  const listing = new Listing(workspace.folder);
  expect(await listing.holds("bin/tool.py")).toBe(true);
  expect(await listing.holds("bin/other.py")).toBe(false);
  const { files: below } = await walk(`${workspace.folder}/lib`, { signal });
  expect(below.map(({ path }) => path)).toEqual(["kit/a.py", "kit/b.gen.py"]);
});

test("without an index that can be read the rules hold", async () => {
  await using workspace = await temporaryWorkspace({ ".gitignore": "bin/\n", "bin/tool.py": "", ".git/index": "DIRC" });
  const { files } = await walk(workspace.folder, { signal });
  expect(files.map(({ path }) => path)).toEqual([".gitignore"]);
});
