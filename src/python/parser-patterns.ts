import type { Expression, Pattern } from "./ast.ts";
import { ExpressionParser } from "./parser-expressions.ts";
import { COMPLEX } from "./scanner.ts";
import * as t from "./tokens.ts";

/** Reads the patterns of `case` (PEP 634). */
export abstract class PatternParser extends ExpressionParser {
  /** The whole pattern of a `case`: a sequence without brackets when there is a comma. */
  protected casePattern(): Pattern {
    const start = this.start;
    const line = this.line;
    const first = this.starOrPattern();
    if (this.kind !== t.COMMA) {
      if (first.kind === "MatchStar") this.unexpected("“,”");
      return first;
    }
    const patterns = [first];
    while (this.accept(t.COMMA)) {
      if (this.kind === t.COLON || this.kind === t.IF) break;
      patterns.push(this.starOrPattern());
    }
    return this.sequence(start, line, patterns);
  }

  private sequence(start: number, line: number, patterns: readonly Pattern[]): Pattern {
    return { kind: "MatchSequence", start, end: this.prevEnd, line, endLine: this.prevEndLine, patterns };
  }

  private starOrPattern(): Pattern {
    if (this.kind !== t.STAR) return this.pattern();
    const start = this.start;
    const line = this.line;
    this.next();
    const name = this.captureName();
    return { kind: "MatchStar", start, end: this.prevEnd, line, endLine: this.prevEndLine, name };
  }

  /** A name that captures; null for the wildcard `_`. */
  private captureName(): string | null {
    const name = this.identifierText("a name");
    return name === "_" ? null : name;
  }

  private pattern(): Pattern {
    this.enter();
    const start = this.start;
    const line = this.line;
    const pattern = this.orPattern();
    this.nesting--;
    if (!this.accept(t.AS)) return pattern;
    const name = this.captureName();
    if (name === null) this.refuse("cannot use “_” as a target", this.prevEnd - 1, this.prevEnd, this.prevEndLine);
    return { kind: "MatchAs", start, end: this.prevEnd, line, endLine: this.prevEndLine, pattern, name };
  }

  private orPattern(): Pattern {
    const start = this.start;
    const line = this.line;
    const first = this.closedPattern();
    if (this.kind !== t.VBAR) return first;
    const patterns = [first];
    while (this.accept(t.VBAR)) patterns.push(this.closedPattern());
    return { kind: "MatchOr", start, end: this.prevEnd, line, endLine: this.prevEndLine, patterns };
  }

