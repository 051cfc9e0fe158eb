import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import { CacheReport, Execution, HistoryStatistics } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";

/* Queue, cache, statistics and retention by the command line, through the real sandbox, in several processes. */

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const CHILD = join(import.meta.dirname, "kernel-hammer-child.ts");
const HELPER = join(import.meta.dirname, "../../src/sandbox/helper.py");

const COUNT = `"""Counts words."""
import argparse, json, os, sys
from pathlib import Path
import words
parser = argparse.ArgumentParser(description="Counts words.")
parser.add_argument("folder")
args = parser.parse_args()
found = {}
for name in sorted(os.listdir(args.folder)):
    found[name] = words.count(Path(args.folder, name).read_text())
if Path("settings.ini").exists():
    found["settings"] = "there"
print(json.dumps(found))
`;
const MANIFEST = "file: count.py\nidempotent: true\n";
const FLAKY = `import argparse, os, sys
argparse.ArgumentParser(description="Fails.").parse_args()
print("no luck")
sys.exit(1)
`;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let base: string;
let workspace: string;
let sandboxed = false;

async function node(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [...words], {
    cwd: workspace,
    env: { ...process.env, XDG_STATE_HOME: join(base, "state"), XDG_CONFIG_HOME: base, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const toka = (words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Outcome> =>
  node([MAIN, ...words], environment);

async function run(words: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Execution> {
  const { stdout, stderr } = await toka(["run", "--json", ...words], environment);
  expect(stdout, stderr).not.toBe("");
  return Execution.parse(JSON.parse(stdout));
}

const write = (path: string, text: string): void => writeFileSync(join(workspace, path), text);

/** Says loudly why a test that needs the sandbox was not run. */
function needSandbox(context: TestContext): void {
  if (!sandboxed) context.skip("NOT TESTED: this machine cannot start the sandbox (see toka doctor)");
}

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-running-")));
  workspace = join(base, "workspace");
  mkdirSync(join(workspace, "texts"), { recursive: true });
  write("count.py", COUNT);
  write("count.tool.yaml", MANIFEST);
  write("words.py", "def count(text):\n    return len(text.split())\n");
  write("texts/a.txt", "one two three");
  write("flaky.py", FLAKY);
  write("list.sh", "#!/bin/sh\n# Lists texts.\nls texts\n");
  chmodSync(join(workspace, "list.sh"), 0o755);
  write("flaky.tool.yaml", "file: flaky.py\nretry: { count: 2, backoffSeconds: 0.01 }\n");
  sandboxed = (await new Sandbox({ helperPath: HELPER }).probe(AbortSignal.timeout(60_000))).backend !== undefined;
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("the result cache with the real sandbox", () => {
  const count = (...more: string[]): Promise<Execution> => run([...more, "count.py", "texts"]);

  it("gives results again until something that they rest on changes", { timeout: 300_000 }, async (context) => {
    needSandbox(context);
    const first = await count();
    expect([first.exit, first.cached, JSON.parse(first.stdout)]).toMatchObject([
      { reason: "ok" },
      false,
      { "a.txt": 3 },
    ]);
    const second = await count();
    expect(second, "an unchanged run").toMatchObject({ cached: true, cachedFrom: { execution: first.id } });
    expect(second.stdout).toBe(first.stdout);
    expect((await count("--no-cache")).cached).toBe(false);

    const edits: readonly [string, () => void, object, boolean?][] = [
      ["a file that was read", () => write("texts/a.txt", "one two"), { "a.txt": 2 }],
      ["a new file in a listed folder", () => write("texts/b.txt", "one"), { "a.txt": 2, "b.txt": 1 }],
      ["all as it was before", () => rmSync(join(workspace, "texts/b.txt")), { "a.txt": 2 }, true],
      ["a file that went", () => rmSync(join(workspace, "texts/a.txt")), {}],
      ["a file that came back", () => write("texts/a.txt", "one two"), { "a.txt": 2 }],
      ["an imported module", () => write("words.py", "def count(text):\n    return 7\n"), { "a.txt": 7 }],
      ["a file that was only looked for", () => write("settings.ini", ""), { "a.txt": 7, settings: "there" }],
    ];
    for (const [what, edit, expected, cached = false] of edits) {
      edit();
      const fresh = await count();
      expect([fresh.cached, JSON.parse(fresh.stdout)], what).toEqual([cached, expected]);
    }
    expect((await count()).cached).toBe(true);
  });

  it("takes what the manifest of a shell tool declares", { timeout: 300_000 }, async (context) => {
    needSandbox(context);
    write("show.sh", "#!/bin/sh\n# Shows the notes.\ncat notes/*\n");
    chmodSync(join(workspace, "show.sh"), 0o755);
    write("show.tool.yaml", "file: show.sh\nidempotent: true\ninputs: [notes]\n");
    mkdirSync(join(workspace, "notes"));
    write("notes/a.txt", "one\n");
    const show = async (): Promise<[boolean, string]> => {
      const { cached, stdout } = await run(["show.sh"]);
      return [cached, stdout];
    };
    expect(await show()).toEqual([false, "one\n"]);
    expect(await show()).toEqual([true, "one\n"]);
    write("notes/b.txt", "two\n");
    expect(await show()).toEqual([false, "one\ntwo\n"]);
  });

  it("is told, cleared and allowed by toka cache", { timeout: 300_000 }, async (context) => {
    needSandbox(context);
    await count();
    const told = CacheReport.parse(JSON.parse((await toka(["cache", "--json"])).stdout));
    expect(told.entries[0]).toMatchObject({ tool: "count.py", argv: expect.arrayContaining(["texts"]) });
    expect((await toka(["cache"])).stdout).toContain("count.py");
    expect((await toka(["run", "count.py", "texts"])).stderr).toContain("cached");
    const cleared = await toka(["cache", "clear", "count", "--json"]);
    expect(CacheReport.parse(JSON.parse(cleared.stdout)).entries.some(({ tool }) => tool === "count.py")).toBe(false);
    expect((await toka(["cache", "allow"])).code).toBe(2);
    const allowed = await toka(["cache", "allow", "flaky", "--json"]);
    expect(CacheReport.parse(JSON.parse(allowed.stdout)).allowed).toMatchObject([{ tool: "flaky.py" }]);
    const unseen = await toka(["cache", "allow", "list.sh"]);
    expect([unseen.code, unseen.stderr]).toEqual([2, expect.stringContaining("inputs")]);
    const forbidden = await toka(["cache", "forbid", "flaky", "--json"]);
    expect(CacheReport.parse(JSON.parse(forbidden.stdout)).allowed).toEqual([]);
  });
});

describe("retries, statistics and alerts by the command line", () => {
  it("tries again, counts, and tells an alert on standard error", { timeout: 300_000 }, async (context) => {
    needSandbox(context);
    const rules = JSON.stringify([{ tool: "flaky", measure: "failureRate", above: 10, runs: 1 }]);
    const failed = await toka(["run", "flaky.py"], { TOKA_ALERTS_RULES: rules });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toBe("no luck\n".repeat(3));
    expect(failed.stderr).toContain("attempt 3 of 3");
    expect(failed.stderr).toMatch(/alert: flaky: 100 % of its last run failed/);
    const statistics = HistoryStatistics.parse(JSON.parse((await toka(["history", "--stats", "--json"])).stdout));
    expect(statistics.tools.find(({ tool }) => tool === "flaky.py")).toMatchObject({ runs: 1, failed: 1 });
    expect((await toka(["history", "--stats", "--tool", "flaky.py"])).stdout).toContain("100 %");
  });

  it("keeps as many runs as the user wants", { timeout: 300_000 }, async (context) => {
    needSandbox(context);
    await run(["flaky.py"], { TOKA_HISTORY_RUNS: "2" });
    const { executions } = JSON.parse((await toka(["history", "--json"])).stdout);
    expect(executions).toHaveLength(2);
  });
});

/** Reads the oldest of the newest runs, each of which is whole or gone. @returns how many were whole */
function readOldest(kernel: Kernel): number {
  const history = kernel.history({ limit: 200 });
  if (!history.ok) throw new Error(history.problem.message);
  const found = history.value.toReversed().slice(0, 20);
  return found
    .map(({ id }) => kernel.execution(id))
    .filter((execution) => {
      if (execution.ok) expect(execution.value.stdout).toBe("hammered");
      else expect(["no-execution", "output-gone"]).toContain(execution.problem.code);
      return execution.ok;
    }).length;
}

describe("several processes on one state", () => {
  it("lose no record and are never told that the database is busy", { timeout: 300_000 }, async () => {
    const [processes, runs] = [3, 80];
    const done = await Promise.all(
      Array.from({ length: processes }, (_, index) =>
        node([CHILD, workspace, join(base, "hammered"), `${index}`, `${runs}`]),
      ),
    );
    for (const { code, stderr } of done) expect([code, stderr]).toEqual([0, ""]);
    const acknowledged = done.flatMap(({ stdout }) => stdout.trim().split("\n"));
    expect(new Set(acknowledged).size).toBe(processes * runs);
    const opened = Kernel.open({
      workspace,
      stateFolder: join(base, "hammered"),
      sandbox: { run: () => Promise.reject(new Error("nothing runs here")) },
    });
    if (!opened.ok) throw new Error(opened.problem.message);
    using kernel = opened.value;
    kernel.registerTools((await discover(workspace, { signal: AbortSignal.timeout(60_000) })).tools);
    const history = kernel.history({ limit: 10_000 });
    const ids = history.ok ? history.value.map(({ id }) => id) : [];
    expect(ids.toSorted()).toEqual(acknowledged.toSorted());
    for (const id of acknowledged.slice(0, 20)) {
      const execution = kernel.execution(id);
      expect(execution.ok ? execution.value.stdout : execution.problem.message).toBe("hammered");
    }
    const statistics = kernel.statistics.all();
    expect(statistics.ok ? statistics.value.map(({ runs: counted }) => counted) : statistics).toEqual([200]);
  });

  it("read a whole run, or are told that it is gone, while another takes runs away", { timeout: 300_000 }, async () => {
    const folder = join(base, "retained");
    const writer = node([CHILD, workspace, folder, "writer", "300"], { TOKA_TEST_KEEP: "5" });
    let ended = false;
    void writer.then(() => {
      ended = true;
    });
    const sandbox = { run: () => Promise.reject(new Error("nothing runs here")) };
    const opened = Kernel.open({ workspace, stateFolder: folder, sandbox });
    if (!opened.ok) throw new Error(opened.problem.message);
    using kernel = opened.value;
    let whole = 0;
    while (!ended) {
      whole += readOldest(kernel);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await writer).toMatchObject({ code: 0, stderr: "" });
    expect(whole).toBeGreaterThan(0);
    const left = kernel.history({ limit: 1000 });
    expect(left.ok ? left.value.length : left).toBeLessThan(5 + 64 + 1);
    const path = join(folder, readdirSync(folder)[0] ?? "", "state.db");
    using raw = new DatabaseSync(path, { readOnly: true });
    expect(raw.prepare("SELECT count(*) AS ended FROM audit WHERE action = 'ended'").get()).toEqual({ ended: 300 });
  });
});
