import { type Expression, parseModule } from "../../python/index.ts";
import { BUILTIN_PREFIX, iterate } from "./assignment.ts";
import { STAR_IMPORTS, setAttributeOf } from "./attributes.ts";
import { resolutionOrder } from "./classes.ts";
import { parseNumber, reprOf, textOf } from "./format.ts";
import { newFrame } from "./frame.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { isInstanceOf, typeOfValue } from "./introspection.ts";
import { newClass } from "./metaclasses.ts";
import { sortValues } from "./methods.ts";
import { binaryOperation, compareValues } from "./operators.ts";
import { onPlace } from "./places.ts";
import { Scope } from "./scope.ts";
import {
  bool,
  type CallArguments,
  type DictValue,
  dict,
  FALSE,
  type FunctionValue,
  float,
  int,
  isDefiniteType,
  isSequence,
  list,
  NONE,
  placed,
  setItem,
  str,
  TRUE,
  truth,
  tuple,
  unknown,
  type Value,
} from "./values.ts";

function argument(call: CallArguments, index: number): Value {
  return call.positional[index] ?? (call.openPositional ? unknown("an argument") : NONE);
}

function convert(kind: "int" | "float"): ExternalModel {
  return (call) => {
    const value = argument(call, 0);
    if (call.positional.length > 1) return unknown(`${kind}() with a base`);
    if (value.kind === "str") return parseNumber(value.value, kind) ?? unknown(`${kind}() of a text`);
    if (value.kind !== "int" && value.kind !== "float" && value.kind !== "bool") return unknown(`${kind}()`);
    const number = Number(value.value);
    return kind === "float" ? float(number) : int(value.kind === "int" ? value.value : Math.trunc(number));
  };
}

function collect(kind: "list" | "tuple" | "set"): ExternalModel {
  return (call, interpreter) => {
    const [first] = call.positional;
    if (first === undefined) return { kind, items: [], open: call.openPositional };
    const { items, open } = iterate(interpreter, first);
    return { kind, items: [...items], open };
  };
}

function range(call: CallArguments, interpreter: Interpreter): Value {
  const numbers = call.positional.map((value) => (value.kind === "int" ? Number(value.value) : Number.NaN));
  const [first = Number.NaN, second, step = 1] = numbers;
  const from = second === undefined ? 0 : first;
  const to = second ?? first;
  if (Number.isNaN(from + to + step) || step === 0) return list([], true);
  const items: Value[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) {
    if (items.length >= interpreter.limits.iterations) return list(items, true);
    items.push(int(at));
  }
  return list(items);
}

function length(call: CallArguments): Value {
  const value = argument(call, 0);
  if (value.kind === "str") return int([...value.value].length);
  if (isSequence(value) && !value.open) return int(value.items.length);
  return value.kind === "dict" && !value.open ? int(value.entries.size) : unknown("a length");
}

function enumerate(call: CallArguments, interpreter: Interpreter): Value {
  const { items, open } = iterate(interpreter, argument(call, 0));
  const start = call.positional[1] ?? call.keywords.get("start");
  const first = start === undefined ? 0 : start.kind === "int" ? Number(start.value) : undefined;
  if (first === undefined) return list([], true);
  return list(
    items.map((item, index) => tuple([int(first + index), item])),
    open,
  );
}

function zip(call: CallArguments, interpreter: Interpreter): Value {
  const sources = call.positional.map((value) => iterate(interpreter, value));
  const open = call.openPositional || sources.some((source) => source.open);
  const shortest = sources.length === 0 ? 0 : Math.min(...sources.map((source) => source.items.length));
  const rows: Value[] = [];
  for (let index = 0; index < shortest; index += 1) {
    rows.push(tuple(sources.map((source) => source.items[index] ?? unknown("an item"))));
  }
  return list(rows, open);
}

