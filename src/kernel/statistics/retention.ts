import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok, type Result, type Settings } from "../../model/index.ts";
import type { State } from "../state.ts";

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 86_400_000;
const LOST_AFTER_MS = 7 * DAY_MS;
/** Looks once for so many runs that were kept. */
const EVERY = 64;
/** Takes away no more runs at once, so that nobody waits for the database or a run for long. */
const MOST_AT_ONCE = 500;

export interface RetentionOptions {
  readonly state: State;
  readonly clock: () => Date;
  readonly bounds: Settings["history"];
}

/**
 * Takes away the oldest runs beyond what is to be kept: more than so many, larger than so much together, older than so
 * many days. The audit stays. A run's record goes before its folder, so that whoever reads meanwhile finds a whole run,
 * an output that is gone and says so, or no run.
 */
export class Retention {
  readonly #options: RetentionOptions;
  /** Runs kept since the last look; the first one of a process looks. */
  #since = EVERY;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Call it after each run that was kept; it looks now and then. @returns how many runs went */
  tidy(): Result<number> {
    this.#since++;
    if (this.#since < EVERY) return ok(0);
    const gone = this.#removeRuns();
    if (!gone.ok) return gone;
    // There is more to take away: at the next run.
    this.#since = gone.value === MOST_AT_ONCE ? EVERY : 0;
    const swept = this.#sweep();
    return swept.ok ? gone : swept;
  }

  #removeRuns(): Result<number> {
    const { state, clock, bounds } = this.#options;
    const oldest = new Date(clock().getTime() - bounds.days * DAY_MS).toISOString();
    const gone = state.write((connection) => {
      const sums = connection.prepare("SELECT count(*) AS runs, total(bytes) AS bytes FROM executions").get();
      let runs = Number(sums?.["runs"] ?? 0) - bounds.runs;
      let bytes = Number(sums?.["bytes"] ?? 0) - bounds.maxMB * MEBIBYTE;
      const leaving: string[] = [];
      const old = connection.prepare("SELECT id, bytes, started_at FROM executions ORDER BY seq LIMIT ?");
      for (const row of old.iterate(MOST_AT_ONCE)) {
        if (runs <= 0 && bytes <= 0 && String(row["started_at"]) >= oldest) break;
        leaving.push(String(row["id"]));
        runs--;
        bytes -= Number(row["bytes"]);
      }
      const remove = connection.prepare("DELETE FROM executions WHERE id = ?");
      for (const id of leaving) remove.run(id);
      return leaving;
    });
    if (!gone.ok) return gone;
    for (const id of gone.value) rmSync(join(state.places.runs, id), { recursive: true, force: true });
    return ok(gone.value.length);
  }

  /**
   * Once a day: folders that belong to nothing, of processes that died between the record and the folder, or in a run.
   * Those that are younger than a week may belong to a run that goes on.
   */
  #sweep(): Result<void> {
    const { state, clock } = this.#options;
    const mark = join(state.places.folder, "swept");
    const now = clock().getTime();
    const last = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (now - last < DAY_MS) return ok(undefined);
    writeFileSync(mark, "", { mode: 0o600 });
    utimesSync(mark, clock(), clock());
    for (const { folder, query } of [
      { folder: state.places.runs, query: "SELECT 1 FROM executions WHERE id = ?" },
      { folder: state.places.cache, query: "SELECT 1 FROM cache WHERE execution = ?" },
    ]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const lost = state.read((connection) => {
        const known = connection.prepare(query);
        return readdirSync(folder).filter((name) => known.get(name) === undefined);
      });
      if (!lost.ok) return lost;
      for (const name of lost.value) {
        const path = join(folder, name);
        const status = statSync(path, { throwIfNoEntry: false });
        if (status !== undefined && now - status.mtimeMs > LOST_AFTER_MS)
          rmSync(path, { recursive: true, force: true });
      }
    }
    return ok(undefined);
  }
}
