import type {
  Call,
  Compare,
  Comprehension,
  ConstantValue,
  DictComp,
  Expression,
  Generator,
  JoinedStr,
  Subscript,
} from "../../python/index.ts";
import { assign, BUILTIN_PREFIX, iterate } from "./assignment.ts";
import { STAR_IMPORTS, starImported } from "./attributes.ts";
import { BUILTIN_NAMES } from "./builtins.ts";
import { makeLambda } from "./definitions.ts";
import { formatValue } from "./format.ts";
import { type Frame, newFrame } from "./frame.ts";
import type { Interpreter } from "./interpreter.ts";
import { dictionaryOf, namesOfScope } from "./namespaces.ts";
import { binaryOperation, compareValues, sliceOf, subscriptOf, unaryOperation } from "./operators.ts";
import { Scope } from "./scope.ts";
import { takeAll } from "./statements.ts";
import {
  bool,
  type CallArguments,
  dict,
  ELLIPSIS,
  equal,
  expected,
  FALSE,
  float,
  getItem,
  int,
  join,
  keyOf,
  list,
  NEVER,
  NONE,
  setItem,
  str,
  TRUE,
  truth,
  tuple,
  unknown,
  usually,
  type Value,
} from "./values.ts";

export function evaluateExpression(interpreter: Interpreter, node: Expression, frame: Frame): Value {
  interpreter.step();
  switch (node.kind) {
    case "Constant":
      return constant(node.value);
    case "Name":
      return nameValue(interpreter, node.id, frame);
    case "Attribute":
      return interpreter.getAttribute(interpreter.evaluate(node.value, frame), node.attr);
    case "Call":
      return callExpression(interpreter, node, frame);
    case "List":
    case "Tuple":
    case "Set":
      return sequence(interpreter, node, frame);
    case "Dict":
      return dictionary(interpreter, node, frame);
    case "JoinedStr":
      return formattedString(interpreter, node, frame);
    case "BinOp":
      return binaryOperation(
        interpreter,
        node.op,
        interpreter.evaluate(node.left, frame),
        interpreter.evaluate(node.right, frame),
        false,
      );
    case "UnaryOp":
      return unaryOperation(node.op, interpreter.evaluate(node.operand, frame));
    case "Subscript":
      return subscript(interpreter, node, frame);
    default:
      return evaluateRest(interpreter, node, frame);
  }
}

/** The rarer expressions. */
function evaluateRest(interpreter: Interpreter, node: Expression, frame: Frame): Value {
  switch (node.kind) {
    case "BoolOp":
      return boolean(interpreter, node.op, node.values, frame);
    case "Compare":
      return comparison(interpreter, node, frame);
    case "IfExp":
      return conditional(interpreter, node.test, node.body, node.orelse, frame);
    case "Lambda":
      return makeLambda(interpreter, node, frame);
    case "NamedExpr": {
      const value = interpreter.evaluate(node.value, frame);
      assign(interpreter, node.target, value, frame);
      return value;
    }
    case "ListComp":
    case "SetComp":
    case "GeneratorExp":
      return comprehension(interpreter, node, frame);
    case "DictComp":
      return dictComprehension(interpreter, node, frame);
    case "Await":
      return interpreter.evaluate(node.value, frame);
    case "Yield":
      frame.isGenerator = true;
      frame.yieldsMore ||= interpreter.conditional > frame.madeUnder;
      frame.yields.push(node.value === null ? NONE : interpreter.evaluate(node.value, frame));
      return unknown("what is sent to a generator");
    case "YieldFrom":
      frame.isGenerator = true;
      yieldAll(interpreter, interpreter.evaluate(node.value, frame), frame);
      return unknown("the result of a generator");
    case "Starred":
      return interpreter.evaluate(node.value, frame);
    default:
      return unknown("an expression that is not evaluated");
  }
}

/** `yield from source` */
function yieldAll(interpreter: Interpreter, source: Value, frame: Frame): void {
  const { items, open } = iterate(interpreter, source);
  frame.yields.push(...items);
  frame.yieldsMore ||= open || interpreter.conditional > frame.madeUnder;
}

function constant(value: ConstantValue): Value {
  switch (value.type) {
    case "str":
      return str(value.value);
    case "bytes":
      return { kind: "bytes", value: value.value };
    case "int":
      return int(value.value);
    case "float":
      return float(value.value);
    case "bool":
      return bool(value.value);
    case "None":
      return NONE;
    case "Ellipsis":
      return ELLIPSIS;
    default:
      return unknown(`a ${value.type} constant`);
  }
}

