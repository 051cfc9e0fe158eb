import type { CompareOperator, Operator, UnaryOperator } from "../../python/index.ts";
import { isEnumClass } from "./classes.ts";
import { percentFormat } from "./format.ts";
import type { Interpreter } from "./interpreter.ts";
import { joinPlaces } from "./places.ts";
import {
  bool,
  type CallArguments,
  equal,
  expected,
  float,
  getItem,
  int,
  isSequence,
  keyOf,
  path,
  type SequenceValue,
  str,
  truth,
  unknown,
  usually,
  type Value,
} from "./values.ts";

/**
 * `left op right`.
 * @param inPlace for `+=` and its like: a list is extended, not copied
 */
export function binaryOperation(
  interpreter: Interpreter,
  op: Operator,
  left: Value,
  right: Value,
  inPlace: boolean,
): Value {
  const [a, b] = [expected(left), expected(right)];
  if (a !== left || b !== right) {
    return usually(binaryOperation(interpreter, op, a, b, false), "depends on something outside the program");
  }
  const special = specialOperation(interpreter, op, left, right);
  if (special !== undefined) return special;
  return op === "Add" ? add(interpreter, left, right, inPlace) : arithmetic(op, left, right);
}

/** Operators that mean something else for types, texts, paths and dictionaries. */
function specialOperation(interpreter: Interpreter, op: Operator, left: Value, right: Value): Value | undefined {
  switch (op) {
    case "BitOr":
      return uniteTypes(left, right) ?? uniteDicts(left, right);
    case "Mod":
      return left.kind === "str" ? percentFormat(left.value, right) : undefined;
    case "Mult":
      return repeat(interpreter, left, right) ?? repeat(interpreter, right, left);
    case "Div":
      return joinPlaces(left, [right]) ?? joinPath(left, right);
    default:
      return undefined;
  }
}

function uniteTypes(left: Value, right: Value): Value | undefined {
  if (!isType(left) && !isType(right)) return undefined;
  return { kind: "generic", origin: { kind: "external", name: "typing.Union" }, args: [left, right] };
}

function uniteDicts(left: Value, right: Value): Value | undefined {
  if (left.kind !== "dict" || right.kind !== "dict") return undefined;
  return { kind: "dict", entries: new Map([...left.entries, ...right.entries]), open: left.open || right.open };
}

function isType(value: Value): boolean {
  return value.kind === "external" || value.kind === "class" || value.kind === "generic";
}

function add(interpreter: Interpreter, left: Value, right: Value, inPlace: boolean): Value {
  if (left.kind === "str" && right.kind === "str") {
    const isLong = left.value.length + right.value.length > interpreter.limits.size;
    return isLong ? unknown("a very long text") : str(left.value + right.value);
  }
  if (isSequence(left)) return addSequence(interpreter, left, right, inPlace);
  if (isSequence(right) && left.kind === "unknown") return { kind: right.kind, items: [...right.items], open: true };
  return arithmetic("Add", left, right);
}

function addSequence(interpreter: Interpreter, left: SequenceValue, right: Value, inPlace: boolean): Value {
  const more = isSequence(right) ? right.items : [];
  const open = left.open || !isSequence(right) || right.open;
  if (left.items.length + more.length > interpreter.limits.size) return unknown("a very long list");
  interpreter.charge(left.items.length + more.length);
  if (inPlace && left.kind === "list") {
    left.items.push(...more);
    left.open = open;
    return left;
  }
  return { kind: left.kind, items: [...left.items, ...more], open };
}

function repeat(interpreter: Interpreter, left: Value, right: Value): Value | undefined {
  if (right.kind !== "int") return undefined;
  const times = Math.max(0, Number(right.value));
  if (left.kind === "str") {
    return left.value.length * times > interpreter.limits.size ? unknown("a long text") : str(left.value.repeat(times));
  }
  if (left.kind !== "list" && left.kind !== "tuple") return undefined;
  if (left.items.length * times > interpreter.limits.size) return unknown("a very long list");
  interpreter.charge(left.items.length * times);
  const items: Value[] = [];
  for (let round = 0; round < times; round += 1) items.push(...left.items);
  return { kind: left.kind, items, open: left.open };
}

/** `Path / "part"`, as `pathlib` joins. */
export function joinPath(left: Value, right: Value): Value | undefined {
  if (left.kind !== "path" && right.kind !== "path") return undefined;
  if ((left.kind !== "path" && left.kind !== "str") || (right.kind !== "path" && right.kind !== "str"))
    return undefined;
  if (right.value.startsWith("/")) return path(right.value);
  const isEmpty = left.value === "" || left.value === ".";
  return path(isEmpty ? right.value : `${left.value.replace(/\/$/, "")}/${right.value}`);
}

