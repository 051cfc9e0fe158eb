import type { Alias, ErrorStatement, Expression, Operator, Statement, TypeParam } from "./ast.ts";
import { PatternParser } from "./parser-patterns.ts";
import * as t from "./tokens.ts";

const augmented: (Operator | undefined)[] = new Array<Operator | undefined>(t.KIND_COUNT).fill(undefined);
for (const [kind, operator] of [
  [t.PLUSEQUAL, "Add"],
  [t.MINUSEQUAL, "Sub"],
  [t.STAREQUAL, "Mult"],
  [t.SLASHEQUAL, "Div"],
  [t.DSLASHEQUAL, "FloorDiv"],
  [t.PERCENTEQUAL, "Mod"],
  [t.ATEQUAL, "MatMult"],
  [t.DSTAREQUAL, "Pow"],
  [t.VBAREQUAL, "BitOr"],
  [t.CARETEQUAL, "BitXor"],
  [t.AMPEREQUAL, "BitAnd"],
  [t.LSHIFTEQUAL, "LShift"],
  [t.RSHIFTEQUAL, "RShift"],
] as const) {
  augmented[kind] = operator;
}

/** Reads statements without a block. */
export abstract class SimpleStatementParser extends PatternParser {
  /** A line of simple statements with its line end. */
  protected simpleLine(body: Statement[]): void {
    const count = body.length;
    try {
      do {
        body.push(this.simpleStatement());
      } while (this.accept(t.SEMI) && this.kind !== t.NEWLINE);
      if (this.kind !== t.NEWLINE) this.unexpectedAfter(body.at(-1));
    } catch (error) {
      body.length = count;
      throw error;
    }
    this.next();
  }

  private unexpectedAfter(statement: Statement | undefined): never {
    if (statement?.kind === "Expr" && statement.value.kind === "Name") {
      const word = statement.value.id;
      if (word === "print" || word === "exec") {
        this.refuse(`“${word}” as a statement is Python 2: write ${word}(…)`, statement.start, this.end, this.line);
      }
    }
    return this.unexpected("the end of the statement");
  }

  private simpleStatement(): Statement {
    switch (this.kind) {
      case t.RETURN: {
        const start = this.start;
        const line = this.line;
        this.next();
        const value = this.atStatementEnd() ? null : this.starExpressions();
        return { kind: "Return", start, end: this.prevEnd, line, endLine: this.prevEndLine, value };
      }
      case t.IMPORT:
        return this.importStatement();
      case t.FROM:
        return this.importFromStatement();
      case t.RAISE:
        return this.raiseStatement();
      case t.PASS:
        return this.keywordStatement("Pass");
      case t.BREAK:
        return this.keywordStatement("Break");
      case t.CONTINUE:
        return this.keywordStatement("Continue");
      case t.DEL:
        return this.deleteStatement();
      case t.ASSERT:
        return this.assertStatement();
      case t.GLOBAL:
        return this.globalStatement("Global");
      case t.NONLOCAL:
        return this.globalStatement("Nonlocal");
      default:
        return (this.atWord("type") ? this.typeAlias() : null) ?? this.expressionStatement();
    }
  }

  private atStatementEnd(): boolean {
    return this.kind === t.NEWLINE || this.kind === t.SEMI;
  }

