import type { Arg, Arguments, CompareOperator, Expression, Operator, UnaryOperator } from "./ast.ts";
import { AtomParser, BIT_OR, OR } from "./parser-atoms.ts";
import * as t from "./tokens.ts";

// Binding strength of the operators, loosest first.
const AND = 2;
const NOT = 3;
const COMPARE = 4;
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
export abstract class ExpressionParser extends AtomParser {
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

  protected override starNamedExpression(): Expression {
    return this.kind === t.STAR ? this.starred() : this.namedExpression();
  }

  protected override starred(): Expression {
    const start = this.start;
    const line = this.line;
    this.next();
    const value = this.operators(BIT_OR);
    return { kind: "Starred", start, end: this.prevEnd, line, endLine: this.prevEndLine, value, ctx: "Load" };
  }

  /** Targets of `for` and of comprehensions, up to `in`. */
  protected override targets(): Expression {
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

  protected override yieldExpression(): Expression {
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

  protected override namedExpression(): Expression {
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

  protected override expression(): Expression {
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
    if (this.depth === this.fieldDepth) {
      this.report("a lambda in an f-string needs parentheses", start, this.end, line);
    }
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
  protected override operators(min: number): Expression {
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

  // --- parameters -------------------------------------------------------------------------------------------------

  /** `**kwargs`, the last of all. */
  private keywordsParameter(into: ArgumentsBuilder, annotated: boolean, keywordOnly: boolean): void {
    if (keywordOnly && into.vararg === null && into.kwonlyargs.length === 0) {
      this.report("a parameter must follow “*”", this.start, this.end, this.line);
    }
    this.next();
    into.kwarg = this.parameter(annotated, false);
    this.accept(t.COMMA);
  }

  /** Parameters up to `close` (left unread), annotated or (lambda) not. What was read stays when an error follows. */
  protected parameters(into: ArgumentsBuilder, close: number, annotated: boolean): void {
    let keywordOnly = false;
    while (this.kind !== close) {
      if (this.kind === t.DSTAR) {
        this.keywordsParameter(into, annotated, keywordOnly);
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
