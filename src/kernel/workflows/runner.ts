import { createHash, randomUUID } from "node:crypto";
import {
  coerceArguments,
  type Execution,
  type ExitReason,
  ok,
  type Principal,
  type Result,
  type ToolArguments,
  type WorkflowOrigin,
  type WorkflowReport,
  type WorkflowStepReport,
  type WorkflowStepRun,
  type WorkflowStepStatus,
} from "../../model/index.ts";
import { pause } from "../execution/pause.ts";
import type { ExecutionHooks, Plan, RunRequest } from "../request.ts";
import type { CompiledStep, CompiledWorkflow } from "./compiled.ts";
import { isList, type Json, kindOf, toJson, type Value } from "./expressions/index.ts";
import { RunScope, type ScopeParts, statusOf } from "./scope.ts";
import { ExecutionValue, type RunValue, StepValue } from "./step-value.ts";
import type { WorkflowStore } from "./store.ts";
import { Turns } from "./turns.ts";
import { resolveArguments, resolveOutputs, resolveTemplate, resolveValue } from "./values.ts";

/** The operations of the gate that a workflow needs: a step is an execution like any other. */
export interface Gate {
  plan(request: RunRequest): Result<Plan>;
  execute(request: RunRequest, hooks: ExecutionHooks): Promise<Result<Execution>>;
  execution(id: string): Result<Execution>;
}

/** Receivers of what happens in a run of a workflow, and the signal that cancels it. */
export interface WorkflowHooks {
  readonly signal: AbortSignal;
  /** A step began, made progress or ended. */
  readonly onStep?: (report: WorkflowStepReport) => void;
}

export interface RunPlan {
  readonly id: string;
  readonly resumed: boolean;
  readonly startedAt: string;
  readonly compiled: CompiledWorkflow;
  readonly inputs: ToolArguments;
  /** Fingerprints of the tools as they were confirmed: one that changed since is not run. */
  readonly approved: ReadonlyMap<string, string> | undefined;
}

/** So many executions of one workflow are asked for at once; how many of them run is the gate's to say. */
const MOST_AT_ONCE = 16;
const MOST_ITEMS = 1000;
/** Trying again cannot help with these. */
const FINAL: ReadonlySet<ExitReason> = new Set(["ok", "denied", "cancelled", "not-enforceable"]);

/** A step that has ended. */
interface Ended {
  readonly report: WorkflowStepReport;
  readonly value: StepValue;
}

/** One run of a step's tool, or why there was none. */
interface OneRun {
  readonly status: "ok" | "failed" | "cancelled";
  readonly runs: readonly WorkflowStepRun[];
  readonly value?: RunValue;
  readonly message?: string;
}

/** Runs one workflow to its end. */
export class WorkflowRunner {
  readonly #gate: Gate;
  readonly #store: WorkflowStore;
  readonly #plan: RunPlan;
  readonly #hooks: WorkflowHooks;
  readonly #principal: Principal;
  readonly #turns = new Turns(MOST_AT_ONCE);
  readonly #ended = new Map<string, Ended>();
  readonly #running = new Map<string, Promise<Result<void>>>();

  constructor(gate: Gate, store: WorkflowStore, plan: RunPlan, hooks: WorkflowHooks) {
    this.#gate = gate;
    this.#store = store;
    this.#plan = plan;
    this.#hooks = hooks;
    this.#principal = `workflow:${plan.compiled.source.name}`;
  }

