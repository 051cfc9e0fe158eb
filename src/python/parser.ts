import type {
  ExceptHandler,
  Expression,
  FunctionDef,
  Keyword,
  MatchCase,
  Pattern,
  Statement,
  TypeParam,
  WithItem,
} from "./ast.ts";
import { BlockParser } from "./parser-blocks.ts";
import { newArguments, toArguments } from "./parser-expressions.ts";
import type { LexerState } from "./scanner.ts";
import * as t from "./tokens.ts";

/** A function without its body, and so without its end. */
export type FunctionHeader = Omit<FunctionDef, "body" | "end" | "endLine">;

/** The whole parser: statements with blocks on top of all the others. */
export class Parser extends BlockParser {
  protected override anyStatement(body: Statement[]): void {
    switch (this.kind) {
      case t.NAME:
        if (!this.atWord("match") || !this.matchStatement(body)) this.simpleLine(body);
        return;
      case t.IF:
        body.push(this.ifStatement());
        return;
      case t.DEF:
        body.push(this.functionDef("FunctionDef", this.start, this.line, []));
        return;
      case t.FOR:
        body.push(this.forStatement("For", this.start, this.line));
        return;
      case t.CLASS:
        body.push(this.classDef([]));
        return;
      case t.TRY:
        body.push(this.tryStatement());
        return;
      case t.WITH:
        body.push(this.withStatement("With", this.start, this.line));
        return;
      case t.WHILE:
        body.push(this.whileStatement());
        return;
      case t.AT:
        this.decorated(body);
        return;
      case t.ASYNC:
        body.push(this.asyncStatement([]));
        return;
      default:
        this.simpleLine(body);
    }
  }

  // --- compound statements ----------------------------------------------------------------------------------------

  /** `if` with all its `elif`s: read in a loop, built from the last one. */
  private ifStatement(): Statement {
    const starts: number[] = [];
    const lines: number[] = [];
    const tests: Expression[] = [];
    const bodies: Statement[][] = [];
    do {
      const start = this.start;
      const line = this.line;
      this.next();
      starts.push(start);
      lines.push(line);
      tests.push(this.headerTest(start, line));
      bodies.push(this.block());
    } while (this.kind === t.ELIF);
    let orelse = this.optionalBlock(t.ELSE);
    const end = this.prevEnd;
    const endLine = this.prevEndLine;
    for (let i = starts.length - 1; ; i--) {
      const node: Statement = {
        kind: "If",
        start: starts[i] as number,
        end,
        line: lines[i] as number,
        endLine,
        test: tests[i] as Expression,
        body: bodies[i] as Statement[],
        orelse,
      };
      if (i === 0) return node;
      orelse = [node];
    }
  }

