import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Turns } from "./turns.ts";
import { Listing, type WalkResult } from "./walk.ts";

/** What some changed paths are about. */
export interface Touched {
  /** Files that are listed, and known ones that may be gone. */
  readonly files: ReadonlySet<string>;
  /** What lies in the folders among the paths. */
  readonly folders: ReadonlyMap<string, WalkResult>;
}

/**
 * The files that changes of some paths may be about. Of a folder that came these are all files in it; of one that went, all
 * that were known in it: editors tell of the folder alone.
 * @param paths relative to the folder, with `/`
 * @param known paths of files, asked for where something went
 * @returns `null` where rules changed that may take in or leave out any file
 */
export async function touchedFiles(
  folder: string,
  paths: Iterable<string>,
  known: () => Iterable<string>,
  turns: Turns,
): Promise<Touched | null> {
  const listing = new Listing(folder);
  const named = new Set<string>();
  const gone = new Set<string>();
  const folders = new Map<string, WalkResult>();
  for (const path of new Set(paths)) {
    if (await listing.rules(path)) return null;
    const stat = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (stat?.isFile() !== true) gone.add(path);
    if (stat?.isDirectory() === true) folders.set(path, await listing.below(path, turns.signal));
    else named.add(path);
    if (turns.isDue) await turns.give();
  }
  if (gone.size > 0) for (const path of below(gone, known())) named.add(path);
  const files = new Set([...folders.values()].flatMap((result) => result.files.map(({ path }) => path)));
  await addListed(files, named, listing, turns);
  return { files, folders };
}

async function addListed(files: Set<string>, named: Iterable<string>, listing: Listing, turns: Turns): Promise<void> {
  for (const path of named) {
    if (await listing.holds(path)) files.add(path);
    if (turns.isDue) await turns.give();
  }
}

/** Those of some paths that lie in one of the folders, at any depth. */
function* below(folders: ReadonlySet<string>, paths: Iterable<string>): Generator<string> {
  for (const path of paths) if (foldersOf(path).some((folder) => folders.has(folder))) yield path;
}

/** All folders that a path lies in, the nearest first. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.push(path.slice(0, at));
  return folders;
}
