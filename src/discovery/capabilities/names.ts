import {
  type Alias,
  bodyOnce,
  type ClassDef,
  type Expression,
  type FunctionDef,
  type Module,
  type Statement,
} from "../../python/index.ts";
import { detached } from "../detached.ts";
import { BUILTIN_NAMES } from "../evaluate/index.ts";
import { blocksOf } from "./blocks.ts";
import { type Decorator, decoratorOf } from "./decorators.ts";
import type { FileFunctions } from "./functions.ts";
import { slim } from "./slim.ts";

/** What a name of a file means, as far as the file alone tells. */
export type Binding =
  | { readonly kind: "import"; readonly level: number; readonly module: string; readonly name: string | null }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "class"; readonly name: string }
  | { readonly kind: "value"; readonly value: Expression };

/** What a name means where some conditions hold, or do not. */
export interface Branch {
  readonly guards: readonly Guard[];
  readonly binding: Binding;
}

export interface Guard {
  readonly test: Expression;
  readonly holds: boolean;
}

export interface ClassNames {
  readonly name: string;
  readonly bases: readonly Expression[];
  readonly methods: ReadonlySet<string>;
}

/** The module-level names of a file. */
export interface FileNames {
  readonly bindings: ReadonlyMap<string, Binding>;
  /** Of names that mean different things under different conditions, all meanings, the one that counts first last. */
  readonly branches: ReadonlyMap<string, readonly Branch[]>;
  readonly classes: ReadonlyMap<string, ClassNames>;
  /** Modules of which everything is imported. */
  readonly stars: readonly { readonly level: number; readonly module: string }[];
}

/** What only the bodies of a file's functions tell. Each is read when it is asked for. */
export interface BodyNames {
  /** What a function or method gives back, by its qualified name: the annotation, else what is returned first. */
  result(name: string): FunctionResult | null;
  /** What a function or method does as a decorator, by its qualified name. */
  decorator(name: string): Decorator | null;
  /** What stands in a function without parameters that only answers a question about the system. */
  question(name: string): readonly Statement[] | null;
  /** What is first assigned to `self.name` in any method of a class. */
  attributes(className: string): ReadonlyMap<string, Expression>;
}

export interface FunctionResult {
  readonly node: Expression;
  readonly isAnnotation: boolean;
}

export function namesOf(module: Module): FileNames {
  const reader = new NameReader();
  reader.read(module.body);
  const { bindings, classes, stars } = reader;
  return { bindings, branches: reader.branches(), classes, stars };
}

/** The statements of a function that does nothing but give names to what it asks and return an answer. */
function questionOf(body: readonly Statement[]): readonly Statement[] | null {
  const [first, ...others] = body;
  const isDocumented = first?.kind === "Expr" && first.value.kind === "Constant";
  const rest = isDocumented ? others : body;
  const last = rest.at(-1);
  const isPlain = rest.every(
    (item) =>
      item === last || (item.kind === "Assign" && item.targets.length === 1 && item.targets[0]?.kind === "Name"),
  );
  if (!isPlain || last?.kind !== "Return" || last.value === null || !mayAnswer(last.value)) return null;
  return rest;
}

/** Kinds of expressions of which something may be known. */
function mayAnswer({ kind }: Expression): boolean {
  return kind === "Compare" || kind === "BoolOp" || kind === "UnaryOp" || kind === "Call";
}

const NO_ATTRIBUTES: ReadonlyMap<string, Expression> = new Map();

/** Keeps what it was asked for, and nothing of the tree. */
export class LateBodyNames implements BodyNames {
  readonly #functions: FileFunctions | null;
  readonly #results = new Map<string, FunctionResult | null>();
  readonly #decorators = new Map<string, Decorator | null>();
  readonly #questions = new Map<string, readonly Statement[] | null>();
  readonly #attributes = new Map<string, ReadonlyMap<string, Expression>>();

  constructor(functions: FileFunctions | null) {
    this.#functions = functions;
  }

