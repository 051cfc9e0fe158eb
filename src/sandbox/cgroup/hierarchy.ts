import { dirname, join } from "node:path";
import { isInside } from "../paths.ts";

/** The controllers by which limits of a run can be held. */
export const CONTROLLERS = ["memory", "pids", "cpu"] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** The unified hierarchy as this process sees it. */
export interface Hierarchy {
  /** The folder at which it is mounted. */
  readonly mount: string;
  /** What of it is mounted there; `/` unless only a part of it is. */
  readonly root: string;
}

/** Finds where cgroup v2 is mounted. The format is that of proc_pid_mountinfo(5). */
export function findHierarchy(mountinfo: string): Hierarchy | undefined {
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, mount] = before.split(" ");
    if (after.startsWith("cgroup2 ") && root !== undefined && mount !== undefined) {
      return { mount: withoutEscapes(mount), root: withoutEscapes(root) };
    }
  }
  return undefined;
}

/** Blanks and backslashes stand as octal numbers. */
function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * The folder of a process' cgroup.
 * @param cgroup its `/proc/PID/cgroup`
 * @returns nothing where its cgroup was removed, or lies outside of what is mounted or of this cgroup namespace
 */
export function folderOf({ mount, root }: Hierarchy, cgroup: string): string | undefined {
  const path = cgroup
    .split("\n")
    .find((line) => line.startsWith("0::"))
    ?.slice(3);
  if (path === undefined || !path.startsWith("/") || path.endsWith(" (deleted)")) return undefined;
  if (path.split("/").includes("..") || !isInside(path, root)) return undefined;
  return path === root ? mount : join(mount, path.slice(root === "/" ? 0 : root.length));
}

/** The nearest folder around two others. Whoever moves a process between them must be able to write to its `cgroup.procs`. */
export function commonFolder(one: string, other: string): string {
  let around = one;
  while (!isInside(other, around)) around = dirname(around);
  return around;
}

/** The controllers in a list such as `cgroup.controllers` has, as far as they hold limits of ours. */
export function controllersIn(list: string | undefined): Controller[] {
  const names = new Set(list?.split(/\s+/));
  return CONTROLLERS.filter((name) => names.has(name));
}
