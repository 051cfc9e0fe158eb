import type { Interner } from "./interner.ts";
import { smallMap } from "./small-map.ts";
import {
  CallList,
  type CallSite,
  type FileSummary,
  type NameBinding,
  NO_BINDINGS,
  NO_CALLS,
  NO_NAMES,
  NO_PATHS,
  NO_READERS,
  type Path,
  type ScopeSummary,
} from "./summary.ts";

/** A summary for the disk: each text once, and numbers that say what is where. */
export interface PackedSummary {
  readonly strings: readonly string[];
  readonly data: readonly number[];
}

const SCOPES = ["module", "class", "function"] as const;
const BINDINGS = ["scope", "module", "from", "value", "annotated", "self", "parameter", "other"] as const;

/** What of a file does not depend on where the file lies. */
export function packSummary(summary: FileSummary): PackedSummary {
  const out = new Packer();
  out.number(summary.lines);
  out.list(summary.scopes, (scope) => packScope(out, scope));
  out.list(summary.imports, ({ level, module, names, line, deferred }) => {
    out
      .number(level)
      .text(module)
      .number(line)
      .flag(deferred)
      .flag(names !== null);
    if (names !== null) out.texts(names);
  });
  out.list(summary.stars, ({ level, module, line }) => out.number(level).text(module).number(line));
  out.flag(summary.exported !== null).texts(summary.exported ?? []);
  out.list([...summary.attributes], ([name, scopes]) => out.text(name).numbers([...scopes]));
  out.texts(summary.words).texts(summary.unbound).flag(summary.isScript);
  return out.packed();
}

function packScope(out: Packer, scope: ScopeSummary): void {
  out.number(SCOPES.indexOf(scope.kind)).text(scope.name).text(scope.qualname);
  out.number(scope.line).number(scope.endLine).number(scope.parent);
  out.list([...scope.bindings], ([name, bindings]) => {
    out.text(name).list(bindings, (binding) => packBinding(out, binding));
  });
  out.texts(scope.globals).texts(scope.nonlocals);
  out.list(scope.bases, (path) => out.path(path)).list(scope.decorators, (path) => out.path(path));
  out.flag(scope.attributes !== null).list([...(scope.attributes ?? [])], ([name, values]) => {
    out.text(name).list(values, ({ scope: method, path }) => out.number(method).path(path));
  });
  out.list([...scope.calls], ({ path, text, line, decorates }) =>
    out.path(path).text(text).number(line).flag(decorates),
  );
  out.list([...scope.readers], ([name, readers]) => out.text(name).numbers(readers)).flag(scope.readsByName);
}

function packBinding(out: Packer, binding: NameBinding): void {
  out.number(BINDINGS.indexOf(binding.kind)).number(binding.line);
  switch (binding.kind) {
    case "scope":
      out.number(binding.scope);
      return;
    case "from":
      out.number(binding.level).text(binding.module).text(binding.name).flag(binding.asname).flag(binding.guarded);
      return;
    case "module":
      out.text(binding.module).flag(binding.asname).flag(binding.guarded);
      return;
    case "value":
      out.path(binding.path);
      return;
    case "annotated":
      out.path(binding.path).flag(binding.parameter);
      return;
    case "self":
      out.number(binding.scope).flag(binding.type);
      return;
    case "parameter":
      return;
    case "other":
      out.flag(binding.assigned);
  }
}

class Packer {
  readonly #texts = new Map<string, number>();
  readonly #data: number[] = [];

  number(value: number): this {
    this.#data.push(value);
    return this;
  }

  flag(value: boolean): this {
    return this.number(value ? 1 : 0);
  }

  text(value: string): this {
    let index = this.#texts.get(value);
    if (index === undefined) {
      index = this.#texts.size;
      this.#texts.set(value, index);
    }
    return this.number(index);
  }

  list<T>(items: readonly T[], pack: (item: T) => unknown): this {
    this.number(items.length);
    for (const item of items) pack(item);
    return this;
  }

  texts(values: Iterable<string>): this {
    return this.list([...values], (value) => this.text(value));
  }

  numbers(values: readonly number[]): this {
    return this.list(values, (value) => this.number(value));
  }

  path(path: Path | null): this {
    return path === null ? this.number(-1) : this.texts(path);
  }

