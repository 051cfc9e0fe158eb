import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type AuditAction, type BackupHeader, type BackupReport, fail, ok, type Result } from "../../model/index.ts";
import { openDatabase, sqlite, textColumn, userVersion } from "../database.ts";
import { MIGRATIONS } from "../migrations.ts";
import { makeStateFolders, type StatePlaces, statePlaces } from "../state-folder.ts";
import { BACKUP_VERSION, damaged, readContainer, readHeader, writeContainer } from "./container.ts";
import { packFiles, unpackFiles } from "./files.ts";

/** Which state is meant. */
export interface BackupOptions {
  /** Real path of the workspace folder. */
  readonly workspace: string;
  /** The folder of all state (`stateRoot`). */
  readonly root: string;
  readonly clock?: () => Date;
  readonly signal: AbortSignal;
}

interface Place extends BackupOptions {
  readonly places: StatePlaces;
  readonly now: () => Date;
  /** A folder for drafts, removed at the end. */
  readonly scratch: string;
}

/**
 * Writes the whole state of a workspace (grants, history with results, audit, cache) into one file, while other
 * processes may go on using it. An earlier backup of that name is replaced; any other file is left alone.
 * Problems: `backup-exists`, `write-failed`, `cancelled` and those of opening the state.
 */
export async function backUpState(options: BackupOptions, file: string): Promise<Result<BackupReport>> {
  const target = resolve(file);
  if (existsSync(target) && !readHeader(target).ok) {
    return fail("backup-exists", `${target} is there already, and is no backup: choose another name`, { file: target });
  }
  return inPlace(options, (place) => writeBackup(place, target));
}

/**
 * Puts a backup in the place of a workspace's state. The whole backup is checked first: one that is damaged, newer or
 * none changes nothing. What was there before is backed up beside the database.
 * Problems: `no-backup`, `backup-newer`, `backup-damaged`, `cancelled` and those of opening the state.
 */
export async function restoreState(options: BackupOptions, file: string): Promise<Result<BackupReport>> {
  const source = resolve(file);
  const opening = readHeader(source);
  if (!opening.ok) return opening;
  const { header, size } = opening.value;
  if (header.schema > MIGRATIONS.length) {
    const message = `${source} was written by a newer Toka Tools (state ${header.schema}): update it; nothing was changed`;
    return fail("backup-newer", message, { file: source });
  }
  return inPlace(options, async (place) => {
    const database = join(place.scratch, "state.db");
    const taken = await readContainer(source, opening.value, database, options.signal);
    if (!taken.ok) return taken;
    return withDatabase(database, place, async (copy) => {
      const trouble = unsound(copy, header);
      if (trouble !== undefined) return damaged(source, trouble);
      const unpacked = unpackFiles(copy, join(place.scratch, "files"), options.signal);
      if ("bad" in unpacked) return damaged(source, `it holds a file that leads elsewhere: ${unpacked.bad}`);
      movePaths(copy, header.stateFolder, place.places.folder);
      note(copy, place, source, header);
      const previous = await keepPrevious(place);
      if (!previous.ok) return previous;
      putFiles(join(place.scratch, "files"), place.places.folder);
      await replaceDatabase(copy, place.places.database);
      return ok({
        file: source,
        workspace: place.workspace,
        createdAt: header.createdAt,
        executions: countOf(copy),
        files: unpacked.files,
        bytes: size,
        ...(previous.value === undefined ? {} : { previous: previous.value }),
      });
    });
  });
}

async function writeBackup(place: Place, target: string): Promise<Result<BackupReport>> {
  const copy = join(place.scratch, "copy.db");
  const opened = openDatabase(place.places.database, place.now);
  if (!opened.ok) return opened;
  try {
    opened.value.connection.prepare("VACUUM INTO ?").run(copy);
  } finally {
    opened.value.connection.close();
  }
  return withDatabase(copy, place, async (connection) => {
    const files = packFiles(connection, place.places, place.signal);
    const executions = countOf(connection);
    // All of it in one file, so that it can be read as it lies there.
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    const header: BackupHeader = {
      format: "toka-backup",
      version: BACKUP_VERSION,
      schema: userVersion(connection),
      workspace: place.workspace,
      stateFolder: place.places.folder,
      createdAt: place.now().toISOString(),
    };
    await writeContainer(target, header, copy, place.signal);
    const { workspace, createdAt } = header;
    return ok({ file: target, workspace, createdAt, executions, files, bytes: statSync(target).size });
  });
}

