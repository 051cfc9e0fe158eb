import type { DefinitionKind } from "../model/index.ts";
import type {
  Alias,
  Arguments,
  ClassDef,
  ExceptHandler,
  Expression,
  FunctionDef,
  Import,
  ImportFrom,
  Lambda,
  Module,
  Pattern,
  Statement,
} from "../python/index.ts";
import { type ExpressionStack, pushHead, pushParts } from "./expressions.ts";
import { forEachStatement } from "./statements.ts";

/** A name that a statement binds: where it stands in the text. */
export interface Binding {
  readonly name: string;
  readonly kind: DefinitionKind;
  readonly start: number;
  readonly length: number;
}

export type BindingVisitor = (binding: Binding) => void;

/** The parameters of a function or lambda, in order. */
export function parameterBindings(args: Arguments, visit: BindingVisitor): void {
  const { posonlyargs, args: usual, vararg, kwonlyargs, kwarg } = args;
  for (const arg of [...posonlyargs, ...usual, vararg, ...kwonlyargs, kwarg]) {
    if (arg !== null) visit({ name: arg.arg, kind: "parameter", start: arg.start, length: arg.arg.length });
  }
}

/** The plain names of an assignment's target; attributes and items bind nothing. */
export function targetBindings(target: Expression, kind: DefinitionKind, visit: BindingVisitor): void {
  const stack = [target];
  for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
    if (e.kind === "Name") visit({ name: e.id, kind, start: e.start, length: e.id.length });
    else if (e.kind === "Starred") stack.push(e.value);
    else if (e.kind === "Tuple" || e.kind === "List") stack.push(...e.elts.toReversed());
  }
}

/** The names that a pattern captures, with the text for the one place (`**rest`) that the tree does not tell. */
export function patternBindings(text: string, pattern: Pattern, visit: BindingVisitor): void {
  const capture = (name: string | null, start: number): void => {
    if (name !== null) visit({ name, kind: "match", start, length: name.length });
  };
  const inner = (patterns: readonly Pattern[]): void => {
    for (const one of patterns) patternBindings(text, one, visit);
  };
  switch (pattern.kind) {
    case "MatchAs":
      if (pattern.pattern !== null) patternBindings(text, pattern.pattern, visit);
      capture(pattern.name, pattern.end - (pattern.name?.length ?? 0));
      return;
    case "MatchStar":
      capture(pattern.name, pattern.end - (pattern.name?.length ?? 0));
      return;
    case "MatchMapping":
      inner(pattern.patterns);
      if (pattern.rest !== null) capture(pattern.rest, text.lastIndexOf(pattern.rest, pattern.end - 1));
      return;
    case "MatchClass":
      inner(pattern.patterns);
      inner(pattern.kwd_patterns);
      return;
    case "MatchSequence":
    case "MatchOr":
      inner(pattern.patterns);
      return;
    default:
      return;
  }
}

/** The name that an alias of `import a.b` or `from a import b` binds; null for `*`. */
function aliasBinding(alias: Alias, isFrom: boolean): Binding | null {
  const { name, asname, start, end } = alias;
  if (asname !== null) return { name: asname, kind: "import", start: end - asname.length, length: asname.length };
  if (name === "*") return null;
  const [first = name] = isFrom ? [name] : name.split(".", 1);
  return { name: first, kind: "import", start, length: first.length };
}

/** Where the name of a `def`, `class` or `except … as` stands: the first one after `from` on the way to `to`. */
function nameAfter(text: string, name: string, from: number, to: number): number {
  for (let at = text.indexOf(name, from); at >= 0 && at < to; at = text.indexOf(name, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + name.length);
    if (!/[\p{L}\p{N}_]/u.test(before) && !/[\p{L}\p{N}_]/u.test(after)) return at;
  }
  return from;
}

