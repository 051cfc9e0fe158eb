import type { Scope } from "./scope.ts";
import type { ClassValue, Value } from "./values.ts";

/** Names of one activation: a module body, a class body or a function call. */
export interface Frame {
  readonly file: string;
  readonly scope: Scope;
  readonly moduleScope: Scope;
  /** Names declared `global` or `nonlocal`, with the scope that owns them. */
  redirects: Map<string, Scope> | null;
  readonly owner: ClassValue | null;
  readonly self: Value | null;
  readonly returns: Value[];
  readonly yields: Value[];
  isGenerator: boolean;
  /** A generator may give other things than `yields`, or not all of them. */
  yieldsMore: boolean;
  /** How often one side of a condition that is not known has left a loop. */
  maybeBroken: number;
  /** How many conditions that are not known surround the call. */
  madeUnder: number;
  /** It is in the body of a `try` that catches `KeyError`: a key that is not there leads on to the handler. */
  catchesKeys: boolean;
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
    redirects: null,
    owner,
    self,
    returns: [],
    yields: [],
    isGenerator: false,
    yieldsMore: false,
    maybeBroken: 0,
    madeUnder: 0,
    catchesKeys: false,
  };
}
