import type { DefinitionKind, VariableScope } from "../../model/index.ts";
import type { Binding } from "../bindings.ts";

interface DraftDefinition {
  readonly kind: DefinitionKind;
  readonly start: number;
  readonly length: number;
  readonly nested: boolean;
}

interface DraftUse {
  readonly start: number;
  readonly length: number;
  captured: boolean;
}

/** A variable with what was found of it so far. Statements that are read twice (`finally`) count once. */
export class DraftVariable {
  readonly index: number;
  readonly name: string;
  readonly scope: VariableScope;
  readonly definitions: DraftDefinition[] = [];
  readonly uses: DraftUse[] = [];
  readonly #definitionAt = new Map<number, number>();
  readonly #useAt = new Map<number, number>();

  constructor(index: number, name: string, scope: VariableScope) {
    this.index = index;
    this.name = name;
    this.scope = scope;
  }

  /** @returns the definition's index */
  define({ kind, start, length }: Binding, nested: boolean): number {
    const known = this.#definitionAt.get(start);
    if (known !== undefined) return known;
    this.#definitionAt.set(start, this.definitions.length);
    return this.definitions.push({ kind, start, length, nested }) - 1;
  }

  /** @returns the use's index */
  use(start: number, captured: boolean): number {
    const known = this.#useAt.get(start);
    if (known !== undefined) return known;
    this.#useAt.set(start, this.uses.length);
    return this.uses.push({ start, length: this.name.length, captured }) - 1;
  }
}

/** The variables of a scope by name, those of the comprehensions around the current place first. */
export class Variables {
  readonly all: DraftVariable[] = [];
  readonly #own = new Map<string, DraftVariable>();
  readonly #comprehensions: ReadonlyMap<string, DraftVariable>[] = [];

  declare(name: string, scope: VariableScope): DraftVariable {
    const known = this.#own.get(name);
    if (known !== undefined) return known;
    const variable = new DraftVariable(this.all.length, name, scope);
    this.all.push(variable);
    this.#own.set(name, variable);
    return variable;
  }

  find(name: string): DraftVariable | undefined {
    for (let i = this.#comprehensions.length - 1; i >= 0; i--) {
      const variable = this.#comprehensions[i]?.get(name);
      if (variable !== undefined) return variable;
    }
    return this.#own.get(name);
  }

  /** The scope's own variable, comprehensions left out: where a walrus stores. */
  own(name: string): DraftVariable | undefined {
    return this.#own.get(name);
  }

  /** Runs `body` inside a comprehension with targets of these names. */
  inComprehension(names: ReadonlySet<string>, body: () => void): void {
    const scope = new Map<string, DraftVariable>();
    for (const name of names) {
      const variable = new DraftVariable(this.all.length, name, "comprehension");
      this.all.push(variable);
      scope.set(name, variable);
    }
    this.#comprehensions.push(scope);
    body();
    this.#comprehensions.pop();
  }
}