  private closedPattern(): Pattern {
    const start = this.start;
    const line = this.line;
    switch (this.kind) {
      case t.NAME:
        return this.namePattern();
      case t.NONE:
      case t.TRUE:
      case t.FALSE: {
        const value = this.kind === t.NONE ? null : this.kind === t.TRUE;
        this.next();
        return { kind: "MatchSingleton", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
      }
      case t.NUMBER:
      case t.MINUS:
        return this.valuePattern(start, line, this.signedNumber());
      case t.STRING:
      case t.FSTRING:
        return this.valuePattern(start, line, this.strings());
      case t.LPAR:
        return this.groupPattern();
      case t.LSQB: {
        this.next();
        const patterns = this.patternList(t.RSQB);
        this.expect(t.RSQB, "“]”");
        return this.sequence(start, line, patterns);
      }
      case t.LBRACE:
        return this.mappingPattern();
      default:
        return this.unexpected("a pattern");
    }
  }

  private valuePattern(start: number, line: number, value: Expression): Pattern {
    return { kind: "MatchValue", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
  }

  private patternList(close: number): Pattern[] {
    const patterns: Pattern[] = [];
    while (this.kind !== close) {
      patterns.push(this.starOrPattern());
      if (!this.accept(t.COMMA)) break;
    }
    return patterns;
  }

  private groupPattern(): Pattern {
    const start = this.start;
    const line = this.line;
    this.next();
    if (this.accept(t.RPAR)) return this.sequence(start, line, []);
    const first = this.starOrPattern();
    if (first.kind !== "MatchStar" && this.accept(t.RPAR)) return first;
    const patterns = [first];
    this.expect(t.COMMA, "“,”");
    patterns.push(...this.patternList(t.RPAR));
    this.expect(t.RPAR, "“)”");
    return this.sequence(start, line, patterns);
  }

  /** `-1`, `2.5`, `1 + 2j`. */
  private signedNumber(): Expression {
    const start = this.start;
    const line = this.line;
    const left = this.signedPart();
    if (this.kind !== t.PLUS && this.kind !== t.MINUS) return left;
    const op = this.kind === t.PLUS ? "Add" : "Sub";
    this.next();
    if (this.kind !== t.NUMBER || this.numberType !== COMPLEX) this.unexpected("an imaginary number");
    const right = this.numberNode();
    return { kind: "BinOp", start, end: this.prevEnd, line, endLine: this.prevEndLine, left, op, right };
  }

  private signedPart(): Expression {
    const start = this.start;
    const line = this.line;
    if (!this.accept(t.MINUS)) return this.numberNode();
    const operand = this.numberNode();
    return { kind: "UnaryOp", start, end: this.prevEnd, line, endLine: this.prevEndLine, op: "USub", operand };
  }

  private numberNode(): Expression {
    const start = this.start;
    const line = this.line;
    if (this.kind !== t.NUMBER) this.unexpected("a number");
    const value = this.numberValue();
    this.next();
    return this.constant(start, line, value, false);
  }

  /** A capture, the wildcard, a dotted value or a class pattern. */
  private namePattern(): Pattern {
    const start = this.start;
    const line = this.line;
    const value = this.dottedName();
    if (this.kind === t.LPAR) return this.classPattern(start, line, value);
    if (value.kind !== "Name") return this.valuePattern(start, line, value);
    const name = value.id === "_" ? null : value.id;
    return { kind: "MatchAs", start, end: this.prevEnd, line, endLine: this.prevEndLine, pattern: null, name };
  }

  private dottedName(): Expression {
    const start = this.start;
    const line = this.line;
    let value: Expression = this.nameNode("Load");
    while (this.accept(t.DOT)) {
      const attr = this.identifierText("an attribute name");
      const [end, endLine] = [this.prevEnd, this.prevEndLine];
      value = { kind: "Attribute", start, end, line, endLine, value, attr, ctx: "Load" };
    }
    return value;
  }

  private classPattern(start: number, line: number, cls: Expression): Pattern {
    this.next();
    const patterns: Pattern[] = [];
    const kwd_attrs: string[] = [];
    const kwd_patterns: Pattern[] = [];
    while (this.kind !== t.RPAR) {
      const pattern = this.pattern();
      if (this.kind === t.EQUAL) {
        if (pattern.kind !== "MatchAs" || pattern.pattern !== null) this.unexpected("“,” or “)”");
        kwd_attrs.push(pattern.name ?? "_");
        this.next();
        kwd_patterns.push(this.pattern());
      } else {
        if (kwd_patterns.length > 0) {
          this.report("positional patterns cannot follow keyword patterns", pattern.start, pattern.end, pattern.line);
        }
        patterns.push(pattern);
      }
      if (!this.accept(t.COMMA)) break;
    }
    this.expect(t.RPAR, "“,” or “)”");
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind: "MatchClass", start, end, line, endLine, cls, patterns, kwd_attrs, kwd_patterns };
  }

  private mappingPattern(): Pattern {
    const start = this.start;
    const line = this.line;
    this.next();
    const keys: Expression[] = [];
    const patterns: Pattern[] = [];
    let rest: string | null = null;
    while (this.kind !== t.RBRACE) {
      if (rest !== null) this.report("nothing can follow “**”", this.start, this.end, this.line);
      if (this.accept(t.DSTAR)) {
        if (this.atWord("_")) this.report("“**_” is not allowed", this.start, this.end, this.line);
        rest = this.identifierText("a name");
      } else {
        keys.push(this.mappingKey());
        this.expect(t.COLON, "“:”");
        patterns.push(this.pattern());
      }
      if (!this.accept(t.COMMA)) break;
    }
    this.expect(t.RBRACE, "“,” or “}”");
    return { kind: "MatchMapping", start, end: this.prevEnd, line, endLine: this.prevEndLine, keys, patterns, rest };
  }

  private mappingKey(): Expression {
    switch (this.kind) {
      case t.NAME:
        return this.dottedName();
      case t.NUMBER:
      case t.MINUS:
        return this.signedNumber();
      default:
        return this.primary();
    }
  }
}
