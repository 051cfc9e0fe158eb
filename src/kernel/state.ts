import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type AuditAction, Execution, fail, ok, parseBoundary, type Result } from "../model/index.ts";
import { isCorruption, markDamaged, openDatabase } from "./database.ts";
import { folderBytes } from "./folder-size.ts";
import { makeStateFolders, type StatePlaces, statePlaces } from "./state-folder.ts";
import { isCounted } from "./statistics/figures.ts";

/** One line of the append-only audit. */
export interface AuditEntry {
  readonly principal: string;
  readonly action: AuditAction;
  readonly tool: string;
  readonly execution?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface HistoryQuery {
  /** A tool's id. */
  readonly tool?: string | undefined;
  /** At most this many, newest first; 100 when left out. */
  readonly limit?: number | undefined;
}

/** Folders of one run, in the state folder. */
export interface RunFolder {
  readonly folder: string;
  /** The only folder that a run may write to without a grant. */
  readonly results: string;
}

const DEFAULT_HISTORY = 100;

/** What is kept of a workspace between runs. Several processes may have it open at once. */
export class State {
  readonly places: StatePlaces;
  readonly notices: readonly string[];
  readonly #connection: DatabaseSync;
  readonly #clock: () => Date;

  private constructor(places: StatePlaces, connection: DatabaseSync, notices: readonly string[], clock: () => Date) {
    this.places = places;
    this.notices = notices;
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * @param root the folder of all state (`stateRoot`)
   * @param workspace real path of the workspace folder
   */
  static open(root: string, workspace: string, clock: () => Date): Result<State> {
    const places = statePlaces(root, workspace);
    try {
      makeStateFolders(places, workspace);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("state-unavailable", `The state folder cannot be made: ${why}`, { file: places.folder });
    }
    const opened = openDatabase(places.database, clock);
    if (!opened.ok) return opened;
    return ok(new State(places, opened.value.connection, opened.value.notices, clock));
  }

  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @param empty takes away what an earlier attempt of the run left */
  makeRunFolder(id: string, { empty = false } = {}): Result<RunFolder> {
    const folder = join(this.places.runs, id);
    const results = join(folder, "results");
    try {
      if (empty) rmSync(folder, { recursive: true, force: true });
      mkdirSync(results, { recursive: true, mode: 0o700 });
      return ok({ folder, results });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("state-unavailable", `The folder for the run's results cannot be made: ${why}`, { file: folder });
    }
  }

  audit(entry: AuditEntry): Result<void> {
    return this.#attempt(() => this.#insertAudit(entry));
  }

  /** Keeps a finished run: its record and the audit in one transaction, its output in files beside the database. */
  record(execution: Execution, fingerprint: string): Result<void> {
    return this.#attempt(() => {
      const folder = join(this.places.runs, execution.id);
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, "stdout"), execution.stdout, { mode: 0o600 });
      writeFileSync(join(folder, "stderr"), execution.stderr, { mode: 0o600 });
      const bytes = folderBytes(folder);
      this.#together(() => {
        this.#insertExecution(execution, fingerprint, bytes);
        this.#insertAudit({
          principal: execution.principal,
          action: "ended",
          tool: execution.tool,
          execution: execution.id,
          details: {
            exit: execution.exit,
            usage: execution.usage,
            denied: execution.denied,
            cachedFrom: execution.cachedFrom?.execution,
          },
        });
      });
    });
  }

  /** Reads from the database; for the parts of the kernel that keep tables of their own. */
  read<T>(query: (connection: DatabaseSync) => T): Result<T> {
    return this.#attempt(() => query(this.#connection));
  }

  /** Changes the database, all or nothing, with what the audit has to say of it. */
  write<T>(change: (connection: DatabaseSync, audit: (entry: AuditEntry) => void) => T): Result<T> {
    return this.#attempt(() => this.#together(() => change(this.#connection, (entry) => this.#insertAudit(entry))));
  }

  #together<T>(change: () => T): T {
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      const value = change();
      this.#connection.exec("COMMIT");
      return value;
    } catch (error) {
      this.#connection.exec("ROLLBACK");
      throw error;
    }
  }

  /** Runs, newest first, without their output. */
  history(query: HistoryQuery): Result<readonly Execution[]> {
    const limit = Math.max(0, Math.trunc(query.limit ?? DEFAULT_HISTORY));
    const rows = this.#attempt(() =>
      query.tool === undefined
        ? this.#connection.prepare("SELECT record FROM executions ORDER BY seq DESC LIMIT ?").all(limit)
        : this.#connection
            .prepare("SELECT record FROM executions WHERE tool = ? ORDER BY seq DESC LIMIT ?")
            .all(query.tool, limit),
    );
    if (!rows.ok) return rows;
    const executions: Execution[] = [];
    for (const row of rows.value) {
      const execution = this.#readRecord(row["record"]);
      if (!execution.ok) return execution;
      executions.push(execution.value);
    }
    return ok(executions);
  }

  /** A run with its output. */
  execution(id: string): Result<Execution> {
    const row = this.#attempt(() => this.#connection.prepare("SELECT record FROM executions WHERE id = ?").get(id));
    if (!row.ok) return row;
    if (row.value === undefined) return fail("no-execution", `There is no run with the id “${id}”`);
    const execution = this.#readRecord(row.value["record"]);
    if (!execution.ok) return execution;
    return this.#withOutput(execution.value);
  }

  /** Problem: `output-gone`, of a run that is taken away while it is read. */
  #withOutput(execution: Execution): Result<Execution> {
    const read = (name: string): string => readFileSync(join(this.places.runs, execution.id, name), "utf8");
    try {
      return ok({ ...execution, stdout: read("stdout"), stderr: read("stderr") });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("output-gone", `The output of this run is no longer there: ${why}`);
    }
  }

  /** The fingerprint that a tool had when it last ran. */
  lastFingerprint(tool: string): Result<string | undefined> {
    return this.#attempt(() => {
      const fingerprint = this.#connection.prepare("SELECT fingerprint FROM tools WHERE id = ?").get(tool)?.[
        "fingerprint"
      ];
      return typeof fingerprint === "string" ? fingerprint : undefined;
    });
  }

  #readRecord(text: unknown): Result<Execution> {
    const source = "a run in the history";
    if (typeof text !== "string") return fail("state-corrupt", `${source} is not text`, { file: this.places.database });
    try {
      return parseBoundary(Execution, JSON.parse(text), source);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("state-corrupt", `${source} cannot be read: ${why}`, { file: this.places.database });
    }
  }

  #insertExecution(execution: Execution, fingerprint: string, bytes: number): void {
    const { usage, exit } = execution;
    const record = JSON.stringify({ ...execution, stdout: "", stderr: "" });
    this.#connection
      .prepare(
        `INSERT INTO executions (id, tool, fingerprint, principal, started_at, reason, exit_code, wall_ms, cpu_ms,
           peak_memory_bytes, written_bytes, record, counted, cached, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        execution.id,
        execution.tool,
        fingerprint,
        execution.principal,
        execution.startedAt,
        exit.reason,
        exit.code ?? null,
        usage.wallMs,
        usage.cpuMs,
        Math.round(usage.peakMemoryBytes),
        Math.round(usage.writtenBytes),
        record,
        isCounted(execution) ? 1 : 0,
        execution.cached ? 1 : 0,
        bytes,
      );
    if (exit.reason === "denied") return;
    this.#connection
      .prepare(
        `INSERT INTO tools (id, fingerprint, first_seen, last_run) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, last_run = excluded.last_run`,
      )
      .run(execution.tool, fingerprint, execution.startedAt, execution.startedAt);
  }

  #insertAudit(entry: AuditEntry): void {
    this.#connection
      .prepare("INSERT INTO audit (at, principal, action, tool, execution, details) VALUES (?, ?, ?, ?, ?, ?)")
      .run(
        this.#clock().toISOString(),
        entry.principal,
        entry.action,
        entry.tool,
        entry.execution ?? null,
        JSON.stringify(entry.details),
      );
  }

  #attempt<T>(action: () => T): Result<T> {
    try {
      return ok(action());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!isCorruption(error)) {
        return fail("state-unavailable", `The state cannot be used: ${why}`, { file: this.places.database });
      }
      markDamaged(this.places.database);
      const message = `The state database is damaged (${why}); it is checked and renewed when it is opened next`;
      return fail("state-corrupt", message, { file: this.places.database });
    }
  }
}
