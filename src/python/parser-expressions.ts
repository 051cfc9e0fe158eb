import type {
  Arg,
  Arguments,
  CompareOperator,
  ConstantValue,
  Context,
  Expression,
  Generator,
  Keyword,
  Operator,
  Tuple,
  UnaryOperator,
} from "./ast.ts";
import { COMPLEX, INT } from "./lexer.ts";
import { MOST_BRACKETS } from "./parser-base.ts";
import { StringParser } from "./parser-strings.ts";
import * as t from "./tokens.ts";

// Binding strength of the operators, loosest first.
const OR = 1;
const AND = 2;
const NOT = 3;
const COMPARE = 4;
const BIT_OR = 5;
const UNARY = 11;

const strength = new Uint8Array(t.KIND_COUNT);
const binary: Operator[] = new Array<Operator>(t.KIND_COUNT).fill("Add");
const comparison: CompareOperator[] = new Array<CompareOperator>(t.KIND_COUNT).fill("Eq");
for (const [kind, level, operator] of [
  [t.VBAR, BIT_OR, "BitOr"],
  [t.CARET, 6, "BitXor"],
  [t.AMPER, 7, "BitAnd"],
  [t.LSHIFT, 8, "LShift"],
  [t.RSHIFT, 8, "RShift"],
  [t.PLUS, 9, "Add"],
  [t.MINUS, 9, "Sub"],
  [t.STAR, 10, "Mult"],
  [t.SLASH, 10, "Div"],
  [t.DSLASH, 10, "FloorDiv"],
  [t.PERCENT, 10, "Mod"],
  [t.AT, 10, "MatMult"],
] as const) {
  strength[kind] = level;
  binary[kind] = operator;
}
for (const [kind, operator] of [
  [t.EQEQ, "Eq"],
  [t.NOTEQ, "NotEq"],
  [t.LT, "Lt"],
  [t.LTE, "LtE"],
  [t.GT, "Gt"],
  [t.GTE, "GtE"],
  [t.IN, "In"],
  [t.IS, "Is"],
  [t.NOT, "NotIn"],
] as const) {
  strength[kind] = COMPARE;
  comparison[kind] = operator;
}
strength[t.OR] = OR;
strength[t.AND] = AND;

/** Kinds that begin an operand with an operator or `await`. */
const prefixKind = new Uint8Array(t.KIND_COUNT);
for (const kind of [t.NOT, t.PLUS, t.MINUS, t.TILDE, t.AWAIT]) prefixKind[kind] = 1;

/** Kinds that can follow an expression list's trailing comma, ending the list. */
const listEnd = new Uint8Array(t.KIND_COUNT);
for (const kind of [
  t.EOF,
  t.NEWLINE,
  t.SEMI,
  t.RPAR,
  t.RSQB,
  t.RBRACE,
  t.COLON,
  t.EQUAL,
  t.IN,
  t.EXCLAM,
  t.PLUSEQUAL,
  t.MINUSEQUAL,
]) {
  listEnd[kind] = 1;
}

/** The parameter lists while they are read. */
export interface ArgumentsBuilder {
  posonlyargs: Arg[];
  args: Arg[];
  vararg: Arg | null;
  kwonlyargs: Arg[];
  kw_defaults: (Expression | null)[];
  kwarg: Arg | null;
  defaults: Expression[];
}

export function newArguments(): ArgumentsBuilder {
  return { posonlyargs: [], args: [], vararg: null, kwonlyargs: [], kw_defaults: [], kwarg: null, defaults: [] };
}

export function toArguments(builder: ArgumentsBuilder): Arguments {
  return {
    kind: "arguments",
    posonlyargs: builder.posonlyargs,
    args: builder.args,
    vararg: builder.vararg,
    kwonlyargs: builder.kwonlyargs,
    kw_defaults: builder.kw_defaults,
    kwarg: builder.kwarg,
    defaults: builder.defaults,
  };
}

/** Reads expressions: precedence climbing over operators, loops wherever the grammar repeats. */
export abstract class ExpressionParser extends StringParser {
  // --- lists of expressions ---------------------------------------------------------------------------------------

  /** `star_expressions` of the grammar: a tuple when there is a comma. */
  protected starExpressions(): Expression {
    const start = this.start;
    const line = this.line;
    const first = this.starExpression();
    if (this.kind !== t.COMMA) return first;
    const elts = [first];
    while (this.accept(t.COMMA)) {
      if (listEnd[this.kind] === 1) break;
      elts.push(this.starExpression());
    }
    return this.tuple(start, line, elts, "Load");
  }

  protected override yieldOrStarExpressions(): Expression {
    return this.kind === t.YIELD ? this.yieldExpression() : this.starExpressions();
  }

