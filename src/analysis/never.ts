import type { Expression, FunctionDef } from "../python/index.ts";
import { definitions, type NameResolver } from "./names.ts";
import type { Scope } from "./scopes.ts";

const WORDS = /\b(?:NoReturn|Never)\b/;
const PATHS = /^(?:typing|typing_extensions|builtins)\.(?:NoReturn|Never)$/;

/** Tells the functions and methods of a file that are annotated `-> NoReturn` or `-> Never` (the same since 3.11). */
export class NeverAnnotations {
  readonly #resolver: NameResolver;

  constructor(resolver: NameResolver) {
    this.#resolver = resolver;
  }

  /** Whether all definitions that a callee may stand for are annotated so. */
  isAnnotated(callee: Expression, scope: Scope, isAwaited: boolean): boolean {
    if (!this.#resolver.holds(scope.text, WORDS)) return false;
    const found = this.#callees(callee, scope);
    const kind = isAwaited ? "AsyncFunctionDef" : "FunctionDef";
    return found.length > 0 && found.every((s) => s.kind === kind && this.#isNever(s.returns, scope));
  }

  /** Whether all functions of a name in a scope are annotated so, and are no coroutines. */
  isNamed(name: string, scope: Scope): boolean {
    const found = this.#resolver.functions(name, scope);
    return found.length > 0 && found.every((s) => s.kind === "FunctionDef" && this.#isNever(s.returns, scope));
  }

  /** A function by its name, a method by `self` or `cls`: whoever overrides it must keep its promise. */
  #callees(callee: Expression, scope: Scope): readonly FunctionDef[] {
    if (callee.kind === "Name") return this.#resolver.functions(callee.id, scope);
    if (callee.kind !== "Attribute" || callee.value.kind !== "Name") return [];
    const { id } = callee.value;
    if (id !== "self" && id !== "cls") return [];
    // A function inside a method may use the method's own `self`.
    const owner = this.#resolver.owner(id, scope)?.parent ?? null;
    return owner?.kind === "class" ? definitions(owner, callee.attr) : [];
  }

  #isNever(returns: Expression | null, scope: Scope): boolean {
    if (returns?.kind === "Constant" && returns.value.type === "str") return WORDS.test(returns.value.value);
    if (returns?.kind === "Attribute" && returns.value.kind === "Name") {
      const module = this.#resolver.path(returns.value.id, scope);
      return module !== null && PATHS.test(`${module}.${returns.attr}`);
    }
    if (returns?.kind !== "Name") return false;
    const path = this.#resolver.path(returns.id, scope);
    return path !== null && PATHS.test(path);
  }
}
