import {
  type Arguments,
  type Call,
  type ClassDef,
  type Expression,
  type FunctionDef,
  forEachChild,
  type Node,
  type Statement,
} from "../../python/index.ts";
import { detached } from "../detached.ts";
import type { ParsedFile } from "../modules.ts";
import { isMainGuard } from "../readers/script.ts";
import { blocksOf, importBindings } from "./names.ts";
import { type LocalNames, objectOf, type Referent, type Resolver } from "./resolve.ts";
import { type CapabilityTable, type Literal, type Need, secretKey } from "./rules.ts";

/** Module body, run by import and by being run. */
export const MODULE_UNIT = "<module>";
/** The part under `if __name__ == "__main__"`. */
export const MAIN_UNIT = "<main>";

/** From a unit to code that it may reach. */
export type Edge =
  | { readonly kind: "unit"; readonly file: string; readonly unit: string }
  /** A method of an object whose class is not known. */
  | { readonly kind: "method"; readonly name: string };

/** A method that stands for another one where there is an object of its class. */
export interface Override {
  readonly base: { readonly file: string; readonly unit: string };
  readonly unit: string;
}

/**
 * A function, a method, a module body, or a class: what making an object of it does. What it needs itself and what it
 * reaches.
 */
export interface Unit {
  readonly needs: Need[];
  readonly edges: Edge[];
  readonly overrides: Override[];
  /** Of a class: the names of its methods. */
  readonly methods: string[];
}

/** What the parts of one file need and reach. The bodies of functions are read when somebody gets there. */
export interface FileSummary {
  readonly units: ReadonlyMap<string, Unit>;
  /** Units of which functions have not been read. */
  readonly unread: ReadonlySet<string>;
  /** Other files whose names this summary rests on, so far. */
  readonly consulted: ReadonlySet<string>;
}

/** Methods that Python calls by itself once there is an object. */
const IMPLICIT_METHOD = /^__\w+__$/u;

/** Bases that call none of their subclasses' methods by themselves. */
const PASSIVE_BASES: ReadonlySet<string> = new Set([
  "builtins.object",
  "builtins.Exception",
  "abc.ABC",
  "enum.Enum",
  "enum.IntEnum",
  "enum.StrEnum",
  "typing.NamedTuple",
  "typing.Protocol",
  "typing.Generic",
]);

/** Decorators that only wrap: the function still waits to be called. */
const WRAPPING_DECORATORS =
  /^(?:builtins\.(?:staticmethod|classmethod|property)|functools\.\w+|contextlib\.\w+|abc\.\w+|typing\.\w+|dataclasses\.\w+|pytest\.\w+)/u;

/** Functions that look at what they are given, and do not call it. */
const LOOKING: ReadonlySet<string> = new Set(
  [
    ..."isinstance issubclass hasattr getattr setattr callable type id repr str print".split(" "),
    ..."dir vars help len hash super".split(" "),
  ].map((name) => `builtins.${name}`),
);

/** Longest line kept as evidence. */
const MAX_TEXT = 200;

/** Reads what each part of a file needs and reaches. Code that cannot run is left out. */
export class SummaryReader {
  readonly #file: string;
  readonly #parsed: ParsedFile;
  readonly #resolver: Resolver;
  readonly #table: CapabilityTable;
  readonly #units = new Map<string, Unit>();
  #lines: readonly string[] | null = null;
  /** Where functions and classes that are named, not called, belong to: what holds them, instead of who makes it. */
  #holder: Unit | null = null;
  /** The class whose body is read. */
  #className: string | null = null;
  /** Functions whose bodies have not been read, by the unit that they belong to. */
  readonly #unread = new Map<string, (() => void)[]>();
  readonly #unreadNames = new Set<string>();
  readonly summary: FileSummary;

