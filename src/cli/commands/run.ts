import { resolve } from "node:path";
import { changedText, type Kernel, type KernelOperations } from "../../kernel/index.ts";
import {
  type Execution,
  fail,
  type GateEvent,
  hostileValues,
  ok,
  parseBoundary,
  type Result,
  ToolArguments,
} from "../../model/index.ts";
import { type Context, openKernel } from "../context.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { observedLines } from "../observed-lines.ts";
import { refuse } from "../refuse.ts";
import { parseToolArguments } from "../tool-arguments.ts";
import { formatBytes, formatTime } from "../units.ts";
import { UNPROTECTED_HINT } from "./exec.ts";

export interface RunOptions {
  readonly args?: string;
  readonly json?: true;
  readonly workspace: string;
  readonly writable?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly observe?: true;
  readonly unprotected?: true;
  readonly cache: boolean;
}

/** `toka run TOOL`: runs a tool of the workspace through the kernel, for the user. */
export async function runCommand(
  wanted: string,
  words: readonly string[],
  options: RunOptions,
  context: Context,
): Promise<number> {
  const kernel = await openKernel(options.workspace, context);
  if (!kernel.ok) return refuse(kernel, context);
  try {
    const args = readArguments(kernel.value, wanted, words, options.args);
    if (!args.ok) {
      const noted = kernel.value.audit.noteRefused({ tool: wanted, arguments: {}, principal: "user" }, args.problem);
      return refuse(noted.ok ? args : noted, context);
    }
    warn(kernel.value, wanted, args.value, context);
    const execution = await execute(kernel.value, wanted, args.value, options, context);
    if (!execution.ok) return refuse(execution, context);
    if (options.json) await context.console.json(execution.value);
    else tell(execution.value, context);
    if (execution.value.exit.reason === "not-enforceable" && !options.unprotected)
      context.console.say(UNPROTECTED_HINT);
    return exitCodeOf(execution.value.exit);
  } finally {
    kernel.value.close();
  }
}

/** What a person should know of a run: values that look hostile, and that the tool is not what was approved. */
function warn(kernel: Pick<Kernel, "grants">, wanted: string, args: ToolArguments, { console }: Context): void {
  for (const { parameter, value, reason } of hostileValues(args)) {
    console.say(`toka: look at “${parameter}”: ${JSON.stringify(value)} ${reason}`);
  }
  const changes = kernel.grants.changes(wanted);
  // What is wrong with the tool itself, running it tells.
  if (!changes.ok || changes.value === undefined) return;
  const { tool } = changes.value;
  console.say(
    `toka: ${tool} changed since it was approved (${changedText(changes.value)}): its grants do not hold; toka grants changes ${tool} shows how`,
  );
}

function readArguments(
  kernel: KernelOperations,
  wanted: string,
  words: readonly string[],
  json: string | undefined,
): Result<ToolArguments> {
  const tool = kernel.findTool(wanted);
  if (!tool.ok) return tool;
  if (json === undefined) return parseToolArguments(tool.value, words);
  if (words.length > 0) return fail("bad-option", "Give either --args or single parameters, not both");
  try {
    return parseBoundary(ToolArguments, JSON.parse(json), "--args");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("bad-option", `--args is not JSON: ${why}`);
  }
}

async function execute(
  kernel: KernelOperations,
  tool: string,
  args: ToolArguments,
  options: RunOptions,
  context: Context,
): Promise<Result<Execution>> {
  const writablePaths = (options.writable ?? []).map((path) => resolve(path));
  const hosts = options.allowHost ?? [];
  const request = {
    tool,
    arguments: args,
    principal: "user",
    ...(writablePaths.length + hosts.length === 0 ? {} : { grant: { writablePaths, hosts: [...hosts] } }),
    ...(options.observe ? { observe: true } : {}),
    ...(options.unprotected ? { unprotected: true } : {}),
    ...(options.cache ? {} : { cache: false }),
  } as const;
  const onGate = (event: GateEvent): void => tellGate(event, context);
  if (options.json) return kernel.execute(request, { signal: context.signal, onGate });
  const stdout = context.console.toolStream("stdout");
  const stderr = context.console.toolStream("stderr");
  const execution = await kernel.execute(request, {
    signal: context.signal,
    onGate,
    onStdout: (chunk) => stdout.push(chunk),
    onStderr: (chunk) => stderr.push(chunk),
  });
  stdout.end();
  stderr.end();
  return execution.ok ? ok(execution.value) : execution;
}

/** What the gate says is for people: it goes to standard error, with `--json`, too. */
function tellGate(event: GateEvent, { console }: Context): void {
  switch (event.type) {
    case "queued":
      console.say(`toka: waits for its turn: ${event.position} of ${event.waiting}`);
      break;
    case "retrying": {
      const delay = formatTime(event.delayMs);
      console.say(`toka: ${event.reason}; attempt ${event.attempt} of ${event.of} follows in ${delay}`);
      break;
    }
    case "forecast":
      for (const { message } of event.warnings) console.say(`toka: ${message}`);
      break;
    case "cached":
      console.say(`toka: cached, ${formatTime(Date.now() - Date.parse(event.at))} old (--no-cache runs it anew)`);
      break;
    case "not-kept":
      console.say(`toka: its result is not kept: ${event.why}`);
      break;
    case "alert":
      console.say(`toka: alert: ${event.alert.message}`);
  }
}

function tell(execution: Execution, context: Context): void {
  const { exit, usage } = execution;
  const code = exit.code === undefined || exit.code === 0 ? "" : ` (exit code ${exit.code})`;
  const message = exit.message === undefined ? "" : `: ${exit.message}`;
  const sums = `${formatTime(usage.wallMs)}, CPU ${formatTime(usage.cpuMs)}, peak ${formatBytes(usage.peakMemoryBytes)}`;
  context.console.say(`toka: ${exit.reason}${code}${message} · ${sums}`);
  for (const result of execution.results) {
    context.console.say(`toka: result ${result.path} (${result.format}, ${formatBytes(result.bytes)})`);
  }
  if (execution.observed === undefined) return;
  for (const line of observedLines(execution.observed)) context.console.say(`toka: ${line}`);
}
