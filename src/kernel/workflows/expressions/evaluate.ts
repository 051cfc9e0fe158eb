import { contains, FUNCTIONS, lookUp, STATUS_FUNCTIONS } from "./functions.ts";
import type { BinaryOperator, Expression } from "./syntax.ts";
import { declaredType, mayBe, type Type, typeText } from "./types.ts";
import { FileValue, isEqual, isList, isRecord, kindOf, type Value, ValueProblem } from "./values.ts";

/** What an expression can see. */
export interface Scope {
  /** The value of a name such as `inputs`; undefined where there is none. */
  name(name: string): Value | undefined;
  /** `always`, `failed`, `succeeded`; undefined where steps have no state. */
  status(name: string, step: string | undefined): boolean | undefined;
  /** A file became part of a text. */
  onFile(file: FileValue): void;
}

/** The value of an expression; nothing in it can do anything but look. */
export function evaluate(expression: Expression, scope: Scope): Value | ValueProblem {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "name":
      return scope.name(expression.name) ?? new ValueProblem(`there is no “${expression.name}” here`);
    case "list":
      return evaluateAll(expression.items, scope);
    case "member":
      return member(expression, scope);
    case "not": {
      const operand = truth(expression.operand, scope);
      return operand instanceof ValueProblem ? operand : !operand;
    }
    case "binary":
      return binary(expression.operator, expression.left, expression.right, scope);
    case "call":
      return call(expression.name, expression.arguments, scope);
  }
}

function evaluateAll(expressions: readonly Expression[], scope: Scope): readonly Value[] | ValueProblem {
  const values: Value[] = [];
  for (const expression of expressions) {
    const value = evaluate(expression, scope);
    if (value instanceof ValueProblem) return value;
    values.push(value);
  }
  return values;
}

function member(expression: Extract<Expression, { kind: "member" }>, scope: Scope): Value | ValueProblem {
  const object = evaluate(expression.object, scope);
  if (object instanceof ValueProblem) return object;
  const key = evaluate(expression.key, scope);
  if (key instanceof ValueProblem) return key;
  // What a skipped step would have given is null, and so is everything in it.
  if (object === null) return null;
  const found = lookUp(object, key);
  if (found !== undefined) return found;
  const why = isRecord(object) && typeof key === "string" ? object.missing?.(key) : undefined;
  if (why !== undefined) return new ValueProblem(why);
  const shown = typeof key === "string" || typeof key === "number" ? `“${key}”` : kindOf(key);
  return new ValueProblem(`${kindOf(object)} has no ${shown}${known(object)}`);
}

const SHOWN_NAMES = 12;

function known(object: Value): string {
  if (isList(object)) return `: it has ${object.length} items, from 0`;
  if (!isRecord(object)) return "";
  const names = [...object.keys()];
  if (names.length === 0) return ": it is empty";
  return `: it has ${names.slice(0, SHOWN_NAMES).join(", ")}${names.length > SHOWN_NAMES ? "…" : ""}`;
}

function truth(expression: Expression, scope: Scope): boolean | ValueProblem {
  const value = evaluate(expression, scope);
  if (typeof value === "boolean" || value instanceof ValueProblem) return value;
  return new ValueProblem(`${kindOf(value)} stands where true or false is needed: compare it with something`);
}

function binary(operator: BinaryOperator, left: Expression, right: Expression, scope: Scope): Value | ValueProblem {
  if (operator === "and" || operator === "or") {
    const first = truth(left, scope);
    if (first instanceof ValueProblem || first === (operator === "or")) return first;
    return truth(right, scope);
  }
  const values = evaluateAll([left, right], scope);
  if (values instanceof ValueProblem) return values;
  const [one = null, other = null] = values;
  switch (operator) {
    case "==":
      return isEqual(one, other);
    case "!=":
      return !isEqual(one, other);
    case "in":
      return contains(other, one);
    default:
      return compare(operator, one, other);
  }
}

function compare(operator: "<" | "<=" | ">" | ">=", one: Value, other: Value): boolean | ValueProblem {
  const order = orderOf(one, other);
  if (order === undefined) {
    return new ValueProblem(`“${operator}” compares two numbers or two texts, not ${kindOf(one)} and ${kindOf(other)}`);
  }
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function orderOf(one: Value, other: Value): number | undefined {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one !== "string" || typeof other !== "string") return undefined;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function call(name: string, given: readonly Expression[], scope: Scope): Value | ValueProblem {
  const values = evaluateAll(given, scope);
  if (values instanceof ValueProblem) return values;
  if (STATUS_FUNCTIONS.has(name)) {
    const [step] = values;
    const state = scope.status(name, typeof step === "string" ? step : undefined);
    return state ?? new ValueProblem(`${name}() can only be asked in “if”`);
  }
  const found = FUNCTIONS.get(name);
  if (found === undefined) return new ValueProblem(`there is no function “${name}”`);
  const { parameters, least = parameters.length, open = false } = found;
  if (values.length < least || (values.length > parameters.length && !open)) {
    return new ValueProblem(`${found.signature} was given ${values.length} values`);
  }
  for (const [index, value] of values.entries()) {
    const wanted = parameters[index] ?? parameters.at(-1);
    if (wanted !== undefined && !mayBe(typeOf(value), wanted)) {
      return new ValueProblem(`${found.signature} takes ${typeText(wanted)}, not ${kindOf(value)}`);
    }
  }
  return found.call(values, (file) => scope.onFile(file));
}

/** The type of a value that is there; of lists and records only that they are. */
function typeOf(value: Value): Type {
  if (value === null) return { kind: "null" };
  if (value instanceof FileValue) return { kind: "file" };
  if (isList(value)) return declaredType("array");
  if (isRecord(value)) return { kind: "record" };
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "number") return { kind: Number.isInteger(value) ? "integer" : "number" };
  return { kind: "boolean" };
}
