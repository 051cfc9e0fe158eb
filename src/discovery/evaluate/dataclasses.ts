import type { Expression, Statement } from "../../python/index.ts";
import { resolutionOrder } from "./classes.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { annotationValue } from "./introspection.ts";
import {
  bool,
  type CallArguments,
  type ClassValue,
  type DataclassField,
  dict,
  external,
  FALSE,
  type HostValue,
  list,
  NONE,
  native,
  setItem,
  str,
  TRUE,
  truth,
  tuple,
  unknown,
  type Value,
} from "./values.ts";

/** `dataclasses.MISSING`: stands for what was not given. */
const MISSING = external("dataclasses.MISSING");

/** What `field(…)` was called with, until the class takes it. */
const FIELD_CALLS = new WeakMap<HostValue, CallArguments>();

/** Other libraries' names for the arguments of `field`. */
const FIELD_ARGUMENTS: Readonly<Record<string, string>> = { factory: "default_factory", description: "help" };

/** Whether a class is a dataclass, of its own or by a base. */
export function isDataclass(made: ClassValue): boolean {
  return resolutionOrder(made).some((item) => item.kind === "class" && item.isDataclass);
}

/** The fields of a dataclass in the order of its `__init__`: bases first, a field declared again keeps its place. */
export function fieldsOf(made: ClassValue): readonly DataclassField[] {
  const fields = new Map<string, DataclassField>();
  for (const item of [...resolutionOrder(made)].reverse()) {
    if (item.kind !== "class") continue;
    for (const [name, field] of item.fields) fields.set(name, field);
  }
  return [...fields.values()];
}

/** Whether `__init__` takes a field. */
export function isInit(field: DataclassField): boolean {
  const init = field.given.get("init");
  return init === undefined || truth(init) !== false;
}

/** What a field is when nothing is given for it, `undefined` when it has no default. */
export function fieldDefault(
  interpreter: Interpreter,
  field: DataclassField,
  call: Pick<CallArguments, "file" | "line">,
): Value | undefined {
  const value = field.given.get("default");
  if (value !== undefined) return value;
  const factory = field.given.get("default_factory");
  return factory && interpreter.call(factory, interpreter.emptyCall(call.file, call.line));
}

/** Makes the annotated names of a class body its fields, as `@dataclass` does. */
export function takeFields(interpreter: Interpreter, made: ClassValue): void {
  made.isDataclass = true;
  for (const statement of made.node.body) {
    const name = fieldName(statement);
    if (name === null || statement.kind !== "AnnAssign") continue;
    interpreter.step();
    const value = made.scope.own(name);
    const call = value?.kind === "host" ? FIELD_CALLS.get(value) : undefined;
    const given = call === undefined ? plainDefault(value) : givenTo(call);
    made.fields.set(name, makeField(interpreter, made, name, statement.annotation, statement.line, given));
    if (call === undefined) continue;
    const fallback = given.get("default");
    if (fallback === undefined) made.scope.delete(name);
    else made.scope.set(name, fallback);
  }
}

function plainDefault(value: Value | undefined): Map<string, Value> {
  return new Map(value === undefined ? [] : [["default", value]]);
}

function givenTo(call: CallArguments): Map<string, Value> {
  const given = new Map<string, Value>();
  const [first] = call.positional;
  if (first !== undefined && !isMissing(first)) given.set("default", first);
  for (const [name, value] of call.keywords) {
    if (!isMissing(value)) given.set(FIELD_ARGUMENTS[name] ?? name, value);
  }
  if (call.openKeywords && !given.has("default")) given.set("default", unknown("arguments that are not known"));
  return given;
}

function isMissing(value: Value): boolean {
  return value.kind === "external" && value.name === MISSING.name;
}

function fieldName(statement: Statement): string | null {
  if (statement.kind !== "AnnAssign" || statement.target.kind !== "Name") return null;
  return isNoField(statement.annotation) ? null : statement.target.id;
}

/** `ClassVar`, `InitVar` and `KW_ONLY` annotate what is no field. */
function isNoField(annotation: Expression): boolean {
  if (annotation.kind === "Subscript") return isNoField(annotation.value);
  const name = annotation.kind === "Attribute" ? annotation.attr : annotation.kind === "Name" ? annotation.id : "";
  return name === "ClassVar" || name === "InitVar" || name === "KW_ONLY";
}

