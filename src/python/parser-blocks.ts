import type { Expression, Module, Statement } from "./ast.ts";
import type { ParserOptions } from "./parser-base.ts";
import { SimpleStatementParser } from "./parser-simple.ts";
import { findDefinitionInString, findStatementEnd } from "./recovery.ts";
import * as t from "./tokens.ts";

/** Blocks in blocks, as many as the reference implementation allows. */
const DEEPEST_BLOCK = 100;
/** Corrections of one reading that are worth trying. */
const MOST_SUGGESTIONS = 8;

/** A guess at what is wrong with a broken file, to be tried in another reading of it. */
export interface Suggestion {
  readonly kind: "string-end" | "column";
  /** Start of the string, or of the line. */
  readonly key: number;
  readonly value: number;
}

/** Reads modules and blocks, and recovers from errors. */
export abstract class BlockParser extends SimpleStatementParser {
  readonly suggestions: Suggestion[] = [];
  /** Characters that recovery may still look at, and that may still be read again after an error. */
  private readonly budget: { left: number };
  private rereading: number;
  protected blocks = 0;
  private lastWasError: boolean = false;
  /** The header before the next block was passed over, perhaps with what followed on its line. */
  private headerWasError: boolean = false;

  constructor(text: string, options: ParserOptions) {
    super(text, options);
    this.budget = { left: text.length + 10_000 };
    this.rereading = 4 * text.length + 10_000;
  }

  module(): Module {
    this.next();
    const body: Statement[] = [];
    while (this.kind !== t.EOF) {
      this.statements(body);
      if (this.kind === t.DEDENT) this.next();
    }
    return { kind: "Module", start: 0, end: this.length, line: 1, endLine: this.scanLine, body };
  }

  /** Statements up to the end of the block. */
  protected statements(body: Statement[]): void {
    while (this.kind !== t.DEDENT && this.kind !== t.EOF) {
      if (this.kind === t.INDENT) this.unexpectedIndent(body);
      else if (this.kind === t.NEWLINE) this.next();
      else this.statement(body);
    }
  }

  /** A block without a header: its statements belong to the block around it. */
  protected unexpectedIndent(body: Statement[]): void {
    if (!this.lastWasError) {
      this.report("unexpected indent", this.start, this.end, this.line);
      const column = this.indents.at(-1) as number;
      this.suggest({ kind: "column", key: this.previousLineStart, value: column });
    }
    this.lastWasError = false;
    this.indentedStatements(body);
  }

  protected override slipped(column: number, block: number, header: number, byStep: boolean): void {
    for (const key of byStep ? [header, block] : [block, header]) this.suggest({ kind: "column", key, value: column });
  }

  private suggest(suggestion: Suggestion): void {
    if (this.suggestions.length < MOST_SUGGESTIONS) this.suggestions.push(suggestion);
  }

  /** From INDENT past its DEDENT. */
  protected indentedStatements(body: Statement[]): void {
    if (this.blocks >= DEEPEST_BLOCK) {
      body.push(this.skipBlock());
      return;
    }
    this.blocks++;
    this.next();
    this.inBlock(body);
    this.blocks--;
    if (this.kind === t.DEDENT) this.next();
  }

  /** What stands in a block, up to its DEDENT. */
  protected inBlock(body: Statement[]): void {
    this.statements(body);
  }

  private skipBlock(): Statement {
    const start = this.start;
    const line = this.line;
    this.report("too many levels of indentation", start, this.end, line);
    this.plainFStrings = true;
    let level = 1;
    while (level > 0) {
      this.next();
      if (this.kind === t.INDENT) level++;
      else if (this.kind === t.DEDENT) level--;
      else if (this.kind === t.EOF) break;
    }
    this.plainFStrings = false;
    this.depth = 0;
    const statement = this.errorStatement(start, this.prevEnd, line, this.prevEndLine);
    if (this.kind === t.DEDENT) this.next();
    return statement;
  }

