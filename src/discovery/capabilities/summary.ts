import {
  type Arguments,
  bodyOnce,
  type ClassDef,
  type Expression,
  type FunctionDef,
  type FunctionPlace,
  type Statement,
} from "../../python/index.ts";
import type { Texts } from "../detached.ts";
import { isMainGuard } from "../main-guard.ts";
import type { ParsedFile } from "../modules.ts";
import { blocksOf } from "./blocks.ts";
import { ExpressionReader } from "./expressions.ts";
import type { FileFunctions } from "./functions.ts";
import { Locals } from "./literals.ts";
import { importBindings } from "./names.ts";
import { objectOf, type Referent, type Resolver } from "./resolve.ts";
import type { CapabilityTable } from "./rules.ts";
import {
  isOfClass,
  MAIN_UNIT,
  type Method,
  MODULE_UNIT,
  newUnit,
  signatureOf,
  type Unit,
  variableUnit,
} from "./units.ts";

/** Methods that Python calls by itself once there is an object. */
const IMPLICIT_METHOD =
  /^__(?!rich_repr|rich_console|rich_measure|pretty|json|html|get_validators|get_pydantic)\w+__$/u;

/** Bases that call none of their subclasses' methods by themselves but those that Python itself calls. */
const PASSIVE_BASES =
  /^(?:builtins\.\w+|abc\.\w+|enum\.\w+|typing(?:_extensions)?\.\w+|collections\.\w+|collections\.abc\.\w+|numbers\.\w+|ctypes\.\w+|datetime\.\w+|decimal\.\w+|fractions\.\w+|uuid\.UUID|types\.\w+|weakref\.\w+|random\.Random|argparse\.Namespace|contextlib\.(?:ContextDecorator|Abstract\w+|ExitStack)|string\.Template|pathlib\.\w+|.*(?:Error|Exception|Warning))$/u;

/** Of bases that call but a few of the methods of what is derived from them, those that may be called. */
const HOOKS: ReadonlyMap<string, RegExp> = new Map([
  ["threading.Thread", /^run$/u],
  ["multiprocessing.Process", /^run$/u],
  ["json.JSONEncoder", /^(?:default|encode|iterencode)$/u],
  ["logging.Filter", /^filter$/u],
  ["logging.Formatter", /^(?:format\w*|usesTime)$/u],
  ["logging.LoggerAdapter", /^process$/u],
  ["ast.NodeVisitor", /^(?:visit\w*|generic_visit)$/u],
  ["ast.NodeTransformer", /^(?:visit\w*|generic_visit)$/u],
  ["argparse.Action", /^format_usage$/u],
  // What calls of the model and `apply` reach, and what saving it asks.
  [
    "torch.nn.Module",
    /^(?:_\w+|forward|extra_repr|reset_parameters|train|eval|to|half|float|bfloat16|cuda|cpu|apply|state_dict|load_state_dict|(?:named_)?(?:parameters|modules|buffers|children)|register_\w+|requires_grad_|zero_grad)$/u,
  ],
]);

/** Class methods that frameworks call by themselves; others are ways to make an object, for whoever names them. */
const CLASS_HOOKS = /^(?:from_(?:crawler|settings)|setUp\w*|tearDown\w*|add_\w*arg\w*|_\w+)$/u;

/** Decorators that only wrap: the function still waits to be called. */
const WRAPPING_DECORATORS =
  /^(?:builtins\.(?:staticmethod|classmethod|property)|functools\.\w+|contextlib\.\w+|abc\.\w+|typing(?:_extensions)?\.\w+|warnings\.\w+|dataclasses\.\w+|attrs?\.\w+|pytest\.\w+|six\.\w+|torch\.(?:no_grad|inference_mode|enable_grad|jit\.\w+|compile)|tenacity\.\w+|backoff\.\w+|numba\.\w+|cached_property\.\w+|decorator\.\w+|deprecated\.\w+|deprecation\.\w+)/u;

/** Decorators that give the function an object of theirs before all other arguments. */
const CONTEXTS: ReadonlyMap<string, string> = new Map([
  ["invoke.task", "invoke.Context"],
  ["invoke.tasks.task", "invoke.Context"],
  ["fabric.task", "fabric.Connection"],
  ["fabric.tasks.task", "fabric.Connection"],
  ["nox.session", "nox.Session"],
]);

