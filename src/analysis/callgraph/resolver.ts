import { isBuiltin } from "./builtins.ts";
import type { ModuleIndex } from "./module-index.ts";
import { CALLED } from "./paths.ts";
import { bindingScope, type FileSummary, type NameBinding, type Path, type ScopeSummary } from "./summary.ts";

/** Something of the workspace: a module, class or function. */
export interface Place {
  readonly file: number;
  readonly scope: number;
}

/** What an expression may be, as far as it matters to calls. */
export type Value =
  | ({ readonly kind: "scope" } & Place)
  /** An object of a class of the workspace; `super` looks attributes up from the next class on. */
  | ({ readonly kind: "instance" | "super" } & Place)
  /** A folder that is a package without `__init__.py`. */
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "external"; readonly name: string };

/** `complete`: nothing else is possible, as far as the text tells. */
export interface Resolved {
  readonly values: readonly Value[];
  readonly complete: boolean;
}

const UNKNOWN: Resolved = { values: [], complete: false };
/** More than this many possible targets say nothing. */
const MOST_VALUES = 16;
/** Aliases of aliases, re-exports of re-exports. */
const DEEPEST = 60;
/** Subclasses that are looked through for methods of the same name. */
const MOST_SUBCLASSES = 200;

/** Objects of the types that have literals are named by their type: `str.join`. */
const LITERAL = /^builtins\.(bool|bytes|complex|dict|float|int|list|set|str|tuple)\(\)$/;

function only(value: Value): Resolved {
  return { values: [value], complete: true };
}

function keyOf(value: Value): string {
  switch (value.kind) {
    case "external":
      return value.name;
    case "folder":
      return `/${value.folder}`;
    default:
      return `${value.kind} ${value.file} ${value.scope}`;
  }
}

function union(all: readonly Resolved[]): Resolved {
  if (all.length === 1) return all[0] ?? UNKNOWN;
  const values = new Map<string, Value>();
  for (const one of all) for (const value of one.values) values.set(keyOf(value), value);
  if (values.size > MOST_VALUES) return UNKNOWN;
  return { values: [...values.values()], complete: values.size === 1 && all.every(({ complete }) => complete) };
}

/** Tells what names and chains of names mean, over all files of a workspace. */
export class Resolver {
  readonly #files: readonly FileSummary[];
  readonly #index: ModuleIndex;
  readonly #byPath = new Map<string, number>();
  /** What names are, per file and scope; null while it is being found out. */
  readonly #known = new Map<ScopeSummary, Map<string, Resolved | null>>();
  /** What names are that only star imports can bind, per file. */
  readonly #starred = new Map<FileSummary, Map<string, Resolved | null>>();
  readonly #orders = new Map<string, readonly (Place | string | null)[]>();
  /** What attributes of classes and their objects are. */
  readonly #members = new Map<string, Map<string, Resolved>>();
  #subclasses: Map<string, Place[]> | null = null;
  #depth = 0;

  constructor(files: readonly FileSummary[], index: ModuleIndex) {
    this.#files = files;
    this.#index = index;
    for (const [file, { path }] of files.entries()) this.#byPath.set(path, file);
  }

  /**
   * Forgets what the names of a file's functions are: nobody else asks for them often. Without that, a workspace of
   * thousands of files takes twice the memory. Not to be called while something is being found out.
   */
  leave(file: number): void {
    for (const scope of this.#files[file]?.scopes ?? []) if (scope.kind === "function") this.#known.delete(scope);
  }

  scope({ file, scope }: Place): ScopeSummary | undefined {
    return this.#files[file]?.scopes[scope];
  }

  /** The file that an import statement means, or the name of what it imports from outside; null for neither. */
  module(from: number, level: number, module: string): Value | null {
    const path = this.#files[from]?.path ?? "";
    const found = this.#index.find(path, level, module);
    if (found === null) return level > 0 ? null : { kind: "external", name: module };
    return this.#valueOf(found);
  }

  #valueOf(found: { readonly file: string } | { readonly folder: string }): Value | null {
    if ("folder" in found) return { kind: "folder", folder: found.folder };
    const file = this.#byPath.get(found.file);
    return file === undefined ? null : { kind: "scope", file, scope: 0 };
  }

