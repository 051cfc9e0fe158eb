import { lstatSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import {
  Execution,
  fail,
  ok,
  parseBoundary,
  parseJson,
  type Result,
  type WorkflowOrigin,
  WorkflowRunRecord,
  type WorkflowRunStatus,
  type WorkflowStepStatus,
} from "../../model/index.ts";
import type { RunRequest } from "../request.ts";
import type { State } from "../state.ts";

/** What is noted of a step, or of one item of it, before its tool runs. */
export interface StepNote {
  readonly origin: WorkflowOrigin;
  /** Hash of all that decides what it does. */
  readonly key: string;
  /** Id of the execution that is about to begin. */
  readonly execution: string;
  readonly attempt: number;
}

/** A step of an earlier attempt at a run. */
export interface EarlierStep {
  readonly key: string;
  readonly execution: string;
  readonly attempt: number;
}

export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly file: string;
  /** SHA-256 of the file's text. */
  readonly hash: string;
  readonly inputs: WorkflowRunRecord["inputs"];
}

export interface RunsQuery {
  /** Only runs of this file. */
  readonly file?: string;
  readonly limit?: number;
}

const DEFAULT_RUNS = 20;
/** Older runs can no longer be gone on with; their executions stay in the history. */
const MOST_RUNS = 500;
/** In the place of an item's number for steps that are no `forEach`. */
const NO_ITEM = -1;

/**
 * Runs of workflows with their steps. A step is noted with the id of its execution before its tool runs: whether it had
 * finished is then decided by whether that execution was kept, whenever the process died.
 */
export class WorkflowStore {
  readonly #state: State;
  readonly #clock: () => Date;

  constructor(state: State, clock: () => Date) {
    this.#state = state;
    this.#clock = clock;
  }

