import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Execution } from "../../src/model/index.ts";
import { compileConfig } from "../../src/sandbox/index.ts";

/** Twenty tools had all these runs. */
const TOOLS = 20;

/** Writes runs into a state that a kernel made, without their output, as a kernel would have kept them. */
export function fillHistory(stateFolder: string, workspace: string, count: number): void {
  const folder = readdirSync(stateFolder, { withFileTypes: true }).find((entry) => entry.isDirectory());
  const database = new DatabaseSync(join(stateFolder, folder?.name ?? "", "state.db"));
  const policy = compileConfig({ category: "general", workspace });
  const start = Date.parse("2026-01-01T00:00:00Z");
  const insert = database.prepare(
    `INSERT INTO executions (id, tool, fingerprint, principal, started_at, reason, exit_code, wall_ms, cpu_ms,
       peak_memory_bytes, written_bytes, record, counted, cached, bytes) VALUES (?, ?, 'f', 'user', ?, ?, ?, ?, 1, ?, 0, ?, 1, 0, 1000)`,
  );
  database.exec("BEGIN");
  for (let index = 0; index < count; index++) {
    const failed = index % 10 === 0;
    const execution: Execution = {
      id: `run-${index}`,
      tool: `tools/tool${index % TOOLS}.py`,
      arguments: { index },
      argv: ["python", `tools/tool${index % TOOLS}.py`, `--index=${index}`],
      principal: "user",
      startedAt: new Date(start + index * 1000).toISOString(),
      policy,
      exit: failed ? { code: 1, reason: "failed" } : { code: 0, reason: "ok" },
      stdout: "",
      stderr: "",
      results: [],
      usage: { wallMs: 100 + (index % 50), cpuMs: 1, peakMemoryBytes: 10_000_000 + index, writtenBytes: 0 },
      cached: false,
    };
    const { id, tool, startedAt, exit, usage } = execution;
    const record = JSON.stringify(execution);
    insert.run(id, tool, startedAt, exit.reason, exit.code ?? null, usage.wallMs, usage.peakMemoryBytes, record);
  }
  database.exec(
    "INSERT OR IGNORE INTO tools SELECT tool, 'f', min(started_at), max(started_at) FROM executions GROUP BY tool",
  );
  database.exec("COMMIT");
  database.close();
}