  result(name: string): FunctionResult | null {
    let known = this.#results.get(name);
    if (known === undefined) {
      const found = this.#last(name, resultOf);
      known = found && { ...found, node: slim(found.node) };
      this.#results.set(name, known);
    }
    return known;
  }

  decorator(name: string): Decorator | null {
    let known = this.#decorators.get(name);
    if (known === undefined) {
      known = detached(this.#last(name, (node) => decoratorOf(node, name.includes("."))));
      this.#decorators.set(name, known);
    }
    return known;
  }

  question(name: string): readonly Statement[] | null {
    let known = this.#questions.get(name);
    if (known === undefined) {
      known = detached(this.#asked(name));
      this.#questions.set(name, known);
    }
    return known;
  }

  #asked(name: string): readonly Statement[] | null {
    const all = name.includes(".") ? [] : (this.#functions?.of(name) ?? []);
    for (const one of all.toReversed()) {
      const read = one.isBrief ? this.#functions?.read(one) : null;
      const found = read ? questionOf(bodyOnce(read.node)) : null;
      // Where another one follows, nobody knows which one is meant.
      if (found !== null) return one === all[0] ? found : [];
    }
    return null;
  }

  attributes(className: string): ReadonlyMap<string, Expression> {
    let known = this.#attributes.get(className);
    if (known === undefined) {
      known = this.#assigned(className);
      this.#attributes.set(className, known);
    }
    return known;
  }

  #assigned(className: string): ReadonlyMap<string, Expression> {
    const attributes = new Map<string, Expression>();
    for (const method of this.#functions?.methodsOf(className) ?? []) {
      // Most set none, and reading them takes much longer than a look at their text.
      const found = this.#functions?.read(method, (text) => ASSIGNED.test(text));
      if (found) collectAttributes(bodyOnce(found.node), attributes);
    }
    if (attributes.size === 0) return NO_ATTRIBUTES;
    for (const [name, value] of attributes) attributes.set(name, slim(value));
    return attributes;
  }

  /** What the last definition of a name that says so tells. */
  #last<V>(name: string, told: (node: FunctionDef) => V | null): V | null {
    for (const one of this.#functions?.of(name) ?? []) {
      const read = this.#functions?.read(one) ?? null;
      const found = read === null ? null : told(read.node);
      if (found !== null) return found;
    }
    return null;
  }
}

function resultOf(node: FunctionDef): FunctionResult | null {
  const { returns } = node;
  if (returns !== null) return { node: returns, isAnnotation: true };
  const assigned = new Map<string, Expression>();
  const found = firstReturned(node.body, assigned);
  const value = found?.kind === "Name" ? (assigned.get(found.id) ?? found) : found;
  return value === null ? null : { node: value, isAnnotation: false };
}

/** The first call or name that is returned; notes what local names are set to on the way. */
function firstReturned(body: readonly Statement[], assigned: Map<string, Expression>): Expression | null {
  for (const statement of body) {
    noteAssigned(statement, assigned);
    if (statement.kind === "Return" && isReference(statement.value)) return statement.value;
    for (const block of blocksOf(statement)) {
      const found = firstReturned(block, assigned);
      if (found !== null) return found;
    }
  }
  return null;
}

function noteAssigned(statement: Statement, assigned: Map<string, Expression>): void {
  if (statement.kind !== "Assign") return;
  const [target] = statement.targets;
  if (target?.kind === "Name") assigned.set(target.id, statement.value);
}

function isReference(value: Expression | null): boolean {
  return value?.kind === "Call" || value?.kind === "Name" || value?.kind === "Attribute";
}

function rightmost(node: Expression): string | null {
  return node.kind === "Name" ? node.id : node.kind === "Attribute" ? node.attr : null;
}

/** Reads the names that the statements of a module bind. */
class NameReader {
  readonly bindings = new Map<string, Binding>();
  readonly classes = new Map<string, ClassNames>();
  readonly stars: { level: number; module: string }[] = [];
  readonly #branches = new Map<string, Branch[]>();
  #guards: readonly Guard[] = [];

  read(body: readonly Statement[]): void {
    for (const statement of body) this.#statement(statement);
  }