  packed(): PackedSummary {
    return { strings: [...this.#texts.keys()], data: this.#data };
  }
}

/** The summary of a file at `path`; null where the numbers make no sense. */
export function unpackSummary(path: string, packed: PackedSummary, interner: Interner): FileSummary | null {
  const input = new Unpacker(packed, interner);
  try {
    const lines = input.number();
    const scopes = input.list(() => unpackScope(input));
    const imports = input.list(() => {
      const [level, module, line, deferred] = [input.number(), input.text(), input.number(), input.flag()];
      return { level, module, line, deferred, names: input.flag() ? input.texts() : null };
    });
    const stars = input.list(() => ({ level: input.number(), module: input.text(), line: input.number() }));
    const isExporting = input.flag();
    const exported = new Set(input.texts());
    const attributes = new Map(input.list(() => [input.text(), new Set(input.numbers())]));
    const words = new Set(input.texts());
    const unbound = new Set(input.texts());
    const isScript = input.flag();
    const isWhole =
      input.isAtEnd && scopes.length > 0 && scopes.every((scope, at) => isSound(scope, at, scopes.length));
    if (!isWhole) return null;
    const known = { path, lines, scopes, imports, stars, attributes, words, unbound, isScript };
    return { ...known, exported: isExporting ? exported : null };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What refers to a scope must find it, and parents come first, so that every way outwards ends. */
function isSound(scope: ScopeSummary, at: number, count: number): boolean {
  const isPlace = (index: number): boolean => index >= 0 && index < count;
  const isOutside =
    at === 0 ? scope.parent === -1 && scope.kind === "module" : isPlace(scope.parent) && scope.parent < at;
  if (!isOutside || scope.line < 1 || scope.endLine < 1) return false;
  for (const bindings of scope.bindings.values()) {
    for (const one of bindings) if ((one.kind === "scope" || one.kind === "self") && !isPlace(one.scope)) return false;
  }
  return scope.calls.isSound;
}

function unpackScope(input: Unpacker): ScopeSummary {
  const kind = input.oneOf(SCOPES);
  const [name, qualname] = [input.text(), input.text()];
  const [line, endLine, parent] = [input.number(), input.number(), input.number()];
  const bindings = input.list((): [string, NameBinding[]] => [input.text(), input.list(() => unpackBinding(input))]);
  const [globals, nonlocals] = [input.texts(), input.texts()];
  const bases = input.list(() => input.path());
  const decorators = input.list(() => input.path());
  const hasAttributes = input.flag();
  const attributes = input.list((): [string, { scope: number; path: Path | null }[]] => [
    input.text(),
    input.list(() => ({ scope: input.number(), path: input.path() })),
  ]);
  const calls = input.list(
    (): CallSite => ({ path: input.path(), text: input.text(), line: input.number(), decorates: input.flag() }),
  );
  const readers = input.list((): [string, number[]] => [input.text(), input.numbers()]);
  return {
    ...{ kind, name, qualname, line, endLine, parent },
    bindings: bindings.length === 0 ? NO_BINDINGS : smallMap(bindings),
    bases: bases.length === 0 ? NO_PATHS : bases,
    decorators: decorators.length === 0 ? NO_PATHS : decorators,
    calls: calls.length === 0 ? NO_CALLS : new CallList(calls),
    globals: globals.length === 0 ? NO_NAMES : new Set(globals),
    nonlocals: nonlocals.length === 0 ? NO_NAMES : new Set(nonlocals),
    attributes: hasAttributes ? new Map(attributes) : null,
    readers: readers.length === 0 ? NO_READERS : new Map(readers),
    readsByName: input.flag(),
  };
}

function unpackBinding(input: Unpacker): NameBinding {
  const kind = input.oneOf(BINDINGS);
  const line = input.number();
  switch (kind) {
    case "scope":
      return { kind, line, scope: input.number() };
    case "from": {
      const level = input.number();
      const [module, name] = [input.text(), input.text()];
      return { kind, line, level, module, name, asname: input.flag(), guarded: input.flag() };
    }
    case "module":
      return { kind, line, module: input.text(), asname: input.flag(), guarded: input.flag() };
    case "value":
      return { kind, line, path: input.path() ?? [] };
    case "annotated":
      return { kind, line, path: input.path() ?? [], parameter: input.flag() };
    case "self":
      return { kind, line, scope: input.number(), type: input.flag() };
    case "parameter":
      return input.shared("parameter", { kind, line });
    case "other": {
      const assigned = input.flag();
      return input.shared(`other ${assigned} ${line}`, { kind, line, assigned });
    }
  }
}

/** Reads in the order in which it was written; throws a RangeError where there is nothing that fits. */
class Unpacker {
  readonly #strings: readonly string[];
  readonly #data: readonly number[];
  readonly #interner: Interner;
  readonly #shared = new Map<string, NameBinding>();
  #at = 0;

  constructor({ strings, data }: PackedSummary, interner: Interner) {
    this.#strings = strings.map((text) => interner.name(text));
    this.#data = data;
    this.#interner = interner;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#data.length;
  }

  number(): number {
    const value = this.#data[this.#at++];
    if (value === undefined || !Number.isSafeInteger(value)) throw new RangeError("no number");
    return value;
  }

  flag(): boolean {
    return this.number() !== 0;
  }

  oneOf<T>(words: readonly T[]): T {
    const word = words[this.number()];
    if (word === undefined) throw new RangeError("no such word");
    return word;
  }

  text(): string {
    return this.oneOf(this.#strings);
  }

  #items<T>(count: number, read: () => T): T[] {
    // Each item takes one number at least.
    if (count < 0 || count > this.#data.length - this.#at) throw new RangeError("no such list");
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  list<T>(read: () => T): T[] {
    return this.#items(this.number(), read);
  }

  texts(): string[] {
    return this.list(() => this.text());
  }

  numbers(): number[] {
    return this.list(() => this.number());
  }

  path(): Path | null {
    const count = this.number();
    return count === -1 ? null : this.#interner.path(this.#items(count, () => this.text()));
  }

  /** One object for all bindings that say the same. */
  shared(key: string, binding: NameBinding): NameBinding {
    const known = this.#shared.get(key) ?? binding;
    this.#shared.set(key, known);
    return known;
  }
}
