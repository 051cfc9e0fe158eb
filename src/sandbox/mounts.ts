import { lstat, readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve as normalize } from "node:path";
import { fail, ok, type Result } from "../model/index.ts";
import { depth, isInside } from "./paths.ts";

/** A path of the host that a run sees (or, when hidden, sees nothing of). */
export interface Mount {
  readonly path: string;
  readonly source: string;
  readonly access: "read" | "write" | "hidden-file" | "hidden-folder";
}

/** A part of the system as the host has it: a folder or file, or a link such as `/bin` to `usr/bin`. */
export type SystemPath = { readonly path: string; readonly link?: string };

export interface MountRequest {
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  readonly forbidden: readonly string[];
  /** Inside writable paths; what is there stays as it is. */
  readonly kept?: readonly string[];
}

/** Folders that hold the code which enforces the policy: never writable for a tool. */
const PROTECTED = ["/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/dev", "/proc", "/sys", "/run"];

/**
 * Resolves a policy's paths against the file system. A path that is a symbolic link is mounted under both of its names;
 * a forbidden path hides what it leads to, and every other name of the same file that is known.
 */
export async function planMounts(given: MountRequest): Promise<Result<Mount[]>> {
  const strange = [...given.readable, ...given.writable, ...given.forbidden].find((path) => !isAbsolute(path));
  if (strange !== undefined) return fail("path-relative", `A policy's paths must be absolute, not “${strange}”.`);
  const request = {
    readable: given.readable.map((path) => normalize(path)),
    writable: given.writable.map((path) => normalize(path)),
    forbidden: given.forbidden.map((path) => normalize(path)),
  };
  const mounts: Mount[] = [];
  for (const path of request.readable) {
    const source = await follow(path);
    if (source === undefined) return fail("path-missing", `The readable path ${path} does not exist.`);
    mounts.push(...bothNames(path, source, "read"));
  }
  for (const path of request.writable) {
    const source = await follow(path);
    if (source === undefined) return fail("path-missing", `The writable path ${path} does not exist.`);
    const inside = PROTECTED.find((root) => isInside(source, root) || isInside(root, source));
    if (inside) return fail("path-protected", `${path} cannot be made writable: it belongs to the system (${inside}).`);
    mounts.push(...bothNames(path, source, "write"));
  }
  const hidden = await planHidden(request.forbidden, mounts);
  if (!hidden.ok) return hidden;
  const sockets = await boundSockets(mounts);
  for (const path of await locateKept(given.kept ?? [], mounts)) {
    const state = await lstat(path).catch(() => undefined);
    if (state?.isFile() || state?.isDirectory()) mounts.push({ path, source: path, access: "read" });
  }
  const visible = mounts.filter((mount) => !hidden.value.some((other) => isInside(mount.path, other.path)));
  return ok([...visible, ...hidden.value, ...sockets].sort(byDepth));
}

const byDepth = (a: Mount, b: Mount): number => depth(a.path) - depth(b.path);

function bothNames(path: string, source: string, access: "read" | "write"): Mount[] {
  return [...new Set([path, source])].map((name) => ({ path: name, source, access }));
}

