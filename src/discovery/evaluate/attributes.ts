import { callValue, constructBase } from "./calls.ts";
import { externalBases, isEnumClass, lookupInClass, membersByName } from "./classes.ts";
import { fieldsByName, isDataclass } from "./dataclasses.ts";
import type { Interpreter } from "./interpreter.ts";
import { ABSENT_ON_TYPES, genericAttribute } from "./introspection.ts";
import { methodOfType } from "./metaclasses.ts";
import { methodOf } from "./methods.ts";
import { dictionaryOf } from "./namespaces.ts";
import { placeAttribute } from "./places.ts";
import type { Scope } from "./scope.ts";
import {
  type CallArguments,
  type ClassValue,
  type ExternalValue,
  type FunctionValue,
  type HostValue,
  type InstanceValue,
  isDefiniteType,
  list,
  missing,
  NONE,
  native,
  placed,
  str,
  tuple,
  unknown,
  usually,
  type Value,
} from "./values.ts";

/** `value.name`. */
export function attributeOf(interpreter: Interpreter, value: Value, name: string): Value {
  switch (value.kind) {
    case "external":
      return externalAttribute(interpreter, value, name);
    case "module":
      return moduleAttribute(interpreter, value, name);
    case "instance":
      return instanceAttribute(interpreter, value, name);
    case "class":
      return classAttribute(interpreter, value, name);
    case "function":
      return functionAttribute(interpreter, value, name);
    case "bound":
      return functionAttribute(interpreter, value.function, name);
    case "super":
      return superAttribute(interpreter, value, name);
    case "host":
      return patchedAttribute(interpreter, value, name) ?? hostAttribute(value, name);
    case "enum":
      return enumAttribute(interpreter, value, name);
    case "unknown":
      if (value.place !== undefined) return placeAttribute(interpreter, value.place, name) ?? value;
      return value.usually === undefined ? value : usualAttribute(interpreter, value.usually, name, value.reason);
    case "generic":
      return genericAttribute(value, name) ?? attributeOf(interpreter, value.origin, name);
    default:
      return methodOf(interpreter, value, name) ?? missing(`attribute ${name}`);
  }
}

/** An attribute or method of what is only usually so; what comes out of it is no surer. */
function usualAttribute(interpreter: Interpreter, value: Value, name: string, reason: string): Value {
  const found = attributeOf(interpreter, value, name);
  if (found.kind !== "native") return usually(found, reason);
  return native(found.name, (call) => usually(found.call(call), reason));
}

function externalAttribute(interpreter: Interpreter, value: ExternalValue, name: string): Value {
  if (name === "__name__" || name === "__qualname__") return str(value.name.slice(value.name.lastIndexOf(".") + 1));
  if (name === "__module__") return str(value.name.slice(0, Math.max(0, value.name.lastIndexOf("."))));
  if (ABSENT_ON_TYPES.has(name) && isDefiniteType(value)) return missing(`${value.name}.${name}`);
  return interpreter.externalMember(value, name);
}

function moduleAttribute(interpreter: Interpreter, module: Value & { kind: "module" }, name: string): Value {
  if (name === "__dict__") return dictionaryOf(interpreter, module) ?? unknown("the names of a module");
  if (name === "__path__" && module.folder !== undefined) return list([placed(module.folder)]);
  const own = module.scope.own(name) ?? starImported(module.scope, name);
  if (own !== undefined) {
    interpreter.noteTaken(module, own);
    return own;
  }
  if (name === "__name__") return str(module.name);
  const from = module.file ?? "";
  const submodule = interpreter.source.resolve(from, 0, `${module.name}.${name}`);
  if (submodule !== null) return interpreter.importModule(from, 0, `${module.name}.${name}`);
  return unknown(`${module.name}.${name} is not defined in a way that can be read`);
}

/**
 * The module-level name under which `from x import *` is remembered where `x` is external, or runs only when one of its
 * names is needed; no Python name looks so.
 */
export const STAR_IMPORTS = "*";

