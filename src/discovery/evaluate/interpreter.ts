import { type Expression, type FunctionDef, headOf, type Module, type Statement } from "../../python/index.ts";
import { parentFolder } from "../paths.ts";
import { attributeOf } from "./attributes.ts";
import { callValue } from "./calls.ts";
import { evaluateExpression } from "./expressions.ts";
import { type Frame, newFrame } from "./frame.ts";
import { DEFAULT_LIMITS, type Limits, VALUES_PER_STEP } from "./limits.ts";
import {
  type DeclaredEntryPoint,
  importsDeclaring,
  type ListedModule,
  listingOf,
  type ModuleSource,
  markOf,
  type ResolvedModule,
} from "./module-source.ts";
import { Scope } from "./scope.ts";
import { SearchPath } from "./search-path.ts";
import { type Completion, executeBlock } from "./statements.ts";
import {
  type CallArguments,
  dict,
  type ExternalValue,
  external,
  list,
  type ModuleValue,
  NONE,
  placed,
  str,
  unknown,
  type Value,
} from "./values.ts";

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

/** A part of a program that it gets at in a way that its text does not show. */
export interface HiddenPart {
  readonly file: string;
  /** A module's body; a function, or a method as `Class.name`; a class of which an object may be made. */
  readonly kind: "module" | "function" | "class";
  /** Empty for a module. */
  readonly name: string;
}

/** Names of libraries (`sys`, `os`, `platform`) that tell about the interpreter and the system. */
const MACHINE_MEMBERS: ReadonlySet<string> = new Set([
  "version_info",
  "hexversion",
  "platform",
  "python_version",
  "python_version_tuple",
  "system",
]);

/** Thrown when a run has used up its budget; caught where the run was started. */
class BudgetExceeded extends Error {}

