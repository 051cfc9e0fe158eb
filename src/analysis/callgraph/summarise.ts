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
import { OpenScopes, PARAMETER } from "./open-scopes.ts";
import { annotatedClass, pathOf } from "./paths.ts";
import { tellReaders } from "./readers.ts";
import {
  type CallSite,
  type FileSummary,
  type ImportSummary,
  moduleOf,
  type NameBinding,
  type Path,
  type SourceFile,
  type StarImport,
} from "./summary.ts";

const MAX_CALLEE = 60;
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
  readonly #scopes: OpenScopes;
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
    this.#scopes = new OpenScopes(interner, parts.reads);
  }

  summary(): FileSummary {
    const { path, module } = this.#file;
    const root = this.#scopes.open({
      kind: "module",
      name: "<module>",
      qualname: "<module>",
      line: 1,
      endLine: Math.max(module.endLine, 1),
      parent: -1,
      bases: [],
      decorators: [],
    });
    this.#body(module.body, root);
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      this.#body(next.node.body, next.scope);
    }
    const unbound = new Set<string>();
    const summary: FileSummary = {
      path,
      lines: module.endLine,
      scopes: this.#scopes.closed(),
      imports: this.#imports.sort((a, b) => a.line - b.line),
      stars: this.#stars,
      exported: this.#exported,
      attributes: this.#attributes,
      words: this.#words,
      unbound,
      isScript: this.#isScript,
    };
    if (this.#parts.reads) tellReaders(summary, this.#scopes.loads(), unbound);
    return summary;
  }

  #body(body: readonly Statement[], scope: number): void {
    const own = this.#scopes.get(scope);
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
        this.#scopes.bind(scope, s.name, { kind: "scope", scope: this.#definition(s, scope), line });
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
          this.#scopes.bind(scope, name, { kind: "other", assigned: kind === "augmented", line });
        });
    }
  }

  #definition(s: FunctionDef | ClassDef, parent: number): number {
    const outer = this.#scopes.get(parent);
    const prefix = outer.kind === "module" ? "" : `${outer.qualname}${outer.kind === "class" ? "." : ".<locals>."}`;
    const kind = s.kind === "ClassDef" ? "class" : "function";
    const bases = s.kind === "ClassDef" ? s.bases.map((base) => classPath(base)) : [];
    const decorators = s.decorator_list.map((decorator) => pathOf(decorator));
    const scope = this.#scopes.open({
      kind,
      name: s.name,
      qualname: prefix + s.name,
      line: s.line,
      endLine: s.endLine,
      parent,
      bases,
      decorators,
    });
    for (const { name } of s.type_params) this.#scopes.bind(scope, name, PARAMETER);
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
        this.#scopes.bind(scope, name, { kind: "self", scope: owner, type: isType, line });
        return;
      }
      const annotation = annotations.get(start) ?? null;
      const path = annotation === null ? null : annotatedClass(annotation);
      const binding: NameBinding =
        path === null ? PARAMETER : { kind: "annotated", path: this.#path(path), parameter: true, line };
      this.#scopes.bind(scope, name, binding);
    });
  }

  /** Names of their own: as pieces of the file's text they would keep all of it. */
  #names(names: readonly string[]): string[] {
    return names.map((name) => this.#interner.name(name));
  }

  #import(s: Extract<Statement, { kind: "Import" | "ImportFrom" }>, scope: number): void {
    const { line } = s;
    const guarded = this.#guarded.has(s);
    const deferred = this.#scopes.get(scope).kind === "function" || this.#typing.has(s);
    if (s.kind === "Import") {
      for (const { name, asname } of s.names) {
        const module = this.#interner.name(name);
        this.#imports.push({ level: 0, module, names: null, line, deferred });
        const bound = asname ?? name.split(".", 1)[0] ?? name;
        this.#scopes.bind(scope, bound, { kind: "module", module, asname: asname !== null, guarded, line });
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
        this.#scopes.bind(scope, asname ?? name, binding);
      }
    }
  }

  #assign(s: Extract<Statement, { kind: "Assign" }>, scope: number): void {
    const path = this.#interner.path(pathOf(s.value));
    for (const target of s.targets) {
      if (target.kind === "Name") {
        if (target.id === "__all__" && scope === 0) this.#export(s.value);
        const { line } = s;
        this.#scopes.bind(
          scope,
          target.id,
          path === null ? { kind: "other", assigned: true, line } : { kind: "value", path, line },
        );
      } else {
        this.#attribute(target, path, scope);
        const add = ({ name }: Binding): void =>
          this.#scopes.bind(scope, name, { kind: "other", assigned: false, line: s.line });
        targetBindings(target, "assignment", add);
      }
    }
  }

  #annotated(s: Extract<Statement, { kind: "AnnAssign" }>, scope: number): void {
    const { target, annotation, value, line } = s;
    const path = this.#interner.path(value === null ? null : pathOf(value));
    const type = this.#interner.path(annotatedClass(annotation));
    if (target.kind === "Name") {
      if (path !== null) this.#scopes.bind(scope, target.id, { kind: "value", path, line });
      else if (type !== null)
        this.#scopes.bind(scope, target.id, { kind: "annotated", path: type, parameter: false, line });
      else this.#scopes.bind(scope, target.id, { kind: "other", assigned: value !== null, line });
    } else this.#attribute(target, path, scope);
  }

  /** `self.name = path` */
  #attribute(target: Expression, path: Path | null, scope: number): void {
    if (target.kind !== "Attribute" || target.value.kind !== "Name") return;
    const [self] = this.#scopes.get(scope).bindings.get(target.value.id) ?? [];
    if (self?.kind !== "self") return;
    const owner = this.#scopes.get(self.scope);
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
        targetBindings(node.target, "walrus", ({ name }) => this.#scopes.bind(scope, name, binding));
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
    const own = this.#scopes.get(scope);
    own.loads.add(this.#interner.name(node.id));
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
    this.#scopes.get(scope).sites.push({
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

function add(map: Map<string, Set<number>>, name: string, scope: number): void {
  const known = map.get(name);
  if (known === undefined) map.set(name, new Set([scope]));
  else known.add(scope);
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
