/** What a map is asked here, so that a small one may be something smaller. */
export type ReadMap<V> = Pick<ReadonlyMap<string, V>, "get" | "has" | "values" | typeof Symbol.iterator>;

/** Entries up to which a look at all of them is as good as a hash. */
const MOST_SMALL = 8;

/** A few names and their values in two lists: JavaScript's own maps take some 400 bytes, however little is in them. */
class SmallMap<V> implements ReadMap<V> {
  readonly #names: readonly string[];
  readonly #values: readonly V[];

  constructor(names: readonly string[], values: readonly V[]) {
    this.#names = names;
    this.#values = values;
  }

  get(name: string): V | undefined {
    const at = this.#names.indexOf(name);
    return at < 0 ? undefined : this.#values[at];
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  values(): MapIterator<V> {
    return this.#values.values();
  }

  *[Symbol.iterator](): MapIterator<[string, V]> {
    for (const [index, value] of this.#values.entries()) yield [this.#names[index] ?? "", value];
  }
}

/** A map that is written once and takes as little room as it can. */
export function smallMap<V>(entries: readonly (readonly [string, V])[]): ReadMap<V> {
  if (entries.length > MOST_SMALL) return new Map(entries);
  return new SmallMap(
    entries.map(([name]) => name),
    entries.map(([, value]) => value),
  );
}