  private whileStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const test = this.headerTest(start, line);
    const body = this.block();
    const orelse = this.optionalBlock(t.ELSE);
    return { kind: "While", start, end: this.prevEnd, line, endLine: this.prevEndLine, test, body, orelse };
  }

  private forStatement(kind: "For" | "AsyncFor", start: number, line: number): Statement {
    this.next();
    const nesting = this.nesting;
    let target: Expression | null = null;
    let iter: Expression;
    try {
      target = this.targets();
      this.expect(t.IN, "“in”");
      iter = this.starExpressions();
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      iter = this.recoverHeader(start, line);
      target ??= iter;
    }
    const body = this.block();
    const orelse = this.optionalBlock(t.ELSE);
    return { kind, start, end: this.prevEnd, line, endLine: this.prevEndLine, target, iter, body, orelse };
  }

  private tryStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    this.headerColon(start, line);
    const body = this.block();
    const handlers: ExceptHandler[] = [];
    let star: boolean | null = null;
    while (this.kind === t.EXCEPT) {
      const begin = this.start;
      const beginLine = this.line;
      this.next();
      const starred = this.accept(t.STAR);
      if (star !== null && star !== starred) {
        this.report("“except” and “except*” cannot be mixed", begin, this.prevEnd, beginLine);
      }
      star ||= starred;
      if (starred && this.kind === t.COLON) {
        this.report("expected one or more exception types", begin, this.end, beginLine);
      }
      handlers.push(this.exceptHandler(begin, beginLine));
    }
    const orelse = this.optionalBlock(t.ELSE);
    const finalbody = this.optionalBlock(t.FINALLY);
    if (handlers.length === 0 && finalbody.length === 0) {
      this.report("expected “except” or “finally” block", this.prevEnd, this.prevEnd, this.prevEndLine);
    }
    const kind = star === true ? "TryStar" : "Try";
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind, start, end, line, endLine, body, handlers, orelse, finalbody };
  }

  private exceptHandler(start: number, line: number): ExceptHandler {
    const nesting = this.nesting;
    let type: Expression | null = null;
    let name: string | null = null;
    try {
      if (this.kind !== t.COLON) {
        type = this.exceptionTypes();
        if (this.accept(t.AS)) name = this.identifierText("a name");
      }
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      const unread = this.recoverHeader(start, line);
      type ??= unread;
    }
    const body = this.block();
    return { kind: "ExceptHandler", start, end: this.prevEnd, line, endLine: this.prevEndLine, type, name, body };
  }

  /** One exception, or several without parentheses (PEP 758). */
  private exceptionTypes(): Expression {
    const start = this.start;
    const line = this.line;
    const first = this.expression();
    if (this.kind !== t.COMMA) return first;
    const elts = [first];
    while (this.accept(t.COMMA)) {
      if (this.kind === t.COLON) break;
      elts.push(this.expression());
    }
    if (this.kind === t.AS) this.unexpected("parentheses around several exceptions before “as”");
    return this.tuple(start, line, elts, "Load");
  }

  private withStatement(kind: "With" | "AsyncWith", start: number, line: number): Statement {
    this.next();
    const nesting = this.nesting;
    let items: readonly WithItem[];
    try {
      items = this.withItems();
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      items = [{ kind: "withitem", context_expr: this.recoverHeader(start, line), optional_vars: null }];
    }
    const body = this.block();
    return { kind, start, end: this.prevEnd, line, endLine: this.prevEndLine, items, body };
  }

  /** Back to a state before a reading that did not work out, as if it had not been tried. */
  private abandon(state: LexerState, nesting: number, problems: number): void {
    this.restore(state);
    this.fieldDepth = -1;
    this.nesting = nesting;
    this.problemCount = problems;
    this.problems.length = Math.min(this.problems.length, problems);
  }

  private withItems(): readonly WithItem[] {
    if (this.kind === t.LPAR) {
      // Parentheses may hold the items, or be part of the first one: the first is tried, as in the grammar.
      const state = this.save();
      const nesting = this.nesting;
      const problems = this.problemCount;
      try {
        this.next();
        const items = this.withItemList(true);
        this.expect(t.RPAR, "“)”");
        if (this.kind === t.COLON && items.length > 0) return items;
      } catch (error) {
        this.onlyParseError(error);
      }
      this.abandon(state, nesting, problems);
    }
    return this.withItemList(false);
  }

  private withItemList(bracketed: boolean): readonly WithItem[] {
    const items: WithItem[] = [];
    do {
      if (bracketed && this.kind === t.RPAR) break;
      const context_expr = this.expression();
      let optional_vars: Expression | null = null;
      if (this.accept(t.AS)) {
        optional_vars = this.target();
        this.setContext(optional_vars, "Store");
      }
      items.push({ kind: "withitem", context_expr, optional_vars });
    } while (this.accept(t.COMMA));
    return items;
  }

  // --- definitions ------------------------------------------------------------------------------------------------

  private decorated(body: Statement[]): void {
    const start = this.start;
    const line = this.line;
    const decorators: Expression[] = [];
    while (this.kind === t.AT) decorators.push(this.decorator());
    if (this.kind === t.DEF) body.push(this.functionDef("FunctionDef", this.start, this.line, decorators));
    else if (this.kind === t.CLASS) body.push(this.classDef(decorators));
    else if (this.kind === t.ASYNC) body.push(this.asyncStatement(decorators));
    else {
      this.report("expected a function or class after the decorator", start, this.prevEnd, line);
      body.push(this.errorStatement(start, this.prevEnd, line, this.prevEndLine));
    }
  }

  private decorator(): Expression {
    const start = this.start;
    const line = this.line;
    const nesting = this.nesting;
    let expression: Expression;
    try {
      this.next();
      expression = this.namedExpression();
      if (this.kind !== t.NEWLINE) this.unexpected("the end of the decorator");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      const end = this.skipTo(start, line, false);
      expression = this.errorExpression(start, end.pos, line, end.line);
    }
    this.next();
    return expression;
  }

  private asyncStatement(decorators: readonly Expression[]): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    if (this.kind === t.DEF) return this.functionDef("AsyncFunctionDef", start, line, decorators);
    if (decorators.length > 0) this.unexpected("“def”");
    if (this.kind === t.FOR) return this.forStatement("AsyncFor", start, line);
    if (this.kind === t.WITH) return this.withStatement("AsyncWith", start, line);
    return this.unexpected("“def”, “for” or “with”");
  }

  private functionDef(
    kind: "FunctionDef" | "AsyncFunctionDef",
    start: number,
    line: number,
    decorator_list: readonly Expression[],
  ): Statement {
    this.next();
    const name = this.identifierText("a function name");
    const builder = newArguments();
    const nesting = this.nesting;
    let type_params: readonly TypeParam[] = [];
    let returns: Expression | null = null;
    try {
      type_params = this.typeParameters();
      this.expect(t.LPAR, "“(”");
      this.parameters(builder, t.RPAR, true);
      this.expect(t.RPAR, "“,” or “)”");
      if (this.accept(t.ARROW)) returns = this.expression();
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      this.recoverHeader(start, line);
    }
    const args = toArguments(builder);
    return this.withBody({ kind, start, line, name, args, decorator_list, returns, type_params });
  }

  /** The function of which the header has been read. */
  protected withBody(header: FunctionHeader): FunctionDef {
    const { kind, start, line, name, args, decorator_list, returns, type_params } = header;
    const body = this.block();
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind, start, end, line, endLine, name, args, body, decorator_list, returns, type_params };
  }

  private classDef(decorator_list: readonly Expression[]): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const name = this.identifierText("a class name");
    const bases: Expression[] = [];
    const keywords: Keyword[] = [];
    const nesting = this.nesting;
    let type_params: readonly TypeParam[] = [];
    try {
      type_params = this.typeParameters();
      if (this.kind === t.LPAR) {
        const open = this.start;
        this.callArguments(bases, keywords);
        if (bases[0]?.start === open) this.report("expected class bases", open, this.prevEnd, line);
      }
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      this.recoverHeader(start, line);
    }
    const body = this.block();
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind: "ClassDef", start, end, line, endLine, name, bases, keywords, body, decorator_list, type_params };
  }

  // --- match ------------------------------------------------------------------------------------------------------

  /** A `match` statement, when the current word `match` begins one; else false and nothing is read. */
  private matchStatement(body: Statement[]): boolean {
    const state = this.save();
    const { start, line } = state;
    const nesting = this.nesting;
    const problems = this.problemCount;
    const subject = this.matchSubject();
    if (subject === null) {
      this.abandon(state, nesting, problems);
      return false;
    }
    this.next();
    const cases: MatchCase[] = [];
    const strays: Statement[] = [];
    if (this.kind === t.INDENT) {
      this.next();
      this.matchCases(cases, strays);
      if (this.kind === t.DEDENT) this.next();
    } else this.report("expected an indented block after “match”", this.prevEnd, this.prevEnd, line);
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    body.push({ kind: "Match", start, end, line, endLine, subject, cases }, ...strays);
    return true;
  }

  /** The subject with its colon, when a line end follows; else null. */
  private matchSubject(): Expression | null {
    try {
      this.next();
      const start = this.start;
      const line = this.line;
      let subject = this.starNamedExpression();
      if (this.kind === t.COMMA) {
        const elts = [subject];
        while (this.accept(t.COMMA)) {
          if (this.kind === t.COLON) break;
          elts.push(this.starNamedExpression());
        }
        subject = this.tuple(start, line, elts, "Load");
      }
      return this.accept(t.COLON) && this.kind === t.NEWLINE ? subject : null;
    } catch (error) {
      this.onlyParseError(error);
      return null;
    }
  }

  private matchCases(cases: MatchCase[], strays: Statement[]): void {
    while (this.kind !== t.DEDENT && this.kind !== t.EOF) {
      if (this.atWord("case")) cases.push(this.matchCase());
      else if (this.kind === t.INDENT) this.unexpectedIndent(strays);
      else if (this.kind === t.NEWLINE) this.next();
      else {
        this.report("expected “case”", this.start, this.end, this.line);
        this.statement(strays);
      }
    }
  }

  private matchCase(): MatchCase {
    const start = this.start;
    const line = this.line;
    const nesting = this.nesting;
    let pattern: Pattern;
    let guard: Expression | null = null;
    try {
      this.next();
      pattern = this.casePattern();
      if (this.accept(t.IF)) guard = this.namedExpression();
      this.expect(t.COLON, "“:”");
    } catch (error) {
      this.onlyParseError(error);
      this.nesting = nesting;
      const { end, endLine } = this.recoverHeader(start, line);
      pattern = { kind: "MatchAs", start, end, line, endLine, pattern: null, name: null };
    }
    const body = this.block();
    return { kind: "match_case", pattern, guard, body, line, start };
  }
}
