import type { Alias, ClassDef, Expression, FunctionDef, Module, Statement } from "../../python/index.ts";
import { BUILTIN_NAMES } from "../evaluate/index.ts";
import { blocksOf } from "./blocks.ts";
import { type Decorator, decoratorOf } from "./decorators.ts";

/** What a name of a file means, as far as the file alone tells. */
export type Binding =
  | { readonly kind: "import"; readonly level: number; readonly module: string; readonly name: string | null }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "class"; readonly name: string }
  | { readonly kind: "value"; readonly value: Expression };

export interface ClassNames {
  readonly name: string;
  readonly bases: readonly Expression[];
  readonly methods: ReadonlySet<string>;
  /** First thing assigned to `self.name` in any method. */
  readonly attributes: ReadonlyMap<string, Expression>;
}

/** The module-level names of a file. */
export interface FileNames {
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly classes: ReadonlyMap<string, ClassNames>;
  /** What functions and methods give back, under their qualified names: the annotation, else what is returned first. */
  readonly results: ReadonlyMap<string, FunctionResult>;
  /** The functions and methods that may be used as decorators, under their qualified names. */
  readonly decorators: ReadonlyMap<string, Decorator>;
  /** Modules of which everything is imported. */
  readonly stars: readonly { readonly level: number; readonly module: string }[];
}

export interface FunctionResult {
  readonly node: Expression;
  readonly isAnnotation: boolean;
}

export function namesOf(module: Module): FileNames {
  const bindings = new Map<string, Binding>();
  const classes = new Map<string, ClassNames>();
  const stars: { level: number; module: string }[] = [];
  const visit = (body: readonly Statement[]): void => {
    for (const statement of body) bindStatement(statement, bindings, classes, stars, visit);
  };
  visit(module.body);
  const results = new Map<string, FunctionResult>();
  const decorators = new Map<string, Decorator>();
  collectFunctions(module.body, "", results, decorators);
  return { bindings, classes, stars, results, decorators };
}

function collectFunctions(
  body: readonly Statement[],
  prefix: string,
  results: Map<string, FunctionResult>,
  decorators: Map<string, Decorator>,
): void {
  for (const statement of body) {
    if (statement.kind === "ClassDef" && prefix === "") {
      collectFunctions(statement.body, `${statement.name}.`, results, decorators);
    } else if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef") {
      const name = `${prefix}${statement.name}`;
      setUnlessNull(results, name, resultOf(statement));
      setUnlessNull(decorators, name, decoratorOf(statement, prefix !== ""));
    } else for (const block of blocksOf(statement)) collectFunctions(block, prefix, results, decorators);
  }
}

function setUnlessNull<V>(map: Map<string, V>, name: string, value: V | null): void {
  if (value !== null) map.set(name, value);
}

function resultOf({ body, returns }: FunctionDef): FunctionResult | null {
  if (returns !== null) return { node: returns, isAnnotation: true };
  const assigned = new Map<string, Expression>();
  const found = firstReturned(body, assigned);
  const node = found?.kind === "Name" ? (assigned.get(found.id) ?? found) : found;
  return node === null ? null : { node, isAnnotation: false };
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

function bindStatement(
  statement: Statement,
  bindings: Map<string, Binding>,
  classes: Map<string, ClassNames>,
  stars: { level: number; module: string }[],
  visit: (body: readonly Statement[]) => void,
): void {
  switch (statement.kind) {
    case "Import":
    case "ImportFrom":
      for (const [name, binding] of importBindings(statement)) {
        if (name === "*" && binding.kind === "import") stars.push({ level: binding.level, module: binding.module });
        else bindings.set(name, binding);
      }
      return;
    case "FunctionDef":
    case "AsyncFunctionDef":
      bindings.set(statement.name, { kind: "function", name: statement.name });
      return;
    case "ClassDef":
      bindings.set(statement.name, { kind: "class", name: statement.name });
      classes.set(statement.name, classNames(statement));
      return;
    case "Assign":
      for (const target of statement.targets) {
        if (target.kind === "Name" && !bindings.has(target.id)) {
          bindings.set(target.id, { kind: "value", value: statement.value });
        }
      }
      return;
    case "AnnAssign":
      if (statement.target.kind === "Name" && statement.value !== null && !bindings.has(statement.target.id)) {
        bindings.set(statement.target.id, { kind: "value", value: statement.value });
      }
      return;
    default:
      for (const body of blocksOf(statement)) visit(body);
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
  const attributes = new Map<string, Expression>();
  for (const statement of node.body) {
    if (statement.kind !== "FunctionDef" && statement.kind !== "AsyncFunctionDef") continue;
    methods.add(statement.name);
    collectAttributes(statement.body, attributes);
  }
  return { name: node.name, bases: node.bases, methods, attributes };
}

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
