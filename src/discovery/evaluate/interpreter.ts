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
  str,
  unknown,
  type Value,
} from "./values.ts";

/** Where the interpreter finds other modules of the workspace. Synchronous: an import is read when it is met. */
export interface ModuleSource {
  /** The syntax tree of a workspace file, `null` when it cannot be read. */
  parse(file: string): Module | null;
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
  /** Statements and expressions evaluated in one run. */
  readonly steps: number;
  /** Steps after the command line was parsed: what a program does with its arguments is of no use here. */
  readonly stepsAfterParse: number;
  readonly depth: number;
  readonly iterations: number;
  /** Longest text, list or dictionary that is computed. */
  readonly size: number;
}

export const DEFAULT_LIMITS: Limits = {
  steps: 400_000,
  stepsAfterParse: 4_000,
  depth: 60,
  iterations: 2_000,
  size: 200_000,
};

/** Thrown when a run has used up its budget; caught where the run was started. */
export class BudgetExceeded extends Error {}

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
  /** Qualified names of attributes and calls outside the workspace that the run came across. */
  readonly externalsUsed = new Set<string>();
  /** How many conditions that are not known surround the current point. */
  conditional = 0;
  depth = 0;
  /** Functions being called, outermost first. */
  readonly stack: object[] = [];
  readonly limits: Limits;
  readonly source: ModuleSource;
  readonly models: LibraryModels;
  #steps = 0;
  #budget: number;
  readonly #modules = new Map<string, ModuleValue>();
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
      let target: Value = module ?? unknown("the module cannot be read");
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

  step(): void {
    this.#steps += 1;
    if (this.#steps > this.#budget) throw new BudgetExceeded();
  }

  /** Records that the file's command line is run here. */
  record(event: Omit<RunEvent, "conditional">): void {
    this.events.push({ ...event, conditional: this.conditional > 0 });
    if (!event.preliminary) this.#budget = Math.min(this.#budget, this.#steps + this.limits.stepsAfterParse);
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

  external(name: string): Value {
    this.externalsUsed.add(name);
    return this.models.constants.get(name) ?? external(name);
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
      this.externalsUsed.add(name);
      this.missedModules.add(name.slice(name.lastIndexOf(".") + 1));
      return external(name);
    }
    if (found.file === null) {
      return { kind: "module", name: found.name, file: null, scope: new Scope(null) };
    }
    return this.loadModule(found.file, found.name);
  }

  loadModule(file: string, name: string): ModuleValue {
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    const before = this.conditional;
    this.conditional = 0;
    const module = this.#executeModule(file, name);
    this.conditional = before;
    return module ?? { kind: "module", name, file, scope: new Scope(null) };
  }

  #executeModule(file: string, name: string): ModuleValue | null {
    const tree = this.source.parse(file);
    this.filesUsed.add(file);
    if (tree === null) return null;
    const scope = new Scope(null);
    const module: ModuleValue = { kind: "module", name, file, scope };
    this.#modules.set(file, module);
    scope.set("__name__", str(name));
    scope.set("__file__", unknown("the place of the file is known only when it runs"));
    scope.set("__doc__", docstringOf(tree) ?? { kind: "none" });
    if (this.depth >= this.limits.depth) return module;
    this.depth += 1;
    try {
      executeBlock(this, tree.body, newFrame(file, scope, scope, null, null));
    } finally {
      this.depth -= 1;
    }
    return module;
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
