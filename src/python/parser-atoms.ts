import type { ConstantValue, Context, Expression, Generator, Keyword, Tuple } from "./ast.ts";
import { MOST_BRACKETS } from "./parser-base.ts";
import { StringParser } from "./parser-strings.ts";
import { COMPLEX, INT } from "./scanner.ts";
import * as t from "./tokens.ts";

/** Binding strength of `or`, the loosest operator, and of `|`, the loosest after the comparisons. */
export const OR = 1;
export const BIT_OR = 5;

/** Reads what stands between operators: names, literals, brackets, calls, attributes and subscripts. */
export abstract class AtomParser extends StringParser {
  protected abstract expression(): Expression;
  protected abstract namedExpression(): Expression;
  protected abstract starNamedExpression(): Expression;
  protected abstract starred(): Expression;
  protected abstract yieldExpression(): Expression;
  /** Targets of `for`, up to `in`. */
  protected abstract targets(): Expression;
  /** Operators at least as strong as `min`. */
  protected abstract operators(min: number): Expression;

  protected tuple(start: number, line: number, elts: readonly Expression[], ctx: Context): Tuple {
    return { kind: "Tuple", start, end: this.prevEnd, line, endLine: this.prevEndLine, elts, ctx };
  }

  protected primary(): Expression {
    const start = this.start;
    const line = this.line;
    let node = this.kind === t.NAME ? this.nameNode("Load") : this.atom();
    for (;;) {
      if (this.kind === t.DOT) {
        this.next();
        const attr = this.identifierText("an attribute name");
        node = {
          kind: "Attribute",
          start,
          end: this.prevEnd,
          line,
          endLine: this.prevEndLine,
          value: node,
          attr,
          ctx: "Load",
        };
      } else if (this.kind === t.LPAR) node = this.call(start, line, node);
      else if (this.kind === t.LSQB) {
        this.openBracket();
        const slice = this.slices();
        this.expect(t.RSQB, "“]”");
        node = {
          kind: "Subscript",
          start,
          end: this.prevEnd,
          line,
          endLine: this.prevEndLine,
          value: node,
          slice,
          ctx: "Load",
        };
      } else return node;
    }
  }

  private call(start: number, line: number, func: Expression): Expression {
    const args: Expression[] = [];
    const keywords: Keyword[] = [];
    this.callArguments(args, keywords);
    return { kind: "Call", start, end: this.prevEnd, line, endLine: this.prevEndLine, func, args, keywords };
  }

  /** Steps over an opening bracket, unless too many are open. */
  private openBracket(): void {
    if (this.depth > MOST_BRACKETS) this.refuse("too many nested parentheses", this.start, this.end, this.line);
    this.next();
  }

  /** Call arguments or class bases with their parentheses. */
  protected callArguments(args: Expression[], keywords: Keyword[]): void {
    const open = this.start;
    const openLine = this.line;
    this.openBracket();
    while (this.kind !== t.RPAR) {
      if (this.argument(args, keywords)) {
        const elt = args.pop() as Expression;
        const generators = this.comprehensionClauses();
        if (args.length > 0 || keywords.length > 0 || this.kind !== t.RPAR) {
          this.refuse("a generator expression must be parenthesized", elt.start, this.prevEnd, elt.line);
        }
        this.next();
        const [end, endLine] = [this.prevEnd, this.prevEndLine];
        args.push({ kind: "GeneratorExp", start: open, end, line: openLine, endLine, elt, generators });
        return;
      }
      if (this.kind !== t.COMMA) break;
      this.next();
    }
    this.expect(t.RPAR, "“,” or “)”");
  }

  /** Reads one argument; true when it is the element of a generator expression whose clauses follow. */
  private argument(args: Expression[], keywords: Keyword[]): boolean {
    const start = this.start;
    const line = this.line;
    if (this.kind === t.STAR) {
      this.next();
      if (keywords.some(({ arg }) => arg === null)) {
        this.report("“*” cannot follow “**” in a call", start, this.prevEnd, line);
      }
      const value = this.expression();
      args.push({ kind: "Starred", start, end: this.prevEnd, line, endLine: this.prevEndLine, value, ctx: "Load" });
      return false;
    }
    if (this.kind === t.DSTAR) {
      this.next();
      keywords.push(this.keyword(start, line, null));
      return false;
    }
    const value = this.namedExpression();
    if (this.kind === t.EQUAL) {
      if (value.kind !== "Name" || value.start !== start) this.unexpected("“,” or “)”");
      this.next();
      keywords.push(this.keyword(start, line, value.id));
      return false;
    }
    if (keywords.length > 0) this.report("a positional argument cannot follow keywords", start, this.prevEnd, line);
    args.push(value);
    return this.kind === t.FOR || this.kind === t.ASYNC;
  }

