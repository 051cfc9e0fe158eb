import type * as z from "zod";
import type { Keyword, Statement } from "../../python/index.ts";
import {
  annotationValue,
  bool,
  type CallArguments,
  type ClassValue,
  cleandoc,
  dict,
  type ExternalModel,
  enumMembers,
  externalName,
  fieldsOf,
  float,
  type HostValue,
  type Interpreter,
  int,
  isDataclass,
  isEnumClass,
  isInit,
  list,
  NONE,
  resolutionOrder,
  str,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { toJson } from "../readers/reading.ts";

type Json = z.core.util.JSONType;
export type JsonSchema = Record<string, Json>;

// --- pydantic.Field -----------------------------------------------------------------------------------------------

/** `Field(…)` by the host that stands for it. */
const FIELDS = new WeakMap<HostValue, CallArguments>();

/** Also a field of a class, for which the interpreter has a model of its own. */
const field: ExternalModel = (call, interpreter) => {
  const made = interpreter.models.calls.get("dataclasses.field")?.(call, interpreter);
  const host: HostValue = made?.kind === "host" ? made : { kind: "host", typeName: "pydantic.Field" };
  FIELDS.set(host, call);
  return host;
};

/** `Model.model_json_schema()`; the class comes first. */
const modelJsonSchema: ExternalModel = (call, interpreter) => {
  const [made] = call.positional;
  return made?.kind === "class" ? jsonValue(modelSchema(made, interpreter)) : unknown("model_json_schema()");
};

function jsonValue(json: Json): Value {
  if (json === null) return NONE;
  if (Array.isArray(json)) return list(json.map(jsonValue));
  if (typeof json === "object") return dict(Object.entries(json).map(([key, value]) => [str(key), jsonValue(value)]));
  if (typeof json === "string") return str(json);
  if (typeof json === "boolean") return bool(json);
  return Number.isInteger(json) ? int(json) : float(json);
}

export const FIELD_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["pydantic.BaseModel.model_json_schema", modelJsonSchema],
  ["pydantic.Field", field],
  ["pydantic.fields.Field", field],
  ["pydantic.v1.Field", field],
  ["langchain_core.pydantic_v1.Field", field],
  ["langchain.pydantic_v1.Field", field],
];

/** The call of a `Field(…)`, when the value is one. */
export function fieldOf(value: Value | null | undefined): CallArguments | undefined {
  return value?.kind === "host" ? FIELDS.get(value) : undefined;
}

/** What a field of a model or a parameter has for a default. */
type DefaultOf = { readonly state: "absent" | "unknown" } | { readonly state: "known"; readonly value: Json };

/** The default of a parameter: after `=`, or as its `Field(…)` says. */
function defaultOf(value: Value | null | undefined, interpreter: Interpreter): DefaultOf {
  if (value === null || value === undefined) return { state: "absent" };
  const call = fieldOf(value);
  if (call === undefined) return jsonDefault(value);
  const factory = call.keywords.get("default_factory");
  if (factory !== undefined) return jsonDefault(interpreter.call(factory, interpreter.emptyCall(call.file, call.line)));
  const given = call.positional[0] ?? call.keywords.get("default");
  return given === undefined || isEllipsis(given) ? { state: "absent" } : jsonDefault(given);
}

function jsonDefault(value: Value): DefaultOf {
  const json = isEllipsis(value) ? undefined : toJson(value);
  return json === undefined ? { state: "unknown" } : { state: "known", value: json };
}

function isEllipsis(value: Value): boolean {
  return externalName(value) === "builtins.Ellipsis";
}

// --- types --------------------------------------------------------------------------------------------------------

const TEXT: JsonSchema = { type: "string" };
const LIST: JsonSchema = { type: "array", items: {} };

