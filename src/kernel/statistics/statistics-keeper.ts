import * as z from "zod";
import {
  type Alert,
  type AlertRule,
  type Execution,
  ExitReason,
  type Forecast,
  ok,
  parseBoundary,
  type Result,
  type SandboxConfig,
  type ToolStatistics,
} from "../../model/index.ts";
import type { State } from "../state.ts";
import { newAlerts, runsOf } from "./alerts.ts";
import { type CountedRun, isCounted, isFailure, LEARNED_FROM, learnedLimits, percentiles } from "./figures.ts";
import { forecast } from "./forecast.ts";

/** Statistics are of so many of a tool's newest runs: what it was like long ago says little about it now. */
const COUNTED = 200;
/** So many single runs are told of each tool. */
const LAST = 10;

const Rows = z.array(
  z.object({ reason: ExitReason, wallMs: z.number(), memoryBytes: z.number(), startedAt: z.string() }),
);

/** What the history says of tools: read from indexes, never from the records of runs. */
export class StatisticsKeeper {
  readonly #state: State;
  readonly #rules: readonly AlertRule[];

  constructor(state: State, rules: readonly AlertRule[]) {
    this.#state = state;
    this.#rules = rules;
  }

  /** Of one tool, by its id; nothing when it never ran. */
  of(tool: string): Result<ToolStatistics | undefined> {
    const runs = this.#runs(tool, COUNTED);
    if (!runs.ok) return runs;
    const cached = this.#state.read((connection) =>
      connection.prepare("SELECT count(*) AS runs FROM executions WHERE tool = ? AND cached = 1").get(tool),
    );
    if (!cached.ok) return cached;
    const cachedRuns = Number(cached.value?.["runs"] ?? 0);
    return ok(runs.value.length + cachedRuns === 0 ? undefined : statisticsOf(tool, runs.value, cachedRuns));
  }

  /** Of all tools that ever ran, in the order of their ids. */
  all(): Result<readonly ToolStatistics[]> {
    const tools = this.#state.read((connection) => connection.prepare("SELECT id FROM tools ORDER BY id").all());
    if (!tools.ok) return tools;
    const all: ToolStatistics[] = [];
    for (const { id } of tools.value) {
      const one = this.of(String(id));
      if (!one.ok) return one;
      if (one.value !== undefined) all.push(one.value);
    }
    return ok(all);
  }

  /** What the tool's history says about a run under a policy. */
  forecast(tool: string, policy: Pick<SandboxConfig, "memoryBytes" | "timeMs">): Result<Forecast> {
    // Asked before every run: so many as suggestions rest on.
    const runs = this.#runs(tool, LEARNED_FROM);
    return runs.ok ? ok(forecast(runs.value, policy)) : runs;
  }

  /** The alerts that a run that was just kept set off. */
  alerts(execution: Execution, name: string): Result<readonly Alert[]> {
    if (this.#rules.length === 0 || !isCounted(execution)) return ok([]);
    const runs = this.#runs(execution.tool, 1 + Math.max(...this.#rules.map(runsOf)));
    return runs.ok ? ok(newAlerts(this.#rules, { id: execution.tool, name }, runs.value)) : runs;
  }

  #runs(tool: string, limit: number): Result<readonly CountedRun[]> {
    const rows = this.#state.read((connection) =>
      connection
        .prepare(
          `SELECT reason, wall_ms AS wallMs, peak_memory_bytes AS memoryBytes, started_at AS startedAt FROM executions
           WHERE tool = ? AND counted = 1 ORDER BY seq DESC LIMIT ?`,
        )
        .all(tool, limit),
    );
    return rows.ok ? parseBoundary(Rows, rows.value, "the history of a tool") : rows;
  }
}

function statisticsOf(tool: string, runs: readonly CountedRun[], cachedRuns: number): ToolStatistics {
  const failed = runs.filter(isFailure).length;
  const suggested = learnedLimits(runs);
  return {
    tool,
    runs: runs.length,
    failed,
    failureRate: runs.length === 0 ? 0 : failed / runs.length,
    wallMs: percentiles(runs.map(({ wallMs }) => wallMs)),
    memoryBytes: percentiles(runs.map(({ memoryBytes }) => memoryBytes)),
    last: runs.slice(0, LAST),
    cachedRuns,
    ...(suggested === undefined ? {} : { suggested }),
  };
}
