import { fail, ok, type Result } from "../../../model/index.ts";

/** Where something stands in an expression's source: offsets in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator = "or" | "and" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in";

/** The syntax tree of an expression. */
export type Expression = Span &
  (
    | { readonly kind: "literal"; readonly value: null | boolean | number | string }
    | { readonly kind: "list"; readonly items: readonly Expression[] }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "member"; readonly object: Expression; readonly key: Expression }
    | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
    | { readonly kind: "not"; readonly operand: Expression }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
  );

/** What is wrong with an expression, and where. */
export interface ExpressionProblem extends Span {
  readonly message: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/** Deeper nesting than this is refused, so that nothing that walks a tree runs out of stack. */
const DEEPEST = 50;
const LONGEST = 4000;

interface Token extends Span {
  readonly kind: "number" | "string" | "name" | "sign" | "end";
  readonly text: string;
  readonly value?: number | string;
}

const BLANK = /[ \t\r\n]+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*/y;
const SIGN = /&&|\|\||==|!=|<=|>=|[<>!()[\].,]/y;
const SINGLE = /'((?:[^']|'')*)'/y;
const DOUBLE = /"(?:[^"\\\r\n]|\\.)*"/y;

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** The token at an offset; a problem where none begins. */
function tokenAt(source: string, from: number): Parsed<Token> {
  const start = from + (match(BLANK, source, from)?.[0].length ?? 0);
  if (start >= source.length) return { ok: true, value: { kind: "end", text: "", start, end: start } };
  const token = (kind: Token["kind"], text: string, value?: number | string): Parsed<Token> => ({
    ok: true,
    value: { kind, text, start, end: start + text.length, ...(value === undefined ? {} : { value }) },
  });
  const number = match(NUMBER, source, start);
  if (number !== null) return token("number", number[0], Number(number[0]));
  const name = match(NAME, source, start);
  if (name !== null) return token("name", name[0]);
  const single = match(SINGLE, source, start);
  if (single !== null) return token("string", single[0], (single[1] ?? "").replaceAll("''", "'"));
  const double = match(DOUBLE, source, start);
  if (double !== null) {
    const read = doubleQuoted(double[0]);
    if (read.ok) return token("string", double[0], read.value);
    return { ok: false, problem: { message: read.problem.message, start, end: start + double[0].length } };
  }
  const sign = match(SIGN, source, start);
  if (sign !== null) return token("sign", sign[0]);
  const what = /^['"]/.test(source.slice(start)) ? "this text has no closing quote" : "nothing can begin with this";
  return { ok: false, problem: { message: what, start, end: start + 1 } };
}

function doubleQuoted(text: string): Result<string> {
  try {
    return ok(String(JSON.parse(text)));
  } catch {
    return fail("bad-text", "text in double quotes is written as in JSON; in single quotes, '' stands for one quote");
  }
}

/** Words that mean the same as signs. */
const OPERATOR_WORDS: ReadonlyMap<string, BinaryOperator | "not"> = new Map([
  ["&&", "and"],
  ["and", "and"],
  ["||", "or"],
  ["or", "or"],
  ["!", "not"],
  ["not", "not"],
  ["in", "in"],
  ["==", "=="],
  ["!=", "!="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);
const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/**
 * Parses an expression:
 *
 *     or         = and { ("or" | "||") and }
 *     and        = not { ("and" | "&&") not }
 *     not        = ("not" | "!") not | comparison
 *     comparison = value [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") value ]
 *     value      = ( number | text | "true" | "false" | "null" | list | name | name "(" [ or { "," or } ] ")" | "(" or ")" )
 *                  { "." name | "[" or "]" }
 *     list       = "[" [ or { "," or } ] "]"
 */
export function parseExpression(source: string): Parsed<Expression> {
  if (source.length > LONGEST) {
    return { ok: false, problem: { message: `is longer than ${LONGEST} characters`, start: 0, end: source.length } };
  }
  return new Parser(source).whole();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): Parsed<Expression> {
    const expression = this.#or();
    if (!expression.ok) return expression;
    const rest = this.#peek();
    if (!rest.ok) return rest;
    if (rest.value.kind === "end") return expression;
    return this.#problem(rest.value, `“${rest.value.text}” is not expected here`);
  }

  #peek(): Parsed<Token> {
    return tokenAt(this.#source, this.#at);
  }

  #problem({ start, end }: Span, message: string): Parsed<never> {
    return { ok: false, problem: { message, start, end: Math.max(end, start + 1) } };
  }

  /** Takes the next token when it is this sign or word. */
  #take(...texts: readonly string[]): Token | undefined {
    const next = this.#peek();
    if (!next.ok || !(next.value.kind === "sign" || next.value.kind === "name")) return undefined;
    if (!texts.includes(next.value.text)) return undefined;
    this.#at = next.value.end;
    return next.value;
  }

  #expect(text: string, after: string): Parsed<Token> {
    const taken = this.#take(text);
    if (taken !== undefined) return { ok: true, value: taken };
    const next = this.#peek();
    return next.ok ? this.#problem(next.value, `“${text}” is missing after ${after}`) : next;
  }

  #or(): Parsed<Expression> {
    this.#depth++;
    if (this.#depth > DEEPEST) {
      return this.#problem({ start: this.#at, end: this.#at + 1 }, `is nested more than ${DEEPEST} levels deep`);
    }
    const value = this.#chain(["or", "||"], () => this.#chain(["and", "&&"], () => this.#not()));
    this.#depth--;
    return value;
  }

  #chain(operators: readonly string[], operand: () => Parsed<Expression>): Parsed<Expression> {
    let left = operand();
    while (left.ok) {
      const operator = this.#take(...operators);
      if (operator === undefined) return left;
      const right = operand();
      if (!right.ok) return right;
      left = this.#binary(operator.text, left.value, right.value);
    }
    return left;
  }

  #binary(sign: string, left: Expression, right: Expression): Parsed<Expression> {
    const operator = OPERATOR_WORDS.get(sign);
    if (operator === undefined || operator === "not") return this.#problem(left, `“${sign}” joins no values`);
    return { ok: true, value: { kind: "binary", operator, left, right, start: left.start, end: right.end } };
  }

  #not(): Parsed<Expression> {
    const negations: Token[] = [];
    for (let next = this.#take("not", "!"); next !== undefined; next = this.#take("not", "!")) {
      negations.push(next);
      if (negations.length > DEEPEST) return this.#problem(next, `is nested more than ${DEEPEST} levels deep`);
    }
    let value = this.#comparison();
    for (const { start } of negations.toReversed()) {
      if (!value.ok) return value;
      const operand = value.value;
      value = { ok: true, value: { kind: "not", operand, start, end: operand.end } };
    }
    return value;
  }

  #comparison(): Parsed<Expression> {
    const left = this.#value();
    if (!left.ok) return left;
    const operator = this.#take(...COMPARISONS);
    if (operator === undefined) return left;
    const right = this.#value();
    if (!right.ok) return right;
    const another = this.#take(...COMPARISONS);
    if (another !== undefined) return this.#problem(another, "comparisons are not chained: join two with “and”");
    return this.#binary(operator.text, left.value, right.value);
  }

  #value(): Parsed<Expression> {
    let value = this.#primary();
    for (let steps = 0; value.ok; steps++) {
      const object: Expression = value.value;
      const sign = this.#take(".", "[");
      if (sign === undefined) return value;
      if (steps >= DEEPEST) return this.#problem(sign, `is nested more than ${DEEPEST} levels deep`);
      value = sign.text === "." ? this.#property(object) : this.#index(object);
    }
    return value;
  }

  #property(object: Expression): Parsed<Expression> {
    const next = this.#peek();
    if (!next.ok) return next;
    const { kind, text, start, end } = next.value;
    if (kind !== "name") return this.#problem(next.value, "a name is missing after “.”");
    this.#at = end;
    const key: Expression = { kind: "literal", value: text, start, end };
    return { ok: true, value: { kind: "member", object, key, start: object.start, end } };
  }

  #index(object: Expression): Parsed<Expression> {
    const key = this.#or();
    if (!key.ok) return key;
    const close = this.#expect("]", "the index");
    if (!close.ok) return close;
    return { ok: true, value: { kind: "member", object, key: key.value, start: object.start, end: close.value.end } };
  }

  #primary(): Parsed<Expression> {
    const next = this.#peek();
    if (!next.ok) return next;
    const token = next.value;
    const { kind, text, start, end, value } = token;
    if (kind === "end") return this.#problem(token, "a value is missing");
    this.#at = end;
    if (kind === "number" || kind === "string") {
      return { ok: true, value: { kind: "literal", value: value ?? "", start, end } };
    }
    if (kind === "name") return this.#named(token);
    if (text === "(") {
      const inner = this.#or();
      if (!inner.ok) return inner;
      const close = this.#expect(")", "what is in parentheses");
      return close.ok ? { ok: true, value: { ...inner.value, start, end: close.value.end } } : close;
    }
    if (text === "[") {
      const items = this.#items("]");
      if (!items.ok) return items;
      return { ok: true, value: { kind: "list", items: items.value.items, start, end: items.value.end } };
    }
    return this.#problem(token, `a value is missing before “${text}”`);
  }

  #named({ text, start, end }: Token): Parsed<Expression> {
    const constant = CONSTANTS.get(text);
    if (constant !== undefined) return { ok: true, value: { kind: "literal", value: constant, start, end } };
    if (OPERATOR_WORDS.has(text)) return this.#problem({ start, end }, `a value is missing before “${text}”`);
    if (this.#take("(") === undefined) return { ok: true, value: { kind: "name", name: text, start, end } };
    const items = this.#items(")");
    if (!items.ok) return items;
    return { ok: true, value: { kind: "call", name: text, arguments: items.value.items, start, end: items.value.end } };
  }

  #items(close: string): Parsed<{ readonly items: readonly Expression[]; readonly end: number }> {
    const items: Expression[] = [];
    const empty = this.#take(close);
    if (empty !== undefined) return { ok: true, value: { items, end: empty.end } };
    for (;;) {
      const item = this.#or();
      if (!item.ok) return item;
      items.push(item.value);
      if (this.#take(",") !== undefined) continue;
      const end = this.#expect(close, "the last value");
      return end.ok ? { ok: true, value: { items, end: end.value.end } } : end;
    }
  }
}

/** Every part of an expression, itself first. */
export function* partsOf(expression: Expression): Generator<Expression> {
  yield expression;
  switch (expression.kind) {
    case "list":
      for (const item of expression.items) yield* partsOf(item);
      break;
    case "call":
      for (const argument of expression.arguments) yield* partsOf(argument);
      break;
    case "member":
      yield* partsOf(expression.object);
      yield* partsOf(expression.key);
      break;
    case "not":
      yield* partsOf(expression.operand);
      break;
    case "binary":
      yield* partsOf(expression.left);
      yield* partsOf(expression.right);
      break;
    default:
  }
}