const NAMED: ReadonlyMap<string, JsonSchema> = new Map<string, JsonSchema>([
  ["builtins.str", TEXT],
  ["builtins.int", { type: "integer" }],
  ["builtins.float", { type: "number" }],
  ["builtins.bool", { type: "boolean" }],
  ["builtins.bytes", { type: "string", format: "binary" }],
  ["builtins.complex", {}],
  ["builtins.dict", { type: "object" }],
  ["typing.Dict", { type: "object" }],
  ["typing.Mapping", { type: "object" }],
  ["typing.MutableMapping", { type: "object" }],
  ["collections.abc.Mapping", { type: "object" }],
  ["builtins.list", LIST],
  ["builtins.tuple", LIST],
  ["builtins.set", { ...LIST, uniqueItems: true }],
  ["builtins.frozenset", { ...LIST, uniqueItems: true }],
  ["typing.List", LIST],
  ["typing.Sequence", LIST],
  ["typing.Iterable", LIST],
  ["typing.Tuple", LIST],
  ["typing.Set", { ...LIST, uniqueItems: true }],
  ["collections.abc.Sequence", LIST],
  ["collections.abc.Iterable", LIST],
  ["pathlib.Path", { type: "string", format: "path" }],
  ["pathlib.PurePath", { type: "string", format: "path" }],
  ["os.PathLike", { type: "string", format: "path" }],
  ["datetime.datetime", { type: "string", format: "date-time" }],
  ["datetime.date", { type: "string", format: "date" }],
  ["datetime.time", { type: "string", format: "time" }],
  ["datetime.timedelta", { type: "string", format: "duration" }],
  ["uuid.UUID", { type: "string", format: "uuid" }],
  ["decimal.Decimal", { anyOf: [{ type: "number" }, { type: "string" }] }],
  ["pydantic.AnyUrl", { type: "string", format: "uri" }],
  ["pydantic.AnyHttpUrl", { type: "string", format: "uri" }],
  ["pydantic.HttpUrl", { type: "string", format: "uri" }],
  ["pydantic.EmailStr", { type: "string", format: "email" }],
  ["pydantic.PositiveInt", { type: "integer", exclusiveMinimum: 0 }],
  ["pydantic.NonNegativeInt", { type: "integer", minimum: 0 }],
  ["pydantic.PositiveFloat", { type: "number", exclusiveMinimum: 0 }],
  ["pydantic.NonNegativeFloat", { type: "number", minimum: 0 }],
  ["pydantic.StrictStr", TEXT],
  ["pydantic.StrictInt", { type: "integer" }],
  ["pydantic.StrictBool", { type: "boolean" }],
  ["typing.Any", {}],
]);

const ARRAYS: ReadonlySet<string> = new Set([
  "list",
  "List",
  "Sequence",
  "MutableSequence",
  "Iterable",
  "Collection",
  "set",
  "Set",
  "frozenset",
  "FrozenSet",
  "AbstractSet",
]);
const MAPPINGS: ReadonlySet<string> = new Set(["dict", "Dict", "Mapping", "MutableMapping", "OrderedDict"]);

/** Deepest nesting of types that is described; also ends models that contain themselves. */
const MAX_DEPTH = 6;

/** The JSON Schema of an annotation as pydantic would make it, models written in place; `{}` for anything. */
export function annotationSchema(annotation: Value | null, interpreter: Interpreter, depth = 0): JsonSchema {
  if (annotation === null || depth > MAX_DEPTH) return {};
  switch (annotation.kind) {
    case "none":
      return { type: "null" };
    case "class":
      return classSchema(annotation, interpreter, depth);
    case "generic":
      return genericSchema(annotation, interpreter, depth);
    case "str":
      // A forward reference that could not be evaluated.
      return NAMED.get(`builtins.${annotation.value}`) ?? {};
    default:
      return { ...NAMED.get(externalName(annotation) ?? "") };
  }
}

function genericSchema(generic: Value & { kind: "generic" }, interpreter: Interpreter, depth: number): JsonSchema {
  const name = externalName(generic.origin) ?? "";
  const short = name.slice(name.lastIndexOf(".") + 1);
  const [first = null, second = null] = generic.args;
  const inner = (value: Value | null): JsonSchema => annotationSchema(value, interpreter, depth + 1);
  if (short === "Annotated") return annotated(generic.args, inner);
  if (short === "Optional") return anyOf([inner(first), { type: "null" }]);
  if (short === "Union") return anyOf(generic.args.map(inner));
  if (short === "Literal") return literal(generic.args);
  if (short === "tuple" || short === "Tuple") return tupleSchema(generic.args, inner);
  if (ARRAYS.has(short)) {
    const unique = /set$/iu.test(short) ? { uniqueItems: true } : {};
    return { type: "array", items: inner(first), ...unique };
  }
  if (MAPPINGS.has(short)) {
    const values = inner(second);
    return { type: "object", ...(Object.keys(values).length === 0 ? {} : { additionalProperties: values }) };
  }
  if (["Required", "NotRequired", "Final", "ClassVar", "ReadOnly"].includes(short)) return inner(first);
  return generic.origin.kind === "class" ? inner(generic.origin) : {};
}

