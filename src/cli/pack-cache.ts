import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import * as z from "zod";
import { parseJson } from "../model/index.ts";

/** Bumped whenever what is kept of a file, or the way it is written, changes. */
const LAYOUT = 1;

/** No pack grows larger: less than what one run in the sandbox may write in all. */
const PACK_BYTES = 64 * 1024 * 1024;
/** Of all packs of a workspace; the ones longest unused go first. */
const FOLDER_BYTES = 256 * 1024 * 1024;
/** From this many packs of one analysis on, they are put into one. */
const MOST_PACKS = 6;
/** The end of a pack: where its list of entries starts, how long that is, its checksum, and that it is a pack. */
const FOOTER = { bytes: 16, magic: 0x546f6b61 } as const;
const SUFFIX = ".pack";
/** A pack that nobody finished (a run that was killed) is left alone for a while: its run may go on. */
const UNFINISHED = { suffix: ".new", milliseconds: 60 * 60 * 1000 } as const;

const Head = z.object({
  mark: z.string(),
  /** Key, offset, length and checksum of each entry. */
  entries: z.array(z.tuple([z.string().length(32), z.int().min(0), z.int().min(0), z.int().min(0)])),
});

interface Entry {
  readonly pack: Pack;
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

interface Pack {
  readonly path: string;
  readonly file: number;
}

export interface CacheOptions {
  /** Absolute path; made where it is missing. */
  readonly folder: string;
  /** What the entries are of: packs of others are not looked at. Letters and dashes. */
  readonly kind: string;
  /** Which program wrote the entries; what another one wrote is dropped. */
  readonly mark: string;
  readonly packBytes?: number;
  readonly folderBytes?: number;
}

/**
 * Texts by the hash of what they were made from, kept in a few files ("packs"), each written once, under a name of its
 * own, and then renamed: several processes may use one folder. The folder may have been written to by a process that was
 * taken over; nothing in it is believed: links and special files are not opened, and whatever does not fit is dropped.
 */
export class PackCache {
  readonly #options: CacheOptions;
  readonly #mark: string;
  readonly #entries = new Map<string, Entry>();
  readonly #packs: Pack[] = [];
  readonly #used = new Set<Pack>();
  #writer: PackWriter | null = null;

  private constructor(options: CacheOptions) {
    this.#options = options;
    this.#mark = `${LAYOUT} ${options.kind} ${options.mark}`;
  }

  /** @throws what the file system throws where the folder cannot be made or read */
  static open(options: CacheOptions): PackCache {
    const cache = new PackCache(options);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    cache.#readPacks();
    return cache;
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const bytes = readAt(entry.pack.file, entry.offset, entry.length);
    if (bytes === undefined || crc32(bytes) !== entry.checksum) {
      this.#entries.delete(key);
      return undefined;
    }
    this.#used.add(entry.pack);
    return bytes.toString();
  }

  /** Keeps an entry for the next run, while there is room. */
  put(key: string, text: string): void {
    this.#entries.delete(key);
    this.#writer ??= new PackWriter(this.#options, this.#mark);
    this.#writer.add(key, Buffer.from(text));
  }

  /** An entry that made no sense. */
  drop(key: string): void {
    this.#entries.delete(key);
  }

  /** Writes what is new, makes room, and closes the files. */
  close(): void {
    const now = new Date();
    for (const { file } of this.#used) touch(file, now);
    if (this.#writer !== null) {
      const merges = this.#packs.length + 1 >= MOST_PACKS;
      if (merges) this.#copyInto(this.#writer);
      this.#writer.finish();
      if (merges) for (const { path } of this.#packs) rmSync(path, { force: true });
    }
    for (const { file } of this.#packs) closeSync(file);
    this.#packs.length = 0;
    this.#entries.clear();
    this.#makeRoom();
  }

  #copyInto(writer: PackWriter): void {
    for (const [key, { pack, offset, length, checksum }] of this.#entries) {
      const bytes = readAt(pack.file, offset, length);
      if (bytes !== undefined && crc32(bytes) === checksum) writer.add(key, bytes);
    }
  }

  #readPacks(): void {
    const { folder, kind } = this.#options;
    // The names tell the order of their making: what is newer counts.
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (name.endsWith(UNFINISHED.suffix)) dropOld(path);
      else if (name.startsWith(`${kind}.`) && name.endsWith(SUFFIX)) this.#readPack(path);
    }
  }

