import { createHash, type Hash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { lstat, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";

/**
 * What of a path a result rests on. `content`: the bytes of a file. `folder`: names, kinds, sizes and times of what lies in
 * a folder, as listing it shows. `modules`: the names in a folder that Python may import. `tree`: the bytes of everything
 * in a folder. `presence`: whether it is there, and its kind, size and times.
 */
export const InputKind = z.enum(["content", "folder", "modules", "tree", "presence"]);
export type InputKind = z.infer<typeof InputKind>;

/** Something that a result rests on, by its absolute path. */
export interface Input {
  readonly kind: InputKind;
  readonly path: string;
}

/** Larger trees are not gone through before every run. */
const MOST_IN_TREE = 20_000;
const CHUNK = 1 << 18;

/** Thrown inside, and told as a digest that equals none: what cannot be read whole proves nothing. */
class Unprovable extends Error {}

/** What an input is now, as text that is equal only where the input is equal; nothing where that cannot be known. */
export async function digest({ kind, path }: Input, signal: AbortSignal): Promise<string | undefined> {
  try {
    switch (kind) {
      case "content":
        return await contentDigest(path, signal);
      case "folder":
        return await listingDigest(path, describeEntry);
      case "modules":
        return await listingDigest(path, describeModule);
      case "presence":
        return await describeEntry(path, "");
      case "tree":
        return await treeDigest(path, signal);
    }
  } catch (error) {
    if (error instanceof Unprovable || signal.aborted) return undefined;
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return "missing";
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Whether an input may have changed since a moment: by the change time of what is there, or of the folder that it is
 * missing from. Change times are the kernel's own and cannot be set back by a program.
 * @param since nanoseconds, of a file's change time on the same machine
 */
export async function changedSince(input: Input, since: bigint): Promise<boolean> {
  try {
    return await hasChanged(input, since);
  } catch (error) {
    // What cannot be looked at may have changed.
    if (codeOf(error) !== undefined) return true;
    throw error;
  }
}

async function hasChanged({ kind, path }: Input, since: bigint): Promise<boolean> {
  const status = await statusOf(path);
  if (status === undefined) return (await nearestChange(dirname(path))) >= since;
  if (status.ctimeNs >= since || (await lstat(path, { bigint: true })).ctimeNs >= since) return true;
  if (!status.isDirectory() || kind === "presence" || kind === "modules") return false;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if ((await lstat(inner, { bigint: true })).ctimeNs >= since) return true;
    if (kind === "tree" && entry.isDirectory() && (await hasChanged({ kind, path: inner }, since))) return true;
  }
  return false;
}

async function nearestChange(folder: string): Promise<bigint> {
  const status = await statusOf(folder);
  if (status !== undefined) return status.ctimeNs;
  return dirname(folder) === folder ? 0n : nearestChange(dirname(folder));
}

async function statusOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

async function contentDigest(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await addContent(hash, path, signal);
  return hash.digest("hex");
}

async function addContent(hash: Hash, path: string, signal: AbortSignal): Promise<void> {
  // Non-blocking, so that a pipe put in the file's place cannot hang the gate.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (status.isDirectory()) {
      hash.update("folder");
      return;
    }
    if (!status.isFile()) throw new Unprovable(`${path} is not a regular file`);
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return;
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

type Describe = (path: string, name: string) => Promise<string | undefined>;

async function listingDigest(path: string, describe: Describe): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(path)).toSorted()) {
    const line = await describe(join(path, name), name);
    if (line !== undefined) hash.update(line).update("\0");
  }
  return hash.digest("hex");
}

/** An entry as `os.scandir` and `os.stat` tell it; a link with what it leads to. */
async function describeEntry(path: string, name: string): Promise<string> {
  const own = await lstat(path, { bigint: true });
  const target = own.isSymbolicLink() ? await statusOf(path) : undefined;
  return JSON.stringify([
    name,
    ...facts(own),
    ...(own.isSymbolicLink() ? (target ? facts(target) : ["dangling"]) : []),
  ]);
}

function facts({ mode, size, mtimeNs }: BigIntStats): string[] {
  return [mode, size, mtimeNs].map(String);
}

const MODULE_FILE = /\.(?:py|pyc|so|pyd|zip|pth)$/;

/** Names alone: what is imported has its content among the inputs. */
async function describeModule(path: string, name: string): Promise<string | undefined> {
  if (MODULE_FILE.test(name)) return `${name} file`;
  const status = await statusOf(path);
  return status?.isDirectory() === true && name !== "__pycache__" ? `${name} folder` : undefined;
}

async function treeDigest(root: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  let count = 0;
  const add = async (path: string, name: string): Promise<void> => {
    count++;
    if (count > MOST_IN_TREE) throw new Unprovable(`${root} holds too much`);
    const status = await lstat(path);
    hash.update(JSON.stringify([name, status.mode, status.isSymbolicLink()]));
    if (status.isDirectory()) {
      const names = (await readdir(path)).toSorted();
      hash.update(JSON.stringify(names));
      for (const inner of names) await add(join(path, inner), `${name}/${inner}`);
    } else await addContent(hash, path, signal);
  };
  await add(root, "");
  return hash.digest("hex");
}

/** The code of a file system's error. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
