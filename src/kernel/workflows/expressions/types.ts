import type { ParameterType } from "../../../model/index.ts";

/** What is known of a value before anything runs; `any` is found out when it is there. */
export type Type =
  | { readonly kind: "any" | "null" | "string" | "number" | "integer" | "boolean" | "file" }
  | { readonly kind: "list"; readonly item: Type }
  | { readonly kind: "record"; readonly fields?: ReadonlyMap<string, Type>; readonly rest?: Type };

export const ANY: Type = { kind: "any" };
export const STRING: Type = { kind: "string" };
export const NUMBER: Type = { kind: "number" };
export const INTEGER: Type = { kind: "integer" };
export const BOOLEAN: Type = { kind: "boolean" };
export const FILE: Type = { kind: "file" };

export function listOf(item: Type): Type {
  return { kind: "list", item };
}

/** The type of values that a declaration names. */
export function declaredType(type: ParameterType | undefined, item?: ParameterType): Type {
  switch (type) {
    case undefined:
      return ANY;
    case "array":
      return listOf(declaredType(item));
    case "object":
      return { kind: "record", rest: ANY };
    default:
      return { kind: type };
  }
}

/** The narrowest of the types here that holds both. */
export function join(one: Type, other: Type): Type {
  if (one.kind === "list" && other.kind === "list") return listOf(join(one.item, other.item));
  if (one.kind === other.kind && one.kind !== "record") return one;
  const kinds = [one.kind, other.kind];
  return kinds.every((kind) => kind === "integer" || kind === "number") ? NUMBER : ANY;
}

/** Whether a value of a type may be one of another; `any` may be everything. */
export function mayBe(type: Type, wanted: Type): boolean {
  if (type.kind === "any" || wanted.kind === "any") return true;
  if (type.kind === "list") return wanted.kind === "list" && mayBe(type.item, wanted.item);
  if (type.kind === "number" || type.kind === "integer") return wanted.kind === "number" || wanted.kind === "integer";
  return type.kind === wanted.kind;
}

const WORDS: Readonly<Record<Exclude<Type["kind"], "list">, string>> = {
  any: "a value",
  null: "null",
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  file: "a file",
  record: "a record",
};

/** A type for people. */
export function typeText(type: Type): string {
  if (type.kind !== "list") return WORDS[type.kind];
  return type.item.kind === "any" ? "a list" : `a list (each ${typeText(type.item)})`;
}
