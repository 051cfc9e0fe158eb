import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryWorkspace } from "./testing/workspace.ts";
import { Listing, walk } from "./walk.ts";

/** Which of some paths would be listed. */
async function listed(folder: string, paths: readonly string[]): Promise<string[]> {
  const listing = new Listing(folder);
  const holds = await Promise.all(paths.map((path) => listing.holds(path)));
  return paths.filter((_, index) => holds[index]);
}

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

  test.skipIf(process.platform === "darwin" || process.platform === "win32")(
    "tells capital letters where the file system does",
    async () => {
      const paths = await pathsOf({ ".gitignore": "Build/\n*.PY\n", "build/a.py": "", "Build/b.py": "", "c.PY": "" });
      expect(paths).toEqual(["build/a.py"]);
    },
  );

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

describe("walk and Listing", () => {
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
    const walked = files.map(({ path }) => path);
    expect(walked).toEqual([".gitignore", "a.py", "kept.gen.py", "pkg/.gitignore", "pkg/c.py"]);
    expect(new Set(await listed(folder, Object.keys(FILES)))).toEqual(new Set(walked));
  });

  test("agree on what lies below a folder", async () => {
    const { signal } = new AbortController();
    const below = async (path: string): Promise<string[]> =>
      (await new Listing(folder).below(path, signal)).files.map((file) => file.path);
    expect(await below("pkg")).toEqual(["pkg/.gitignore", "pkg/c.py"]);
    for (const path of ["build", "env", "env/lib", "nowhere"]) expect(await below(path)).toEqual([]);
  });

  test("what a link to a folder leads to is not listed", async () => {
    symlinkSync(join(folder, "pkg"), join(folder, "link"));
    expect(await listed(folder, ["link/c.py", "pkg/c.py"])).toEqual(["pkg/c.py"]);
  });

  test("take a file for listed whose folder is gone", async () => {
    expect(await listed(folder, ["gone/d.py", "build/gone/e.py"])).toEqual(["gone/d.py"]);
  });
});

describe("a folder inside a repository", () => {
  const walked = async (workspace: { readonly folder: string }, below: string): Promise<string[]> => {
    const { files } = await walk(join(workspace.folder, below), { signal: new AbortController().signal });
    return files.map(({ path }) => path);
  };

  test(".git/info/exclude and every .gitignore above count, the nearest decides", async () => {
    await using workspace = await temporaryWorkspace({
      ".git/info/exclude": "private*\n!/sub/private-but-shown.py\n",
      ".gitignore": "*.gen.py\n/sub/out/\n/out/\nsub/deep/*.txt\n",
      "sub/.gitignore": "!keep.gen.py\n",
      "sub/a.py": "",
      "sub/a.gen.py": "",
      "sub/keep.gen.py": "",
      "sub/out/b.py": "",
      "sub/deep/out/c.py": "",
      "sub/deep/note.txt": "",
      "sub/private.py": "",
      "sub/private-but-shown.py": "",
    });
    const shown = [".gitignore", "a.py", "deep/out/c.py", "keep.gen.py", "private-but-shown.py"];
    expect(await walked(workspace, "sub")).toEqual(shown);
    expect(await walked(workspace, "sub/deep")).toEqual(["out/c.py"]);
    const asked = ["a.py", "a.gen.py", "out/b.py", "private.py", "deep/note.txt", "private-but-shown.py"];
    expect(await listed(join(workspace.folder, "sub"), asked)).toEqual(["a.py", "private-but-shown.py"]);
  });

  test("a folder that the repository leaves out was opened all the same: its own rules hold", async () => {
    await using workspace = await temporaryWorkspace({
      ".git/info/exclude": "",
      ".gitignore": "/scratch/\n",
      "scratch/.gitignore": "*.log\n",
      "scratch/a.py": "",
      "scratch/b.log": "",
      "scratch/deep/c.py": "",
    });
    expect(await walked(workspace, "scratch")).toEqual([".gitignore", "a.py", "deep/c.py"]);
    expect(await walked(workspace, "scratch/deep")).toEqual(["c.py"]);
  });

  test("rules above a repository are not its own", async () => {
    await using workspace = await temporaryWorkspace({ ".gitignore": "*.py\n", "repo/.git/HEAD": "", "repo/a.py": "" });
    expect(await walked(workspace, "repo")).toEqual(["a.py"]);
  });
});