/** Ends the program. */
const ENDING: ReadonlySet<string> = new Set(["sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"]);

/** Of what stands right in a class or module, decorators and defaults have the names of that alone. */
const NO_LOCALS = new Locals([]);

/** A function whose body has not been read, or a class of which nobody asked what making an object of it does. */
type Unread = UnreadFunction | UnreadClass;

interface UnreadFunction extends FunctionPlace {
  readonly kind: "function";
  /** The class that it is a method of. */
  readonly owner: string | null;
}

interface UnreadClass {
  readonly kind: "class";
  /** What its bases are. */
  readonly bases: readonly (Referent | null)[];
  readonly methods: readonly ClassMethod[];
}

interface ClassMethod extends Method {
  /** A base class outside the workspace may call it. */
  readonly mayBeHook: boolean;
}

/** Reads what each part of a file needs and reaches. Code that cannot run is left out. */
export class SummaryReader {
  readonly #file: string;
  readonly #resolver: Resolver;
  readonly #expressions: ExpressionReader;
  readonly #onImport: (file: string) => void;
  readonly #units = new Map<string, Unit>();
  /** The class whose body is read. */
  #className: string | null = null;
  readonly #functions: FileFunctions;
  /** What has not been read, by the unit that it belongs to. */
  readonly #unread = new Map<string, Unread[]>();

  /**
   * @param functions of the same file
   * @param onImport told of the files that the module imports
   */
  constructor(
    { file, text, module: { body } }: ParsedFile,
    functions: FileFunctions,
    resolver: Resolver,
    table: CapabilityTable,
    texts: Texts,
    onImport: (file: string) => void = () => undefined,
  ) {
    this.#onImport = onImport;
    this.#file = file;
    this.#functions = functions;
    this.#resolver = resolver;
    this.#expressions = new ExpressionReader(file, resolver, table, texts);
    this.#expressions.text = text;
    this.#block(body, this.#unit(MODULE_UNIT), new Locals(body), true);
    this.#expressions.text = "";
  }

  /** Other files whose names what was read so far rests on. */
  get consulted(): ReadonlySet<string> {
    return this.#resolver.consulted;
  }

  /**
   * What a part of the file needs and reaches; only the first time that it is asked for.
   * @returns `null` when the file is not as it was, so that the part cannot be read any more
   */
  take(name: string): Unit | null | undefined {
    if (!this.#complete(name)) return null;
    const unit = this.#units.get(name);
    this.#units.delete(name);
    return unit;
  }

  /** Reads the functions and classes of a unit, whether or not the tree is still there. */
  #complete(name: string): boolean {
    const waiting = this.#unread.get(name);
    if (waiting === undefined) return true;
    this.#unread.delete(name);
    const outer = this.#expressions.text;
    for (const one of waiting) {
      if (one.kind === "class") {
        this.#objects(name, one, this.#unit(name));
        continue;
      }
      const found = this.#functions.read(one);
      if (found === null) return false;
      this.#expressions.text = found.text;
      this.#body(found.node, this.#unit(name), one.owner);
    }
    this.#expressions.text = outer;
    return true;
  }