// --- numbers ----------------------------------------------------------------------------------------------------

/** Bits of the largest integer that is computed. */
const MAX_BITS = 256n;

function asBigInt(value: Value): bigint | undefined {
  if (value.kind === "int") return typeof value.value === "bigint" ? value.value : BigInt(value.value);
  if (value.kind === "bool") return value.value ? 1n : 0n;
  return undefined;
}

function asNumber(value: Value): number | undefined {
  if (value.kind === "float" || value.kind === "int") return Number(value.value);
  return value.kind === "bool" ? Number(value.value) : undefined;
}

function arithmetic(op: Operator, left: Value, right: Value): Value {
  const a = asBigInt(left);
  const b = asBigInt(right);
  if (a !== undefined && b !== undefined && op !== "Div") {
    const result = integerOperation(op, a, b);
    return result === undefined ? unknown("a number that is not computed") : int(result);
  }
  const x = asNumber(left);
  const y = asNumber(right);
  if (x === undefined || y === undefined) return unknown("computed from something unknown");
  const result = floatOperation(op, x, y);
  return result === undefined || !Number.isFinite(result) ? unknown("a number that is not computed") : float(result);
}

/** Whether a number is so large that computing with it is not worth it. */
function isHuge(value: bigint): boolean {
  const limit = 1n << MAX_BITS;
  return value > limit || value < -limit;
}

function integerOperation(op: Operator, a: bigint, b: bigint): bigint | undefined {
  if (isHuge(a) || isHuge(b)) return undefined;
  switch (op) {
    case "Add":
      return a + b;
    case "Sub":
      return a - b;
    case "Mult":
      return a * b;
    case "BitOr":
      return a | b;
    case "BitAnd":
      return a & b;
    case "BitXor":
      return a ^ b;
    case "FloorDiv":
      return b === 0n ? undefined : floorDivide(a, b);
    case "Mod":
      return b === 0n ? undefined : a - floorDivide(a, b) * b;
    default:
      return powerOrShift(op, a, b);
  }
}

