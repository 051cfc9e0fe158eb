import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { walk, walkable } from "./walk.ts";

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

  it("agree on which files belong to the workspace", async () => {
    const { files } = await walk(folder, { signal: new AbortController().signal });
    const listed = files.map(({ path }) => path);
    expect(listed).toEqual([".gitignore", "a.py", "kept.gen.py", "pkg/.gitignore", "pkg/c.py"]);
    expect(new Set(await walkable(folder, Object.keys(FILES)))).toEqual(new Set(listed));
  });

  it("take a file for walkable whose folder is gone", async () => {
    expect(await walkable(folder, ["gone/d.py", "build/gone/e.py"])).toEqual(["gone/d.py"]);
  });
});