  protected statement(body: Statement[]): void {
    const start = this.start;
    const line = this.line;
    const nesting = this.nesting;
    try {
      this.anyStatement(body);
      this.lastWasError = false;
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      this.recoverStatement(body, start, line);
    }
  }

  /** Reads one statement of any sort, and passes on what it cannot read. */
  protected abstract anyStatement(body: Statement[]): void;

  // --- recovery ---------------------------------------------------------------------------------------------------

  /** Passes over the statement at `start` and goes on after it. */
  private recoverStatement(body: Statement[], start: number, line: number): void {
    const end = this.skipTo(start, line, false);
    body.push(this.errorStatement(start, end.pos, line, end.line));
    this.lastWasError = true;
    this.next();
  }

  /** Passes over the block header at `start`; the line end before its block becomes the current token. */
  protected recoverHeader(start: number, line: number): Expression {
    const end = this.skipTo(start, line, true);
    this.headerWasError = true;
    return this.errorExpression(start, end.pos, line, end.line);
  }

  protected skipTo(start: number, line: number, header: boolean): { readonly pos: number; readonly line: number } {
    this.suggestStringEnd();
    if (this.forcedStringEnd > start) {
      const end = { pos: this.forcedStringEnd, line: this.scanLine };
      this.forcedStringEnd = -1;
      this.resumeAt(end.pos, end.line);
      return end;
    }
    let end = findStatementEnd(this.text, start, line, this.indents, header, this.budget);
    // Where hardly a line is Python, going back each time would cost more than a line or two is worth.
    this.rereading -= Math.max(0, this.pos - end.pos);
    if (this.rereading < 0 && this.pos > end.pos) end = { pos: this.lineEndAt(this.pos), line: this.scanLine };
    this.resumeAt(end.pos, end.line);
    return end;
  }

  /** After an error: perhaps the last string over several lines swallowed definitions because a quote is missing. */
  private suggestStringEnd(): void {
    if (this.lastTripleStart < 0) return;
    const end = findDefinitionInString(this.text, this.lastTripleStart, this.lastTripleEnd, this.indents);
    if (end >= 0) this.suggest({ kind: "string-end", key: this.lastTripleStart, value: end });
    this.lastTripleStart = -1;
  }

  // --- blocks -----------------------------------------------------------------------------------------------------

  /** What follows a header's colon: an indented block, or simple statements on the same line. */
  protected block(): Statement[] {
    const body: Statement[] = [];
    if (this.kind !== t.NEWLINE) {
      this.inlineBlock(body);
      return body;
    }
    const broken = this.headerWasError;
    this.headerWasError = false;
    this.next();
    if (this.kind === t.INDENT) this.indentedStatements(body);
    else if (!broken) this.report("expected an indented block", this.prevEnd, this.prevEnd, this.prevEndLine);
    return body;
  }

  private inlineBlock(body: Statement[]): void {
    const start = this.start;
    const line = this.line;
    const nesting = this.nesting;
    try {
      this.simpleLine(body);
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      this.recoverStatement(body, start, line);
    }
  }

  protected optionalBlock(keyword: number): Statement[] {
    if (this.kind !== keyword) return [];
    const start = this.start;
    const line = this.line;
    this.next();
    this.headerColon(start, line);
    return this.block();
  }

  /** The colon of a header that began at `start`; when it is missing, the rest of the header is passed over. */
  protected headerColon(start: number, line: number): void {
    if (this.accept(t.COLON)) return;
    this.report(this.describeUnexpected("“:”"), this.start, this.end, this.line);
    this.recoverHeader(start, line);
  }

  /** The condition of a header, with its colon. */
  protected headerTest(start: number, line: number): Expression {
    const nesting = this.nesting;
    try {
      const test = this.namedExpression();
      this.expect(t.COLON, "“:”");
      return test;
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      return this.recoverHeader(start, line);
    }
  }
}