function nameValue(interpreter: Interpreter, name: string, frame: Frame): Value {
  const redirected = frame.redirects?.get(name)?.own(name);
  const found = redirected ?? frame.scope.lookup(name);
  if (found !== undefined) return found;
  const starred = fromStarImports(interpreter, name, frame);
  if (starred !== undefined) return starred;
  const passedOn = BUILTIN_NAMES.has(name) ? undefined : starImported(frame.moduleScope, name);
  if (passedOn !== undefined) return passedOn;
  if (BUILTIN_NAMES.has(name)) return interpreter.external(`${BUILTIN_PREFIX}${name}`);
  return unknown(`the name ${name} is not known here`);
}

/** A name that may have come with `from module import *`: taken when a reader has a model of it. */
function fromStarImports(interpreter: Interpreter, name: string, frame: Frame): Value | undefined {
  const stars = frame.moduleScope.own(STAR_IMPORTS);
  if (stars?.kind !== "list") return undefined;
  for (const star of stars.items) {
    if (star.kind !== "external") continue;
    const qualified = `${star.name}.${name}`;
    if (interpreter.models.calls.has(qualified) || interpreter.models.constants.has(qualified)) {
      return interpreter.external(qualified);
    }
  }
  return undefined;
}

// --- calls ------------------------------------------------------------------------------------------------------

function callExpression(interpreter: Interpreter, node: Call, frame: Frame): Value {
  if (node.func.kind === "Name" && node.func.id === "super") {
    const made = superValue(interpreter, node, frame);
    if (made !== null) return made;
  }
  if (node.func.kind === "Name" && node.keywords.length === 0) {
    const names = namesInReach(interpreter, node.func.id, node.args, frame);
    if (names !== undefined) return names;
  }
  const callee = interpreter.evaluate(node.func, frame);
  const call = evaluateArguments(interpreter, node, frame);
  const result = interpreter.call(callee, call);
  return isTranslation(node.func) ? untranslated(result, call) : result;
}

/** `globals()`, `locals()`, `vars()`, `vars(x)`. */
function namesInReach(
  interpreter: Interpreter,
  name: string,
  [first, ...others]: readonly Expression[],
  frame: Frame,
): Value | undefined {
  const isAsked = name === "globals" || name === "locals" || name === "vars";
  if (!isAsked || others.length > 0 || frame.scope.lookup(name) !== undefined) return undefined;
  if (first === undefined) return namesOfScope(interpreter, name === "globals" ? frame.moduleScope : frame.scope);
  return name === "vars" ? dictionaryOf(interpreter, interpreter.evaluate(first, frame)) : undefined;
}

/** Names by which programs call `gettext`. */
const TRANSLATORS: ReadonlySet<string> = new Set([
  "_",
  "__",
  "gettext",
  "_gettext",
  "ugettext",
  "lgettext",
  "N_",
  "tr",
]);

function isTranslation(callee: Expression): boolean {
  if (callee.kind === "Name") return TRANSLATORS.has(callee.id);
  return callee.kind === "Attribute" && TRANSLATORS.has(callee.attr);
}

/** A text that is translated when the program runs is what it is in the source, in the language of its author. */
function untranslated(result: Value, { positional: [text], file }: CallArguments): Value {
  if (result.kind === "str" || text?.kind !== "str") return result;
  return usually(text, `a text that ${file} translates`);
}

function superValue(interpreter: Interpreter, node: Call, frame: Frame): Value | null {
  if (node.args.length === 0) {
    return frame.owner === null || frame.self === null
      ? null
      : { kind: "super", instance: frame.self, after: frame.owner };
  }
  const [first, second] = node.args.map((argument) => interpreter.evaluate(argument, frame));
  if (first?.kind !== "class" || second === undefined) return null;
  return { kind: "super", instance: second, after: first };
}

/** Of most calls. Nothing is ever put into it. */
const NO_KEYWORDS = new Map<string, never>();

/** The arguments of a call, `*` and `**` spread as far as they are known. */
function evaluateArguments(interpreter: Interpreter, node: Call, frame: Frame): CallArguments {
  const positional: Value[] = [];
  const keywords: Map<string, Value> = node.keywords.length === 0 ? NO_KEYWORDS : new Map();
  let openPositional = false;
  let openKeywords = false;
  for (const argument of node.args) {
    const value = interpreter.evaluate(argument, frame);
    if (argument.kind !== "Starred") {
      positional.push(value);
      continue;
    }
    const { items, open } = iterate(interpreter, value);
    positional.push(...items);
    openPositional ||= open;
  }
  for (const keyword of node.keywords) {
    const value = interpreter.evaluate(keyword.value, frame);
    if (keyword.arg !== null) keywords.set(keyword.arg, value);
    else openKeywords = spreadKeywords(value, keywords) || openKeywords;
  }
  return { positional, keywords, openPositional, openKeywords, file: frame.file, line: node.line, node };
}

