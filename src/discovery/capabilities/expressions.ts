import { type Call, type Expression, forEachChild, type Node, type Statement } from "../../python/index.ts";
import type { Texts } from "../detached.ts";
import { Literals, Locals } from "./literals.ts";
import { LOOKING_UP, type LookUp, lookUpOf, lookUpsOf, namePattern } from "./look-ups.ts";
import type { Referent, Resolver } from "./resolve.ts";
import { type CapabilityTable, type Need, secretKey } from "./rules.ts";
import { type Edge, newUnit, shapeOf, type Unit, variableUnit } from "./units.ts";

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

/** Before anything is read. */
const NO_LOCALS = new Locals([]);

/** Longest line kept as evidence. */
const MAX_TEXT = 200;

/** Reads what expressions of a file need and reach, into units. Parts that never run on this system are left out. */
export class ExpressionReader {
  readonly #file: string;
  readonly #resolver: Resolver;
  readonly #table: CapabilityTable;
  readonly #texts: Texts;
  readonly #constantOf: (name: string) => Expression | null;
  /** The text of the file, while something is read of it. */
  text = "";
  /** Where functions and classes that are named, not called, belong to: what holds them, instead of who makes it. */
  holder: Unit | null = null;
  /** What is named now is given to a framework. */
  #isLate: boolean;
  #unit: Unit = newUnit();
  #locals: Locals = NO_LOCALS;
  readonly #resolved = new Map<Expression, Referent | null>();
  readonly #visit = (node: Node): void => this.#node(node);

  constructor(file: string, resolver: Resolver, table: CapabilityTable, texts: Texts) {
    this.#file = file;
    this.#texts = texts;
    this.#resolver = resolver;
    this.#table = table;
    this.#isLate = false;
    this.#constantOf = (name) => resolver.constantOf(file, name);
  }

  /** All expressions of a simple statement. */
  statement(statement: Statement, unit: Unit, locals: Locals): void {
    this.#begin(unit, locals);
    if (statement.kind === "AnnAssign") {
      // An annotation makes nothing of what it names.
      this.#node(statement.target);
      if (statement.value !== null) this.#node(statement.value);
    } else forEachChild(statement, this.#visit);
  }

  node(node: Node, unit: Unit, locals: Locals): void {
    this.#begin(unit, locals);
    this.#node(node);
  }

  /** All that is read up to the next call from outside belongs to one unit and one scope. */
  #begin(unit: Unit, locals: Locals): void {
    this.#unit = unit;
    this.#locals = locals;
    if (this.#resolved.size > 0) this.#resolved.clear();
  }

  /** What an expression refers to; names are asked for several times in a row. */
  #resolve(node: Expression): Referent | null {
    if (node.kind !== "Name" && node.kind !== "Attribute") {
      return this.#resolver.resolve(node, this.#file, this.#locals);
    }
    let found = this.#resolved.get(node);
    if (found === undefined) {
      found = this.#resolver.resolve(node, this.#file, this.#locals);
      this.#resolved.set(node, found);
    }
    return found;
  }

  #literals(): Literals {
    return new Literals(this.#locals, this.#constantOf);
  }

  #node(node: Node): void {
    switch (node.kind) {
      case "Call":
        this.#call(node);
        return;
      case "Name":
      case "Attribute":
        this.#reference(node);
        return;
      case "Subscript":
        this.#subscript(node);
        return;
      case "IfExp":
        this.#choice(node);
        return;
      case "BoolOp":
        this.#chain(node);
        return;
      case "Compare":
        this.#comparison(node);
        return;
      default:
        forEachChild(node, this.#visit);
    }
  }

