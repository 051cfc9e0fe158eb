/**
 * How much a graph tells apart. `branch`: only where ways part, straight code folded away; `block`: straight code
 * in one node; `statement`: a node for each statement; `expression`: as `statement`, with conditions split at `and`, `or`,
 * `not`, conditional expressions and comparison chains.
 */
export type DetailLevel = "branch" | "block" | "statement" | "expression";

export interface GraphOptions {
  /** `block` unless told. */
  readonly detail?: DetailLevel | undefined;
  /** Whether comprehensions and generator expressions get graphs of their own, after the scope that holds them. */
  readonly comprehensions?: boolean | undefined;
  /** Whether the maintainability index is worked out, which takes a walk over all expressions. */
  readonly maintainability?: boolean | undefined;
  /**
   * Whether a function never returns, by the dotted path of its import (`package.module.fail`; `.module.fail` where that
   * is relative): for those of other files. Functions of the same file and the interpreter's own exits are known without.
   */
  readonly neverReturns?: ((path: string) => boolean) | undefined;
}
