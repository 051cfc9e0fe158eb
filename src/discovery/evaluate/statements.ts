import type {
  AnnAssign,
  Assign,
  ClassDef,
  Expression,
  For,
  FunctionDef,
  If,
  Import,
  ImportFrom,
  Match,
  Statement,
  Try,
  While,
  With,
} from "../../python/index.ts";
import { forEachChild, type Node } from "../../python/index.ts";
import { isMainGuard } from "../main-guard.ts";
import { assign, deleteTarget, iterate, nameOf } from "./assignment.ts";
import { STAR_IMPORTS, starImported } from "./attributes.ts";
import { callValue } from "./calls.ts";
import { makeClass, makeFunction } from "./definitions.ts";
import type { Frame } from "./frame.ts";
import type { Interpreter } from "./interpreter.ts";
import { binaryOperation } from "./operators.ts";
import type { Changes } from "./scope.ts";
import { equal, expected, truth, unknown, type Value } from "./values.ts";

/** How a block ends. `normal`: the next statement follows. */
export type Completion = "normal" | "return" | "break" | "continue" | "raise";

export function executeBlock(interpreter: Interpreter, body: readonly Statement[], frame: Frame): Completion {
  for (const statement of body) {
    const completion = executeStatement(interpreter, statement, frame);
    if (completion !== "normal") return completion;
  }
  return "normal";
}

function executeStatement(interpreter: Interpreter, statement: Statement, frame: Frame): Completion {
  interpreter.step();
  switch (statement.kind) {
    case "Expr":
      return interpreter.evaluate(statement.value, frame).kind === "never" ? "raise" : "normal";
    case "Return":
      return executeReturn(interpreter, statement.value, frame);
    case "Raise":
      // `raise SystemExit(main())`
      if (statement.exc !== null) interpreter.evaluate(statement.exc, frame);
      return "raise";
    case "Break":
      return "break";
    case "Continue":
      return "continue";
    case "If":
      return executeIf(interpreter, statement, frame);
    case "For":
    case "AsyncFor":
      return executeFor(interpreter, statement, frame);
    case "While":
      return executeWhile(interpreter, statement, frame);
    case "With":
    case "AsyncWith":
      return executeWith(interpreter, statement, frame);
    case "Try":
    case "TryStar":
      return executeTry(interpreter, statement, frame);
    case "Match":
      return executeMatch(interpreter, statement, frame);
    default:
      return executeSimple(interpreter, statement, frame);
  }
}

/** Statements after which the next one always follows. */
function executeSimple(interpreter: Interpreter, statement: Statement, frame: Frame): Completion {
  switch (statement.kind) {
    case "Assign":
      return executeAssign(interpreter, statement, frame);
    case "AnnAssign":
      return executeAnnAssign(interpreter, statement, frame);
    case "AugAssign": {
      const value = interpreter.evaluate(statement.value, frame);
      const before = interpreter.evaluate(statement.target, frame);
      assign(interpreter, statement.target, binaryOperation(interpreter, statement.op, before, value, true), frame);
      return "normal";
    }
    case "FunctionDef":
    case "AsyncFunctionDef":
      defineFunction(interpreter, statement, frame);
      return "normal";
    case "ClassDef":
      defineClass(interpreter, statement, frame);
      return "normal";
    case "Import":
      executeImport(interpreter, statement, frame);
      return "normal";
    case "ImportFrom":
      executeImportFrom(interpreter, statement, frame);
      return "normal";
    case "Global":
    case "Nonlocal":
      for (const name of statement.names) redirect(statement.kind, name, frame);
      return "normal";
    case "Delete":
      for (const target of statement.targets) deleteTarget(interpreter, target, frame);
      return "normal";
    case "TypeAlias":
      assign(interpreter, statement.name, interpreter.evaluate(statement.value, frame), frame);
      return "normal";
    default:
      return "normal";
  }
}

function redirect(kind: "Global" | "Nonlocal", name: string, frame: Frame): void {
  if (kind === "Global") {
    frame.redirects ??= new Map();
    frame.redirects.set(name, frame.moduleScope);
    return;
  }
  for (let scope = frame.scope.parent; scope !== null; scope = scope.parent) {
    if (scope.own(name) !== undefined) {
      frame.redirects ??= new Map();
      frame.redirects.set(name, scope);
      return;
    }
  }
}

function executeReturn(interpreter: Interpreter, value: Expression | null, frame: Frame): Completion {
  const result: Value = value === null ? { kind: "none" } : interpreter.evaluate(value, frame);
  if (result.kind === "never") return "raise";
  frame.returns.push(result);
  return "return";
}

function executeAssign(interpreter: Interpreter, statement: Assign, frame: Frame): Completion {
  const value = interpreter.evaluate(statement.value, frame);
  if (value.kind === "never") return "raise";
  for (const target of statement.targets) assign(interpreter, target, value, frame);
  return "normal";
}

