import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryWorkspace } from "./testing/workspace.ts";
import { walk, walkable } from "./walk.ts";

async function pathsOf(files: Record<string, string>): Promise<string[]> {
  await using workspace = await temporaryWorkspace(files);
  const { files: found } = await walk(workspace.folder, { signal: new AbortController().signal });
  return found.map((file) => file.path).filter((path) => !path.endsWith(".gitignore"));
}

describe("walk", () => {
  test("obeys .gitignore at every level, the nearest last", async () => {
    const paths = await pathsOf({
      ".gitignore": "*.log\n/build/\ngenerated\n!keep.log\n",
      "a.py": "",
      "a.log": "",
      "keep.log": "",
      "build/b.py": "",
      "src/build/c.py": "",
      "src/generated/d.py": "",
      "src/.gitignore": "local_*\n!x.log\n",
      "src/local_e.py": "",
      "src/x.log": "",
      "local_f.py": "",
    });
    expect(paths).toEqual(["a.py", "keep.log", "local_f.py", "src/build/c.py", "src/x.log"]);
  });

  test("leaves out what was installed or generated", async () => {
    const paths = await pathsOf({
      "node_modules/x.py": "",
      ".git/hooks/y.py": "",
      "__pycache__/z.py": "",
      "myenv/pyvenv.cfg": "",
      "myenv/lib/q.py": "",
      "kept/.hidden/r.py": "",
    });
    expect(paths).toEqual(["kept/.hidden/r.py"]);
  });

  test("does not follow links, so neither leaves the folder nor runs in circles", async () => {
    await using outside = await temporaryWorkspace({ "secret.py": "" });
    await using workspace = await temporaryWorkspace({ "a/b.py": "" });
    await workspace.link("a/loop", "..");
    await workspace.link("out", outside.folder);
    await workspace.link("secret.py", `${outside.folder}/secret.py`);
    await workspace.link("dangling.py", "nowhere");
    const { files } = await walk(workspace.folder, { signal: new AbortController().signal });
    expect(files.map((file) => file.path)).toEqual(["a/b.py"]);
  });

  test("says which folders it cannot list", async () => {
    await using workspace = await temporaryWorkspace();
    const { files, unreadable } = await walk(`${workspace.folder}/missing`, { signal: new AbortController().signal });
    expect(files).toEqual([]);
    expect(unreadable).toMatchObject([{ path: "", reason: expect.stringContaining("ENOENT") }]);
  });
});

const FILES: Readonly<Record<string, string>> = {
  ".gitignore": "build/\n*.gen.py\n!kept.gen.py\n",
  "a.py": "",
  "x.gen.py": "",
  "kept.gen.py": "",
  "build/b.py": "",
  "pkg/.gitignore": "secret.py\n",
  "pkg/secret.py": "",
  "pkg/c.py": "",
  "node_modules/m/n.py": "",
  "env/pyvenv.cfg": "",
  "env/lib/site.py": "",
};

describe("walk and walkable", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toka-walk-"));
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("agree on which files belong to the workspace", async () => {
    const { files } = await walk(folder, { signal: new AbortController().signal });
    const listed = files.map(({ path }) => path);
    expect(listed).toEqual([".gitignore", "a.py", "kept.gen.py", "pkg/.gitignore", "pkg/c.py"]);
    expect(new Set(await walkable(folder, Object.keys(FILES)))).toEqual(new Set(listed));
  });

  test("take a file for walkable whose folder is gone", async () => {
    expect(await walkable(folder, ["gone/d.py", "build/gone/e.py"])).toEqual(["gone/d.py"]);
  });
});