  private keywordStatement(kind: "Pass" | "Break" | "Continue"): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    return { kind, start, end: this.prevEnd, line, endLine: this.prevEndLine };
  }

  /** An expression, an assignment of any sort, or an annotation. */
  private expressionStatement(): Statement {
    const start = this.start;
    const line = this.line;
    const first = this.yieldOrStarExpressions();
    switch (this.kind) {
      case t.NEWLINE:
      case t.SEMI:
        return { kind: "Expr", start, end: this.prevEnd, line, endLine: this.prevEndLine, value: first };
      case t.EQUAL:
        return this.assignment(start, line, first);
      case t.COLON:
        return this.annotatedAssignment(start, line, first);
      default: {
        const op = augmented[this.kind];
        if (op === undefined) {
          return { kind: "Expr", start, end: this.prevEnd, line, endLine: this.prevEndLine, value: first };
        }
        this.setSingleTarget(first, "an augmented assignment");
        this.next();
        const value = this.yieldOrStarExpressions();
        const [end, endLine] = [this.prevEnd, this.prevEndLine];
        return { kind: "AugAssign", start, end, line, endLine, target: first, op, value };
      }
    }
  }

  private assignment(start: number, line: number, first: Expression): Statement {
    const targets: Expression[] = [];
    let value = first;
    while (this.accept(t.EQUAL)) {
      if (value.kind === "Starred") {
        this.refuse("a starred assignment target must be in a list or tuple", value.start, value.end, value.line);
      }
      this.setContext(value, "Store");
      targets.push(value);
      value = this.yieldOrStarExpressions();
    }
    return { kind: "Assign", start, end: this.prevEnd, line, endLine: this.prevEndLine, targets, value };
  }

  private annotatedAssignment(start: number, line: number, target: Expression): Statement {
    this.setSingleTarget(target, "an annotation");
    const simple = target.kind === "Name" && target.start === start ? 1 : 0;
    this.next();
    const annotation = this.expression();
    const value = this.accept(t.EQUAL) ? this.yieldOrStarExpressions() : null;
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind: "AnnAssign", start, end, line, endLine, target, annotation, value, simple };
  }

  private deleteStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const targets: Expression[] = [];
    do {
      const target = this.target();
      this.setContext(target, "Del");
      targets.push(target);
    } while (this.accept(t.COMMA) && !this.atStatementEnd());
    return { kind: "Delete", start, end: this.prevEnd, line, endLine: this.prevEndLine, targets };
  }

  private assertStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const test = this.expression();
    const msg = this.accept(t.COMMA) ? this.expression() : null;
    return { kind: "Assert", start, end: this.prevEnd, line, endLine: this.prevEndLine, test, msg };
  }

  private raiseStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const exc = this.atStatementEnd() ? null : this.expression();
    const cause = exc !== null && this.accept(t.FROM) ? this.expression() : null;
    if (this.kind === t.COMMA) {
      this.refuse("“raise E, value” is Python 2: write “raise E(value)”", start, this.end, line);
    }
    return { kind: "Raise", start, end: this.prevEnd, line, endLine: this.prevEndLine, exc, cause };
  }

  private globalStatement(kind: "Global" | "Nonlocal"): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const names: string[] = [];
    do names.push(this.identifierText("a name"));
    while (this.accept(t.COMMA));
    return { kind, start, end: this.prevEnd, line, endLine: this.prevEndLine, names };
  }

  // --- imports ----------------------------------------------------------------------------------------------------

  private importStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    const names: Alias[] = [];
    do {
      const begin = this.start;
      const beginLine = this.line;
      names.push(this.alias(begin, beginLine, this.dottedText()));
    } while (this.accept(t.COMMA));
    return { kind: "Import", start, end: this.prevEnd, line, endLine: this.prevEndLine, names };
  }

  private dottedText(): string {
    let name = this.identifierText("a module name");
    while (this.accept(t.DOT)) name += `.${this.identifierText("a module name")}`;
    return name;
  }

  private alias(start: number, line: number, name: string): Alias {
    const asname = this.accept(t.AS) ? this.identifierText("a name") : null;
    return { kind: "alias", start, end: this.prevEnd, line, endLine: this.prevEndLine, name, asname };
  }

  private importFromStatement(): Statement {
    const start = this.start;
    const line = this.line;
    this.next();
    let level = 0;
    while (this.kind === t.DOT || this.kind === t.ELLIPSIS) {
      level += this.kind === t.DOT ? 1 : 3;
      this.next();
    }
    const module = level > 0 && this.kind === t.IMPORT ? null : this.dottedText();
    this.expect(t.IMPORT, "“import”");
    const names = this.importedNames();
    return { kind: "ImportFrom", start, end: this.prevEnd, line, endLine: this.prevEndLine, module, names, level };
  }

  private importedNames(): readonly Alias[] {
    if (this.kind === t.STAR) {
      const start = this.start;
      const line = this.line;
      this.next();
      return [this.alias(start, line, "*")];
    }
    const bracketed = this.accept(t.LPAR);
    const names: Alias[] = [];
    do {
      if (bracketed && this.kind === t.RPAR && names.length > 0) break;
      const start = this.start;
      const line = this.line;
      names.push(this.alias(start, line, this.identifierText("a name to import")));
    } while (this.accept(t.COMMA));
    if (bracketed) this.expect(t.RPAR, "“,” or “)”");
    return names;
  }

  // --- types ------------------------------------------------------------------------------------------------------

  /** `type X = …` (PEP 695), when the current word `type` begins one; else null and nothing is read. */
  private typeAlias(): Statement | null {
    const state = this.save();
    this.next();
    if (this.kind !== t.NAME) {
      this.restore(state);
      return null;
    }
    const name = this.nameNode("Store");
    const type_params = this.typeParameters();
    this.expect(t.EQUAL, "“=”");
    const value = this.expression();
    const { start, line } = state;
    return { kind: "TypeAlias", start, end: this.prevEnd, line, endLine: this.prevEndLine, name, type_params, value };
  }

  /** `[T: bound = default, *Ts, **P]`, empty where there is no bracket. */
  protected typeParameters(): readonly TypeParam[] {
    const params: TypeParam[] = [];
    if (!this.accept(t.LSQB)) return params;
    do {
      if (this.kind === t.RSQB && params.length > 0) break;
      params.push(this.typeParameter());
    } while (this.accept(t.COMMA));
    this.expect(t.RSQB, "“,” or “]”");
    return params;
  }

  private typeParameter(): TypeParam {
    const start = this.start;
    const line = this.line;
    if (this.kind === t.STAR || this.kind === t.DSTAR) {
      const kind = this.kind === t.STAR ? "TypeVarTuple" : "ParamSpec";
      this.next();
      const name = this.identifierText("a type parameter");
      let default_value: Expression | null = null;
      if (this.accept(t.EQUAL)) default_value = kind === "TypeVarTuple" ? this.starExpression() : this.expression();
      return { kind, start, end: this.prevEnd, line, endLine: this.prevEndLine, name, default_value };
    }
    const name = this.identifierText("a type parameter");
    const bound = this.accept(t.COLON) ? this.expression() : null;
    const default_value = this.accept(t.EQUAL) ? this.expression() : null;
    const [end, endLine] = [this.prevEnd, this.prevEndLine];
    return { kind: "TypeVar", start, end, line, endLine, name, bound, default_value };
  }

  protected errorStatement(start: number, end: number, line: number, endLine: number): ErrorStatement {
    return { kind: "ErrorStatement", start, end, line, endLine };
  }
}
