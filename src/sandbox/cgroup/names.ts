import { readFileSync, readlinkSync } from "node:fs";

/** Which process a tree of cgroups belongs to: its number, when it started (clock ticks since boot), and whose number it is. */
export interface Owner {
  readonly pid: number;
  readonly started: number;
  /** Inode of the pid namespace: in another one the same number is another process. */
  readonly namespace: number;
}

const NAME = /^toka-(?<pid>\d+)-(?<started>\d+)-(?<namespace>\d+)(?:-\d+)?(?:\.scope)?$/;

/** @param serial tells the trees of one process apart */
export function treeName({ pid, started, namespace }: Owner, serial: number): string {
  return `toka-${pid}-${started}-${namespace}-${serial}`;
}

/** The owner of a tree, by its folder's name; nothing where it is none of ours. */
export function ownerOf(name: string): Owner | undefined {
  const { pid, started, namespace } = NAME.exec(name)?.groups ?? {};
  if (pid === undefined || started === undefined || namespace === undefined) return undefined;
  return { pid: Number(pid), started: Number(started), namespace: Number(namespace) };
}

/** When a process started, by its `/proc/PID/stat` (proc_pid_stat(5), field 22). Its name, which may be anything, comes before. */
export function startOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}

/** This process as an owner. */
export function thisOwner(): Owner {
  return {
    pid: process.pid,
    started: startOf(readFileSync("/proc/self/stat", "latin1")),
    namespace: ownNamespace(),
  };
}

function ownNamespace(): number {
  return Number(/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0]);
}

/** Whether it is certain that an owner has ended: a process of another pid namespace cannot be looked up. */
export function isGone(owner: Owner, namespace: number = ownNamespace()): boolean {
  if (owner.namespace !== namespace) return false;
  try {
    return startOf(readFileSync(`/proc/${owner.pid}/stat`, "latin1")) !== owner.started;
  } catch (error) {
    return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");
  }
}
