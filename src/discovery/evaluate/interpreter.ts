import type { Expression, Module } from "../../python/index.ts";
import { attributeOf } from "./attributes.ts";
import { callValue } from "./calls.ts";
import { evaluateExpression } from "./expressions.ts";
import { Scope } from "./scope.ts";
import { executeBlock } from "./statements.ts";
import {
  type CallArguments,
  type ClassValue,
  type ExternalValue,
  external,
  type ModuleValue,
  NONE,
  str,
  unknown,
  type Value,
} from "./values.ts";

/** Where the interpreter finds other modules of the workspace. Synchronous: an import is read when it is met. */
export interface ModuleSource {
  /** The syntax tree of a workspace file, `null` when it cannot be read. */
  parse(file: string): Module | null;
  /** Whether a file's text has to do with command lines, so that importing it may matter. */
  declaresCommandLine(file: string): boolean;
  /**
   * What an import means.
   * @param level number of leading dots
   * @returns the file, a folder without `__init__.py` (`file` is `null`), or `null`: not of this workspace
   */
  resolve(from: string, level: number, dotted: string): { readonly name: string; readonly file: string | null } | null;
}

/** What the call of something outside the workspace does, by its qualified name. */
export type ExternalModel = (call: CallArguments, interpreter: Interpreter) => Value;

/** What readers teach the interpreter about libraries. */
export interface LibraryModels {
  readonly calls: ReadonlyMap<string, ExternalModel>;
  readonly constants: ReadonlyMap<string, Value>;
  /** Those of `calls` that declare or run a command line. */
  readonly declaring: ReadonlySet<string>;
}

/** Something a run of the file would do that makes it a command line. */
export interface RunEvent {
  readonly framework: string;
  /** What is run: the reader's model of a parser or command. */
  readonly subject: unknown;
  readonly file: string;
  readonly line: number;
  /** It happens only on one side of a condition that is not known. */
  readonly conditional: boolean;
  /** Only a first look at the arguments (`parse_known_args`), another parser may follow. */
  readonly preliminary: boolean;
}

/** Names of one activation: a module body, a class body or a function call. */
export interface Frame {
  readonly file: string;
  readonly scope: Scope;
  readonly moduleScope: Scope;
  /** Names declared `global` or `nonlocal`, with the scope that owns them. */
  readonly redirects: Map<string, Scope>;
  readonly owner: ClassValue | null;
  readonly self: Value | null;
  readonly returns: Value[];
  readonly yields: Value[];
  isGenerator: boolean;
}

export interface Limits {
  /** Statements and expressions evaluated in a run in which nothing has to do with command lines. */
  readonly steps: number;
  /** The same once a module has been run that names a command line library. */
  readonly stepsWithLibrary: number;
  /** The same once such a library has been called. */
  readonly stepsWithParser: number;
  /** Steps after the command line was parsed: what a program does with its arguments is of no use here. */
  readonly stepsAfterParse: number;
  /** The same when it is not sure that this is where the command line is parsed. */
  readonly stepsAfterMaybe: number;
  readonly depth: number;
  readonly iterations: number;
  /** Longest text, list or dictionary that is computed. */
  readonly size: number;
}

const DEFAULT_LIMITS: Limits = {
  steps: 4_000,
  stepsWithLibrary: 40_000,
  stepsWithParser: 250_000,
  stepsAfterParse: 4_000,
  stepsAfterMaybe: 40_000,
  depth: 60,
  iterations: 2_000,
  size: 200_000,
};

/** Values that are copied or compared in about the time of one evaluated expression. */
const VALUES_PER_STEP = 16;

/** Thrown when a run has used up its budget; caught where the run was started. */
class BudgetExceeded extends Error {}

/**
 * A bounded abstract interpreter of Python: runs a file as `__main__` with what can be known from the text alone.
 * Unknown conditions take both ways, loops over unknown things run once, calls to the workspace's functions are
 * followed, everything else is asked of {@link LibraryModels} or becomes unknown. It never touches the machine.
 */
