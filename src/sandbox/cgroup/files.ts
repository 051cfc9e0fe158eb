import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../../model/index.ts";

/** What is done with the files of cgroups. Paths are absolute; errors carry the kernel's name as code (`EBUSY`). */
export interface CgroupFiles {
  /** Nothing where it cannot be read. */
  read(path: string): string | undefined;
  write(path: string, text: string): Result<void>;
  /** The same on another thread; whether it worked does not matter. */
  writeLater(path: string, text: string): void;
  canWrite(path: string): boolean;
  make(folder: string): Result<void>;
  /** Removes a cgroup that nothing is in. */
  remove(folder: string): Result<void>;
  /** Names of the cgroups in one. */
  children(folder: string): string[];
  /** A descriptor of a cgroup's folder for reading, and one of the file by which processes enter it. */
  open(folder: string): Result<readonly [folder: number, entry: number]>;
  close(descriptors: readonly number[]): void;
}

/**
 * The machine's files, or those of a tree that lies elsewhere. They are used synchronously: each call is one short system
 * call on a file without a disk, for which a thread costs more than it saves.
 * @param root before every path
 */
export function cgroupFiles(root = "/"): CgroupFiles {
  const at = (path: string): string => join(root, path);
  return {
    read: (path) => attempt(() => readFileSync(at(path), "utf8"), undefined),
    write: (path, text) =>
      tried(() => {
        const file = openSync(at(path), constants.O_WRONLY); // never makes one
        try {
          writeSync(file, text);
        } finally {
          closeSync(file);
        }
      }),
    writeLater: (path, text) => {
      // A failure is nobody's concern, as the caller has it.
      writeOnThread(at(path), text).catch(() => undefined);
    },
    canWrite: (path) =>
      attempt(() => {
        accessSync(at(path), constants.W_OK);
        return true;
      }, false),
    make: (folder) => tried(() => mkdirSync(at(folder))),
    remove: (folder) => tried(() => rmdirSync(at(folder))),
    children: (folder) =>
      attempt(
        () =>
          readdirSync(at(folder), { withFileTypes: true })
            .filter((entry) => entry.isDirectory())
            .map(({ name }) => name),
        [],
      ),
    open: (folder) =>
      tried(() => {
        const opened = openSync(at(folder), constants.O_RDONLY | constants.O_DIRECTORY);
        try {
          return [opened, openSync(at(join(folder, "cgroup.procs")), constants.O_WRONLY)] as const;
        } catch (error) {
          closeSync(opened);
          throw error;
        }
      }),
    close: (descriptors) => {
      for (const descriptor of descriptors) closeSync(descriptor);
    },
  };
}

async function writeOnThread(path: string, text: string): Promise<void> {
  await using file = await open(path, constants.O_WRONLY);
  await file.write(text);
}

function attempt<T, U>(action: () => T, otherwise: U): T | U {
  try {
    return action();
  } catch {
    return otherwise; // what cannot be read is not there, as far as anybody here is concerned
  }
}

function tried<T>(action: () => T): Result<T> {
  try {
    return ok(action());
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return fail(String(error.code), error.message);
  }
}