  #readPack(path: string): void {
    const file = openRegular(path);
    const head = file === undefined ? undefined : readHead(file);
    if (file === undefined || head?.mark !== this.#mark) {
      if (file !== undefined) closeSync(file);
      rmSync(path, { force: true, recursive: true });
      return;
    }
    const pack = { path, file };
    this.#packs.push(pack);
    for (const [key, offset, length, checksum] of head.entries)
      this.#entries.set(key, { pack, offset, length, checksum });
  }

  #makeRoom(): void {
    const { folder, folderBytes = FOLDER_BYTES } = this.#options;
    const packs = readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .flatMap((name) => {
        const path = join(folder, name);
        const state = statSync(path, { throwIfNoEntry: false });
        return state === undefined ? [] : [{ path, size: state.size, used: state.mtimeMs }];
      })
      .sort((a, b) => b.used - a.used);
    let sum = 0;
    for (const { path, size } of packs) {
      sum += size;
      if (sum > folderBytes) rmSync(path, { force: true, recursive: true });
    }
  }
}

/** Another process may have taken the file away meanwhile, which is as good. */
function dropOld(path: string): void {
  const state = statSync(path, { throwIfNoEntry: false });
  if (state !== undefined && Date.now() - state.mtimeMs > UNFINISHED.milliseconds) rmSync(path, { force: true });
}

/** A file system without times of use keeps its packs in the order of their making. */
function touch(file: number, now: Date): void {
  try {
    futimesSync(file, now, now);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function openRegular(path: string): number | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // Gone meanwhile, a link, or not ours to read: none of it is an entry.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return undefined;
}

function readAt(file: number, offset: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  return readSync(file, bytes, 0, length, offset) === length ? bytes : undefined;
}

function readHead(file: number): z.infer<typeof Head> | undefined {
  const { size } = fstatSync(file);
  const footer = size < FOOTER.bytes ? undefined : readAt(file, size - FOOTER.bytes, FOOTER.bytes);
  if (footer?.readUInt32LE(12) !== FOOTER.magic) return undefined;
  const [offset, length, checksum] = [footer.readUInt32LE(0), footer.readUInt32LE(4), footer.readUInt32LE(8)];
  if (offset + length + FOOTER.bytes !== size) return undefined;
  const bytes = readAt(file, offset, length);
  if (bytes === undefined || crc32(bytes) !== checksum) return undefined;
  const head = Head.safeParse(parseJson(bytes.toString()));
  if (!head.success) return undefined;
  const isInside = head.data.entries.every(([, at, bytesOf]) => at + bytesOf <= offset);
  return isInside ? head.data : undefined;
}

/** Microseconds since 1970, so that names sort by time. */
function timeName(): string {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
    .toString(36)
    .padStart(11, "0");
}

/** Writes one pack: the entries one after the other, then the list of them. */
class PackWriter {
  readonly #path: string;
  readonly #mark: string;
  readonly #most: number;
  readonly #file: number;
  readonly #entries = new Map<string, readonly [offset: number, length: number, checksum: number]>();
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #bytes = 0;

  constructor({ folder, kind, packBytes = PACK_BYTES }: CacheOptions, mark: string) {
    this.#path = join(folder, `${kind}.${timeName()}-${randomUUID()}${SUFFIX}`);
    this.#mark = mark;
    this.#most = packBytes;
    this.#file = openSync(`${this.#path}${UNFINISHED.suffix}`, "wx", 0o600);
  }

  add(key: string, bytes: Buffer): void {
    if (this.#entries.has(key) || this.#bytes + bytes.length > this.#most) return;
    this.#entries.set(key, [this.#bytes, bytes.length, crc32(bytes)]);
    this.#bytes += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > 1024 * 1024) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pending);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  finish(): void {
    const entries = [...this.#entries].map(([key, place]) => [key, ...place]);
    const head = Buffer.from(JSON.stringify({ mark: this.#mark, entries }));
    const footer = Buffer.alloc(FOOTER.bytes);
    for (const [at, value] of [this.#bytes, head.length, crc32(head), FOOTER.magic].entries()) {
      footer.writeUInt32LE(value, at * 4);
    }
    this.#pending.push(head, footer);
    this.#flush();
    closeSync(this.#file);
    renameSync(`${this.#path}${UNFINISHED.suffix}`, this.#path);
  }
}
