import type { CompiledWorkflow, Kernel } from "../../kernel/index.ts";
import type {
  Result,
  ToolArguments,
  WorkflowPlan,
  WorkflowProblem,
  WorkflowReport,
  WorkflowStepReport,
} from "../../model/index.ts";
import { type Context, openKernel, openState } from "../context.ts";
import { EXIT, exitCodeOf } from "../exit-codes.ts";
import { refuse } from "../refuse.ts";
import { table } from "../table.ts";
import { formatBytes, formatTime, parseCount } from "../units.ts";

interface CommonOptions {
  readonly json?: true;
  readonly workspace: string;
}

export interface WorkflowPlanOptions extends CommonOptions {
  readonly input?: readonly string[];
}

export interface WorkflowRunOptions extends WorkflowPlanOptions {
  readonly resume?: string | true;
}

export interface WorkflowRunsOptions extends CommonOptions {
  readonly limit?: string;
}

/** A workflow that was opened, with the kernel that belongs to it. */
interface Opened {
  readonly kernel: Pick<Kernel, "workflows">;
  readonly compiled: CompiledWorkflow;
}

/** Opens the kernel and the workflow, does the work, and closes the kernel whatever happens. */
async function withWorkflow(
  file: string,
  { workspace }: CommonOptions,
  context: Context,
  work: (opened: Opened) => Promise<number>,
): Promise<number> {
  const kernel = await openKernel(workspace, context);
  if (!kernel.ok) return refuse(kernel, context);
  try {
    const compiled = kernel.value.workflows.open(file);
    if (!compiled.ok) return refuse(compiled, context);
    return await work({ kernel: kernel.value, compiled: compiled.value });
  } finally {
    kernel.value.close();
  }
}

function sayProblems(problems: readonly WorkflowProblem[], context: Context): void {
  for (const { file, line, column, severity, message } of problems) {
    context.console.say(`${file}:${line}:${column}: ${severity}: ${message}`);
  }
}

/** `toka workflow check FILE`: everything that is wrong before anything runs. */
export async function workflowCheckCommand(file: string, options: CommonOptions, context: Context): Promise<number> {
  return await withWorkflow(file, options, context, async ({ kernel, compiled }) => {
    const check = kernel.workflows.check(compiled);
    if (options.json) await context.console.json(check);
    else {
      sayProblems(check.problems, context);
      const { steps, waves } = compiled;
      if (check.ok) await context.console.line(`${check.file}: sound, ${steps.length} steps in ${waves.length} waves`);
    }
    return check.ok ? EXIT.done : EXIT.failed;
  });
}

function readInputs({ kernel, compiled }: Opened, words: readonly string[] = []): Result<ToolArguments> {
  return kernel.workflows.parseInputs(compiled, words);
}

/** All that is wrong is told, not the first of it alone. */
function isSound({ kernel, compiled }: Opened, context: Context): boolean {
  const { ok: isOk, problems } = kernel.workflows.check(compiled);
  sayProblems(problems, context);
  return isOk;
}

/** `toka workflow plan FILE`: what would happen, without anything happening. */
export async function workflowPlanCommand(
  file: string,
  options: WorkflowPlanOptions,
  context: Context,
): Promise<number> {
  return await withWorkflow(file, options, context, async (opened) => {
    if (!isSound(opened, context)) return EXIT.wrongUse;
    const inputs = readInputs(opened, options.input);
    if (!inputs.ok) return refuse(inputs, context);
    const plan = opened.kernel.workflows.plan(opened.compiled, inputs.value);
    if (!plan.ok) return refuse(plan, context);
    if (options.json) await context.console.json(plan.value);
    else await tellPlan(plan.value, context);
    return EXIT.done;
  });
}

