import { within } from "../paths.ts";
import { iterate } from "./assignment.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import type { DeclaredEntryPoint } from "./module-source.ts";
import {
  bool,
  type CallArguments,
  type HostValue,
  list,
  NONE,
  placed,
  placeOf,
  type SequenceValue,
  str,
  unknown,
  type Value,
} from "./values.ts";

/*
 * How programs find and import modules by their place or by a name that they put together (`pkgutil`, `importlib`), as plugins
 * and subcommands are often found. Only the workspace is looked at; what is installed beside it is not known.
 */

function textOfArgument(call: CallArguments, index: number, name: string): string | undefined {
  const value = call.positional[index] ?? call.keywords.get(name);
  return value?.kind === "str" ? value.value : undefined;
}

/** Runs a module that was imported by name or place: it is looked for because of what it does or holds. */
function imported(module: Value, interpreter: Interpreter): Value {
  if (module.kind === "module") interpreter.noteImported(module);
  // Asking for its names runs it.
  if (module.kind === "module" && module.isPending()) module.scope.peek("__name__");
  return module;
}

/** `importlib.import_module(name, package)`. */
function importByName(call: CallArguments, interpreter: Interpreter): Value {
  const name = textOfArgument(call, 0, "name");
  if (name === undefined) return unknown("a module whose name is not known");
  const level = /^\.*/u.exec(name)?.[0].length ?? 0;
  const rest = name.slice(level);
  const anchor = level === 0 ? undefined : textOfArgument(call, 1, "package");
  if (anchor === undefined) return imported(interpreter.importModule(call.file, level, rest), interpreter);
  const parts = anchor.split(".");
  const above = parts.slice(0, parts.length - level + 1);
  const dotted = [...above, ...(rest === "" ? [] : [rest])].join(".");
  return imported(interpreter.importModule(call.file, 0, dotted), interpreter);
}

/** `importlib.import_module(name)` without a package: `__import__` has others in its place. */
function importStatement(call: CallArguments, interpreter: Interpreter): Value {
  return importByName({ ...call, positional: call.positional.slice(0, 1) }, interpreter);
}

// --- what lies where --------------------------------------------------------------------------------------------

const INFO_FIELDS = ["module_finder", "name", "ispkg"] as const;

interface Search {
  readonly folder: string;
  readonly prefix: string;
}

/** The modules in folders of the workspace as `pkgutil.ModuleInfo`; with `isDeep` those in their packages as well. */
function listModules(isDeep: boolean): ExternalModel {
  return (call, interpreter) => {
    const given = call.positional[0] ?? call.keywords.get("path") ?? NONE;
    const prefix = textOfArgument(call, 1, "prefix");
    const isPrefixed = call.positional.length > 1 || call.keywords.has("prefix");
    if (given.kind === "none" || (isPrefixed && prefix === undefined)) return list([], true);
    const { items, open } = iterate(interpreter, given);
    const folders = items.map(placeOf);
    const result = list([], open || folders.includes(undefined));
    const waiting: Search[] = folders.flatMap((folder) =>
      folder === undefined ? [] : [{ folder, prefix: prefix ?? "" }],
    );
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      waiting.unshift(...listOne(next, result, interpreter, isDeep));
      if (result.open) break;
    }
    return result;
  };
}

/** Adds the modules of one folder. @returns the folders to look at next */
function listOne(
  { folder, prefix }: Search,
  result: SequenceValue,
  interpreter: Interpreter,
  isDeep: boolean,
): Search[] {
  const packages: Search[] = [];
  const finder = finderOf(interpreter, folder);
  for (const { name, isPackage } of interpreter.modulesIn(folder)) {
    if (result.items.length >= interpreter.limits.iterations) {
      result.open = true;
      break;
    }
    const items = [finder, str(prefix + name), bool(isPackage)];
    result.items.push({ kind: "tuple", items, open: false, fieldNames: INFO_FIELDS });
    if (isPackage && isDeep) packages.push({ folder: within(folder, name), prefix: `${prefix}${name}.` });
  }
  return packages;
}

/** The file of a module in a folder. */
function fileIn(interpreter: Interpreter, folder: string, name: string): string | undefined {
  const path = within(folder, name.slice(name.lastIndexOf(".") + 1));
  return [`${path}/__init__.py`, `${path}.py`].find((file) => interpreter.source.has(file));
}

// --- finders, specifications and loaders ------------------------------------------------------------------------

function finderOf(interpreter: Interpreter, folder: string): HostValue {
  const find = (call: CallArguments, make: (file: string, name: string) => Value): Value => {
    const name = textOfArgument(call, 0, "fullname");
    if (name === undefined) return unknown("a module whose name is not known");
    const file = fileIn(interpreter, folder, name);
    return file === undefined ? NONE : make(file, name);
  };
  return {
    kind: "host",
    typeName: "importlib.machinery.FileFinder",
    getAttribute: (name) => (name === "path" ? placed(folder) : undefined),
    callMethod: (name, call) => {
      if (name === "find_spec") return find(call, (file, module) => specificationOf(interpreter, file, module));
      return name === "find_module" ? find(call, (file, module) => loaderOf(interpreter, file, module)) : undefined;
    },
  };
}

function specificationOf(interpreter: Interpreter, file: string, name: string): HostValue {
  const attributes: Readonly<Record<string, Value>> = {
    name: str(name),
    origin: placed(file),
    loader: loaderOf(interpreter, file, name),
  };
  return {
    kind: "host",
    typeName: "importlib.machinery.ModuleSpec",
    getAttribute: (attribute) => attributes[attribute],
  };
}

