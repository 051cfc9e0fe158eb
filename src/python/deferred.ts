import type { Arguments, Expression, FunctionDef, Module, Statement, SyntaxProblem, TypeParam } from "./ast.ts";
import { blockEnd, TAB_SIZE } from "./block-end.ts";
import { type ParsedModule, parseModule } from "./parse.ts";
import { type FunctionHeader, Parser } from "./parser.ts";
import * as t from "./tokens.ts";
import { walk } from "./traverse.ts";

/** Where the rest of a body stands that has not been read. */
interface Place {
  readonly start: number;
  readonly line: number;
  /** Where the first line begins that no longer belongs to it. */
  readonly end: number;
  readonly column: number;
  /** The same with each tab counted as one. */
  readonly alternate: number;
  /** How many blocks are around it, itself included. */
  readonly blocks: number;
}

/** The text that deferred functions stand in. */
class Source {
  readonly text: string;
  readonly functions: DeferredFunction[] = [];
  /** Characters of what has been read and is kept. */
  charactersRead = 0;
  #whole: ParsedModule | null = null;
  #bodies: ReadonlyMap<number, readonly Statement[]> | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** The module read at once: where a body is broken, what is around it helps to make the best of it. */
  get whole(): ParsedModule {
    this.#whole ??= parseModule(this.text);
    return this.#whole;
  }

  /** The body of the function that begins at `start`, when the module is read at once. */
  bodyAt(start: number): readonly Statement[] | undefined {
    if (this.#bodies === null) {
      const bodies = new Map<number, readonly Statement[]>();
      walk(this.whole.module, (node) => {
        if (node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef") bodies.set(node.start, node.body);
      });
      this.#bodies = bodies;
    }
    return this.#bodies.get(start);
  }
}

/** A function whose body is read when somebody looks at it. */
class DeferredFunction implements FunctionDef {
  readonly kind: FunctionDef["kind"];
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly endLine: number;
  readonly name: string;
  readonly args: Arguments;
  readonly decorator_list: readonly Expression[];
  readonly returns: Expression | null;
  readonly type_params: readonly TypeParam[];
  /** What the body begins with when that may be its documentation; else nothing. */
  readonly head: readonly Statement[];
  readonly #source: Source;
  readonly #place: Place;
  #body: readonly Statement[] | null = null;
  /** Whether there is something wrong with the body; `null` for one that nobody has read. */
  #isBroken: boolean | null = null;

  constructor(node: FunctionDef, place: Place, source: Source) {
    this.kind = node.kind;
    this.start = node.start;
    this.end = node.end;
    this.line = node.line;
    this.endLine = node.endLine;
    this.name = node.name;
    this.args = node.args;
    this.decorator_list = node.decorator_list;
    this.returns = node.returns;
    this.type_params = node.type_params;
    this.head = node.body;
    this.#source = source;
    this.#place = place;
  }