function map(call: CallArguments, interpreter: Interpreter): Value {
  const [mapper, ...sources] = call.positional;
  const [source] = sources;
  if (mapper === undefined || source === undefined || sources.length > 1) return list([], true);
  const { items, open } = iterate(interpreter, source);
  return list(
    items.map((item) =>
      interpreter.call(mapper, { ...interpreter.emptyCall(call.file, call.line), positional: [item] }),
    ),
    open,
  );
}

function filter(call: CallArguments, interpreter: Interpreter): Value {
  const [test, source] = call.positional;
  if (test === undefined || source === undefined) return list([], true);
  const { items, open } = iterate(interpreter, source);
  let isOpen = open;
  const kept = items.filter((item) => {
    const result =
      test.kind === "none"
        ? item
        : interpreter.call(test, { ...interpreter.emptyCall(call.file, call.line), positional: [item] });
    const condition = truth(result);
    isOpen ||= condition === undefined;
    return condition === true;
  });
  return list(kept, isOpen);
}

function sorted(call: CallArguments, interpreter: Interpreter): Value {
  const { items, open } = iterate(interpreter, argument(call, 0));
  const key = call.keywords.get("key");
  const order = sortByKey(items, key, call, interpreter);
  if (order === undefined) return list([...items], true);
  if (call.keywords.has("reverse") && truth(call.keywords.get("reverse") ?? NONE) === true) order.reverse();
  return list(order, open);
}

function sortByKey(
  items: readonly Value[],
  key: Value | undefined,
  call: CallArguments,
  interpreter: Interpreter,
): Value[] | undefined {
  if (key === undefined || key.kind === "none") return sortValues(items);
  const pairs = items.map((item) => ({
    item,
    key: interpreter.call(key, { ...interpreter.emptyCall(call.file, call.line), positional: [item] }),
  }));
  const order = sortValues(pairs.map((pair) => pair.key));
  if (order === undefined) return undefined;
  return pairs.sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key)).map((pair) => pair.item);
}

function extreme(op: "Lt" | "Gt"): ExternalModel {
  return (call, interpreter) => {
    const isListed = call.positional.length === 1;
    const { items, open } = isListed
      ? iterate(interpreter, argument(call, 0))
      : { items: call.positional, open: call.openPositional };
    return open || call.keywords.has("key") ? unknown("a largest value") : best(items, op);
  };
}

function best(items: readonly Value[], op: "Lt" | "Gt"): Value {
  let found: Value | undefined;
  for (const item of items) {
    const isBetter = found === undefined ? true : compareValues(op, item, found);
    if (isBetter === undefined) return unknown("a largest value");
    if (isBetter) found = item;
  }
  return found ?? unknown("a largest value of nothing");
}

function sum(call: CallArguments, interpreter: Interpreter): Value {
  const { items, open } = iterate(interpreter, argument(call, 0));
  if (open) return unknown("a sum");
  const start = call.positional[1] ?? int(0);
  return items.reduce((left, right) => binaryOperation(interpreter, "Add", left, right, false), start);
}

function quantify(wanted: boolean): ExternalModel {
  return (call, interpreter) => {
    const { items, open } = iterate(interpreter, argument(call, 0));
    const results = items.map(truth);
    if (results.includes(wanted)) return bool(wanted);
    return open || results.includes(undefined) ? unknown("depends on something unknown") : bool(!wanted);
  };
}

function getAttribute(call: CallArguments, interpreter: Interpreter): Value {
  const [target, name, fallback] = call.positional;
  if (target === undefined || name?.kind !== "str") return unknown("an attribute whose name is not known");
  const found = interpreter.getAttribute(target, name.value);
  return found.kind === "unknown" && found.isMissing === true && fallback !== undefined ? fallback : found;
}

function setAttribute(call: CallArguments, interpreter: Interpreter): Value {
  const [target, name, value] = call.positional;
  if (target !== undefined && name?.kind === "str" && value !== undefined)
    setAttributeOf(interpreter, target, name.value, value);
  return NONE;
}

