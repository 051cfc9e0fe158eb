import { type Expression, type FunctionDef, parseModule, STANDARD_LIBRARY } from "../../python/index.ts";
import { resolutionOrder } from "./classes.ts";
import { newFrame } from "./frame.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { dictionaryOf } from "./namespaces.ts";
import type { Scope } from "./scope.ts";
import {
  bool,
  type CallArguments,
  type ClassValue,
  dict,
  external,
  FALSE,
  type GenericValue,
  isDefiniteType,
  list,
  NONE,
  setItem,
  str,
  TRUE,
  truth,
  tuple,
  unknown,
  type Value,
} from "./values.ts";

/** `type(None)`. */
const NONE_TYPE = external("types.NoneType");

/** The scope of the module in which a scope lies. */
export function moduleScopeOf(scope: Scope): Scope {
  let top = scope;
  while (top.parent !== null) top = top.parent;
  return top;
}

/** An annotation's value; one written as a text is read as Python first. */
export function annotationValue(
  interpreter: Interpreter,
  annotation: Expression,
  file: string,
  scope: Scope,
  owner: ClassValue | null,
): Value {
  const frame = newFrame(file, scope, moduleScopeOf(scope), owner, null);
  const value = interpreter.evaluate(annotation, frame);
  if (value.kind !== "str") return value;
  const [statement] = parseModule(value.value).module.body;
  return statement?.kind === "Expr" ? interpreter.evaluate(statement.value, frame) : value;
}

// --- subscripted types ------------------------------------------------------------------------------------------

/** What `typing`'s own names stand for when they are subscripted. */
const ORIGINS: Readonly<Record<string, string>> = {
  "typing.Optional": "typing.Union",
  "typing.List": "builtins.list",
  "typing.Dict": "builtins.dict",
  "typing.Set": "builtins.set",
  "typing.FrozenSet": "builtins.frozenset",
  "typing.Tuple": "builtins.tuple",
  "typing.Type": "builtins.type",
  "typing.Sequence": "collections.abc.Sequence",
  "typing.Iterable": "collections.abc.Iterable",
  "typing.Mapping": "collections.abc.Mapping",
  "typing.Callable": "collections.abc.Callable",
};

/** `typing.get_origin`: `list` of `List[int]`, `Union` of `Optional[int]`; `null` for a plain type. */
export function originOf(value: Value): Value | null {
  if (value.kind === "generic") return originOf(value.origin) ?? value.origin;
  const origin = value.kind === "external" ? ORIGINS[value.name] : undefined;
  return origin === undefined ? null : external(origin);
}

/** `typing.get_args`: alternatives of alternatives are one list, `None` is its type. */
export function argumentsOf(value: GenericValue): readonly Value[] {
  const isUnion = isUnionType(value);
  const args = value.args.flatMap((arg) =>
    isUnion && arg.kind === "generic" && isUnionType(arg) ? [...argumentsOf(arg)] : [arg],
  );
  const isOptional = value.origin.kind === "external" && value.origin.name === "typing.Optional";
  const all = isOptional ? [...args, NONE] : args;
  const isLiteral = value.origin.kind === "external" && value.origin.name.endsWith(".Literal");
  return isLiteral ? all : all.map((arg) => (arg.kind === "none" ? NONE_TYPE : arg));
}

function isUnionType(value: GenericValue): boolean {
  const origin = originOf(value);
  return origin?.kind === "external" && origin.name === "typing.Union";
}

/** Attributes of subscripted types. */
export function genericAttribute(value: GenericValue, name: string): Value | undefined {
  if (name === "__origin__") return originOf(value) ?? undefined;
  return name === "__args__" ? tuple([...argumentsOf(value)]) : undefined;
}

/** Attributes that plain types do not have. */
export const ABSENT_ON_TYPES: ReadonlySet<string> = new Set(["__origin__", "__args__", "__metadata__"]);

// --- classes ----------------------------------------------------------------------------------------------------

/** Whether everything that a class inherits is known. */
function hasKnownBases(made: ClassValue): boolean {
  return resolutionOrder(made).every((item) => item.kind === "class" || isDefiniteType(item));
}

/** `issubclass`, `undefined` when it cannot be told. */
function isSubclass(made: Value, base: Value): boolean | undefined {
  if (made.kind === "class") return isSubclassOf(made, base);
  if (made.kind !== "external" || (base.kind !== "external" && base.kind !== "class")) return undefined;
  if (isSameClass(made, base)) return true;
  // No class of the standard library extends one of the workspace.
  if (base.kind === "class" && STANDARD_LIBRARY.has(made.name.split(".", 1)[0] ?? "")) return false;
  if (!isDefiniteType(made)) return undefined;
  if (base.kind === "class") return false;
  if (made.name === "builtins.bool" && base.name === "builtins.int") return true;
  return /^(?:builtins|types)\./u.test(made.name) && isPlainTarget(base.name) ? false : undefined;
}

function isSubclassOf(made: ClassValue, base: Value): boolean | undefined {
  const order = resolutionOrder(made);
  if (order.some((item) => isSameClass(item, base))) return true;
  if (base.kind === "external" && base.name === "builtins.object") return true;
  return hasKnownBases(made) && (base.kind === "class" || isDefiniteType(base)) ? false : undefined;
}