  #choice(node: Expression & { kind: "IfExp" }): void {
    const isTrue = this.#resolver.conditions.test(node.test, this.#file, this.#locals);
    this.#node(node.test);
    if (isTrue !== false) this.#node(node.body);
    if (isTrue !== true) this.#node(node.orelse);
  }

  /** `a and b`: what stands behind a part that decides is not evaluated. */
  #chain(node: Expression & { kind: "BoolOp" }): void {
    const decisive = node.op === "Or";
    for (const value of node.values) {
      this.#node(value);
      if (this.#resolver.conditions.test(value, this.#file, this.#locals) === decisive) return;
    }
  }

  /**
   * `name in TABLE` asks for a key: what the table holds is not taken out. A class or function that is compared is
   * neither made an object of nor called.
   */
  #comparison(node: Expression & { kind: "Compare" }): void {
    this.#compared(node.left);
    for (const [index, item] of node.comparators.entries()) {
      const op = node.ops[index];
      if ((op === "In" || op === "NotIn") && item.kind === "Name") this.#named(item);
      else this.#compared(item);
    }
  }

  #compared(node: Expression): void {
    if (node.kind === "Tuple" || node.kind === "List" || node.kind === "Set") {
      for (const item of node.elts) this.#compared(item);
      return;
    }
    const found = isName(node) ? this.#resolve(node) : null;
    if (found?.kind !== "class") this.#node(node);
  }

  #call(node: Call): void {
    // The line of evidence is the one on which the name stands that is called: in a chain, that is the end of `func`.
    const { func } = node;
    const found = this.#resolve(func);
    if (found?.kind === "external") {
      if (this.#table.hasRules(found.name, found.isObject)) {
        this.#add(endOf(func), this.#table.needsOfCall(found.name, found.isObject, node, this.#literals()));
      }
      if (!found.isObject) this.#add(endOf(func), this.#table.needsOfReference(found.name, false));
    } else if (found !== null) this.#calledOwn(found);
    else if (func.kind === "Attribute") this.#calledUnknown(node, func);
    this.#lookedUp(node, found);
    if (func.kind === "Attribute" && func.value.kind === "Name" && found === null && STORING.has(func.attr)) {
      this.#named(func.value);
    } else if (func.kind === "Attribute") this.#ownerOfCalled(func, node.args, found);
    else if (func.kind !== "Name") this.#node(func);
    this.#use(func);
    this.#passed(node, found);
  }

  /** A call of something of the workspace. */
  #calledOwn(found: Referent): void {
    // `cls(…)`, or an object that can be called
    const own = found.kind === "instance" ? edgeTo({ ...found, kind: "class" }) : null;
    if (own === null) this.#edge(found, this.#unit);
    else this.#push({ ...own, kind: "own" }, this.#unit);
  }

  /** Members that are taken by a name which is put together while the program runs. */
  #lookedUp(node: Call, found: Referent | null): void {
    const { func } = node;
    const isResult = found?.kind === "external" && found.isObject && LOOKING_UP.has(found.name);
    if (isResult || (found === null && func.kind !== "Attribute")) {
      for (const one of lookUpsOf(func, this.#locals)) this.#members(one, true);
    } else if (found?.kind === "external" && LOOKING_UP.has(found.name)) {
      const one = lookUpOf(node);
      if (one !== null) this.#members(one, false);
    }
  }

  /** @param isCalled whether what is found is called right there, so that a name of which nothing is known counts */
  #members({ owner, name }: LookUp, isCalled: boolean): void {
    const pattern = namePattern(name, this.#literals());
    if (pattern.isAny && !isCalled) return;
    const base: Referent | null =
      owner === null ? { kind: "module", file: this.#file, name: "" } : this.#resolve(owner);
    if (base === null) return;
    for (const member of this.#resolver.callables(base)) {
      const found = pattern.matches(member) ? this.#resolver.attribute(base, member) : null;
      if (found !== null && (found.kind === "function" || found.kind === "class")) this.#edge(found, this.#unit);
    }
  }

  /** A method of an object whose class is not known. */
  #calledUnknown(node: Call, func: Expression & { kind: "Attribute" }): void {
    if (this.#table.hasMethod(func.attr)) {
      this.#add(endOf(func), this.#table.needsOfCall(`.${func.attr}`, true, node, this.#literals()));
    }
    if (isBuilt(func.value, this.#locals)) return;
    const shape = shapeOf(node);
    this.#unit.edges.push({ kind: "method", name: func.attr, shape });
  }

  /** What a call is given. */
  #passed(node: Call, found: Referent | null): void {
    const isLibrary = found?.kind === "external";
    const isLooking = (isLibrary && LOOKING.has(found.name)) || found?.kind === "super";
    const wasLate = this.#isLate;
    const { holder } = this;
    this.#isLate ||= isLibrary && FRAMEWORKS.test(found.name);
    // Code of the workspace may call what it is given at once; a library, as `dict`, keeps it.
    if (!isLibrary) this.holder = null;
    for (const argument of node.args) if (!(isLooking && isName(argument))) this.#node(argument);
    for (const keyword of node.keywords) this.#node(keyword.value);
    this.holder = holder;
    if (!isLooking) this.#handedFunctions(node);
    this.#isLate = wasLate;
  }

  /** Functions of libraries that are handed over: taken to be called, with the arguments that follow them. */
  #handedFunctions(node: Call): void {
    for (const [index, argument] of node.args.entries()) {
      this.#handed(argument, () => ({ ...node, func: argument, args: node.args.slice(index + 1) }));
    }
    for (const { value } of node.keywords) {
      this.#handed(value, () => ({ ...node, func: value, args: [], keywords: [] }));
    }
  }

  /** @param call that it will be called by */
  #handed(value: Expression, call: () => Call): void {
    if (value.kind !== "Name" && value.kind !== "Attribute") return;
    const found = this.#resolve(value);
    if (found?.kind !== "external" || found.isObject || !this.#table.hasRules(found.name, false)) return;
    this.#add(endOf(value), this.#table.needsOfCall(found.name, false, call(), this.#literals()));
  }

  /** What a variable holds is reached where the variable is used. */
  #use(node: Expression): void {
    const variable = this.#resolver.variable(node, this.#file, this.#locals);
    if (variable === null) return;
    const { file, name } = variable;
    (this.holder ?? this.#unit).edges.push({ kind: "unit", file, unit: variableUnit(name) });
  }

  #reference(node: Expression & { kind: "Name" | "Attribute" }): void {
    this.#named(node);
    // A name that is given another meaning is no change of what it meant.
    if (node.kind !== "Name" || node.ctx === "Load") this.#use(node);
    if (node.kind === "Attribute") this.#owner(node.value, node.attr);
  }

  /** What a name stands for, without what a variable of that name holds. */
  #named(node: Expression & { kind: "Name" | "Attribute" }): void {
    if (node.kind === "Name" && node.ctx !== "Load") return;
    const found = this.#resolve(node);
    if (found?.kind === "external") {
      // An object that a call gave was asked for on the line of the call; `self.x = …` changes what `self` is, not
      // what `x` was before.
      if (found.isObject || (node.ctx !== "Load" && !this.#isOutside(node))) return;
      this.#add(endOf(node), this.#table.needsOfReference(found.name, node.ctx !== "Load"));
    } else if (found !== null && node.ctx === "Load") this.#edge(found, this.holder ?? this.#unit);
  }

  /** Whether the attribute is one of something outside the workspace, under whatever name. */
  #isOutside(node: Expression): boolean {
    return node.kind === "Attribute" && this.#resolve(node.value)?.kind === "external";
  }

  /** That of which an attribute is taken: a class is not made an object of by that. */
  #owner(node: Expression, attribute: string): void {
    const found = isName(node) ? this.#resolve(node) : null;
    if (found?.kind === "external" && STREAMS.has(found.name) && ABOUT_STREAMS.has(attribute)) return;
    if (found?.kind !== "class") this.#node(node);
    else {
      this.#unit.edges.push({ kind: "unit", file: found.file, unit: variableUnit(found.name) });
    }
  }

  /** The same for a method that is called: one that a class has from a base may well be what makes its objects. */
  #ownerOfCalled(
    { value: node, attr }: Expression & { kind: "Attribute" },
    [first]: readonly Expression[],
    called: Referent | null,
  ): void {
    this.#owner(node, attr);
    // `Base.method(self)` is what the object of another class does.
    const isOfOther = first?.kind === "Name" && (first.id === "self" || first.id === "cls");
    if (called?.kind !== "function" || !isName(node) || isOfOther) return;
    const owner = this.#resolve(node);
    if (owner?.kind !== "class") return;
    if (called.name.startsWith(`${owner.name}.`)) {
      this.#push({ kind: "receiver", file: owner.file, unit: owner.name }, this.#unit);
    } else this.#edge(owner, this.#unit);
  }

  #subscript(node: Expression & { kind: "Subscript" }): void {
    const found = this.#resolve(node.value);
    if (found?.kind === "external" && node.ctx !== "Load") {
      if (!found.isObject) this.#add(startOf(node), this.#table.needsOfReference(found.name, true));
    } else if (node.ctx === "Store" && node.value.kind === "Name") {
      // What is put into a table waits there.
      this.#named(node.value);
    } else {
      this.#node(node.value);
      const key = this.#literals().text(node.slice)?.text;
      const secret = found?.kind === "external" ? secretKey(found.name, key) : null;
      if (secret !== null) this.#add(startOf(node), [secret]);
    }
    this.#node(node.slice);
  }

  #edge(target: Referent, unit: Unit): void {
    const edge = edgeTo(target);
    if (edge !== null) this.#push(edge, unit);
  }

  #push({ kind, file, unit: name }: Exclude<Edge, { kind: "method" }>, unit: Unit): void {
    unit.edges.push(this.#isLate ? { kind, file, unit: name, isLate: true } : { kind, file, unit: name });
  }

  #add({ line, offset }: Place, needs: readonly Omit<Need, "line" | "text">[]): void {
    for (const { capability, why, scope } of needs) {
      this.#unit.needs.push({
        capability,
        why: this.#texts.of(why),
        scope: scope === null ? null : this.#texts.detached(scope),
        line,
        text: this.#texts.of(this.#lineText(offset)),
      });
    }
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
