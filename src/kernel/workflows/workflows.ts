import { createHash, randomUUID } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import {
  fail,
  ok,
  type Result,
  type Tool,
  type ToolArguments,
  type WorkflowCheck,
  type WorkflowPlan,
  type WorkflowReport,
  type WorkflowRunRecord,
} from "../../model/index.ts";
import { isInside } from "../entry.ts";
import { compileWorkflow } from "./compile.ts";
import type { CompiledWorkflow } from "./compiled.ts";
import { planWorkflow } from "./planner.ts";
import { type Gate, type WorkflowHooks, WorkflowRunner } from "./runner.ts";
import { MAX_WORKFLOW_BYTES, readWorkflow } from "./source.ts";
import type { RunsQuery, WorkflowStore } from "./store.ts";
import { parseInputs, resolveInputs } from "./values.ts";

/** What workflows need of the kernel. */
export interface WorkflowGate extends Gate {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  findTool(wanted: string): Result<Tool>;
}

/** How a workflow is to be run. */
export interface WorkflowRequest {
  readonly compiled: CompiledWorkflow;
  readonly inputs: ToolArguments;
  /** Go on with this earlier run: `true` is the last one of the file. Inputs that are not given stay as they were. */
  readonly resume?: string | true;
  /** Fingerprints of tools as they were confirmed, by their ids: a tool that changed since is not run. */
  readonly approved?: ReadonlyMap<string, string>;
}

/** Workflows of one workspace: read, checked, planned, run and gone on with. */
export class Workflows {
  readonly #gate: WorkflowGate;
  readonly #store: WorkflowStore;
  readonly #clock: () => Date;

  constructor(gate: WorkflowGate, store: WorkflowStore, clock: () => Date) {
    this.#gate = gate;
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Reads and checks a workflow file. What is wrong with it is in its problems.
   * @param path absolute, or relative to the working directory; problem `no-file` when it cannot be read
   */
  open(path: string): Result<CompiledWorkflow> {
    const text = readText(resolve(path));
    return text.ok ? ok(this.compile(this.fileOf(path), text.value)) : text;
  }

  /** Checks the text of a workflow file. @param file as problems name it */
  compile(file: string, text: string): CompiledWorkflow {
    return compileWorkflow(readWorkflow(file, text), (wanted) => this.#gate.findTool(wanted));
  }

  check({ source, problems }: CompiledWorkflow): WorkflowCheck {
    const isOk = problems.every(({ severity }) => severity !== "error");
    return { file: source.file, workflow: source.name, ok: isOk, problems: [...problems] };
  }

  /** Inputs from words such as `field=north`. Problem: `bad-input`. */
  parseInputs({ source }: CompiledWorkflow, words: readonly string[]): Result<ToolArguments> {
    return parseInputs(source, words);
  }

  /** What a run would do. Problems: `bad-workflow`, `bad-input`. */
  plan(compiled: CompiledWorkflow, given: ToolArguments): Result<WorkflowPlan> {
    const sound = soundness(compiled);
    if (!sound.ok) return sound;
    const inputs = resolveInputs(compiled.source, given);
    if (!inputs.ok) return inputs;
    return ok(planWorkflow(compiled, inputs.value, (request) => this.#gate.plan(request)));
  }

  /**
   * Runs a workflow, or goes on with a run of it. A step that fails is told in the report. Problems: `bad-workflow`,
   * `bad-input`, `no-workflow-run`, `nothing-to-resume`, `workflow-running`, and those of the state.
   */
  async run(request: WorkflowRequest, hooks: WorkflowHooks): Promise<Result<WorkflowReport>> {
    const { compiled, approved } = request;
    const sound = soundness(compiled);
    if (!sound.ok) return sound;
    const begun = request.resume === undefined ? this.#begin(request) : this.#resume(request, request.resume);
    if (!begun.ok) return begun;
    const plan = { ...begun.value, compiled, approved, resumed: request.resume !== undefined };
    return await new WorkflowRunner(this.#gate, this.#store, plan, hooks).run();
  }

  /** Earlier runs, newest first. */
  runs(query: RunsQuery = {}): Result<readonly WorkflowRunRecord[]> {
    return this.#store.runs(query);
  }

  /** A path as it is told: relative to the workspace where it lies in it. */
  fileOf(path: string): string {
    const absolute = resolve(path);
    let real = absolute;
    try {
      real = realpathSync(absolute);
    } catch {
      // It is not there: whoever reads it says so.
    }
    if (!isInside(this.#gate.workspace, real)) return isAbsolute(path) ? path : absolute;
    return relative(this.#gate.workspace, real).split(sep).join("/");
  }

  #begin({ compiled, inputs: given }: WorkflowRequest): Result<Begun> {
    const inputs = resolveInputs(compiled.source, given);
    if (!inputs.ok) return inputs;
    const id = randomUUID();
    const { source } = compiled;
    const startedAt = this.#clock().toISOString();
    const run = { id, workflow: source.name, file: source.file, hash: hashOf(compiled), inputs: inputs.value };
    const kept = this.#store.begin(run);
    return kept.ok ? ok({ id, inputs: inputs.value, startedAt }) : kept;
  }

  #resume({ compiled, inputs: given }: WorkflowRequest, which: string | true): Result<Begun> {
    const record = which === true ? this.#last(compiled.source.file) : this.#store.run(which);
    if (!record.ok) return record;
    const { id, file, status, startedAt, inputs: before } = record.value;
    if (file !== compiled.source.file) {
      return fail("no-workflow-run", `The run ${id} is one of ${file}, not of ${compiled.source.file}`);
    }
    const declared = Object.entries(before).filter(
      ([name, value]) => value !== null && compiled.source.inputs.has(name),
    );
    const inputs = resolveInputs(compiled.source, { ...Object.fromEntries(declared), ...given });
    if (!inputs.ok) return inputs;
    if (status === "ok") return fail("nothing-to-resume", `The run ${id} went well: there is nothing left to do`);
    const taken = this.#store.takeOver(id, inputs.value, hashOf(compiled));
    return taken.ok ? ok({ id, inputs: inputs.value, startedAt }) : taken;
  }

  #last(file: string): Result<WorkflowRunRecord> {
    const runs = this.#store.runs({ file, limit: 1 });
    if (!runs.ok) return runs;
    const [last] = runs.value;
    return last === undefined ? fail("no-workflow-run", `${file} has not run yet`) : ok(last);
  }
}

interface Begun {
  readonly id: string;
  readonly inputs: ToolArguments;
  readonly startedAt: string;
}

function hashOf({ source }: CompiledWorkflow): string {
  return createHash("sha256").update(source.document.text).digest("hex");
}

/** The first thing that is wrong with a workflow, and how many more there are. */
function soundness({ problems }: CompiledWorkflow): Result<void> {
  const [first, ...others] = problems.filter(({ severity }) => severity === "error");
  if (first === undefined) return ok(undefined);
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return fail("bad-workflow", `${first.message}${more}`, { file: first.file, line: first.line });
}

function readText(path: string): Result<string> {
  try {
    // Non-blocking, so that a pipe in the file's place cannot hang anything.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return fail("no-file", `${path} is not a regular file`);
      if (stat.size > MAX_WORKFLOW_BYTES) return fail("no-file", `${path} is larger than ${MAX_WORKFLOW_BYTES} bytes`);
      return ok(readFileSync(descriptor, "utf8"));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("no-file", `The workflow cannot be read: ${why}`);
  }
}