/** Runs work on a state with a folder for drafts; errors of the file system and cancelling become problems. */
async function inPlace<T>(options: BackupOptions, work: (place: Place) => Promise<Result<T>>): Promise<Result<T>> {
  let scratch: string | undefined;
  try {
    const workspace = realpathSync(options.workspace);
    const places = statePlaces(options.root, workspace);
    makeStateFolders(places, workspace);
    scratch = join(places.folder, "backups", `draft-${randomUUID()}`);
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    return await work({ ...options, workspace, places, now: options.clock ?? (() => new Date()), scratch });
  } catch (error) {
    if (options.signal.aborted) return fail("cancelled", "cancelled; nothing was changed");
    return fail("write-failed", error instanceof Error ? error.message : String(error));
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

async function withDatabase<T>(
  path: string,
  { now }: Place,
  work: (connection: DatabaseSync) => Promise<Result<T>>,
): Promise<Result<T>> {
  const opened = openDatabase(path, now);
  if (!opened.ok) return opened;
  const { connection, notices } = opened.value;
  try {
    const [notice] = notices;
    return notice === undefined ? await work(connection) : fail("backup-damaged", notice);
  } finally {
    if (connection.isOpen) connection.close();
  }
}

/** What is wrong with a backup's database, whose every byte is as it was written. */
function unsound(copy: DatabaseSync, header: BackupHeader): string | undefined {
  const [verdict = "it cannot be checked"] = textColumn(copy, "PRAGMA integrity_check(1)", "integrity_check");
  if (verdict !== "ok") return verdict;
  const tables = new Set(textColumn(copy, "SELECT name FROM sqlite_schema WHERE type = 'table'", "name"));
  const missing = ["executions", "audit", "backup_files"].find((name) => !tables.has(name));
  return missing === undefined ? undefined : `it has no table “${missing}” (schema ${header.schema})`;
}

/** Paths of results start with the state folder, which may be another one here. The audit stays as it was written. */
function movePaths(copy: DatabaseSync, from: string, to: string): void {
  if (from === to) return;
  const quoted = (path: string): string => JSON.stringify(path).slice(1, -1);
  const tables = textColumn(copy, "SELECT name FROM sqlite_schema WHERE type = 'table'", "name");
  copy.exec("BEGIN");
  for (const table of tables.filter((name) => name !== "audit" && !name.startsWith("sqlite_"))) {
    const columns = textColumn(copy, `SELECT name FROM pragma_table_info('${table}') WHERE type = 'TEXT'`, "name");
    for (const column of columns) {
      for (const [old, now] of new Map([
        [quoted(from), quoted(to)],
        [from, to],
      ])) {
        copy
          .prepare(`UPDATE "${table}" SET "${column}" = replace("${column}", ?, ?) WHERE instr("${column}", ?)`)
          .run(old, now, old);
      }
    }
  }
  copy.exec("COMMIT");
}

const RESTORED: AuditAction = "restored";

function note(copy: DatabaseSync, { now, workspace }: Place, source: string, header: BackupHeader): void {
  const details = JSON.stringify({ file: source, createdAt: header.createdAt, from: header.workspace, to: workspace });
  copy
    .prepare("INSERT INTO audit (at, principal, action, tool, execution, details) VALUES (?, 'user', ?, '', NULL, ?)")
    .run(now().toISOString(), RESTORED, details);
}

/** Backs up what is about to be replaced, when anything ever happened in it. */
async function keepPrevious(place: Place): Promise<Result<string | undefined>> {
  if (!existsSync(place.places.database)) return ok(undefined);
  const target = join(
    place.places.folder,
    "backups",
    `before-restore.${place.now().toISOString().replace(/[:.]/g, "-")}.toka`,
  );
  const written = await writeBackup(place, target);
  return written.ok ? ok(target) : written;
}

/** Moves files to where none of their name is; names of runs and of contents are never used twice. */
function putFiles(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const { parentPath, name } of readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )) {
    const target = join(to, join(parentPath, name).slice(from.length + 1));
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(join(parentPath, name), target);
  }
}

/** Replaces a database in one transaction, while other processes have it open. */
async function replaceDatabase(copy: DatabaseSync, target: string): Promise<void> {
  const module = sqlite();
  if (!module.ok) throw new Error(module.problem.message);
  if (typeof module.value.backup !== "function")
    throw new Error("Node.js 22.16 or newer is needed to restore a backup");
  await module.value.backup(copy, target, { rate: 1_000_000 });
}

function countOf(connection: DatabaseSync): number {
  const count = connection.prepare("SELECT count(*) AS count FROM executions").get()?.["count"];
  return typeof count === "number" ? count : 0;
}
