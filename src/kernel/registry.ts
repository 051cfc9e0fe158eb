import { fail, ok, type Result, type Tool } from "../model/index.ts";

/**
 * Who registered tools: the product itself, the discovery of the workspace (with its manifests), or a plugin, by the name
 * of its extension. In this order they come first where two register the same id.
 */
export type RegistrySource = "builtin" | "workspace" | `plugin:${string}`;

/** A tool that another source's tool of the same id stands before. */
export interface ShadowedTool {
  readonly tool: Tool;
  readonly source: RegistrySource;
  readonly by: RegistrySource;
}

function rank(source: RegistrySource): number {
  if (source === "builtin") return 0;
  return source === "workspace" ? 1 : 2;
}

/** The tools of one workspace, by identity. Same-named tools are all kept. */
export class Registry {
  readonly #sources = new Map<RegistrySource, readonly Tool[]>();
  readonly #listeners = new Set<() => void>();
  #byId = new Map<string, { readonly tool: Tool; readonly source: RegistrySource }>();
  #shadowed: readonly ShadowedTool[] = [];

  /** Replaces the tools of a source, as they are known now; none takes the source away. */
  register(tools: readonly Tool[], source: RegistrySource): void {
    if (tools.length === 0) this.#sources.delete(source);
    else this.#sources.set(source, [...tools]);
    this.#rebuild();
    for (const listener of this.#listeners) listener();
  }

  #rebuild(): void {
    const byId = new Map<string, { readonly tool: Tool; readonly source: RegistrySource }>();
    const shadowed: ShadowedTool[] = [];
    const sources = [...this.#sources].sort(([a], [b]) => rank(a) - rank(b));
    for (const [source, tools] of sources) {
      for (const tool of tools) {
        const first = byId.get(tool.id);
        // Of one source, the later one counts: it is the newer.
        if (first === undefined || first.source === source) byId.set(tool.id, { tool, source });
        else shadowed.push({ tool, source, by: first.source });
      }
    }
    this.#byId = byId;
    this.#shadowed = shadowed;
  }

  /** Calls back after tools came, changed or went, until the returned function is called. */
  onDidChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  all(): readonly Tool[] {
    return [...this.#byId.values()].map(({ tool }) => tool);
  }

  /** Tools that cannot be run, because another source has one with the same id. */
  shadowed(): readonly ShadowedTool[] {
    return this.#shadowed;
  }

  /** @param wanted an id, or a name that only one tool has */
  find(wanted: string): Result<Tool> {
    const known = this.#byId.get(wanted);
    if (known !== undefined) return ok(known.tool);
    const named = this.all().filter((candidate) => candidate.name === wanted);
    const [first, ...others] = named;
    if (first === undefined) return fail("no-tool", `There is no tool with the id or name “${wanted}”`);
    if (others.length === 0) return ok(first);
    const ids = named.map((candidate) => candidate.id).join(", ");
    return fail("ambiguous-tool", `${named.length} tools are named “${wanted}”: say which by its id: ${ids}`);
  }
}