function spreadKeywords(value: Value, keywords: Map<string, Value>): boolean {
  if (value.kind !== "dict") return true;
  for (const { key, value: item } of value.entries.values()) {
    if (key.kind === "str") keywords.set(key.value, item);
  }
  return value.open;
}

// --- displays ---------------------------------------------------------------------------------------------------

function sequence(
  interpreter: Interpreter,
  node: Extract<Expression, { kind: "List" | "Tuple" | "Set" }>,
  frame: Frame,
): Value {
  const items: Value[] = [];
  let open = false;
  // Data tables may have very many constants; they cost next to nothing.
  interpreter.charge(node.elts.length / 4);
  for (const element of node.elts) {
    const value = element.kind === "Constant" ? constant(element.value) : interpreter.evaluate(element, frame);
    if (element.kind === "Starred") {
      const inner = iterate(interpreter, value);
      items.push(...inner.items);
      open ||= inner.open;
    } else items.push(value);
  }
  if (node.kind === "Tuple") return tuple(items, open);
  return { kind: node.kind === "List" ? "list" : "set", items, open, madeUnder: interpreter.conditional };
}

function dictionary(interpreter: Interpreter, node: Extract<Expression, { kind: "Dict" }>, frame: Frame): Value {
  const result = dict();
  result.madeUnder = interpreter.conditional;
  for (const [index, key] of node.keys.entries()) {
    const valueNode = node.values[index];
    if (valueNode === undefined) continue;
    const value = interpreter.evaluate(valueNode, frame);
    if (key?.kind === "Constant") setItem(result, constant(key.value), value);
    else if (key !== null) setItem(result, interpreter.evaluate(key, frame), value);
    else if (value.kind === "dict") {
      for (const entry of value.entries.values()) setItem(result, entry.key, entry.value);
      result.open ||= value.open;
    } else result.open = true;
  }
  return result;
}

function formattedString(interpreter: Interpreter, node: JoinedStr, frame: Frame): Value {
  let text = "";
  let isCertain = true;
  for (const part of node.values) {
    const given = part.kind === "FormattedValue" ? interpreter.evaluate(part.value, frame) : NONE;
    const shown = expected(given);
    isCertain &&= shown === given;
    const value = stringPart(interpreter, part, shown, frame);
    if (value === undefined) return unknown("an f-string with a value that is not known");
    text += value;
    if (text.length > interpreter.limits.size) return unknown("a very long text");
  }
  return isCertain ? str(text) : usually(str(text), "depends on something outside the program");
}

function stringPart(interpreter: Interpreter, part: Expression, value: Value, frame: Frame): string | undefined {
  if (part.kind === "Constant" && part.value.type === "str") return part.value.value;
  if (part.kind !== "FormattedValue") return undefined;
  let spec = "";
  if (part.format_spec !== null) {
    const evaluated = formattedString(interpreter, part.format_spec, frame);
    if (evaluated.kind !== "str") return undefined;
    spec = evaluated.value;
  }
  const conversion = part.conversion === -1 ? "" : String.fromCharCode(part.conversion);
  return formatValue(value, spec, conversion);
}

// --- conditions -------------------------------------------------------------------------------------------------

function boolean(interpreter: Interpreter, op: "And" | "Or", values: readonly Expression[], frame: Frame): Value {
  let result: Value = op === "And" ? TRUE : FALSE;
  let joined: Value | null = null;
  for (const [index, node] of values.entries()) {
    result = interpreter.evaluate(node, frame);
    const condition = truth(result);
    if (condition === undefined) {
      const usual = truth(expected(result));
      if (usual !== undefined) return usualChoice(interpreter, op, result, usual, values.slice(index + 1), frame);
      joined = joinedWith(joined, result);
    } else if (condition === (op === "Or")) {
      // This value decides, whatever came before: `unknown or True` is true even if its value is not known.
      return op === "And" ? result : joinedWith(joined, result);
    }
  }
  return undecided(op, joined, result);
}

function joinedWith(before: Value | null, last: Value): Value {
  return before === null ? last : join(before, last);
}

/** `os.environ.get("X") or "default"`: the second where the first is usually not there. */
function usualChoice(
  interpreter: Interpreter,
  op: "And" | "Or",
  value: Value,
  condition: boolean,
  others: readonly Expression[],
  frame: Frame,
): Value {
  if (others.length === 0 || condition === (op === "Or")) return value;
  return usually(expected(boolean(interpreter, op, others, frame)), "depends on something outside the program");
}

function undecided(op: "And" | "Or", before: Value | null, last: Value): Value {
  if (before === null) return last;
  return op === "And" && truth(last) === true ? before : join(before, last);
}