function hasAttribute(call: CallArguments, interpreter: Interpreter): Value {
  const [target, name] = call.positional;
  if (name?.kind !== "str" || target === undefined) return unknown("an attribute whose name is not known");
  const found = interpreter.getAttribute(target, name.value);
  if (found.kind === "unknown") return found.isMissing === true ? FALSE : unknown("whether something has an attribute");
  return target.kind === "host" || (target.kind === "external" && !isDefiniteType(found))
    ? unknown("something of a library")
    : TRUE;
}

function isInstance(call: CallArguments): Value {
  const [value, type] = call.positional;
  if (value === undefined || type === undefined) return unknown("isinstance()");
  const types = type.kind === "tuple" ? type.items : [type];
  const results = types.map((candidate) => isInstanceOf(value, candidate));
  if (results.includes(true)) return TRUE;
  return results.includes(undefined) ? unknown("isinstance()") : FALSE;
}

/** `dir(module)`, with what it has from `import *` only as far as that is known. */
function namesOfModule(scope: Scope): Value {
  const names = scope.entries().map(([name]) => name);
  const shown = names.filter((name) => !name.startsWith("_") && name !== STAR_IMPORTS);
  return list(sortValues(shown.map(str)) ?? [], names.includes(STAR_IMPORTS));
}

/** `dir(Class)`: names that start with an underscore are left out, for nobody looks for those. */
function namesOf(call: CallArguments): Value {
  const [target] = call.positional;
  if (target?.kind === "module" && target.file !== null) return namesOfModule(target.scope);
  if (target?.kind !== "class") return list([], true);
  const order = resolutionOrder(target);
  const names = order.flatMap((item) => (item.kind === "class" ? item.scope.entries().map(([name]) => name) : []));
  const shown = [...new Set(names)].filter((name) => !name.startsWith("_"));
  return list(
    sortValues(shown.map(str)) ?? [],
    order.some((item) => item.kind === "external" && !isDefiniteType(item)),
  );
}

function makeDict(call: CallArguments, interpreter: Interpreter): Value {
  const [first] = call.positional;
  const result = first === undefined ? dict() : copyToDict(first, interpreter);
  result.madeUnder = interpreter.conditional;
  result.open ||= call.openKeywords || call.openPositional;
  for (const [name, value] of call.keywords) setItem(result, str(name), value);
  return result;
}

/** A new dictionary of another one's entries, or of pairs. */
function copyToDict(source: Value, interpreter: Interpreter): DictValue {
  if (source.kind === "dict") {
    return dict(
      [...source.entries.values()].map((entry) => [entry.key, entry.value] as const),
      source.open,
    );
  }
  const { items, open } = iterate(interpreter, source);
  const result = dict([], open);
  for (const item of items) {
    const [key, value] = isSequence(item) ? item.items : [];
    if (key !== undefined && value !== undefined) setItem(result, key, value);
    else result.open = true;
  }
  return result;
}

function textual(toText: (value: Value) => string | undefined): ExternalModel {
  return (call) => {
    if (call.positional.length === 0) return str("");
    const text = toText(argument(call, 0));
    return text === undefined ? unknown("the text of something unknown") : str(text);
  };
}

/** `eval()` of a text that is a constant, `ast.literal_eval()`. */
export function evaluateText(call: CallArguments, interpreter: Interpreter): Value {
  const text = argument(call, 0);
  const [statement, ...more] = text.kind === "str" ? parseModule(text.value).module.body : [];
  if (statement?.kind !== "Expr" || more.length > 0 || !isLiteral(statement.value)) return unknown("eval()");
  const scope = new Scope(null);
  return interpreter.evaluate(statement.value, newFrame(call.file, scope, scope, null, null));
}

function isLiteral(node: Expression): boolean {
  if (node.kind === "Constant") return true;
  return (node.kind === "List" || node.kind === "Tuple" || node.kind === "Set") && node.elts.every(isLiteral);
}