  begin(run: NewRun): Result<void> {
    const now = this.#now();
    return this.#state.write((connection) => {
      connection
        .prepare(
          `INSERT INTO workflow_runs (id, workflow, file, hash, inputs, status, owner, started_at, updated_at)
           VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?)`,
        )
        .run(run.id, run.workflow, run.file, run.hash, JSON.stringify(run.inputs), processMark(), now, now);
      const old = "SELECT id FROM workflow_runs ORDER BY seq DESC LIMIT -1 OFFSET ?";
      connection.prepare(`DELETE FROM workflow_steps WHERE run IN (${old})`).run(MOST_RUNS);
      connection.prepare(`DELETE FROM workflow_runs WHERE id IN (${old})`).run(MOST_RUNS);
    });
  }

  /** Makes this process go on with a run. Problem `workflow-running` when another one is at it. */
  takeOver(id: string, inputs: WorkflowRunRecord["inputs"], hash: string): Result<void> {
    const taken = this.#state.write((connection): boolean => {
      const row = connection.prepare("SELECT status, owner FROM workflow_runs WHERE id = ?").get(id);
      if (row?.["status"] === "running" && isAlive(row["owner"])) return false;
      connection
        .prepare(
          "UPDATE workflow_runs SET status = 'running', owner = ?, inputs = ?, hash = ?, updated_at = ? WHERE id = ?",
        )
        .run(processMark(), JSON.stringify(inputs), hash, this.#now(), id);
      return true;
    });
    if (!taken.ok) return taken;
    return taken.value ? ok(undefined) : fail("workflow-running", "This run of the workflow is still going on");
  }

  end(id: string, status: WorkflowRunStatus): Result<void> {
    return this.#state.write((connection) => {
      connection
        .prepare("UPDATE workflow_runs SET status = ?, owner = '', updated_at = ? WHERE id = ?")
        .run(status, this.#now(), id);
    });
  }

  /** Notes that a step's tool is about to run. */
  note({ origin, key, execution, attempt }: StepNote): Result<void> {
    return this.#state.write((connection) => {
      connection
        .prepare(
          `INSERT INTO workflow_steps (run, step, item, key, execution, attempt, status)
           VALUES (?, ?, ?, ?, ?, ?, 'running')
           ON CONFLICT (run, step, item) DO UPDATE SET key = excluded.key, execution = excluded.execution,
             attempt = excluded.attempt, status = 'running'`,
        )
        .run(origin.run, origin.step, origin.item ?? NO_ITEM, key, execution, attempt);
    });
  }

  /** Notes how a step ended; for people who look at the run, since resuming looks at the executions. */
  noteEnd({ run, step, item }: WorkflowOrigin, status: WorkflowStepStatus): Result<void> {
    return this.#state.write((connection) => {
      connection
        .prepare("UPDATE workflow_steps SET status = ? WHERE run = ? AND step = ? AND item = ?")
        .run(status, run, step, item ?? NO_ITEM);
    });
  }

  /** What an earlier attempt at a run did for a step. */
  earlier({ run, step, item }: WorkflowOrigin): Result<EarlierStep | undefined> {
    return this.#state.read((connection) => {
      const row = connection
        .prepare("SELECT key, execution, attempt FROM workflow_steps WHERE run = ? AND step = ? AND item = ?")
        .get(run, step, item ?? NO_ITEM);
      const [key, execution, attempt] = [row?.["key"], row?.["execution"], row?.["attempt"]];
      if (typeof key !== "string" || typeof execution !== "string" || typeof attempt !== "number") return undefined;
      return { key, execution, attempt };
    });
  }

  /** Runs, newest first; of a process that died meanwhile they are `interrupted`. */
  runs({ file, limit = DEFAULT_RUNS }: RunsQuery = {}): Result<readonly WorkflowRunRecord[]> {
    return this.#records(
      file === undefined ? "ORDER BY seq DESC LIMIT ?" : "WHERE file = ? ORDER BY seq DESC LIMIT ?",
      file === undefined ? [limit] : [file, limit],
    );
  }

  /** Problem: `no-workflow-run`. */
  run(id: string): Result<WorkflowRunRecord> {
    const found = this.#records("WHERE id = ?", [id]);
    if (!found.ok) return found;
    const [record] = found.value;
    return record === undefined
      ? fail("no-workflow-run", `There is no run of a workflow with the id “${id}”`)
      : ok(record);
  }

  #records(condition: string, values: readonly (string | number)[]): Result<readonly WorkflowRunRecord[]> {
    const rows = this.#state.read((connection) => {
      const runs = connection.prepare(`SELECT * FROM workflow_runs ${condition}`).all(...values);
      const steps = connection.prepare(
        "SELECT step, item, execution, status FROM workflow_steps WHERE run = ? ORDER BY rowid",
      );
      return runs.map((run) => ({ run, steps: steps.all(String(run["id"])) }));
    });
    if (!rows.ok) return rows;
    const records: WorkflowRunRecord[] = [];
    for (const { run, steps } of rows.value) {
      const gone = run["status"] === "running" && !isAlive(run["owner"]);
      const value = {
        ...{ id: run["id"], workflow: run["workflow"], file: run["file"] },
        status: gone ? "interrupted" : run["status"],
        ...{ startedAt: run["started_at"], updatedAt: run["updated_at"] },
        inputs: parseJson(String(run["inputs"])),
        steps: steps.map(({ step, item, execution, status }) => ({
          ...{ id: step, execution, status },
          ...(typeof item === "number" && item >= 0 ? { item } : {}),
        })),
      };
      const parsed = parseBoundary(WorkflowRunRecord, value, "a run of a workflow in the state");
      if (!parsed.ok) return parsed;
      records.push(parsed.value);
    }
    return ok(records);
  }

  /**
   * Files outside the workspace that a run may read: results of earlier steps, for a step of a workflow alone.
   * @returns problem `not-a-result` when anything else is asked for
   */
  readableFor({ principal, step }: Pick<RunRequest, "principal" | "step">): Result<readonly string[]> {
    if (step === undefined) return ok([]);
    if (principal.startsWith("workflow:")) return this.readable(step.origin, step.readable);
    return fail("not-a-result", `${principal} is no workflow: results of steps are passed on by workflows alone`);
  }

  /**
   * Whether a step may read these files: each must be a result, kept by the output gate, of an execution that was a step of
   * the same run. Nothing else outside the workspace is ever named by a workflow.
   * @param paths absolute
   */
  readable({ run }: WorkflowOrigin, paths: readonly string[]): Result<readonly string[]> {
    const { runs } = this.#state.places;
    for (const path of paths) {
      const refuse = (why: string): Result<never> => fail("not-a-result", `${path} cannot be passed to a step: ${why}`);
      const [execution = ""] = relative(runs, path).split(sep);
      const found = this.#state.read((connection) =>
        connection
          .prepare(
            `SELECT record FROM executions WHERE id = ? AND id IN (SELECT execution FROM workflow_steps WHERE run = ?)`,
          )
          .get(execution, run),
      );
      if (!found.ok) return found;
      if (found.value === undefined) return refuse("it is no result of a step of this run");
      const kept = parseBoundary(Execution, parseJson(String(found.value["record"])), "a run in the history");
      if (!kept.ok) return kept;
      const isResult = kept.value.results.some((result) => result.path === path);
      if (!isResult || path !== join(path)) return refuse("that step has no such result");
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return refuse("it is not there any more");
    }
    return ok(paths);
  }

  #now(): string {
    return this.#clock().toISOString();
  }
}

/** Tells this process from all others, also from one that gets its number later (where the system says when it began). */
function processMark(): string {
  return `${process.pid} ${startOf(process.pid)}`;
}

function isAlive(mark: unknown): boolean {
  const [pid = "", start = ""] = typeof mark === "string" ? mark.split(" ") : [];
  if (!/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // Another user's process is one, too.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return start === startOf(Number(pid));
}

/** When a process began, in the kernel's ticks: field 22 of proc(5) `stat`. Empty where there is no such file. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return ""; // not Linux, or the process is gone: then its number is all there is
  }
}
