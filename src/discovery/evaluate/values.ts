import type { Arguments as ArgumentsNode, ClassDef, Expression, FunctionDef, Lambda } from "../../python/index.ts";
import type { Scope } from "./scope.ts";

/**
 * What the abstract interpreter computes with. Whatever only running the code could tell is `Unknown` with its reason;
 * nothing is ever guessed. Containers are mutable and shared by reference, as in Python.
 */
export type Value =
  | NoneValue
  | BoolValue
  | IntValue
  | FloatValue
  | StrValue
  | BytesValue
  | PathValue
  | SequenceValue
  | DictValue
  | FunctionValue
  | NativeValue
  | BoundValue
  | ClassValue
  | InstanceValue
  | EnumMember
  | SuperValue
  | ModuleValue
  | ExternalValue
  | GenericValue
  | HostValue
  | UnknownValue
  | NeverValue;

export interface NoneValue {
  readonly kind: "none";
}
export interface BoolValue {
  readonly kind: "bool";
  readonly value: boolean;
}
export interface IntValue {
  readonly kind: "int";
  readonly value: number | bigint;
}
export interface FloatValue {
  readonly kind: "float";
  readonly value: number;
}
export interface StrValue {
  readonly kind: "str";
  readonly value: string;
}
export interface BytesValue {
  readonly kind: "bytes";
  readonly value: string;
}
/** A `pathlib` path whose text is known. */
export interface PathValue {
  readonly kind: "path";
  readonly value: string;
}
export interface SequenceValue {
  readonly kind: "list" | "tuple" | "set";
  readonly items: Value[];
  /** There may be more items than are known. */
  open: boolean;
  /** Any of the items may be missing: they were added on one side only of a condition that is not known. */
  mayLack?: boolean;
  /** How many conditions that are not known surrounded the place where it was made. */
  madeUnder?: number;
  /** What its items are called, of a named tuple. */
  readonly fieldNames?: readonly string[];
}
export interface DictValue {
  readonly kind: "dict";
  /** By {@link keyOf} of the key. */
  readonly entries: Map<string, { readonly key: Value; value: Value }>;
  open: boolean;
  /** Told what is set: the dictionary is that of an object or a module. */
  onSet?: (key: Value, value: Value) => void;
  /** Something was taken out that is not known, so that any of the entries may be gone. */
  mayLack?: boolean;
  /** How many conditions that are not known surrounded the place where it was made. */
  madeUnder?: number;
}
export interface FunctionValue {
  readonly kind: "function";
  readonly name: string;
  readonly node: FunctionDef | Lambda;
  readonly args: ArgumentsNode;
  readonly file: string;
  readonly line: number;
  /** Where free names are looked up. */
  readonly scope: Scope;
  /** One for each of the node's `defaults` and `kw_defaults`, evaluated at definition. */
  readonly defaults: readonly Value[];
  readonly keywordDefaults: readonly (Value | null)[];
  /** The class whose body defines it, for `super()`. */
  readonly owner: ClassValue | null;
  readonly binding: "plain" | "static" | "class" | "property";
  /** What decorators and code hang on the function object (`f.x = 1`, click's parameters). */
  readonly attributes: Map<string, Value>;
}
/** A function that we model in TypeScript. */
export interface NativeValue {
  readonly kind: "native";
  readonly name: string;
  readonly call: (call: CallArguments) => Value;
}
export interface BoundValue {
  readonly kind: "bound";
  readonly receiver: Value;
  readonly function: FunctionValue;
}
export interface ClassValue {
  readonly kind: "class";
  readonly name: string;
  readonly node: ClassDef;
  readonly file: string;
  readonly line: number;
  readonly bases: readonly Value[];
  /** The classes made so far that extend it directly. */
  subclasses?: ClassValue[];
  /** Where attributes are looked up, once that has been worked out. */
  order?: readonly (ClassValue | ExternalValue)[];
  /** The class body's names, in order of definition. */
  readonly scope: Scope;
  isDataclass: boolean;
  /** The class of the workspace that makes it a class. */
  readonly metaclass?: ClassValue;
  /** The fields that the class itself adds as a dataclass, in order. */
  readonly fields: Map<string, DataclassField>;
}
/** One field of a dataclass. */
export interface DataclassField {
  readonly name: string;
  readonly line: number;
  /** What the program sees of it (`dataclasses.Field`). */
  readonly host: HostValue;
  /** `default`, `default_factory`, `metadata`… as given; absent ones are left out. */
  readonly given: ReadonlyMap<string, Value>;
}
export interface InstanceValue {
  readonly kind: "instance";
  readonly class: ClassValue;
  readonly attributes: Map<string, Value>;
  /** The model of the library class that the instance's class extends. */
  host: HostValue | null;
}
export interface EnumMember {
  readonly kind: "enum";
  readonly class: ClassValue;
  readonly name: string;
  readonly value: Value;
}
export interface SuperValue {
  readonly kind: "super";
  readonly instance: Value;
  /** Look-up starts after this class in the instance's resolution order. */
  readonly after: ClassValue;
}
/** A module of the workspace. */
export interface ModuleValue {
  readonly kind: "module";
  readonly name: string;
  readonly file: string | null;
  /** Where the modules of a package without `__init__.py` lie. */
  readonly folder?: string;
  /** Its names; looking at them runs the module if that has been put off. */
  readonly scope: Scope;
  /** It has not been run yet. */
  readonly isPending: () => boolean;
}
/** Something that lies outside the workspace, by its qualified name (`argparse.ArgumentParser`, `builtins.str`). */
export interface ExternalValue {
  readonly kind: "external";
  readonly name: string;
  /** Attributes that were asked for before. */
  members?: Map<string, Value>;
}
/** A subscripted type, `list[int]`, `Annotated[str, …]`; `X | Y` has the origin `typing.Union`. */
export interface GenericValue {
  readonly kind: "generic";
  readonly origin: Value;
  readonly args: readonly Value[];
}
/** An object of a library whose behaviour a reader models (a parser, a click command…). */
export interface HostValue {
  readonly kind: "host";
  readonly typeName: string;
  readonly getAttribute?: (name: string) => Value | undefined;
  readonly setAttribute?: (name: string, value: Value) => void;
  /** Whether it has a method, for hosts of which all are known. */
  readonly hasMethod?: (name: string) => boolean;
  readonly callMethod?: (name: string, call: CallArguments) => Value | undefined;
  readonly call?: (call: CallArguments) => Value;
  /** What the program itself hangs on the object (`parser.x = …`). */
  attributes?: Map<string, Value>;
  /** Told when an instance of a workspace class comes to stand for it. */
  readonly adopt?: (instance: InstanceValue) => void;
}
export interface UnknownValue {
  readonly kind: "unknown";
  readonly reason: string;
  /** It is known that there is no such thing (an attribute, a key), so that a fallback would be used. */
  readonly isMissing?: true;
  /** What it is unless something outside the program says otherwise (an environment variable, say). */
  readonly usually?: Value;
  /** It is the path of this file or folder of the workspace (empty: the workspace itself), wherever that lies. */
  readonly place?: string;
}
/** The result of a call that does not return (`sys.exit`). */
export interface NeverValue {
  readonly kind: "never";
}

