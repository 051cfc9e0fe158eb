import { type Call, type Expression, forEachChild, type Node, type Statement } from "../../python/index.ts";
import { Literals, type Locals } from "./literals.ts";
import type { Referent, Resolver } from "./resolve.ts";
import { type CapabilityTable, type Need, secretKey } from "./rules.ts";
import { type Edge, shapeOf, type Unit, variableUnit } from "./units.ts";

/** Functions that look at what they are given, and do not call it. */
const LOOKING: ReadonlySet<string> = new Set(
  [
    ..."isinstance issubclass hasattr getattr setattr callable type id repr str print".split(" "),
    ..."dir vars help len hash super".split(" "),
  ].map((name) => `builtins.${name}`),
);

/** Methods that put what they are given into a container, and take nothing out. */
const STORING: ReadonlySet<string> = new Set("append add insert setdefault".split(" "));

const STREAMS: ReadonlySet<string> = new Set(["sys.stdin", "sys.__stdin__"]);

/** What can be asked of a stream without reading it. */
const ABOUT_STREAMS: ReadonlySet<string> = new Set(
  "isatty encoding errors closed name newlines line_buffering __class__ __module__ __name__".split(" "),
);

/** Libraries that keep what they are given until the program that they make up is run. */
const FRAMEWORKS = /^(?:mcp|fastmcp|nox|invoke|fabric|doit|atexit|signal|pydantic_ai|smolagents|langchain\w*)\./u;

/** Longest line kept as evidence. */
const MAX_TEXT = 200;

/** Reads what expressions of a file need and reach, into units. Parts that never run on this system are left out. */
export class ExpressionReader {
  readonly #file: string;
  readonly #resolver: Resolver;
  readonly #table: CapabilityTable;
  readonly #constantOf: (name: string) => Expression | null;
  /** The text of the file, while something is read of it. */
  text = "";
  /** Where functions and classes that are named, not called, belong to: what holds them, instead of who makes it. */
  #holder: Unit | null = null;
  /** What is named now is given to a framework. */
  #isLate: boolean;

  constructor(file: string, resolver: Resolver, table: CapabilityTable) {
    this.#file = file;
    this.#resolver = resolver;
    this.#table = table;
    this.#isLate = false;
    this.#constantOf = (name) => resolver.constantOf(file, name);
  }

  get holder(): Unit | null {
    return this.#holder;
  }

  /** Does some work while what is named belongs to `holder`. */
  held(holder: Unit | null, work: () => void): void {
    const before = this.#holder;
    this.#holder = holder;
    work();
    this.#holder = before;
  }

  /** All expressions of a simple statement. */
  statement(statement: Statement, unit: Unit, locals: Locals): void {
    if (statement.kind === "AnnAssign") {
      // An annotation makes nothing of what it names.
      this.node(statement.target, unit, locals);
      if (statement.value !== null) this.node(statement.value, unit, locals);
    } else forEachChild(statement, (child) => this.node(child, unit, locals));
  }

