import type { Comprehension, DictComp, Expression, Pattern, Statement, TypeParam } from "../python/index.ts";

/** A work list: expression walks keep their own stack, so that a sum of ten thousand terms is no deep recursion. */
export type ExpressionStack = Expression[];

function pushAll(list: readonly (Expression | null)[], stack: ExpressionStack): void {
  for (const item of list) if (item !== null) stack.push(item);
}

function pushMaybe(item: Expression | null, stack: ExpressionStack): void {
  if (item !== null) stack.push(item);
}

/** Pushes the defaults of a function's or lambda's parameters: they are evaluated where it is defined. */
export function pushDefaults(
  args: { readonly defaults: readonly Expression[]; readonly kw_defaults: readonly (Expression | null)[] },
  stack: ExpressionStack,
): void {
  pushAll(args.defaults, stack);
  pushAll(args.kw_defaults, stack);
}

/**
 * Pushes the direct parts of an expression. Of a lambda only its defaults: the body is a scope of its own.
 */
export function pushParts(e: Expression, stack: ExpressionStack): void {
  switch (e.kind) {
    case "Name":
    case "Constant":
    case "ErrorExpression":
      return;
    case "Attribute":
    case "Starred":
    case "Await":
    case "YieldFrom":
      stack.push(e.value);
      return;
    case "Call":
      stack.push(e.func);
      pushAll(e.args, stack);
      for (const keyword of e.keywords) stack.push(keyword.value);
      return;
    case "Subscript":
      stack.push(e.value, e.slice);
      return;
    case "BinOp":
      stack.push(e.left, e.right);
      return;
    case "UnaryOp":
      stack.push(e.operand);
      return;
    case "BoolOp":
    case "JoinedStr":
    case "TemplateStr":
      pushAll(e.values, stack);
      return;
    case "Compare":
      stack.push(e.left);
      pushAll(e.comparators, stack);
      return;
    case "IfExp":
      stack.push(e.test, e.body, e.orelse);
      return;
    case "NamedExpr":
      stack.push(e.target, e.value);
      return;
    case "List":
    case "Tuple":
    case "Set":
      pushAll(e.elts, stack);
      return;
    case "Dict":
      pushAll(e.keys, stack);
      pushAll(e.values, stack);
      return;
    case "ListComp":
    case "SetComp":
    case "GeneratorExp":
      stack.push(e.elt);
      pushGenerators(e.generators, stack);
      return;
    case "DictComp":
      stack.push(e.key, e.value);
      pushGenerators(e.generators, stack);
      return;
    case "Slice":
      pushMaybe(e.lower, stack);
      pushMaybe(e.upper, stack);
      pushMaybe(e.step, stack);
      return;
    case "Yield":
      pushMaybe(e.value, stack);
      return;
    case "FormattedValue":
    case "Interpolation":
      stack.push(e.value);
      pushMaybe(e.format_spec, stack);
      return;
    case "Lambda":
      pushDefaults(e.args, stack);
      return;
  }
}

/** Whether a node is a list, set or dictionary comprehension or a generator expression. */
export function isComprehension(node: { readonly kind: string }): node is Comprehension | DictComp {
  const { kind } = node;
  return kind === "ListComp" || kind === "SetComp" || kind === "DictComp" || kind === "GeneratorExp";
}

function pushGenerators(
  generators: readonly {
    readonly target: Expression;
    readonly iter: Expression;
    readonly ifs: readonly Expression[];
  }[],
  stack: ExpressionStack,
): void {
  for (const generator of generators) {
    stack.push(generator.target, generator.iter);
    pushAll(generator.ifs, stack);
  }
}

/** Pushes the expressions that a statement's own head evaluates: not those of the statements in its body. */
export function pushHead(s: Statement, stack: ExpressionStack): void {
  switch (s.kind) {
    case "Expr":
      stack.push(s.value);
      return;
    case "Assign":
      pushAll(s.targets, stack);
      stack.push(s.value);
      return;
    case "Return":
      pushMaybe(s.value, stack);
      return;
    case "If":
    case "While":
      stack.push(s.test);
      return;
    case "For":
    case "AsyncFor":
      stack.push(s.target, s.iter);
      return;
    case "FunctionDef":
    case "AsyncFunctionDef":
      pushAll(s.decorator_list, stack);
      pushDefaults(s.args, stack);
      return;
    case "ClassDef":
      pushAll(s.decorator_list, stack);
      pushAll(s.bases, stack);
      for (const keyword of s.keywords) stack.push(keyword.value);
      return;
    case "AugAssign":
      stack.push(s.target, s.value);
      return;
    case "AnnAssign":
      stack.push(s.target);
      pushMaybe(s.value, stack);
      return;
    case "With":
    case "AsyncWith":
      for (const item of s.items) {
        stack.push(item.context_expr);
        pushMaybe(item.optional_vars, stack);
      }
      return;
    case "Match":
      stack.push(s.subject);
      return;
    case "Raise":
      pushMaybe(s.exc, stack);
      pushMaybe(s.cause, stack);
      return;
    case "Assert":
      stack.push(s.test);
      pushMaybe(s.msg, stack);
      return;
    case "Delete":
      pushAll(s.targets, stack);
      return;
    default:
      return;
  }
}

