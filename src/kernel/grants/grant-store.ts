import type { DatabaseSync } from "node:sqlite";
import { fail, Grant, ok, type Principal, parseBoundary, parseJson, type Result } from "../../model/index.ts";
import type { AuditEntry, State } from "../state.ts";

/** How a grant came to its end. */
export type GrantEnd = { readonly by: "revoked"; readonly who: string } | { readonly by: "used"; readonly run: string };

type Audit = (entry: AuditEntry) => void;

/**
 * The grants of one workspace that hold: those that are kept are in the database, for every process that has it open;
 * those of a session in the memory of the process, and gone with it.
 */
export class GrantStore {
  readonly #state: State;
  readonly #session: Map<string, Grant>;
  readonly #clock: () => Date;

  constructor(state: State, session: Map<string, Grant>, clock: () => Date) {
    this.#state = state;
    this.#session = session;
    this.#clock = clock;
  }

  /** All grants that hold or would for an earlier version of their tool, the newest first. */
  all(): Result<readonly Grant[]> {
    const kept = this.#select("ended_at IS NULL", []);
    return kept.ok ? ok([...this.#ofSession(), ...kept.value]) : kept;
  }

  /** The grants of one principal for one version of a tool, with those that the run itself has used up. */
  holding(tool: string, fingerprint: string, principal: Principal, run: string | undefined): Result<readonly Grant[]> {
    const kept = this.#select("(ended_at IS NULL OR ended_by = ?) AND tool = ? AND principal = ?", [
      run === undefined ? "" : `run ${run}`,
      tool,
      principal,
    ]);
    if (!kept.ok) return kept;
    const session = this.#ofSession().filter((grant) => grant.tool === tool && grant.principal === principal);
    return ok([...session, ...kept.value].filter((grant) => grant.fingerprint === fingerprint));
  }

  #ofSession(): readonly Grant[] {
    return [...this.#session.values()].toReversed();
  }

  #select(where: string, values: readonly string[]): Result<readonly Grant[]> {
    const rows = this.#state.read((connection) =>
      connection.prepare(`SELECT record FROM grants WHERE ${where} ORDER BY seq DESC`).all(...values),
    );
    if (!rows.ok) return rows;
    const grants: Grant[] = [];
    for (const { record } of rows.value) {
      if (typeof record !== "string") return fail("state-corrupt", "a grant is not text");
      const grant = parseBoundary(Grant, parseJson(record), "a grant");
      if (!grant.ok) return fail("state-corrupt", `A kept grant cannot be read: ${grant.problem.message}`);
      grants.push(grant.value);
    }
    return ok(grants);
  }

  /** Gives a grant and notes it. */
  add(grant: Grant): Result<void> {
    const { id, tool, principal, duration } = grant;
    return this.#state.write((connection, audit) => {
      audit({ principal, action: "granted", tool, details: { ...grant } });
      if (duration === "session") this.#session.set(id, grant);
      else insert(connection, grant);
    });
  }

  /**
   * Ends grants and notes it; `rest` is what is left of some of them.
   * @returns how many of them still held
   */
  end(grants: readonly Grant[], how: GrantEnd, rest: readonly Grant[] = []): Result<number> {
    return this.#state.write((connection, audit) => {
      let ended = 0;
      for (const grant of grants) ended += Number(this.#endOne(grant, how, connection, audit));
      for (const grant of rest) {
        if (grant.duration === "session") this.#session.set(grant.id, grant);
        else insert(connection, grant);
      }
      return ended;
    });
  }

  #endOne(grant: Grant, how: GrantEnd, connection: DatabaseSync, audit: Audit): boolean {
    const by = how.by === "used" ? `run ${how.run}` : how.who;
    const held =
      this.#session.delete(grant.id) ||
      connection
        .prepare("UPDATE grants SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL")
        .run(this.#clock().toISOString(), by, grant.id).changes === 1;
    if (!held) return false;
    const { principal, tool, id, capability, paths, hosts } = grant;
    const details = { grant: id, capability, paths, hosts, by };
    audit({ principal, action: how.by, tool, ...(how.by === "used" ? { execution: how.run } : {}), details });
    return true;
  }
}

function insert(connection: DatabaseSync, grant: Grant): void {
  connection
    .prepare("INSERT INTO grants (id, tool, principal, record) VALUES (?, ?, ?, ?)")
    .run(grant.id, grant.tool, grant.principal, JSON.stringify(grant));
}