/** `staticmethod(f)` and the like, called instead of written as a decorator. */
function rebound(call: CallArguments, binding: FunctionValue["binding"]): Value {
  const value = argument(call, 0);
  return value.kind === "function" ? { ...value, binding } : unknown(`a ${binding} method`);
}

/** Built-in functions and types that are computed; the others give unknown. */
export const BUILTIN_MODELS: ReadonlyMap<string, ExternalModel> = new Map<string, ExternalModel>(
  Object.entries({
    str: onPlace(placed, textual(textOf)),
    repr: textual(reprOf),
    int: convert("int"),
    float: convert("float"),
    bool: (call: CallArguments) => {
      const condition = truth(argument(call, 0));
      return condition === undefined ? unknown("bool()") : bool(condition);
    },
    list: collect("list"),
    tuple: collect("tuple"),
    set: collect("set"),
    frozenset: collect("set"),
    iter: collect("list"),
    dict: makeDict,
    range,
    len: length,
    enumerate,
    zip,
    map,
    filter,
    sorted,
    reversed: (call: CallArguments, interpreter: Interpreter) => {
      const { items, open } = iterate(interpreter, argument(call, 0));
      return list(open ? [] : [...items].reverse(), open);
    },
    max: extreme("Gt"),
    min: extreme("Lt"),
    sum,
    any: quantify(true),
    all: quantify(false),
    getattr: getAttribute,
    setattr: setAttribute,
    hasattr: hasAttribute,
    isinstance: isInstance,
    callable: (call: CallArguments) => {
      const kind = argument(call, 0).kind;
      return kind === "function" || kind === "class" || kind === "bound" ? TRUE : unknown("callable()");
    },
    dir: namesOf,
    print: () => NONE,
    eval: evaluateText,
    type: (call: CallArguments) => {
      const [value, ...more] = call.positional;
      if (more.length === 2) return newClass({ ...call, positional: [NONE, ...call.positional] });
      return (value !== undefined && more.length === 0 && typeOfValue(value)) || unknown("type()");
    },
    chr: (call: CallArguments) => {
      const value = argument(call, 0);
      const code = value.kind === "int" ? Number(value.value) : -1;
      return code >= 0 && code <= 0x10ffff ? str(String.fromCodePoint(code)) : unknown("chr()");
    },
    abs: (call: CallArguments) => {
      const value = argument(call, 0);
      if (value.kind === "float") return float(Math.abs(value.value));
      return value.kind === "int" ? int(Number(value.value) < 0 ? -value.value : value.value) : unknown("abs()");
    },
    staticmethod: (call: CallArguments) => rebound(call, "static"),
    classmethod: (call: CallArguments) => rebound(call, "class"),
    property: (call: CallArguments) => rebound(call, "property"),
    next: (call: CallArguments, interpreter: Interpreter) => {
      const { items, open } = iterate(interpreter, argument(call, 0));
      return items[0] ?? (open ? unknown("next()") : (call.positional[1] ?? unknown("next()")));
    },
  } satisfies Record<string, ExternalModel>).map(([name, model]) => [BUILTIN_PREFIX + name, model]),
);

/** Names that Python knows without an import. */
export const BUILTIN_NAMES: ReadonlySet<string> = new Set(
  `abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex delattr
   dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input
   int isinstance issubclass iter len list locals map max memoryview min next object oct open ord pow print property quit
   range raw_input repr reversed round set setattr slice sorted staticmethod str sum super tuple type unicode vars xrange
   zip __import__ execfile basestring long NotImplemented Exception BaseException ArithmeticError AssertionError
   AttributeError EOFError FileExistsError FileNotFoundError ImportError IndexError InterruptedError IOError
   IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError
   NotImplementedError OSError OverflowError PermissionError RuntimeError StopIteration SyntaxError SystemExit
   TimeoutError TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError Warning ZeroDivisionError`
    .split(/\s+/u)
    .filter((name) => name !== ""),
);
