import type { Constant, ConstantValue, Context, ErrorExpression, Expression, Name, SyntaxProblem } from "./ast.ts";
import type { UnicodeNames } from "./escapes.ts";
import { identifierAt } from "./identifiers.ts";
import { Lexer } from "./lexer.ts";
import type { Corrections } from "./scanner.ts";
import * as t from "./tokens.ts";

/** Thrown to leave a statement that cannot be read; caught where the statement or its header began. */
const PARSE_ERROR = new Error("statement not readable");

/** More problems than this are not kept: the file is no Python. */
const MOST_PROBLEMS = 1000;
/** Open brackets that the reference implementation allows. */
export const MOST_BRACKETS = 200;
/** Nested operators; far below what the call stack holds. */
const DEEPEST_EXPRESSION = 600;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface ParserOptions {
  readonly corrections: Corrections | null;
  readonly unicodeNames: UnicodeNames | null;
  /** Where the text ends for the reader; its length otherwise. */
  readonly end?: number;
}

/** What all parts of the parser share: problems, expectations and a few nodes. */
export abstract class ParserBase extends Lexer {
  readonly problems: SyntaxProblem[] = [];
  problemCount = 0;
  protected readonly unicodeNames: UnicodeNames | null;
  protected nesting = 0;

  constructor(text: string, options: ParserOptions) {
    super(text, options.corrections, options.end);
    this.unicodeNames = options.unicodeNames;
  }

  protected override report(message: string, start: number, end: number, line: number): void {
    this.problemCount++;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ message, start, end, line });
  }

  /** Reports the current token and leaves the statement. */
  protected unexpected(expected: string): never {
    this.report(this.describeUnexpected(expected), this.start, this.end, this.line);
    throw PARSE_ERROR;
  }

  /** Reports a place already read and leaves the statement. */
  protected refuse(message: string, start: number, end: number, line: number): never {
    this.report(message, start, end, line);
    throw PARSE_ERROR;
  }

  protected describeUnexpected(expected: string): string {
    if (this.kind === t.ERROR) return this.errorMessage;
    if (this.kind === t.NEWLINE || this.kind === t.EOF) return `expected ${expected} before the line ends`;
    return `expected ${expected}, found “${this.text.slice(this.start, Math.min(this.end, this.start + 40))}”`;
  }

  protected expect(kind: number, what: string): void {
    if (this.kind !== kind) this.unexpected(what);
    this.next();
  }

  protected accept(kind: number): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  protected enter(): void {
    if (++this.nesting > DEEPEST_EXPRESSION)
      this.refuse("expression too deeply nested", this.start, this.end, this.line);
  }

  /** Lets parse errors pass as handled; anything else is a bug and goes on. */
  protected onlyParseError(error: unknown): void {
    if (error !== PARSE_ERROR) throw error;
  }

  /** The text of the current NAME token; letters beyond ASCII in the form that Python compares them in. */
  protected nameText(): string {
    return identifierAt(this.text, this.start, this.end);
  }

  /** Takes an identifier and gives its text. */
  protected identifierText(what: string): string {
    if (this.kind !== t.NAME) this.unexpected(what);
    const name = this.nameText();
    this.next();
    return name;
  }

  /** Whether the current token is the soft keyword `word`. */
  protected atWord(word: string): boolean {
    return this.kind === t.NAME && this.end - this.start === word.length && this.text.startsWith(word, this.start);
  }

  protected nameNode(ctx: Context): Name {
    const start = this.start;
    const line = this.line;
    const id = this.nameText();
    this.next();
    return { kind: "Name", start, end: this.prevEnd, line, endLine: line, id, ctx };
  }

  protected constant(start: number, line: number, value: ConstantValue, u: boolean): Constant {
    return { kind: "Constant", start, end: this.prevEnd, line, endLine: this.prevEndLine, value, u };
  }

  protected errorExpression(start: number, end: number, line: number, endLine: number): ErrorExpression {
    return { kind: "ErrorExpression", start, end, line, endLine };
  }

  /** Turns an expression that was read for its value into a target. */
  protected setContext(node: Expression, ctx: Context): void {
    switch (node.kind) {
      case "Name":
      case "Attribute":
      case "Subscript":
        (node as Writable<typeof node>).ctx = ctx;
        return;
      case "Starred":
        if (ctx === "Del") break;
        (node as Writable<typeof node>).ctx = ctx;
        this.setContext(node.value, ctx);
        return;
      case "List":
      case "Tuple":
        (node as Writable<typeof node>).ctx = ctx;
        for (const element of node.elts) this.setContext(element, ctx);
        return;
      case "ErrorExpression":
        return;
      default:
    }
    this.refuse(`cannot ${ctx === "Del" ? "delete" : "assign to"} ${describe(node)}`, node.start, node.end, node.line);
  }

  /** For targets that may not be unpacked: `x += 1`, `x: int`. */
  protected setSingleTarget(node: Expression, what: string): void {
    if (node.kind !== "Name" && node.kind !== "Attribute" && node.kind !== "Subscript") {
      this.refuse(`${describe(node)} is not possible as the target of ${what}`, node.start, node.end, node.line);
    }
    this.setContext(node, "Store");
  }
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Call: "a function call",
  Constant: "a literal",
  JoinedStr: "an f-string",
  TemplateStr: "a t-string",
  Compare: "a comparison",
  Starred: "a starred expression",
  Lambda: "a lambda",
  IfExp: "a conditional expression",
  Dict: "a dictionary",
  Set: "a set",
};

function describe(node: Expression): string {
  return DESCRIPTIONS[node.kind] ?? "an expression";
}