  get isBroken(): boolean {
    if (this.#isBroken === null) this.read();
    return this.#isBroken === true;
  }

  get body(): readonly Statement[] {
    if (this.#body === null) {
      this.#body = this.read();
      this.#source.charactersRead += this.#place.end - this.#place.start;
    }
    return this.#body;
  }

  /** The text of what has not been read of the body; empty when all has. */
  get unread(): string {
    const { start, end } = this.#place;
    return this.#body === null ? this.#source.text.slice(start, end) : "";
  }

  /** The body, read anew unless it is kept already. */
  read(): readonly Statement[] {
    if (this.#body !== null) return this.#body;
    const { text } = this.#source;
    const parser = new DeferredBodyParser(text, this.#place);
    const rest = parser.rest();
    this.#isBroken = parser.problemCount > 0;
    if (!this.#isBroken) return [...this.head, ...rest];
    return this.#source.bodyAt(this.start) ?? [...this.head, ...rest];
  }
}

/** Reads what stands at a place as the rest of a block. */
class DeferredBodyParser extends Parser {
  constructor(text: string, { start, line, end, column, alternate, blocks }: Place) {
    super(text, { corrections: null, unicodeNames: null, end });
    this.blocks = blocks;
    this.beginInBlock(start, line, column, alternate);
  }

  rest(): Statement[] {
    const body: Statement[] = [];
    this.statements(body);
    return body;
  }
}

/** Reads a module without the bodies of its functions. */
class OutlineParser extends Parser {
  readonly #source: Source;
  /** The next block is the body of a function. */
  #isBodyNext: boolean = false;
  /** What was passed over of the block that was read last. */
  #place: Place | null = null;
  /** Characters that were passed over. */
  passed = 0;

  constructor(source: Source) {
    super(source.text, { corrections: null, unicodeNames: null });
    this.#source = source;
  }

  protected override withBody(header: FunctionHeader): FunctionDef {
    this.#isBodyNext = this.kind === t.NEWLINE && this.problemCount === 0;
    this.#place = null;
    const node = super.withBody(header);
    this.#isBodyNext = false;
    const place = this.#place;
    if (place === null) return node;
    this.#place = null;
    const deferred = new DeferredFunction(node, place, this.#source);
    this.#source.functions.push(deferred);
    return deferred;
  }

  protected override inBlock(body: Statement[]): void {
    if (this.#isBodyNext) {
      this.#isBodyNext = false;
      // This may be the function's documentation.
      if (this.kind === t.STRING || this.kind === t.LPAR) this.statement(body);
      this.#place = this.#passOver();
      if (this.#place !== null) return;
    }
    super.inBlock(body);
    this.#place = null;
  }

  /** Passes over the rest of the block; `null`, and nothing is passed over, where that is not sure to be right. */
  #passOver(): Place | null {
    if (this.kind <= t.DEDENT || this.problemCount > 0) return null;
    const { start, line, blocks } = this;
    const { column, alternate } = this.indentation;
    const end = blockEnd(this.text, start, line, column);
    if (end === null) return null;
    this.passed += end.next - start;
    this.resumeAtLine(end);
    return { start, line, end: end.next, column, alternate, blocks };
  }
}

/** Where a function stands in the text of a module: from its `def`, or `async`, to the end of its last token. */
export interface FunctionPlace {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** Reads what stands at a place as one function of a block. */
class FunctionParser extends Parser {
  constructor(text: string, { start, end, line }: FunctionPlace) {
    super(text, { corrections: null, unicodeNames: null, end });
    const { column, alternate } = indentationBefore(text, start);
    this.beginInBlock(start, line, column, alternate);
  }

  only(): FunctionDef | null {
    const body: Statement[] = [];
    this.statements(body);
    const [node] = body;
    const isFunction = node?.kind === "FunctionDef" || node?.kind === "AsyncFunctionDef";
    return isFunction && body.length === 1 && this.problemCount === 0 ? node : null;
  }
}

/** The columns of a token that is the first one on its line. */
function indentationBefore(text: string, start: number): { readonly column: number; readonly alternate: number } {
  let begin = start;
  while (begin > 0 && " \t\f".includes(text.charAt(begin - 1))) begin--;
  let column = 0;
  let alternate = 0;
  for (let pos = begin; pos < start; pos++) {
    const c = text.charCodeAt(pos);
    if (c === 12) {
      column = 0;
      alternate = 0;
    } else {
      column = c === 9 ? (Math.floor(column / TAB_SIZE) + 1) * TAB_SIZE : column + 1;
      alternate++;
    }
  }
  return { column, alternate };
}

/**
 * Reads one function with its body, without its decorators, of a module that was read before, as if the tree of that were still
 * there. `null` where only reading all of the module tells.
 */
export function functionAt(text: string, place: FunctionPlace): FunctionDef | null {
  return new FunctionParser(text, place).only();
}

/** A module whose functions are read when somebody looks into them. */
export interface OutlinedModule {
  readonly module: Module;
  /** What is wrong with the text; asking for it reads all of it. */
  readonly problems: readonly SyntaxProblem[];
  /** Characters whose trees are kept: those of functions that nobody looked into are not among them. */
  readonly charactersRead: number;
  /** It was read at once, since parts of it cannot be read by themselves. */
  readonly isWhole: boolean;
}

/**
 * Reads a module as `parseModule` does, but the bodies of its functions only when `body` is asked for: of what a program
 * imports, most is never looked at. What comes out is the same; a text that is not Python throughout is read at once.
 */
export function outlineModule(text: string): OutlinedModule {
  const source = new Source(text);
  const parser = new OutlineParser(source);
  const module = parser.module();
  if (parser.problemCount > 0 || text.includes("\0")) {
    return { ...source.whole, charactersRead: text.length, isWhole: true };
  }
  const { functions } = source;
  source.charactersRead = text.length - parser.passed;
  return {
    module,
    isWhole: false,
    get problems() {
      return functions.some((node) => node.isBroken) ? source.whole.problems : [];
    },
    get charactersRead() {
      return source.charactersRead;
    },
  };
}

/** The statements that a body begins with, as far as they are needed to find its documentation. */
export function headOf(node: { readonly body: readonly Statement[] }): readonly Statement[] {
  return node instanceof DeferredFunction ? node.head : node.body;
}

/** The body of a function for who looks at it once: of a function that nobody looked into, it is not kept. */
export function bodyOnce(node: FunctionDef): readonly Statement[] {
  return node instanceof DeferredFunction ? node.read() : node.body;
}

/** The text of a function's body as far as nobody has read it; `null` for one that has been read. */
export function unreadBody(node: FunctionDef): string | null {
  return node instanceof DeferredFunction && node.unread !== "" ? node.unread : null;
}