export interface CallArguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** A `*unknown` was passed: there may be more positional arguments. */
  readonly openPositional: boolean;
  /** A `**unknown` was passed: there may be more keywords. */
  readonly openKeywords: boolean;
  readonly file: string;
  readonly line: number;
  readonly node: Expression | null;
}

export const NONE: NoneValue = { kind: "none" };
export const TRUE: BoolValue = { kind: "bool", value: true };
export const FALSE: BoolValue = { kind: "bool", value: false };
/** `...` */
export const ELLIPSIS: ExternalValue = { kind: "external", name: "builtins.Ellipsis" };
export const NEVER: NeverValue = { kind: "never" };

export function unknown(reason: string): UnknownValue {
  return { kind: "unknown", reason };
}
/** What is so unless something outside the program says otherwise. */
export function usually(value: Value, reason: string): Value {
  if (value.kind === "unknown") return value;
  return { kind: "unknown", reason, usually: value };
}
/** The value that is expected, of one that only a run could tell for sure. */
export function expected(value: Value): Value {
  return value.kind === "unknown" ? (value.usually ?? value) : value;
}
/** What asking for something that is not there gives. */
export function missing(reason: string): UnknownValue {
  return { kind: "unknown", reason, isMissing: true };
}
/** The path of a file or folder of the workspace, relative to it. */
export function placed(place: string): UnknownValue {
  return { kind: "unknown", reason: "the place of the workspace is known only when it runs", place };
}
/** The path of the workspace that a value is, if it is one. */
export function placeOf(value: Value | undefined): string | undefined {
  return value?.kind === "unknown" ? value.place : undefined;
}
export function bool(value: boolean): BoolValue {
  return value ? TRUE : FALSE;
}
export function int(value: number | bigint): IntValue {
  if (typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
    return { kind: "int", value: Number(value) };
  }
  return { kind: "int", value };
}
export function float(value: number): FloatValue {
  return { kind: "float", value };
}
export function str(value: string): StrValue {
  return { kind: "str", value };
}
export function path(value: string): PathValue {
  return { kind: "path", value };
}
export function external(name: string): ExternalValue {
  return { kind: "external", name };
}
export function list(items: Value[], open = false): SequenceValue {
  return { kind: "list", items, open };
}
export function tuple(items: Value[], open = false): SequenceValue {
  return { kind: "tuple", items, open };
}
export function dict(pairs: readonly (readonly [Value, Value])[] = [], open = false): DictValue {
  const result: DictValue = { kind: "dict", entries: new Map(), open };
  for (const [key, value] of pairs) setItem(result, key, value);
  return result;
}
export function native(name: string, call: (call: CallArguments) => Value): NativeValue {
  return { kind: "native", name, call };
}
export function isSequence(value: Value): value is SequenceValue {
  return value.kind === "list" || value.kind === "tuple" || value.kind === "set";
}

