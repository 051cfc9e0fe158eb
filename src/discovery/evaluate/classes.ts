import { parseModule } from "../../python/index.ts";
import { Scope } from "./scope.ts";
import { type ClassValue, dict, type ExternalValue, isSequence, str, unknown, type Value } from "./values.ts";

/** A class, its bases and theirs, in the order in which attributes are looked up (depth first, each once). */
export function resolutionOrder(start: ClassValue): readonly (ClassValue | ExternalValue)[] {
  start.order ??= orderOf(start);
  return start.order;
}

function orderOf(start: ClassValue): readonly (ClassValue | ExternalValue)[] {
  const order: (ClassValue | ExternalValue)[] = [];
  const seen = new Set<ClassValue | string>();
  const visit = (value: Value): void => {
    const base = value.kind === "generic" ? value.origin : value;
    if (base.kind === "external") {
      if (seen.has(base.name)) return;
      seen.add(base.name);
      order.push(base);
      return;
    }
    if (base.kind !== "class" || seen.has(base)) return;
    seen.add(base);
    order.push(base);
    for (const parent of base.bases) visit(parent);
  };
  visit(start);
  return order;
}

/** The attribute that a class or one of its workspace bases defines. */
export function lookupInClass(start: ClassValue, name: string, after?: ClassValue): Value | undefined {
  const order = resolutionOrder(start);
  const from = after === undefined ? 0 : order.indexOf(after) + 1;
  for (let index = from; index < order.length; index += 1) {
    const item = order[index];
    if (item?.kind !== "class") continue;
    const found = item.scope.own(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The external classes that a class extends, nearest first. */
export function externalBases(start: ClassValue, after?: ClassValue): readonly string[] {
  const order = resolutionOrder(start);
  const from = after === undefined ? 0 : order.indexOf(after) + 1;
  return order.slice(from).flatMap((item) => (item.kind === "external" ? [item.name] : []));
}

const ENUM_BASES: ReadonlySet<string> = new Set([
  "enum.Enum",
  "enum.IntEnum",
  "enum.StrEnum",
  "enum.Flag",
  "enum.IntFlag",
]);

export function isEnumClass(value: ClassValue): boolean {
  return externalBases(value).some((name) => ENUM_BASES.has(name));
}

export function enumMembers(value: ClassValue): Extract<Value, { kind: "enum" }>[] {
  return value.scope.values().flatMap((member) => (member.kind === "enum" && member.class === value ? [member] : []));
}

/** An enumeration that no `class` statement makes: one of a library, or what `enum.Enum(name, members)` gives. */
export function makeEnum(
  name: string,
  members: readonly (readonly [string, Value])[],
  file: string,
  line: number,
): Value {
  const [node] = parseModule(`class Members: pass`).module.body;
  if (node?.kind !== "ClassDef") return unknown(`the enumeration ${name}`);
  const scope = new Scope(null);
  const bases: readonly Value[] = [{ kind: "external", name: "enum.Enum" }];
  const fields: ClassValue["fields"] = new Map();
  const made: ClassValue = { kind: "class", name, node, file, line, bases, scope, isDataclass: false, fields };
  for (const [member, value] of members) scope.set(member, { kind: "enum", class: made, name: member, value });
  return made;
}

/** The `__members__` of an enumeration. */
export function membersByName(value: ClassValue): Value {
  return dict(enumMembers(value).map((member) => [str(member.name), member] as const));
}

/** The member of an enumeration that has this value. */
export function memberByValue(value: ClassValue, wanted: Value): Value | undefined {
  if (isSequence(wanted)) return undefined;
  return enumMembers(value).find(
    (member) =>
      "value" in member.value &&
      "value" in wanted &&
      member.value.kind === wanted.kind &&
      member.value.value === wanted.value,
  );
}