  constructor(parsed: ParsedFile, resolver: Resolver, table: CapabilityTable) {
    this.#table = table;
    this.#parsed = parsed;
    this.#file = parsed.file;
    this.#resolver = resolver;
    this.summary = { units: this.#units, unread: this.#unreadNames, consulted: resolver.consulted };
    this.#block(parsed.module.body, this.#unit(MODULE_UNIT), new Map(), true);
  }

  /** Reads the functions of a unit. */
  complete(name: string): void {
    const waiting = this.#unread.get(name) ?? [];
    this.#unread.delete(name);
    this.#unreadNames.delete(name);
    for (const read of waiting) read();
  }

  completeAll(): void {
    for (const name of [...this.#unread.keys()]) this.complete(name);
  }

  /** A unit with all that was come by for it so far, in the order of the file. */
  #unit(name: string): Unit {
    this.complete(name);
    let unit = this.#units.get(name);
    if (unit === undefined) {
      unit = { needs: [], edges: [], overrides: [], methods: [] };
      this.#units.set(name, unit);
    }
    return unit;
  }

  // --- statements -----------------------------------------------------------------------------------------------

  /** @returns whether what follows cannot be reached */
  #block(body: readonly Statement[], unit: Unit, locals: LocalNames, isModule: boolean): boolean {
    for (const statement of body) {
      if (this.#statement(statement, unit, locals, isModule)) return true;
    }
    return false;
  }

  #statement(statement: Statement, unit: Unit, locals: LocalNames, isModule: boolean): boolean {
    switch (statement.kind) {
      case "FunctionDef":
      case "AsyncFunctionDef":
        this.#function(statement, unit, locals, isModule);
        return false;
      case "ClassDef":
        this.#class(statement, unit, locals, isModule);
        return false;
      case "If":
        return this.#if(statement, unit, locals, isModule);
      case "Import":
      case "ImportFrom":
        this.#import(statement, unit, locals, isModule);
        return false;
      default:
        this.#held(isModule ? this.#holderOf(statement) : this.#holder, () => this.#simple(statement, unit, locals));
        for (const block of blocksOf(statement)) this.#block(block, unit, locals, isModule);
        return statement.kind === "Return" || statement.kind === "Raise";
    }
  }

  #if(statement: Statement & { kind: "If" }, unit: Unit, locals: LocalNames, isModule: boolean): boolean {
    if (isModule && isMainGuard(statement.test)) {
      this.#block(statement.body, this.#unit(MAIN_UNIT), locals, true);
      return this.#block(statement.orelse, unit, locals, true);
    }
    const constant = constantTest(statement.test);
    if (constant === false) return this.#block(statement.orelse, unit, locals, isModule);
    this.#expression(statement.test, unit, locals);
    const ended = this.#block(statement.body, unit, locals, isModule);
    if (constant === true) return ended;
    const alsoEnded = this.#block(statement.orelse, unit, locals, isModule);
    return ended && alsoEnded && statement.orelse.length > 0;
  }

  /** What a statement of a module or class puts functions and classes into: a variable, or the class. */
  #holderOf(statement: Statement): Unit | null {
    if (this.#className !== null) return this.#unit(`=${this.#className}`);
    const target =
      statement.kind === "Assign"
        ? statement.targets[0]
        : statement.kind === "AnnAssign" || statement.kind === "AugAssign"
          ? statement.target
          : undefined;
    const name = target === undefined ? null : rootName(target);
    const binding = name === null ? null : this.#resolver.constantOf(this.#file, name);
    return binding === null ? null : this.#unit(`=${name}`);
  }