/** The text by which a value is a dictionary key, or `undefined` when it is not one that we can compare. */
export function keyOf(key: Value): string | undefined {
  switch (key.kind) {
    case "str":
      return `s${key.value}`;
    case "bytes":
      return `b${key.value}`;
    case "int":
    case "float":
      return `n${key.value}`;
    case "bool":
      return `n${key.value ? 1 : 0}`;
    case "none":
      return "None";
    case "path":
      return `p${key.value}`;
    case "enum":
      return `e${key.class.name}.${key.name}`;
    case "external":
      return `x${key.name}`;
    case "class":
    case "function":
      return `o${key.file}:${key.line}:${key.name}`;
    case "tuple": {
      const parts = key.open ? [undefined] : key.items.map(keyOf);
      return parts.includes(undefined) ? undefined : `t(${parts.map((part) => JSON.stringify(part)).join(",")})`;
    }
    default:
      return undefined;
  }
}

/** `mapping[key] = value`; a key that cannot be compared opens the dictionary instead. */
export function setItem(target: DictValue, key: Value, value: Value): void {
  const text = keyOf(key);
  if (text === undefined) target.open = true;
  else target.entries.set(text, { key, value });
  target.onSet?.(key, value);
}

/**
 * `del mapping[key]`. A key that cannot be compared may have been any of them.
 * @param isCertain it is not done on one side only of a condition that is not known
 */
export function deleteItem(target: DictValue, key: Value | undefined, isCertain: boolean): void {
  const text = key && keyOf(key);
  if (text !== undefined && isCertain) target.entries.delete(text);
  else target.mayLack = true;
  if (text === undefined) target.open = true;
}

export function getItem(target: DictValue, key: Value): Value | undefined {
  const text = keyOf(key);
  return text === undefined ? undefined : target.entries.get(text)?.value;
}

function hasContent(size: number, { open, mayLack }: SequenceValue | DictValue): boolean | undefined {
  if (size === 0) return open ? undefined : false;
  return mayLack === true ? undefined : true;
}

/** Python's truth of a value, `undefined` when it is not known. */
export function truth(value: Value): boolean | undefined {
  switch (value.kind) {
    case "none":
      return false;
    case "bool":
      return value.value;
    case "int":
    case "float":
      return Number(value.value) !== 0;
    case "str":
    case "bytes":
      return value.value !== "";
    case "list":
    case "tuple":
    case "set":
      return hasContent(value.items.length, value);
    case "dict":
      return hasContent(value.entries.size, value);
    case "external":
      return isDefiniteType(value) ? true : undefined;
    case "unknown":
    case "never":
    case "instance":
    case "enum":
      return undefined;
    default:
      return true;
  }
}