  /** A step that fails is told in the report; problems are left for a state that cannot be written. */
  async run(): Promise<Result<WorkflowReport>> {
    const { compiled, id, inputs, resumed, startedAt } = this.#plan;
    const steps = new Map(compiled.steps.map((step) => [step.id, step]));
    for (const wave of compiled.waves) {
      for (const name of wave) {
        const step = steps.get(name);
        if (step !== undefined) this.#running.set(name, this.#whenReady(step));
      }
    }
    const settled = await Promise.all(this.#running.values());
    const broken = settled.find((result) => !result.ok);
    if (broken?.ok === false) return broken;
    const reports = compiled.steps.flatMap(({ id: step }) => this.#ended.get(step)?.report ?? []);
    const status = overall(reports);
    const outputs = status === "ok" ? resolveOutputs(compiled.outputs, new RunScope(this.#scopeParts())) : undefined;
    const failed = outputs?.ok === false;
    const report: WorkflowReport = {
      ...{ id, workflow: compiled.source.name, file: compiled.source.file },
      status: failed ? "failed" : status,
      ...{ startedAt, resumed, inputs },
      outputs: outputs?.ok === true ? plainRecord(outputs.value) : {},
      steps: reports,
      ...(failed ? { message: outputs.problem.message } : {}),
    };
    const kept = this.#store.end(id, report.status);
    return kept.ok ? ok(report) : kept;
  }

  #scopeParts(): ScopeParts {
    const { compiled, id, inputs } = this.#plan;
    const steps = new Map([...this.#ended].map(([step, { value }]) => [step, value]));
    return { inputs, workflow: { name: compiled.source.name, run: id }, steps };
  }

  async #whenReady(step: CompiledStep): Promise<Result<void>> {
    const needed = await Promise.all(step.needs.flatMap((need) => this.#running.get(need) ?? []));
    const broken = needed.find((result) => !result.ok);
    if (broken !== undefined) return broken;
    const ended = await this.#step(step);
    if (!ended.ok) return ended;
    this.#ended.set(step.id, ended.value);
    this.#hooks.onStep?.(ended.value.report);
    return ok(undefined);
  }

  async #step(step: CompiledStep): Promise<Result<Ended>> {
    const none = (status: WorkflowStepStatus, message: string): Result<Ended> => {
      const report = { id: step.id, tool: step.tool.id, status, reused: false, message, runs: [] };
      return ok({ report, value: new StepValue(status, [], step.forEach !== undefined) });
    };
    if (this.#hooks.signal.aborted) return none("cancelled", "cancelled before it began");
    const condition = this.#condition(step);
    if (!condition.ok) return none("failed", `if: ${condition.problem.message}`);
    if (condition.value !== undefined) return none("skipped", condition.value);
    const items = this.#items(step);
    if (!items.ok) return none("failed", `forEach: ${items.problem.message}`);
    this.#hooks.onStep?.({ id: step.id, tool: step.tool.id, status: "running", reused: false, runs: [] });
    const runs = await Promise.all(
      items.value.map((item, index) => {
        const at = step.forEach === undefined ? undefined : { value: item, index };
        return this.#turns.take(() => this.#one(step, at));
      }),
    );
    const done: OneRun[] = [];
    for (const run of runs) {
      if (!run.ok) return run;
      done.push(run.value);
    }
    return ok(endOf(step, done));
  }

  /** Why a step is skipped; nothing when it runs. */
  #condition(step: CompiledStep): Result<string | undefined> {
    const missing = step.needs.filter((need) => this.#ended.get(need)?.report.status !== "ok");
    if (missing.length > 0 && !step.asksStatus) {
      const why = missing.map((need) => `${need} ${PAST[this.#ended.get(need)?.report.status ?? "waiting"]}`);
      return ok(why.join(", "));
    }
    if (step.condition === undefined) return ok(undefined);
    const ended = (id: string): WorkflowStepStatus | undefined => this.#ended.get(id)?.report.status;
    const status = statusOf(step.needs, this.#ancestors(step), ended);
    const value = resolveTemplate(step.condition.template, new RunScope({ ...this.#scopeParts(), status }));
    if (!value.ok) return value;
    if (typeof value.value !== "boolean") {
      const message = `${step.condition.text} is ${kindOf(value.value)}, and a condition is true or false`;
      return { ok: false, problem: { code: "not-a-condition", message } };
    }
    return ok(value.value ? undefined : `its condition is false: ${step.condition.text}`);
  }

  #ancestors(step: CompiledStep): ReadonlySet<string> {
    const steps = new Map(this.#plan.compiled.steps.map((one) => [one.id, one]));
    const found = new Set(step.needs);
    for (const id of found) for (const need of steps.get(id)?.needs ?? []) found.add(need);
    return found;
  }

  #items(step: CompiledStep): Result<readonly Value[]> {
    if (step.forEach === undefined) return ok([null]);
    const value = resolveValue(step.forEach, new RunScope(this.#scopeParts()));
    if (!value.ok) return value;
    const problem = (message: string): Result<never> => ({ ok: false, problem: { code: "not-a-list", message } });
    if (!isList(value.value)) return problem(`it goes over a list, and this is ${kindOf(value.value)}`);
    if (value.value.length > MOST_ITEMS)
      return problem(`at most ${MOST_ITEMS} items, and this has ${value.value.length}`);
    return ok(value.value);
  }

  /** Runs the step's tool once, and again where that is asked; a finished run of an earlier attempt is used as it is. */
  async #one(step: CompiledStep, item: ScopeParts["item"]): Promise<Result<OneRun>> {
    const failed = (message: string): Result<OneRun> => ok({ status: "failed", runs: [], message });
    if (this.#hooks.signal.aborted) return ok({ status: "cancelled", runs: [], message: "cancelled before it began" });
    const parts = { ...this.#scopeParts(), ...(item === undefined ? {} : { item }) };
    const scope = new RunScope(parts);
    const args = resolveArguments(step.arguments, scope);
    if (!args.ok) return failed(`with: ${args.problem.message}`);
    const origin: WorkflowOrigin = {
      run: this.#plan.id,
      step: step.id,
      ...(item === undefined ? {} : { item: item.index }),
    };
    const approved = this.#plan.approved?.get(step.tool.id);
    const { timeoutSeconds } = step.step;
    const request: RunRequest = {
      tool: step.tool.id,
      arguments: coerceArguments(step.tool, args.value),
      principal: this.#principal,
      ...(timeoutSeconds === undefined ? {} : { limits: { timeMs: Math.max(1, Math.round(timeoutSeconds * 1000)) } }),
      ...(approved === undefined ? {} : { approved }),
    };
    const base = { origin, readable: scope.files };
    const planned = this.#gate.plan({ ...request, step: { ...base, execution: "" } });
    if (!planned.ok) return failed(planned.problem.message);
    const key = this.#key(step, planned.value, request);
    const known = this.#finished(origin, key);
    if (!known.ok) return known;
    if (known.value !== undefined) return ok(this.#ran(step, parts, known.value));
    return await this.#attempts(step, parts, key, (execution) => ({ ...request, step: { ...base, execution } }));
  }

  async #attempts(
    step: CompiledStep,
    parts: ScopeParts,
    key: string,
    requestFor: (execution: string) => RunRequest,
  ): Promise<Result<OneRun>> {
    const { count = 0, backoffSeconds = 1 } = step.step.retry ?? {};
    const runs: WorkflowStepRun[] = [];
    for (let attempt = 1; ; attempt++) {
      const id = randomUUID();
      const request = requestFor(id);
      const origin = request.step?.origin ?? { run: this.#plan.id, step: step.id };
      const noted = this.#store.note({ origin, key, execution: id, attempt });
      if (!noted.ok) return noted;
      const done = await this.#gate.execute(request, { signal: this.#hooks.signal });
      if (!done.ok) return ok({ status: "failed", runs, message: done.problem.message });
      const { exit } = done.value;
      if (FINAL.has(exit.reason) || attempt > count || this.#hooks.signal.aborted) {
        const ran = this.#ran(step, parts, { execution: done.value, attempt, reused: false });
        const kept = this.#store.noteEnd(origin, ran.status);
        return kept.ok ? ok({ ...ran, runs: [...runs, ...ran.runs] }) : kept;
      }
      runs.push(runOf(done.value, origin, attempt, false));
      await pause(backoffSeconds * 1000 * 2 ** (attempt - 1), this.#hooks.signal);
    }
  }

  /** What came of an execution, with the outputs that the step declares. */
  #ran(
    step: CompiledStep,
    parts: ScopeParts,
    {
      execution,
      attempt,
      reused,
    }: { readonly execution: Execution; readonly attempt: number; readonly reused: boolean },
  ): OneRun {
    const origin = execution.workflow ?? { run: this.#plan.id, step: step.id };
    const runs = [runOf(execution, origin, attempt, reused)];
    const { reason, message } = execution.exit;
    const value = new ExecutionValue(execution.id, (id) => this.#gate.execution(id));
    if (reason !== "ok") {
      const status = reason === "cancelled" ? "cancelled" : "failed";
      const code = execution.exit.code === undefined ? reason : `${reason} (exit code ${execution.exit.code})`;
      return { status, runs, value: { run: value, outputs: new Map() }, message: message ?? code };
    }
    const outputs = resolveOutputs(step.outputs, new RunScope({ ...parts, result: value }));
    if (!outputs.ok) {
      return { status: "failed", runs, value: { run: value, outputs: new Map() }, message: outputs.problem.message };
    }
    return { status: "ok", runs, value: { run: value, outputs: outputs.value } };
  }

  /** All that decides what a run of a step does: tool, arguments, limits, and which runs came before it. */
  #key(step: CompiledStep, plan: Plan, { limits }: RunRequest): string {
    const before = step.needs.map((need) => {
      const report = this.#ended.get(need)?.report;
      return [need, report?.status, report?.runs.map(({ execution }) => execution)];
    });
    const parts = [step.tool.id, plan.fingerprint, Object.entries(plan.arguments).toSorted(byName), limits, before];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  /** The execution of an earlier attempt at this run that did the very same and went well, with all its results. */
  #finished(
    origin: WorkflowOrigin,
    key: string,
  ): Result<{ readonly execution: Execution; readonly attempt: number; readonly reused: true } | undefined> {
    const earlier = this.#store.earlier(origin);
    if (!earlier.ok) return earlier;
    if (earlier.value === undefined || earlier.value.key !== key) return ok(undefined);
    const { execution: id, attempt } = earlier.value;
    const execution = this.#gate.execution(id);
    // It began and was never kept, or it was cleared: it has to run again.
    if (!execution.ok || execution.value.exit.reason !== "ok") return ok(undefined);
    const paths = execution.value.results.map(({ path }) => path);
    if (!this.#store.readable(origin, paths).ok) return ok(undefined);
    const kept = this.#store.noteEnd(origin, "ok");
    return kept.ok ? ok({ execution: execution.value, attempt, reused: true }) : kept;
  }
}

const PAST: Readonly<Record<WorkflowStepStatus, string>> = {
  waiting: "has not run",
  running: "has not ended",
  ok: "went well",
  failed: "failed",
  skipped: "was skipped",
  cancelled: "was cancelled",
};

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function runOf(execution: Execution, { item }: WorkflowOrigin, attempt: number, reused: boolean): WorkflowStepRun {
  const { reason, message } = execution.exit;
  return {
    execution: execution.id,
    ...(item === undefined ? {} : { item }),
    attempt,
    reason,
    ...(message === undefined ? {} : { message }),
    reused,
    cached: execution.cached,
    usage: execution.usage,
  };
}

/** Joins the runs of a step, one or one for each item. */
function endOf(step: CompiledStep, done: readonly OneRun[]): Ended {
  const worst = (["cancelled", "failed"] as const).find((status) => done.some((run) => run.status === status));
  const status = worst ?? "ok";
  const runs = done.flatMap((run) => run.runs);
  const messages = [...new Set(done.flatMap(({ message }) => message ?? []))];
  const values = done.flatMap(({ value }) => value ?? []);
  const isList = step.forEach !== undefined;
  const value = new StepValue(status, values, isList);
  const outputs = step.outputs.size > 0 && status === "ok" ? value.get("outputs") : undefined;
  const report: WorkflowStepReport = {
    id: step.id,
    tool: step.tool.id,
    status,
    reused: runs.length > 0 && runs.every(({ reused }) => reused),
    ...(messages.length === 0 ? {} : { message: messages.slice(0, SHOWN_MESSAGES).join("; ") }),
    runs,
    ...(outputs === undefined ? {} : { outputs: plainRecord(outputs) }),
  };
  return { report, value };
}

/** Of many items that failed only so many different reasons are told; the runs have them all. */
const SHOWN_MESSAGES = 3;

function overall(reports: readonly WorkflowStepReport[]): "ok" | "failed" | "cancelled" {
  if (reports.some(({ status }) => status === "cancelled")) return "cancelled";
  return reports.some(({ status }) => status === "failed") ? "failed" : "ok";
}

function plainRecord(value: Value): Record<string, Json> {
  const json = toJson(value, () => undefined);
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}
