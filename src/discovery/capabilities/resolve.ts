import type { Expression, Statement } from "../../python/index.ts";
import type { ModuleSource } from "../evaluate/index.ts";
import { Conditions } from "./conditions.ts";
import type { Keeping } from "./decorators.ts";
import { type Binding, type BodyNames, type ClassNames, type FileNames, isBuiltin } from "./names.ts";

/** What an expression refers to. */
export type Referent =
  /** Outside the workspace; `isObject`: something made by a call, not a module's own name. */
  | { readonly kind: "external"; readonly name: string; readonly isObject: boolean }
  | { readonly kind: "module"; readonly file: string | null; readonly name: string }
  /** `isOfObject`: taken of an object of the class, or of one below it, which may have its own. */
  | { readonly kind: "function"; readonly file: string; readonly name: string; readonly isOfObject?: true }
  | { readonly kind: "class"; readonly file: string; readonly name: string }
  | { readonly kind: "instance"; readonly file: string; readonly name: string }
  /** `super()` in a method of the class. */
  | { readonly kind: "super"; readonly file: string; readonly name: string };

/** Names bound inside a function; `null` hides a module-level name whose local meaning is not known. */
export interface LocalNames {
  /** `undefined` for a name that the function does not bind. */
  get(name: string): Referent | null | undefined;
  has(name: string): boolean;
  /** All that is ever assigned to a name of the function; null where that cannot be told. */
  assigned(name: string): readonly Expression[] | null;
}

/** How far references are followed from file to file and from name to name. */
const MAX_DEPTH = 12;

/** What pathlib's methods and attributes give is a path again, so that the class is what counts. */
const PATH_PREFIX = /^pathlib\.(?:Pure|Posix|Windows)?(?:Posix|Windows)?Path\b/u;

/** Something that holds functions or classes until it is used. */
export interface Variable {
  readonly file: string;
  readonly name: string;
}

/** What a name was found to mean. */
interface Meaning {
  readonly found: Referent | null;
  /** How many steps deep the search went: from a deeper place it might have been given up. */
  readonly height: number;
  /** Files that were looked at for it. */
  readonly consulted: readonly string[];
}

/**
 * What module-level names mean, by file, then name, and members of classes, by file, class, then name: most are asked for
 * again and again.
 */
interface KnownMeanings {
  readonly symbols: Map<string, Map<string, Meaning>>;
  readonly members: Map<string, Map<string, Map<string, Meaning>>>;
  /** Lists of one file: most searches look at no other. */
  readonly alone: Map<string, readonly string[]>;
}

/**
 * First what is asked for by itself, then what is asked for within a condition, within a condition in that, and so on, where
 * less is asked for.
 */
export type Meanings = KnownMeanings[];

export interface NameSource {
  /** Filled by those who look for names. */
  readonly meanings: Meanings;
  names(file: string): FileNames | null;
  bodies(file: string): BodyNames;
}

/** Resolves expressions of one file to what they refer to, across the workspace's modules. */
export class Resolver {
  readonly #modules: ModuleSource;
  readonly #names: NameSource;
  readonly conditions: Conditions;
  /** Files whose names were looked at. */
  readonly consulted = new Set<string>();
  /** The last one of them: mostly the next one, too. */
  #latest = "";

  /** Names, each with a file, that no star import of the file gives, or that are being looked for now. */
  readonly #notStarred = new Set<string>();
  /** The same for variables. */
  readonly #notVariable = new Set<string>();
  /** Files that were looked at for the names that are being looked for now. */
  readonly #trail: string[] = [];
  /** How many of them are. */
  #searches = 0;
  /** The greatest depth of the search that goes on now. */
  #deepest = 0;
  /** How often a search came by a name that is being looked for. */
  #rings = 0;

  constructor(modules: ModuleSource, names: NameSource, platform: NodeJS.Platform) {
    this.#modules = modules;
    this.#names = names;
    this.conditions = new Conditions(this, platform);
  }

  resolve(node: Expression, file: string, locals: LocalNames | null, depth = 0): Referent | null {
    if (this.#isTooDeep(depth)) return null;
    switch (node.kind) {
      case "Name":
        return this.#name(node.id, file, locals, depth);
      case "Attribute": {
        const base = this.resolve(node.value, file, locals, depth + 1);
        return base === null ? null : this.attribute(base, node.attr, depth + 1);
      }
      case "Call":
        return this.#called(node.func, file, locals, depth);
      case "BinOp": {
        const left = node.op === "Div" ? this.resolve(node.left, file, locals, depth + 1) : null;
        return left?.kind === "external" && PATH_PREFIX.test(left.name) ? pathObject() : null;
      }
      case "Await":
      case "NamedExpr":
        return this.resolve(node.value, file, locals, depth + 1);
      case "IfExp": {
        const isTrue = this.conditions.test(node.test, file, locals);
        const one = isTrue === false ? null : this.resolve(node.body, file, locals, depth + 1);
        return one ?? (isTrue === true ? null : this.resolve(node.orelse, file, locals, depth + 1));
      }
      default:
        return null;
    }
  }

  #called(func: Expression, file: string, locals: LocalNames | null, depth: number): Referent | null {
    const own = func.kind === "Name" && func.id === "cls" ? locals?.get("cls") : null;
    // `cls()` is an object of the class, or of one below it.
    if (own?.kind === "instance") return own;
    return this.#result(this.resolve(func, file, locals, depth + 1), depth + 1);
  }