function annotated(args: readonly Value[], inner: (value: Value | null) => JsonSchema): JsonSchema {
  const [first = null, ...metadata] = args;
  let schema = inner(first);
  for (const item of metadata) {
    const call = fieldOf(item);
    if (call !== undefined) schema = withField(schema, call);
    else if (item.kind === "str") schema = { ...schema, description: item.value };
  }
  return schema;
}

/** Alternatives flattened, each once; a single one stands for itself. */
function anyOf(schemas: readonly JsonSchema[]): JsonSchema {
  const flat = schemas.flatMap((schema) => {
    const inner = schema["anyOf"];
    return Object.keys(schema).length === 1 && Array.isArray(inner) ? (inner as JsonSchema[]) : [schema];
  });
  const distinct = [...new Map(flat.map((schema) => [JSON.stringify(schema), schema])).values()];
  const [only] = distinct;
  if (distinct.some((schema) => Object.keys(schema).length === 0)) return {};
  return distinct.length === 1 && only !== undefined ? only : { anyOf: distinct };
}

function literal(args: readonly Value[]): JsonSchema {
  const values = args.map((arg) => toJson(arg));
  if (values.includes(undefined)) return {};
  return { ...typeOfValues(values as Json[]), enum: values as Json[] };
}

function typeOfValues(values: readonly Json[]): JsonSchema {
  if (values.every((value) => typeof value === "string")) return { type: "string" };
  if (values.every((value) => typeof value === "boolean")) return { type: "boolean" };
  if (values.every((value) => typeof value === "number" && Number.isInteger(value))) return { type: "integer" };
  return values.every((value) => typeof value === "number") ? { type: "number" } : {};
}

function tupleSchema(args: readonly Value[], inner: (value: Value | null) => JsonSchema): JsonSchema {
  const [first = null, second] = args;
  if (second !== undefined && isEllipsis(second)) return { type: "array", items: inner(first) };
  return { type: "array", prefixItems: args.map(inner), minItems: args.length, maxItems: args.length };
}

// --- classes ------------------------------------------------------------------------------------------------------

function classSchema(value: ClassValue, interpreter: Interpreter, depth: number): JsonSchema {
  if (isEnumClass(value)) {
    const values = enumMembers(value).map((member) => toJson(member.value));
    return values.includes(undefined) ? {} : { ...typeOfValues(values as Json[]), enum: values as Json[] };
  }
  if (!isRecord(value)) return baseSchema(value);
  return modelSchema(value, interpreter, depth);
}

/** A plain subclass of `str`, `int`… takes what its base takes. */
function baseSchema(value: ClassValue): JsonSchema {
  for (const item of resolutionOrder(value)) {
    const known = item.kind === "external" ? NAMED.get(item.name) : undefined;
    if (known !== undefined) return { ...known };
  }
  return {};
}

const RECORD_BASES =
  /(?:^|\.)(?:BaseModel|BaseSettings|TypedDict|NamedTuple|SQLModel|RootModel|GenericModel|Struct|BaseTool)$/u;

function isRecord(value: ClassValue): boolean {
  return resolutionOrder(value).some((item) =>
    item.kind === "class" ? item.isDataclass : RECORD_BASES.test(item.name),
  );
}

interface ModelField {
  readonly name: string;
  readonly annotation: Value;
  readonly default: Value | undefined;
  /** `NotRequired[…]`, or a `TypedDict` with `total=False`. */
  readonly mayBeAbsent: boolean;
}

/** The annotated names of a record class, bases first. */
function modelFields(value: ClassValue, interpreter: Interpreter): readonly ModelField[] {
  if (isDataclass(value)) {
    return fieldsOf(value)
      .filter((one) => !one.name.startsWith("_") && one.name !== "model_config" && isInit(one))
      .map(({ name, host, given }) => ({
        name,
        annotation: host.getAttribute?.("type") ?? NONE,
        default: given.size === 0 ? undefined : givenField(given, value, interpreter),
        mayBeAbsent: false,
      }));
  }
  return [...resolutionOrder(value)].reverse().flatMap((item) => {
    if (item.kind !== "class") return [];
    const isPartial = item.node.keywords.some(isTotalFalse);
    return item.node.body.flatMap((statement) => typedDictField(statement, item, isPartial, interpreter));
  });
}

/** What a class knows of a field, as the `Field(…)` that would say it. */
function givenField(given: ReadonlyMap<string, Value>, owner: ClassValue, interpreter: Interpreter): HostValue {
  const host: HostValue = { kind: "host", typeName: "pydantic.Field" };
  const help = given.get("help");
  const keywords = new Map([...given, ...(help === undefined ? [] : [["description", help] as const])]);
  FIELDS.set(host, { ...interpreter.emptyCall(owner.file, owner.line), keywords });
  return host;
}