/** The names that one statement binds by itself: not the ones of statements inside it, nor walrus targets. */
export function statementBindings(text: string, s: Statement, visit: BindingVisitor): void {
  switch (s.kind) {
    case "Assign":
      for (const target of s.targets) targetBindings(target, "assignment", visit);
      return;
    case "AnnAssign":
      targetBindings(s.target, "assignment", visit);
      return;
    case "AugAssign":
      targetBindings(s.target, "augmented", visit);
      return;
    case "For":
    case "AsyncFor":
      targetBindings(s.target, "for", visit);
      return;
    case "With":
    case "AsyncWith":
      for (const { optional_vars } of s.items) if (optional_vars) targetBindings(optional_vars, "with", visit);
      return;
    case "Try":
    case "TryStar":
      for (const handler of s.handlers) if (handler.name !== null) visit(handlerBinding(text, handler, handler.name));
      return;
    case "Match":
      for (const { pattern } of s.cases) patternBindings(text, pattern, visit);
      return;
    case "FunctionDef":
    case "AsyncFunctionDef":
    case "ClassDef":
      visit(definitionBinding(text, s));
      return;
    case "TypeAlias":
      targetBindings(s.name, "type-alias", visit);
      return;
    case "Import":
    case "ImportFrom":
      importBindings(s, visit);
      return;
    default:
      return;
  }
}

/** The name of `except … as name`. */
export function handlerBinding(text: string, { type, start, end }: ExceptHandler, name: string): Binding {
  return { name, kind: "except", start: nameAfter(text, name, type?.end ?? start, end), length: name.length };
}

function definitionBinding(text: string, s: FunctionDef | ClassDef): Binding {
  const kind = s.kind === "ClassDef" ? "class" : "function";
  const keyword = s.kind === "ClassDef" ? "class" : "def";
  const from = nameAfter(text, keyword, s.start, s.end) + keyword.length;
  return { name: s.name, kind, start: nameAfter(text, s.name, from, s.end), length: s.name.length };
}

/** The names that an import statement binds. */
export function importBindings(s: Import | ImportFrom, visit: BindingVisitor): void {
  for (const alias of s.names) {
    const binding = aliasBinding(alias, s.kind === "ImportFrom");
    if (binding !== null) visit(binding);
  }
}

/** Offsets of `:=` in a text: most hold none, which saves walking their expressions. */
export function walrusOffsets(text: string): readonly number[] {
  const offsets: number[] = [];
  for (let at = text.indexOf(":="); at >= 0; at = text.indexOf(":=", at + 2)) offsets.push(at);
  return offsets;
}

/** Whether one of the sorted offsets lies in `start <= offset < end`. */
export function anyWithin(offsets: readonly number[], start: number, end: number): boolean {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return (offsets[low] ?? Number.POSITIVE_INFINITY) < end;
}

/** What a scope's text binds, and which names it declares to belong elsewhere. */
export interface BoundNames {
  readonly bound: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly nonlocals: ReadonlySet<string>;
}

/**
 * The names of a function, lambda, class or module, as the compiler's symbol table has them: bound anywhere in it,
 * nested blocks and walrus targets in its comprehensions included.
 * @param walrus see {@link walrusOffsets}
 */
export function boundNames(
  text: string,
  node: FunctionDef | Lambda | ClassDef | Module,
  walrus: readonly number[],
): BoundNames {
  const bound = new Set<string>();
  const globals = new Set<string>();
  const nonlocals = new Set<string>();
  const add = (binding: Binding): void => {
    bound.add(binding.name);
  };
  if (node.kind !== "Module" && node.kind !== "ClassDef") parameterBindings(node.args, add);
  if (node.kind === "Lambda") {
    if (anyWithin(walrus, node.body.start, node.body.end)) walrusTargets([node.body], add);
    return { bound, globals, nonlocals };
  }
  forEachStatement(node.body, (s) => {
    statementBindings(text, s, add);
    if (s.kind === "Global" || s.kind === "Nonlocal") addAll(s.kind === "Global" ? globals : nonlocals, s.names);
    if (anyWithin(walrus, s.start, s.end)) walrusTargets(headsOf(s), add);
  });
  for (const name of [...globals, ...nonlocals]) bound.delete(name);
  return { bound, globals, nonlocals };
}

function addAll(set: Set<string>, names: readonly string[]): void {
  for (const name of names) set.add(name);
}

function headsOf(s: Statement): ExpressionStack {
  const stack: ExpressionStack = [];
  pushHead(s, stack);
  if (s.kind === "Match") for (const { guard } of s.cases) if (guard !== null) stack.push(guard);
  return stack;
}

function walrusTargets(stack: ExpressionStack, visit: BindingVisitor): void {
  for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
    if (e.kind === "NamedExpr") targetBindings(e.target, "walrus", visit);
    pushParts(e, stack);
  }
}
