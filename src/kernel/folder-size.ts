import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A folder with more entries than this is not counted to its end. */
const MOST_ENTRIES = 10_000;

/** Bytes of the regular files in a folder and below it, as far as it can be read; links are not followed. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  let left = MOST_ENTRIES;
  const open = [folder];
  for (let next = open.pop(); next !== undefined && left > 0; next = open.pop()) {
    for (const entry of entriesOf(next)) {
      left--;
      const path = join(next, entry.name);
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile()) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return bytes;
}

function entriesOf(folder: string): import("node:fs").Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // a run may leave folders that nobody may list
  }
}