  #name(name: string, file: string, locals: LocalNames | null, depth: number): Referent | null {
    const local = locals?.get(name);
    if (local !== undefined) return local;
    const found = this.symbol(file, name, depth + 1);
    if (found !== null) return found;
    const names = this.#names.names(file);
    return isBuiltin(name) && names?.bindings.has(name) !== true
      ? { kind: "external", name: `builtins.${name}`, isObject: false }
      : null;
  }

  #isTooDeep(depth: number): boolean {
    if (depth > this.#deepest) this.#deepest = depth;
    return depth > MAX_DEPTH;
  }

  /** A module-level name of a file. */
  symbol(file: string, name: string, depth = 0): Referent | null {
    if (this.#isTooDeep(depth)) return null;
    const names = this.#names.names(file);
    if (names === null || (names.stars.length === 0 && !names.bindings.has(name))) {
      // Most of what is asked for is built in, or bound by a function in some way that is not followed.
      this.#consult(file);
      return null;
    }
    const known = mapIn(this.#meanings().symbols, file);
    const meaning = known.get(name);
    if (meaning !== undefined && depth + meaning.height <= MAX_DEPTH) return this.#recalled(meaning, depth);
    return this.#looked(known, name, depth, () => this.#search(file, name, depth));
  }

  #recalled({ found, height, consulted }: Meaning, depth: number): Referent | null {
    this.#isTooDeep(depth + height);
    for (const file of consulted) this.#consult(file);
    return found;
  }

  /** Searches, and notes what was found where that is the same from elsewhere. */
  #looked(known: Map<string, Meaning>, name: string, depth: number, search: () => Referent | null): Referent | null {
    const outer = this.#deepest;
    const rings = this.#rings;
    const begin = this.#trail.length;
    this.#deepest = depth;
    this.#searches += 1;
    const found = search();
    this.#searches -= 1;
    // What was given up, or came by a name that is being looked for, may mean something else from elsewhere.
    if (this.#deepest <= MAX_DEPTH && this.#rings === rings) {
      known.set(name, { found, height: this.#deepest - depth, consulted: this.#consultedSince(begin) });
    }
    if (this.#searches === 0) this.#trail.length = 0;
    this.#deepest = Math.max(outer, this.#deepest);
    return found;
  }

  /** Files of the trail from an index on, each once. */
  #consultedSince(begin: number): readonly string[] {
    const trail = this.#trail;
    const first = trail[begin];
    let files: string[] | null = null;
    for (let at = begin + 1; at < trail.length; at += 1) {
      const file = trail[at];
      if (first === undefined || file === undefined || file === first) continue;
      if (files === null) files = [first, file];
      else if (!files.includes(file)) files.push(file);
    }
    return files ?? (first === undefined ? [] : this.#only(first));
  }

  #only(file: string): readonly string[] {
    const { alone } = this.#meanings();
    let files = alone.get(file);
    if (files === undefined) {
      files = [file];
      alone.set(file, files);
    }
    return files;
  }

  #meanings(): KnownMeanings {
    const { meanings } = this.#names;
    const { nesting } = this.conditions;
    let known = meanings[nesting];
    if (known === undefined) {
      known = { symbols: new Map(), members: new Map(), alone: new Map() };
      meanings[nesting] = known;
    }
    return known;
  }

  #consult(file: string): void {
    if (file !== this.#latest) {
      this.#latest = file;
      this.consulted.add(file);
    }
    if (this.#searches > 0) this.#trail.push(file);
  }

  #search(file: string, name: string, depth: number): Referent | null {
    this.#consult(file);
    const names = this.#names.names(file);
    const binding = this.#bound(names, name, file);
    if (binding !== undefined) return this.binding(binding, file, depth + 1);
    return names === null || names.stars.length === 0 ? null : this.#starred(file, name, names, depth);
  }

  /** What a file's own name means on this system. */
  #bound(names: FileNames | null, name: string, file: string): Binding | undefined {
    const branches = names?.branches.get(name);
    const found = branches?.findLast(({ guards }) =>
      guards.every(({ test, holds }) => (this.conditions.test(test, file, null) ?? holds) === holds),
    );
    return found?.binding ?? names?.bindings.get(name);
  }

  /** A name that may come with `from … import *`: modules that do so in rings are gone through once. */
  #starred(file: string, name: string, names: FileNames, depth: number): Referent | null {
    const key = `${name} ${file}`;
    if (this.#notStarred.has(key)) {
      this.#rings += 1;
      return null;
    }
    this.#notStarred.add(key);
    for (const star of names.stars) {
      const target = this.#modules.resolve(file, star.level, star.module);
      const found = target?.file ? this.symbol(target.file, name, depth + 1) : null;
      if (found !== null) {
        this.#notStarred.delete(key);
        return found;
      }
    }
    return null;
  }

  binding(binding: Binding, file: string, depth = 0): Referent | null {
    if (this.#isTooDeep(depth)) return null;
    switch (binding.kind) {
      case "function":
      case "class":
        return { kind: binding.kind, file, name: binding.name };
      case "value":
        return this.resolve(binding.value, file, null, depth + 1);
      default:
        return this.#imported(binding, file, depth);
    }
  }

  #imported(binding: Binding & { kind: "import" }, file: string, depth: number): Referent | null {
    const { level, module, name } = binding;
    const target = this.#modules.resolve(file, level, module);
    if (target === null) {
      const qualified = name === null ? module : `${module}.${name}`;
      return level > 0 ? null : { kind: "external", name: qualified, isObject: false };
    }
    const found: Referent = { kind: "module", file: target.file, name: target.name };
    if (name === null) return found;
    const own = target.file === null ? null : this.symbol(target.file, name, depth + 1);
    if (own !== null) return own;
    const submodule = this.#modules.resolve(file, level, module === "" ? name : `${module}.${name}`);
    return submodule === null ? null : { kind: "module", file: submodule.file, name: submodule.name };
  }

  /** `base.name`. */
  attribute(base: Referent, name: string, depth = 0): Referent | null {
    switch (base.kind) {
      case "external":
        return PATH_PREFIX.test(base.name)
          ? { kind: "external", name: `pathlib.Path.${name}`, isObject: true }
          : { kind: "external", name: `${base.name}.${name}`, isObject: base.isObject };
      case "module": {
        const own = base.file === null ? null : this.symbol(base.file, name, depth + 1);
        if (own !== null) return own;
        const submodule = this.#modules.resolve(base.file ?? "", 0, `${base.name}.${name}`);
        return submodule === null ? null : { kind: "module", file: submodule.file, name: submodule.name };
      }
      case "class":
        return this.member(base.file, base.name, name, depth + 1);
      case "instance": {
        const found = this.member(base.file, base.name, name, depth + 1);
        return found?.kind === "function" ? { ...found, isOfObject: true } : found;
      }
      case "super": {
        const found = this.#inherited(base.file, base.name, name, depth + 1);
        // A base outside the workspace is not made anew by its subclass's `__init__`.
        const isImplicit = found?.kind === "external" && name.startsWith("__");
        return isImplicit ? { kind: "external", name: `builtins.object.${name}`, isObject: true } : found;
      }
      default:
        return null;
    }
  }

  /** A method or typed attribute of a workspace class, looked for in its bases too. */
  member(file: string, className: string, name: string, depth = 0): Referent | null {
    if (this.#isTooDeep(depth)) return null;
    const known = mapIn(mapIn(this.#meanings().members, file), className);
    const meaning = known.get(name);
    if (meaning !== undefined && depth + meaning.height <= MAX_DEPTH) return this.#recalled(meaning, depth);
    return this.#looked(known, name, depth, () => this.#searchMember(file, className, name, depth));
  }

  #searchMember(file: string, className: string, name: string, depth: number): Referent | null {
    const info = this.classInfo(file, className);
    if (info === null) return null;
    if (info.methods.has(name)) return { kind: "function", file, name: `${className}.${name}` };
    const assigned = this.#names.bodies(file).attributes(className).get(name);
    if (assigned !== undefined) return this.resolve(assigned, file, null, depth + 1);
    return this.#inherited(file, className, name, depth);
  }

  /** A member of the bases of a class; of those outside the workspace the first one is taken to have it. */
  #inherited(file: string, className: string, name: string, depth: number): Referent | null {
    let outside: Referent | null = null;
    for (const base of this.classInfo(file, className)?.bases ?? []) {
      const found = this.resolve(base, file, null, depth + 1);
      if (found?.kind === "class") {
        const inherited = this.member(found.file, found.name, name, depth + 1);
        if (inherited !== null && inherited.kind !== "external") return inherited;
        outside ??= inherited;
      } else if (found?.kind === "external") outside ??= this.attribute({ ...found, isObject: true }, name, depth + 1);
    }
    return outside;
  }

  /** The module-level variable, or the class of the class variable, that an expression names. */
  variable(node: Expression, file: string, locals: LocalNames | null): Variable | null {
    if (node.kind === "Name") return this.#variable(node.id, file, 0);
    if (node.kind !== "Attribute") return null;
    const base = this.resolve(node.value, file, locals);
    if (base?.kind === "class") return { file: base.file, name: base.name };
    return base?.kind === "module" && base.file !== null ? this.#variable(node.attr, base.file, 0) : null;
  }

  #variable(name: string, file: string, depth: number): Variable | null {
    if (depth > MAX_DEPTH) return null;
    this.#consult(file);
    const names = this.#names.names(file);
    const binding = this.#bound(names, name, file);
    if (binding?.kind === "value") return { file, name };
    if (binding?.kind === "import" && binding.name !== null) {
      const target = this.#modules.resolve(file, binding.level, binding.module);
      return target?.file ? this.#variable(binding.name, target.file, depth + 1) : null;
    }
    if (binding !== undefined || names === null || names.stars.length === 0) return null;
    const key = `${name} ${file}`;
    if (this.#notVariable.has(key)) return null;
    this.#notVariable.add(key);
    for (const star of names.stars) {
      const target = this.#modules.resolve(file, star.level, star.module);
      const found = target?.file ? this.#variable(name, target.file, depth + 1) : null;
      if (found !== null) {
        this.#notVariable.delete(key);
        return found;
      }
    }
    return null;
  }

  /** Names of the methods of a class of the workspace, those of its bases included, or of a module's functions and classes. */
  callables(base: Referent): ReadonlySet<string> {
    const found = new Set<string>();
    if (base.kind === "module" && base.file !== null) {
      this.#consult(base.file);
      for (const [name, { kind }] of this.#names.names(base.file)?.bindings ?? []) {
        if (kind === "function" || kind === "class") found.add(name);
      }
    } else if (base.kind === "class" || base.kind === "instance") this.#addMethods(base.file, base.name, found, 0);
    return found;
  }

  #addMethods(file: string, className: string, found: Set<string>, depth: number): void {
    const info = depth > MAX_DEPTH ? null : this.classInfo(file, className);
    for (const method of info?.methods ?? []) found.add(method);
    for (const base of info?.bases ?? []) {
      const above = this.resolve(base, file, null);
      if (above?.kind === "class") this.#addMethods(above.file, above.name, found, depth + 1);
    }
  }

  classInfo(file: string, className: string): ClassNames | null {
    this.#consult(file);
    return this.#names.names(file)?.classes.get(className) ?? null;
  }

  /** What a module-level name of the file is set to. */
  constantOf(file: string, name: string): Expression | null {
    const binding = this.#bound(this.#names.names(file), name, file);
    return binding?.kind === "value" ? binding.value : null;
  }

  /** What a call of the referent gives. */
  #result(callee: Referent | null, depth: number): Referent | null {
    if (callee?.kind === "class") return { kind: "instance", file: callee.file, name: callee.name };
    if (callee?.kind === "super") return callee;
    if (callee?.kind === "function") return this.#returned(callee.file, callee.name, depth);
    if (callee?.kind !== "external") return null;
    return PATH_PREFIX.test(callee.name) ? pathObject() : { kind: "external", name: callee.name, isObject: true };
  }

  /** What a function of the workspace does with what it decorates; null where that is not known. */
  keeping({ file, name }: Referent & { kind: "function" }, isCalled: boolean): Keeping | null {
    this.#consult(file);
    const found = this.#names.bodies(file).decorator(name);
    return (isCalled ? found?.called : found?.bare) ?? null;
  }

  /** What a function does that does nothing but answer something about the system; null for all others. */
  question({ file, name }: Referent & { kind: "function" }): readonly Statement[] | null {
    this.#consult(file);
    return this.#names.bodies(file).question(name);
  }

  /** What a function of the workspace gives, by its annotation or its first `return`. */
  #returned(file: string, name: string, depth: number): Referent | null {
    this.#consult(file);
    const result = this.#names.bodies(file).result(name);
    if (result === null) return null;
    const found = this.resolve(result.node, file, null, depth + 1);
    return result.isAnnotation ? objectOf(found) : found;
  }
}

function mapIn<K, V>(maps: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** An object of the class that an annotation names. */
export function objectOf(type: Referent | null): Referent | null {
  if (type?.kind === "external") return { ...type, isObject: true };
  return type?.kind === "class" ? { ...type, kind: "instance" } : null;
}

function pathObject(): Referent {
  return { kind: "external", name: "pathlib.Path", isObject: true };
}