  /** What a chain of names means in a scope. */
  path(place: Place, path: Path): Resolved {
    const [root = "", ...rest] = path;
    let at: Resolved = root === "super" && rest[0] === CALLED ? this.#super(place) : this.name(place, root);
    for (const [index, part] of rest.entries()) {
      if (at.values.length === 0) return UNKNOWN;
      if (root === "super" && index === 0 && rest[0] === CALLED) continue;
      at = part === CALLED ? this.#called(at) : this.#attributes(at, part);
    }
    return at;
  }

  #super(place: Place): Resolved {
    const file = this.#files[place.file];
    let scope = place.scope;
    while (scope > 0 && file?.scopes[file.scopes[scope]?.parent ?? -1]?.kind !== "class") {
      scope = file?.scopes[scope]?.parent ?? -1;
    }
    const owner = file?.scopes[scope]?.parent ?? -1;
    return owner > 0 ? only({ kind: "super", file: place.file, scope: owner }) : UNKNOWN;
  }

  /** What a name means in a scope. */
  name(place: Place, name: string): Resolved {
    const file = this.#files[place.file];
    if (file === undefined) return UNKNOWN;
    const owner = bindingScope(file, place.scope, name);
    if (owner >= 0) return this.#bound({ file: place.file, scope: owner }, name);
    const starred = this.#member({ file: place.file, scope: 0 }, name);
    if (starred !== null) return starred;
    if (isBuiltin(name)) return only({ kind: "external", name: `builtins.${name}` });
    return UNKNOWN;
  }

  #bound(owner: Place, name: string): Resolved {
    const scope = this.scope(owner);
    const bindings = scope?.bindings.get(name);
    if (scope === undefined || bindings === undefined) return UNKNOWN;
    let known = this.#known.get(scope);
    if (known === undefined) {
      known = new Map();
      this.#known.set(scope, known);
    }
    const before = known.get(name);
    // A name that is defined by itself, round a circle of imports perhaps, adds nothing.
    if (before !== undefined) return before ?? UNKNOWN;
    if (this.#depth >= DEEPEST) return UNKNOWN;
    known.set(name, null);
    this.#depth++;
    const resolved = union(bindings.map((binding) => this.#binding(owner, name, binding)));
    this.#depth--;
    known.set(name, resolved);
    return resolved;
  }

  #binding(owner: Place, name: string, binding: NameBinding): Resolved {
    switch (binding.kind) {
      case "scope":
        return only({ kind: "scope", file: owner.file, scope: binding.scope });
      case "module": {
        const module = binding.asname ? binding.module : name;
        const value = this.module(owner.file, 0, module);
        return value === null ? UNKNOWN : only(value);
      }
      case "from": {
        const source = this.module(owner.file, binding.level, binding.module);
        return source === null ? UNKNOWN : this.#attribute(source, binding.name);
      }
      case "value":
        return this.path(owner, binding.path);
      case "annotated": {
        const { values } = this.#called(this.path(owner, binding.path));
        return { values, complete: false };
      }
      case "self":
        return only({ kind: binding.type ? "scope" : "instance", file: owner.file, scope: binding.scope });
      default:
        return UNKNOWN;
    }
  }

  /** What a call gives: an object where a class is called; of functions it is not known. */
  #called(callee: Resolved): Resolved {
    const values = callee.values.flatMap((value): Value[] => {
      if (value.kind === "external") return [{ kind: "external", name: `${value.name}()` }];
      if (value.kind !== "scope" || this.scope(value)?.kind !== "class") return [];
      return [{ kind: "instance", file: value.file, scope: value.scope }];
    });
    return { values, complete: callee.complete && values.length === callee.values.length };
  }

  #attributes(of: Resolved, name: string): Resolved {
    const found = union(of.values.map((value) => this.#attribute(value, name)));
    return of.complete ? found : { ...found, complete: false };
  }

  #attribute(value: Value, name: string): Resolved {
    switch (value.kind) {
      case "external":
        return only({ kind: "external", name: `${value.name.replace(LITERAL, "$1")}.${name}` });
      case "folder": {
        const found = this.#index.submodule({ folder: value.folder }, name);
        const module = found === null ? null : this.#valueOf(found);
        return module === null ? UNKNOWN : only(module);
      }
      case "instance":
      case "super":
        return this.#ofClass(value, name);
      case "scope":
        if (value.scope === 0) return this.#ofModule(value, name);
        return this.scope(value)?.kind === "class" ? this.#ofClass(value, name) : UNKNOWN;
    }
  }

  /** `from . import a` in the package itself binds a name to what is no name of the package yet. */
  #ofModule(module: Place, name: string): Resolved {
    const member = this.#member(module, name);
    return member !== null && member.values.length > 0 ? member : this.#submodule(module, name);
  }

  /** A name of a module, its star imports included; null where there is none. */
  #member(module: Place, name: string): Resolved | null {
    const file = this.#files[module.file];
    if (file === undefined) return null;
    if (file.scopes[0]?.bindings.has(name) === true) return this.#bound({ file: module.file, scope: 0 }, name);
    if (file.stars.length === 0) return null;
    let known = this.#starred.get(file);
    if (known === undefined) {
      known = new Map();
      this.#starred.set(file, known);
    }
    const before = known.get(name);
    if (before !== undefined) return before;
    // Stands while the others are asked: modules may import all of each other.
    known.set(name, null);
    const found = this.#depth >= DEEPEST ? null : this.#star(module.file, file, name);
    known.set(name, found);
    return found;
  }

  #star(index: number, file: FileSummary, name: string): Resolved | null {
    this.#depth++;
    let found: Resolved | null = null;
    for (const { level, module } of file.stars) {
      const source = this.module(index, level, module);
      found = source?.kind === "scope" ? this.#member(source, name) : null;
      if (found !== null) break;
    }
    this.#depth--;
    return found;
  }

  #submodule(module: Place, name: string): Resolved {
    const found = this.#index.submodule({ file: this.#files[module.file]?.path ?? "" }, name);
    const value = found === null ? null : this.#valueOf(found);
    return value === null ? UNKNOWN : only(value);
  }

  /**
   * An attribute of a class or its objects. Found out once: attributes that are defined by each other (`self.a = self.b.c`)
   * would otherwise be followed along every way through them.
   */
  #ofClass(value: Place & { readonly kind: Value["kind"] }, name: string): Resolved {
    const key = `${value.kind} ${value.file} ${value.scope}`;
    let known = this.#members.get(key);
    if (known === undefined) {
      known = new Map();
      this.#members.set(key, known);
    }
    const before = known.get(name);
    if (before !== undefined) return before;
    // Stands while it is being found out: what is defined by itself adds nothing.
    known.set(name, UNKNOWN);
    const found = this.#findInClass(value, name);
    known.set(name, found);
    return found;
  }

  /** By the order in which Python looks through the bases. */
  #findInClass(value: Place & { readonly kind: Value["kind"] }, name: string): Resolved {
    // Behind a base that is not known, anything may come first.
    let complete = true;
    for (const base of this.order(value).slice(value.kind === "super" ? 1 : 0)) {
      if (typeof base === "string") return complete ? only({ kind: "external", name: `${base}.${name}` }) : UNKNOWN;
      const found = base === null ? null : this.#ownAttribute(base, name, value.kind !== "scope");
      if (base === null) complete = false;
      else if (found !== null) return this.#dispatched(value, name, found, base, complete);
    }
    return UNKNOWN;
  }

  #dispatched(
    value: Place & { readonly kind: Value["kind"] },
    name: string,
    found: Resolved,
    base: Place,
    complete: boolean,
  ): Resolved {
    const others = value.kind === "super" ? [] : this.#overriding(value, name, base);
    const all = union([found, ...others.map(only)]);
    return { values: all.values, complete: complete && all.complete };
  }

  /** What a class itself says of an attribute. */
  #ownAttribute(place: Place, name: string, ofObject: boolean): Resolved | null {
    const scope = this.scope(place);
    if (scope === undefined) return null;
    if (scope.bindings.has(name)) {
      const found = this.#bound(place, name);
      const [value] = found.values;
      const decorators = value?.kind === "scope" ? (this.scope(value)?.decorators ?? []) : [];
      // A property gives something else than itself, and what other decorators make of a method is not known.
      return decorators.every((path) => isTransparent(path)) ? found : UNKNOWN;
    }
    const assigned = ofObject ? scope.attributes?.get(name) : undefined;
    if (assigned === undefined) return null;
    if (this.#depth >= DEEPEST) return UNKNOWN;
    this.#depth++;
    const found = union(
      assigned.map(({ scope: method, path }) =>
        path === null ? UNKNOWN : this.path({ file: place.file, scope: method }, path),
      ),
    );
    this.#depth--;
    return found;
  }

  /** Methods of the same name in subclasses: an object may be one of theirs. */
  #overriding(of: Place, name: string, found: Place): Value[] {
    const values: Value[] = [];
    const seen = new Set<string>();
    const pending = [...this.#subclassesOf(of)];
    for (let next = pending.pop(); next !== undefined && seen.size < MOST_SUBCLASSES; next = pending.pop()) {
      const key = `${next.file} ${next.scope}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const [own] = this.scope(next)?.bindings.get(name) ?? [];
      const isOther = next.file !== found.file || next.scope !== found.scope;
      if (own?.kind === "scope" && isOther) values.push({ kind: "scope", file: next.file, scope: own.scope });
      pending.push(...this.#subclassesOf(next));
    }
    return values;
  }

  #subclassesOf({ file, scope }: Place): readonly Place[] {
    if (this.#subclasses === null) {
      // Finding a base may itself ask for subclasses, which then count as none.
      this.#subclasses = new Map();
      this.#subclasses = this.#allSubclasses();
    }
    return this.#subclasses.get(`${file} ${scope}`) ?? [];
  }

  #allSubclasses(): Map<string, Place[]> {
    const subclasses = new Map<string, Place[]>();
    for (const place of this.#classes()) {
      for (const base of this.#bases(place)) {
        if (base === null || typeof base === "string") continue;
        const key = `${base.file} ${base.scope}`;
        const known = subclasses.get(key);
        if (known === undefined) subclasses.set(key, [place]);
        else known.push(place);
      }
    }
    return subclasses;
  }

  *#classes(): Generator<Place> {
    for (const [file, { scopes }] of this.#files.entries()) {
      for (const [scope, { kind }] of scopes.entries()) if (kind === "class") yield { file, scope };
    }
  }

  /** Of each base: the class, its dotted name when it is from outside, null when it is not known. */
  #bases(place: Place): (Place | string | null)[] {
    const scope = this.scope(place);
    if (scope === undefined) return [];
    return scope.bases.map((path) => {
      if (path === null) return null;
      const { values } = this.path({ file: place.file, scope: Math.max(scope.parent, 0) }, path);
      const [value] = values;
      if (value?.kind === "external") return value.name;
      return value?.kind === "scope" && this.scope(value)?.kind === "class"
        ? { file: value.file, scope: value.scope }
        : null;
    });
  }

  /**
   * The order in which Python looks attributes up (C3: Barrett et al., "A Monotonic Superclass Linearization for Dylan"),
   * the class first; depth first where the bases allow no such order.
   */
  order(place: Place): readonly (Place | string | null)[] {
    const key = `${place.file} ${place.scope}`;
    const known = this.#orders.get(key);
    if (known !== undefined) return known;
    // Stands while the order is found out, so that a class below itself ends.
    this.#orders.set(key, [place]);
    const bases = this.#depth >= DEEPEST ? [] : this.#bases(place);
    this.#depth++;
    const lists = bases.map((base) => (base === null || typeof base === "string" ? [base] : this.order(base)));
    this.#depth--;
    const order = [place, ...merge([...lists, bases])];
    this.#orders.set(key, order);
    return order;
  }
}

type Base = Place | string | null;

function same(a: Base | undefined, b: Base | undefined): boolean {
  if (a === b) return true;
  return (
    a != null && b != null && typeof a === "object" && typeof b === "object" && a.file === b.file && a.scope === b.scope
  );
}

function merge(given: readonly (readonly Base[])[]): Base[] {
  const lists = given.map((list) => [...list]);
  const merged: Base[] = [];
  for (;;) {
    const open = lists.filter((list) => list.length > 0);
    if (open.length === 0) return merged;
    const good = open.find(([head]) => !open.some((list) => list.slice(1).some((other) => same(other, head ?? null))));
    const head = (good ?? open[0])?.[0] ?? null;
    merged.push(head);
    for (const list of lists) {
      const at = list.findIndex((other) => same(other, head));
      // Elsewhere than in front only where there is no consistent order.
      if (at >= 0) list.splice(at, 1);
    }
  }
}

const TRANSPARENT: ReadonlySet<string> = new Set([
  ...["staticmethod", "classmethod", "abstractmethod", "override", "final", "overload", "contextmanager"],
  ...["wraps", "cache", "lru_cache", "asynccontextmanager", "coroutine"],
]);

/** Decorators that leave a method what it is, for whoever calls it. */
function isTransparent(path: Path | null): boolean {
  const name = path?.findLast((part) => part !== CALLED);
  return name !== undefined && TRANSPARENT.has(name);
}
