import { fail, ok, type Result, type Tool } from "../model/index.ts";

/** The tools of one workspace, by identity. Same-named tools are all kept. */
export class Registry {
  #byId = new Map<string, Tool>();

  /** Replaces the whole set, as a new discovery found it. */
  replace(tools: readonly Tool[]): void {
    this.#byId = new Map(tools.map((tool) => [tool.id, tool]));
  }

  /** Adds tools, or replaces those with the same id. */
  register(tools: readonly Tool[]): void {
    for (const tool of tools) this.#byId.set(tool.id, tool);
  }

  all(): readonly Tool[] {
    return [...this.#byId.values()];
  }

  /** @param wanted an id, or a name that only one tool has */
  find(wanted: string): Result<Tool> {
    const tool = this.#byId.get(wanted);
    if (tool !== undefined) return ok(tool);
    const named = this.all().filter((candidate) => candidate.name === wanted);
    const [first, ...others] = named;
    if (first === undefined) return fail("no-tool", `There is no tool with the id or name “${wanted}”`);
    if (others.length === 0) return ok(first);
    const ids = named.map((candidate) => candidate.id).join(", ");
    return fail("ambiguous-tool", `${named.length} tools are named “${wanted}”: say which by its id: ${ids}`);
  }
}