/** Classes that no built-in type is derived from, but itself. */
function isPlainTarget(name: string): boolean {
  return /^(?:enum|types|dataclasses)\./u.test(name) || (name !== "builtins.object" && isBuiltinType(name));
}

function isSameClass(left: Value, right: Value): boolean {
  return left === right || (left.kind === "external" && right.kind === "external" && left.name === right.name);
}

/** The built-in type of values of a kind. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  str: "builtins.str",
  int: "builtins.int",
  float: "builtins.float",
  bool: "builtins.bool",
  bytes: "builtins.bytes",
  list: "builtins.list",
  tuple: "builtins.tuple",
  dict: "builtins.dict",
  set: "builtins.set",
  none: NONE_TYPE.name,
  class: "builtins.type",
  function: "types.FunctionType",
  module: "types.ModuleType",
  path: "pathlib.PosixPath",
};

/** `type(value)`, `undefined` when it is not known. */
export function typeOfValue(value: Value): Value | undefined {
  if (value.kind === "instance" || value.kind === "enum") return value.class;
  if (value.kind === "class" && value.metaclass !== undefined) return value.metaclass;
  if (value.kind === "external" && isBuiltinType(value.name)) return external("builtins.type");
  // Names of libraries without a dot are those of modules.
  if (value.kind === "external" && !value.name.includes(".")) return external("types.ModuleType");
  const name = TYPE_NAMES[value.kind];
  return name === undefined ? undefined : external(name);
}

const BUILTIN_TYPES =
  /^builtins\.(?:str|int|float|bool|bytes|bytearray|list|tuple|dict|set|frozenset|complex|object|type)$/u;

function isBuiltinType(name: string): boolean {
  return BUILTIN_TYPES.test(name);
}

/** Abstract classes, by the kinds of values that are instances of them. */
const ABSTRACT: Readonly<Record<string, readonly string[]>> = {
  Iterable: ["str", "bytes", "list", "tuple", "dict", "set"],
  Collection: ["str", "bytes", "list", "tuple", "dict", "set"],
  Sequence: ["str", "bytes", "list", "tuple"],
  Mapping: ["dict"],
  MutableMapping: ["dict"],
  MutableSequence: ["list"],
  Set: ["set"],
  Callable: ["function", "class", "native", "bound"],
  Number: ["int", "float", "bool"],
  Integral: ["int", "bool"],
  PathLike: ["path"],
  Path: ["path"],
  PurePath: ["path"],
};

/** `isinstance`, `undefined` when it cannot be told. */
export function isInstanceOf(value: Value, type: Value): boolean | undefined {
  if (type.kind === "none") return value.kind === "none";
  if (type.kind === "generic") return undefined;
  if (value.kind === "host") return type.kind === "external" && value.typeName === type.name ? true : undefined;
  const byName = type.kind === "external" ? isInstanceOfNamed(value, type.name) : undefined;
  if (byName !== undefined) return byName;
  if (value.kind === "generic") return isDefiniteType(type) || type.kind === "class" ? false : undefined;
  const own = typeOfValue(value);
  return own === undefined ? undefined : isSubclass(own, type);
}

/** Whether a value is an instance of an abstract class of the standard library. */
function isInstanceOfNamed(value: Value, name: string): boolean | undefined {
  const kinds = ABSTRACT[name.slice(name.lastIndexOf(".") + 1)];
  if (kinds === undefined) return undefined;
  if (kinds.includes(value.kind)) return true;
  return TYPE_NAMES[value.kind] === undefined ? undefined : false;
}

// --- models -----------------------------------------------------------------------------------------------------

/** `typing.get_type_hints` of a class: the annotations of it and its bases. */
function typeHints(call: CallArguments, interpreter: Interpreter): Value {
  const [target] = call.positional;
  const made = target?.kind === "instance" ? target.class : target;
  if (made?.kind !== "class") return dict([], true);
  const hints = dict([], !hasKnownBases(made));
  for (const item of [...resolutionOrder(made)].reverse()) {
    if (item.kind !== "class") continue;
    for (const statement of item.node.body) {
      if (statement.kind !== "AnnAssign" || statement.target.kind !== "Name") continue;
      const value = annotationValue(interpreter, statement.annotation, item.file, item.scope, item);
      setItem(hints, str(statement.target.id), value);
    }
  }
  return hints;
}

function isClass(call: CallArguments): Value {
  const [value] = call.positional;
  if (value === undefined || value.kind === "unknown" || value.kind === "never") return unknown("isclass()");
  if (value.kind === "external" && isBuiltinType(value.name)) return TRUE;
  if (value.kind === "external" && !value.name.startsWith("typing.")) return unknown("isclass()");
  return bool(value.kind === "class");
}

function isFunction(call: CallArguments): Value {
  const [value] = call.positional;
  const isOpen = value === undefined || ["unknown", "never", "external", "native", "host"].includes(value.kind);
  return isOpen ? unknown("isfunction()") : bool(value.kind === "function");
}

