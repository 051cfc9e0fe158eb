import { type Expression, type FunctionDef, forEachChild, type Node, type Statement } from "../../python/index.ts";

import { blocksOf } from "./blocks.ts";

/** What becomes of a function or class that is given to a decorator at that moment. */
export type Keeping =
  /** It is wrapped or given back: who calls it is who names it. */
  | { readonly kind: "wraps" }
  /** It is put into variables of the module (`self`: into the object whose method the decorator is). */
  | { readonly kind: "stores"; readonly variables: readonly string[] }
  /** It is called, or handed to somebody who may call it. */
  | { readonly kind: "hands-over" };

export interface Decorator {
  /** Used as `@name`. */
  readonly bare: Keeping | null;
  /** Used as `@name(…)`: what the function does that it gives back. */
  readonly called: Keeping | null;
}

/** Methods that put what they are given into a container. */
const STORING: ReadonlySet<string> = new Set("append add insert setdefault update extend".split(" "));

/** Functions that look at a function, or give one that calls it later. */
const HARMLESS: ReadonlySet<string> = new Set(
  `isinstance issubclass callable hasattr getattr setattr signature wraps update_wrapper partial getfullargspec getargspec
   iscoroutinefunction isgeneratorfunction isasyncgenfunction isfunction isclass ismethod getdoc unwrap cast id repr str
   type len print vars dir hash super`
    .split(/\s+/u)
    .filter((name) => name !== ""),
);

/** What a function does as a decorator; null for one that cannot be used as such. */
export function decoratorOf(node: FunctionDef, isMethod: boolean): Decorator | null {
  if (isMethod && node.name === "__init_subclass__") return subclassHook(node);
  const inner = innerFunctions(node.body);
  const parameter = firstParameter(node, isMethod);
  const returned = inner.filter(({ name }) => returnsName(node.body, name));
  const bare = parameter === null || !mayDecorate(node, parameter, inner) ? null : keeping(node.body, parameter);
  const [made] = returned;
  const given = made === undefined ? null : firstParameter(made, false);
  const called = made === undefined || given === null ? null : keeping(made.body, given);
  return bare === null && called === null ? null : { bare, called };
}

/** Python gives every class that is derived from its own one to it. */
function subclassHook(node: FunctionDef): Decorator | null {
  const derived = firstParameter(node, false);
  return derived === null ? null : { bare: keeping(node.body, derived), called: null };
}

/** A function that neither gives back what it was given nor makes a function is none. */
function mayDecorate(node: FunctionDef, parameter: string, inner: readonly FunctionDef[]): boolean {
  return inner.length > 0 || returnsName(node.body, parameter);
}

function firstParameter({ args }: FunctionDef, isMethod: boolean): string | null {
  return [...args.posonlyargs, ...args.args][isMethod ? 1 : 0]?.arg ?? null;
}

function innerFunctions(body: readonly Statement[]): FunctionDef[] {
  return body.filter((item): item is FunctionDef => item.kind === "FunctionDef" || item.kind === "AsyncFunctionDef");
}

/** Whether a `return` of the function itself names it. */
function returnsName(body: readonly Statement[], name: string): boolean {
  return body.some((statement) =>
    statement.kind === "Return"
      ? isName(statement.value, name)
      : blocksOf(statement).some((block) => returnsName(block, name)),
  );
}

function keeping(body: readonly Statement[], parameter: string): Keeping {
  const uses = new Uses(parameter);
  for (const statement of body) uses.read(statement);
  if (uses.variables.size > 0) return { kind: "stores", variables: [...uses.variables] };
  return { kind: uses.isHandedOver ? "hands-over" : "wraps" };
}

/** What is done with a parameter while the decorator runs, not when what it gives back is called. */
class Uses {
  readonly #parameter: string;
  readonly variables = new Set<string>();
  isHandedOver: boolean;

  constructor(parameter: string) {
    this.#parameter = parameter;
    this.isHandedOver = false;
  }

  read(node: Node): void {
    if (isDefinition(node)) return;
    switch (node.kind) {
      case "Assign":
        this.#assigned(node.targets, node.value);
        return;
      case "Return":
        // What it makes of it is what it gives back.
        if (node.value?.kind === "Call" && !this.#is(node.value.func)) this.#arguments(node.value, false);
        else if (node.value !== null && !this.#is(node.value)) this.read(node.value);
        return;
      case "Attribute":
        if (this.#is(node.value)) this.isHandedOver ||= node.ctx !== "Load";
        else this.read(node.value);
        return;
      case "Compare":
      case "BoolOp":
      case "UnaryOp":
      case "If":
      case "Assert":
        forEachChild(node, (child) => {
          if (!this.#is(child)) this.read(child);
        });
        return;
      case "Call":
        this.#called(node);
        return;
      case "Name":
        this.isHandedOver ||= this.#is(node);
        return;
      default:
        forEachChild(node, (child) => this.read(child));
    }
  }

  #is(node: Node | null): boolean {
    return isName(node, this.#parameter);
  }

  #assigned(targets: readonly Expression[], value: Expression): void {
    for (const target of targets) {
      if (target.kind === "Subscript" && holds(value, this.#parameter)) this.#stored(target.value);
      else if (target.kind !== "Name") this.read(target);
    }
    if (this.#is(value) || targets.some(({ kind }) => kind === "Subscript")) return;
    if (value.kind === "Call" && !this.#is(value.func)) this.#arguments(value, false);
    else this.read(value);
  }

  #called(node: Expression & { kind: "Call" }): void {
    const { func } = node;
    if (func.kind === "Attribute" && STORING.has(func.attr) && node.args.some((item) => holds(item, this.#parameter))) {
      this.#stored(func.value);
      return;
    }
    const name = func.kind === "Attribute" ? func.attr : func.kind === "Name" ? func.id : "";
    this.read(func);
    this.#arguments(node, !HARMLESS.has(name));
  }

  /** @param isKept whether who gets the parameter may call it */
  #arguments(node: Expression & { kind: "Call" }, isKept: boolean): void {
    for (const item of [...node.args, ...node.keywords.map(({ value }) => value)]) {
      if (this.#is(item)) this.isHandedOver ||= isKept;
      else this.read(item);
    }
  }

  /** The variable, or the object, that a container belongs to. */
  #stored(container: Expression): void {
    if (container.kind === "Name") this.variables.add(container.id);
    else if (container.kind === "Attribute" || container.kind === "Subscript") this.#stored(container.value);
    else if (container.kind === "Call" && container.func.kind === "Attribute") this.#stored(container.func.value);
    else this.isHandedOver = true;
  }
}

/** The parameter itself, or a tuple or the like with it. */
function holds(node: Expression, name: string): boolean {
  if (node.kind === "Tuple" || node.kind === "List") return node.elts.some((item) => holds(item, name));
  if (node.kind === "Dict") return node.values.some((item) => holds(item, name));
  return isName(node, name);
}

function isName(node: Node | null, name: string): boolean {
  return node?.kind === "Name" && node.id === name;
}

function isDefinition(node: Node): boolean {
  return (
    node.kind === "FunctionDef" ||
    node.kind === "AsyncFunctionDef" ||
    node.kind === "ClassDef" ||
    node.kind === "Lambda"
  );
}