/**
 * Pushes a statement's expressions that may be evaluated later, or never, and decide nothing where they stand:
 * annotations (PEP 649), bounds and defaults of type parameters, and what a type alias stands for (PEP 695).
 */
export function pushLazy(s: Statement, stack: ExpressionStack): void {
  switch (s.kind) {
    case "FunctionDef":
    case "AsyncFunctionDef": {
      const { posonlyargs, args, kwonlyargs, vararg, kwarg } = s.args;
      for (const list of [posonlyargs, args, kwonlyargs]) for (const arg of list) pushMaybe(arg.annotation, stack);
      pushMaybe(vararg?.annotation ?? null, stack);
      pushMaybe(kwarg?.annotation ?? null, stack);
      pushMaybe(s.returns, stack);
      pushTypeParameters(s.type_params, stack);
      return;
    }
    case "ClassDef":
      pushTypeParameters(s.type_params, stack);
      return;
    case "AnnAssign":
      stack.push(s.annotation);
      return;
    case "TypeAlias":
      stack.push(s.value);
      pushTypeParameters(s.type_params, stack);
      return;
    default:
      return;
  }
}

function pushTypeParameters(list: readonly TypeParam[], stack: ExpressionStack): void {
  for (const one of list) {
    if (one.kind === "TypeVar") pushMaybe(one.bound, stack);
    pushMaybe(one.default_value, stack);
  }
}

/** The truth of an expression that the compiler knows without running it, else null. */
export function constantTruth(e: Expression): boolean | null {
  switch (e.kind) {
    case "Constant":
      return constantValueTruth(e.value);
    case "Name":
      return e.id === "__debug__" ? true : null;
    case "Tuple":
      return e.elts.length === 0 ? false : e.elts.every(isConstant) ? true : null;
    case "UnaryOp":
      return unaryTruth(e);
    case "IfExp": {
      const truth = constantTruth(e.test);
      return truth === null ? null : constantTruth(truth ? e.body : e.orelse);
    }
    case "JoinedStr":
      return e.values.every(isConstant) ? e.values.length > 0 : null;
    case "BoolOp":
      return boolOpTruth(e.values, e.op === "Or");
    default:
      return null;
  }
}

function isConstant(e: Expression): boolean {
  return e.kind === "Constant" || (e.kind === "Tuple" && e.elts.every(isConstant));
}

function unaryTruth({ op, operand }: Extract<Expression, { kind: "UnaryOp" }>): boolean | null {
  if (op === "Not") {
    const truth = constantTruth(operand);
    return truth === null ? null : !truth;
  }
  if (operand.kind !== "Constant") return null;
  const { type } = operand.value;
  if (op === "Invert") return type === "int" || type === "bool" ? true : null;
  return type === "int" || type === "float" || type === "complex" || type === "bool" ? constantTruth(operand) : null;
}

/** One operand with the deciding value decides (`x and 0`); else all must be known. */
function boolOpTruth(values: readonly Expression[], deciding: boolean): boolean | null {
  let known = true;
  for (const value of values) {
    const truth = constantTruth(value);
    if (truth === deciding) return deciding;
    if (truth === null) known = false;
  }
  return known ? !deciding : null;
}

function constantValueTruth(value: Extract<Expression, { kind: "Constant" }>["value"]): boolean {
  switch (value.type) {
    case "bool":
      return value.value;
    case "None":
      return false;
    case "Ellipsis":
      return true;
    case "str":
    case "bytes":
      return value.value !== "";
    default:
      return value.value !== 0 && value.value !== 0n;
  }
}

/** Whether a pattern takes every subject: `_`, a name, `(y)`, `2 | _`. */
export function isIrrefutable(pattern: Pattern): boolean {
  if (pattern.kind === "MatchAs") return pattern.pattern === null || isIrrefutable(pattern.pattern);
  return pattern.kind === "MatchOr" && pattern.patterns.some(isIrrefutable);
}

/** Whether matching compares, looks up and calls nothing, so that it cannot raise: `_`, a name, and what is made of them. */
export function isWildcard(pattern: Pattern): boolean {
  if (pattern.kind === "MatchAs") return pattern.pattern === null || isWildcard(pattern.pattern);
  return pattern.kind === "MatchOr" && pattern.patterns.every(isWildcard);
}