  private keyword(start: number, line: number, arg: string | null): Keyword {
    const value = this.expression();
    return { kind: "keyword", start, end: this.prevEnd, line, endLine: this.prevEndLine, arg, value };
  }

  private slices(): Expression {
    const start = this.start;
    const line = this.line;
    const first = this.slice();
    if (this.kind !== t.COMMA) {
      return first.kind === "Starred" ? this.tuple(start, line, [first], "Load") : first;
    }
    const elts = [first];
    while (this.accept(t.COMMA)) {
      if (this.kind === t.RSQB) break;
      elts.push(this.slice());
    }
    return this.tuple(start, line, elts, "Load");
  }

  private slice(): Expression {
    const start = this.start;
    const line = this.line;
    if (this.kind === t.STAR) return this.starred();
    const lower = this.kind === t.COLON ? null : this.namedExpression();
    if (lower !== null && this.kind !== t.COLON) return lower;
    this.next();
    const upper = this.sliceBound();
    const step = this.accept(t.COLON) ? this.sliceBound() : null;
    return { kind: "Slice", start, end: this.prevEnd, line, endLine: this.prevEndLine, lower, upper, step };
  }

  private sliceBound(): Expression | null {
    return this.kind === t.COLON || this.kind === t.COMMA || this.kind === t.RSQB ? null : this.expression();
  }

  private atom(): Expression {
    const start = this.start;
    const line = this.line;
    if (this.depth > MOST_BRACKETS && this.kind >= t.LPAR && this.kind <= t.LBRACE) return this.skipBrackets();
    switch (this.kind) {
      case t.STRING:
      case t.FSTRING:
        return this.strings();
      case t.NUMBER: {
        const value = this.numberValue();
        this.next();
        return this.constant(start, line, value, false);
      }
      case t.LPAR:
        return this.group();
      case t.LSQB:
        return this.list();
      case t.LBRACE:
        return this.braces();
      case t.NONE:
        this.next();
        return this.constant(start, line, { type: "None" }, false);
      case t.TRUE:
      case t.FALSE: {
        const value = this.kind === t.TRUE;
        this.next();
        return this.constant(start, line, { type: "bool", value }, false);
      }
      case t.ELLIPSIS:
        this.next();
        return this.constant(start, line, { type: "Ellipsis" }, false);
      default:
        return this.unexpected("an expression");
    }
  }

  /** Passes over a bracketed expression that lies too deep to be read. */
  private skipBrackets(): Expression {
    const start = this.start;
    const line = this.line;
    this.report("too many nested parentheses", start, this.end, line);
    const outside = this.depth - 1;
    this.plainFStrings = true;
    while (this.depth > outside && this.kind !== t.EOF && this.kind !== t.NEWLINE) this.next();
    this.plainFStrings = false;
    if (this.kind !== t.NEWLINE && this.kind !== t.EOF) this.next();
    return this.errorExpression(start, this.prevEnd, line, this.prevEndLine);
  }

  protected numberValue(): ConstantValue {
    const source = this.text.slice(this.start, this.end);
    const digits = source.includes("_") ? source.replaceAll("_", "") : source;
    if (this.numberType === INT) {
      const value = Number(digits);
      return { type: "int", value: Number.isSafeInteger(value) ? value : BigInt(digits) };
    }
    if (this.numberType === COMPLEX) return { type: "complex", value: Number(digits.slice(0, -1)) };
    return { type: "float", value: Number(digits) };
  }

  /** `(…)`: a group, tuple, generator expression or `yield`. */
  private group(): Expression {
    const start = this.start;
    const line = this.line;
    this.openBracket();
    if (this.accept(t.RPAR)) return this.tuple(start, line, [], "Load");
    if (this.kind === t.YIELD) {
      const value = this.yieldExpression();
      this.expect(t.RPAR, "“)”");
      return value;
    }
    const first = this.starNamedExpression();
    if (this.kind === t.FOR || this.kind === t.ASYNC) {
      const generators = this.comprehensionClauses();
      this.expect(t.RPAR, "“)”");
      const [end, endLine] = [this.prevEnd, this.prevEndLine];
      return { kind: "GeneratorExp", start, end, line, endLine, elt: first, generators };
    }
    if (this.kind === t.COMMA) {
      const elts = [first];
      this.moreElements(elts, t.RPAR);
      this.expect(t.RPAR, "“,” or “)”");
      return this.tuple(start, line, elts, "Load");
    }
    if (first.kind === "Starred") {
      this.refuse("a starred expression cannot stand alone in parentheses", first.start, first.end, first.line);
    }
    this.expect(t.RPAR, "“,” or “)”");
    return first;
  }

