import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

export interface Content {
  readonly bytes: Buffer;
  /** Of the whole file, which may be larger than what was read. */
  readonly stat: Stats;
}

/**
 * Opens a file to read it, and closes it again. Neither a link nor a pipe that took the file's place since it was listed
 * may lead us elsewhere or hold us up.
 * @returns what `use` gives; `null` when there is no regular file, or it may not be read
 */
function withRegularFile<T>(path: string, use: (descriptor: number, stat: Stats) => T): T | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Deleted since it was listed, or not ours to read: there is nothing to say about its content.
    return null;
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() ? use(descriptor, stat) : null;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The first bytes of a regular file, `null` when it is none or cannot be read.
 * @param place memory to read into where it is large enough; the next reading into it overwrites what was read
 */
export function readBytes(path: string, limit: number, place?: Buffer): Content | null {
  return withRegularFile(path, (descriptor, stat) => {
    const size = Math.min(stat.size, limit);
    const bytes = place !== undefined && place.length >= size ? place.subarray(0, size) : Buffer.allocUnsafeSlow(size);
    let count = 0;
    while (count < bytes.length) {
      const read = readSync(descriptor, bytes, count, bytes.length - count, count);
      if (read === 0) break;
      count += read;
    }
    return { bytes: bytes.subarray(0, count), stat };
  });
}
