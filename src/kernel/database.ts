import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { fail, ok, type Result } from "../model/index.ts";
import { MIGRATIONS } from "./migrations.ts";

/** How long a statement waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;
/** A lock of the recovery older than this belongs to a process that died. */
const STALE_LOCK_MS = 30_000;
const LOCK_WAIT_MS = 5_000;
/** How long an opening waits before it tries again, in milliseconds. */
const BUSY_PAUSE_MS = 5;
/** SQLite's primary result codes for a lock that another one holds, a file that is damaged, and one that is no database. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export interface OpenedDatabase {
  readonly connection: DatabaseSync;
  /** What a person should know about the opening: a damaged file that was set aside. */
  readonly notices: readonly string[];
}

/** `node:sqlite` is loaded when first needed: hosts without it can do everything that needs no state. */
export function sqlite(): Result<typeof import("node:sqlite")> {
  // Older hosts have neither the module nor this way of asking for it.
  const module = typeof process.getBuiltinModule === "function" ? process.getBuiltinModule("node:sqlite") : undefined;
  if (module !== undefined) return ok(module);
  return fail("no-sqlite", `Node.js ${process.version} has no built-in SQLite: version 22.13 or newer is needed`);
}

/**
 * Opens a workspace's database in WAL mode, brings its schema up to date, and sets a damaged file aside. A commit
 * survives the death of the process (`synchronous = NORMAL`); only a power cut can take back the newest ones.
 * @returns problem `state-newer` for a database of a newer version, which is left as it is
 */
export function openDatabase(path: string, clock: () => Date): Result<OpenedDatabase> {
  const module = sqlite();
  if (!module.ok) return module;
  if (existsSync(damagedMark(path))) return recover(module.value, path, clock, "an earlier run found damage");
  const first = tryOpen(module.value, path, clock);
  if (first.ok) return ok({ connection: first.value, notices: [] });
  return first.problem.code === "state-corrupt" ? recover(module.value, path, clock, first.problem.message) : first;
}

/** Notes that damage was seen while the database was in use, so that the next opening checks it. */
export function markDamaged(path: string): void {
  writeFileSync(damagedMark(path), "", { mode: 0o600 });
}

function damagedMark(path: string): string {
  return `${path}.damaged`;
}

