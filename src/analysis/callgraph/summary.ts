import type { ImportFrom, Module } from "../../python/index.ts";
import type { ReadMap } from "./small-map.ts";

/** A file of the workspace as the analyses take it; `path` is relative, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly module: Module;
}

/**
 * A chain of names, attributes and calls: `a.b(…).c` is `["a", "b", "()", "c"]`. Null for any other expression. A
 * literal's first part is its type (`"".join` is `["str", "()", "join"]`).
 */
export type Path = readonly string[];

/** Shared by the many scopes that have none; never written to. */
export const NO_NAMES: ReadonlySet<string> = new Set();
export const NO_READERS: ReadonlyMap<string, readonly number[]> = new Map();
export const NO_BINDINGS: ReadMap<readonly NameBinding[]> = new Map();
export const NO_PATHS: readonly (Path | null)[] = [];

/** What a name is bound to, as far as one file tells. `line` is that of the statement. */
export type NameBinding = { readonly line: number } & (
  | { readonly kind: "scope"; readonly scope: number }
  /** `import a.b` (bound: `a`), `import a.b as c` (bound: all of it) */
  | { readonly kind: "module"; readonly module: string; readonly asname: boolean; readonly guarded: boolean }
  | {
      readonly kind: "from";
      readonly level: number;
      readonly module: string;
      readonly name: string;
      readonly asname: boolean;
      readonly guarded: boolean;
    }
  /** `x = path` */
  | { readonly kind: "value"; readonly path: Path }
  /** a parameter or variable with an annotation: an instance of the class or of a subclass */
  | { readonly kind: "annotated"; readonly path: Path; readonly parameter: boolean }
  /** the first parameter of a method; `type` for the class itself */
  | { readonly kind: "self"; readonly scope: number; readonly type: boolean }
  | { readonly kind: "parameter" }
  | { readonly kind: "other"; readonly assigned: boolean }
);

/** A call, or a decorator that is applied. */
export interface CallSite {
  readonly path: Path | null;
  readonly text: string;
  readonly line: number;
  readonly decorates: boolean;
}

/** The calls of a scope, as lists of their parts: a workspace has hundreds of thousands, and an object for each takes twice the room. */
export class CallList implements Iterable<CallSite> {
  readonly #paths: readonly (Path | null)[];
  readonly #texts: readonly string[];
  /** Twice the line, and one more where it decorates. */
  readonly #lines: readonly number[];

  constructor(calls: readonly CallSite[]) {
    this.#paths = calls.map(({ path }) => path);
    this.#texts = calls.map(({ text }) => text);
    this.#lines = calls.map(({ line, decorates }) => line * 2 + Number(decorates));
  }

  get length(): number {
    return this.#lines.length;
  }

  /** Whether each call stands on a line. */
  get isSound(): boolean {
    return this.#lines.every((line) => line >= 2);
  }

  *[Symbol.iterator](): Generator<CallSite, void, undefined> {
    for (const [at, line] of this.#lines.entries()) {
      yield {
        path: this.#paths[at] ?? null,
        text: this.#texts[at] ?? "",
        line: Math.floor(line / 2),
        decorates: line % 2 === 1,
      };
    }
  }
}

export const NO_CALLS = new CallList([]);

export interface StarImport {
  readonly level: number;
  readonly module: string;
  readonly line: number;
}

/** A module, class or function of a file. Lambdas belong to what they stand in. */
export interface ScopeSummary {
  readonly kind: "module" | "class" | "function";
  readonly name: string;
  readonly qualname: string;
  readonly line: number;
  readonly endLine: number;
  /** Index in the file's scopes; -1 for the module. */
  readonly parent: number;
  readonly bindings: ReadMap<readonly NameBinding[]>;
  globals: ReadonlySet<string>;
  nonlocals: ReadonlySet<string>;
  /** Of a class; null where a base is no chain of names. */
  readonly bases: readonly (Path | null)[];
  readonly decorators: readonly (Path | null)[];
  /** What a class's methods assign to attributes of `self`, with the scope of the method. */
  attributes: ReadonlyMap<string, readonly { readonly scope: number; readonly path: Path | null }[]> | null;
  calls: CallList;
  /** For each name bound here: the scopes that read it. */
  readers: ReadonlyMap<string, readonly number[]>;
  /** Whether names may be read in ways that the text does not show: `locals()`, `eval`, `exec`. */
  readsByName: boolean;
}

/** An import statement, for the graph of modules. */
export interface ImportSummary {
  readonly level: number;
  readonly module: string;
  /** Of `from … import`; null for `import`. */
  readonly names: readonly string[] | null;
  readonly line: number;
  /** Not when the module is imported, but later or for a type checker only. */
  readonly deferred: boolean;
}

/** What one file says of names, calls and imports; small next to its tree. */
export interface FileSummary {
  readonly path: string;
  readonly lines: number;
  readonly scopes: readonly ScopeSummary[];
  readonly imports: readonly ImportSummary[];
  readonly stars: readonly StarImport[];
  /** Names in `__all__`; null where there is none or it is not a list of texts. */
  readonly exported: ReadonlySet<string> | null;
  /** Attributes that are read, with the scopes that do. */
  readonly attributes: ReadonlyMap<string, ReadonlySet<number>>;
  /** Words in strings that could be names. */
  readonly words: ReadonlySet<string>;
  /** Names that are read and that the file does not bind. */
  readonly unbound: ReadonlySet<string>;
  /** Whether the file has an `if __name__ == "__main__"`. */
  readonly isScript: boolean;
}

/** The scope around `scope` in which Python looks names up: classes are passed over. */
function outerScope(file: FileSummary, scope: number): number {
  let outer = file.scopes[scope]?.parent ?? -1;
  while (outer >= 0 && file.scopes[outer]?.kind === "class") outer = file.scopes[outer]?.parent ?? -1;
  return outer;
}

/** The scope that binds a name as seen from another; -1 where none does. */
export function bindingScope(file: FileSummary, from: number, name: string): number {
  let scope = from;
  let declaredGlobal = false;
  while (scope >= 0) {
    const summary = file.scopes[scope];
    if (summary === undefined) return -1;
    if (summary.globals.has(name)) declaredGlobal = true;
    const isHere = declaredGlobal ? scope === 0 : !summary.nonlocals.has(name);
    if (isHere && summary.bindings.has(name)) return scope;
    scope = outerScope(file, scope);
  }
  return -1;
}

/** The dotted module of a `from … import`, without its dots. */
export function moduleOf(s: ImportFrom): string {
  return s.module ?? "";
}
