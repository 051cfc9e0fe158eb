import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Kernel } from "../kernel.ts";
import { MIGRATIONS } from "../migrations.ts";
import { statePlaces } from "../state-folder.ts";
import { ScriptedSandbox, tool, value } from "../testing/scripted.ts";
import { backUpState, restoreState } from "./backup.ts";

const { signal } = new AbortController();

describe("backup and restore", () => {
  let base: string;
  let root: string;
  let workspace: string;
  let file: string;
  const kernels: Kernel[] = [];

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-backup-")));
    root = join(base, "state");
    file = join(base, "saved.toka");
    workspace = makeWorkspace("workspace");
  });
  afterEach(() => {
    for (const kernel of kernels.splice(0)) kernel.close();
    rmSync(base, { recursive: true, force: true });
  });

  function makeWorkspace(name: string): string {
    const folder = join(base, name);
    mkdirSync(join(folder, "tools"), { recursive: true });
    writeFileSync(join(folder, "tools/report.py"), "print('hi')\n");
    return folder;
  }

  function open(folder = workspace): Kernel {
    const sandbox = new ScriptedSandbox();
    sandbox.act = ({ resultFolder }, { onStdout }) => {
      writeFileSync(join(resultFolder ?? "", "out.json"), '{"a":1}');
      void onStdout(Buffer.from("said\n"));
    };
    const kernel = value(Kernel.open({ workspace: folder, sandbox, stateFolder: root, environment: {} }));
    kernels.push(kernel);
    kernel.registerTools([tool()]);
    return kernel;
  }

  const run = async (kernel: Kernel, title = "x") =>
    value(await kernel.execute({ tool: "report", arguments: { title }, principal: "user" }, { signal }));
  const titles = (kernel: Kernel) => value(kernel.history()).map((execution) => execution.arguments["title"]);
  const backUp = async () => value(await backUpState({ workspace, root, signal }, file));
  const restore = (folder = workspace) => restoreState({ workspace: folder, root, signal }, file);

  it("brings back history, output and results, while other processes have the state open", async () => {
    const kernel = open();
    const first = await run(kernel, "first");
    expect(await backUp()).toMatchObject({ executions: 1, workspace, file });
    await run(kernel, "second");
    rmSync(join(statePlaces(root, workspace).runs, first.id), { recursive: true });
    const restored = value(await restore());
    expect(titles(kernel)).toEqual(["first"]);
    const kept = value(kernel.execution(first.id));
    expect(kept.stdout).toBe("said\n");
    expect(readFileSync(kept.results[0]?.path ?? "", "utf8")).toBe('{"a":1}');
    // What was replaced is a backup itself.
    expect(value(await restoreState({ workspace, root, signal }, restored.previous ?? "")).executions).toBe(2);
    expect(titles(kernel)).toEqual(["second", "first"]);
    await run(kernel, "third");
    expect(titles(kernel)).toEqual(["third", "second", "first"]);
  });

  it("moves a state to another workspace, results with it", async () => {
    const { id } = await run(open(), "moved");
    await backUp();
    const elsewhere = makeWorkspace("elsewhere");
    value(await restore(elsewhere));
    const there = open(elsewhere);
    expect(titles(there)).toEqual(["moved"]);
    const [result] = value(there.execution(id)).results;
    expect(result?.path.startsWith(statePlaces(root, elsewhere).folder)).toBe(true);
    expect(readFileSync(result?.path ?? "", "utf8")).toBe('{"a":1}');
  });

  it("notes the restoring in the audit, which goes on", async () => {
    await run(open());
    await backUp();
    value(await restore());
    const raw = new DatabaseSync(statePlaces(root, workspace).database, { readOnly: true });
    const actions = raw.prepare("SELECT action FROM audit ORDER BY seq").all();
    raw.close();
    expect(actions.map(({ action }) => action).at(-1)).toBe("restored");
  });

  it("refuses a backup with any byte changed or cut off, and changes nothing", async () => {
    const kernel = open();
    await run(kernel, "saved");
    await backUp();
    await run(kernel, "later");
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, by, cut) => {
          const broken = cut ? whole.subarray(0, at) : Buffer.from(whole);
          if (!cut) broken[at] = (broken[at] ?? 0) ^ by;
          writeFileSync(file, broken);
          const restored = await restore();
          expect(restored.ok ? "restored" : restored.problem.code).toMatch(
            /^(no-backup|backup-damaged|backup-newer|invalid-input)$/,
          );
          expect(titles(kernel)).toEqual(["later", "saved"]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuses what a newer version wrote", async () => {
    await run(open());
    await backUp();
    const whole = readFileSync(file, "latin1");
    writeFileSync(file, whole.replace('"version":1', '"version":2'), "latin1");
    expect(await restore()).toMatchObject({ ok: false, problem: { code: "backup-newer" } });
    writeFileSync(file, whole.replace(`"schema":${MIGRATIONS.length}`, '"schema":999'), "latin1");
    expect(await restore()).toMatchObject({ ok: false, problem: { code: "backup-newer" } });
  });

  it("takes in an older state and brings it up to date", async () => {
    const { id } = await run(open(), "old");
    await backUp();
    const { header, database } = split(readFileSync(file));
    const older = join(base, "older.db");
    writeFileSync(join(base, "now.db"), database);
    const raw = new DatabaseSync(older);
    raw.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1; ATTACH '${join(base, "now.db")}' AS now`);
    for (const table of ["executions", "tools", "audit"]) {
      const columns = raw.prepare(`SELECT group_concat(name) AS names FROM pragma_table_info('${table}')`).get();
      raw.exec(`INSERT INTO main.${table} SELECT ${String(columns?.["names"])} FROM now.${table}`);
    }
    raw.exec("CREATE TABLE main.backup_files AS SELECT * FROM now.backup_files");
    raw.close();
    writeFileSync(file, joined({ ...header, schema: 1 }, readFileSync(older)));
    const elsewhere = makeWorkspace("elsewhere");
    value(await restore(elsewhere));
    expect(value(open(elsewhere).execution(id)).arguments).toEqual({ title: "old" });
  });

  it("never writes a file outside of the state folder", async () => {
    await run(open());
    await backUp();
    const { header, database } = split(readFileSync(file));
    const evil = join(base, "evil.db");
    for (const path of ["../../outside.txt", "/tmp/outside.txt", "runs/../../outside.txt", "state.db"]) {
      writeFileSync(evil, database);
      const raw = new DatabaseSync(evil);
      raw.prepare("INSERT INTO backup_files (path, bytes) VALUES (?, ?)").run(path, Buffer.from("x"));
      raw.close();
      writeFileSync(file, joined(header, readFileSync(evil)));
      expect(await restore()).toMatchObject({ ok: false, problem: { code: "backup-damaged" } });
    }
  });

  it("leaves out links and what belongs to no run, and replaces only backups", async () => {
    const { id } = await run(open());
    const { runs } = statePlaces(root, workspace);
    symlinkSync("/etc/passwd", join(runs, id, "results", "link"));
    mkdirSync(join(runs, "unknown"));
    writeFileSync(join(runs, "unknown", "stdout"), "half a run");
    const { files } = await backUp();
    const packed = join(base, "packed.db");
    writeFileSync(packed, split(readFileSync(file)).database);
    const raw = new DatabaseSync(packed, { readOnly: true });
    const paths = raw.prepare("SELECT path FROM backup_files ORDER BY path").all();
    raw.close();
    expect(paths).toHaveLength(files);
    expect(paths.map(({ path }) => String(path)).filter((path) => path.startsWith("runs/"))).toEqual([
      `runs/${id}/results/out.json`,
      `runs/${id}/stderr`,
      `runs/${id}/stdout`,
    ]);
    expect((await backUp()).files).toBe(files);
    writeFileSync(file, "my thesis");
    expect(await backUpState({ workspace, root, signal }, file)).toMatchObject({ problem: { code: "backup-exists" } });
    expect(readFileSync(file, "utf8")).toBe("my thesis");
  });

  it("stops when it is cancelled", async () => {
    await run(open());
    const stopped = AbortSignal.abort();
    expect(await backUpState({ workspace, root, signal: stopped }, file)).toMatchObject({
      problem: { code: "cancelled" },
    });
  });
});

function split(whole: Buffer): { header: { schema: number }; database: Buffer } {
  const newline = whole.indexOf(10);
  const database = gunzipSync(whole.subarray(newline + 1, -32));
  return { header: JSON.parse(whole.subarray(0, newline).toString()), database };
}

/** A backup with a right digest. */
function joined(header: unknown, database: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), gzipSync(database)]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}
