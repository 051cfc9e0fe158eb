import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { nodeBundle } from "../../scripts/bundle.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { AnalysisKind, AnalysisReport, type Execution, FileGraphs, type ToolArguments } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { missingMechanism } from "./sandbox-support.ts";

/* The analyses as tools: the bundled command line, run by the kernel in the real sandbox. */

const ROOT = join(import.meta.dirname, "../..");

let base: string;
let kernel: Kernel;
let missing: string | undefined;

function write(path: string, text: string): void {
  const full = join(base, "workspace", path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

beforeAll(async () => {
  missing = await missingMechanism();
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-analysis-")));
  write(
    "main.py",
    "from pkg.util import helper\nimport os\n\ndef run(x):\n    if x:\n        return helper(x)\n    return 0\n\nrun(1)\n",
  );
  write("pkg/__init__.py", "");
  write("pkg/util.py", "def helper(x):\n    return x\n    print('never')\n\ndef _unused():\n    pass\n");
  write("broken.py", "def f(:\n");
  const cli = join(base, "cli.cjs");
  await build({ ...nodeBundle, absWorkingDir: ROOT, entryPoints: ["src/cli/main.ts"], outfile: cli, outExtension: {} });
  const opened = Kernel.open({
    workspace: join(base, "workspace"),
    stateFolder: join(base, "state"),
    sandbox: new Sandbox({ helperPath: join(ROOT, "src/sandbox/helper.py") }),
    own: { node: process.execPath, cli },
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  kernel = opened.value;
  kernel.registerTools([]);
});

afterAll(() => {
  kernel.close();
  rmSync(base, { recursive: true, force: true });
});

async function run(tool: string, args: ToolArguments, context: TestContext): Promise<Execution> {
  context.skip(missing !== undefined, missing);
  const request = { tool, arguments: args, principal: "chat" } as const;
  const execution = await kernel.execute(request, { signal: context.signal });
  if (!execution.ok) throw new Error(execution.problem.message);
  return execution.value;
}

describe("analyses as tools", () => {
  it("are registered, whatever the workspace holds", () => {
    expect(kernel.tools().map(({ name }) => name)).toEqual(AnalysisKind.options);
  });

  it.for(AnalysisKind.options)("%s runs in the sandbox and prints what its schema says", async (kind, context) => {
    const { exit, stdout, stderr, results, policy } = await run(kind, { format: "json" }, context);
    expect(exit, stderr).toMatchObject({ reason: "ok", code: 0 });
    const report = AnalysisReport.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ analysis: kind, files: 4, problems: [{ file: "broken.py" }] });
    expect(results.map(({ format }) => format)).toEqual(["json"]);
    expect(policy).toMatchObject({ network: { mode: "none" }, memoryBytes: 512 * 1024 * 1024 });
    // Nothing but what the analyses keep for the next time.
    expect(policy.writablePaths).toEqual([expect.stringMatching(/^\/.*\/state\/[^/]+\/analysis$/)]);
  });

  it("finds what there is to find", async (context) => {
    const dead = await run("dead-code", { format: "json" }, context);
    const report = AnalysisReport.parse(JSON.parse(dead.stdout));
    if (report.analysis !== "dead-code") throw new Error(report.analysis);
    expect(report.findings.map(({ kind, name, confidence }) => `${kind} ${name} ${confidence}`)).toEqual([
      "import os certain",
      "unreachable helper certain",
      "function _unused certain",
      "function f likely",
    ]);
  });

  it("leaves results that open as diagrams and pages", async (context) => {
    const mermaid = await run("call-graph", { format: "mermaid", paths: ["main.py", "pkg"] }, context);
    expect(mermaid.results.map(({ format }) => format)).toEqual(["mermaid"]);
    expect(mermaid.stdout).toMatch(/^flowchart LR\n[\s\S]*helper[\s\S]*-->/);
    const html = await run("complexity-report", { limit: 1 }, context);
    expect(html.results.map(({ format }) => format)).toEqual(["html"]);
    const page = readFileSync(html.results[0]?.path ?? "", "utf8");
    expect(page).toContain("Left out here: 3 functions, 3 modules.");
    expect(page).not.toMatch(/<script|\son\w+=/i);
  });

  it("keep what they read of each file, and believe nothing that does not fit", async (context) => {
    const first = await run("dead-code", { format: "json" }, context);
    const [folder = ""] = first.policy.writablePaths;
    const packs = (): string[] => readdirSync(folder).filter((name) => name.startsWith("dead-code."));
    const [pack = ""] = packs();
    expect(pack).toMatch(/\.pack$/);
    const second = await run("dead-code", { format: "json" }, context);
    expect(second.stdout).toBe(first.stdout);
    expect(packs()).toEqual([pack]);
    writeFileSync(join(folder, pack), "what a tool that was taken over might write");
    const third = await run("dead-code", { format: "json" }, context);
    expect(third.stdout).toBe(first.stdout);
    expect(packs()).not.toContain(pack);
  });

  it("know functions of other files that never return", async (context) => {
    write("stop.py", "def stop(why):\n    raise SystemExit(why)\n");
    write("user.py", "from stop import stop\n\ndef use():\n    stop(1)\n    print('never')\n\nuse()\n");
    const unreachable = async (): Promise<string[]> => {
      const { stdout } = await run("dead-code", { format: "json" }, context);
      const report = AnalysisReport.parse(JSON.parse(stdout));
      if (report.analysis !== "dead-code") throw new Error(report.analysis);
      return report.findings.filter(({ kind }) => kind === "unreachable").map(({ name }) => name);
    };
    expect(await unreachable()).toEqual(["helper", "use"]);
    // A file that did not change is read anew where what it depends on did.
    write("stop.py", "def stop(why):\n    return why\n");
    expect(await unreachable()).toEqual(["helper"]);
    rmSync(join(base, "workspace", "stop.py"));
    rmSync(join(base, "workspace", "user.py"));
  });

  it("draw the same from the command line, where functions of other files never return", () => {
    write("away/__init__.py", "from .errors import fail\n");
    write("away/errors.py", "from typing import NoReturn\ndef fail() -> NoReturn:\n    abort()\n");
    write("drawn.py", "from away import fail\n\ndef use():\n    fail()\n    print('never')\n");
    const words = [join(base, "cli.cjs"), "cfg", "drawn.py", "--json", "--function", "use", "--detail", "statement"];
    const printed = execFileSync(process.execPath, words, { cwd: join(base, "workspace"), encoding: "utf8" });
    const [graph] = FileGraphs.parse(JSON.parse(printed)).functions;
    expect(graph?.nodes.filter(({ unreachable }) => unreachable === true).flatMap(({ lines }) => lines)).toContain(5);
    for (const path of ["away", "drawn.py"]) rmSync(join(base, "workspace", path), { recursive: true });
  });

  it("cannot read beyond the workspace", async (context) => {
    const outside = join(base, "secret.py");
    writeFileSync(outside, "def secret(): pass\n");
    const { exit, stdout, stderr } = await run("call-graph", { paths: [outside], format: "json" }, context);
    expect(exit).toMatchObject({ reason: "failed", code: 2 });
    expect(stderr).toContain("does not exist");
    expect(stdout).not.toContain("secret");
  });

  it("refuses wrong arguments before anything runs", async (context) => {
    const request = { tool: "dead-code", arguments: { format: "pdf" }, principal: "user" } as const;
    const refused = await kernel.execute(request, { signal: context.signal });
    expect(refused).toMatchObject({ ok: false, problem: { code: "invalid-arguments" } });
  });

  it("cannot be replaced by a tool of the workspace that bears its id", () => {
    const [own] = kernel.tools();
    if (own === undefined) throw new Error("no tools");
    kernel.registerTools([{ ...own, entry: { argv: ["toka", "run", "me"] } }]);
    const found = kernel.findTool(own.id);
    expect(found.ok && found.value.entry.argv).toEqual(own.entry.argv);
    kernel.registerTools([]);
  });
});