  protected starExpression(): Expression {
    return this.kind === t.STAR ? this.starred() : this.expression();
  }

  protected starNamedExpression(): Expression {
    return this.kind === t.STAR ? this.starred() : this.namedExpression();
  }

  private starred(): Expression {
    const start = this.start;
    const line = this.line;
    this.next();
    const value = this.operators(BIT_OR);
    return { kind: "Starred", start, end: this.prevEnd, line, endLine: this.prevEndLine, value, ctx: "Load" };
  }

  protected tuple(start: number, line: number, elts: readonly Expression[], ctx: Context): Tuple {
    return { kind: "Tuple", start, end: this.prevEnd, line, endLine: this.prevEndLine, elts, ctx };
  }

  /** Targets of `for` and of comprehensions, up to `in`. */
  protected targets(): Expression {
    const start = this.start;
    const line = this.line;
    let target = this.target();
    if (this.kind === t.COMMA) {
      const elts = [target];
      while (this.accept(t.COMMA)) {
        if (listEnd[this.kind] === 1) break;
        elts.push(this.target());
      }
      target = this.tuple(start, line, elts, "Load");
    }
    this.setContext(target, "Store");
    return target;
  }

  /** One target, whose context is still to be set. */
  protected target(): Expression {
    return this.kind === t.STAR ? this.starred() : this.operators(BIT_OR);
  }

