import { type Parameter, valueShape } from "../../model/index.ts";
import { BOOLEAN, declaredType, INTEGER, type Json, listOf, mayBe, type Type, typeText } from "./expressions/index.ts";

/** `$${{` is how `${{` itself is written. */
export function unescaped(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("$${{", "${{");
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescaped(item)]));
}

/** The type of a plain value. */
export function literalType(value: null | boolean | number): Type {
  if (value === null) return { kind: "null" };
  if (typeof value === "boolean") return BOOLEAN;
  return Number.isInteger(value) ? INTEGER : { kind: "number" };
}

/** Whether a value of a type can be a parameter's. Files are passed as their paths, numbers can be written as text. */
export function accepts(parameter: Parameter, type: Type): boolean {
  // What is null is left out.
  if (type.kind === "any" || type.kind === "null") return true;
  const { many, item } = valueShape(parameter);
  if (many) return type.kind === "list" && acceptsItem(item, type.item);
  return acceptsItem(item, type);
}

function acceptsItem(wanted: Parameter["type"], type: Type): boolean {
  if (wanted === undefined || type.kind === "any") return true;
  if (wanted === "string") return ["string", "file", "number", "integer"].includes(type.kind);
  return mayBe(type, declaredType(wanted));
}

/** What a parameter takes, for people. */
export function wantedText(parameter: Parameter): string {
  const { many, item } = valueShape(parameter);
  const one = declaredType(item);
  return typeText(many ? listOf(one) : one);
}

/** What makes a value of a type fit, when something simple does. */
export function adviceFor(parameter: Parameter, type: Type): string {
  const { many, item } = valueShape(parameter);
  if (many && type.kind !== "list") return ": put it in [ ]";
  if (!many && type.kind === "list") return ": use “forEach” to run the step for each item, or join(list, ' ')";
  if (type.kind === "string" && (item === "integer" || item === "number")) return ": number(…) makes one of it";
  return "";
}
