import { FUNCTIONS, STATUS_FUNCTIONS } from "./functions.ts";
import type { Expression, ExpressionProblem } from "./syntax.ts";
import { ANY, BOOLEAN, INTEGER, join, listOf, mayBe, NUMBER, STRING, type Type, typeText } from "./types.ts";

/** What is known of names before anything runs. */
export interface TypeScope {
  /** The type of a name such as `inputs`; undefined where there is none. */
  readonly names: ReadonlyMap<string, Type>;
  /** Ids of the steps that `failed('id')` may ask about; undefined where it may not be asked at all. */
  readonly statusOf: ReadonlySet<string> | undefined;
  /** Completes “there is no …” for names that a record does not have, by the record's own expression. */
  readonly describe?: (object: Expression, key: string) => string | undefined;
}

type Report = (problem: ExpressionProblem) => void;

/** The type of an expression's value; what can be seen to be wrong is reported. */
export function inferType(expression: Expression, scope: TypeScope, report: Report): Type {
  switch (expression.kind) {
    case "literal":
      return literalType(expression.value);
    case "name":
      return nameType(expression, scope, report);
    case "list": {
      const types = expression.items.map((item) => inferType(item, scope, report));
      return listOf(types.length === 0 ? ANY : types.reduce((one, other) => join(one, other)));
    }
    case "member":
      return memberType(expression, scope, report);
    case "not":
      needTruth(expression.operand, scope, report);
      return BOOLEAN;
    case "binary":
      return binaryType(expression, scope, report);
    case "call":
      return callType(expression, scope, report);
  }
}

function literalType(value: null | boolean | number | string): Type {
  if (value === null) return { kind: "null" };
  if (typeof value === "string") return STRING;
  if (typeof value === "boolean") return BOOLEAN;
  return Number.isInteger(value) ? INTEGER : NUMBER;
}

function nameType(expression: Extract<Expression, { kind: "name" }>, scope: TypeScope, report: Report): Type {
  const type = scope.names.get(expression.name);
  if (type !== undefined) return type;
  const names = [...scope.names.keys()].join(", ");
  report({ ...spanOf(expression), message: `there is no “${expression.name}” here: there is ${names}` });
  return ANY;
}

function spanOf({ start, end }: Expression): { readonly start: number; readonly end: number } {
  return { start, end };
}

function needTruth(expression: Expression, scope: TypeScope, report: Report): void {
  const type = inferType(expression, scope, report);
  if (mayBe(type, BOOLEAN)) return;
  const message = `this is ${typeText(type)} where true or false is needed: compare it with something`;
  report({ ...spanOf(expression), message });
}

function memberType(expression: Extract<Expression, { kind: "member" }>, scope: TypeScope, report: Report): Type {
  const object = inferType(expression.object, scope, report);
  const key = inferType(expression.key, scope, report);
  const problem = (message: string): Type => {
    report({ ...spanOf(expression.key), message });
    return ANY;
  };
  if (object.kind === "any" || object.kind === "null") return ANY;
  if (object.kind === "list") {
    if (mayBe(key, INTEGER)) return object.item;
    return problem(`a list has items by number, from 0: [0], not ${typeText(key)}`);
  }
  if (object.kind !== "record") return problem(`${typeText(object)} has nothing in it`);
  if (!mayBe(key, STRING)) return problem(`a record has values by name, not ${typeText(key)}`);
  if (expression.key.kind !== "literal") return object.rest ?? ANY;
  const name = String(expression.key.value);
  const field = object.fields?.get(name) ?? object.rest;
  if (field !== undefined || object.fields === undefined) return field ?? ANY;
  const names = [...object.fields.keys()].join(", ");
  const described = scope.describe?.(expression.object, name) ?? `there is no “${name}” in it`;
  return problem(`${described}${names === "" ? ": it is empty" : `: it has ${names}`}`);
}

function binaryType(expression: Extract<Expression, { kind: "binary" }>, scope: TypeScope, report: Report): Type {
  const { operator, left, right } = expression;
  if (operator === "and" || operator === "or") {
    needTruth(left, scope, report);
    needTruth(right, scope, report);
    return BOOLEAN;
  }
  const [one, other] = [inferType(left, scope, report), inferType(right, scope, report)];
  const problem = (message: string): void => report({ ...spanOf(expression), message });
  if (operator === "==" || operator === "!=") {
    const never = one.kind !== "null" && other.kind !== "null" && !mayBe(one, other);
    if (never) problem(`${typeText(one)} is never equal to ${typeText(other)}`);
  } else if (operator === "in") {
    if (!["any", "string", "list", "record"].includes(other.kind)) problem(`${typeText(other)} contains nothing`);
  } else {
    const comparable = [NUMBER, STRING].some((type) => mayBe(one, type) && mayBe(other, type));
    if (!comparable) {
      problem(`“${operator}” compares two numbers or two texts, not ${typeText(one)} and ${typeText(other)}`);
    }
  }
  return BOOLEAN;
}

function callType(expression: Extract<Expression, { kind: "call" }>, scope: TypeScope, report: Report): Type {
  const { name } = expression;
  const given = expression.arguments.map((argument) => inferType(argument, scope, report));
  if (STATUS_FUNCTIONS.has(name)) return statusType(expression, scope, report);
  const found = FUNCTIONS.get(name);
  if (found === undefined) {
    const names = [...FUNCTIONS.keys(), ...STATUS_FUNCTIONS.keys()].join(", ");
    report({ ...spanOf(expression), message: `there is no function “${name}”: there is ${names}` });
    return ANY;
  }
  const { parameters, least = parameters.length, open = false } = found;
  if (given.length < least || (given.length > parameters.length && !open)) {
    report({ ...spanOf(expression), message: `${found.signature} is given ${given.length} values` });
    return ANY;
  }
  for (const [index, type] of given.entries()) {
    const wanted = parameters[index] ?? parameters.at(-1) ?? ANY;
    const argument = expression.arguments[index];
    if (argument === undefined || mayBe(type, wanted)) continue;
    report({ ...spanOf(argument), message: `${found.signature} takes ${typeText(wanted)}, not ${typeText(type)}` });
  }
  return found.result(given);
}

function statusType(expression: Extract<Expression, { kind: "call" }>, scope: TypeScope, report: Report): Type {
  const { name } = expression;
  const problem = (message: string): void => report({ ...spanOf(expression), message });
  const [step, ...more] = expression.arguments;
  if (scope.statusOf === undefined) problem(`${name}() can only be asked in “if”`);
  else if (more.length > 0 || (step !== undefined && name === "always")) problem(`${name}() is given too many values`);
  else if (step !== undefined && !(step.kind === "literal" && typeof step.value === "string")) {
    problem(`${name}() takes the id of a step in quotes`);
  } else if (step !== undefined && !scope.statusOf.has(String(step.value))) {
    problem(`there is no step “${String(step.value)}”`);
  }
  return BOOLEAN;
}