/** True for the errors by which SQLite says that a file is damaged or no database. */
export function isCorruption(error: unknown): boolean {
  const primary = primaryCode(error);
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

/** SQLite's primary result code in an error of `node:sqlite`. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

type Sqlite = typeof import("node:sqlite");

/**
 * Two processes that turn a new database to WAL mode at one moment stand in each other's way: SQLite tells one of them at
 * once that the database is locked, whatever its timeout. So that one tries again.
 */
function tryOpen(module: Sqlite, path: string, clock: () => Date): Result<DatabaseSync> {
  for (const deadline = Date.now() + BUSY_TIMEOUT_MS; ; pause(BUSY_PAUSE_MS)) {
    try {
      return openOnce(module, path, clock);
    } catch (error) {
      if (primaryCode(error) === SQLITE_BUSY && Date.now() < deadline) continue;
      const why = error instanceof Error ? error.message : String(error);
      if (isCorruption(error)) return fail("state-corrupt", why, { file: path });
      return fail("state-unavailable", `The state database cannot be opened: ${why}`, { file: path });
    }
  }
}

/** @throws what SQLite says */
function openOnce(module: Sqlite, path: string, clock: () => Date): Result<DatabaseSync> {
  const connection = new module.DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  let isKept = false;
  try {
    connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
    const migrated = migrate(connection, path, clock);
    isKept = migrated.ok;
    return migrated.ok ? ok(connection) : migrated;
  } finally {
    if (!isKept) connection.close();
  }
}

/** Waits, for as long as nothing else of this thread needs to go on: opening is synchronous. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** One text column of a query. */
export function textColumn(connection: DatabaseSync, query: string, column: string): string[] {
  return connection
    .prepare(query)
    .all()
    .map((row) => row[column])
    .filter((name) => typeof name === "string");
}

/** How many of the {@link MIGRATIONS} a database has taken. */
export function userVersion(connection: DatabaseSync): number {
  const row = connection.prepare("PRAGMA user_version").get();
  const version = row?.["user_version"];
  return typeof version === "number" ? version : 0;
}

/** Takes the missing steps in one transaction; of two processes that open at once, the second finds nothing to do. */
function migrate(connection: DatabaseSync, path: string, clock: () => Date): Result<void> {
  const found = userVersion(connection);
  if (found > MIGRATIONS.length) {
    const versions = `version ${found}, and this program knows up to ${MIGRATIONS.length}`;
    return fail(
      "state-newer",
      `The state was written by a newer Toka Tools (${versions}): update it; nothing was changed`,
      {
        file: path,
      },
    );
  }
  if (found === MIGRATIONS.length) return ok(undefined);
  if (found > 0) backUp(connection, path, found, clock);
  connection.exec("BEGIN IMMEDIATE");
  try {
    for (const step of MIGRATIONS.slice(userVersion(connection))) connection.exec(step);
    connection.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    connection.exec("COMMIT");
  } catch (error) {
    connection.exec("ROLLBACK");
    throw error;
  }
  return ok(undefined);
}

function backUp(connection: DatabaseSync, path: string, version: number, clock: () => Date): void {
  const folder = join(dirname(path), "backups");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const copy = join(folder, `${basename(path)}.v${version}.${stamp(clock)}`);
  connection.prepare("VACUUM INTO ?").run(copy);
}

function stamp(clock: () => Date): string {
  return clock().toISOString().replace(/[:.]/g, "-");
}

/** Sets a damaged database aside and opens a new one; one process at a time, the others then open what it made. */
function recover(module: Sqlite, path: string, clock: () => Date, why: string): Result<OpenedDatabase> {
  const lock = `${path}.recovery`;
  if (!takeLock(lock)) {
    return fail("state-unavailable", "Another process is setting a damaged state database aside: try again", {
      file: path,
    });
  }
  try {
    const healthy = tryHealthy(module, path, clock);
    if (healthy !== undefined) return ok({ connection: healthy, notices: [] });
    const aside = setAside(path, clock);
    const fresh = tryOpen(module, path, clock);
    if (!fresh.ok) return fresh;
    const notice = `The state database was damaged (${why}). It was set aside as ${aside} and a new one was started.`;
    return ok({ connection: fresh.value, notices: [notice] });
  } finally {
    rmSync(damagedMark(path), { force: true });
    rmSync(lock, { force: true });
  }
}

/** The database opened, when a full check finds it sound after all or another process has renewed it. */
function tryHealthy(module: Sqlite, path: string, clock: () => Date): DatabaseSync | undefined {
  const opened = tryOpen(module, path, clock);
  if (!opened.ok) return undefined;
  try {
    const row = opened.value.prepare("PRAGMA quick_check(1)").get();
    if (row?.["quick_check"] === "ok") return opened.value;
  } catch (error) {
    if (!isCorruption(error)) throw error;
  }
  opened.value.close();
  return undefined;
}

function setAside(path: string, clock: () => Date): string {
  const aside = `${path}.damaged-${stamp(clock)}-${process.pid}`;
  const folder = dirname(path);
  const name = basename(path);
  for (const entry of readdirSync(folder)) {
    if (entry === name || entry === `${name}-wal` || entry === `${name}-shm`) {
      renameSync(join(folder, entry), aside + entry.slice(name.length));
    }
  }
  return aside;
}

function takeLock(lock: string): boolean {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      closeSync(openSync(lock, "wx", 0o600));
      return true;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const stat = statSync(lock, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
    if (Date.now() > deadline) return false;
    pause(50);
  }
}