  branches(): ReadonlyMap<string, readonly Branch[]> {
    const several = [...this.#branches].filter(
      ([, list]) => list.length > 1 && list.some(({ guards }) => guards.length > 0),
    );
    return new Map(several);
  }

  #bind(name: string, binding: Binding): void {
    const branch = { guards: this.#guards, binding };
    const known = this.#branches.get(name);
    // Of values the first one counts, and all else before any value.
    if (known === undefined) this.#branches.set(name, [branch]);
    else if (binding.kind === "value") known.unshift(branch);
    else known.push(branch);
    if (binding.kind !== "value" || !this.bindings.has(name)) this.bindings.set(name, binding);
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case "Import":
      case "ImportFrom":
        for (const [name, binding] of importBindings(statement)) {
          if (name === "*" && binding.kind === "import") {
            this.stars.push({ level: binding.level, module: binding.module });
          } else this.#bind(name, binding);
        }
        return;
      case "FunctionDef":
      case "AsyncFunctionDef":
        this.#bind(statement.name, { kind: "function", name: statement.name });
        return;
      case "ClassDef":
        this.#bind(statement.name, { kind: "class", name: statement.name });
        this.classes.set(statement.name, classNames(statement));
        return;
      case "Assign":
        for (const target of statement.targets) {
          if (target.kind === "Name") this.#bind(target.id, { kind: "value", value: statement.value });
        }
        return;
      case "AnnAssign":
        if (statement.target.kind === "Name" && statement.value !== null) {
          this.#bind(statement.target.id, { kind: "value", value: statement.value });
        }
        return;
      case "If":
        this.#guarded({ test: statement.test, holds: true }, statement.body);
        this.#guarded({ test: statement.test, holds: false }, statement.orelse);
        return;
      default:
        for (const body of blocksOf(statement)) this.read(body);
    }
  }

  #guarded(guard: Guard, body: readonly Statement[]): void {
    if (body.length === 0) return;
    const outer = this.#guards;
    // What only type checkers import is what annotations mean.
    const isForTypes = rightmost(guard.test) === "TYPE_CHECKING";
    this.#guards = isForTypes ? outer : [...outer, guard];
    this.read(body);
    this.#guards = outer;
  }
}

/** The names that an import binds. */
export function importBindings(statement: Statement): readonly (readonly [string, Binding])[] {
  if (statement.kind === "Import") return statement.names.map(importBinding);
  if (statement.kind !== "ImportFrom") return [];
  const { level } = statement;
  const module = statement.module ?? "";
  return statement.names.map((alias) => [
    alias.asname ?? alias.name,
    { kind: "import", level, module, name: alias.name },
  ]);
}

function importBinding(alias: Alias): readonly [string, Binding] {
  const top = alias.name.split(".")[0] ?? alias.name;
  const module = alias.asname === null ? top : alias.name;
  return [alias.asname ?? top, { kind: "import", level: 0, module, name: null }];
}

function classNames(node: ClassDef): ClassNames {
  const methods = new Set<string>();
  for (const statement of node.body) {
    if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef") methods.add(statement.name);
  }
  return { name: node.name, bases: node.bases, methods };
}

/** `self.name =`, with whatever spaces, brackets and lines that go on; not a comparison. */
const ASSIGNED = /\bself[\s\\)]*\.[\s\\]*[^\s\\.,:;=()[\]{}]+[\s\\)]*=(?!=)/u;

/** Notes what is first assigned to each `self.name`. */
function collectAttributes(body: readonly Statement[], attributes: Map<string, Expression>): void {
  for (const statement of body) {
    if (statement.kind !== "Assign") {
      for (const block of blocksOf(statement)) collectAttributes(block, attributes);
      continue;
    }
    for (const target of statement.targets) {
      const isOwn = target.kind === "Attribute" && target.value.kind === "Name" && target.value.id === "self";
      if (isOwn && !attributes.has(target.attr)) attributes.set(target.attr, statement.value);
    }
  }
}

export function isBuiltin(name: string): boolean {
  return BUILTIN_NAMES.has(name);
}
