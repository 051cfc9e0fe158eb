import type { Arguments, Expression, Keyword, Node } from "./ast.ts";

type Visit = (child: Node) => void;

function each(nodes: readonly (Node | null)[], visit: Visit): void {
  for (const node of nodes) if (node !== null) visit(node);
}

function maybe(node: Node | null, visit: Visit): void {
  if (node !== null) visit(node);
}

/** Positional and keyword arguments, which may stand mixed. */
function callArguments(args: readonly Expression[], keywords: readonly Keyword[], visit: Visit): void {
  let next = 0;
  for (const keyword of keywords) {
    for (let arg = args[next]; arg !== undefined && arg.start < keyword.start; arg = args[++next]) visit(arg);
    visit(keyword);
  }
  for (let arg = args[next]; arg !== undefined; arg = args[++next]) visit(arg);
}

function parameters(node: Arguments, visit: Visit): void {
  const { posonlyargs, args, defaults, kw_defaults } = node;
  const first = posonlyargs.length + args.length - defaults.length;
  let position = 0;
  const positional = (list: Arguments["args"]): void => {
    for (const arg of list) {
      visit(arg);
      if (position >= first) maybe(defaults[position - first] ?? null, visit);
      position++;
    }
  };
  positional(posonlyargs);
  positional(args);
  maybe(node.vararg, visit);
  for (const [index, arg] of node.kwonlyargs.entries()) {
    visit(arg);
    maybe(kw_defaults[index] ?? null, visit);
  }
  maybe(node.kwarg, visit);
}

/** Calls back with each direct child of a node, in the order of the source. */
export function forEachChild(node: Node, visit: Visit): void {
  switch (node.kind) {
    case "Name":
    case "Constant":
    case "Pass":
    case "Break":
    case "Continue":
    case "Global":
    case "Nonlocal":
    case "alias":
    case "ErrorStatement":
    case "ErrorExpression":
    case "MatchSingleton":
    case "MatchStar":
      return;
    case "Attribute":
    case "Starred":
    case "Await":
    case "YieldFrom":
    case "Expr":
    case "keyword":
    case "MatchValue":
      visit(node.value);
      return;
    case "Call":
      visit(node.func);
      callArguments(node.args, node.keywords, visit);
      return;
    case "Subscript":
      visit(node.value);
      visit(node.slice);
      return;
    case "BinOp":
      visit(node.left);
      visit(node.right);
      return;
    case "BoolOp":
    case "JoinedStr":
    case "TemplateStr":
      each(node.values, visit);
      return;
    case "Compare":
      visit(node.left);
      each(node.comparators, visit);
      return;
    case "UnaryOp":
      visit(node.operand);
      return;
    case "Tuple":
    case "List":
    case "Set":
      each(node.elts, visit);
      return;
    case "Dict":
      for (const [index, value] of node.values.entries()) {
        maybe(node.keys[index] ?? null, visit);
        visit(value);
      }
      return;
    case "IfExp":
      visit(node.body);
      visit(node.test);
      visit(node.orelse);
      return;
    case "Lambda":
      visit(node.args);
      visit(node.body);
      return;
    case "ListComp":
    case "SetComp":
    case "GeneratorExp":
      visit(node.elt);
      each(node.generators, visit);
      return;
    case "DictComp":
      visit(node.key);
      visit(node.value);
      each(node.generators, visit);
      return;
    case "comprehension":
      visit(node.target);
      visit(node.iter);
      each(node.ifs, visit);
      return;
    case "FormattedValue":
    case "Interpolation":
      visit(node.value);
      maybe(node.format_spec, visit);
      return;
    case "Slice":
      maybe(node.lower, visit);
      maybe(node.upper, visit);
      maybe(node.step, visit);
      return;
    case "NamedExpr":
      visit(node.target);
      visit(node.value);
      return;
    case "Yield":
    case "Return":
      maybe(node.value, visit);
      return;
    case "Module":
      each(node.body, visit);
      return;
    case "FunctionDef":
    case "AsyncFunctionDef":
      each(node.decorator_list, visit);
      each(node.type_params, visit);
      visit(node.args);
      maybe(node.returns, visit);
      each(node.body, visit);
      return;
    case "ClassDef":
      each(node.decorator_list, visit);
      each(node.type_params, visit);
      callArguments(node.bases, node.keywords, visit);
      each(node.body, visit);
      return;
    case "arguments":
      parameters(node, visit);
      return;
    case "arg":
      maybe(node.annotation, visit);
      return;
    case "If":
    case "While":
      visit(node.test);
      each(node.body, visit);
      each(node.orelse, visit);
      return;
    case "For":
    case "AsyncFor":
      visit(node.target);
      visit(node.iter);
      each(node.body, visit);
      each(node.orelse, visit);
      return;
    case "With":
    case "AsyncWith":
      each(node.items, visit);
      each(node.body, visit);
      return;
    case "withitem":
      visit(node.context_expr);
      maybe(node.optional_vars, visit);
      return;
    case "Try":
    case "TryStar":
      each(node.body, visit);
      each(node.handlers, visit);
      each(node.orelse, visit);
      each(node.finalbody, visit);
      return;
    case "ExceptHandler":
      maybe(node.type, visit);
      each(node.body, visit);
      return;
    case "Assign":
      each(node.targets, visit);
      visit(node.value);
      return;
    case "AugAssign":
      visit(node.target);
      visit(node.value);
      return;
    case "AnnAssign":
      visit(node.target);
      visit(node.annotation);
      maybe(node.value, visit);
      return;
    case "Delete":
      each(node.targets, visit);
      return;
    case "Raise":
      maybe(node.exc, visit);
      maybe(node.cause, visit);
      return;
    case "Assert":
      visit(node.test);
      maybe(node.msg, visit);
      return;
    case "Import":
    case "ImportFrom":
      each(node.names, visit);
      return;
    case "TypeAlias":
      visit(node.name);
      each(node.type_params, visit);
      visit(node.value);
      return;
    case "TypeVar":
      maybe(node.bound, visit);
      maybe(node.default_value, visit);
      return;
    case "ParamSpec":
    case "TypeVarTuple":
      maybe(node.default_value, visit);
      return;
    case "Match":
      visit(node.subject);
      each(node.cases, visit);
      return;
    case "match_case":
      visit(node.pattern);
      maybe(node.guard, visit);
      each(node.body, visit);
      return;
    case "MatchSequence":
    case "MatchOr":
      each(node.patterns, visit);
      return;
    case "MatchMapping":
      for (const [index, pattern] of node.patterns.entries()) {
        maybe(node.keys[index] ?? null, visit);
        visit(pattern);
      }
      return;
    case "MatchClass":
      visit(node.cls);
      each(node.patterns, visit);
      each(node.kwd_patterns, visit);
      return;
    case "MatchAs":
      maybe(node.pattern, visit);
      return;
    default:
      node satisfies never;
  }
}

/**
 * Calls back with a node and all below it, parents first, in the order of the source. `enter` returns false to leave
 * out what is below a node. Uses no recursion: a chain of ten thousand operators is as good as any tree.
 */
export function walk(root: Node, enter: (node: Node) => boolean | undefined): void {
  const stack: Node[] = [root];
  const push = (child: Node): void => {
    stack.push(child);
  };
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (enter(node) === false) continue;
    const from = stack.length;
    forEachChild(node, push);
    // The first child has to be on top.
    for (let low = from, high = stack.length - 1; low < high; low++, high--) {
      const swap = stack[low] as Node;
      stack[low] = stack[high] as Node;
      stack[high] = swap;
    }
  }
}
