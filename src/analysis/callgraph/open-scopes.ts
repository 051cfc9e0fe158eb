import type { Interner } from "./interner.ts";
import { smallMap } from "./small-map.ts";
import {
  CallList,
  type CallSite,
  type NameBinding,
  NO_BINDINGS,
  NO_CALLS,
  NO_NAMES,
  NO_PATHS,
  NO_READERS,
  type Path,
  type ScopeSummary,
} from "./summary.ts";

/** A name that is bound more often than this is not known anyway. */
const MOST_BINDINGS = 30;
/** Shared by all parameters without an annotation. */
export const PARAMETER: NameBinding = { kind: "parameter", line: 1 };
const PARAMETERS: readonly NameBinding[] = [PARAMETER];
/** Shared by all variables whose value is not known, where nobody asks for their lines. */
const VARIABLES: readonly NameBinding[] = [{ kind: "other", assigned: false, line: 1 }];
type Assigned = { readonly scope: number; readonly path: Path | null };

/** A scope while its file is read. */
export interface OpenScope extends ScopeSummary {
  readonly bindings: Map<string, readonly NameBinding[]>;
  attributes: Map<string, Assigned[]> | null;
  readonly sites: CallSite[];
  /** The names that it reads. */
  readonly loads: Set<string>;
}

type NewScope = Pick<
  ScopeSummary,
  "kind" | "name" | "qualname" | "line" | "endLine" | "parent" | "bases" | "decorators"
>;

/** The scopes of a file while it is read, the module first. */
export class OpenScopes {
  readonly #interner: Interner;
  /** Whether it is asked for all names and their lines; else only for what calls need, which takes less memory. */
  readonly #keepsAll: boolean;
  readonly #scopes: OpenScope[] = [];

  constructor(interner: Interner, keepsAll: boolean) {
    this.#interner = interner;
    this.#keepsAll = keepsAll;
  }

  /** Opens a scope; its number. */
  open({ kind, name, qualname, line, endLine, parent, bases, decorators }: NewScope): number {
    const scope: OpenScope = {
      kind,
      name: this.#interner.name(name),
      qualname: this.#interner.name(qualname),
      line,
      endLine,
      parent,
      bindings: new Map(),
      globals: NO_NAMES,
      nonlocals: NO_NAMES,
      bases: bases.length === 0 ? NO_PATHS : bases.map((path) => this.#interner.path(path)),
      decorators: decorators.length === 0 ? NO_PATHS : decorators.map((path) => this.#interner.path(path)),
      attributes: null,
      calls: NO_CALLS,
      sites: [],
      loads: new Set(),
      readers: NO_READERS,
      readsByName: false,
    };
    return this.#scopes.push(scope) - 1;
  }

  /** @throws RangeError for a number that was not given out */
  get(index: number): OpenScope {
    const scope = this.#scopes[index];
    if (scope === undefined) throw new RangeError(`no scope ${index}`);
    return scope;
  }

  /** Notes that a scope binds a name, in the scope that its declarations name. */
  bind(scope: number, name: string, binding: NameBinding): void {
    const own = this.get(scope);
    const target = own.globals.has(name) ? this.get(0) : own.nonlocals.has(name) ? this.#outer(own, name) : own;
    const known = target.bindings.get(name);
    if (known === undefined) target.bindings.set(this.#interner.name(name), this.#first(binding));
    else if (known === VARIABLES && binding.kind === "other") return;
    else target.bindings.set(name, [...known.slice(-MOST_BINDINGS), binding]);
  }

  #first(binding: NameBinding): readonly NameBinding[] {
    if (binding === PARAMETER) return PARAMETERS;
    return binding.kind === "other" && !this.#keepsAll ? VARIABLES : [binding];
  }

  /** The function around a scope that binds a name; the scope itself where there is none. */
  #outer(scope: OpenScope, name: string): OpenScope {
    for (let at = scope.parent; at > 0; at = this.get(at).parent) {
      const outer = this.get(at);
      if (outer.kind === "function" && outer.bindings.has(name)) return outer;
    }
    return scope;
  }

  /** For each scope the names that it reads. */
  loads(): ReadonlySet<string>[] {
    return this.#scopes.map(({ loads }) => loads);
  }

  /**
   * The scopes as they are kept. For calls alone without what nobody can ask for: a name of a function is looked up only
   * where a chain of names in its file starts with it. Most of a workspace's names are no such ones.
   */
  closed(): ScopeSummary[] {
    const roots = new Set<string>();
    for (const scope of this.#scopes) for (const path of pathsOf(scope)) if (path !== null) roots.add(path[0] ?? "");
    return this.#scopes.map((scope): ScopeSummary => {
      const calls = scope.sites.length === 0 ? NO_CALLS : new CallList(scope.sites);
      const all = [...scope.bindings];
      const bindings = scope.kind === "function" && !this.#keepsAll ? all.filter(([name]) => roots.has(name)) : all;
      const { sites: _sites, loads: _loads, ...rest } = scope;
      return { ...rest, calls, bindings: bindings.length === 0 ? NO_BINDINGS : smallMap(bindings) };
    });
  }
}

/** All chains of names of a scope. */
function* pathsOf({ sites, bases, decorators, bindings, attributes }: OpenScope): Generator<Path | null> {
  for (const { path } of sites) yield path;
  yield* bases;
  yield* decorators;
  for (const all of bindings.values()) for (const one of all) if ("path" in one) yield one.path;
  for (const all of attributes?.values() ?? []) for (const { path } of all) yield path;
}
