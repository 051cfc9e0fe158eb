import { createHash } from "node:crypto";
import { lstatSync, type Stats } from "node:fs";
import { MAX_FILE_BYTES } from "./prefilter.ts";
import { type Content, readBytes } from "./regular-file.ts";

/** What tells one state of a file from another. */
export interface FileState {
  /**
   * Size, modification time and change time: enough without reading the file. The change time moves with permissions
   * too, and no program can set it back.
   */
  readonly stamp: string;
  /** Where a later change might leave the same stamp, the content's hash has the last word. */
  readonly hash: string | null;
}

/** Coarsest clock, in milliseconds, of a file system that we expect (FAT has two seconds). */
const CLOCK = 2_000;

type Times = Pick<Stats, "size" | "mtimeMs" | "ctimeMs">;

function stampOf({ size, mtimeMs, ctimeMs }: Times): string {
  return `${size}:${mtimeMs}:${ctimeMs}`;
}

/** @param now milliseconds since the epoch when it was read */
export function stateOf({ bytes, stat }: { readonly bytes: Uint8Array; readonly stat: Times }, now: number): FileState {
  const isFresh = now - Math.max(stat.mtimeMs, stat.ctimeMs) < CLOCK;
  return { stamp: stampOf(stat), hash: isFresh ? contentHash(bytes) : null };
}

/**
 * The state of a file when it is still the one given (with no more doubt than there is now), else `null`.
 * @param path absolute
 */
export function stillIn(path: string, state: FileState): FileState | null {
  if (state.hash === null) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat !== undefined && stampOf(stat) === state.stamp ? state : null;
  }
  const content = readBytes(path, MAX_FILE_BYTES);
  return content !== null && isSame(state, content) ? stateOf(content, Date.now()) : null;
}

/** Whether what was read is what the state was taken of. */
export function isSame(state: FileState, content: Content): boolean {
  return state.stamp === stampOf(content.stat) && (state.hash === null || state.hash === contentHash(content.bytes));
}

function contentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