function makeField(
  interpreter: Interpreter,
  made: ClassValue,
  name: string,
  annotation: Expression,
  line: number,
  given: ReadonlyMap<string, Value>,
): DataclassField {
  const attributes = new Map<string, Value>([
    ["name", str(name)],
    ["default", given.get("default") ?? MISSING],
    ["default_factory", given.get("default_factory") ?? MISSING],
    ["metadata", given.get("metadata") ?? dict()],
    ["init", given.get("init") ?? TRUE],
    ["repr", given.get("repr") ?? TRUE],
    ["kw_only", given.get("kw_only") ?? FALSE],
  ]);
  const host: HostValue = {
    kind: "host",
    typeName: "dataclasses.Field",
    getAttribute: (attribute) => {
      if (attribute === "type" && !attributes.has("type")) {
        attributes.set("type", annotationValue(interpreter, annotation, made.file, made.scope, made));
      }
      return attributes.get(attribute);
    },
    setAttribute: (attribute, value) => {
      attributes.set(attribute, value);
    },
  };
  return { name, line, host, given };
}

/** `@dataclass`, bare or with arguments. */
function dataclass(call: CallArguments, interpreter: Interpreter): Value {
  const mark = (target: Value | undefined): Value => {
    if (target?.kind === "class") takeFields(interpreter, target);
    return target ?? NONE;
  };
  if (call.positional.length > 0) return mark(call.positional[0]);
  return native("dataclass", (inner) => mark(inner.positional[0]));
}

/** `field(default=…, metadata=…)`. */
function field(call: CallArguments): Value {
  const host: HostValue = { kind: "host", typeName: "dataclasses.Field" };
  FIELD_CALLS.set(host, call);
  return host;
}

/** The class of a dataclass or of an instance of one. */
function classOf(value: Value | undefined): ClassValue | null {
  if (value?.kind === "generic") return classOf(value.origin);
  if (value?.kind === "class") return value;
  return value?.kind === "instance" ? value.class : null;
}

/** Whether a dataclass may have fields that are declared outside the workspace. */
export function hasUnknownFields(made: ClassValue): boolean {
  return resolutionOrder(made).some((item) => item.kind === "external" && !KNOWN_BASES.test(item.name));
}

/** Bases that bring no fields. */
const KNOWN_BASES = /^(?:builtins|typing|enum|abc|collections\.abc|pydantic\.BaseModel)\b/u;

function fields(call: CallArguments): Value {
  const made = classOf(call.positional[0]);
  if (made === null) return list([], true);
  return tuple(
    fieldsOf(made).map(({ host }) => host),
    hasUnknownFields(made),
  );
}

/** `__dataclass_fields__`, by name. */
export function fieldsByName(made: ClassValue): Value {
  const result = dict([], hasUnknownFields(made));
  for (const { name, host } of fieldsOf(made)) setItem(result, str(name), host);
  return result;
}

function isDataclassCall(call: CallArguments): Value {
  const [value] = call.positional;
  const made = classOf(value);
  if (made !== null) return isDataclass(made) ? TRUE : hasUnknownFields(made) ? unknown("is_dataclass()") : FALSE;
  if (value === undefined || value.kind === "unknown" || value.kind === "external") return unknown("is_dataclass()");
  return bool(false);
}

/** `dataclasses` and the libraries whose decorators do the same. */
export const DATACLASS_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["dataclasses.dataclass", dataclass],
  ["pydantic.dataclasses.dataclass", dataclass],
  ["attr.dataclass", dataclass],
  ["attr.define", dataclass],
  ["attrs.define", dataclass],
  ["attrs.frozen", dataclass],
  ["dataclasses.field", field],
  ["attr.ib", field],
  ["attr.field", field],
  ["attrs.field", field],
  ["pydantic.Field", field],
  ["dataclasses.fields", fields],
  ["dataclasses.is_dataclass", isDataclassCall],
];

export const DATACLASS_CONSTANTS: readonly (readonly [string, Value])[] = [["dataclasses.MISSING", MISSING]];