  private moreElements(elts: Expression[], close: number): void {
    while (this.accept(t.COMMA)) {
      if (this.kind === close) break;
      elts.push(this.starNamedExpression());
    }
  }

  private list(): Expression {
    const start = this.start;
    const line = this.line;
    this.openBracket();
    const elts: Expression[] = [];
    if (this.kind !== t.RSQB) {
      const elt = this.starNamedExpression();
      if (this.kind === t.FOR || this.kind === t.ASYNC) {
        const generators = this.comprehensionClauses();
        this.expect(t.RSQB, "“]”");
        const [end, endLine] = [this.prevEnd, this.prevEndLine];
        return { kind: "ListComp", start, end, line, endLine, elt, generators };
      }
      elts.push(elt);
      this.moreElements(elts, t.RSQB);
    }
    this.expect(t.RSQB, "“,” or “]”");
    return { kind: "List", start, end: this.prevEnd, line, endLine: this.prevEndLine, elts, ctx: "Load" };
  }

  /** `{…}`: a dictionary, set or a comprehension of one. */
  private braces(): Expression {
    const start = this.start;
    const line = this.line;
    this.openBracket();
    if (this.kind === t.RBRACE || this.kind === t.DSTAR) return this.dictionary(start, line, null);
    const at = this.start;
    const first = this.starNamedExpression();
    if (this.kind === t.COLON && first.kind === "NamedExpr" && first.start === at) this.unexpected("“,” or “}”");
    if (this.kind === t.COLON && first.kind !== "Starred") return this.dictionary(start, line, first);
    if (this.kind === t.FOR || this.kind === t.ASYNC) {
      const generators = this.comprehensionClauses();
      this.expect(t.RBRACE, "“}”");
      const [end, endLine] = [this.prevEnd, this.prevEndLine];
      return { kind: "SetComp", start, end, line, endLine, elt: first, generators };
    }
    const elts = [first];
    this.moreElements(elts, t.RBRACE);
    this.expect(t.RBRACE, "“,” or “}”");
    return { kind: "Set", start, end: this.prevEnd, line, endLine: this.prevEndLine, elts };
  }

  /** The rest of a dictionary, from the colon after its first key or (null) from its first item. */
  private dictionary(start: number, line: number, firstKey: Expression | null): Expression {
    const keys: (Expression | null)[] = [];
    const values: Expression[] = [];
    let key = firstKey;
    while (this.kind !== t.RBRACE) {
      if (key === null && this.accept(t.DSTAR)) {
        keys.push(null);
        values.push(this.operators(BIT_OR));
      } else {
        key ??= this.expression();
        this.expect(t.COLON, "“:”");
        const value = this.expression();
        if (keys.length === 0 && (this.kind === t.FOR || this.kind === t.ASYNC)) {
          const generators = this.comprehensionClauses();
          this.expect(t.RBRACE, "“}”");
          const [end, endLine] = [this.prevEnd, this.prevEndLine];
          return { kind: "DictComp", start, end, line, endLine, key, value, generators };
        }
        keys.push(key);
        values.push(value);
        key = null;
      }
      if (!this.accept(t.COMMA)) break;
    }
    this.expect(t.RBRACE, "“,” or “}”");
    return { kind: "Dict", start, end: this.prevEnd, line, endLine: this.prevEndLine, keys, values };
  }

  private comprehensionClauses(): readonly Generator[] {
    const generators: Generator[] = [];
    while (this.kind === t.FOR || this.kind === t.ASYNC) {
      const start = this.start;
      const line = this.line;
      const is_async = this.accept(t.ASYNC) ? 1 : 0;
      this.expect(t.FOR, "“for”");
      const target = this.targets();
      this.expect(t.IN, "“in”");
      const iter = this.operators(OR);
      const ifs: Expression[] = [];
      while (this.accept(t.IF)) ifs.push(this.operators(OR));
      const [end, endLine] = [this.prevEnd, this.prevEndLine];
      generators.push({ kind: "comprehension", start, end, line, endLine, target, iter, ifs, is_async });
    }
    return generators;
  }
}