  /** A unit with all that was come by for it so far, in the order of the file. */
  #unit(name: string): Unit {
    this.#complete(name);
    let unit = this.#units.get(name);
    if (unit === undefined) {
      unit = newUnit();
      this.#units.set(name, unit);
    }
    return unit;
  }

  // --- statements -----------------------------------------------------------------------------------------------

  /** @returns whether what follows cannot be reached */
  #block(body: readonly Statement[], unit: Unit, locals: Locals, isModule: boolean): boolean {
    for (const statement of body) {
      if (this.#statement(statement, unit, locals, isModule)) return true;
    }
    return false;
  }

  #statement(statement: Statement, unit: Unit, locals: Locals, isModule: boolean): boolean {
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
        this.#held(statement, unit, locals, isModule);
        for (const block of blocksOf(statement)) this.#block(block, unit, locals, isModule);
        return this.#ends(statement, locals);
    }
  }

  /** A statement with its expressions, and without its blocks. */
  #held(statement: Statement, unit: Unit, locals: Locals, isModule: boolean): void {
    const { holder } = this.#expressions;
    if (isModule) this.#expressions.holder = this.#holderOf(statement);
    this.#simple(statement, unit, locals);
    this.#expressions.holder = holder;
  }

  /** Whether nothing that follows a statement in its block is run. */
  #ends(statement: Statement, locals: Locals): boolean {
    switch (statement.kind) {
      case "Return":
      case "Raise":
      case "Continue":
      case "Break":
        return true;
      case "Assert":
        return this.#resolver.conditions.test(statement.test, this.#file, locals) === false;
      case "Expr": {
        const found =
          statement.value.kind === "Call" ? this.#resolver.resolve(statement.value.func, this.#file, locals) : null;
        return found?.kind === "external" && ENDING.has(found.name);
      }
      default:
        return false;
    }
  }

  #if(statement: Statement & { kind: "If" }, unit: Unit, locals: Locals, isModule: boolean): boolean {
    if (isModule && isMainGuard(statement.test)) {
      this.#block(statement.body, this.#unit(MAIN_UNIT), locals, true);
      return this.#block(statement.orelse, unit, locals, true);
    }
    this.#expressions.node(statement.test, unit, locals);
    const constant = this.#resolver.conditions.test(statement.test, this.#file, locals);
    if (constant === false) return this.#block(statement.orelse, unit, locals, isModule);
    const ended = this.#block(statement.body, unit, locals, isModule);
    if (constant === true) return ended;
    const alsoEnded = this.#block(statement.orelse, unit, locals, isModule);
    return ended && alsoEnded && statement.orelse.length > 0;
  }

  /** What a statement of a module or class puts functions and classes into: a variable, or the class. */
  #holderOf(statement: Statement): Unit | null {
    if (this.#className !== null) return this.#unit(variableUnit(this.#className));
    const target =
      statement.kind === "Assign"
        ? statement.targets[0]
        : statement.kind === "AnnAssign" || statement.kind === "AugAssign"
          ? statement.target
          : undefined;
    const name = target === undefined ? null : rootName(target);
    const binding = name === null ? null : this.#resolver.constantOf(this.#file, name);
    return name === null || binding === null ? null : this.#unit(variableUnit(name));
  }

  /** Expressions of a statement, and the names that it binds. */
  #simple(statement: Statement, unit: Unit, locals: Locals): void {
    if (blocksOf(statement).length > 0) {
      this.#heads(statement, unit, locals);
      return;
    }
    this.#expressions.statement(statement, unit, locals);
    if (statement.kind === "Assign") {
      const [target] = statement.targets;
      if (statement.targets.length === 1 && target?.kind === "Name") this.#bind(target.id, statement.value, locals);
    } else if (statement.kind === "AnnAssign" && statement.target.kind === "Name") {
      locals.set(statement.target.id, this.#annotated(statement.annotation, locals));
    }
  }

  /** The expressions of a compound statement outside its blocks. */
  #heads(statement: Statement, unit: Unit, locals: Locals): void {
    switch (statement.kind) {
      case "For":
      case "AsyncFor":
        this.#expressions.node(statement.iter, unit, locals);
        if (statement.target.kind === "Name") this.#bindItem(statement.target.id, statement.iter, locals);
        return;
      case "While":
        this.#expressions.node(statement.test, unit, locals);
        return;
      case "With":
      case "AsyncWith":
        for (const item of statement.items) {
          this.#expressions.node(item.context_expr, unit, locals);
          if (item.optional_vars?.kind === "Name") this.#bind(item.optional_vars.id, item.context_expr, locals);
        }
        return;
      case "Match":
        this.#expressions.node(statement.subject, unit, locals);
        return;
      default:
        return;
    }
  }

  #bind(name: string, value: Expression, locals: Locals): void {
    locals.set(name, this.#resolver.resolve(value, this.#file, locals));
  }

  #annotated(annotation: Expression, locals: Locals): Referent | null {
    return objectOf(this.#resolver.resolve(annotation, this.#file, locals));
  }

  /** What a loop over paths gives is a path. */
  #bindItem(name: string, source: Expression, locals: Locals): void {
    const found = this.#resolver.resolve(source, this.#file, locals);
    const isPath = found?.kind === "external" && found.name === "pathlib.Path";
    locals.set(name, isPath ? found : null);
  }

  #import(statement: Statement, unit: Unit, locals: Locals, isModule: boolean): void {
    for (const [name, binding] of importBindings(statement)) {
      const target = this.#resolver.binding(binding, this.#file);
      if (!isModule && name !== "*") locals.set(name, target);
      if (target !== null && "file" in target && target.file !== null && target.file !== this.#file) {
        unit.edges.push({ kind: "unit", file: target.file, unit: MODULE_UNIT });
        if (isModule) this.#onImport(target.file);
      }
    }
  }

  // --- definitions ----------------------------------------------------------------------------------------------

  #function(node: FunctionDef, unit: Unit, locals: Locals, isModule: boolean, owner: string | null = null): void {
    const name = owner === null ? node.name : `${owner}.${node.name}`;
    const isInner = !isModule && owner === null;
    const defaults = defaultsOf(node.args);
    if (node.decorator_list.length > 0 || defaults.length > 0) {
      const { holder } = this.#expressions;
      if (!isInner) this.#expressions.holder = this.#unit(name);
      for (const decorator of node.decorator_list) this.#decorator(decorator, unit, locals);
      for (const value of defaults) this.#expressions.node(value, unit, locals);
      this.#expressions.holder = holder;
    }
    if (isInner) {
      // A function inside a function: taken to be called where it stands.
      const inner = new Locals(node.body, locals);
      this.#parameters(node.args, inner, null);
      this.#block(node.body, unit, inner, false);
      return;
    }
    const { start, end, line } = node;
    this.#later(name, { kind: "function", start, end, line, owner });
    if (owner === null) this.#registered(node, unit, locals);
  }

  #later(name: string, one: Unread): void {
    const waiting = this.#unread.get(name);
    if (waiting === undefined) this.#unread.set(name, [one]);
    else waiting.push(one);
  }

  #body(node: FunctionDef, unit: Unit, owner: string | null): void {
    const statements = bodyOnce(node);
    const inner = new Locals(statements);
    this.#parameters(node.args, inner, owner);
    if (node.decorator_list.length > 0) this.#context(node, inner);
    const { holder } = this.#expressions;
    this.#expressions.holder = null;
    this.#block(statements, unit, inner, false);
    this.#expressions.holder = holder;
  }

  /**
   * A decorator that is no mere wrapper hands the function or class to somebody who may call it, or puts it where somebody
   * may take it out.
   */
  #registered(node: FunctionDef | ClassDef, unit: Unit, locals: Locals): void {
    if (node.decorator_list.length === 0) return;
    const isClass = node.kind === "ClassDef";
    const { name } = node;
    for (const decorator of node.decorator_list) {
      const variables = this.#registries(decorator, locals);
      if (variables === null) {
        unit.edges.push({ kind: isClass ? "object" : "unit", file: this.#file, unit: name, isLate: true });
      }
      for (const { file, unit: variable } of variables ?? []) {
        unit.registrations.push({ variable: { file, unit: variable }, unit: name, isClass });
      }
    }
  }

  /** The variables in which a decorator puts what it is given; null where it may call that, or hand it on. */
  #registries(decorator: Expression, locals: Locals): { readonly file: string; readonly unit: string }[] | null {
    const found = this.#resolver.resolve(decorator, this.#file, locals);
    const isCalled = decorator.kind === "Call";
    const used = isCalled ? this.#resolver.resolve(decorator.func, this.#file, locals) : found;
    if (used?.kind === "external") return WRAPPING_DECORATORS.test(used.name) ? [] : null;
    if (used?.kind === "class" || used?.kind === "instance") return this.#objectKeeps(used, isCalled) ? null : [];
    const keeping = used?.kind === "function" ? this.#resolver.keeping(used, isCalled) : null;
    if (used?.kind !== "function" || keeping === null || keeping.kind === "hands-over") return null;
    if (keeping.kind === "wraps") return [];
    const { file } = used;
    const variables = keeping.variables.map((name) => {
      if (name !== "self" && name !== "cls") {
        return this.#resolver.constantOf(file, name) === null ? null : { file, unit: variableUnit(name) };
      }
      const method = isCalled ? decorator.func : decorator;
      const owner = method.kind === "Attribute" ? this.#resolver.variable(method.value, this.#file, locals) : null;
      return owner === null ? null : { file: owner.file, unit: variableUnit(owner.name) };
    });
    const known = variables.filter((variable) => variable !== null);
    return known.length < variables.length ? null : known;
  }

  /** Whether an object that is used as a decorator, or made by one, may call what it is given. */
  #objectKeeps(used: Referent & { kind: "class" | "instance" }, isCalled: boolean): boolean {
    // `@Class`: the object stands where the function stood, for whoever names that.
    if (used.kind === "class" && !isCalled) return false;
    if (used.kind === "instance" && isCalled) return true;
    const call = this.#resolver.member(used.file, used.name, "__call__");
    if (call?.kind === "external") return isHook(call.name);
    return call?.kind !== "function" || this.#resolver.keeping(call, false)?.kind !== "wraps";
  }

  /** Evaluating a decorator that puts things into a registry takes nothing out of it. */
  #decorator(decorator: Expression, unit: Unit, locals: Locals): void {
    const method = decorator.kind === "Call" ? decorator.func : decorator;
    const registries = method.kind === "Attribute" ? this.#registries(decorator, locals) : null;
    if (registries === null || registries.length === 0) {
      this.#expressions.node(decorator, unit, locals);
      return;
    }
    const found = this.#resolver.resolve(method, this.#file, locals);
    if (found?.kind === "function") {
      unit.edges.push({ kind: "unit", file: found.file, unit: found.name });
    }
    if (decorator.kind === "Call") {
      for (const item of [...decorator.args, ...decorator.keywords]) this.#expressions.node(item, unit, locals);
    }
  }

  #parameters(args: Arguments, locals: Locals, owner: string | null): void {
    const all = [...args.posonlyargs, ...args.args, ...args.kwonlyargs, args.vararg, args.kwarg];
    for (const [index, parameter] of all.entries()) {
      if (parameter === null) continue;
      const { arg: name, annotation } = parameter;
      if (index === 0 && owner !== null && (name === "self" || name === "cls")) {
        locals.setParameter(name, { kind: "instance", file: this.#file, name: owner });
      } else locals.setParameter(name, annotation === null ? null : this.#annotated(annotation, locals));
    }
    if (owner !== null) locals.set("super", { kind: "super", file: this.#file, name: owner });
  }

  /** The first argument of a task, which its runner gives it. */
  #context({ args, decorator_list }: FunctionDef, locals: Locals): void {
    const [first] = [...args.posonlyargs, ...args.args];
    if (first === undefined || first.annotation !== null) return;
    for (const decorator of decorator_list) {
      const used = decorator.kind === "Call" ? decorator.func : decorator;
      const found = this.#resolver.resolve(used, this.#file, null);
      const name = found?.kind === "external" ? CONTEXTS.get(found.name) : undefined;
      if (name !== undefined) locals.setParameter(first.arg, { kind: "external", name, isObject: true });
    }
  }

  #class(node: ClassDef, unit: Unit, locals: Locals, isModule: boolean): void {
    for (const decorator of node.decorator_list) this.#decorator(decorator, unit, locals);
    if (!isModule) {
      this.#block(node.body, unit, new Locals(node.body, locals), false);
      return;
    }
    this.#registered(node, unit, locals);
    const bases = node.bases.map((base) => this.#resolver.resolve(base, this.#file, locals));
    this.#derived(node.name, bases, unit);
    const methods: ClassMethod[] = [];
    const outer = this.#className;
    this.#className = node.name;
    const inside = new Locals(node.body, locals);
    for (const statement of node.body) {
      if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef") {
        const { name } = statement;
        this.#function(statement, unit, NO_LOCALS, true, node.name);
        const ofClass = isOfClass(statement);
        methods.push({
          name,
          isOfClass: ofClass,
          signature: signatureOf(statement),
          mayBeHook: !ofClass || statement.decorator_list.length > 1 || CLASS_HOOKS.test(name),
        });
        inside.set(name, { kind: "function", file: this.#file, name: `${node.name}.${name}` });
      } else this.#statement(statement, unit, inside, true);
    }
    this.#className = outer;
    this.#later(node.name, { kind: "class", bases, methods });
  }

  /** A base may put the classes that are derived from it where somebody takes them out to make objects of them. */
  #derived(className: string, bases: readonly (Referent | null)[], unit: Unit): void {
    for (const base of bases) {
      const hook = base?.kind === "class" ? this.#resolver.member(base.file, base.name, "__init_subclass__") : null;
      if (hook?.kind !== "function") continue;
      const { file, name } = hook;
      unit.edges.push({ kind: "unit", file, unit: name });
      for (const variable of this.#keepers(hook)) {
        unit.registrations.push({ variable: { file, unit: variableUnit(variable) }, unit: className, isClass: true });
      }
    }
  }

  /** Where an `__init_subclass__` puts classes: variables of its module, or its own class under the name of that. */
  #keepers(hook: Referent & { kind: "function" }): readonly string[] {
    const keeping = this.#resolver.keeping(hook, false);
    const own = hook.name.slice(0, hook.name.lastIndexOf("."));
    return keeping?.kind === "stores" ? keeping.variables.map((name) => (name === "cls" ? own : name)) : [];
  }

  /** What making an object of a class reaches. Of most classes that a program imports it makes none. */
  #objects(className: string, { bases, methods }: UnreadClass, self: Unit): void {
    const file = this.#file;
    self.edges.push({ kind: "unit", file, unit: variableUnit(className) });
    const hooks = new Set<string>();
    for (const base of bases) this.#base(className, base, methods, self, hooks);
    for (const { name, isOfClass, signature } of methods) {
      self.methods.push({ name, isOfClass, signature });
      if (hooks.has(name) || IMPLICIT_METHOD.test(name)) {
        self.edges.push({ kind: "virtual", file, unit: `${className}.${name}` });
      }
    }
  }

  /** Methods that a base class outside the workspace may call are reached once there is an object. */
  #base(
    className: string,
    base: Referent | null,
    methods: readonly ClassMethod[],
    self: Unit,
    hooks: Set<string>,
  ): void {
    const callable = new Set(methods.flatMap(({ name, mayBeHook }) => (mayBeHook ? [name] : [])));
    if (base?.kind === "class") {
      self.edges.push({ kind: "base", file: base.file, unit: base.name });
      for (const { name } of methods) {
        const above = this.#resolver.member(base.file, base.name, name);
        if (above?.kind === "function") {
          self.overrides.push({ base: { file: above.file, unit: above.name }, unit: `${className}.${name}` });
        } else if (above?.kind === "external" && callable.has(name) && isHook(above.name)) hooks.add(name);
      }
      return;
    }
    for (const name of callable) if (base?.kind !== "external" || isHook(`${base.name}.${name}`)) hooks.add(name);
  }
}

/** The variable that an assignment changes: `TABLE` of `TABLE["x"]`. */
function rootName(node: Expression): string | null {
  if (node.kind === "Subscript" || node.kind === "Attribute") return rootName(node.value);
  return node.kind === "Name" ? node.id : null;
}

/** Whether a class outside the workspace may call a method of what is derived from it. */
function isHook(member: string): boolean {
  const dot = member.lastIndexOf(".");
  const base = member.slice(0, dot);
  const name = member.slice(dot + 1);
  // `_missing_` and the like of enumerations.
  if (/^_[a-z]\w*_$/u.test(name)) return true;
  return HOOKS.get(base)?.test(name) ?? !PASSIVE_BASES.test(base);
}

function defaultsOf(args: Arguments): readonly Expression[] {
  if (args.kw_defaults.length === 0) return args.defaults;
  return [...args.defaults, ...args.kw_defaults.filter((value) => value !== null)];
}