/** `inspect.getfullargspec`: `(args, varargs, varkw, defaults, kwonlyargs, kwonlydefaults, annotations)`. */
function argumentSpecification(call: CallArguments): Value {
  const [value] = call.positional;
  const callee = value?.kind === "bound" ? value.function : value;
  if (callee?.kind !== "function") return unknown("the arguments of a function");
  const { args, defaults, keywordDefaults } = callee;
  const names = (given: readonly { readonly arg: string }[]): Value => list(given.map(({ arg }) => str(arg)));
  const nameOr = (given: { readonly arg: string } | null): Value => (given === null ? NONE : str(given.arg));
  const byKeyword = args.kwonlyargs.flatMap(({ arg }, index) => {
    const fallback = keywordDefaults[index] ?? null;
    return fallback === null ? [] : [[str(arg), fallback] as const];
  });
  return tuple([
    names([...args.posonlyargs, ...args.args]),
    nameOr(args.vararg),
    nameOr(args.kwarg),
    defaults.length === 0 ? NONE : tuple([...defaults]),
    names(args.kwonlyargs),
    byKeyword.length === 0 ? NONE : dict(byKeyword),
    unknown("annotations"),
  ]);
}

function subclass(call: CallArguments): Value {
  const [made, base] = call.positional;
  if (made === undefined || base === undefined) return unknown("issubclass()");
  const results = (base.kind === "tuple" ? base.items : [base]).map((item) => isSubclass(made, item));
  if (results.includes(true)) return TRUE;
  return results.includes(undefined) ? unknown("issubclass()") : FALSE;
}

/** `inspect.isabstract`: whether a method is left that has to be overridden. */
function isAbstract(call: CallArguments): Value {
  const [value] = call.positional;
  if (value?.kind !== "class") return isClass(call).kind === "unknown" ? unknown("isabstract()") : FALSE;
  const order = resolutionOrder(value);
  if (order.some((item) => item.kind !== "class" && !hasNothingAbstract(item))) return unknown("isabstract()");
  const nearest = new Map<string, FunctionDef>();
  for (const statement of order.flatMap((item) => (item.kind === "class" ? item.node.body : []))) {
    if (statement.kind === "FunctionDef" && !nearest.has(statement.name)) nearest.set(statement.name, statement);
  }
  return bool([...nearest.values()].some((made) => made.decorator_list.some(isAbstractMark)));
}

function hasNothingAbstract(item: Value): boolean {
  return item.kind === "external" && (isBuiltinType(item.name) || item.name === "abc.ABC");
}

function isAbstractMark(decorator: Expression): boolean {
  const name = decorator.kind === "Name" ? decorator.id : decorator.kind === "Attribute" ? decorator.attr : null;
  return name === "abstractmethod";
}

/** What a module or class has by name, inherited names included. */
function namesOf(interpreter: Interpreter, target: Value | undefined): { names: Map<string, Value>; open: boolean } {
  const names = new Map<string, Value>();
  // An object has more than what was set on it.
  let open = target?.kind !== "class" && target?.kind !== "module";
  const owners = target?.kind === "class" ? resolutionOrder(target).toReversed() : [target ?? NONE];
  for (const owner of owners) {
    const own = dictionaryOf(interpreter, owner);
    if (own?.kind !== "dict") open = true;
    else for (const { key, value } of own.entries.values()) if (key.kind === "str") names.set(key.value, value);
  }
  return { names, open };
}

/** `inspect.getmembers(x, predicate)`: names in their order, with what they stand for. */
function members(call: CallArguments, interpreter: Interpreter): Value {
  const [target, given] = call.positional;
  const predicate = given ?? call.keywords.get("predicate") ?? NONE;
  const { names, open } = namesOf(interpreter, target);
  const isWanted = (value: Value): boolean | undefined => {
    if (predicate.kind === "none") return true;
    return truth(interpreter.call(predicate, { ...interpreter.emptyCall(call.file, call.line), positional: [value] }));
  };
  const found = [...names]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => ({ item: tuple([str(name), value]), wanted: isWanted(value) }));
  return list(
    found.flatMap(({ item, wanted }) => (wanted === true ? [item] : [])),
    open || found.some(({ wanted }) => wanted === undefined),
  );
}

/** Looking at types from within the program. */
export const INTROSPECTION_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["typing.get_type_hints", typeHints],
  ["typing.get_origin", (call) => (call.positional[0] && originOf(call.positional[0])) ?? NONE],
  [
    "typing.get_args",
    (call) => {
      const [value] = call.positional;
      return value?.kind === "generic" ? tuple([...argumentsOf(value)]) : tuple([], value?.kind === "unknown");
    },
  ],
  ["inspect.isclass", isClass],
  ["inspect.isfunction", isFunction],
  ["inspect.isabstract", isAbstract],
  ["inspect.getmembers", members],
  ["inspect.getfullargspec", argumentSpecification],
  ["inspect.getargspec", argumentSpecification],
  ["sqlalchemy.util.inspect_getfullargspec", argumentSpecification],
  ["builtins.issubclass", subclass],
];
