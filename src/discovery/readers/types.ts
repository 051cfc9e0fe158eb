import type { Parameter } from "../../model/index.ts";
import { enumMembers, externalName, isEnumClass, type Value } from "../evaluate/index.ts";
import { type Json, toJson } from "./reading.ts";

type ParameterType = NonNullable<Parameter["type"]>;

/** What a converter or annotation says about a parameter's values. */
export interface ValueType {
  /** Absent: any text, by a converter of the tool's own. */
  readonly type?: ParameterType;
  readonly isPath?: boolean;
  readonly choices?: readonly Json[];
  /** It could not be read. */
  readonly isUnknown?: boolean;
}

const TYPES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ["builtins.str", { type: "string" }],
  ["builtins.unicode", { type: "string" }],
  ["builtins.bytes", { type: "string" }],
  ["builtins.ascii", { type: "string" }],
  ["builtins.repr", { type: "string" }],
  ["builtins.int", { type: "integer" }],
  ["builtins.long", { type: "integer" }],
  ["builtins.float", { type: "number" }],
  ["builtins.bool", { type: "boolean" }],
  ["builtins.open", { type: "string", isPath: true }],
  ["argparse.FileType", { type: "string", isPath: true }],
  ["pathlib.Path", { type: "string", isPath: true }],
  ["pathlib.PurePath", { type: "string", isPath: true }],
  ["pathlib.PosixPath", { type: "string", isPath: true }],
  ["os.path.abspath", { type: "string", isPath: true }],
  ["os.path.realpath", { type: "string", isPath: true }],
  ["os.path.expanduser", { type: "string", isPath: true }],
  ["os.path.normpath", { type: "string", isPath: true }],
  ["os.fspath", { type: "string", isPath: true }],
  ["os.fsencode", { type: "string", isPath: true }],
  ["os.PathLike", { type: "string", isPath: true }],
  ["decimal.Decimal", { type: "number" }],
  ["uuid.UUID", { type: "string" }],
  ["datetime.datetime", { type: "string" }],
  ["datetime.date", { type: "string" }],
  ["json.loads", {}],
]);

/** The type that a `type=` converter gives. */
export function converterType(value: Value): ValueType {
  if (value.kind === "none") return { type: "string" };
  const name = externalName(value);
  if (name !== null) return TYPES.get(name) ?? {};
  if (value.kind === "host" && value.typeName === "argparse.FileType") return { type: "string", isPath: true };
  if (value.kind === "class" && isEnumClass(value)) return enumType(value);
  if (value.kind === "function") return annotatedReturn(value);
  return value.kind === "unknown" ? { isUnknown: true } : {};
}

/** The values of an enumeration; by name for libraries that take names. */
export function enumType(value: Value & { kind: "class" }): ValueType {
  const members = enumMembers(value);
  const choices = members.flatMap((member) => {
    const json = toJson(member.value);
    return json === undefined ? [] : [json];
  });
  return { type: "string", ...(choices.length === members.length && choices.length > 0 ? { choices } : {}) };
}

/** A converter of the tool's own takes a text; what it returns is told only by its annotation. */
function annotatedReturn(value: Value & { kind: "function" }): ValueType {
  if (value.node.kind === "Lambda") return {};
  const { returns } = value.node;
  if (returns?.kind !== "Name") return {};
  const type = TYPES.get(`builtins.${returns.id}`) ?? (returns.id === "Path" ? TYPES.get("pathlib.Path") : undefined);
  return type?.type === "boolean" ? {} : (type ?? {});
}

const PATH_WORDS = /(?:^|[_-])(?:files?|filenames?|paths?|dirs?|directory|directories|folders?|filepath|dirname)$/iu;

/** Whether a parameter's own name says that it takes a path; a hint where the type says nothing. */
export function soundsLikePath(name: string): boolean {
  return PATH_WORDS.test(name);
}

/** Converts a text default as `argparse` does with the parameter's `type`. */
export function convertDefault(value: Json, type: ParameterType | undefined): Json {
  if (typeof value !== "string" || value.trim() === "") return value;
  if (type !== "integer" && type !== "number") return value;
  const number = Number(value);
  const isExact = Number.isFinite(number) && (type === "number" || Number.isSafeInteger(number));
  return isExact ? number : value;
}

/** `true` when a parameter's type, or its name where that only says “text”, means a path. */
export function isPathOf(name: string, type: ValueType): true | undefined {
  return (type.isPath ?? (type.type === "string" && soundsLikePath(name))) ? true : undefined;
}
