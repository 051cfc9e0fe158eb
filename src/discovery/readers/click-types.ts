import {
  type CallArguments,
  type ExternalModel,
  enumMembers,
  externalName,
  type HostValue,
  hostOf,
  isSequence,
  str,
  type Value,
} from "../evaluate/index.ts";
import { toJson } from "./reading.ts";
import { converterType, type ValueType } from "./types.ts";

/** Parameter types of click that are made by a call, by the host that stands for them. */
const TYPES = new WeakMap<HostValue, ValueType>();

const NAMED: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ["STRING", { type: "string" }],
  ["UNPROCESSED", { type: "string" }],
  ["INT", { type: "integer" }],
  ["FLOAT", { type: "number" }],
  ["BOOL", { type: "boolean" }],
  ["UUID", { type: "string" }],
]);

function typeModel(read: (call: CallArguments) => ValueType): ExternalModel {
  return (call) => {
    const host: HostValue = { kind: "host", typeName: "click.ParamType" };
    TYPES.set(host, read(call));
    return host;
  };
}

/** `click.Choice([…])`, of texts or of an enumeration. */
function choice(call: CallArguments): ValueType {
  const given = call.positional[0] ?? call.keywords.get("choices");
  if (given?.kind === "class") return { type: "string", choices: enumMembers(given).map((member) => member.name) };
  if (given === undefined || !(isSequence(given) || given.kind === "dict")) return { type: "string", isUnknown: true };
  const items: readonly Value[] =
    given.kind === "dict" ? [...given.entries.values()].map((entry) => entry.key) : given.items;
  const choices = items.map((item) => (item.kind === "enum" ? item.name : toJson(item)));
  const known = choices.flatMap((item) => (item === undefined ? [] : [item]));
  return given.open || known.length !== items.length
    ? { type: "string", isUnknown: true }
    : { type: "string", choices: known };
}

/** The parameter types of click for the interpreter. */
export const CLICK_TYPE_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["click.Choice", typeModel(choice)],
  ["click.Path", typeModel(() => ({ type: "string", isPath: true }))],
  ["click.File", typeModel(() => ({ type: "string", isPath: true }))],
  ["click.IntRange", typeModel(() => ({ type: "integer" }))],
  ["click.FloatRange", typeModel(() => ({ type: "number" }))],
  ["click.DateTime", typeModel(() => ({ type: "string" }))],
  ["click.Tuple", typeModel(() => ({}))],
];

export const CLICK_CONSTANTS: readonly (readonly [string, Value])[] = [["click.__version__", str("8.2.0")]];

/** What click's `type=` says: a type object, a Python type, or a name like `click.INT`. */
export function clickType(value: Value): ValueType {
  const host = hostOf(value);
  if (host !== null) return TYPES.get(host) ?? {};
  const name = externalName(value) ?? "";
  const short = name.slice(name.lastIndexOf(".") + 1);
  if (name.startsWith("click.")) return NAMED.get(short) ?? clickClass(short);
  if (value.kind === "instance") return {};
  return converterType(value);
}

/** A type class of click given without a call (`type=click.Path`). */
function clickClass(name: string): ValueType {
  return name === "Path" || name === "File" ? { type: "string", isPath: true } : {};
}

/** The type that click takes from a default value when none is given. */
export function typeOfDefault(value: Value): ValueType {
  switch (value.kind) {
    case "int":
      return { type: "integer" };
    case "float":
      return { type: "number" };
    case "bool":
      return { type: "boolean" };
    case "list":
    case "tuple": {
      const [first] = value.items;
      return first === undefined ? { type: "string" } : typeOfDefault(first);
    }
    default:
      return { type: "string" };
  }
}