  protected yieldExpression(): Expression {
    const start = this.start;
    const line = this.line;
    this.next();
    if (this.accept(t.FROM)) {
      const value = this.expression();
      return { kind: "YieldFrom", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
    }
    const value = listEnd[this.kind] === 1 ? null : this.starExpressions();
    return { kind: "Yield", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
  }

  // --- one expression ---------------------------------------------------------------------------------------------

  protected namedExpression(): Expression {
    const start = this.start;
    const line = this.line;
    const target = this.expression();
    if (this.kind !== t.COLONEQUAL) return target;
    if (target.kind !== "Name" || target.start !== start) this.unexpected("a name before “:=”");
    this.next();
    this.setContext(target, "Store");
    const value = this.expression();
    return { kind: "NamedExpr", start, end: this.prevEnd, line, endLine: this.prevEndLine, target, value };
  }

  protected expression(): Expression {
    if (this.kind === t.LAMBDA) return this.lambda();
    const start = this.start;
    const line = this.line;
    const body = this.operators(OR);
    return this.kind === t.IF ? this.conditional(start, line, body) : body;
  }

  /** `a if b else c if d else e …`: read in a loop, built from the right. */
  private conditional(firstStart: number, firstLine: number, firstBody: Expression): Expression {
    const starts = [firstStart];
    const lines = [firstLine];
    const bodies = [firstBody];
    const tests: Expression[] = [];
    let orelse: Expression;
    for (;;) {
      this.next();
      tests.push(this.operators(OR));
      this.expect(t.ELSE, "“else”");
      const start = this.start;
      const line = this.line;
      orelse = this.kind === t.LAMBDA ? this.lambda() : this.operators(OR);
      if (this.kind !== t.IF) break;
      starts.push(start);
      lines.push(line);
      bodies.push(orelse);
    }
    const end = this.prevEnd;
    const endLine = this.prevEndLine;
    for (let i = bodies.length - 1; i >= 0; i--) {
      orelse = {
        kind: "IfExp",
        start: starts[i] as number,
        end,
        line: lines[i] as number,
        endLine,
        test: tests[i] as Expression,
        body: bodies[i] as Expression,
        orelse,
      };
    }
    return orelse;
  }

  private lambda(): Expression {
    const start = this.start;
    const line = this.line;
    this.enter();
    this.next();
    const builder = newArguments();
    this.parameters(builder, t.COLON, false);
    this.expect(t.COLON, "“:”");
    const body = this.expression();
    this.nesting--;
    return {
      kind: "Lambda",
      start,
      end: this.prevEnd,
      line,
      endLine: this.prevEndLine,
      args: toArguments(builder),
      body,
    };
  }

  /** Operators at least as strong as `min`: precedence climbing. */
  protected operators(min: number): Expression {
    this.enter();
    const start = this.start;
    const line = this.line;
    let left = prefixKind[this.kind] === 1 ? this.prefix(min) : this.primary();
    if (this.kind === t.DSTAR) left = this.power(start, line, left);
    for (;;) {
      const kind = this.kind;
      const level = strength[kind] as number;
      if (level < min || level === 0) break;
      if (level > COMPARE) {
        this.next();
        const right = this.operators(level + 1);
        left = {
          kind: "BinOp",
          start,
          end: this.prevEnd,
          line,
          endLine: this.prevEndLine,
          left,
          op: binary[kind] as Operator,
          right,
        };
      } else if (level === COMPARE) left = this.comparison(start, line, left);
      else left = this.boolean(start, line, left, kind, level);
    }
    this.nesting--;
    return left;
  }

  private power(start: number, line: number, left: Expression): Expression {
    this.next();
    const right = this.operators(UNARY);
    return { kind: "BinOp", start, end: this.prevEnd, line, endLine: this.prevEndLine, left, op: "Pow", right };
  }

  private prefix(min: number): Expression {
    const start = this.start;
    const line = this.line;
    const kind = this.kind;
    if (kind === t.NOT && min > NOT) this.unexpected("an operand");
    this.next();
    if (kind === t.AWAIT) {
      const value = this.primary();
      return { kind: "Await", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
    }
    const op: UnaryOperator = kind === t.NOT ? "Not" : kind === t.MINUS ? "USub" : kind === t.PLUS ? "UAdd" : "Invert";
    const operand = this.operators(kind === t.NOT ? NOT : UNARY);
    return { kind: "UnaryOp", start, end: this.prevEnd, line, endLine: this.prevEndLine, op, operand };
  }

  private comparison(start: number, line: number, left: Expression): Expression {
    const ops: CompareOperator[] = [];
    const comparators: Expression[] = [];
    while (strength[this.kind] === COMPARE) {
      const kind = this.kind;
      let op = comparison[kind] as CompareOperator;
      this.next();
      if (kind === t.NOT) this.expect(t.IN, "“in” after “not”");
      else if (kind === t.IS && this.accept(t.NOT)) op = "IsNot";
      ops.push(op);
      comparators.push(this.operators(BIT_OR));
    }
    return { kind: "Compare", start, end: this.prevEnd, line, endLine: this.prevEndLine, left, ops, comparators };
  }

  private boolean(start: number, line: number, left: Expression, kind: number, level: number): Expression {
    const values = [left];
    while (this.accept(kind)) values.push(this.operators(level + 1));
    const op = kind === t.OR ? "Or" : "And";
    return { kind: "BoolOp", start, end: this.prevEnd, line, endLine: this.prevEndLine, op, values };
  }

  // --- primaries --------------------------------------------------------------------------------------------------

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
    const first = this.starNamedExpression();
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

  // --- parameters -------------------------------------------------------------------------------------------------

  /** Parameters up to `close` (left unread), annotated or (lambda) not. What was read stays when an error follows. */
  protected parameters(into: ArgumentsBuilder, close: number, annotated: boolean): void {
    let keywordOnly = false;
    while (this.kind !== close) {
      if (this.accept(t.DSTAR)) {
        into.kwarg = this.parameter(annotated, false);
        this.accept(t.COMMA);
        return;
      }
      if (this.kind === t.SLASH) this.positionalMark(into, keywordOnly);
      else if (this.kind === t.STAR) {
        if (keywordOnly) this.unexpected("a parameter");
        keywordOnly = true;
        this.starParameter(into, annotated);
      } else this.plainParameter(into, annotated, keywordOnly);
      if (!this.accept(t.COMMA)) return;
    }
  }

  /** `/`: the parameters before it are positional only. */
  private positionalMark(into: ArgumentsBuilder, keywordOnly: boolean): void {
    if (keywordOnly || into.posonlyargs.length > 0 || into.args.length === 0) this.unexpected("a parameter");
    this.next();
    into.posonlyargs = into.args;
    into.args = [];
  }

  /** `*args`, or `*` alone before keyword-only parameters. */
  private starParameter(into: ArgumentsBuilder, annotated: boolean): void {
    this.next();
    if (this.kind === t.NAME) into.vararg = this.parameter(annotated, true);
    else if (this.kind !== t.COMMA) this.unexpected("a parameter name after “*”");
  }

  private plainParameter(into: ArgumentsBuilder, annotated: boolean, keywordOnly: boolean): void {
    const parameter = this.parameter(annotated, false);
    (keywordOnly ? into.kwonlyargs : into.args).push(parameter);
    const value = this.accept(t.EQUAL) ? this.expression() : null;
    if (keywordOnly) into.kw_defaults.push(value);
    else if (value !== null) into.defaults.push(value);
    else if (into.defaults.length > 0) {
      this.report(
        "a parameter without a default follows one with a default",
        parameter.start,
        parameter.end,
        parameter.line,
      );
    }
  }

  private parameter(annotated: boolean, starAnnotation: boolean): Arg {
    const start = this.start;
    const line = this.line;
    const arg = this.identifierText("a parameter name");
    let annotation: Expression | null = null;
    if (annotated && this.accept(t.COLON)) annotation = starAnnotation ? this.starExpression() : this.expression();
    return { kind: "arg", start, end: this.prevEnd, line, endLine: this.prevEndLine, arg, annotation };
  }
}