function loaderOf(interpreter: Interpreter, file: string, name: string): HostValue {
  return {
    kind: "host",
    typeName: "importlib.machinery.SourceFileLoader",
    getAttribute: (attribute) => (attribute === "path" ? placed(file) : attribute === "name" ? str(name) : undefined),
    callMethod: (method) => {
      if (method === "load_module") return imported(interpreter.loadModule(file, name), interpreter);
      if (method !== "exec_module") return undefined;
      imported(interpreter.loadModule(file, name), interpreter);
      return NONE;
    },
  };
}

/** A specification or loader of the file that two arguments name. */
function ofFile(make: (interpreter: Interpreter, file: string, name: string) => Value): ExternalModel {
  return (call, interpreter) => {
    const name = textOfArgument(call, 0, "name");
    const file = placeOf(call.positional[1] ?? call.keywords.get("location") ?? call.keywords.get("path"));
    if (file === undefined || !interpreter.source.has(file)) return unknown("a module whose place is not known");
    return make(interpreter, file, name ?? moduleNameOf(file));
  };
}

/** What a module is called that is imported by its place alone. */
function moduleNameOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1).replace(/\.py$/u, "");
}

function findSpecification(call: CallArguments, interpreter: Interpreter): Value {
  const name = textOfArgument(call, 0, "name");
  const found = name === undefined ? null : interpreter.source.resolve(call.file, 0, name);
  if (found?.file == null) return unknown("whether a module is installed");
  return specificationOf(interpreter, found.file, found.name);
}

function moduleOfSpecification(call: CallArguments, interpreter: Interpreter): Value {
  const [specification] = call.positional;
  const given = specification?.kind === "host" ? specification.getAttribute : undefined;
  const file = placeOf(given?.("origin"));
  const name = given?.("name");
  if (file === undefined || name?.kind !== "str") return unknown("a module that is not known");
  return interpreter.loadModule(file, name.value);
}

function fileFinder(call: CallArguments, interpreter: Interpreter): Value {
  const folder = placeOf(call.positional[0] ?? call.keywords.get("path"));
  return folder === undefined ? unknown("a folder that is not known") : finderOf(interpreter, folder);
}

// --- entry points -----------------------------------------------------------------------------------------------

/** `importlib.metadata.entry_points(group=…, name=…)`, and without arguments what `select`, `get` and `[…]` are asked of. */
function entryPoints(call: CallArguments, interpreter: Interpreter): Value {
  const ofGroup = (inner: CallArguments): Value =>
    selected(textOfArgument(inner, 0, "group"), textOfArgument(inner, -1, "name"), call.file, interpreter);
  if (call.keywords.size > 0 || call.openKeywords) return ofGroup(call);
  const methods: ReadonlySet<string> = new Set(["select", "get", "__getitem__"]);
  return {
    kind: "host",
    typeName: "importlib.metadata.EntryPoints",
    hasMethod: (name) => methods.has(name),
    callMethod: (name, inner) => (methods.has(name) ? ofGroup(inner) : undefined),
  };
}

/** `pkg_resources.iter_entry_points(group, name)`. */
function iterateEntryPoints(call: CallArguments, interpreter: Interpreter): Value {
  return selected(textOfArgument(call, 0, "group"), textOfArgument(call, 1, "name"), call.file, interpreter);
}

function selected(group: string | undefined, name: string | undefined, from: string, interpreter: Interpreter): Value {
  if (group === undefined) return unknown("entry points of a group that is not known");
  const points = interpreter
    .entryPoints(from)
    .filter((point) => point.group === group && (name === undefined || point.name === name));
  // Of what is installed beside the workspace nothing is known.
  return list(
    points.map((point) => entryPointOf(point, interpreter, from)),
    true,
  );
}

function entryPointOf(
  { group, name, module, attribute }: DeclaredEntryPoint,
  interpreter: Interpreter,
  from: string,
): HostValue {
  const path = attribute.join(".");
  const attributes: Readonly<Record<string, Value>> = {
    group: str(group),
    name: str(name),
    module: str(module),
    module_name: str(module),
    attr: str(path),
    value: str(path === "" ? module : `${module}:${path}`),
  };
  const load = (): Value =>
    attribute.reduce(
      (owner, part) => interpreter.getAttribute(owner, part),
      imported(interpreter.importModule(from, 0, module), interpreter),
    );
  return {
    kind: "host",
    typeName: "importlib.metadata.EntryPoint",
    getAttribute: (asked) => attributes[asked],
    callMethod: (method) => (method === "load" || method === "resolve" ? load() : undefined),
  };
}

/** Finding and importing modules from within the program. */
export const PLUGIN_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["importlib.import_module", importByName],
  ["builtins.__import__", importStatement],
  ["importlib.util.find_spec", findSpecification],
  ["importlib.util.module_from_spec", moduleOfSpecification],
  ["importlib.util.spec_from_file_location", ofFile(specificationOf)],
  ["importlib.machinery.SourceFileLoader", ofFile(loaderOf)],
  ["importlib.machinery.FileFinder", fileFinder],
  ["imp.load_source", ofFile((interpreter, file, name) => imported(interpreter.loadModule(file, name), interpreter))],
  ["importlib.metadata.entry_points", entryPoints],
  ["importlib_metadata.entry_points", entryPoints],
  ["pkg_resources.iter_entry_points", iterateEntryPoints],
  ["pkgutil.iter_modules", listModules(false)],
  ["pkgutil.walk_packages", listModules(true)],
];
