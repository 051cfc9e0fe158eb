import {
  type Execution,
  fail,
  type GateEvent,
  type Observed,
  ok,
  type Problem,
  type Result,
} from "../../model/index.ts";
import type { Recording, ResultCache } from "../cache/result-cache.ts";
import { compareObserved } from "../observation.ts";
import type { Denial } from "../policy.ts";
import { delayBeforeNext } from "../queue/retry.ts";
import type { RunQueue, Turn } from "../queue/run-queue.ts";
import type { ExecutionHooks, MonitoredEvent, Plan, RunRequest } from "../request.ts";
import type { State } from "../state.ts";
import type { StatisticsKeeper } from "../statistics/statistics-keeper.ts";
import { type AttemptContext, attempt } from "./attempt.ts";
import { pause } from "./pause.ts";
import { SpareRuns } from "./spare-runs.ts";

/** What the executor works with; all of it belongs to the kernel. */
export interface ExecutorParts {
  readonly context: AttemptContext;
  readonly state: State;
  readonly clock: () => Date;
  readonly queue: RunQueue;
  readonly cache: ResultCache;
  readonly statistics: StatisticsKeeper;
  /** Milliseconds that a run may wait for its turn. */
  readonly waitMs: number;
  /** `run` is the run's id where it is planned again: what it used up itself still counts for it. */
  readonly plan: (request: RunRequest, run?: string) => Result<Plan>;
  /** Notes that a run begins; false when it may not, since another used up its grant. */
  readonly begin: (plan: Plan, request: RunRequest, run: string) => Result<boolean>;
  /** Notes that a call is no run, or not any more (then with the run's id). */
  readonly refused: (request: RunRequest, problem: Problem, run?: string) => Result<void>;
  readonly monitor: (event: MonitoredEvent) => void;
  /** Takes away what is kept too long; called when a run was kept. */
  readonly tidy: () => Result<unknown>;
}

const NO_USAGE = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, writtenBytes: 0 };

type Base = Omit<Execution, "exit" | "stdout" | "stderr" | "results" | "usage">;

/** A run on its way through the gate. */
interface Run {
  readonly id: string;
  readonly request: RunRequest;
  readonly plan: Plan;
  readonly base: Base;
  readonly hooks: ExecutionHooks;
  readonly tell: (event: GateEvent) => void;
}

type GivenTurn = Extract<Turn, { kind: "turn" }>;

/** What one attempt came to. */
interface Attempted {
  readonly execution: Execution;
  readonly observed: Observed | undefined;
  /** Keeps the result, where it may be kept. */
  readonly recording: Recording | undefined;
}

