import type { Arguments, Expression, FunctionDef, Statement } from "../python/index.ts";
import { constantTruth } from "./expressions.ts";
import type { NameResolver } from "./names.ts";
import { NeverAnnotations } from "./never.ts";
import type { Scope } from "./scopes.ts";

/** How a call that does not come back ends: by the exception SystemExit, with the process, or by some exception. */
type Ending = "SystemExit" | "process" | "exception";

/** Calls that do not come back, by the path of the import that names them. */
const NEVER_RETURN: ReadonlyMap<string, Ending> = new Map([
  ["sys.exit", "SystemExit"],
  ["builtins.exit", "SystemExit"],
  ["builtins.quit", "SystemExit"],
  ["os._exit", "process"],
  ["os.abort", "process"],
  ["posix._exit", "process"],
  ["posix.abort", "process"],
  ["nt._exit", "process"],
]);
/** Their last parts, which spare nearly every call the look-up. */
const EXITS: ReadonlySet<string> = new Set(["exit", "quit", "_exit", "abort"]);
const BUILTINS = "builtins.";

/** Defaults of keyword-only parameters are put into a dictionary, which a call makes. */
function hasKeywordDefault({ kw_defaults }: Arguments): boolean {
  return kw_defaults.some((e) => e !== null);
}

/**
 * Tells which statements of a scope can raise, and which calls never return.
 *
 * Nothing that can raise is taken for safe: any name may be unbound, any operator, attribute or truth test may run code.
 * Safe are constants and tuples and lists of them, and storing them in a variable.
 */
export class Raising {
  readonly #scope: Scope;
  readonly #resolver: NameResolver;
  readonly #never: NeverAnnotations;
  readonly #isKnown: ((path: string) => boolean) | undefined;

  /** @param isKnown whether a function elsewhere, by the dotted path of its import, never returns */
  constructor(scope: Scope, resolver: NameResolver, isKnown?: (path: string) => boolean) {
    this.#scope = scope;
    this.#resolver = resolver;
    this.#never = new NeverAnnotations(resolver);
    this.#isKnown = isKnown;
  }

  /** Of a simple statement, a `def` or a `class`. */
  statement(s: Statement): boolean {
    switch (s.kind) {
      case "Pass":
      case "Break":
      case "Continue":
      case "Global":
      case "Nonlocal":
        // In `class C: pass`, the line of the class is also where its body sets the names that every class has.
        return this.#scope.kind === "class" && s.line === this.#scope.line;
      default:
        // A class body (an Enum's, say) and what exec runs may have a mapping of its own ways for its names.
        return this.#scope.kind !== "function" || this.#inFunction(s);
    }
  }

  #inFunction(s: Statement): boolean {
    switch (s.kind) {
      case "Return":
        return s.value !== null && this.expression(s.value);
      case "Raise":
        return s.exc !== null;
      case "Expr":
        return this.expression(s.value);
      case "Assign":
        return this.expression(s.value) || s.targets.some(this.stores);
      case "AnnAssign":
        return s.value === null ? s.target.kind !== "Name" : this.expression(s.value) || this.stores(s.target);
      case "FunctionDef":
      case "AsyncFunctionDef":
        return this.#definition(s);
      case "Assert":
        return constantTruth(s.test) !== true || this.test(s.test);
      default:
        return true;
    }
  }

  #definition({ name, decorator_list, args, returns }: FunctionDef): boolean {
    if (decorator_list.length > 0 || returns !== null || this.#isShared(name)) return true;
    const { posonlyargs, args: usual, kwonlyargs, vararg, kwarg } = args;
    return (
      this.#anyOf(args.defaults) ||
      hasKeywordDefault(args) ||
      [...posonlyargs, ...usual, ...kwonlyargs, vararg, kwarg].some((arg) => arg !== null && arg.annotation !== null)
    );
  }

  #anyOf(list: readonly (Expression | null)[]): boolean {
    return list.some((e) => e !== null && this.expression(e));
  }

  /** Of an expression whose truth is asked for. */
  test(e: Expression): boolean {
    // In `x and 0`, the truth of `x` is asked for although it decides nothing.
    if (e.kind === "UnaryOp" && e.op === "Not") return this.test(e.operand);
    return e.kind === "BoolOp" || constantTruth(e) === null;
  }

  expression(e: Expression): boolean {
    switch (e.kind) {
      case "Constant":
        return false;
      case "List":
        // A longer one is filled by a call.
        return e.elts.length > 2 || this.#anyOf(e.elts);
      case "Tuple":
        return this.#anyOf(e.elts);
      case "JoinedStr":
        return e.values.some((value) => value.kind !== "Constant");
      case "Lambda":
        return this.#anyOf(e.args.defaults) || hasKeywordDefault(e.args);
      case "UnaryOp":
        return e.operand.kind !== "Constant";
      case "NamedExpr":
        return this.expression(e.value) || this.stores(e.target);
      default:
        return true;
    }
  }

  /** Whether storing in a target may fail: in anything but a local variable that no scope inside shares. */
  readonly stores = (target: Expression): boolean =>
    this.#scope.kind === "class" ||
    this.#scope.kind === "module" ||
    target.kind !== "Name" ||
    this.#isShared(target.id);

  #isShared(name: string): boolean {
    return this.#scope.declared.has(name) || this.#resolver.captured(this.#scope).has(name);
  }

  /**
   * How a statement of one call (awaited, perhaps) ends that never returns: `sys.exit(…)`, `os._exit(…)`, `exit()`,
   * `quit()`, functions and methods of the file that are annotated so, and what the caller knows; null for all else.
   */
  neverReturns(value: Expression): Ending | null {
    const isAwaited = value.kind === "Await";
    const call = isAwaited ? value.value : value;
    if (call.kind !== "Call") return null;
    const callee = call.func;
    const exit = isAwaited ? null : this.#exit(callee);
    if (exit !== null) return exit;
    if (this.#never.isAnnotated(callee, this.#scope, isAwaited)) return "exception";
    return this.#isKnown !== undefined && this.#isForeign(callee, this.#isKnown) ? "exception" : null;
  }

  #exit(callee: Expression): Ending | null {
    if (callee.kind === "Name") {
      if (!EXITS.has(callee.id)) return null;
      const path = this.#resolver.path(callee.id, this.#scope);
      return path === null ? null : (NEVER_RETURN.get(path) ?? null);
    }
    if (callee.kind !== "Attribute" || !EXITS.has(callee.attr) || callee.value.kind !== "Name") return null;
    const module = this.#resolver.path(callee.value.id, this.#scope);
    // A module that nothing imports here (a star import, perhaps) is taken by its name.
    const path = module?.startsWith(BUILTINS) === true ? module.slice(BUILTINS.length) : module;
    return path === null ? null : (NEVER_RETURN.get(`${path}.${callee.attr}`) ?? null);
  }

  #isForeign(callee: Expression, isKnown: (path: string) => boolean): boolean {
    let rest = "";
    let at = callee;
    while (at.kind === "Attribute") {
      rest = `.${at.attr}${rest}`;
      at = at.value;
    }
    const path = at.kind === "Name" ? this.#resolver.path(at.id, this.#scope) : null;
    return path !== null && !path.startsWith(BUILTINS) && isKnown(path + rest);
  }
}
