import {
  type ClassDef,
  type Expression,
  type FunctionDef,
  forEachChild,
  type Node,
  type Statement,
  walk,
} from "../../python/index.ts";
import { type Binding, parameterBindings, statementBindings, targetBindings } from "../bindings.ts";
import { forEachStatement } from "../statements.ts";
import { Interner } from "./interner.ts";
import { annotatedClass, pathOf } from "./paths.ts";
import { smallMap } from "./small-map.ts";
import {
  bindingScope,
  CallList,
  type CallSite,
  type FileSummary,
  type ImportSummary,
  moduleOf,
  type NameBinding,
  NO_BINDINGS,
  NO_CALLS,
  NO_NAMES,
  NO_PATHS,
  NO_READERS,
  type Path,
  type ScopeSummary,
  type SourceFile,
  type StarImport,
} from "./summary.ts";

const MAX_CALLEE = 60;
/** A name that is bound more often than this is not known anyway. */
const MOST_BINDINGS = 30;
/** Shared by all parameters without an annotation. */
const PARAMETER: NameBinding = { kind: "parameter", line: 1 };
const PARAMETERS: readonly NameBinding[] = [PARAMETER];
/** Shared by all variables whose value is not known, where nobody asks for their lines. */
const VARIABLES: readonly NameBinding[] = [{ kind: "other", assigned: false, line: 1 }];
/** Longer strings are texts for people. */
const LONGEST_NAMING_STRING = 200;
/** A file may hold a dictionary's worth of strings. */
const MOST_WORDS = 20_000;
/** Callables by which names are read that the text does not show. */
const BY_NAME: ReadonlySet<string> = new Set(["locals", "vars", "eval", "exec", "globals"]);

const STATEMENTS: ReadonlySet<Node["kind"]> = new Set<Node["kind"]>([
  ...(["FunctionDef", "AsyncFunctionDef", "ClassDef", "Return", "Delete", "Assign", "TypeAlias", "AugAssign"] as const),
  ...([
    "AnnAssign",
    "For",
    "AsyncFor",
    "While",
    "If",
    "With",
    "AsyncWith",
    "Match",
    "Raise",
    "Try",
    "TryStar",
  ] as const),
  ...(["Assert", "Import", "ImportFrom", "Global", "Nonlocal", "Expr", "Pass", "Break", "Continue"] as const),
  "ErrorStatement",
]);

/** Expressions with names of their own. */
type Inner = Extract<Expression, { kind: "Lambda" | "ListComp" | "SetComp" | "DictComp" | "GeneratorExp" }>;
const INNER: ReadonlySet<Node["kind"]> = new Set<Inner["kind"]>([
  ...(["Lambda", "ListComp", "SetComp", "DictComp", "GeneratorExp"] as const),
]);

function isInner(node: Node): node is Inner {
  return INNER.has(node.kind);
}

type Assigned = { readonly scope: number; readonly path: Path | null };

/** A scope while its file is read. */
interface OpenScope extends ScopeSummary {
  readonly bindings: Map<string, readonly NameBinding[]>;
  attributes: Map<string, Assigned[]> | null;
  readonly sites: CallSite[];
}

/** A scope whose body is still to be read. */
interface Pending {
  readonly node: FunctionDef | ClassDef;
  readonly scope: number;
}

/** What of a file is kept; less takes less memory. */
export interface SummaryParts {
  /** Calls, for the call graph. */
  readonly calls: boolean;
  /** Who reads which names, for dead code. */
  readonly reads: boolean;
}

/** Reads what one file says of names, calls and imports, in one pass over its tree. */
export function summarise(
  file: SourceFile,
  interner: Interner = new Interner(),
  parts: SummaryParts = { calls: true, reads: true },
): FileSummary {
  return new Summariser(file, interner, parts).summary();
}

class Summariser {
  readonly #file: SourceFile;
  readonly #interner: Interner;
  readonly #parts: SummaryParts;
  readonly #scopes: OpenScope[] = [];
  /** For each scope the names that it reads. */
  readonly #loads: Set<string>[] = [];
  readonly #pending: Pending[] = [];
  readonly #imports: ImportSummary[] = [];
  readonly #stars: StarImport[] = [];
  readonly #attributes = new Map<string, Set<number>>();
  readonly #words = new Set<string>();
  /** Statements in a `try` that catches import errors, and in `if TYPE_CHECKING`. */
  readonly #guarded = new Set<Statement>();
  readonly #typing = new Set<Statement>();
  #exported: Set<string> | null = null;
  #isScript = false;