function isTotalFalse({ arg, value }: Keyword): boolean {
  return arg === "total" && value.kind === "Constant" && value.value.type === "bool" && !value.value.value;
}

function typedDictField(
  statement: Statement,
  owner: ClassValue,
  isPartial: boolean,
  interpreter: Interpreter,
): readonly ModelField[] {
  if (statement.kind !== "AnnAssign" || statement.target.kind !== "Name") return [];
  const annotation = annotationValue(interpreter, statement.annotation, owner.file, owner.scope, owner);
  const origin = externalName(annotation) ?? "";
  const name = statement.target.id;
  return [{ name, annotation, default: undefined, mayBeAbsent: isPartial || origin.endsWith("NotRequired") }];
}

/** The object schema of a pydantic model, dataclass, `TypedDict` or `NamedTuple`. */
export function modelSchema(value: ClassValue, interpreter: Interpreter, depth = 0): JsonSchema {
  const properties: JsonSchema = {};
  const required: string[] = [];
  for (const field of modelFields(value, interpreter)) {
    const { name, schema, isRequired } = propertySchema(
      field.name,
      annotationSchema(field.annotation, interpreter, depth + 1),
      field.default,
      interpreter,
    );
    properties[name] = schema;
    if (isRequired && !field.mayBeAbsent) required.push(name);
  }
  const doc = value.scope.own("__doc__");
  const description = doc?.kind === "str" ? cleandoc(doc.value).trim() : "";
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(description === "" ? {} : { description }),
  };
}

/** The schema of one property with what its default says: its value, or the `Field(…)` that it is. */
export function propertySchema(
  name: string,
  bare: JsonSchema,
  given: Value | null | undefined,
  interpreter: Interpreter,
): { readonly name: string; readonly schema: JsonSchema; readonly isRequired: boolean; readonly isKnown: boolean } {
  const call = fieldOf(given);
  const schema = call === undefined ? bare : withField(bare, call);
  const alias = call === undefined ? undefined : textOfKeyword(call, "alias");
  const fallback = defaultOf(given, interpreter);
  return {
    name: alias ?? name,
    schema: fallback.state === "known" ? { ...schema, default: fallback.value } : schema,
    isRequired: fallback.state === "absent" && schema["default"] === undefined,
    isKnown: fallback.state !== "unknown",
  };
}

function textOfKeyword(call: CallArguments, name: string): string | undefined {
  const value = call.keywords.get(name);
  return value?.kind === "str" ? textOf(value) : undefined;
}

/** Keywords of `Field(…)` and what they are called in JSON Schema, for values, texts and lists. */
const CONSTRAINTS: readonly (readonly [keyword: string, schema: string, list?: string])[] = [
  ["description", "description"],
  ["title", "title"],
  ["ge", "minimum"],
  ["gt", "exclusiveMinimum"],
  ["le", "maximum"],
  ["lt", "exclusiveMaximum"],
  ["multiple_of", "multipleOf"],
  ["pattern", "pattern"],
  ["regex", "pattern"],
  ["examples", "examples"],
  ["min_length", "minLength", "minItems"],
  ["max_length", "maxLength", "maxItems"],
  ["min_items", "minItems"],
  ["max_items", "maxItems"],
];

const VALUE_CONSTRAINTS = /^(?:minimum|maximum|exclusive|multipleOf|pattern|min|max)/u;

function withField(schema: JsonSchema, call: CallArguments): JsonSchema {
  const more: JsonSchema = {};
  const limits: JsonSchema = {};
  for (const [keyword, name, listName] of CONSTRAINTS) {
    const value = call.keywords.get(keyword);
    const json = value === undefined || value.kind === "none" ? undefined : toJson(value);
    if (json === undefined || json === null) continue;
    const isList = schema["type"] === "array";
    const key = isList && listName !== undefined ? listName : name;
    (VALUE_CONSTRAINTS.test(key) ? limits : more)[key] = json;
  }
  return { ...constrained(schema, limits), ...more };
}

/** Limits belong to the alternative that takes values, not to `null`. */
function constrained(schema: JsonSchema, limits: JsonSchema): JsonSchema {
  if (Object.keys(limits).length === 0) return schema;
  const ways = schema["anyOf"];
  if (!Array.isArray(ways)) return { ...schema, ...limits };
  return {
    ...schema,
    anyOf: ways.map((way) => {
      const inner = way as JsonSchema;
      return inner["type"] === "null" ? inner : { ...inner, ...limits };
    }),
  };
}