  #held(holder: Unit | null, work: () => void): void {
    const before = this.#holder;
    this.#holder = holder;
    work();
    this.#holder = before;
  }

  /** Expressions of a statement, and the names that it binds. */
  #simple(statement: Statement, unit: Unit, locals: LocalNames): void {
    const isBlock = blocksOf(statement).length > 0;
    if (isBlock) {
      this.#heads(statement, unit, locals);
      return;
    }
    forEachChild(statement, (child) => this.#node(child, unit, locals));
    if (statement.kind === "Assign") {
      const [target] = statement.targets;
      if (statement.targets.length === 1 && target?.kind === "Name") this.#bind(target.id, statement.value, locals);
    } else if (statement.kind === "AnnAssign" && statement.target.kind === "Name") {
      this.#bindAnnotated(statement.target.id, statement.annotation, locals);
    }
  }

  /** The expressions of a compound statement outside its blocks. */
  #heads(statement: Statement, unit: Unit, locals: LocalNames): void {
    switch (statement.kind) {
      case "For":
      case "AsyncFor":
        this.#expression(statement.iter, unit, locals);
        if (statement.target.kind === "Name") this.#bindItem(statement.target.id, statement.iter, locals);
        return;
      case "While":
        this.#expression(statement.test, unit, locals);
        return;
      case "With":
      case "AsyncWith":
        for (const item of statement.items) {
          this.#expression(item.context_expr, unit, locals);
          if (item.optional_vars?.kind === "Name") this.#bind(item.optional_vars.id, item.context_expr, locals);
        }
        return;
      case "Match":
        this.#expression(statement.subject, unit, locals);
        return;
      default:
        return;
    }
  }

  #bind(name: string, value: Expression, locals: LocalNames): void {
    locals.set(name, this.#resolver.resolve(value, this.#file, locals));
  }

  #bindAnnotated(name: string, annotation: Expression, locals: LocalNames): void {
    locals.set(name, objectOf(this.#resolver.resolve(annotation, this.#file, locals)));
  }

  /** What a loop over paths gives is a path. */
  #bindItem(name: string, source: Expression, locals: LocalNames): void {
    const found = this.#resolver.resolve(source, this.#file, locals);
    const isPath = found?.kind === "external" && found.name === "pathlib.Path";
    locals.set(name, isPath ? found : null);
  }

  #import(statement: Statement, unit: Unit, locals: LocalNames, isModule: boolean): void {
    for (const [name, binding] of importBindings(statement)) {
      const target = this.#resolver.binding(binding, this.#file);
      if (!isModule && name !== "*") locals.set(name, target);
      if (target !== null && "file" in target && target.file !== null && target.file !== this.#file) {
        unit.edges.push({ kind: "unit", file: target.file, unit: MODULE_UNIT });
      }
    }
  }

  // --- definitions ----------------------------------------------------------------------------------------------

  #function(node: FunctionDef, unit: Unit, locals: LocalNames, isModule: boolean, owner: string | null = null): void {
    for (const decorator of node.decorator_list) this.#expression(decorator, unit, locals);
    const name = owner === null ? node.name : `${owner}.${node.name}`;
    const isInner = !isModule && owner === null;
    this.#held(isInner ? this.#holder : this.#unit(name), () => {
      for (const value of defaultsOf(node.args)) this.#expression(value, unit, locals);
    });
    if (isInner) {
      // A function inside a function: taken to be called where it stands.
      const inner: LocalNames = new Map(locals);
      this.#parameters(node.args, inner, null);
      this.#block(node.body, unit, inner, false);
      return;
    }
    const body = this.#unit(name);
    this.#later(name, () => {
      const inner: LocalNames = new Map();
      this.#parameters(node.args, inner, owner);
      this.#held(null, () => this.#block(node.body, body, inner, false));
    });
    if (owner === null && this.#isRegistered(node, locals)) {
      unit.edges.push({ kind: "unit", file: this.#file, unit: name });
    }
  }

  #later(name: string, read: () => void): void {
    this.#unreadNames.add(name);
    const waiting = this.#unread.get(name);
    if (waiting === undefined) this.#unread.set(name, [read]);
    else waiting.push(read);
  }

  /** A decorator that is no mere wrapper hands the function to somebody who may call it. */
  #isRegistered(node: FunctionDef | ClassDef, locals: LocalNames): boolean {
    return node.decorator_list.some((decorator) => {
      const found = this.#resolver.resolve(decorator, this.#file, locals);
      if (found?.kind === "function" && decorator.kind !== "Call") return !this.#resolver.isWrapper(found);
      return !(found?.kind === "external" && WRAPPING_DECORATORS.test(found.name));
    });
  }

  #parameters(args: Arguments, locals: LocalNames, owner: string | null): void {
    const all = [...args.posonlyargs, ...args.args, ...args.kwonlyargs, args.vararg, args.kwarg];
    for (const [index, parameter] of all.entries()) {
      if (parameter === null) continue;
      if (index === 0 && owner !== null && (parameter.arg === "self" || parameter.arg === "cls")) {
        locals.set(parameter.arg, { kind: "instance", file: this.#file, name: owner });
      } else if (parameter.annotation === null) locals.set(parameter.arg, null);
      else this.#bindAnnotated(parameter.arg, parameter.annotation, locals);
    }
  }

  #class(node: ClassDef, unit: Unit, locals: LocalNames, isModule: boolean): void {
    for (const decorator of node.decorator_list) this.#expression(decorator, unit, locals);
    if (!isModule) {
      this.#block(node.body, unit, new Map(locals), false);
      return;
    }
    const self = this.#unit(node.name);
    // Who registers a class may make objects of it.
    if (this.#isRegistered(node, locals)) unit.edges.push({ kind: "unit", file: this.#file, unit: node.name });
    const hooks = new Set<string>();
    self.edges.push({ kind: "unit", file: this.#file, unit: `=${node.name}` });
    for (const base of node.bases) this.#base(node, base, self, hooks, locals);
    const outer = this.#className;
    this.#className = node.name;
    const inside: LocalNames = new Map(locals);
    for (const statement of node.body) {
      if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef") {
        this.#function(statement, unit, new Map(), true, node.name);
        self.methods.push(statement.name);
        inside.set(statement.name, { kind: "function", file: this.#file, name: `${node.name}.${statement.name}` });
        if (hooks.has(statement.name) || IMPLICIT_METHOD.test(statement.name)) {
          self.edges.push({ kind: "unit", file: this.#file, unit: `${node.name}.${statement.name}` });
        }
      } else this.#statement(statement, unit, inside, true);
    }
    this.#className = outer;
  }

  /** Methods that a base class outside the workspace may call are reached once there is an object. */
  #base(node: ClassDef, base: Expression, self: Unit, hooks: Set<string>, locals: LocalNames): void {
    const found = this.#resolver.resolve(base, this.#file, locals);
    const own = node.body.flatMap((item) =>
      item.kind === "FunctionDef" || item.kind === "AsyncFunctionDef" ? [item.name] : [],
    );
    if (found?.kind === "class") {
      self.edges.push({ kind: "unit", file: found.file, unit: found.name });
      for (const name of own) {
        const above = this.#resolver.member(found.file, found.name, name);
        if (above?.kind === "function") {
          self.overrides.push({ base: { file: above.file, unit: above.name }, unit: `${node.name}.${name}` });
        } else if (above?.kind === "external" && !isPassive(above.name)) hooks.add(name);
      }
    } else if (found?.kind !== "external" || !isPassive(`${found.name}.x`)) {
      for (const name of own) hooks.add(name);
    }
  }

  // --- expressions ----------------------------------------------------------------------------------------------

  #node(node: Node, unit: Unit, locals: LocalNames): void {
    switch (node.kind) {
      case "Call":
        this.#call(node, unit, locals);
        return;
      case "Name":
      case "Attribute":
        this.#reference(node, unit, locals);
        return;
      case "Subscript":
        this.#subscript(node, unit, locals);
        return;
      default:
        forEachChild(node, (child) => this.#node(child, unit, locals));
    }
  }

  #expression(node: Expression, unit: Unit, locals: LocalNames): void {
    this.#node(node, unit, locals);
  }

  #call(node: Call, unit: Unit, locals: LocalNames): void {
    const found = this.#resolver.resolve(node.func, this.#file, locals);
    if (found?.kind === "external") {
      this.#add(unit, node.line, this.#table.needsOfCall(found.name, found.isObject, node, this.#literal));
      this.#add(unit, node.line, this.#table.needsOfReference(found.name, false));
    } else if (found?.kind === "instance") {
      // `cls(…)`, or an object that can be called
      this.#edge({ ...found, kind: "class" }, unit);
    } else if (found !== null) this.#edge(found, unit);
    else if (node.func.kind === "Attribute") {
      const name = node.func.attr;
      if (this.#table.hasMethod(name)) {
        this.#add(unit, node.line, this.#table.needsOfCall(`.${name}`, true, node, this.#literal));
      }
      unit.edges.push({ kind: "method", name });
    }
    if (node.func.kind === "Attribute") this.#owner(node.func.value, unit, locals);
    else if (node.func.kind !== "Name") this.#expression(node.func, unit, locals);
    this.#use(node.func, unit, locals);
    const isLibrary = found?.kind === "external";
    const isLooking = isLibrary && LOOKING.has(found.name);
    // Code of the workspace may call what it is given at once; a library, as `dict`, keeps it.
    this.#held(isLibrary ? this.#holder : null, () => {
      for (const argument of node.args) if (!(isLooking && isName(argument))) this.#expression(argument, unit, locals);
      for (const keyword of node.keywords) this.#expression(keyword.value, unit, locals);
    });
    if (!isLooking) this.#handedFunctions(node, unit, locals);
  }

  /** Functions of libraries that are handed over: taken to be called, with the arguments that follow them. */
  #handedFunctions(node: Call, unit: Unit, locals: LocalNames): void {
    for (const [index, argument] of node.args.entries()) {
      this.#handed(argument, { ...node, func: argument, args: node.args.slice(index + 1) }, unit, locals);
    }
    for (const { value } of node.keywords) {
      this.#handed(value, { ...node, func: value, args: [], keywords: [] }, unit, locals);
    }
  }

  #handed(value: Expression, call: Call, unit: Unit, locals: LocalNames): void {
    if (value.kind !== "Name" && value.kind !== "Attribute") return;
    const found = this.#resolver.resolve(value, this.#file, locals);
    if (found?.kind !== "external" || found.isObject) return;
    this.#add(unit, value.line, this.#table.needsOfCall(found.name, false, call, this.#literal));
  }

  /** What a variable holds is reached where the variable is used. */
  #use(node: Expression, unit: Unit, locals: LocalNames): void {
    const variable = this.#resolver.variable(node, this.#file, locals);
    if (variable !== null) {
      (this.#holder ?? unit).edges.push({ kind: "unit", file: variable.file, unit: `=${variable.name}` });
    }
  }

  #reference(node: Expression & { kind: "Name" | "Attribute" }, unit: Unit, locals: LocalNames): void {
    const found = this.#resolver.resolve(node, this.#file, locals);
    // A name that is given another meaning is no change of what it meant.
    if (node.kind === "Name" && node.ctx !== "Load") return;
    if (found?.kind === "external") {
      this.#add(unit, node.line, this.#table.needsOfReference(found.name, node.ctx !== "Load"));
    } else if (found !== null && node.ctx === "Load") this.#edge(found, this.#holder ?? unit);
    this.#use(node, unit, locals);
    if (node.kind === "Attribute") this.#owner(node.value, unit, locals);
  }

  /** That of which an attribute is taken: a class is not made an object of by that. */
  #owner(node: Expression, unit: Unit, locals: LocalNames): void {
    const found = isName(node) ? this.#resolver.resolve(node, this.#file, locals) : null;
    if (found?.kind !== "class") this.#expression(node, unit, locals);
    else unit.edges.push({ kind: "unit", file: found.file, unit: `=${found.name}` });
  }

  #subscript(node: Expression & { kind: "Subscript" }, unit: Unit, locals: LocalNames): void {
    const found = this.#resolver.resolve(node.value, this.#file, locals);
    if (found?.kind === "external" && node.ctx !== "Load") {
      this.#add(unit, node.line, this.#table.needsOfReference(found.name, true));
    } else {
      this.#expression(node.value, unit, locals);
      const secret = found?.kind === "external" ? secretKey(found.name, this.#literal(node.slice)?.text) : null;
      if (secret !== null) this.#add(unit, node.line, [secret]);
    }
    this.#expression(node.slice, unit, locals);
  }

  #edge(target: Referent, unit: Unit): void {
    if (target.kind === "function" || target.kind === "class") {
      unit.edges.push({ kind: "unit", file: target.file, unit: target.name });
    }
  }

  #add(unit: Unit, line: number, needs: readonly Omit<Need, "line" | "text">[]): void {
    for (const need of needs) unit.needs.push({ ...need, line, text: this.#lineText(line) });
  }

  #lineText(line: number): string {
    this.#lines ??= this.#parsed.text.split(/\r\n|\r|\n/u);
    const text = (this.#lines[line - 1] ?? "").trim();
    return detached(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
  }

  /** Literal texts and module-level constants of the file. */
  readonly #literal: Literal = (node) => literalText(node, (name) => this.#resolver.constantOf(this.#file, name));
}

/** The variable that an assignment changes: `TABLE` of `TABLE["x"]`. */
function rootName(node: Expression): string | null {
  if (node.kind === "Subscript" || node.kind === "Attribute") return rootName(node.value);
  return node.kind === "Name" ? node.id : null;
}

function isPassive(member: string): boolean {
  return PASSIVE_BASES.has(member.slice(0, member.lastIndexOf(".")));
}

function isName(node: Expression): boolean {
  return node.kind === "Name" || (node.kind === "Attribute" && isName(node.value)) || node.kind === "Tuple";
}

function literalText(
  node: Expression,
  constantOf: (name: string) => Expression | null,
): { readonly text: string; readonly isWhole: boolean } | null {
  if (node.kind === "Constant") return node.value.type === "str" ? { text: node.value.value, isWhole: true } : null;
  if (node.kind === "JoinedStr") return joinedText(node.values, constantOf);
  if (node.kind === "BinOp" && node.op === "Add") {
    const left = literalText(node.left, constantOf);
    const right = left?.isWhole === true ? literalText(node.right, constantOf) : null;
    if (left === null) return null;
    return right === null ? { ...left, isWhole: false } : { text: left.text + right.text, isWhole: right.isWhole };
  }
  if (node.kind !== "Name") return null;
  const constant = constantOf(node.id);
  return constant?.kind === "Constant" ? literalText(constant, () => null) : null;
}

function joinedText(
  parts: readonly Expression[],
  constantOf: (name: string) => Expression | null,
): { readonly text: string; readonly isWhole: boolean } | null {
  let text = "";
  for (const part of parts) {
    const inner = literalText(part.kind === "FormattedValue" ? part.value : part, constantOf);
    if (inner === null) return text === "" ? null : { text, isWhole: false };
    text += inner.text;
    if (!inner.isWhole) return { text, isWhole: false };
  }
  return { text, isWhole: true };
}

/** Conditions that are the same in every run. */
function constantTest(test: Expression): boolean | undefined {
  if (test.kind === "Name" && test.id === "TYPE_CHECKING") return false;
  if (test.kind === "Attribute" && test.attr === "TYPE_CHECKING") return false;
  if (test.kind !== "Constant") return undefined;
  if (test.value.type === "bool") return test.value.value;
  return test.value.type === "int" ? Number(test.value.value) !== 0 : undefined;
}

function defaultsOf(args: Arguments): readonly Expression[] {
  return [...args.defaults, ...args.kw_defaults.filter((value) => value !== null)];
}
