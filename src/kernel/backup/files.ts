import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { textColumn } from "../database.ts";
import type { StatePlaces } from "../state-folder.ts";

/** The table of a backup's database that holds the files kept beside it. */
const TABLE = "backup_files";
/** Folders of the state folder that are made again from what is elsewhere, and earlier backups. */
const LEFT_OUT = new Set(["analysis", "backups"]);
/** Nothing that the kernel keeps lies deeper. */
const DEEPEST = 12;
/** SQLite holds up to 1 GB in one value; the disk limit of a run is far below that. */
const LARGEST = 900 * 1024 * 1024;

/**
 * Puts the files beside the state's database into a copy of it: of runs that it has a record of, and what other folders hold.
 * Links and everything else that is no regular file stay out.
 * @returns how many files there are
 */
export function packFiles(copy: DatabaseSync, places: StatePlaces, signal: AbortSignal): number {
  copy.exec(`CREATE TABLE ${TABLE} (path TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT`);
  const insert = copy.prepare(`INSERT INTO ${TABLE} (path, bytes) VALUES (?, ?)`);
  const known = copy.prepare("SELECT 1 FROM executions WHERE id = ?");
  let count = 0;
  copy.exec("BEGIN");
  for (const path of filesOf(places.folder, (id) => known.get(id) !== undefined)) {
    signal.throwIfAborted();
    const bytes = readRegular(join(places.folder, path));
    if (bytes === undefined) continue;
    insert.run(path, bytes);
    count++;
  }
  copy.exec("COMMIT");
  return count;
}

/** Paths of files relative to the state folder, with `/`. */
function* filesOf(root: string, isKnownRun: (id: string) => boolean): Generator<string> {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || LEFT_OUT.has(entry.name)) continue;
    if (entry.name !== "runs") yield* walk(root, entry.name, 0);
    else for (const id of readdirSync(join(root, "runs"))) if (isKnownRun(id)) yield* walk(root, `runs/${id}`, 0);
  }
}

function* walk(root: string, path: string, depth: number): Generator<string> {
  if (depth > DEEPEST) return;
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const at = `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, at, depth + 1);
    else if (entry.isFile()) yield at;
  }
}

/** The content of a regular file; undefined for one that is none, is gone, or is larger than a value can be. */
function readRegular(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined; // removed since it was listed
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= LARGEST ? readFileSync(descriptor) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** A path as {@link packFiles} writes them: relative, and going nowhere but down. */
function isSafe(path: string): boolean {
  const parts = path.split("/");
  return (
    parts.length > 1 && !path.includes("\\") && parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/**
 * Takes the files out of a backup's database, into `folder`.
 * @returns how many; or the first path that leads out of the folder, before anything was written
 */
export function unpackFiles(
  copy: DatabaseSync,
  folder: string,
  signal: AbortSignal,
): { readonly files: number } | { readonly bad: string } {
  const names = textColumn(copy, `SELECT path FROM ${TABLE} ORDER BY path`, "path");
  const bad = names.find((path) => !isSafe(path));
  if (bad !== undefined) return { bad };
  const read = copy.prepare(`SELECT bytes FROM ${TABLE} WHERE path = ?`);
  for (const path of names) {
    signal.throwIfAborted();
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const bytes = read.get(path)?.["bytes"];
    if (bytes instanceof Uint8Array) writeFileSync(target, bytes, { flag: "wx", mode: 0o600 });
  }
  copy.exec(`DROP TABLE ${TABLE}`);
  return { files: names.length };
}
