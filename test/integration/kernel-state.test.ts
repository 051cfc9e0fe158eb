import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/* Several processes with one state: what was acknowledged stays, whoever dies. */

const KERNEL = join(import.meta.dirname, "../../src/kernel/index.ts");

/** Runs `count` executions through a kernel with a sandbox that does nothing, and prints each id once it is kept. */
const WRITER = `
import { Kernel } from ${JSON.stringify(KERNEL)};
const [workspace, stateFolder, count] = process.argv.slice(1);
const outcome = { exit: { code: 0, reason: "ok" }, usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, writtenBytes: 0 }, denied: [] };
const opened = Kernel.open({ workspace, stateFolder, sandbox: { run: async () => outcome } });
if (!opened.ok) throw new Error(opened.problem.message);
for (const notice of opened.value.notices) console.log("notice " + notice);
opened.value.registerTools([{ id: "a.py", name: "a", kind: "python", file: "a.py", line: 1, framework: "main", description: "",
  category: "utility", source: "inferred", entry: { argv: ["python", "a.py"] }, parameters: [], subcommands: [], schema: {}, capabilities: [] }]);
for (let index = 0; index < Number(count); index++) {
  const result = await opened.value.execute({ tool: "a", arguments: {}, principal: "user" }, { signal: new AbortController().signal });
  if (!result.ok) throw new Error(result.problem.message);
  console.log("kept " + result.value.id);
}
`;

const DATABASE = join(import.meta.dirname, "../../src/kernel/database.ts");

/** Opens new databases one after the other, as soon as it is told to, and prints how many could not be opened, and why. */
const OPENER = `
import { openDatabase } from ${JSON.stringify(DATABASE)};
const [folder, count] = process.argv.slice(1);
console.log("ready");
process.stdin.once("data", () => {
  const failures = [];
  for (let index = 0; index < Number(count); index++) {
    const opened = openDatabase(folder + "/" + index + ".db", () => new Date());
    if (opened.ok) opened.value.connection.close();
    else failures.push(opened.problem.message);
  }
  console.log(JSON.stringify(failures));
  process.stdin.destroy();
});
`;

interface Writer {
  readonly child: ChildProcess;
  readonly kept: string[];
  readonly notices: string[];
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

let base: string;
let workspace: string;
let stateFolder: string;

function startWriter(count: number, onKept: (total: number) => void = () => undefined): Writer {
  const child = spawn(process.execPath, [
    "--input-type=module-typescript",
    "-e",
    WRITER,
    workspace,
    stateFolder,
    String(count),
  ]);
  const kept: string[] = [];
  const notices: string[] = [];
  let rest = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) (line.startsWith("kept ") ? kept : notices).push(line.slice(line.indexOf(" ") + 1));
    onKept(kept.length);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stderr })),
  );
  return { child, kept, notices, ended };
}

function rows(sql: string): Record<string, unknown>[] {
  const [folder] = readdirSync(stateFolder);
  const database = new DatabaseSync(join(stateFolder, folder ?? "", "state.db"), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-state-")));
  workspace = join(base, "workspace");
  stateFolder = join(base, "state");
  mkdirSync(workspace);
  writeFileSync(join(workspace, "a.py"), "print(1)\n");
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("the state", () => {
  it("is shared by processes that open and write at once", async () => {
    const writers = [1, 2, 3].map(() => startWriter(60));
    for (const writer of writers) expect(await writer.ended).toEqual({ code: 0, stderr: "" });
    const kept = writers.flatMap((writer) => writer.kept);
    expect(kept).toHaveLength(180);
    expect(new Set(rows("SELECT id FROM executions").map((row) => row["id"]))).toEqual(new Set(kept));
    expect(rows("SELECT count(*) AS n FROM audit WHERE action = 'ended'")[0]?.["n"]).toBe(180);
  });

  it("is made once by processes that open it at the same moment", async () => {
    const children = [1, 2, 3, 4].map(() =>
      spawn(process.execPath, ["--input-type=module-typescript", "-e", OPENER, base, "40"]),
    );
    const lines = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    for (const line of lines) expect((await line.next()).value).toBe("ready");
    for (const child of children) child.stdin.write("go\n");
    for (const line of lines) expect((await line.next()).value).toBe("[]");
  });

  it("loses nothing that was acknowledged when its writer is killed", async () => {
    for (const after of [1, 7, 40]) {
      const writer = startWriter(100_000, (total) => {
        if (total >= after) writer.child.kill("SIGKILL");
      });
      expect((await writer.ended).code).toBeNull();
      const ids = new Set(rows("SELECT id FROM executions").map((row) => row["id"]));
      expect(writer.kept.length).toBeGreaterThanOrEqual(after);
      for (const id of writer.kept) expect(ids.has(id), id).toBe(true);
    }
    expect(rows("PRAGMA integrity_check")[0]?.["integrity_check"]).toBe("ok");
  });

  it("is renewed once when several processes find it damaged", async () => {
    const first = startWriter(1);
    await first.ended;
    const [folder] = readdirSync(stateFolder);
    writeFileSync(join(stateFolder, folder ?? "", "state.db"), "no database at all ".repeat(500));
    const writers = [1, 2, 3].map(() => startWriter(5));
    for (const writer of writers) expect(await writer.ended).toEqual({ code: 0, stderr: "" });
    expect(writers.flatMap((writer) => writer.notices)).toHaveLength(1);
    expect(rows("SELECT id FROM executions")).toHaveLength(15);
  });
});