async function tellPlan(plan: WorkflowPlan, { console }: Context): Promise<void> {
  const rows = plan.steps
    .toSorted((one, other) => one.wave - other.wave)
    .map((step) => [
      String(step.wave + 1),
      step.id,
      step.toolName,
      step.needs.join(", "),
      step.argv?.join(" ") ?? step.unknown.map((name) => `${name}=${JSON.stringify(step.arguments[name])}`).join(" "),
    ]);
  await console.write(table(["Wave", "Step", "Tool", "After", "Command, or what is not known yet"], rows));
  const { limits } = plan;
  const lines = [
    `runs for ${plan.principal}`,
    ...plan.capabilities.map(({ name, steps, evidence: [first] }) => {
      const where = first === undefined ? "" : ` (${first.file}:${first.line}: ${first.why})`;
      return `${name}: ${steps.join(", ")}${where}`;
    }),
    `hosts: ${listed(plan.hosts)}${plan.askedHosts.length > 0 ? `; named in the code: ${listed(plan.askedHosts)}` : ""}`,
    `can be changed: ${listed(plan.writablePaths)}${plan.askedPaths.length > 0 ? `; named in the code: ${listed(plan.askedPaths)}` : ""}`,
    `limits: ${formatBytes(limits.memoryBytes)} and ${limits.processes} processes a step, ${formatTime(limits.timeMs)} in all`,
    ...plan.denied.map(({ step, message }) => `${step} will be denied: ${message}`),
    ...plan.steps.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`])),
  ];
  for (const line of lines) console.say(`toka: ${line}`);
}

function listed(values: readonly string[]): string {
  return values.length === 0 ? "none" : values.join(", ");
}

/** `toka workflow run FILE`: runs it, or goes on with an earlier run of it. */
export async function workflowRunCommand(file: string, options: WorkflowRunOptions, context: Context): Promise<number> {
  return await withWorkflow(file, options, context, async (opened) => {
    if (!isSound(opened, context)) return EXIT.wrongUse;
    const inputs = readInputs(opened, options.input);
    if (!inputs.ok) return refuse(inputs, context);
    const report = await opened.kernel.workflows.run(
      {
        compiled: opened.compiled,
        inputs: inputs.value,
        ...(options.resume === undefined ? {} : { resume: options.resume }),
      },
      { signal: context.signal, onStep: (step) => context.console.say(`toka: ${stepLine(step)}`) },
    );
    if (!report.ok) return refuse(report, context);
    if (options.json) await context.console.json(report.value);
    else await tellReport(report.value, context);
    return exitCodeOfReport(report.value);
  });
}

function stepLine({ id, status, reused, message }: WorkflowStepReport): string {
  const what = reused ? "ok, finished before" : status;
  return `${id}: ${what}${message === undefined ? "" : `: ${message}`}`;
}

async function tellReport(report: WorkflowReport, { console }: Context): Promise<void> {
  const rows = report.steps.map(({ id, tool, status, reused, runs }) => [
    id,
    tool,
    reused ? `${status} (before)` : status,
    String(runs.length),
    formatTime(runs.reduce((sum, { usage }) => sum + usage.wallMs, 0)),
    formatBytes(Math.max(0, ...runs.map(({ usage }) => usage.peakMemoryBytes))),
    runs.at(-1)?.execution ?? "",
  ]);
  await console.write(table(["Step", "Tool", "Ended", "Runs", "Time", "Peak memory", "Last run"], rows));
  for (const [name, value] of Object.entries(report.outputs)) await console.line(`${name} = ${JSON.stringify(value)}`);
  const message = report.message === undefined ? "" : `: ${report.message}`;
  console.say(`toka: ${report.workflow}: ${report.status}${message} (run ${report.id})`);
  if (report.status !== "ok")
    console.say(`toka: go on with it: toka workflow run ${report.file} --resume ${report.id}`);
}

/** The first step that went wrong decides, as its tool's run would alone. */
function exitCodeOfReport({ status, steps }: WorkflowReport): number {
  if (status === "ok") return EXIT.done;
  if (status === "cancelled") return EXIT.cancelled;
  const run = steps.find((step) => step.status === "failed")?.runs.findLast(({ reason }) => reason !== "ok");
  return run === undefined ? EXIT.failed : exitCodeOf({ reason: run.reason });
}

/** `toka workflow runs [FILE]`: earlier runs, newest first. */
export async function workflowRunsCommand(
  file: string | undefined,
  options: WorkflowRunsOptions,
  context: Context,
): Promise<number> {
  const limit = options.limit === undefined ? undefined : parseCount(options.limit, 1);
  if (limit?.ok === false) return refuse(limit, context);
  const { workspace } = options;
  const kernel = openState(workspace, context);
  if (!kernel.ok) return refuse(kernel, context);
  try {
    const { workflows } = kernel.value;
    const runs = workflows.runs({
      ...(file === undefined ? {} : { file: workflows.fileOf(file) }),
      ...(limit === undefined ? {} : { limit: limit.value }),
    });
    if (!runs.ok) return refuse(runs, context);
    if (options.json) {
      await context.console.json({ runs: runs.value });
      return EXIT.done;
    }
    const rows = runs.value.map(({ startedAt, workflow, file: of, status, steps, id }) => {
      const done = steps.filter((step) => step.status === "ok").length;
      return [startedAt, workflow, of, status, String(done), id];
    });
    await context.console.write(table(["Started", "Workflow", "File", "Status", "Steps done", "Run"], rows));
    return EXIT.done;
  } finally {
    kernel.value.close();
  }
}