async function follow(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

async function planHidden(forbidden: readonly string[], mounts: readonly Mount[]): Promise<Result<Mount[]>> {
  const hidden = new Map<string, Mount>();
  for (const path of forbidden) {
    const source = await follow(path);
    const open = mounts.find((mount) => mount.access === "write" && isInside(path, mount.path));
    if (source === undefined && open) {
      const reason = `it does not exist yet, and the tool could create it inside the writable path ${open.path}`;
      return fail("path-forbidden-missing", `${path} cannot be forbidden: ${reason}.`);
    }
    if (source === undefined) continue;
    const access = (await stat(source)).isDirectory() ? "hidden-folder" : "hidden-file";
    for (const name of namesOf(source, mounts)) hidden.set(name, { path: name, source, access });
    for (const other of await otherNames(source, mounts)) {
      for (const name of namesOf(other, mounts)) hidden.set(name, { path: name, source: other, access: "hidden-file" });
    }
  }
  return ok([...hidden.values()]);
}

/**
 * Kept paths by their real names, links in them but the last one resolved; those that nothing writable is around are left
 * out. Nothing needs to be there.
 */
export async function locateKept(kept: readonly string[], mounts: readonly Mount[]): Promise<string[]> {
  const granted = mounts.filter(({ access }) => access === "write").map(({ source }) => source);
  if (granted.length === 0) return [];
  const located = await Promise.all(kept.map(async (path) => join(await nearest(dirname(path)), basename(path))));
  return located.filter((path) => granted.some((around) => isInside(path, around) && path !== around));
}

/** A folder's real path, where it does not exist that of the nearest one around it and the rest. */
async function nearest(path: string): Promise<string> {
  const real = await follow(path);
  return real ?? join(await nearest(dirname(path)), basename(path));
}

/**
 * Paths below the mounts that are hard links of a forbidden file, or of one inside a forbidden folder. The search ends once
 * as many names are found as the files have; it begins with the folders around them and ends with the system's large ones.
 */
async function otherNames(forbidden: string, mounts: readonly Mount[]): Promise<string[]> {
  const names = new Map<string, { readonly links: bigint; readonly known: Set<string> }>();
  for await (const { path, key, links } of multiplyLinked(forbidden)) {
    const file = names.get(key) ?? { links, known: new Set() };
    names.set(key, file);
    file.known.add(path);
  }
  const isOpen = (): boolean => [...names.values()].some(({ links, known }) => BigInt(known.size) < links);
  const found = new Set<string>();
  const roots = [...new Set(mounts.map(({ source }) => source))];
  const distance = (root: string): number => (isInside(forbidden, root) ? 0 : isSystem(root) ? 2 : 1);
  for (const root of roots.sort((one, other) => distance(one) - distance(other))) {
    if (!isOpen()) break;
    for await (const { path, key } of multiplyLinked(root)) {
      const file = names.get(key);
      if (file === undefined || isInside(path, forbidden)) continue;
      file.known.add(path);
      found.add(path);
      if (!isOpen()) break;
    }
  }
  return [...found];
}

function isSystem(path: string): boolean {
  return SYSTEM_FOLDERS.some((folder) => isInside(path, folder));
}

interface LinkedFile {
  readonly path: string;
  /** Its device and inode. */
  readonly key: string;
  /** How many names it has. */
  readonly links: bigint;
}

/** Every regular file at or below a path that has more than one name. */
async function* multiplyLinked(root: string): AsyncGenerator<LinkedFile> {
  const state = await lstat(root, { bigint: true }).catch(() => undefined);
  if (state?.isFile() && state.nlink > 1n) yield { path: root, key: `${state.dev}:${state.ino}`, links: state.nlink };
  if (!state?.isDirectory()) return;
  for (const name of await readdir(root).catch(() => [])) yield* multiplyLinked(join(root, name));
}

/** Every path under which the mounts show a file of the host. */
function namesOf(source: string, mounts: readonly Mount[]): string[] {
  return mounts
    .filter((mount) => isInside(source, mount.source))
    .map((mount) => mount.path + source.slice(mount.source.length));
}

/**
 * A read-only mount does not stop anyone from connecting to a unix socket in it, so the sockets that the host's programs
 * have bound below a mount are hidden. The kernel lists them by the name they were bound under.
 */
async function boundSockets(mounts: readonly Mount[]): Promise<Mount[]> {
  const table = await readFile("/proc/net/unix", "latin1").catch(() => "");
  const hidden = new Map<string, Mount>();
  for (const line of table.split("\n")) {
    const at = line.indexOf(" /");
    if (at < 0) continue;
    const bound = Buffer.from(line.slice(at + 1), "latin1").toString("utf8");
    const names = namesOf(bound, mounts);
    if (names.length === 0 || !(await isSocket(bound))) continue;
    for (const path of names) hidden.set(path, { path, source: bound, access: "hidden-file" });
  }
  return [...hidden.values()];
}

async function isSocket(path: string): Promise<boolean> {
  return lstat(path).then(
    (state) => state.isSocket(),
    () => false,
  );
}

/** The top-level folders that hold programs and libraries. */
const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** What programs need of `/etc`: names, locales, certificates; nothing of services, users' passwords or keys. */
const ETC = [
  "alternatives",
  "group",
  "hosts",
  "ld.so.cache",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "passwd",
  "pki/tls/certs",
  "protocols",
  "services",
  "ssl/cert.pem",
  "ssl/certs",
  "ssl/openssl.cnf",
].map((name) => `/etc/${name}`);

/**
 * The parts of the system that every run sees, as this machine lays them out. A link into `/usr` stays a link, because a
 * mount costs more than one.
 */
export async function systemPaths(): Promise<SystemPath[]> {
  const found: SystemPath[] = [];
  for (const path of [...SYSTEM_FOLDERS, ...ETC]) {
    const state = await lstat(path).catch(() => undefined);
    if (state?.isSymbolicLink()) {
      const target = await follow(path);
      if (target === undefined) continue;
      found.push(isInside(target, "/usr") ? { path, link: await readlink(path) } : { path });
    } else if (state) found.push({ path });
  }
  return found;
}
