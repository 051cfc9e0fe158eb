import {
  type ClassDef,
  type Comprehension,
  type DictComp,
  type FunctionDef,
  type Lambda,
  type Node,
  walk,
} from "../../python/index.ts";
import { boundNames, statementBindings, targetBindings } from "../bindings.ts";
import { forEachStatement } from "../statements.ts";
import type { DraftVariable, Variables } from "./variables.ts";

/** Finds what functions inside a scope read and write of its variables. They run at another time: flow says nothing. */
export class NestedScopes {
  readonly #text: string;
  readonly #walrus: readonly number[];
  readonly #variables: Variables;
  /** Whether `global` in an inner function means the scope's own variables. */
  readonly #isModule: boolean;
  readonly #useInline: (variable: DraftVariable, start: number) => void;

  constructor(
    text: string,
    walrus: readonly number[],
    variables: Variables,
    isModule: boolean,
    useInline: (variable: DraftVariable, start: number) => void,
  ) {
    this.#text = text;
    this.#walrus = walrus;
    this.#variables = variables;
    this.#isModule = isModule;
    this.#useInline = useInline;
  }

  /** The body of a function or lambda; its defaults, decorators and annotations belong to the scope around it. */
  function(node: FunctionDef | Lambda, hidden: ReadonlySet<string>): void {
    const { bound, globals, nonlocals } = boundNames(this.#text, node, this.#walrus);
    const inner = new Set([...hidden, ...bound]);
    for (const name of nonlocals) inner.delete(name);
    for (const name of globals) if (this.#isModule) inner.delete(name);
    if (!this.#isModule) for (const name of globals) inner.add(name);
    if (node.kind === "Lambda") {
      this.#walk(node.body, inner, false);
      return;
    }
    for (const param of node.type_params) inner.add(param.name);
    const written = new Set([...nonlocals, ...(this.#isModule ? globals : [])]);
    if (written.size > 0) this.#writes(node, written, inner);
    for (const s of node.body) this.#walk(s, inner, false);
  }

  #writes(node: FunctionDef, names: ReadonlySet<string>, hidden: ReadonlySet<string>): void {
    forEachStatement(node.body, (s) =>
      statementBindings(this.#text, s, (binding) => {
        if (!names.has(binding.name) || hidden.has(binding.name)) return;
        this.#variables.find(binding.name)?.define(binding, true);
      }),
    );
  }

  /** A class body runs where it stands, but its names hide the scope's. */
  class(node: ClassDef, hidden: ReadonlySet<string>, inline: boolean): void {
    const { bound } = boundNames(this.#text, node, this.#walrus);
    const inner = new Set([...hidden, ...bound]);
    for (const s of node.body) this.#walk(s, inner, inline, hidden);
  }

  /**
   * @param hidden names that are not the scope's here
   * @param inline the code runs where it stands
   * @param forFunctions what is hidden inside functions, where that is less (class bodies)
   */
  #walk(root: Node, hidden: ReadonlySet<string>, inline: boolean, forFunctions = hidden): void {
    walk(root, (node) => {
      switch (node.kind) {
        case "Name":
          if (!hidden.has(node.id) && node.ctx !== "Store") this.#use(node.id, node.start, inline);
          return false;
        case "FunctionDef":
        case "AsyncFunctionDef":
          this.#each(headOf(node), hidden, inline, forFunctions);
          this.function(node, forFunctions);
          return false;
        case "Lambda":
          this.#each([...node.args.defaults, ...node.args.kw_defaults], hidden, inline, forFunctions);
          this.function(node, forFunctions);
          return false;
        case "ClassDef":
          this.#each([...node.decorator_list, ...node.bases, ...node.keywords], hidden, inline, forFunctions);
          this.class(node, forFunctions, inline);
          return false;
        case "ListComp":
        case "SetComp":
        case "DictComp":
        case "GeneratorExp":
          this.#comprehension(node, hidden, inline);
          return false;
        default:
          return true;
      }
    });
  }

  #use(name: string, start: number, inline: boolean): void {
    const variable = this.#variables.find(name);
    if (variable === undefined) return;
    if (inline) this.#useInline(variable, start);
    else variable.use(start, true);
  }

  #comprehension(node: Comprehension | DictComp, hidden: ReadonlySet<string>, inline: boolean): void {
    const inner = new Set(hidden);
    for (const { target } of node.generators) targetBindings(target, "for", ({ name }) => inner.add(name));
    this.#each(node.kind === "DictComp" ? [node.key, node.value] : [node.elt], inner, inline);
    for (const { iter, ifs } of node.generators) this.#each([iter, ...ifs], inner, inline);
  }

  #each(
    nodes: readonly (Node | null)[],
    hidden: ReadonlySet<string>,
    inline: boolean,
    forFunctions: ReadonlySet<string> = hidden,
  ): void {
    for (const node of nodes) if (node !== null) this.#walk(node, hidden, inline, forFunctions);
  }
}

/** What is evaluated where a function is defined: decorators, defaults and annotations. */
export function headOf(node: FunctionDef): readonly Node[] {
  const { posonlyargs, args, vararg, kwonlyargs, kwarg, defaults, kw_defaults } = node.args;
  const annotations = [...posonlyargs, ...args, vararg, ...kwonlyargs, kwarg].map((arg) => arg?.annotation ?? null);
  return [...node.decorator_list, ...defaults, ...kw_defaults, ...annotations, node.returns].filter(
    (part) => part !== null,
  );
}
