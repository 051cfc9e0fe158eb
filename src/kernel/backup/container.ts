import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { BackupHeader, fail, ok, parseBoundary, parseJson, type Result } from "../../model/index.ts";

/**
 * The format of a backup: a line of JSON ({@link BackupHeader}), a database compressed by gzip, and the SHA-256 of both
 * (32 bytes), so that damage anywhere is seen before anything is changed.
 */
export const BACKUP_VERSION = 1;

const DIGEST_BYTES = 32;
/** Longest first line, in bytes; paths are the only long thing in it. */
const MOST_HEADER = 65_536;

/** Writes a backup; the file stands there whole or not at all. Exceptions are those of the file system. */
export async function writeContainer(
  target: string,
  header: BackupHeader,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  const draft = join(dirname(target), `.${randomUUID()}.toka-draft`);
  const hash = createHash("sha256");
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  hash.update(line);
  const framed = new Transform({
    construct(done) {
      this.push(line);
      done();
    },
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(null, hash.digest());
    },
  });
  try {
    const output = createWriteStream(draft, { flags: "wx", mode: 0o600 });
    await pipeline(createReadStream(database), createGzip(), framed, output, { signal });
    sync(draft);
    renameSync(draft, target);
  } finally {
    rmSync(draft, { force: true });
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

interface Opening {
  readonly header: BackupHeader;
  /** Where the compressed database begins and ends, in bytes. */
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/** What a file says that it is. Problems: `no-backup` when it is none, `backup-newer`, `backup-damaged`. */
export function readHeader(file: string): Result<Opening> {
  const none = (why: string): Result<never> =>
    fail("no-backup", `${file} is no backup of Toka Tools: ${why}`, { file });
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return none(error instanceof Error ? error.message : String(error));
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return none("it is not a regular file");
    const head = Buffer.alloc(Math.min(MOST_HEADER, stat.size));
    const first = head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
    const newline = first.indexOf(0x0a);
    if (newline < 0) return none("its first line is missing");
    const said = parseJson(first.subarray(0, newline).toString("utf8"));
    const version = versionOf(said);
    if (version === undefined) return none("its first line says something else");
    if (version > BACKUP_VERSION) {
      const message = `${file} was written by a newer Toka Tools (format ${version}): update it; nothing was changed`;
      return fail("backup-newer", message, { file });
    }
    const header = parseBoundary(BackupHeader, said, file);
    if (!header.ok) return header;
    const start = newline + 1;
    const end = stat.size - DIGEST_BYTES;
    if (end <= start) return damaged(file, "it ends too early");
    return ok({ header: header.value, start, end, size: stat.size });
  } finally {
    closeSync(descriptor);
  }
}

/** The version that a first line names, when it is that of a backup. */
function versionOf(said: unknown): number | undefined {
  if (typeof said !== "object" || said === null || !("format" in said) || said.format !== "toka-backup")
    return undefined;
  return "version" in said && typeof said.version === "number" ? said.version : undefined;
}

/** Takes the database out of a backup, once every byte of it was seen to be as it was written. */
export async function readContainer(
  file: string,
  { start, end, size }: Opening,
  database: string,
  signal: AbortSignal,
): Promise<Result<void>> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { end: end - 1, signal })) hash.update(chunk);
  const [digest] = await createReadStream(file, { start: end, end: size - 1, signal }).toArray();
  if (!(digest instanceof Buffer) || !digest.equals(hash.digest())) {
    return damaged(file, "its contents are not what was written");
  }
  const output = createWriteStream(database, { flags: "wx", mode: 0o600 });
  await pipeline(createReadStream(file, { start, end: end - 1 }), createGunzip(), output, { signal });
  return ok(undefined);
}

/** The problem of a backup that cannot be relied on. */
export function damaged(file: string, why: string): Result<never> {
  return fail("backup-damaged", `${file} is damaged: ${why}. Nothing was changed`, { file });
}