/** Takes a run through the gate: plan, cache, queue, sandbox, history. */
export class Executor {
  readonly #parts: ExecutorParts;
  readonly #spares: SpareRuns;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    this.#spares = new SpareRuns(parts.state);
  }

  /** As `Kernel.execute`. */
  async execute(request: RunRequest, hooks: ExecutionHooks): Promise<Result<Execution>> {
    const prepared = this.#prepare(request.step?.execution ?? this.#spares.take(request.tool), request, hooks);
    if (!prepared.ok) return this.#refuse(request, prepared.problem);
    const run = prepared.value;
    const asked = this.#noteAsked(run);
    if (!asked.ok) return asked;
    if (run.plan.denied !== undefined) return this.#keepDenied(run, run.plan.denied);
    const known = await this.#fromCache(run);
    if (known !== undefined) return known;
    const forecast = this.#parts.statistics.forecast(run.plan.tool.id, run.plan.policy);
    if (!forecast.ok) return forecast;
    const { warnings } = forecast.value;
    if (warnings.length > 0) run.tell({ type: "forecast", warnings });
    const turn = await this.#turn(run);
    return turn.kind === "turn" ? this.#inTurn(run, turn) : this.#keepUnstarted(run, turn.kind);
  }

  /** Plans the run; a tool that is not the approved one any more is not run. */
  #prepare(id: string, request: RunRequest, hooks: ExecutionHooks): Result<Run> {
    const planned = this.#parts.plan(request, id);
    if (!planned.ok) return planned;
    const plan = planned.value;
    if (request.approved !== undefined && request.approved !== plan.fingerprint) {
      const message = `${plan.tool.name} changed after it was confirmed: look at it again, then run it`;
      return fail("tool-changed", message, { file: plan.tool.file, line: plan.tool.line });
    }
    const { principal } = request;
    const base: Base = {
      id,
      tool: plan.tool.id,
      arguments: plan.arguments,
      argv: [...plan.argv],
      principal,
      startedAt: this.#parts.clock().toISOString(),
      policy: plan.policy,
      cached: false,
      ...(request.step === undefined ? {} : { workflow: request.step.origin }),
    };
    const told = { execution: id, tool: plan.tool.id, principal };
    return ok({
      ...{ id, request, plan, base },
      tell: (event) => {
        hooks.onGate?.(event);
        this.#parts.monitor({ ...told, event });
      },
      hooks: {
        ...hooks,
        onEvent: (event) => {
          hooks.onEvent?.(event);
          this.#parts.monitor({ ...told, event });
        },
      },
    });
  }

  async #turn({ request, plan, hooks, tell }: Run): Promise<Turn> {
    return await this.#parts.queue.turn({
      principal: request.principal,
      memoryBytes: plan.policy.memoryBytes,
      heavy: plan.tool.heavy === true,
      waitMs: request.waitMs ?? this.#parts.waitMs,
      signal: hooks.signal,
      onQueued: (place) => tell({ type: "queued", ...place }),
    });
  }

  /** A kept result of the same run, as a run of its own; nothing when there is none. */
  async #fromCache(run: Run): Promise<Result<Execution> | undefined> {
    const { id, plan, request, base, hooks, tell } = run;
    if (request.cache === false || request.observe === true || !this.#parts.cache.mayUse(plan, request)) {
      return undefined;
    }
    const begun = performance.now();
    const found = await this.#parts.cache.find(plan, request, hooks.signal);
    if (!found.ok) return found;
    if (found.value === undefined) return undefined;
    const folder = this.#parts.state.makeRunFolder(id);
    if (!folder.ok) return folder;
    const result = found.value.copyTo(folder.value);
    if (!result.ok) return result;
    const copied = result.value;
    // Somebody cleared it in this moment: a run of its own begins with an empty folder.
    if (copied === undefined) {
      const emptied = this.#parts.state.makeRunFolder(id, { empty: true });
      return emptied.ok ? undefined : emptied;
    }
    const { from } = found.value;
    tell({ type: "cached", execution: from.execution, at: from.at });
    const encoder = new TextEncoder();
    await hooks.onStdout?.(encoder.encode(copied.stdout));
    await hooks.onStderr?.(encoder.encode(copied.stderr));
    const usage = { ...NO_USAGE, wallMs: performance.now() - begun };
    return this.#keep(run, { ...base, ...copied, usage, cached: true, cachedFrom: from });
  }

  /** Runs, more than once where the tool asks for that; between two attempts others have their turn. */
  async #inTurn(first: Run, turn: GivenTurn): Promise<Result<Execution>> {
    let current = turn;
    try {
      for (let made = 1; ; made++) {
        const ready = this.#ready(first, current, made);
        if (!ready.ok) return ready;
        const run = ready.value;
        if (run.plan.denied !== undefined) return this.#keepDenied(run, run.plan.denied);
        const done = await this.#attempt(run, made);
        if (!done.ok) return done;
        const { execution } = done.value;
        const delayMs = run.hooks.signal.aborted ? undefined : delayBeforeNext(run.plan.tool, execution.exit, made);
        if (delayMs === undefined) return await this.#keepAttempt(run, done.value);
        current.giveBack();
        const next = await this.#nextTurn(run, execution, made, delayMs);
        // Cancelled or out of time before another attempt: the last one is what came of it.
        if (next.kind !== "turn") return this.#keep(run, execution);
        current = next;
      }
    } finally {
      current.giveBack();
    }
  }

  /** The run as it is now: while it waited much may have changed. Its first attempt is noted in the audit. */
  #ready(first: Run, { waited }: GivenTurn, made: number): Result<Run> {
    const ready = waited || made > 1 ? this.#prepareAgain(first) : ok(first);
    if (!ready.ok || ready.value.plan.denied !== undefined || made > 1) return ready;
    const begun = this.#parts.begin(ready.value.plan, first.request, first.id);
    if (!begun.ok) return begun;
    // Another run used up a grant for one run in this moment.
    if (!begun.value) return this.#ready(first, { kind: "turn", waited: true, giveBack: () => undefined }, made);
    const noted = this.#noteStart(ready.value);
    return noted.ok ? ready : noted;
  }

  #prepareAgain({ id, request, hooks, tell }: Run): Result<Run> {
    const again = this.#prepare(id, request, hooks);
    return again.ok ? ok({ ...again.value, hooks, tell }) : this.#refuse(request, again.problem, id);
  }

  #refuse(request: RunRequest, problem: Problem, run?: string): Result<never> {
    const noted = this.#parts.refused(request, problem, run);
    return noted.ok ? { ok: false, problem } : noted;
  }

  /** Waits as long as the tool asks for, and for its turn. */
  async #nextTurn(run: Run, { exit }: Execution, made: number, delayMs: number): Promise<Turn> {
    const of = (run.plan.tool.retry?.count ?? 0) + 1;
    run.tell({ type: "retrying", attempt: made + 1, of, reason: exit.reason, delayMs });
    await pause(delayMs, run.hooks.signal);
    return await this.#turn(run);
  }

  #noteAsked({ id, request, plan }: Run): Result<void> {
    const { principal, grant, limits, unprotected } = request;
    const { argv, hostile, tool } = plan;
    const details = { argv, grant, limits, unprotected, hostile: hostile.length === 0 ? undefined : hostile };
    return this.#parts.state.audit({ principal, action: "asked", tool: tool.id, execution: id, details });
  }

  #noteStart({ id, request, plan }: Run): Result<void> {
    const { fingerprint, grants, tool } = plan;
    const details = { fingerprint, grants: grants.map((grant) => grant.id) };
    const { principal } = request;
    return this.#parts.state.audit({ principal, action: "started", tool: tool.id, execution: id, details });
  }

  /** One attempt, observed where its result may be kept. */
  async #attempt(run: Run, made: number): Promise<Result<Attempted>> {
    const { id, plan, request, hooks, base } = run;
    const { cache, context, state } = this.#parts;
    const folder = state.makeRunFolder(id, { empty: made > 1 });
    if (!folder.ok) return folder;
    const recording = request.cache === false ? undefined : cache.record(plan, request, folder.value);
    const observe = request.observe ?? recording?.observe;
    const spareFolders = this.#spares.foldersFor(request.tool);
    const asked = { ...request, spareFolders, ...(observe === undefined ? {} : { observe }) };
    const first = await attempt(context, plan, asked, folder.value, hooks);
    // Where runs cannot be observed that is no reason not to run: its result is not kept then.
    const again = request.observe === undefined && observe === true && neverBegan(first);
    const { observed, ...outcome } = again
      ? await attempt(context, plan, { ...request, spareFolders }, folder.value, hooks)
      : first;
    const told =
      observed === undefined || request.observe !== true
        ? {}
        : { observed: { ...observed, comparison: compareObserved(observed, { ...plan, usage: outcome.usage }) } };
    const execution: Execution = { ...base, ...outcome, ...told, ...(made > 1 ? { attempts: made } : {}) };
    return ok({ execution, observed, recording });
  }

  async #keepAttempt(run: Run, { execution, observed, recording }: Attempted): Promise<Result<Execution>> {
    const kept = this.#keep(run, execution);
    if (!kept.ok || recording === undefined) return kept;
    const result = await recording.keep(execution, observed);
    if (!result.ok) return result;
    if (!result.value.kept && execution.exit.reason === "ok") run.tell({ type: "not-kept", why: result.value.why });
    return kept;
  }

  /** Keeps what happened, and tells what a person wanted to be told of. */
  #keep(run: Run, execution: Execution): Result<Execution> {
    const kept = this.#parts.state.record(execution, run.plan.fingerprint);
    if (!kept.ok) return kept;
    const alerts = this.#parts.statistics.alerts(execution, run.plan.tool.name);
    if (!alerts.ok) return alerts;
    for (const alert of alerts.value) run.tell({ type: "alert", alert });
    const tidied = this.#parts.tidy();
    return tidied.ok ? ok(execution) : tidied;
  }

  #keepDenied(run: Run, denial: Denial): Result<Execution> {
    const noted = this.#parts.state.audit({
      principal: run.base.principal,
      action: "denied",
      tool: run.base.tool,
      execution: run.id,
      details: { ...denial },
    });
    if (!noted.ok) return noted;
    const exit = { reason: "denied", message: denial.message } as const;
    return this.#keep(run, { ...run.base, ...nothingDone(), exit, denied: denial });
  }

  /** A run that was given up before its turn came is a run that ended so. */
  #keepUnstarted(run: Run, reason: "cancelled" | "timeout"): Result<Execution> {
    const message =
      reason === "cancelled"
        ? "cancelled while it waited for its turn"
        : "it waited too long for its turn and never ran";
    return this.#keep(run, { ...run.base, ...nothingDone(), exit: { reason, message } });
  }
}

function neverBegan({ exit, usage }: Pick<Execution, "exit" | "usage">): boolean {
  return exit.reason === "sandbox-error" && usage.wallMs === 0;
}

function nothingDone(): Pick<Execution, "stdout" | "stderr" | "results" | "usage"> {
  return { stdout: "", stderr: "", results: [], usage: NO_USAGE };
}