  constructor(file: SourceFile, interner: Interner, parts: SummaryParts) {
    this.#file = file;
    this.#interner = interner;
    this.#parts = parts;
  }

  summary(): FileSummary {
    const { path, module } = this.#file;
    const root = this.#open("module", "<module>", "<module>", 1, Math.max(module.endLine, 1), -1, [], []);
    this.#body(module.body, root);
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      this.#body(next.node.body, next.scope);
    }
    const unbound = new Set<string>();
    const summary: FileSummary = {
      path,
      lines: module.endLine,
      scopes: this.#closedScopes(),
      imports: this.#imports.sort((a, b) => a.line - b.line),
      stars: this.#stars,
      exported: this.#exported,
      attributes: this.#attributes,
      words: this.#words,
      unbound,
      isScript: this.#isScript,
    };
    if (this.#parts.reads) tellReaders(summary, this.#loads, unbound);
    return summary;
  }

  /**
   * The scopes as they are kept. For calls alone without what nobody can ask for: a name of a function is looked up only
   * where a chain of names in its file starts with it. Most of a workspace's names are no such ones.
   */
  #closedScopes(): ScopeSummary[] {
    const roots = new Set<string>();
    for (const scope of this.#scopes) for (const path of pathsOf(scope)) if (path !== null) roots.add(path[0] ?? "");
    return this.#scopes.map((scope): ScopeSummary => {
      const calls = scope.sites.length === 0 ? NO_CALLS : new CallList(scope.sites);
      const all = [...scope.bindings];
      const bindings = scope.kind === "function" && !this.#parts.reads ? all.filter(([name]) => roots.has(name)) : all;
      const { sites: _, ...rest } = scope;
      return { ...rest, calls, bindings: bindings.length === 0 ? NO_BINDINGS : smallMap(bindings) };
    });
  }

  #open(
    kind: ScopeSummary["kind"],
    name: string,
    qualname: string,
    line: number,
    endLine: number,
    parent: number,
    bases: readonly (Path | null)[],
    decorators: readonly (Path | null)[],
  ): number {
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
      readers: NO_READERS,
      readsByName: false,
    };
    this.#loads.push(new Set());
    return this.#scopes.push(scope) - 1;
  }

  #scope(index: number): OpenScope {
    const scope = this.#scopes[index];
    if (scope === undefined) throw new RangeError(`no scope ${index}`);
    return scope;
  }

  #bind(scope: number, name: string, binding: NameBinding): void {
    const own = this.#scope(scope);
    const target = own.globals.has(name) ? this.#scope(0) : own.nonlocals.has(name) ? this.#outer(own, name) : own;
    const known = target.bindings.get(name);
    if (known === undefined) target.bindings.set(this.#interner.name(name), this.#first(binding));
    else if (known === VARIABLES && binding.kind === "other") return;
    else target.bindings.set(name, [...known.slice(-MOST_BINDINGS), binding]);
  }

  #first(binding: NameBinding): readonly NameBinding[] {
    if (binding === PARAMETER) return PARAMETERS;
    return binding.kind === "other" && !this.#parts.reads ? VARIABLES : [binding];
  }

  /** The function around a scope that binds a name; the scope itself where there is none. */
  #outer(scope: OpenScope, name: string): OpenScope {
    for (let at = scope.parent; at > 0; at = this.#scope(at).parent) {
      const outer = this.#scope(at);
      if (outer.kind === "function" && outer.bindings.has(name)) return outer;
    }
    return scope;
  }

  #body(body: readonly Statement[], scope: number): void {
    const own = this.#scope(scope);
    // Declarations hold for the whole scope, whereever they stand.
    forEachStatement(body, (s) => {
      if (s.kind === "Global") own.globals = new Set([...own.globals, ...this.#names(s.names)]);
      else if (s.kind === "Nonlocal") own.nonlocals = new Set([...own.nonlocals, ...this.#names(s.names)]);
      else this.#mark(s);
    });
    forEachStatement(body, (s) => {
      this.#bindings(s, scope);
      this.#walk(s, s, scope, undefined);
    });
  }

  /** Notes what holds for the statements inside: a `try` around imports, a branch for type checkers, a script's part. */
  #mark(s: Statement): void {
    if (s.kind === "Try" && s.handlers.length > 0) {
      for (const inner of [...s.body, ...s.handlers.flatMap(({ body }) => body)]) this.#guarded.add(inner);
    } else if (s.kind === "If") {
      if (pathOf(s.test)?.at(-1) === "TYPE_CHECKING") for (const inner of s.body) this.#typing.add(inner);
      if (isMainTest(s.test)) this.#isScript = true;
    }
  }

  #bindings(s: Statement, scope: number): void {
    const { line } = s;
    switch (s.kind) {
      case "FunctionDef":
      case "AsyncFunctionDef":
      case "ClassDef":
        this.#bind(scope, s.name, { kind: "scope", scope: this.#definition(s, scope), line });
        return;
      case "Import":
      case "ImportFrom":
        this.#import(s, scope);
        return;
      case "Assign":
        this.#assign(s, scope);
        return;
      case "AnnAssign":
        this.#annotated(s, scope);
        return;
      default:
        statementBindings(this.#file.text, s, ({ name, kind }) => {
          this.#bind(scope, name, { kind: "other", assigned: kind === "augmented", line });
        });
    }
  }

  #definition(s: FunctionDef | ClassDef, parent: number): number {
    const outer = this.#scope(parent);
    const prefix = outer.kind === "module" ? "" : `${outer.qualname}${outer.kind === "class" ? "." : ".<locals>."}`;
    const kind = s.kind === "ClassDef" ? "class" : "function";
    const bases = s.kind === "ClassDef" ? s.bases.map((base) => classPath(base)) : [];
    const decorators = s.decorator_list.map((decorator) => pathOf(decorator));
    const scope = this.#open(kind, s.name, prefix + s.name, s.line, s.endLine, parent, bases, decorators);
    for (const { name } of s.type_params) this.#bind(scope, name, PARAMETER);
    if (s.kind !== "ClassDef") this.#parameters(s, scope, outer.kind === "class" ? parent : -1, decorators);
    this.#pending.push({ node: s, scope });
    return scope;
  }

  #parameters(s: FunctionDef, scope: number, owner: number, decorators: readonly (Path | null)[]): void {
    const isStatic = decorators.some((path) => path?.at(-1) === "staticmethod");
    const isType =
      decorators.some((path) => path?.at(-1) === "classmethod") ||
      ["__new__", "__init_subclass__", "__class_getitem__"].includes(s.name);
    const [first] = [...s.args.posonlyargs, ...s.args.args];
    const { posonlyargs, args, kwonlyargs } = s.args;
    const annotations = new Map<number, Expression | null>();
    for (const arg of [...posonlyargs, ...args, ...kwonlyargs]) annotations.set(arg.start, arg.annotation);
    parameterBindings(s.args, ({ name, start }) => {
      const line = s.line;
      if (owner >= 0 && !isStatic && start === first?.start) {
        this.#bind(scope, name, { kind: "self", scope: owner, type: isType, line });
        return;
      }
      const annotation = annotations.get(start) ?? null;
      const path = annotation === null ? null : annotatedClass(annotation);
      const binding: NameBinding =
        path === null ? PARAMETER : { kind: "annotated", path: this.#path(path), parameter: true, line };
      this.#bind(scope, name, binding);
    });
  }

  /** Names of their own: as pieces of the file's text they would keep all of it. */
  #names(names: readonly string[]): string[] {
    return names.map((name) => this.#interner.name(name));
  }

  #import(s: Extract<Statement, { kind: "Import" | "ImportFrom" }>, scope: number): void {
    const { line } = s;
    const guarded = this.#guarded.has(s);
    const deferred = this.#scope(scope).kind === "function" || this.#typing.has(s);
    if (s.kind === "Import") {
      for (const { name, asname } of s.names) {
        const module = this.#interner.name(name);
        this.#imports.push({ level: 0, module, names: null, line, deferred });
        const bound = asname ?? name.split(".", 1)[0] ?? name;
        this.#bind(scope, bound, { kind: "module", module, asname: asname !== null, guarded, line });
      }
      return;
    }
    const { level } = s;
    const module = this.#interner.name(moduleOf(s));
    this.#imports.push({ level, module, names: this.#names(s.names.map(({ name }) => name)), line, deferred });
    for (const { name: imported, asname } of s.names) {
      const name = this.#interner.name(imported);
      if (name === "*") this.#stars.push({ level, module, line });
      else {
        const binding: NameBinding = { kind: "from", level, module, name, asname: asname !== null, guarded, line };
        this.#bind(scope, asname ?? name, binding);
      }
    }
  }

  #assign(s: Extract<Statement, { kind: "Assign" }>, scope: number): void {
    const path = this.#interner.path(pathOf(s.value));
    for (const target of s.targets) {
      if (target.kind === "Name") {
        if (target.id === "__all__" && scope === 0) this.#export(s.value);
        const { line } = s;
        this.#bind(
          scope,
          target.id,
          path === null ? { kind: "other", assigned: true, line } : { kind: "value", path, line },
        );
      } else {
        this.#attribute(target, path, scope);
        const add = ({ name }: Binding): void =>
          this.#bind(scope, name, { kind: "other", assigned: false, line: s.line });
        targetBindings(target, "assignment", add);
      }
    }
  }

  #annotated(s: Extract<Statement, { kind: "AnnAssign" }>, scope: number): void {
    const { target, annotation, value, line } = s;
    const path = this.#interner.path(value === null ? null : pathOf(value));
    const type = this.#interner.path(annotatedClass(annotation));
    if (target.kind === "Name") {
      if (path !== null) this.#bind(scope, target.id, { kind: "value", path, line });
      else if (type !== null) this.#bind(scope, target.id, { kind: "annotated", path: type, parameter: false, line });
      else this.#bind(scope, target.id, { kind: "other", assigned: value !== null, line });
    } else this.#attribute(target, path, scope);
  }

  /** `self.name = path` */
  #attribute(target: Expression, path: Path | null, scope: number): void {
    if (target.kind !== "Attribute" || target.value.kind !== "Name") return;
    const [self] = this.#scope(scope).bindings.get(target.value.id) ?? [];
    if (self?.kind !== "self") return;
    const owner = this.#scope(self.scope);
    owner.attributes ??= new Map();
    const known = owner.attributes.get(target.attr);
    if (known === undefined) owner.attributes.set(this.#interner.name(target.attr), [{ scope, path }]);
    else known.push({ scope, path });
  }

  #export(value: Expression): void {
    if (value.kind !== "List" && value.kind !== "Tuple") return;
    this.#exported ??= new Set();
    for (const item of value.elts) {
      if (item.kind === "Constant" && item.value.type === "str")
        this.#exported.add(this.#interner.name(item.value.value));
    }
  }

  /** The expressions of a statement, without the statements inside it. */
  #walk(root: Node, statement: Statement, scope: number, shadowed: ReadonlySet<string> | undefined): void {
    walk(root, (node) => {
      if (node !== root && STATEMENTS.has(node.kind)) return false;
      if (isInner(node)) {
        this.#inner(node, statement, scope, shadowed);
        return false;
      }
      this.#visit(node, statement, scope, shadowed);
      return true;
    });
  }

  #visit(node: Node, statement: Statement, scope: number, shadowed: ReadonlySet<string> | undefined): void {
    switch (node.kind) {
      case "Name":
        this.#name(node, scope, shadowed);
        return;
      case "Attribute":
        if (node.ctx !== "Store") this.#attributeRead(node.attr, scope);
        return;
      case "Call":
        this.#call(node, scope, shadowed);
        return;
      case "Constant":
        if (node.value.type === "str" && !isDocstring(statement)) this.#string(node.value.value);
        return;
      case "NamedExpr": {
        const binding: NameBinding = { kind: "other", assigned: true, line: node.line };
        targetBindings(node.target, "walrus", ({ name }) => this.#bind(scope, name, binding));
        return;
      }
      case "FunctionDef":
      case "AsyncFunctionDef":
      case "ClassDef":
        for (const decorator of node.decorator_list) this.#decorator(decorator, scope);
        return;
      case "MatchClass":
        for (const name of node.kwd_attrs) this.#attributeRead(name, scope);
        return;
      default:
        return;
    }
  }

  #attributeRead(name: string, scope: number): void {
    if (this.#parts.reads) add(this.#attributes, this.#interner.name(name), scope);
  }

  #name(node: Extract<Expression, { kind: "Name" }>, scope: number, shadowed: ReadonlySet<string> | undefined): void {
    if (node.ctx === "Store" || !this.#parts.reads || shadowed?.has(node.id) === true) return;
    const own = this.#scope(scope);
    this.#loads[scope]?.add(this.#interner.name(node.id));
    if (BY_NAME.has(node.id)) own.readsByName = true;
  }

  /** A lambda or comprehension, whose own names hide others. */
  #inner(node: Inner, statement: Statement, scope: number, shadowed: ReadonlySet<string> | undefined): void {
    const names = new Set(shadowed);
    const hide = ({ name }: Binding): void => void names.add(name);
    if (node.kind === "Lambda") parameterBindings(node.args, hide);
    else for (const { target } of node.generators) targetBindings(target, "for", hide);
    forEachChild(node, (child) => this.#walk(child, statement, scope, names));
  }

  #call(node: Extract<Expression, { kind: "Call" }>, scope: number, shadowed: ReadonlySet<string> | undefined): void {
    const { func } = node;
    const line = func.kind === "Attribute" ? func.endLine : node.line;
    this.#site(scope, { path: pathOf(func, shadowed), text: this.#textOf(func), line, decorates: false });
  }

  #decorator(node: Expression, scope: number): void {
    // A call is met as one.
    if (node.kind === "Call") return;
    this.#site(scope, { path: pathOf(node), text: this.#textOf(node), line: node.line, decorates: true });
  }

  #site(scope: number, { path, text, line, decorates }: CallSite): void {
    if (!this.#parts.calls) return;
    this.#scope(scope).sites.push({
      path: this.#interner.path(path),
      text: this.#interner.name(text),
      line,
      decorates,
    });
  }

  #path(path: Path): Path {
    return this.#interner.path(path) ?? path;
  }

  #textOf({ start, end }: Expression): string {
    const text = this.#file.text.slice(start, Math.min(end, start + 4 * MAX_CALLEE)).replace(/\s+/g, " ");
    return text.length > MAX_CALLEE ? `${text.slice(0, MAX_CALLEE - 1)}…` : text;
  }

  #string(value: string): void {
    if (!this.#parts.reads || value.length > LONGEST_NAMING_STRING || this.#words.size >= MOST_WORDS) return;
    for (const [word] of value.matchAll(/[A-Za-z_]\w+/g)) this.#words.add(this.#interner.name(word));
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

function add(map: Map<string, Set<number>>, name: string, scope: number): void {
  const known = map.get(name);
  if (known === undefined) map.set(name, new Set([scope]));
  else known.add(scope);
}

/** Tells each binding scope who reads its names, and which names nobody binds. */
function tellReaders(file: FileSummary, loads: readonly ReadonlySet<string>[], unbound: Set<string>): void {
  const readers = new Map<ScopeSummary, Map<string, number[]>>();
  for (const [index, names] of loads.entries()) {
    for (const name of names) {
      const owner = file.scopes[bindingScope(file, index, name)];
      if (owner === undefined) {
        unbound.add(name);
        continue;
      }
      let own = readers.get(owner);
      if (own === undefined) {
        own = new Map();
        readers.set(owner, own);
      }
      const known = own.get(name);
      if (known === undefined) own.set(name, [index]);
      else known.push(index);
    }
  }
  for (const [owner, own] of readers) owner.readers = own;
}

/** The class of a base: `Generic[T]` is `Generic`. */
function classPath(base: Expression): Path | null {
  return pathOf(base.kind === "Subscript" ? base.value : base);
}

function isDocstring(s: Statement): boolean {
  return s.kind === "Expr" && s.value.kind === "Constant";
}

function isMainTest(test: Expression): boolean {
  return test.kind === "Compare" && test.left.kind === "Name" && test.left.id === "__name__";
}
