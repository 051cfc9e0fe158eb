import { closeSync, openSync, writeSync } from "node:fs";
import {
  AuditRecord,
  fail,
  ok,
  type Principal,
  type Problem,
  parseBoundary,
  parseJson,
  type Result,
} from "../model/index.ts";
import type { Registry } from "./registry.ts";
import type { Plan, RunRequest } from "./request.ts";
import type { State } from "./state.ts";

/** Which lines of the audit are wanted; all where left out. */
export interface AuditQuery {
  /** A tool's id. */
  readonly tool?: string | undefined;
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  /** Nothing before this moment (ISO 8601). */
  readonly since?: string | undefined;
}

/** So many lines are read at once. */
const PAGE = 500;
/** Arguments of a refused call that take more characters as JSON than this are left out: nobody checked their size. */
const MOST_ARGUMENTS = 4096;
/** The same for what a call names as its tool. */
const MOST_NAME = 200;

/**
 * What was asked, refused, granted, denied, revoked and run, in the order in which it happened. It only ever grows: the database
 * itself refuses to change or take away a line.
 */
export class AuditLog {
  readonly #state: State;
  readonly #registry: Pick<Registry, "find">;

  /** @param registry where a name that somebody calls is looked up */
  constructor(state: State, registry: Pick<Registry, "find">) {
    this.#state = state;
    this.#registry = registry;
  }

  /** The lines, oldest first, read in pages: a whole history need not fit into the memory. */
  *read(query: AuditQuery = {}): Generator<Result<AuditRecord>, void, undefined> {
    let after = 0;
    for (;;) {
      const page = this.#page(query, after);
      if (!page.ok) {
        yield page;
        return;
      }
      for (const record of page.value) yield ok(record);
      const last = page.value.at(-1);
      if (last === undefined || page.value.length < PAGE) return;
      after = last.seq;
    }
  }

  /**
   * Writes lines as JSON Lines, readable by their owner only.
   * @returns how many
   */
  exportTo(file: string, query: AuditQuery = {}): Result<number> {
    let count = 0;
    try {
      const descriptor = openSync(file, "w", 0o600);
      try {
        for (const record of this.read(query)) {
          if (!record.ok) return record;
          writeSync(descriptor, `${JSON.stringify(record.value)}\n`);
          count++;
        }
      } finally {
        closeSync(descriptor);
      }
      return ok(count);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return fail("write-failed", `The audit cannot be written: ${why}`, { file });
    }
  }

  /** Notes that a person was asked to let a run happen and said no. */
  noteDeclined({ tool, argv, fingerprint }: Plan, principal: Principal): Result<void> {
    return this.#state.audit({ principal, action: "declined", tool: tool.id, details: { argv, fingerprint } });
  }

  /**
   * Notes a call that never became a run: no such tool, arguments that do not fit, a tool that changed meanwhile.
   * @param run the run's id, where it was asked for before and is refused as its turn comes
   */
  noteRefused(
    { tool: wanted, principal, arguments: args }: Pick<RunRequest, "tool" | "principal" | "arguments">,
    { code, message }: Problem,
    run?: string,
  ): Result<void> {
    const found = this.#registry.find(wanted);
    return this.#state.audit({
      principal,
      action: "refused",
      tool: found.ok ? found.value.id : wanted.slice(0, MOST_NAME),
      ...(run === undefined ? {} : { execution: run }),
      details: {
        code,
        message: message.slice(0, MOST_ARGUMENTS),
        ...(JSON.stringify(args).length > MOST_ARGUMENTS ? {} : { arguments: args }),
      },
    });
  }

  #page({ tool, principal, action, since }: AuditQuery, after: number): Result<readonly AuditRecord[]> {
    const rows = this.#state.read((connection) =>
      connection
        .prepare(
          `SELECT seq, at, principal, action, tool, execution, details FROM audit WHERE seq > ?1
             AND (?2 IS NULL OR tool = ?2) AND (?3 IS NULL OR principal = ?3)
             AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR at >= ?5)
           ORDER BY seq LIMIT ${PAGE}`,
        )
        .all(after, tool ?? null, principal ?? null, action ?? null, since ?? null),
    );
    if (!rows.ok) return rows;
    const records: AuditRecord[] = [];
    for (const { execution, details, ...row } of rows.value) {
      const record = parseBoundary(
        AuditRecord,
        {
          ...row,
          ...(execution === null ? {} : { execution }),
          details: typeof details === "string" ? parseJson(details) : details,
        },
        "a line of the audit",
      );
      if (!record.ok) return fail("state-corrupt", record.problem.message);
      records.push(record.value);
    }
    return ok(records);
  }
}