function executeAnnAssign(interpreter: Interpreter, statement: AnnAssign, frame: Frame): Completion {
  if (statement.value !== null) {
    assign(interpreter, statement.target, interpreter.evaluate(statement.value, frame), frame);
  }
  return "normal";
}

function defineFunction(interpreter: Interpreter, node: FunctionDef, frame: Frame): void {
  bind(node.name, makeFunction(interpreter, node, frame), frame);
}

function defineClass(interpreter: Interpreter, node: ClassDef, frame: Frame): void {
  bind(node.name, makeClass(interpreter, node, frame), frame);
}

function bind(name: string, value: Value, frame: Frame): void {
  (frame.redirects?.get(name) ?? frame.scope).set(name, value);
}

// --- imports ----------------------------------------------------------------------------------------------------

function executeImport(interpreter: Interpreter, statement: Import, frame: Frame): void {
  for (const alias of statement.names) {
    if (alias.asname !== null) {
      bind(alias.asname, interpreter.importModule(frame.file, 0, alias.name), frame);
      continue;
    }
    const top = alias.name.split(".")[0] ?? alias.name;
    if (top !== alias.name) interpreter.importModule(frame.file, 0, alias.name);
    bind(top, interpreter.importModule(frame.file, 0, top), frame);
  }
}

function executeImportFrom(interpreter: Interpreter, statement: ImportFrom, frame: Frame): void {
  const dotted = statement.module ?? "";
  if (dotted === "__future__") return;
  const module = interpreter.importModule(frame.file, statement.level, dotted);
  for (const alias of statement.names) {
    if (alias.name === "*") {
      importStar(interpreter, module, frame);
      continue;
    }
    const force = (): Value => importedName(interpreter, module, statement, alias.name, frame);
    const value = isPutOff(module, alias.name) ? ({ kind: "lazy", force } as const) : force();
    (frame.redirects?.get(alias.asname ?? alias.name) ?? frame.scope).set(alias.asname ?? alias.name, value);
  }
}

/**
 * A module that is run only when it is needed gives its names only then; so does a package that passes on the names of
 * such a module, or importing one name of it would run all that it is made of.
 */
function isPutOff(module: Value, name: string): boolean {
  return module.kind === "module" && (module.isPending() || module.scope.peek(name)?.kind === "lazy");
}

function importedName(
  interpreter: Interpreter,
  module: Value,
  statement: ImportFrom,
  name: string,
  frame: Frame,
): Value {
  if (module.kind !== "module") return interpreter.getAttribute(module, name);
  const own = module.scope.own(name) ?? starImported(module.scope, name);
  if (own !== undefined) return own;
  const dotted = statement.module === null ? name : `${statement.module}.${name}`;
  const submodule = interpreter.importModule(frame.file, statement.level, dotted);
  if (submodule.kind === "module") return submodule;
  return unknown(`${module.name} does not define ${name} in a way that can be read`);
}

function importStar(interpreter: Interpreter, module: Value, frame: Frame): void {
  if (module.kind === "external" || (module.kind === "module" && module.isPending())) {
    const stars = frame.moduleScope.own(STAR_IMPORTS);
    const known = stars?.kind === "list" ? stars.items : [];
    frame.moduleScope.set(STAR_IMPORTS, { kind: "list", items: [...known, module], open: false });
    return;
  }
  if (module.kind !== "module") return;
  const all = module.scope.own("__all__");
  const listed = all?.kind === "list" || all?.kind === "tuple" ? all.items.map(nameOf) : null;
  for (const [name, value] of module.scope.entries()) {
    interpreter.step();
    const isPublic = listed === null ? !name.startsWith("_") : listed.includes(name);
    if (isPublic || name === STAR_IMPORTS) (frame.redirects?.get(name) ?? frame.scope).set(name, value);
  }
}

// --- branches ---------------------------------------------------------------------------------------------------

/** Takes several ways one after the other from the same state, then goes on with what holds after any of them. */
export function takeAll(interpreter: Interpreter, frame: Frame, ways: readonly (() => Completion)[]): Completion {
  const after: Changes[] = [];
  let last: Completion = "normal";
  interpreter.conditional += 1;
  try {
    for (const way of ways) {
      const { completion, changes } = takeWay(frame, way);
      if (completion === "break") frame.maybeBroken += 1;
      if (completion === "normal") after.push(changes);
      else if (last === "normal" || last === "raise") last = completion;
    }
  } finally {
    interpreter.conditional -= 1;
  }
  if (after.length === 0) return last;
  frame.scope.apply(after);
  return "normal";
}