/** One for all: taking note of the place in the program is dear, and nobody asks for it. */
const BUDGET_EXCEEDED = new BudgetExceeded();

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
  /** How many conditions surround the current point that hold only in an environment other than the usual one. */
  unusual = 0;
  depth = 0;
  /** Functions being called, outermost first. */
  readonly stack: object[] = [];
  readonly limits: Limits;
  readonly source: ModuleSource;
  readonly models: LibraryModels;
  /** What the program is called (`sys.argv[0]`); `null` when that depends on how it is started. */
  #programName: string | null = null;
  #asksForName = false;
  /** What the program has set on classes of libraries, by qualified name. */
  readonly patched = new Map<string, Value>();
  readonly #hidden = new Map<string, HiddenPart>();
  /** Where the program looks for modules besides. */
  readonly searchPath = new SearchPath();
  /** How often the program has asked for what the machine is that it runs on. */
  machineReads = 0;
  #usesArguments = false;
  #steps = 0;
  #budget: number;
  #importSteps = 0;
  /** How many steps imports may have taken before others are put off. */
  #importCeiling: number;
  /** How many imports are being run, one within the other. */
  #importDepth = 0;
  /** A module has been imported that has to do with command lines. */
  #hasLibrary: boolean = false;
  /** The command line has been parsed for good. */
  #hasParsed: boolean = false;
  readonly #modules = new Map<string, ModuleValue>();
  readonly #externals = new Map<string, Value>();
  #mainFile: string | null = null;
  #stoppedAt: number | null = null;
  /** A statement has been left that used up the budget. */
  #hasResumed: boolean = false;

  constructor(source: ModuleSource, models: LibraryModels, limits: Limits = DEFAULT_LIMITS) {
    this.source = source;
    this.models = models;
    this.limits = limits;
    this.#budget = limits.steps;
    this.#importCeiling = limits.stepsOfImports;
  }

  /**
   * Runs a file as Python would with `python file`.
   * @returns whether the end was reached within the budget
   */
  runMain(file: string): { readonly module: ModuleValue | null; readonly complete: boolean } {
    this.#mainFile = file;
    this.#programName = file;
    return this.#bounded(() => this.#executeModule(file, "__main__"));
  }

  /**
   * Imports a file as module `name` and calls one of its functions, as the entry point `command` of a package does.
   * @returns what is called, `null` when the budget ended before it was found
   */
  runEntry(
    file: string,
    name: string,
    attribute: readonly string[],
    command: string,
  ): { readonly target: Value | null; readonly complete: boolean } {
    let target: Value | null = null;
    this.#programName = command;
    const { complete } = this.#bounded(() => {
      this.#loadPackages(file, name);
      const module = this.#modules.get(file) ?? this.#executeModule(file, name);
      let found: Value = module;
      for (const part of attribute) found = this.getAttribute(found, part);
      target = found;
      callValue(this, found, this.emptyCall(file, 1));
      return module;
    });
    return { target, complete };
  }

  /** Imports a file as module `name`, then does something with it within the same budget. */
  runImport(file: string, name: string, then: (module: ModuleValue) => void): { readonly complete: boolean } {
    const { complete } = this.#bounded(() => {
      const module = this.#executeModule(file, name);
      then(module);
      return module;
    });
    return { complete };
  }

  #bounded(run: () => ModuleValue | null): { readonly module: ModuleValue | null; readonly complete: boolean } {
    try {
      const module = run();
      return { module, complete: !this.#hasResumed || this.#hasRun() };
    } catch (error) {
      if (!(error instanceof BudgetExceeded || error instanceof RangeError)) throw error;
      const module = this.#mainFile === null ? null : (this.#modules.get(this.#mainFile) ?? null);
      return { module, complete: this.#hasRun() };
    }
  }

  /** Charges the budget for work on many values at once. */
  charge(values: number): void {
    this.#steps += values / VALUES_PER_STEP;
    if (this.#steps > this.#budget) throw BUDGET_EXCEEDED;
  }

  /** Does something of which the program can do without, within some steps of the budget; `undefined` when they do not suffice. */
  attempt(steps: number, run: () => Value): Value | undefined {
    const budget = this.#budget;
    this.#budget = Math.min(budget, this.#steps + steps);
    try {
      return run();
    } catch (error) {
      if (!(error instanceof BudgetExceeded) || this.#steps > budget) throw error;
      return undefined;
    } finally {
      this.#budget = budget;
    }
  }

  /** Looks at what a run has found, within steps of its own; `undefined` when they do not suffice. */
  inspect<T>(look: () => T): T | undefined {
    this.#budget = this.#steps + this.limits.stepsWithParser;
    try {
      return look();
    } catch (error) {
      if (!(error instanceof BudgetExceeded || error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  step(): void {
    this.#steps += 1;
    if (this.#steps > this.#budget) throw BUDGET_EXCEEDED;
  }

  /** A command line library is at work: the run is worth more effort. */
  noticeLibrary(isCalled: boolean): void {
    // Once the command line has been parsed, the rest of the program is of less interest.
    if (this.#hasRun()) return;
    const steps = isCalled ? this.limits.stepsWithParser : this.limits.stepsWithLibrary;
    this.#budget = Math.max(this.#budget, steps);
  }

  /** What a program does before it imports anything that has to do with command lines is of little interest. */
  beginMainPart(): void {
    if (!this.#hasLibrary) this.#budget = Math.min(this.#budget, this.#steps + this.limits.stepsOfMainPart);
  }

  /** Records that the file's command line is run here. */
  record(event: Omit<RunEvent, "conditional">): void {
    this.events.push({ ...event, conditional: this.conditional > 0 });
    if (!event.preliminary) this.#expectLittle();
  }

  #hasRun(): boolean {
    return this.events.some((event) => !event.preliminary);
  }

  /** The command line has been parsed: what follows is worth few steps only. */
  #expectLittle(): void {
    if (this.conditional === 0) this.#hasParsed = true;
    // On one side of a condition only: the parser that counts may still come.
    const { stepsAfterParse, stepsAfterMaybe } = this.limits;
    const more = this.conditional > 0 ? stepsAfterMaybe : stepsAfterParse;
    this.#budget = Math.min(this.#budget, this.#steps + more);
  }

  /**
   * A module that was imported by a name which the program puts together. What a package loads of itself when it is
   * imported is there for all programs that import it, most of which have no use for it.
   */
  noteImported({ file }: ModuleValue): void {
    if (file !== null && this.#importDepth === 0) this.#note({ kind: "module", file, name: "" });
  }

  /** What was taken out of a module: where only running the program tells which module that is, its text does not show it. */
  noteTaken({ file }: ModuleValue, value: Value): void {
    if (file !== null && this.#hidden.size > 0 && this.#hidden.has(`${file}:`)) this.noteOffered(value);
  }

  /** A function, method or class that is offered to whoever starts the program. */
  noteOffered(value: Value): void {
    const callee = value.kind === "bound" ? value.function : value;
    if (callee.kind === "class") this.#note({ kind: "class", file: callee.file, name: callee.name });
    if (callee.kind !== "function") return;
    const { file, owner, name } = callee;
    this.#note({ kind: "function", file, name: owner === null ? name : `${owner.name}.${name}` });
  }

  #note(part: HiddenPart): void {
    this.#hidden.set(`${part.file}:${part.name}`, part);
  }

  /** Parts of the program that its text does not show to be reached. */
  get hiddenParts(): readonly HiddenPart[] {
    return [...this.#hidden.values()];
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

  /** What the program is called on its command line, if that can be known. */
  get programName(): string | null {
    this.#asksForName = true;
    return this.#programName;
  }

  /** Whether the program looks at what it is called, so that under another name it may be another one. */
  get asksForName(): boolean {
    return this.#asksForName;
  }

  /** The line of the program's own statement with which it ends before its last one, as far as can be read. */
  get stoppedAt(): number | null {
    return this.#stoppedAt;
  }

  /** `__name__` of the module that a file was run as. */
  moduleName(file: string): Value {
    const name = this.#modules.get(file)?.name;
    return name === undefined ? unknown("the name of a module") : str(name);
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
    if (MACHINE_MEMBERS.has(name)) this.machineReads += 1;
    const known = owner.members?.get(name);
    if (known !== undefined) return known;
    const qualified = `${owner.name}.${name}`;
    if (qualified === "sys.argv") {
      this.#usesArguments = true;
      const name = this.programName;
      return list([name === null ? unknown("the program's own name") : str(name)], true);
    }
    if (qualified === "sys.path") return this.searchPath.value;
    if (qualified === "sys.modules")
      return dict(
        [...this.#modules.values()].map((made) => [str(made.name), made]),
        true,
      );
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

  /** Runs a module of the workspace as the program, as `python -m` does: a package by its `__main__`. */
  runAsMain(from: string, dotted: string): void {
    const main = this.source.resolve(from, 0, `${dotted}.__main__`) ?? this.source.resolve(from, 0, dotted);
    const file = main?.file ?? null;
    if (file === null || file === from || file.endsWith("__init__.py") || this.#modules.has(file)) return;
    this.#executeModule(file, "__main__");
  }

  /** What an import means, in the folders as well in which the program looks besides. */
  #resolve(from: string, level: number, dotted: string): ResolvedModule | null {
    const usual = this.source.resolve(from, level, dotted);
    if (level > 0 || !this.searchPath.isSet) return usual;
    // A module of that name may appear in one of these folders.
    for (const name of dotted.split(".")) this.missedModules.add(name);
    return this.searchPath.resolve(this.source, from, dotted, usual);
  }

  /** `import` of an absolute or relative name: the workspace's module or something external. */
  importModule(from: string, level: number, dotted: string): ModuleValue | ExternalValue {
    const found = this.#resolve(from, level, dotted);
    if (found === null) {
      const name = level > 0 ? `${".".repeat(level)}${dotted}` : dotted;
      this.missedModules.add(name.slice(name.lastIndexOf(".") + 1));
      const outside = this.external(name);
      return outside.kind === "external" ? outside : external(name);
    }
    if (found.file === null) {
      const { name, folder } = found;
      const scope = new Scope(null);
      return {
        kind: "module",
        name,
        file: null,
        scope,
        isPending: () => false,
        ...(folder !== undefined && { folder }),
      };
    }
    return this.loadModule(found.file, found.name);
  }

  /**
   * A module of the workspace. It runs at once when it has to do with command lines (its import may register commands)
   * or is a package; others run when one of their names is needed, which for most never happens.
   */
  loadModule(file: string, name: string): ModuleValue {
    if (!this.#modules.has(file)) this.#loadPackages(file, name);
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    this.filesUsed.add(file);
    const scope = new Scope(null);
    let state: "pending" | "running" | "done" = "pending";
    const run = (): Scope => {
      if (state !== "pending" || !this.#isWorthRunning(file)) return scope;
      state = "running";
      this.#runImport(file, name, scope);
      state = "done";
      return scope;
    };
    const module: ModuleValue = {
      kind: "module",
      name,
      file,
      get scope() {
        return run();
      },
      isPending: () => state === "pending",
    };
    this.#modules.set(file, module);
    if (this.source.importDeclares(file) || this.#isDeclaringPackage(file)) run();
    return module;
  }

  /** Whether a module has been imported that runs only when one of its names is needed. */
  get hasPendingModules(): boolean {
    return [...this.#modules.values()].some((module) => module.isPending());
  }

  #isWorthRunning(file: string): boolean {
    if (this.#importSteps >= this.#importCeiling) return false;
    if (this.source.importDeclares(file)) return true;
    // Once the command line has been parsed, only what might declare another one is.
    if (this.#hasParsed) return false;
    return this.#hasLibrary || this.#importSteps < this.limits.stepsOfOtherImports;
  }

  #isDeclaringPackage(file: string): boolean {
    const { isDeclaring, rests } = importsDeclaring(this.source, file);
    for (const rest of rests) this.missedModules.add(markOf(rest));
    return isDeclaring;
  }

  /**
   * The packages in which a module lies, which Python imports before it: they may import modules that add commands to
   * those of this one.
   */
  #loadPackages(file: string, name: string): void {
    if (!this.source.importDeclares(file)) return;
    const ceiling = this.#importCeiling;
    this.#importCeiling = Math.min(ceiling, this.#importSteps + this.limits.stepsOfPackages);
    try {
      for (let end = name.indexOf("."); end > 0; end = name.indexOf(".", end + 1)) {
        const found = this.source.resolve(file, 0, name.slice(0, end));
        if (found?.file === file) continue;
        if (found?.file) this.filesUsed.add(found.file);
        else this.missedModules.add(name.slice(name.lastIndexOf(".", end - 1) + 1, end));
        if (found?.file && this.#isDeclaringPackage(found.file)) this.loadModule(found.file, found.name);
      }
    } finally {
      this.#importCeiling = ceiling;
    }
  }

  /** The modules that lie in a folder of the workspace. */
  modulesIn(folder: string): readonly ListedModule[] {
    this.missedModules.add(listingOf(folder));
    const found = this.source.modulesIn(folder);
    this.charge(Math.min(found.length, this.limits.iterations));
    return found;
  }

  /** The entry points that a file may find, as far as the workspace declares them. */
  entryPoints(from: string): readonly DeclaredEntryPoint[] {
    const { points, files } = this.source.entryPoints(from);
    for (const file of files) this.filesUsed.add(file);
    this.charge(Math.min(points.length, this.limits.iterations));
    return points;
  }

  /** The functions of a module whose run was cut short, for they cost next to nothing. */
  #defineRest(file: string, scope: Scope): void {
    const frame = newFrame(file, scope, scope, null, null);
    const rest = this.source.parse(file)?.body.filter(isPlainDefinition) ?? [];
    this.#budget = this.#steps + this.limits.stepsPerImport;
    try {
      for (const statement of rest)
        if (scope.peek(statement.name) === undefined) executeBlock(this, [statement], frame);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
    }
  }

  /**
   * Runs an imported module within a budget of its own: an import that takes too long ends there, the program that
   * imports it goes on.
   */
  #runImport(file: string, name: string, scope: Scope): void {
    const outer = { steps: this.#steps, budget: this.#budget, conditional: this.conditional };
    const hadRun = this.#hasRun();
    this.#importDepth += 1;
    if (this.source.importDeclares(file)) this.#hasLibrary = true;
    this.#steps = 0;
    this.#budget = this.#stepsOfImport(file);
    this.conditional = 0;
    try {
      this.#runModule(file, name, scope);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      this.#defineRest(file, scope);
    } finally {
      this.#importSteps += this.#steps;
      this.#steps = outer.steps;
      this.#budget = outer.budget;
      this.conditional = outer.conditional;
      this.#importDepth -= 1;
      // A program that imports what has to do with command lines probably goes on to use it.
      if (this.#importDepth === 0 && this.#hasLibrary) this.noticeLibrary(false);
      if (!hadRun && this.#hasRun()) this.#expectLittle();
    }
  }

  #stepsOfImport(file: string): number {
    if (this.source.importDeclares(file)) return this.limits.stepsPerDeclaringImport;
    return this.#hasLibrary ? this.limits.stepsPerImport : this.limits.stepsOfOtherImports;
  }

  #executeModule(file: string, name: string): ModuleValue {
    if (name !== "__main__" || this.source.declaresCommandLine(file)) this.#hasLibrary = true;
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
    if (name === "__main__" ? this.source.declaresCommandLine(file) : this.source.importDeclares(file))
      this.noticeLibrary(false);
    scope.set("__name__", str(name));
    scope.set("__file__", placed(file));
    if (isPackage(file)) scope.set("__path__", list([placed(parentFolder(file))]));
    if (name !== "__main__") scope.set("__package__", str(isPackage(file) ? name : parentName(name)));
    scope.set("__doc__", docstringOf(tree) ?? NONE);
    this.depth += 1;
    try {
      const frame = newFrame(file, scope, scope, null, null);
      const end = tree.body.find((statement) => this.#executeOuter(statement, frame) !== "normal");
      if (file === this.#mainFile && end !== undefined && end !== tree.body.at(-1)) this.#stoppedAt = end.line;
    } finally {
      this.depth -= 1;
    }
  }

  /**
   * A statement at the top of a module. One that uses up the budget of a program that has to do with command lines, and has
   * not come to one yet, most likely prepares the program's own data: the rest is run once more without it.
   */
  #executeOuter(statement: Statement, frame: Frame): Completion {
    const { depth, conditional, unusual, stack } = this;
    const calls = stack.length;
    try {
      return executeBlock(this, [statement], frame);
    } catch (error) {
      if (!(error instanceof BudgetExceeded) || !this.#mayResume(frame.file)) throw error;
      this.#hasResumed = true;
      this.depth = depth;
      this.conditional = conditional;
      this.unusual = unusual;
      stack.length = calls;
      this.#budget = this.#steps + this.limits.stepsWithLibrary;
      return "normal";
    }
  }

  #mayResume(file: string): boolean {
    const isEarly = this.#budget <= this.limits.stepsWithLibrary && this.events.length === 0;
    return isEarly && !this.#hasResumed && file === this.#mainFile && this.source.declaresCommandLine(file);
  }
}

function isPackage(file: string): boolean {
  return file === "__init__.py" || file.endsWith("/__init__.py");
}

/** The package in which a module lies, empty for one at the top. */
function parentName(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

function isPlainDefinition(statement: Statement): statement is FunctionDef {
  return statement.kind === "FunctionDef" && statement.decorator_list.length === 0;
}

/** The docstring of a module, class or function body. */
export function docstringOf(node: { readonly body: Module["body"] }): Value | null {
  const first = headOf(node)[0];
  if (first?.kind !== "Expr" || first.value.kind !== "Constant" || first.value.value.type !== "str") return null;
  return str(first.value.value.value);
}
