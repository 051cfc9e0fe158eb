import { outline, type ScopeOutline } from "../analysis/index.ts";
import { type Module, parseModule } from "../python/index.ts";

/** One version of a text with what was read from it, each part once and only when it is asked for. */
export class Source {
  readonly text: string;
  #module: Module | undefined;
  #outline: ScopeOutline | undefined;
  #scopes: readonly ScopeOutline[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The syntax tree; what of the text cannot be read is left out. */
  get module(): Module {
    this.#module ??= parseModule(this.text).module;
    return this.#module;
  }

  /** The module with its classes and functions. */
  get outline(): ScopeOutline {
    this.#outline ??= outline(this.text, this.module);
    return this.#outline;
  }

  /** All scopes, the module first, each before those inside it. */
  get scopes(): readonly ScopeOutline[] {
    if (this.#scopes !== undefined) return this.#scopes;
    const scopes: ScopeOutline[] = [];
    const stack = [this.outline];
    for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
      scopes.push(scope);
      stack.push(...scope.children.toReversed());
    }
    this.#scopes = scopes;
    return scopes;
  }
}

/** More texts than this are not kept parsed: the one in use and some that one comes back to. */
const KEPT = 12;

/** Reads each version of a text once for all who ask; the least recently used are forgotten. */
export class Sources {
  readonly #known = new Map<string, Source>();

  /** What is known of a text, by its URI. Another text (a newer version) takes the place of the one before. */
  get(uri: string, text: string): Source {
    const known = this.#known.get(uri);
    const source = known?.text === text ? known : new Source(text);
    // The newest stands last.
    this.#known.delete(uri);
    this.#known.set(uri, source);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
    return source;
  }

  forget(uri: string): void {
    this.#known.delete(uri);
  }
}
