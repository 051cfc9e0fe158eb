import {
  type Expression,
  type FunctionDef,
  type FunctionPlace,
  functionAt,
  headOf,
  type Module,
  type Statement,
  unreadBody,
} from "../../python/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { isSameText, type TextMark } from "../source-text.ts";
import { blocksOf } from "./blocks.ts";

/** A function of a file, and the text that it stands in. */
export interface FunctionText {
  readonly node: FunctionDef;
  readonly text: string;
}

/** A function that may be read when somebody asks for it. */
export interface KnownFunction extends FunctionPlace {
  /** It takes nothing and is short: it may do nothing but ask about the system. */
  readonly isBrief: boolean;
}

/** Longest function, in characters, that is taken for a question. */
const MAX_QUESTION = 400;

/** Decorators that keep an answer. */
const KEEPING: ReadonlySet<string> = new Set(["cache", "lru_cache", "cached"]);

const NONE: readonly KnownFunction[] = [];

/**
 * Where the functions and methods of a file stand. Each is read by itself when it is asked for: out of the tree while that is
 * there, else out of the text, without reading anything around it again.
 */
export class FileFunctions {
  readonly #file: string;
  readonly #store: ModuleStore;
  readonly #mark: TextMark;
  /** Some of them can only be read with all that is around them. */
  readonly #isWhole: boolean;
  /** By qualified name; of one name, the last one first. */
  readonly #byName = new Map<string, KnownFunction[]>();
  /** What stands right in a class, in the order of the file. */
  readonly #methods = new Map<string, KnownFunction[]>();
  /** As long as the tree is there. */
  readonly #nodes = new WeakMap<Module, ReadonlyMap<number, FunctionDef>>();

  constructor(parsed: ParsedFile, store: ModuleStore) {
    this.#file = parsed.file;
    this.#store = store;
    this.#mark = parsed.mark;
    this.#isWhole = parsed.outline.isWhole;
    this.#collect(parsed.module.body, null);
  }

  #collect(body: readonly Statement[], owner: string | null): void {
    for (const statement of body) {
      if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef") this.#add(statement, owner);
      else if (statement.kind === "ClassDef" && owner === null) this.#class(statement.name, statement.body);
      else for (const block of blocksOf(statement)) this.#collect(block, owner);
    }
  }

  #class(name: string, body: readonly Statement[]): void {
    this.#collect(body, name);
    const methods = body.map((item) =>
      item.kind === "FunctionDef" || item.kind === "AsyncFunctionDef"
        ? this.of(`${name}.${item.name}`).find(({ start }) => start === item.start)
        : undefined,
    );
    // A class of the same name stands in the place of the one before.
    this.#methods.set(
      name,
      methods.filter((known) => known !== undefined),
    );
  }

  #add(node: FunctionDef, owner: string | null): void {
    const { start, end, line } = node;
    const known = { start, end, line, isBrief: owner === null && isBrief(node) };
    const name = owner === null ? node.name : `${owner}.${node.name}`;
    const list = this.#byName.get(name);
    if (list === undefined) this.#byName.set(name, [known]);
    else list.unshift(known);
  }

  /** The functions of a qualified name, the last one first. */
  of(name: string): readonly KnownFunction[] {
    return this.#byName.get(name) ?? NONE;
  }

  methodsOf(className: string): readonly KnownFunction[] {
    return this.#methods.get(className) ?? NONE;
  }

  /**
   * Reads a function of the file.
   * @param mayMatter tells by a look at the text of a function that nobody has read whether it matters
   * @returns `null` where it does not, or the file is not as it was
   */
  read(place: FunctionPlace, mayMatter?: (text: string) => boolean): FunctionText | null {
    const parsed = this.#store.peek(this.#file);
    if (parsed !== null) return this.#ofTree(parsed, place, mayMatter);
    const source = this.#isWhole ? null : this.#store.source(this.#file);
    if (source !== null && isSameText(source.mark, this.#mark)) {
      const { text } = source;
      if (mayMatter?.(text.slice(place.start, place.end)) === false) return null;
      const node = functionAt(text, place);
      if (node !== null) return { node, text };
    }
    const again = this.#store.read(this.#file);
    return again === null ? null : this.#ofTree(again, place, mayMatter);
  }

  #ofTree(parsed: ParsedFile, { start }: FunctionPlace, mayMatter?: (text: string) => boolean): FunctionText | null {
    if (!isSameText(parsed.mark, this.#mark)) return null;
    const node = this.#nodesOf(parsed.module).get(start);
    if (node === undefined) return null;
    const unread = mayMatter === undefined ? null : unreadBody(node);
    // What it begins with has been read, to find its documentation.
    const isUnread = unread !== null && headOf(node).every(({ kind }) => kind === "Expr");
    if (isUnread && mayMatter?.(unread) === false) return null;
    return { node, text: parsed.text };
  }

  #nodesOf(module: Module): ReadonlyMap<number, FunctionDef> {
    let nodes = this.#nodes.get(module);
    if (nodes === undefined) {
      const found = new Map<number, FunctionDef>();
      collectNodes(module.body, found);
      nodes = found;
      this.#nodes.set(module, nodes);
    }
    return nodes;
  }
}

function collectNodes(body: readonly Statement[], found: Map<number, FunctionDef>): void {
  for (const statement of body) {
    if (statement.kind === "FunctionDef" || statement.kind === "AsyncFunctionDef")
      found.set(statement.start, statement);
    else if (statement.kind === "ClassDef") collectNodes(statement.body, found);
    else for (const block of blocksOf(statement)) collectNodes(block, found);
  }
}

function isBrief({ args, decorator_list, start, end }: FunctionDef): boolean {
  if (end - start > MAX_QUESTION || !decorator_list.every(isKeeping)) return false;
  const takes = args.posonlyargs.length + args.args.length + args.kwonlyargs.length > 0 || args.vararg !== null;
  return !takes && args.kwarg === null;
}

function isKeeping(decorator: Expression): boolean {
  const used = decorator.kind === "Call" ? decorator.func : decorator;
  return KEEPING.has(used.kind === "Attribute" ? used.attr : used.kind === "Name" ? used.id : "");
}
