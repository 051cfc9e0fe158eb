import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Tool } from "../model/index.ts";
import { codeReferences } from "./code-references.ts";
import { Fingerprints, type ToolParts } from "./fingerprint.ts";
import { tool, value } from "./testing/scripted.ts";

describe("Fingerprints", () => {
  let workspace: string;

  beforeEach(() => {
    workspace = realpathSync(mkdtempSync(join(tmpdir(), "toka-fingerprint-")));
    write({ "tools/report.py": "" });
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  function write(files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(workspace, file)), { recursive: true });
      writeFileSync(join(workspace, file), text);
    }
  }

  function parts(given: Partial<Tool> = {}): ToolParts {
    return value(new Fingerprints().of(tool(given), workspace));
  }

  function filesOf(source: string, others: readonly string[], given: Partial<Tool> = {}): string[] {
    write({ ...Object.fromEntries(others.map((file) => [file, ""])), [given.file ?? "tools/report.py"]: source });
    return [...parts(given).files.keys()]
      .filter((file) => file !== (given.file ?? "tools/report.py"))
      .sort((a, b) => (a < b ? -1 : 1));
  }

  const cases: readonly [string, string, readonly string[], readonly string[]][] = [
    ["a module beside the tool", "import helper", ["tools/helper.py", "tools/other.py"], ["tools/helper.py"]],
    ["a module above it", "import shared", ["shared.py"], ["shared.py"]],
    ["a source folder", "from pkg import x", ["src/pkg/__init__.py"], ["src/pkg/__init__.py"]],
    [
      "the packages on the way, and a module among the names",
      "from pkg.sub import leaf, attribute",
      ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/leaf.py", "pkg/sub/other.py"],
      ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/leaf.py"],
    ],
    ["a package without __init__.py", "import pkg.leaf", ["pkg/leaf.py"], ["pkg/leaf.py"]],
    ["a relative import", "from .helper import x\nfrom . import more", ["tools/helper.py", "tools/more.py"], []],
    ["an import inside of a function", "def f():\n    import helper", ["tools/helper.py"], ["tools/helper.py"]],
    [
      "an import by name",
      "import importlib\nimportlib.import_module('helper')",
      ["tools/helper.py"],
      ["tools/helper.py"],
    ],
    ["a script that it names", "run(['bash', 'tools/clean.sh'])", ["tools/clean.sh"], ["tools/clean.sh"]],
    ["a file before the standard library's", "import json", ["tools/json.py"], ["tools/json.py"]],
    ["nothing that only has a library's name", "import json", ["json.py"], []],
    ["nothing of other folders", "import helper", ["elsewhere/helper.py"], []],
  ];
  it.each(cases)("takes in %s", (_name, source, others, expected) => {
    const found = filesOf(source, others);
    expect(found).toEqual(expected.length > 0 || !source.includes("from .") ? expected : [...others]);
  });

  it("follows imports to the end, in rings too", () => {
    write({ "tools/a.py": "import b", "tools/b.py": "import c", "tools/c.py": "import a, report" });
    expect(filesOf("import a", [])).toEqual(["tools/a.py", "tools/b.py", "tools/c.py"]);
  });

  it("takes in what a shell script names and sources", () => {
    const shell: Partial<Tool> = { id: "go.sh", file: "go.sh", kind: "shell", entry: { argv: ["bash", "go.sh"] } };
    const source = "#!/bin/bash\n. ./settings\nsource lib/common\npython tools/report.py --out x\n";
    expect(filesOf(source, ["settings", "lib/common"], shell)).toEqual(["lib/common", "settings", "tools/report.py"]);
  });

  it("takes in the modules that a command names", () => {
    const module = { entry: { argv: ["python", "-m", "pkg"], pythonPath: ["src"] } };
    expect(filesOf("", ["src/pkg/__init__.py", "src/pkg/__main__.py"], module)).toEqual([
      ...["src/pkg/__init__.py", "src/pkg/__main__.py"],
    ]);
    const code = { entry: { argv: ["python", "-c", "from pkg.cli import main; main()"], pythonPath: ["src"] } };
    expect(filesOf("", ["src/pkg/cli.py"], code)).toEqual(["src/pkg/__init__.py", "src/pkg/cli.py"]);
  });

  it("is of the command alone where an extension provides a tool without a file", () => {
    const provided: Partial<Tool> = {
      ...{ id: "plugin:x/grow", file: "plugin:x/grow", framework: "plugin", source: "plugin", kind: "external" },
      entry: { argv: ["python", "tools/report.py"] },
    };
    expect([...parts(provided).files.keys()]).toEqual(["tools/report.py"]);
    expect([...parts({ ...provided, entry: { argv: ["true"] } }).files.keys()]).toEqual([]);
  });

  it("changes with the source, the imports, the command, the schema, the category and limits, and with nothing else", () => {
    write({ "tools/report.py": "import helper", "tools/helper.py": "x = 1", "tools/data.csv": "1" });
    const before = parts();
    expect(parts({ description: "other", name: "other" }).fingerprint).toBe(before.fingerprint);
    const different: readonly Partial<Tool>[] = [
      { entry: { argv: ["python", "-O", "tools/report.py"] } },
      { schema: { type: "object" } },
      { category: "utility" },
      { limits: { memoryMB: 1 } },
    ];
    for (const given of different) expect(parts(given).fingerprint).not.toBe(before.fingerprint);
    write({ "tools/data.csv": "2" });
    expect(parts().fingerprint).toBe(before.fingerprint);
    write({ "tools/helper.py": "x = 2" });
    expect(parts().fingerprint).not.toBe(before.fingerprint);
    expect(parts().description).toBe(before.description);
  });

  it("sees a file that shadows an import later", () => {
    write({ "tools/report.py": "import shared", "shared.py": "" });
    const before = parts().fingerprint;
    write({ "tools/shared.py": "" });
    expect(parts().fingerprint).not.toBe(before);
  });

  it("is not led by the times of files: what is read again is the content", () => {
    const fingerprints = new Fingerprints();
    const old = new Date("2020-01-01");
    const take = (): string => value(fingerprints.of(tool(), workspace)).fingerprint;
    write({ "tools/report.py": "x = 1\n" });
    utimesSync(join(workspace, "tools/report.py"), old, old);
    const before = take();
    write({ "tools/report.py": "x = 2\n" });
    utimesSync(join(workspace, "tools/report.py"), old, old);
    expect(take()).not.toBe(before);
  });

  it("does not follow links out of the workspace, and does not wait at pipes", () => {
    symlinkSync("/etc/hostname", join(workspace, "tools/helper.py"));
    expect(filesOf("import helper", [])).toEqual([]);
    execFileSync("mkfifo", [join(workspace, "tools/pipe.py")]);
    expect(filesOf("import pipe", [])).toEqual([]);
  });

  it("says when there is more code than it follows", () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    write(Object.fromEntries(names.map((name) => [`tools/${name}.py`, ""])));
    write({ "tools/report.py": names.map((name) => `import ${name}`).join("\n") });
    const bounded = value(new Fingerprints({ files: 10, bytes: 1000 }).of(tool(), workspace));
    expect([bounded.isComplete, bounded.files.size]).toEqual([false, 10]);
    expect(parts().isComplete).toBe(true);
  });

  it("reads any text without failing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const { imports } = codeReferences("a.py", Buffer.from(`import helper\n${text}`));
        const isBinary = text.includes("\0");
        expect(imports.some(({ module }) => module === "helper")).toBe(!isBinary);
        expect(codeReferences("a.sh", Buffer.from(text)).imports).toEqual([]);
      }),
      { numRuns: 50 },
    );
  }, 30_000);
});