/** A name that a module has from `from x import *` of workspace modules, which run now if they have to. */
export function starImported(scope: Scope, name: string, seen: Set<Scope> = new Set()): Value | undefined {
  if (name.startsWith("_") || seen.has(scope)) return undefined;
  seen.add(scope);
  const stars = scope.own(STAR_IMPORTS);
  for (const star of stars?.kind === "list" ? stars.items.toReversed() : []) {
    if (star.kind !== "module") continue;
    const found = star.scope.own(name) ?? starImported(star.scope, name, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function instanceAttribute(interpreter: Interpreter, instance: InstanceValue, name: string): Value {
  const own = instance.attributes.get(name);
  if (own !== undefined) return own;
  if (name === "__class__") return instance.class;
  if (name === "__dict__") return dictionaryOf(interpreter, instance) ?? unknown("the attributes of an object");
  const found = lookupInClass(instance.class, name);
  if (found !== undefined) return bind(interpreter, found, instance, instance.class);
  if (instance.host !== null) return hostAttribute(instance.host, name);
  const computed = computedAttribute(interpreter, instance, name);
  if (computed !== undefined) return computed;
  const base = externalBases(instance.class)[0];
  return base === undefined ? missing(`attribute ${name} of ${instance.class.name}`) : unknown(`${base}.${name}`);
}

/** What `__getattr__` gives for an attribute that is not there. */
function computedAttribute(interpreter: Interpreter, instance: InstanceValue, name: string): Value | undefined {
  const method = name.startsWith("__") ? undefined : lookupInClass(instance.class, "__getattr__");
  if (method?.kind !== "function") return undefined;
  const call = { ...interpreter.emptyCall(method.file, method.line), positional: [instance, str(name)] };
  const found = callValue(interpreter, method, call);
  return found.kind === "never" ? missing(`attribute ${name} of ${instance.class.name}`) : found;
}

function bind(interpreter: Interpreter, found: Value, receiver: Value, owner: ClassValue): Value {
  if (found.kind !== "function" || found.binding === "static") return found;
  if (found.binding === "class") return { kind: "bound", receiver: owner, function: found };
  const bound: Value = { kind: "bound", receiver, function: found };
  if (found.binding !== "property") return bound;
  return callValue(interpreter, bound, interpreter.emptyCall(found.file, found.line));
}

function classAttribute(interpreter: Interpreter, value: ClassValue, name: string): Value {
  const found = lookupInClass(value, name);
  if (found !== undefined) {
    return found.kind === "function" && found.binding === "class"
      ? { kind: "bound", receiver: value, function: found }
      : found;
  }
  const own = madeByPython(value, name);
  if (own !== undefined) return own;
  if (name === "__dict__") return dictionaryOf(interpreter, value) ?? unknown("the attributes of a class");
  if (name === "__bases__") return tuple([...value.bases]);
  if (name === "__subclasses__") return native(name, ({ file }) => subclassesOf(interpreter, value, file));
  const ofClasses = value.metaclass === undefined ? undefined : lookupInClass(value.metaclass, name);
  return ofClasses?.kind === "function"
    ? { kind: "bound", receiver: value, function: ofClasses }
    : inheritedFromOutside(interpreter, value, name);
}

/**
 * What `__subclasses__()` gives where the class or one of its subclasses is written. Elsewhere it is the work of helpers that
 * find the plugins of any class: following what these do with each is dear, and comes to no command line.
 */
function subclassesOf(interpreter: Interpreter, value: ClassValue, file: string): Value {
  const { subclasses = [] } = value;
  if (value.file !== file && !subclasses.some((made) => made.file === file)) return list([], true);
  // A module that has not been run may hold more of them.
  return list([...subclasses], interpreter.hasPendingModules);
}

/** Attributes that a class has without its body saying so. */
function madeByPython(value: ClassValue, name: string): Value | undefined {
  if (name === "__name__" || name === "__qualname__") return str(value.name);
  if (name === "__doc__") return NONE;
  if (name === "__members__" && isEnumClass(value)) return membersByName(value);
  return name === "__dataclass_fields__" && isDataclass(value) ? fieldsByName(value) : undefined;
}

/** Class methods of libraries that readers model, for which the workspace's class counts. */
const CLASS_METHODS: ReadonlySet<string> = new Set(["model_json_schema", "run", "subcommand", "unbind_switches"]);

/** An attribute of a class that is known, if at all, by the library classes that it extends. */
function inheritedFromOutside(interpreter: Interpreter, value: ClassValue, name: string): Value {
  const bases = externalBases(value);
  const isAbsent = bases.every((base) => isDefiniteType(interpreter.external(base))) || ABSENT_ON_TYPES.has(name);
  if (isAbsent && !isInherited(name)) return missing(`attribute ${name} of ${value.name}`);
  const [base] = bases;
  if (base === undefined) return missing(`attribute ${name} of ${value.name}`);
  const model = CLASS_METHODS.has(name) ? interpreter.models.calls.get(`${base}.${name}`) : undefined;
  if (model === undefined) return interpreter.external(`${base}.${name}`);
  // A class method of a library that tells of the workspace's class.
  return native(name, (call) => model({ ...call, positional: [value, ...call.positional] }, interpreter));
}

/** Every class has these from `object` or its built-in bases. */
function isInherited(name: string): boolean {
  return name.startsWith("__") && !ABSENT_ON_TYPES.has(name);
}

function functionAttribute(interpreter: Interpreter, value: FunctionValue, name: string): Value {
  const own = value.attributes.get(name);
  if (own !== undefined) return own;
  if (name === "__name__" || name === "__qualname__") return str(value.name);
  if (name === "__doc__") return NONE;
  if (name === "__module__") return interpreter.moduleName(value.file);
  return missing(`attribute ${name} of function ${value.name}`);
}

function superAttribute(interpreter: Interpreter, value: Value & { kind: "super" }, name: string): Value {
  const { instance, after } = value;
  const start = instance.kind === "instance" ? instance.class : instance.kind === "class" ? instance : null;
  if (start === null) return unknown("super() of something unknown");
  const found = lookupInClass(start, name, after);
  if (found !== undefined) return bind(interpreter, found, instance, start);
  if (instance.kind !== "instance") {
    const method = methodOfType(name);
    return method === undefined ? unknown(`super().${name}`) : native(name, method);
  }
  if (name === "__init__") {
    return native("__init__", (call: CallArguments) => {
      constructBase(interpreter, instance, start, call, after);
      return NONE;
    });
  }
  return instance.host === null ? unknown(`super().${name}`) : hostAttribute(instance.host, name);
}

/** A method that the program has set on the library's class (`OptionParser.add_argument = …`). */
function patchedAttribute(interpreter: Interpreter, host: HostValue, name: string): Value | undefined {
  const made = interpreter.patched.get(`${host.typeName}.${name}`);
  if (made?.kind === "function") return { kind: "bound", receiver: host, function: made };
  // `OptionParser.add_argument = OptionParser.add_option`
  const isAlias = made?.kind === "external" && made.name.startsWith(`${host.typeName}.`);
  return isAlias ? hostAttribute(host, made.name.slice(host.typeName.length + 1)) : undefined;
}

function hostAttribute(host: HostValue, name: string): Value {
  const own = host.getAttribute?.(name) ?? host.attributes?.get(name);
  if (own !== undefined) return own;
  return native(
    `${host.typeName}.${name}`,
    (call) => host.callMethod?.(name, call) ?? unknown(`result of ${host.typeName}.${name}()`),
  );
}

function enumAttribute(interpreter: Interpreter, member: Value & { kind: "enum" }, name: string): Value {
  if (name === "value" || name === "_value_") return member.value;
  if (name === "name" || name === "_name_") return str(member.name);
  const found = lookupInClass(member.class, name);
  if (found !== undefined) return bind(interpreter, found, member, member.class);
  return methodOf(interpreter, member.value, name) ?? unknown(`attribute ${name} of ${member.class.name}`);
}

/** `target.name = value`. */
export function setAttributeOf(interpreter: Interpreter, target: Value, name: string, value: Value): void {
  switch (target.kind) {
    case "external":
      if (target.name === "sys" && name === "path") interpreter.searchPath.value = value;
      else interpreter.patched.set(`${target.name}.${name}`, value);
      return;
    case "instance":
      target.attributes.set(name, value);
      target.host?.setAttribute?.(name, value);
      return;
    case "function":
      target.attributes.set(name, value);
      return;
    case "class":
    case "module":
      target.scope.set(name, value);
      return;
    case "host":
      setHostAttribute(target, name, value);
      return;
    default:
      return;
  }
}

function setHostAttribute(host: HostValue, name: string, value: Value): void {
  host.setAttribute?.(name, value);
  // `parser.add_argument = parser.add_option` of a parser that has no such method raises.
  const method = value.kind === "native" && value.name.startsWith(`${host.typeName}.`);
  if (method && host.hasMethod?.(value.name.slice(host.typeName.length + 1)) === false) return;
  host.attributes ??= new Map();
  host.attributes.set(name, value);
}

/** The model behind a value: a host itself, or what an instance of the workspace's subclass extends. */
export function hostOf(value: Value | undefined): HostValue | null {
  if (value?.kind === "host") return value;
  return value?.kind === "instance" ? value.host : null;
}

/** The name of something external, or of its origin when it is subscripted. */
export function externalName(value: Value): string | null {
  if (value.kind === "external") return value.name;
  if (value.kind === "generic") return externalName(value.origin);
  return null;
}