/** Takes one way; what it changes is given back instead of kept. Left clean also when the budget ends on the way. */
function takeWay(frame: Frame, way: () => Completion): { readonly completion: Completion; readonly changes: Changes } {
  frame.scope.enter();
  let completion: Completion;
  try {
    completion = way();
  } catch (error) {
    frame.scope.leave();
    throw error;
  }
  return { completion, changes: frame.scope.leave() };
}

function executeIf(interpreter: Interpreter, statement: If, frame: Frame): Completion {
  const before = interpreter.machineReads;
  const tested = interpreter.evaluate(statement.test, frame);
  if (tested.kind === "never") return "raise";
  const condition = truth(tested);
  const isOfMachine = interpreter.machineReads > before;
  if (condition === true) {
    if (frame.scope === frame.moduleScope && isMainGuard(statement.test)) interpreter.beginMainPart();
    const completion = executeBlock(interpreter, statement.body, frame);
    // A program that refuses this interpreter or system runs on another one.
    return completion === "raise" && isOfMachine ? executeBlock(interpreter, statement.orelse, frame) : completion;
  }
  if (condition === false) {
    if (isForTypeCheckers(statement.test)) importForTypeCheckers(interpreter, statement.body, frame);
    const completion = executeBlock(interpreter, statement.orelse, frame);
    return completion === "raise" && isOfMachine ? executeBlock(interpreter, statement.body, frame) : completion;
  }
  const usual = truth(expected(tested));
  return takeAll(interpreter, frame, [
    () => executeSide(interpreter, statement.body, frame, usual === false),
    () => executeSide(interpreter, statement.orelse, frame, usual === true),
  ]);
}

function executeSide(
  interpreter: Interpreter,
  body: readonly Statement[],
  frame: Frame,
  isUnusual: boolean,
): Completion {
  interpreter.unusual += Number(isUnusual);
  try {
    return executeBlock(interpreter, body, frame);
  } finally {
    interpreter.unusual -= Number(isUnusual);
  }
}

function isForTypeCheckers(test: Expression): boolean {
  if (test.kind === "BoolOp") return test.values.some(isForTypeCheckers);
  return test.kind === "Name"
    ? test.id === "TYPE_CHECKING"
    : test.kind === "Attribute" && test.attr === "TYPE_CHECKING";
}

/**
 * What `if TYPE_CHECKING:` imports is what the names mean, though a run may get them in another way (by a module's
 * `__getattr__`, a lazy module) or not need them. They are worked out when they are asked for.
 */
function importForTypeCheckers(interpreter: Interpreter, body: readonly Statement[], frame: Frame): void {
  for (const statement of body) {
    if (statement.kind !== "ImportFrom") continue;
    for (const { name, asname } of statement.names) {
      if (name === "*") continue;
      const force = (): Value => {
        const module = interpreter.importModule(frame.file, statement.level, statement.module ?? "");
        return importedName(interpreter, module, statement, name, frame);
      };
      frame.scope.set(asname ?? name, { kind: "lazy", force });
    }
  }
}

function executeFor(interpreter: Interpreter, statement: For, frame: Frame): Completion {
  const { items, open } = iterate(interpreter, interpreter.evaluate(statement.iter, frame));
  const enough = frame.maybeBroken + interpreter.limits.maybeBroken;
  for (const item of items) {
    assign(interpreter, statement.target, item, frame);
    const completion = executeBlock(interpreter, statement.body, frame);
    if (completion === "break") return "normal";
    if (completion === "return" || completion === "raise") return completion;
    if (frame.maybeBroken > enough) break;
  }
  if (open) {
    const ended = takeAll(interpreter, frame, [() => loopOnce(interpreter, statement, frame), () => "normal"]);
    if (ended !== "normal") return ended;
  }
  return afterLoop(interpreter, statement, frame, items.length > 0 || open);
}

/** The `else` of a loop: whether a `break` under some condition was reached is not known. */
function afterLoop(interpreter: Interpreter, statement: For, frame: Frame, mayHaveRun: boolean): Completion {
  const otherwise = (): Completion => executeBlock(interpreter, statement.orelse, frame);
  if (statement.orelse.length === 0 || !mayHaveRun || !statement.body.some(mayBreak)) return otherwise();
  return takeAll(interpreter, frame, [otherwise, () => "normal"]);
}

/** Whether a statement may leave the loop that it stands in. */
function mayBreak(node: Node): boolean {
  if (node.kind === "Break") return true;
  if (node.kind === "For" || node.kind === "AsyncFor" || node.kind === "While") return node.orelse.some(mayBreak);
  if (node.kind === "FunctionDef" || node.kind === "ClassDef") return false;
  let found = false;
  forEachChild(node, (child) => {
    found ||= mayBreak(child);
  });
  return found;
}

