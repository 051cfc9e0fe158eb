import {
  type Execution,
  fail,
  type History,
  type HistoryStatistics,
  ok,
  type Result,
  type ToolStatistics,
} from "../../model/index.ts";
import { type Context, type KeptState, openKernel, openState } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";
import { formatBytes, formatTime, parseCount } from "../units.ts";

export interface HistoryOptions {
  readonly json?: true;
  /** Statistics of tools instead of runs. */
  readonly stats?: true;
  readonly tool?: string;
  readonly limit?: string;
  readonly workspace: string;
}

/** `toka history`: the workspace's runs, newest first, or what they say of its tools. */
export async function historyCommand(options: HistoryOptions, context: Context): Promise<number> {
  const kernel = await open(options, context);
  if (!kernel.ok) return refuse(kernel, context);
  try {
    const told = options.stats
      ? await tellStatistics(kernel.value, options, context)
      : await tellRuns(kernel.value, options, context);
    return told.ok ? EXIT.done : refuse(told, context);
  } finally {
    kernel.value.close();
  }
}

async function open(options: HistoryOptions, context: Context): Promise<Result<KeptState>> {
  // A name is only known after a discovery; an id and the whole history are not worth one.
  const named = options.tool !== undefined && !/[/.#]/.test(options.tool);
  return named ? await openKernel(options.workspace, context) : openState(options.workspace, context);
}

async function tellRuns(kernel: KeptState, options: HistoryOptions, context: Context): Promise<Result<void>> {
  const limit = options.limit === undefined ? undefined : parseCount(options.limit, 1);
  if (limit !== undefined && !limit.ok) return limit;
  const executions = kernel.history({
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    ...(limit === undefined ? {} : { limit: limit.value }),
  });
  if (!executions.ok) return executions;
  if (options.json) {
    const history: History = { executions: executions.value.map(({ stdout: _out, stderr: _err, ...rest }) => rest) };
    await context.console.json(history);
  } else {
    const head = ["Started", "Tool", "By", "Ended", "Time", "Peak memory", "Run"];
    await context.console.write(table(head, executions.value.map(runRow)));
  }
  return ok(undefined);
}

function runRow(execution: Execution): string[] {
  const { startedAt, tool, principal, exit, usage, cached, id } = execution;
  const ended = cached ? `${exit.reason} (cached)` : exit.reason;
  return [startedAt, tool, principal, ended, formatTime(usage.wallMs), formatBytes(usage.peakMemoryBytes), id];
}

async function tellStatistics(kernel: KeptState, options: HistoryOptions, context: Context): Promise<Result<void>> {
  if (options.limit !== undefined) return fail("bad-option", "--limit is about runs: it does not go with --stats");
  const statistics = options.tool === undefined ? kernel.statistics.all() : ofTool(kernel, options.tool);
  if (!statistics.ok) return statistics;
  if (options.json) {
    const report: HistoryStatistics = { tools: [...statistics.value] };
    await context.console.json(report);
  } else {
    const head = ["Tool", "Runs", "Failed", "Time p50", "p95", "Memory p50", "p95", "Suggested limits"];
    await context.console.write(table(head, statistics.value.map(statisticsRow)));
  }
  return ok(undefined);
}

function ofTool(kernel: KeptState, wanted: string): Result<readonly ToolStatistics[]> {
  const found = kernel.findTool(wanted);
  if (!found.ok && found.problem.code === "ambiguous-tool") return found;
  const one = kernel.statistics.of(found.ok ? found.value.id : wanted);
  return one.ok ? ok(one.value === undefined ? [] : [one.value]) : one;
}

function statisticsRow({ tool, runs, failureRate, wallMs, memoryBytes, suggested }: ToolStatistics): string[] {
  return [
    ...[tool, String(runs), `${Math.round(100 * failureRate)} %`],
    ...[formatTime(wallMs.p50), formatTime(wallMs.p95), formatBytes(memoryBytes.p50), formatBytes(memoryBytes.p95)],
    suggested === undefined ? "" : `${formatBytes(suggested.memoryBytes)}, ${formatTime(suggested.timeMs)}`,
  ];
}
