import { Kernel } from "../../kernel/index.ts";
import type { Execution, History, Result } from "../../model/index.ts";
import { type Context, openKernel, openSandbox } from "../context.ts";
import { EXIT, exitCodeOfProblem } from "../exit-codes.ts";
import { table } from "../table.ts";
import { formatBytes, formatTime, parseCount } from "../units.ts";

export interface HistoryOptions {
  readonly json?: true;
  readonly tool?: string;
  readonly limit?: string;
  readonly workspace: string;
}

/** `toka history`: the workspace's runs, newest first. */
export async function historyCommand(options: HistoryOptions, context: Context): Promise<number> {
  const executions = await read(options, context);
  if (!executions.ok) {
    context.console.problem(executions.problem);
    return exitCodeOfProblem(executions.problem);
  }
  if (options.json) {
    const history: History = { executions: executions.value.map(({ stdout: _out, stderr: _err, ...rest }) => rest) };
    await context.console.json(history);
    return EXIT.done;
  }
  const rows = executions.value.map((execution) => [
    execution.startedAt,
    execution.tool,
    execution.principal,
    execution.exit.reason,
    formatTime(execution.usage.wallMs),
    formatBytes(execution.usage.peakMemoryBytes),
    execution.id,
  ]);
  await context.console.write(table(["Started", "Tool", "By", "Ended", "Time", "Peak memory", "Run"], rows));
  return EXIT.done;
}

async function read(options: HistoryOptions, context: Context): Promise<Result<readonly Execution[]>> {
  const limit = options.limit === undefined ? undefined : parseCount(options.limit, 1);
  if (limit !== undefined && !limit.ok) return limit;
  // A name is only known after a discovery; an id and the whole history are not worth one.
  const named = options.tool !== undefined && !/[/.#]/.test(options.tool);
  const kernel = named
    ? await openKernel(options.workspace, context)
    : Kernel.open({ workspace: options.workspace, sandbox: openSandbox(), environment: context.environment });
  if (!kernel.ok) return kernel;
  try {
    return kernel.value.history({
      ...(options.tool === undefined ? {} : { tool: options.tool }),
      ...(limit === undefined ? {} : { limit: limit.value }),
    });
  } finally {
    kernel.value.close();
  }
}