export class Interpreter {
  readonly events: RunEvent[] = [];
  /** Files that were read on the way. */
  readonly filesUsed = new Set<string>();
  /** Last names of modules that are not of this workspace, as far as it can be seen. */
  readonly missedModules = new Set<string>();
  /** How many conditions that are not known surround the current point. */
  conditional = 0;
  depth = 0;
  /** Functions being called, outermost first. */
  readonly stack: object[] = [];
  readonly limits: Limits;
  readonly source: ModuleSource;
  readonly models: LibraryModels;
  #usesArguments = false;
  #steps = 0;
  #budget: number;
  readonly #modules = new Map<string, ModuleValue>();
  readonly #externals = new Map<string, Value>();
  #mainFile: string | null = null;

  constructor(source: ModuleSource, models: LibraryModels, limits: Limits = DEFAULT_LIMITS) {
    this.source = source;
    this.models = models;
    this.limits = limits;
    this.#budget = limits.steps;
  }

  /**
   * Runs a file as Python would with `python file`.
   * @returns whether the end was reached within the budget
   */
  runMain(file: string): { readonly module: ModuleValue | null; readonly complete: boolean } {
    this.#mainFile = file;
    return this.#bounded(() => this.#executeModule(file, "__main__"));
  }

  /** Imports a file as module `name` and calls one of its functions, as an entry point of a package does. */
  runEntry(file: string, name: string, attribute: readonly string[]): { readonly complete: boolean } {
    return this.#bounded(() => {
      const module = this.#executeModule(file, name);
      let target: Value = module;
      for (const part of attribute) target = this.getAttribute(target, part);
      callValue(this, target, this.emptyCall(file, 1));
      return module;
    });
  }

  #bounded(run: () => ModuleValue | null): { readonly module: ModuleValue | null; readonly complete: boolean } {
    try {
      return { module: run(), complete: true };
    } catch (error) {
      if (!(error instanceof BudgetExceeded || error instanceof RangeError)) throw error;
      const module = this.#mainFile === null ? null : (this.#modules.get(this.#mainFile) ?? null);
      return { module, complete: this.events.some((event) => !event.preliminary) };
    }
  }

  /** Charges the budget for work on many values at once. */
  charge(values: number): void {
    this.#steps += values / VALUES_PER_STEP;
    if (this.#steps > this.#budget) throw new BudgetExceeded();
  }

  step(): void {
    this.#steps += 1;
    if (this.#steps > this.#budget) throw new BudgetExceeded();
  }

  /** A command line library is at work: the run is worth more effort. */
  noticeLibrary(isCalled: boolean): void {
    // Once the command line has been parsed, the rest of the program is of less interest.
    if (this.events.some((event) => !event.preliminary)) return;
    const steps = isCalled ? this.limits.stepsWithParser : this.limits.stepsWithLibrary;
    this.#budget = Math.max(this.#budget, steps);
  }

  /** Records that the file's command line is run here. */
  record(event: Omit<RunEvent, "conditional">): void {
    this.events.push({ ...event, conditional: this.conditional > 0 });
    if (event.preliminary) return;
    // On one side of a condition only: the parser that counts may still come.
    const { stepsAfterParse, stepsAfterMaybe } = this.limits;
    const more = this.conditional > 0 ? stepsAfterMaybe : stepsAfterParse;
    this.#budget = Math.min(this.#budget, this.#steps + more);
  }

  evaluate(expression: Expression, frame: Frame): Value {
    return evaluateExpression(this, expression, frame);
  }

  call(callee: Value, call: CallArguments): Value {
    return callValue(this, callee, call);
  }

  getAttribute(value: Value, name: string): Value {
    return attributeOf(this, value, name);
  }

  /** Whether the program looks at `sys.argv` itself. */
  get usesArguments(): boolean {
    return this.#usesArguments;
  }

  /** Something outside the workspace, by its qualified name. */
  external(name: string): Value {
    let known = this.#externals.get(name);
    if (known === undefined) {
      known = this.models.constants.get(name) ?? external(name);
      this.#externals.set(name, known);
    }
    return known;
  }

  /** An attribute of something outside the workspace. */
  externalMember(owner: ExternalValue, name: string): Value {
    const known = owner.members?.get(name);
    if (known !== undefined) return known;
    const qualified = `${owner.name}.${name}`;
    if (qualified === "sys.argv") {
      this.#usesArguments = true;
      return unknown("the arguments of a run");
    }
    const made = this.models.constants.get(qualified) ?? external(qualified);
    owner.members ??= new Map();
    owner.members.set(name, made);
    return made;
  }

  emptyCall(file: string, line: number): CallArguments {
    return {
      positional: [],
      keywords: new Map(),
      openPositional: false,
      openKeywords: false,
      file,
      line,
      node: null,
    };
  }

  /** `import` of an absolute or relative name: the workspace's module or something external. */
  importModule(from: string, level: number, dotted: string): ModuleValue | ExternalValue {
    const found = this.source.resolve(from, level, dotted);
    if (found === null) {
      const name = level > 0 ? `${".".repeat(level)}${dotted}` : dotted;
      this.missedModules.add(name.slice(name.lastIndexOf(".") + 1));
      const outside = this.external(name);
      return outside.kind === "external" ? outside : external(name);
    }
    if (found.file === null) {
      return { kind: "module", name: found.name, file: null, scope: new Scope(null), isPending: () => false };
    }
    return this.loadModule(found.file, found.name);
  }

  /**
   * A module of the workspace. It runs at once when it has to do with command lines (its import may register commands)
   * or is a package; others run when one of their names is needed, which for most never happens.
   */
  loadModule(file: string, name: string): ModuleValue {
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    this.filesUsed.add(file);
    const scope = new Scope(null);
    let isPending = true;
    const run = (): Scope => {
      if (!isPending) return scope;
      isPending = false;
      const before = this.conditional;
      this.conditional = 0;
      this.#runModule(file, name, scope);
      this.conditional = before;
      return scope;
    };
    const module: ModuleValue = {
      kind: "module",
      name,
      file,
      get scope() {
        return run();
      },
      isPending: () => isPending,
    };
    this.#modules.set(file, module);
    if (file.endsWith("__init__.py") || this.source.declaresCommandLine(file)) run();
    return module;
  }

  #executeModule(file: string, name: string): ModuleValue {
    const scope = new Scope(null);
    const module: ModuleValue = { kind: "module", name, file, scope, isPending: () => false };
    this.#modules.set(file, module);
    this.filesUsed.add(file);
    this.#runModule(file, name, scope);
    return module;
  }

  #runModule(file: string, name: string, scope: Scope): void {
    const tree = this.source.parse(file);
    if (tree === null || this.depth >= this.limits.depth) return;
    if (this.source.declaresCommandLine(file)) this.noticeLibrary(false);
    scope.set("__name__", str(name));
    scope.set("__file__", unknown("the place of the file is known only when it runs"));
    scope.set("__doc__", docstringOf(tree) ?? NONE);
    this.depth += 1;
    try {
      executeBlock(this, tree.body, newFrame(file, scope, scope, null, null));
    } finally {
      this.depth -= 1;
    }
  }
}

export function newFrame(
  file: string,
  scope: Scope,
  moduleScope: Scope,
  owner: ClassValue | null,
  self: Value | null,
): Frame {
  return {
    file,
    scope,
    moduleScope,
    redirects: new Map(),
    owner,
    self,
    returns: [],
    yields: [],
    isGenerator: false,
  };
}

/** The docstring of a module, class or function body. */
export function docstringOf(node: { readonly body: Module["body"] }): Value | null {
  const first = node.body[0];
  if (first?.kind !== "Expr" || first.value.kind !== "Constant" || first.value.value.type !== "str") return null;
  return str(first.value.value.value);
}
