import { join, type Value } from "./values.ts";

/** The names of one module, class body or function call, and where the names around it are looked up. */
export class Scope {
  #names: Map<string, Value>;
  readonly parent: Scope | null;

  constructor(parent: Scope | null, names: Map<string, Value> = new Map()) {
    this.parent = parent;
    this.#names = names;
  }

  /** The value of a name in this scope alone. */
  own(name: string): Value | undefined {
    return this.#names.get(name);
  }

  lookup(name: string): Value | undefined {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      const value = scope.#names.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#names.entries();
  }

  /** The names as they are now; a later assignment does not change them. */
  snapshot(): ReadonlyMap<string, Value> {
    return new Map(this.#names);
  }

  restore(names: ReadonlyMap<string, Value>): void {
    this.#names = new Map(names);
  }

  /** Sets the names to what holds when any of several ways may have been taken. */
  restoreJoined(ways: readonly ReadonlyMap<string, Value>[]): void {
    const [first, ...others] = ways;
    if (first === undefined) return;
    const names = new Map(first);
    for (const other of others) {
      for (const [name, value] of other) {
        const known = names.get(name);
        names.set(name, known === undefined ? value : join(known, value));
      }
    }
    this.#names = names;
  }
}
