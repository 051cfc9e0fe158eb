import { join, type Value } from "./values.ts";

/** A value that is worked out when it is first looked at: a name imported from a module that has not been run yet. */
export interface LazyValue {
  readonly kind: "lazy";
  readonly force: () => Value;
}

type Entry = Value | LazyValue | null;

/** Names that were set (or, with `null`, deleted) on one way through the code. */
export type Changes = ReadonlyMap<string, Entry>;

/** The names of one module, class body or function call, and where the names around it are looked up. */
export class Scope {
  readonly #names = new Map<string, Entry>();
  /** Changes on the ways that are being taken now, innermost last; the base stays as it is meanwhile. */
  #layers: Map<string, Entry>[] | null = null;
  /** Values that are being worked out now. */
  #forcing: Set<LazyValue> | null = null;
  readonly parent: Scope | null;

  constructor(parent: Scope | null) {
    this.parent = parent;
  }

  /** The value of a name in this scope alone. */
  own(name: string): Value | undefined {
    const entry = this.#entry(name);
    if (entry?.kind !== "lazy") return entry ?? undefined;
    // Modules that import the same name from each other do not have it.
    this.#forcing ??= new Set();
    if (this.#forcing.has(entry)) return undefined;
    this.#forcing.add(entry);
    const value = entry.force();
    this.#forcing.delete(entry);
    // Assigned below all layers: it was imported before they began, or is the same on every way.
    this.#names.set(name, value);
    this.#layers?.at(-1)?.set(name, value);
    return value;
  }

  /** What stands for a name in this scope alone, without working out what has been put off. */
  peek(name: string): Value | LazyValue | undefined {
    return this.#entry(name) ?? undefined;
  }

  #entry(name: string): Entry | undefined {
    const layers = this.#layers;
    if (layers !== null) {
      for (let level = layers.length - 1; level >= 0; level -= 1) {
        const entry = layers[level]?.get(name);
        if (entry !== undefined) return entry;
      }
    }
    return this.#names.get(name);
  }

  lookup(name: string): Value | undefined {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      const value = scope.own(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(name: string, value: Value | LazyValue): void {
    (this.#layers?.at(-1) ?? this.#names).set(name, value);
  }

  delete(name: string): void {
    (this.#layers?.at(-1) ?? this.#names).set(name, null);
  }

  /** All names in order of definition; imported ones that nobody looked at yet stay lazy. */
  entries(): [string, Value | LazyValue][] {
    const merged = new Map(this.#names);
    for (const layer of this.#layers ?? []) for (const [name, entry] of layer) merged.set(name, entry);
    return [...merged].flatMap(([name, entry]) => (entry === null ? [] : [[name, entry]]));
  }

  /** All values that are known without running anything more. */
  values(): Value[] {
    return this.entries().flatMap(([, entry]) => (entry.kind === "lazy" ? [] : [entry]));
  }

  /** Begins one of several ways: until {@link leave}, changes are kept apart. */
  enter(): void {
    this.#layers ??= [];
    this.#layers.push(new Map());
  }

  /** Ends a way. @returns what it changed, which no longer holds */
  leave(): Changes {
    return this.#layers?.pop() ?? new Map();
  }

  /** Sets the names to what holds when any of several ways may have been taken. */
  apply(ways: readonly Changes[]): void {
    const names = new Set(ways.flatMap((way) => [...way.keys()]));
    for (const name of names) {
      const before = this.#entry(name);
      const entries = ways.map((way) => way.get(name) ?? before ?? undefined).filter((entry) => entry !== undefined);
      const [first, ...others] = entries;
      if (first === undefined) this.delete(name);
      else this.set(name, others.reduce(joinEntries, first));
    }
  }
}

function joinEntries(left: Value | LazyValue, right: Value | LazyValue): Value | LazyValue {
  if (left === right) return left;
  // What was imported on one way is what the code goes on to use.
  if (left.kind === "lazy") return left;
  return right.kind === "lazy" ? right : join(left, right);
}