/** Python's `==` for values that are known, `undefined` when it cannot be told. */
export function equal(left: Value, right: Value): boolean | undefined {
  if (left === right && left.kind !== "unknown" && left.kind !== "never") return true;
  if (isSequence(left) && isSequence(right)) return equalSequences(left, right);
  if (left.kind === "generic" && right.kind === "generic") return equalGenerics(left, right);
  const isDefinite = isDefiniteType(left) || isDefiniteType(right);
  if (isDefinite && isComparable(left) && isComparable(right)) return keyOf(left) === keyOf(right);
  if (isOpaque(left) || isOpaque(right)) return undefined;
  const a = keyOf(left);
  const b = keyOf(right);
  if (a !== undefined && b !== undefined) return a === b;
  if ((a === undefined) !== (b === undefined)) return false;
  return undefined;
}

/** Parts of the standard library whose names each stand for one thing that is like no other. */
const DEFINITE_NAMES = /^(?:builtins|typing|types|collections\.abc|enum|dataclasses|inspect|abc)\./u;

/** Whether a value is a type, or a mark such as `dataclasses.MISSING`, that is equal to nothing but itself. */
export function isDefiniteType(value: Value): boolean {
  return value.kind === "generic" || (value.kind === "external" && DEFINITE_NAMES.test(value.name));
}

function isComparable(value: Value): boolean {
  return isDefiniteType(value) || !(isOpaque(value) || value.kind === "host" || value.kind === "super");
}

function equalGenerics(left: GenericValue, right: GenericValue): boolean | undefined {
  const a = alternatives(left);
  const b = alternatives(right);
  if (a !== null && b !== null) return a.length === b.length ? allFound(a, b) : false;
  if (a !== null || b !== null || left.args.length !== right.args.length) return false;
  const same = [
    equal(left.origin, right.origin),
    ...left.args.map((arg, index) => equal(arg, right.args[index] ?? NONE)),
  ];
  if (same.includes(false)) return false;
  return same.includes(undefined) ? undefined : true;
}

/** The alternatives of a union, `None` among them for an optional type; `null` for another type. */
function alternatives({ origin, args }: GenericValue): readonly Value[] | null {
  if (origin.kind !== "external") return null;
  if (origin.name === "typing.Optional") return [...args, NONE];
  return origin.name === "typing.Union" ? args : null;
}

/** Whether each value is among the others, whatever their order. */
function allFound(values: readonly Value[], others: readonly Value[]): boolean | undefined {
  const found = values.map((value) => others.map((other) => equal(value, other)));
  if (found.every((results) => results.includes(true))) return true;
  return found.some((results) => results.every((result) => result === false)) ? false : undefined;
}

function isOpaque(value: Value): boolean {
  return value.kind === "unknown" || value.kind === "never" || value.kind === "external" || value.kind === "instance";
}

function equalSequences(left: SequenceValue, right: SequenceValue): boolean | undefined {
  if (left.open || right.open) return undefined;
  if (left.kind !== right.kind || left.items.length !== right.items.length) return false;
  let result: boolean | undefined = true;
  for (const [index, item] of left.items.entries()) {
    const other = right.items[index];
    const same = other === undefined ? false : equal(item, other);
    if (same === false) return false;
    if (same === undefined) result = undefined;
  }
  return result;
}

/**
 * What holds after two ways through the code meet. Two values that differ are unknown, except that an object (parser,
 * function, class) wins over a plain or unknown one: the code goes on to use it as one.
 */
export function join(left: Value, right: Value): Value {
  if (left === right) return left;
  if (left.kind === "never") return right;
  if (right.kind === "never") return left;
  if (!isObject(left) && !isObject(right) && equal(left, right) === true) return left;
  if (isObject(left)) return left;
  if (isObject(right)) return right;
  return unknown("depends on a condition");
}

function isObject(value: Value): boolean {
  switch (value.kind) {
    case "host":
    case "function":
    case "native":
    case "bound":
    case "class":
    case "module":
    case "super":
      return true;
    case "instance":
      return true;
    default:
      return false;
  }
}
