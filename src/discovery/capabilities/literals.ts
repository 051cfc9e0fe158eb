import type { Expression, Statement } from "../../python/index.ts";
import { blocksOf } from "./blocks.ts";
import type { LocalNames, Referent } from "./resolve.ts";
import type { Text } from "./rules.ts";

/** Most texts that one expression may stand for. */
const MAX_TEXTS = 8;

/** The names of a function's scope: what they refer to and, where all that is assigned to them is known, their texts. */
export class Locals implements LocalNames {
  readonly #body: readonly Statement[];
  readonly #outer: Locals | null;
  /** Its own names. */
  #referents: Map<string, Referent | null> | null = null;
  #parameters: Set<string> | null = null;
  #assigned: Map<string, (Expression | null)[]> | null = null;

  /** @param body of the function; its names hide those of `outer` */
  constructor(body: readonly Statement[], outer: Locals | null = null) {
    this.#body = body;
    this.#outer = outer;
  }

  get(name: string): Referent | null | undefined {
    const own = this.#referents?.get(name);
    return own === undefined ? this.#outer?.get(name) : own;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, referent: Referent | null): void {
    this.#referents ??= new Map();
    this.#referents.set(name, referent);
  }

  /** A parameter is what the caller gives, whatever is assigned to it besides. */
  setParameter(name: string, referent: Referent | null): void {
    this.#parameters ??= new Set();
    this.#parameters.add(name);
    this.set(name, referent);
  }

  assigned(name: string): readonly Expression[] | null {
    if (this.#parameters?.has(name)) return null;
    this.#assigned ??= assignments(this.#body);
    const found = this.#assigned.get(name);
    if (found === undefined) return this.#outer?.assigned(name) ?? null;
    return found.every((value) => value !== null) ? found : null;
  }
}

type Assigned = Map<string, (Expression | null)[]>;

/** What plain assignments give to each name; null for a value that comes some other way. */
function assignments(body: readonly Statement[], found: Assigned = new Map()): Assigned {
  for (const statement of body) {
    noteStatement(statement, found);
    for (const block of blocksOf(statement)) assignments(block, found);
  }
  return found;
}

function noteStatement(statement: Statement, found: Assigned): void {
  switch (statement.kind) {
    case "Assign":
      for (const target of statement.targets) note(target, statement.value, found);
      return;
    case "AnnAssign":
      if (statement.value !== null) note(statement.target, statement.value, found);
      return;
    case "AugAssign":
    case "For":
    case "AsyncFor":
      note(statement.target, null, found);
      return;
    case "With":
    case "AsyncWith":
      for (const { optional_vars } of statement.items) if (optional_vars !== null) note(optional_vars, null, found);
      return;
    case "Global":
    case "Nonlocal":
      for (const name of statement.names) found.set(name, [null]);
      return;
    default:
      return;
  }
}

function note(target: Expression, value: Expression | null, found: Assigned): void {
  if (target.kind === "Name") found.set(target.id, [...(found.get(target.id) ?? []), value]);
  else if (target.kind === "Tuple" || target.kind === "List") for (const item of target.elts) note(item, null, found);
  else if (target.kind === "Starred") note(target.value, null, found);
}

/** Tells the texts of expressions of one scope. */
export class Literals {
  readonly #locals: Locals;
  readonly #constantOf: (name: string) => Expression | null;

  /** @param constantOf what a module-level name is set to */
  constructor(locals: Locals, constantOf: (name: string) => Expression | null) {
    this.#locals = locals;
    this.#constantOf = constantOf;
  }

  /** The text of an expression where it is known; a formatted one up to its first unknown part. */
  text(node: Expression): Text | null {
    const [first, ...more] = this.texts(node, 0) ?? [];
    if (first !== undefined && more.length === 0) return { text: first, isWhole: true };
    if (node.kind === "JoinedStr") return this.#joined(node.values);
    if (node.kind !== "BinOp" || node.op !== "Add") return null;
    const left = this.text(node.left);
    const right = left?.isWhole === true ? this.text(node.right) : null;
    if (left === null) return null;
    return right === null ? { ...left, isWhole: false } : { text: left.text + right.text, isWhole: right.isWhole };
  }

  /** All texts that an expression may stand for; null where one of them is not known. */
  texts(node: Expression, depth = 0): readonly string[] | null {
    if (depth > 3) return null;
    switch (node.kind) {
      case "Constant":
        return node.value.type === "str" ? [node.value.value] : null;
      case "IfExp":
        return union([this.texts(node.body, depth + 1), this.texts(node.orelse, depth + 1)]);
      case "BinOp": {
        const left = node.op === "Add" ? this.texts(node.left, depth + 1) : null;
        const right = left === null ? null : this.texts(node.right, depth + 1);
        return left === null || right === null
          ? null
          : limited(left.flatMap((one) => right.map((other) => one + other)));
      }
      case "Name":
        return this.#named(node.id, depth);
      default:
        return null;
    }
  }

  values(node: Expression): readonly Expression[] {
    if (node.kind !== "Name") return [node];
    const constant = this.#locals.has(node.id) ? null : this.#constantOf(node.id);
    return this.#locals.assigned(node.id) ?? (constant === null ? [node] : [constant]);
  }

  #named(name: string, depth: number): readonly string[] | null {
    const assigned = this.#locals.assigned(name);
    if (assigned !== null) return union(assigned.map((value) => this.texts(value, depth + 1)));
    if (this.#locals.has(name)) return null;
    const constant = this.#constantOf(name);
    return constant?.kind === "Constant" ? this.texts(constant, depth + 1) : null;
  }

  #joined(parts: readonly Expression[]): Text | null {
    let text = "";
    for (const part of parts) {
      const inner = this.text(part.kind === "FormattedValue" ? part.value : part);
      if (inner === null) return text === "" ? null : { text, isWhole: false };
      text += inner.text;
      if (!inner.isWhole) return { text, isWhole: false };
    }
    return { text, isWhole: true };
  }
}

function union(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  const known = lists.filter((list) => list !== null);
  return known.length < lists.length ? null : limited([...new Set(known.flat())]);
}

function limited(texts: readonly string[]): readonly string[] | null {
  return texts.length <= MAX_TEXTS ? texts : null;
}