function comparison(interpreter: Interpreter, node: Compare, frame: Frame): Value {
  let left = interpreter.evaluate(node.left, frame);
  if (left.kind === "never") return left;
  let result: boolean | undefined = true;
  for (const [index, op] of node.ops.entries()) {
    const rightNode = node.comparators[index];
    if (rightNode === undefined) return unknown("an incomplete comparison");
    const right = interpreter.evaluate(rightNode, frame);
    const step = compareValues(op, left, right);
    if (step === false) return FALSE;
    if (step === undefined) result = undefined;
    if (step === undefined && node.ops.length === 1) return usualComparison(op, left, right);
    left = right;
  }
  return result === undefined ? unknown("compares something unknown") : TRUE;
}

/** A comparison with what an environment variable usually is; one that is asked for is usually not set. */
function usualComparison(op: Compare["ops"][number], left: Value, right: Value): Value {
  const isEnvironment = right.kind === "external" && right.name === "os.environ" && (op === "In" || op === "NotIn");
  const step = isEnvironment ? op === "NotIn" : compareValues(op, expected(left), expected(right));
  return step === undefined ? unknown("compares something unknown") : usually(bool(step), "depends on the environment");
}

function conditional(
  interpreter: Interpreter,
  test: Expression,
  body: Expression,
  orelse: Expression,
  frame: Frame,
): Value {
  const tested = interpreter.evaluate(test, frame);
  const condition = truth(tested);
  if (condition !== undefined) return interpreter.evaluate(condition ? body : orelse, frame);
  const values: Value[] = [];
  takeAll(interpreter, frame, [
    () => {
      values.push(interpreter.evaluate(body, frame));
      return "normal";
    },
    () => {
      values.push(interpreter.evaluate(orelse, frame));
      return "normal";
    },
  ]);
  const [first, second] = values;
  if (first === undefined || second === undefined) return unknown("a condition");
  const usual = truth(expected(tested));
  if (usual === undefined) return join(first, second);
  return usually(expected(usual ? first : second), "depends on something outside the program");
}

// --- subscripts and comprehensions ------------------------------------------------------------------------------

function subscript(interpreter: Interpreter, node: Subscript, frame: Frame): Value {
  const container = interpreter.evaluate(node.value, frame);
  if (node.slice.kind === "Slice") {
    const bound = (part: Expression | null): Value => (part === null ? NONE : interpreter.evaluate(part, frame));
    return sliceOf(container, bound(node.slice.lower), bound(node.slice.upper), bound(node.slice.step));
  }
  const key = interpreter.evaluate(node.slice, frame);
  return frame.catchesKeys && lacks(container, key) ? NEVER : subscriptOf(container, key);
}

/** Whether asking for an item is known to raise `KeyError`. */
function lacks(container: Value, key: Value): boolean {
  if (container.kind !== "dict" || keyOf(key) === undefined) return false;
  return !container.open && getItem(container, key) === undefined;
}

function comprehension(interpreter: Interpreter, node: Comprehension, frame: Frame): Value {
  const items: Value[] = [];
  const open = generate(interpreter, node.generators, frame, (inner) => {
    items.push(interpreter.evaluate(node.elt, inner));
  });
  return node.kind === "SetComp" ? { kind: "set", items: distinct(items), open } : list(items, open);
}

function distinct(items: readonly Value[]): Value[] {
  const result: Value[] = [];
  for (const item of items) if (!result.some((known) => equal(known, item) === true)) result.push(item);
  return result;
}

function dictComprehension(interpreter: Interpreter, node: DictComp, frame: Frame): Value {
  const result = dict();
  const open = generate(interpreter, node.generators, frame, (inner) => {
    setItem(result, interpreter.evaluate(node.key, inner), interpreter.evaluate(node.value, inner));
  });
  result.open ||= open;
  return result;
}

/** Runs the loops of a comprehension. @returns whether there may be more rounds than were run */
function generate(
  interpreter: Interpreter,
  generators: readonly Generator[],
  frame: Frame,
  emit: (frame: Frame) => void,
): boolean {
  const inner = { ...newFrame(frame.file, new Scope(frame.scope), frame.moduleScope, frame.owner, frame.self) };
  let open = false;
  const loop = (level: number): void => {
    const generator = generators[level];
    if (generator === undefined) {
      emit(inner);
      return;
    }
    const source = iterate(interpreter, interpreter.evaluate(generator.iter, inner));
    open ||= source.open;
    for (const item of source.items) {
      interpreter.step();
      assign(interpreter, generator.target, item, inner);
      const conditions = generator.ifs.map((condition) => truth(interpreter.evaluate(condition, inner)));
      if (conditions.includes(false)) continue;
      if (conditions.includes(undefined)) open = true;
      else loop(level + 1);
    }
  };
  loop(0);
  return open;
}
