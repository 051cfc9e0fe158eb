import type { ExternalPackage, ModuleDependencies, ModuleEdge, ModuleNode } from "../../model/index.ts";
import { STANDARD_LIBRARY } from "../../python/index.ts";
import type { ImportSummary } from "../callgraph/summary.ts";
import type { WorkspaceSummary } from "../callgraph/workspace.ts";
import { components } from "./components.ts";

/** Which modules of a workspace import which, in what circles, and what they import from outside. */
export function moduleDependencies(workspace: WorkspaceSummary): ModuleDependencies {
  return new DependencyReader(workspace).read();
}

class DependencyReader {
  readonly #workspace: WorkspaceSummary;
  readonly #byPath = new Map<string, number>();
  readonly #edges = new Map<string, { from: number; to: number; lines: Set<number>; deferred: boolean }>();
  readonly #external = new Map<string, Set<number>>();
  readonly #unresolved: ModuleDependencies["unresolved"] = [];

  constructor(workspace: WorkspaceSummary) {
    this.#workspace = workspace;
    for (const [id, { path }] of workspace.files.entries()) this.#byPath.set(path, id);
  }

  read(): ModuleDependencies {
    const { files } = this.#workspace;
    for (const [from, { imports }] of files.entries()) for (const one of imports) this.#import(from, one);
    const edges = [...this.#edges.values()].map(({ from, to, lines, deferred }): ModuleEdge => {
      const sorted = [...lines].sort((a, b) => a - b);
      return { from, to, lines: sorted, ...(deferred ? { deferred } : {}) };
    });
    const imports = files.map(() => 0);
    const importedBy = files.map(() => 0);
    for (const { from, to } of edges) {
      imports[from] = (imports[from] ?? 0) + 1;
      importedBy[to] = (importedBy[to] ?? 0) + 1;
    }
    const modules = files.map(
      ({ path }, id): ModuleNode => ({ id, file: path, imports: imports[id] ?? 0, importedBy: importedBy[id] ?? 0 }),
    );
    const external = [...this.#external]
      .map(([name, by]): ExternalPackage => ({ name, standard: STANDARD_LIBRARY.has(name), importedBy: [...by] }))
      .sort((a, b) => b.importedBy.length - a.importedBy.length || (a.name < b.name ? -1 : 1));
    return { modules, edges, cycles: this.#cycles(edges), external, unresolved: this.#unresolved };
  }

  #import(from: number, one: ImportSummary): void {
    const { level, module, names, line, deferred } = one;
    const { resolver } = this.#workspace;
    const source = resolver.module(from, level, module);
    if (source === null) {
      this.#unresolved.push({ from, name: ".".repeat(level) + module, line });
      return;
    }
    if (source.kind === "external") {
      const [top = module] = module.split(".", 1);
      const known = this.#external.get(top);
      if (known === undefined) this.#external.set(top, new Set([from]));
      else known.add(from);
      return;
    }
    if (source.kind === "scope") this.#edge(from, source.file, line, deferred);
    // `from package import module`, and the packages around an `import a.b.c`.
    for (const name of names ?? [])
      this.#submodule(from, level, module === "" ? name : `${module}.${name}`, line, deferred);
    if (names === null) {
      for (let at = module.lastIndexOf("."); at > 0; at = module.lastIndexOf(".", at - 1)) {
        this.#submodule(from, 0, module.slice(0, at), line, deferred);
      }
    }
  }

  #submodule(from: number, level: number, module: string, line: number, deferred: boolean): void {
    const found = this.#workspace.index.find(this.#workspace.files[from]?.path ?? "", level, module);
    const to = found !== null && "file" in found ? this.#byPath.get(found.file) : undefined;
    if (to !== undefined) this.#edge(from, to, line, deferred);
  }

  #edge(from: number, to: number, line: number, deferred: boolean): void {
    if (from === to) return;
    const key = `${from} ${to}`;
    const known = this.#edges.get(key);
    if (known === undefined) this.#edges.set(key, { from, to, lines: new Set([line]), deferred });
    else {
      known.lines.add(line);
      known.deferred &&= deferred;
    }
  }

  #cycles(edges: readonly ModuleEdge[]): ModuleDependencies["cycles"] {
    const count = this.#workspace.files.length;
    const eager = new Set<number>();
    for (const circle of components(
      count,
      edges.filter(({ deferred }) => deferred !== true),
    )) {
      for (const module of circle) eager.add(module);
    }
    return components(count, edges)
      .map((modules) => ({ modules, deferred: !modules.some((module) => eager.has(module)) }))
      .sort((a, b) => Number(a.deferred) - Number(b.deferred) || b.modules.length - a.modules.length);
  }
}
