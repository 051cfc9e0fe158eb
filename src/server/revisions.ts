import type { Tool, ToolsChangedParams } from "../model/index.ts";

/** Beyond so many changed tools, who wants to know them asks for all. */
const MOST_CHANGED = 200;

/** What leads from one revision to the next. */
export type RevisionChange = Omit<ToolsChangedParams, "folder" | "behind">;

/** Numbers the states of a folder's tools, and says what leads from one to the next. */
export class Revisions {
  #tools: readonly Tool[] = [];
  #revision = 0;

  /** The number of a state; of the newest one the same as before. */
  of(tools: readonly Tool[]): number {
    if (!sameTools(this.#tools, tools)) this.#revision += 1;
    this.#tools = tools;
    return this.#revision;
  }

  /** What became of the tools since the state that was last numbered. */
  take(tools: readonly Tool[]): RevisionChange {
    const before = new Map(this.#tools.map((tool) => [tool.id, tool]));
    const from = this.#revision;
    const to = this.of(tools);
    const changed = tools.filter((tool) => !isSame(before.get(tool.id), tool));
    if (changed.length > MOST_CHANGED) return { from, to };
    for (const { id } of tools) before.delete(id);
    return { from, to, changed, removed: [...before.keys()] };
  }
}

/** Most tools are the same objects as before; only the others are compared. */
export function sameTools(before: readonly Tool[], after: readonly Tool[]): boolean {
  return before.length === after.length && after.every((tool, index) => isSame(before[index], tool));
}

function isSame(before: Tool | undefined, after: Tool): boolean {
  return before === after || (before !== undefined && JSON.stringify(before) === JSON.stringify(after));
}
