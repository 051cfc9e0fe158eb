import type { Tool } from "../../model/index.ts";

/** What is grouped: a tool, or a file that may turn out to be one. */
type Member = Pick<Tool, "id" | "name" | "file">;

/** The tools of one folder of files. */
export interface ToolGroup<T extends Member = Tool> {
  /** Relative to the workspace folder, with `/`. */
  readonly path: string;
  readonly tools: readonly T[];
}

/** The order of the editor's language; made once, because there are thousands of names. */
const { compare } = new Intl.Collator();

function byName(a: Member, b: Member): number {
  return compare(a.name, b.name) || compare(a.id, b.id);
}

/** The folder of a file path with `/`; empty for a file at the top. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * Tools by the folder of their file, as people know them from the explorer. Those at the top are `loose`; when all lie
 * in one folder a group would say nothing, and all are.
 */
export function groupTools<T extends Member>(
  tools: readonly T[],
): { readonly groups: readonly ToolGroup<T>[]; readonly loose: readonly T[] } {
  const byFolder = Map.groupBy(tools.toSorted(byName), ({ file }) => folderOf(file));
  if (byFolder.size <= 1) return { groups: [], loose: [...byFolder.values()].flat() };
  const groups = [...byFolder]
    .filter(([path]) => path !== "")
    .map(([path, members]) => ({ path, tools: members }))
    .toSorted((a, b) => compare(a.path, b.path));
  return { groups, loose: byFolder.get("") ?? [] };
}
