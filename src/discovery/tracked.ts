import { join } from "node:path";
import { readBytes } from "./regular-file.ts";

/** Largest index that is read, in bytes: one of some 300 000 files. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/** Of an entry: times, device, inode, mode, owner and size, then the hash. */
const BYTES_BEFORE_FLAGS = 40 + 20;

const IS_EXTENDED = 0x40_00;
const LENGTH_OF_NAME = 0x0f_ff;

/**
 * What git tracks in a folder. Ignore rules do not hold for it: `git add --force`, or a rule that came later. Read out of the
 * repository's index when it is first asked for; where that cannot be read nothing is tracked.
 */
export class TrackedFiles {
  readonly #repository: string;
  readonly #above: string;
  #known: { readonly files: ReadonlySet<string>; readonly folders: ReadonlySet<string> } | null = null;

  /**
   * @param repository the folder with `.git` in it
   * @param above where the walked folder lies in it, ending with `/`; empty for the repository itself
   */
  constructor(repository: string, above: string) {
    this.#repository = repository;
    this.#above = above;
  }

  /** Whether a file is tracked, or something in a folder; the path is relative to the walked folder. */
  holds(path: string, isFolder: boolean): boolean {
    this.#known ??= this.#read();
    return (isFolder ? this.#known.folders : this.#known.files).has(path);
  }

  #read(): { readonly files: ReadonlySet<string>; readonly folders: ReadonlySet<string> } {
    const files = new Set<string>();
    const folders = new Set<string>();
    const content = readBytes(join(this.#repository, ".git", "index"), MAX_INDEX_BYTES);
    const isWhole = content !== null && content.bytes.length === content.stat.size;
    for (const path of (isWhole ? trackedPaths(content.bytes) : null) ?? []) {
      if (!path.startsWith(this.#above)) continue;
      const own = path.slice(this.#above.length);
      files.add(own);
      for (
        let end = own.lastIndexOf("/");
        end > 0 && !folders.has(own.slice(0, end));
        end = own.lastIndexOf("/", end - 1)
      ) {
        folders.add(own.slice(0, end));
      }
    }
    return { files, folders };
  }
}

/**
 * The paths in an index of git (`gitformat-index`, versions 2 to 4, with hashes of SHA-1); `null` when it is none or broken.
 * @param index the whole file
 */
export function trackedPaths(index: Buffer): readonly string[] | null {
  if (index.length < 12 || index.toString("latin1", 0, 4) !== "DIRC") return null;
  const version = index.readUInt32BE(4);
  if (version < 2 || version > 4) return null;
  const paths: string[] = [];
  let at = 12;
  let previous = Buffer.alloc(0);
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const entry = entryAt(index, at, version, previous);
    if (entry === null) return null;
    paths.push(entry.name.toString("utf8"));
    previous = entry.name;
    at = entry.end;
  }
  return paths;
}

interface Entry {
  readonly name: Buffer<ArrayBuffer>;
  /** Where the next entry begins. */
  readonly end: number;
}

/** @param previous the name before, of which one in version 4 says how much it shares */
function entryAt(index: Buffer, at: number, version: number, previous: Buffer<ArrayBuffer>): Entry | null {
  if (at + BYTES_BEFORE_FLAGS + 4 > index.length) return null;
  const flags = index.readUInt16BE(at + BYTES_BEFORE_FLAGS);
  const isExtended = version > 2 && (flags & IS_EXTENDED) !== 0;
  const start = at + BYTES_BEFORE_FLAGS + (isExtended ? 4 : 2);
  const cut = version === 4 ? variableNumber(index, start) : { value: previous.length, end: start };
  const close = index.indexOf(0, cut.end);
  if (close === -1 || cut.value > previous.length) return null;
  const name = Buffer.concat([previous.subarray(0, previous.length - cut.value), index.subarray(cut.end, close)]);
  if (Math.min(name.length, LENGTH_OF_NAME) !== (flags & LENGTH_OF_NAME)) return null;
  // Up to version 3 one to eight zeros make the length a multiple of eight.
  const end = version === 4 ? close + 1 : at + ((close - at + 8) & ~7);
  return { name, end };
}

/** A number of git's own coding for offsets: seven bits a byte, the highest first, each further byte one more. */
function variableNumber(index: Buffer, start: number): { readonly value: number; readonly end: number } {
  let at = start;
  let byte = index[at] ?? 0;
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0 && value < MAX_INDEX_BYTES) {
    at += 1;
    byte = index[at] ?? 0;
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return { value, end: at + 1 };
}