  node(node: Node, unit: Unit, locals: Locals): void {
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
      case "IfExp":
        this.#choice(node, unit, locals);
        return;
      case "BoolOp":
        this.#chain(node, unit, locals);
        return;
      case "Compare":
        this.#comparison(node, unit, locals);
        return;
      default:
        forEachChild(node, (child) => this.node(child, unit, locals));
    }
  }

  #choice(node: Expression & { kind: "IfExp" }, unit: Unit, locals: Locals): void {
    const isTrue = this.#resolver.conditions.test(node.test, this.#file, locals);
    this.node(node.test, unit, locals);
    if (isTrue !== false) this.node(node.body, unit, locals);
    if (isTrue !== true) this.node(node.orelse, unit, locals);
  }

  /** `a and b`: what stands behind a part that decides is not evaluated. */
  #chain(node: Expression & { kind: "BoolOp" }, unit: Unit, locals: Locals): void {
    const decisive = node.op === "Or";
    for (const value of node.values) {
      this.node(value, unit, locals);
      if (this.#resolver.conditions.test(value, this.#file, locals) === decisive) return;
    }
  }

  /**
   * `name in TABLE` asks for a key: what the table holds is not taken out. A class or function that is compared is
   * neither made an object of nor called.
   */
  #comparison(node: Expression & { kind: "Compare" }, unit: Unit, locals: Locals): void {
    this.#compared(node.left, unit, locals);
    for (const [index, item] of node.comparators.entries()) {
      const op = node.ops[index];
      if ((op === "In" || op === "NotIn") && item.kind === "Name") this.#named(item, unit, locals);
      else this.#compared(item, unit, locals);
    }
  }

  #compared(node: Expression, unit: Unit, locals: Locals): void {
    if (node.kind === "Tuple" || node.kind === "List" || node.kind === "Set") {
      for (const item of node.elts) this.#compared(item, unit, locals);
      return;
    }
    const found = isName(node) ? this.#resolver.resolve(node, this.#file, locals) : null;
    if (found?.kind !== "class") this.node(node, unit, locals);
  }

  #call(node: Call, unit: Unit, locals: Locals): void {
    // The line of evidence is the one on which the name stands that is called: in a chain, that is the end of `func`.
    const { func } = node;
    const found = this.#resolver.resolve(func, this.#file, locals);
    if (found?.kind === "external") {
      const literal = new Literals(locals, this.#constantOf);
      this.#add(unit, endOf(func), this.#table.needsOfCall(found.name, found.isObject, node, literal));
      if (!found.isObject) this.#add(unit, endOf(func), this.#table.needsOfReference(found.name, false));
    } else if (found !== null) this.#calledOwn(found, unit);
    else if (func.kind === "Attribute") this.#calledUnknown(node, func, unit, locals);
    if (func.kind === "Attribute" && func.value.kind === "Name" && found === null && STORING.has(func.attr)) {
      this.#named(func.value, unit, locals);
    } else if (func.kind === "Attribute") this.#ownerOfCalled(func, node.args, found, unit, locals);
    else if (func.kind !== "Name") this.node(func, unit, locals);
    this.#use(func, unit, locals);
    this.#passed(node, found, unit, locals);
  }

  /** A call of something of the workspace. */
  #calledOwn(found: Referent, unit: Unit): void {
    // `cls(…)`, or an object that can be called
    const own = found.kind === "instance" ? edgeTo({ ...found, kind: "class" }) : null;
    if (own === null) this.#edge(found, unit);
    else this.#push({ ...own, kind: "own" }, unit);
  }

  /** A method of an object whose class is not known. */
  #calledUnknown(node: Call, func: Expression & { kind: "Attribute" }, unit: Unit, locals: Locals): void {
    if (this.#table.hasMethod(func.attr)) {
      const literal = new Literals(locals, this.#constantOf);
      this.#add(unit, endOf(func), this.#table.needsOfCall(`.${func.attr}`, true, node, literal));
    }
    if (!isBuilt(func.value, locals)) unit.edges.push({ kind: "method", name: func.attr, shape: shapeOf(node) });
  }

  /** What a call is given. */
  #passed(node: Call, found: Referent | null, unit: Unit, locals: Locals): void {
    const isLibrary = found?.kind === "external";
    const isLooking = (isLibrary && LOOKING.has(found.name)) || found?.kind === "super";
    const wasLate = this.#isLate;
    this.#isLate ||= isLibrary && FRAMEWORKS.test(found.name);
    // Code of the workspace may call what it is given at once; a library, as `dict`, keeps it.
    this.held(isLibrary ? this.#holder : null, () => {
      for (const argument of node.args) if (!(isLooking && isName(argument))) this.node(argument, unit, locals);
      for (const keyword of node.keywords) this.node(keyword.value, unit, locals);
    });
    if (!isLooking) this.#handedFunctions(node, unit, locals);
    this.#isLate = wasLate;
  }

  /** Functions of libraries that are handed over: taken to be called, with the arguments that follow them. */
  #handedFunctions(node: Call, unit: Unit, locals: Locals): void {
    for (const [index, argument] of node.args.entries()) {
      this.#handed(argument, { ...node, func: argument, args: node.args.slice(index + 1) }, unit, locals);
    }
    for (const { value } of node.keywords) {
      this.#handed(value, { ...node, func: value, args: [], keywords: [] }, unit, locals);
    }
  }

  #handed(value: Expression, call: Call, unit: Unit, locals: Locals): void {
    if (value.kind !== "Name" && value.kind !== "Attribute") return;
    const found = this.#resolver.resolve(value, this.#file, locals);
    if (found?.kind !== "external" || found.isObject) return;
    const literal = new Literals(locals, this.#constantOf);
    this.#add(unit, endOf(value), this.#table.needsOfCall(found.name, false, call, literal));
  }

  /** What a variable holds is reached where the variable is used. */
  #use(node: Expression, unit: Unit, locals: Locals): void {
    const variable = this.#resolver.variable(node, this.#file, locals);
    if (variable === null) return;
    const { file, name } = variable;
    (this.#holder ?? unit).edges.push({ kind: "unit", file, unit: variableUnit(name) });
  }

  #reference(node: Expression & { kind: "Name" | "Attribute" }, unit: Unit, locals: Locals): void {
    this.#named(node, unit, locals);
    // A name that is given another meaning is no change of what it meant.
    if (node.kind !== "Name" || node.ctx === "Load") this.#use(node, unit, locals);
    if (node.kind === "Attribute") this.#owner(node.value, node.attr, unit, locals);
  }

  /** What a name stands for, without what a variable of that name holds. */
  #named(node: Expression & { kind: "Name" | "Attribute" }, unit: Unit, locals: Locals): void {
    if (node.kind === "Name" && node.ctx !== "Load") return;
    const found = this.#resolver.resolve(node, this.#file, locals);
    if (found?.kind === "external") {
      // An object that a call gave was asked for on the line of the call; `self.x = …` changes what `self` is, not
      // what `x` was before.
      if (found.isObject || (node.ctx !== "Load" && !this.#isOutside(node, locals))) return;
      this.#add(unit, endOf(node), this.#table.needsOfReference(found.name, node.ctx !== "Load"));
    } else if (found !== null && node.ctx === "Load") this.#edge(found, this.#holder ?? unit);
  }

  /** Whether the attribute is one of something outside the workspace, under whatever name. */
  #isOutside(node: Expression, locals: Locals): boolean {
    return node.kind === "Attribute" && this.#resolver.resolve(node.value, this.#file, locals)?.kind === "external";
  }

  /** That of which an attribute is taken: a class is not made an object of by that. */
  #owner(node: Expression, attribute: string, unit: Unit, locals: Locals): void {
    const found = isName(node) ? this.#resolver.resolve(node, this.#file, locals) : null;
    if (found?.kind === "external" && STREAMS.has(found.name) && ABOUT_STREAMS.has(attribute)) return;
    if (found?.kind !== "class") this.node(node, unit, locals);
    else unit.edges.push({ kind: "unit", file: found.file, unit: variableUnit(found.name) });
  }

  /** The same for a method that is called: one that a class has from a base may well be what makes its objects. */
  #ownerOfCalled(
    { value: node, attr }: Expression & { kind: "Attribute" },
    [first]: readonly Expression[],
    called: Referent | null,
    unit: Unit,
    locals: Locals,
  ): void {
    this.#owner(node, attr, unit, locals);
    // `Base.method(self)` is what the object of another class does.
    const isOfOther = first?.kind === "Name" && (first.id === "self" || first.id === "cls");
    if (called?.kind !== "function" || !isName(node) || isOfOther) return;
    const owner = this.#resolver.resolve(node, this.#file, locals);
    if (owner?.kind !== "class") return;
    if (called.name.startsWith(`${owner.name}.`)) {
      this.#push({ kind: "receiver", file: owner.file, unit: owner.name }, unit);
    } else this.#edge(owner, unit);
  }

  #subscript(node: Expression & { kind: "Subscript" }, unit: Unit, locals: Locals): void {
    const found = this.#resolver.resolve(node.value, this.#file, locals);
    if (found?.kind === "external" && node.ctx !== "Load") {
      if (!found.isObject) this.#add(unit, startOf(node), this.#table.needsOfReference(found.name, true));
    } else if (node.ctx === "Store" && node.value.kind === "Name") {
      // What is put into a table waits there.
      this.#named(node.value, unit, locals);
    } else {
      this.node(node.value, unit, locals);
      const key = new Literals(locals, this.#constantOf).text(node.slice)?.text;
      const secret = found?.kind === "external" ? secretKey(found.name, key) : null;
      if (secret !== null) this.#add(unit, startOf(node), [secret]);
    }
    this.node(node.slice, unit, locals);
  }

  #edge(target: Referent, unit: Unit): void {
    const edge = edgeTo(target);
    if (edge !== null) this.#push(edge, unit);
  }

  #push(edge: Exclude<Edge, { kind: "method" }>, unit: Unit): void {
    unit.edges.push(this.#isLate ? { ...edge, isLate: true } : edge);
  }

  #add(unit: Unit, { line, offset }: Place, needs: readonly Omit<Need, "line" | "text">[]): void {
    for (const need of needs) unit.needs.push({ ...need, line, text: this.#lineText(offset) });
  }

  /** The line around an offset. */
  #lineText(offset: number): string {
    const { text } = this;
    let start = offset;
    while (start > 0 && !isLineEnd(text.charCodeAt(start - 1))) start -= 1;
    let end = offset;
    while (end < text.length && !isLineEnd(text.charCodeAt(end))) end += 1;
    const line = text.slice(start, end).trim();
    return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
  }
}

