import { sep } from "node:path";

/** Whether `path` is `root` or lies below it. Both are absolute and normalised; no file is looked at. */
export function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Number of components, so that sorting by it puts a folder before what lies in it. */
export function depth(path: string): number {
  return path.split(sep).filter((part) => part !== "").length;
}