function powerOrShift(op: Operator, a: bigint, b: bigint): bigint | undefined {
  if (b < 0n || b > MAX_BITS) return undefined;
  if (op === "LShift") return a << b;
  if (op === "RShift") return a >> b;
  const bits = BigInt(a.toString(2).length) * b;
  return op === "Pow" && bits <= MAX_BITS * 2n ? a ** b : undefined;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function floatOperation(op: Operator, x: number, y: number): number | undefined {
  switch (op) {
    case "Add":
      return x + y;
    case "Sub":
      return x - y;
    case "Mult":
      return x * y;
    case "Div":
      return y === 0 ? undefined : x / y;
    case "FloorDiv":
      return y === 0 ? undefined : Math.floor(x / y);
    case "Mod":
      return y === 0 ? undefined : x - Math.floor(x / y) * y;
    case "Pow":
      return x ** y;
    default:
      return undefined;
  }
}

export function unaryOperation(op: UnaryOperator, value: Value): Value {
  if (op === "Not") {
    const condition = truth(value);
    if (condition !== undefined) return bool(!condition);
    const usual = truth(expected(value));
    return usual === undefined
      ? unknown("not of something unknown")
      : usually(bool(!usual), "depends on the environment");
  }
  const number = asBigInt(value);
  if (number !== undefined) {
    if (op === "USub") return int(-number);
    return int(op === "Invert" ? ~number : number);
  }
  if (value.kind === "float") return op === "USub" ? float(-value.value) : value;
  return unknown("computed from something unknown");
}

// --- comparisons ------------------------------------------------------------------------------------------------

export function compareValues(op: CompareOperator, left: Value, right: Value): boolean | undefined {
  switch (op) {
    case "Eq":
      return equal(left, right);
    case "NotEq":
      return negate(equal(left, right));
    case "Is":
      return identical(left, right);
    case "IsNot":
      return negate(identical(left, right));
    case "In":
      return contains(right, left);
    case "NotIn":
      return negate(contains(right, left));
    default:
      return ordered(op, left, right);
  }
}

function negate(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

function identical(left: Value, right: Value): boolean | undefined {
  const isNone = left.kind === "none" || right.kind === "none";
  if (!isNone) return equal(left, right);
  const other = left.kind === "none" ? right : left;
  if (other.kind === "none") return true;
  // What an import brought is there.
  return other.kind === "unknown" || other.kind === "never" ? undefined : false;
}

function contains(container: Value, item: Value): boolean | undefined {
  if (container.kind === "str" && item.kind === "str") return container.value.includes(item.value);
  if (container.kind === "dict") {
    const key = keyOf(item);
    if (key !== undefined && container.entries.has(key)) return true;
    return key === undefined || container.open ? undefined : false;
  }
  if (!isSequence(container)) return undefined;
  const results = container.items.map((known) => equal(known, item));
  if (results.includes(true)) return true;
  return container.open || results.includes(undefined) ? undefined : false;
}

function ordered(op: CompareOperator, left: Value, right: Value): boolean | undefined {
  const order = compareOrder(left, right);
  if (order === undefined) return undefined;
  switch (op) {
    case "Lt":
      return order < 0;
    case "LtE":
      return order <= 0;
    case "Gt":
      return order > 0;
    case "GtE":
      return order >= 0;
    default:
      return undefined;
  }
}

function compareOrder(left: Value, right: Value): number | undefined {
  const x = asNumber(left);
  const y = asNumber(right);
  if (x !== undefined && y !== undefined) return x - y;
  if (left.kind === "str" && right.kind === "str") return compareTexts(left.value, right.value);
  return isSequence(left) && isSequence(right) ? compareSequences(left, right) : undefined;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function compareSequences(left: SequenceValue, right: SequenceValue): number | undefined {
  for (const [index, item] of left.items.entries()) {
    const other = right.items[index];
    if (other === undefined) return right.open ? undefined : 1;
    const order = compareOrder(item, other);
    if (order !== 0) return order;
  }
  return left.open || right.open ? undefined : left.items.length - right.items.length;
}

// --- subscripts -------------------------------------------------------------------------------------------------

/** `container[key]`. */
export function subscriptOf(container: Value, key: Value): Value {
  switch (container.kind) {
    case "external":
    case "generic":
      return {
        kind: "generic",
        origin: container.kind === "generic" ? container.origin : container,
        args: key.kind === "tuple" ? key.items : [key],
      };
    case "class":
      return isEnumClass(container) && key.kind === "str"
        ? (container.scope.own(key.value) ?? unknown(`a member of ${container.name}`))
        : { kind: "generic", origin: container, args: [key] };
    case "dict":
      return getItem(container, key) ?? unknown("an item that is not known");
    case "list":
    case "tuple":
      return itemAt(container.items, container.open, key);
    case "str":
      return itemAt([...container.value].map(str), false, key);
    case "host":
      return container.callMethod?.("__getitem__", itemCall(key)) ?? unknown(`an item of ${container.typeName}`);
    default:
      return unknown("an item of something unknown");
  }
}

function itemCall(key: Value): CallArguments {
  return {
    positional: [key],
    keywords: new Map(),
    openPositional: false,
    openKeywords: false,
    file: "",
    line: 1,
    node: null,
  };
}

function itemAt(items: readonly Value[], open: boolean, key: Value): Value {
  if (key.kind !== "int") return unknown("an item that is not known");
  const index = Number(key.value);
  if (index < 0 && open) return unknown("an item that is not known");
  return items.at(index) ?? unknown("an item that is not there");
}

/** `container[lower:upper:step]`. */
export function sliceOf(container: Value, lower: Value, upper: Value, step: Value): Value {
  const from = bound(lower);
  const to = bound(upper);
  const by = bound(step);
  if (from === null || to === null || by === null || by === 0) return unknown("a slice that is not known");
  if (container.kind === "str") {
    return str(sliced([...container.value], from, to, by).join(""));
  }
  if (container.kind !== "list" && container.kind !== "tuple") return unknown("a slice of something unknown");
  if (container.open) return { kind: container.kind, items: [], open: true };
  return { kind: container.kind, items: sliced(container.items, from, to, by), open: false };
}

/** `undefined`: left out; `null`: not known. */
function bound(value: Value): number | undefined | null {
  if (value.kind === "none") return undefined;
  return value.kind === "int" ? Number(value.value) : null;
}

function sliced<T>(items: readonly T[], from: number | undefined, to: number | undefined, by = 1): T[] {
  if (by > 0) return items.slice(from, to).filter((_, index) => index % by === 0);
  const end = from === undefined ? items.length - 1 : from < 0 ? from + items.length : Math.min(from, items.length - 1);
  const stop = to === undefined ? -1 : to < 0 ? to + items.length : to;
  const result: T[] = [];
  for (let index = end; index > stop; index += by) {
    const item = items[index];
    if (item !== undefined) result.push(item);
  }
  return result;
}