/** A place of evidence. */
interface Place {
  readonly line: number;
  readonly offset: number;
}

function startOf({ line, start }: Expression): Place {
  return { line, offset: start };
}

function endOf({ endLine, end }: Expression): Place {
  return { line: endLine, offset: end - 1 };
}

function isLineEnd(character: number): boolean {
  return character === 10 || character === 13;
}

/** Kinds of expressions that give texts, numbers, lists and the like, whose methods are no code of the workspace. */
const BUILT: ReadonlySet<string> = new Set(
  "Constant JoinedStr List Tuple Dict Set ListComp SetComp DictComp GeneratorExp Compare".split(" "),
);

/** Whether an expression gives an object of a class that is built into Python, or a name that only stands for such. */
function isBuilt(node: Expression, locals: Locals): boolean {
  if (BUILT.has(node.kind)) return true;
  const assigned = node.kind === "Name" ? locals.assigned(node.id) : null;
  // `x = None` is said of a name before something else is.
  return assigned?.some(({ kind }) => kind !== "Constant") === true && assigned.every(({ kind }) => BUILT.has(kind));
}

/** The way to what a call or a name stands for. */
function edgeTo(target: Referent): (Edge & { kind: "unit" | "object" | "virtual" }) | null {
  if (target.kind === "class") return { kind: "object", file: target.file, unit: target.name };
  if (target.kind !== "function") return null;
  return { kind: target.isOfObject === true ? "virtual" : "unit", file: target.file, unit: target.name };
}

function isName(node: Expression): boolean {
  return node.kind === "Name" || (node.kind === "Attribute" && isName(node.value)) || node.kind === "Tuple";
}