function loopOnce(interpreter: Interpreter, statement: For, frame: Frame): Completion {
  assign(interpreter, statement.target, unknown("takes many values in a loop"), frame);
  const completion = executeBlock(interpreter, statement.body, frame);
  return completion === "break" || completion === "continue" ? "normal" : completion;
}

function executeWhile(interpreter: Interpreter, statement: While, frame: Frame): Completion {
  const condition = truth(interpreter.evaluate(statement.test, frame));
  if (condition === false) return executeBlock(interpreter, statement.orelse, frame);
  const body = (): Completion => {
    const completion = executeBlock(interpreter, statement.body, frame);
    return completion === "break" || completion === "continue" ? "normal" : completion;
  };
  // The body runs once: what it assigns again would differ in later rounds, so it is joined with what was before.
  return takeAll(interpreter, frame, [body, () => "normal"]);
}

function executeWith(interpreter: Interpreter, statement: With, frame: Frame): Completion {
  for (const item of statement.items) {
    const entered = enter(interpreter, interpreter.evaluate(item.context_expr, frame), frame);
    if (item.optional_vars !== null) assign(interpreter, item.optional_vars, entered, frame);
  }
  return executeBlock(interpreter, statement.body, frame);
}

function enter(interpreter: Interpreter, manager: Value, frame: Frame): Value {
  if (manager.kind === "host") return manager;
  // A generator under `contextlib.contextmanager` is the list of what it yields.
  if (manager.kind === "list" && manager.items.length > 0) return manager.items[0] ?? manager;
  if (manager.kind !== "instance") return unknown("the value of a context manager");
  const method = interpreter.getAttribute(manager, "__enter__");
  if (method.kind === "unknown") return manager.host ?? method;
  return callValue(interpreter, method, interpreter.emptyCall(frame.file, 1));
}

/** The body of a `try`. */
function executeTried(interpreter: Interpreter, statement: Try, frame: Frame): Completion {
  const before = frame.catchesKeys;
  frame.catchesKeys = statement.handlers.some(({ type }) => namesOfTypes(type).some((name) => KEY_ERRORS.has(name)));
  try {
    return executeBlock(interpreter, statement.body, frame);
  } finally {
    frame.catchesKeys = before;
  }
}

const KEY_ERRORS: ReadonlySet<string> = new Set(["KeyError", "LookupError"]);

function namesOfTypes(type: Expression | null): readonly string[] {
  if (type?.kind === "Tuple") return type.elts.flatMap(namesOfTypes);
  return type?.kind === "Name" ? [type.id] : [];
}

function executeTry(interpreter: Interpreter, statement: Try, frame: Frame): Completion {
  let completion = executeTried(interpreter, statement, frame);
  if (completion === "raise") {
    const handlers = statement.handlers.map((handler) => () => {
      if (handler.name !== null) frame.scope.set(handler.name, unknown("an exception"));
      return executeBlock(interpreter, handler.body, frame);
    });
    if (handlers.length > 0) completion = takeAll(interpreter, frame, handlers);
  } else if (completion === "normal") {
    completion = executeBlock(interpreter, statement.orelse, frame);
  }
  const last = executeBlock(interpreter, statement.finalbody, frame);
  return last === "normal" ? completion : last;
}

function executeMatch(interpreter: Interpreter, statement: Match, frame: Frame): Completion {
  const subject = interpreter.evaluate(statement.subject, frame);
  const ways: (() => Completion)[] = [];
  for (const branch of statement.cases) {
    const matched = matches(interpreter, branch.pattern, subject, frame);
    if (matched === false) continue;
    const certain = matched === true && branch.guard === null;
    if (certain && ways.length === 0) return executeBlock(interpreter, branch.body, frame);
    ways.push(() => executeBlock(interpreter, branch.body, frame));
    if (certain) return takeAll(interpreter, frame, ways);
  }
  return takeAll(interpreter, frame, [...ways, () => "normal"]);
}

/** Whether a pattern fits; binds captured names. */
function matches(
  interpreter: Interpreter,
  pattern: Match["cases"][number]["pattern"],
  subject: Value,
  frame: Frame,
): boolean | undefined {
  switch (pattern.kind) {
    case "MatchValue":
      return equal(interpreter.evaluate(pattern.value, frame), subject);
    case "MatchOr": {
      const results = pattern.patterns.map((part) => matches(interpreter, part, subject, frame));
      if (results.includes(true)) return true;
      return results.includes(undefined) ? undefined : false;
    }
    case "MatchAs": {
      const matched = pattern.pattern === null ? true : matches(interpreter, pattern.pattern, subject, frame);
      if (pattern.name !== null) frame.scope.set(pattern.name, matched === true ? subject : unknown("a matched value"));
      return matched;
    }
    default:
      return undefined;
  }
}
