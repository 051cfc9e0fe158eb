import type { Alias, Arguments, Expression, FunctionDef, ImportFrom, Pattern, Statement } from "../python/index.ts";
import { capturedNames } from "./captures.ts";
import type { Scope } from "./scopes.ts";
import { forEachStatement } from "./statements.ts";

/** What each name of a scope is bound to: the dotted path of an import, or null for anything else. */
type Bindings = Map<string, string | null>;

/** Looks names up as Python does: the scope itself, the functions around it, the module. Keeps what it has read. */
export class NameResolver {
  readonly #known = new Map<Scope, Bindings>();
  readonly #captured = new Map<Scope, ReadonlySet<string>>();
  #searched: { readonly text: string; readonly word: RegExp; readonly isThere: boolean } | null = null;

  /**
   * The import that a name stands for (`os.path` for `p` after `import os.path as p`), `builtins.NAME` where nothing
   * binds it, null where something else does. Walrus targets are not looked for.
   */
  path(name: string, from: Scope): string | null {
    for (let scope: Scope | null = from; scope !== null; scope = scope.parent) {
      if ((scope !== from && scope.kind === "class") || scope.declared.has(name)) continue;
      const path = this.#bindings(scope).get(name);
      if (path !== undefined) return path;
    }
    return `builtins.${name}`;
  }

  /** Whether a word occurs in a text; the last answer is kept. */
  holds(text: string, word: RegExp): boolean {
    const last = this.#searched;
    if (last?.text === text && last.word === word) return last.isThere;
    const isThere = word.test(text);
    this.#searched = { text, word, isThere };
    return isThere;
  }

  /** The functions that a name stands for where definitions of the same file alone bind it; else none. */
  functions(name: string, from: Scope): readonly FunctionDef[] {
    const scope = this.owner(name, from);
    return scope === null ? [] : definitions(scope, name);
  }

  /** The scope whose variable a name is, or null where nothing in the file binds it. */
  owner(name: string, from: Scope): Scope | null {
    for (let scope: Scope | null = from; scope !== null; scope = scope.parent) {
      if ((scope !== from && scope.kind === "class") || scope.declared.has(name)) continue;
      if (this.#bindings(scope).has(name)) return scope;
    }
    return null;
  }

  /** The variables of a scope that scopes inside it share. */
  captured(scope: Scope): ReadonlySet<string> {
    const known = this.#captured.get(scope);
    if (known !== undefined) return known;
    const captured = capturedNames(scope, (inner) => this.#bindings(inner));
    this.#captured.set(scope, captured);
    return captured;
  }

  #bindings(scope: Scope): Bindings {
    const known = this.#known.get(scope);
    if (known !== undefined) return known;
    const bindings: Bindings = new Map();
    const { node } = scope;
    if (node.kind !== "Module" && node.kind !== "ClassDef") bindParameters(bindings, node.args);
    if (node.kind !== "Lambda") forEachStatement(node.body, (s) => bindStatement(bindings, s));
    this.#known.set(scope, bindings);
    return bindings;
  }
}

/** The functions of a scope by one name, or none where anything else binds it there. */
export function definitions(scope: Scope, name: string): readonly FunctionDef[] {
  const { node } = scope;
  if (node.kind === "Lambda") return [];
  const found: FunctionDef[] = [];
  const others: Bindings = new Map();
  if (node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef") bindParameters(others, node.args);
  forEachStatement(node.body, (s) => {
    if ((s.kind === "FunctionDef" || s.kind === "AsyncFunctionDef") && s.name === name) found.push(s);
    else bindStatement(others, s);
  });
  return others.has(name) ? [] : found;
}

/** A name that is bound in two ways is known in neither. */
function bind(bindings: Bindings, name: string, path: string | null): void {
  const known = bindings.get(name);
  bindings.set(name, known === undefined || known === path ? path : null);
}

function bindParameters(bindings: Bindings, args: Arguments): void {
  const { posonlyargs, kwonlyargs, vararg, kwarg } = args;
  for (const arg of [...posonlyargs, ...args.args, ...kwonlyargs, vararg, kwarg]) {
    if (arg !== null) bind(bindings, arg.arg, null);
  }
}

function bindTarget(bindings: Bindings, e: Expression | null): void {
  if (e === null) return;
  if (e.kind === "Name") bind(bindings, e.id, null);
  else if (e.kind === "Starred") bindTarget(bindings, e.value);
  else if (e.kind === "Tuple" || e.kind === "List") for (const item of e.elts) bindTarget(bindings, item);
}

function bindPattern(bindings: Bindings, pattern: Pattern): void {
  switch (pattern.kind) {
    case "MatchAs":
    case "MatchStar":
      if (pattern.name !== null) bind(bindings, pattern.name, null);
      if (pattern.kind === "MatchAs" && pattern.pattern !== null) bindPattern(bindings, pattern.pattern);
      return;
    case "MatchMapping":
      if (pattern.rest !== null) bind(bindings, pattern.rest, null);
      bindPatterns(bindings, pattern.patterns);
      return;
    case "MatchClass":
      bindPatterns(bindings, pattern.patterns);
      bindPatterns(bindings, pattern.kwd_patterns);
      return;
    case "MatchSequence":
    case "MatchOr":
      bindPatterns(bindings, pattern.patterns);
      return;
    default:
      return;
  }
}

function bindPatterns(bindings: Bindings, patterns: readonly Pattern[]): void {
  for (const pattern of patterns) bindPattern(bindings, pattern);
}

function bindImport(bindings: Bindings, { name, asname }: Alias): void {
  if (asname !== null) {
    bind(bindings, asname, name);
    return;
  }
  const [first = name] = name.split(".", 1);
  bind(bindings, first, first);
}

function bindImportFrom(bindings: Bindings, { module, level, names }: ImportFrom): void {
  for (const { name, asname } of names) {
    // A relative one keeps its dots, so that it is no module of the same name elsewhere.
    const prefix = module === null ? "" : `${module}.`;
    bind(bindings, asname ?? name, `${".".repeat(level)}${prefix}${name}`);
  }
}

function bindStatement(bindings: Bindings, s: Statement): void {
  switch (s.kind) {
    case "Assign":
      for (const target of s.targets) bindTarget(bindings, target);
      return;
    case "AnnAssign":
    case "AugAssign":
    case "For":
    case "AsyncFor":
      bindTarget(bindings, s.target);
      return;
    case "With":
    case "AsyncWith":
      for (const item of s.items) bindTarget(bindings, item.optional_vars);
      return;
    case "Try":
    case "TryStar":
      for (const { name } of s.handlers) if (name !== null) bind(bindings, name, null);
      return;
    case "Match":
      for (const one of s.cases) bindPattern(bindings, one.pattern);
      return;
    case "FunctionDef":
    case "AsyncFunctionDef":
    case "ClassDef":
      bind(bindings, s.name, null);
      return;
    case "Import":
      for (const alias of s.names) bindImport(bindings, alias);
      return;
    case "ImportFrom":
      bindImportFrom(bindings, s);
      return;
    default:
      return;
  }
}
