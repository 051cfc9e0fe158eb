import { parseDocstring } from "../agents/docstring.ts";
import {
  type CallArguments,
  type ClassValue,
  cleandoc,
  type DataclassField,
  type ExternalModel,
  external,
  externalName,
  type FunctionValue,
  type HostValue,
  hostOf,
  type Interpreter,
  isDataclass,
  isSequence,
  iterate,
  list,
  lookupInClass,
  resolutionOrder,
  str,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { addGap, makeParser, type Parser, parserOf } from "./argparse.ts";
import { addDataclass, addField, type Context, JSONARGPARSE, parseCall, TYRO } from "./argparse-dataclasses.ts";
import { readRuns } from "./argparse-reader.ts";
import type { Reader } from "./reader.ts";
import { givenBoolean, givenText } from "./reading.ts";
import { type SignatureParameter, signatureOf } from "./signature.ts";

/*
 * Libraries that make an argparse parser of functions and classes as they are: tyro and jsonargparse.
 */

/** The parameters of a function as arguments. */
function addFunction(context: Context, callee: FunctionValue, isMethod: boolean): void {
  const { call, interpreter, style, parser } = context;
  const doc = callee.attributes.get("__doc__");
  const help = parseDocstring(doc?.kind === "str" ? cleandoc(doc.value) : "").parameters;
  for (const parameter of signatureOf(callee, interpreter, isMethod)) {
    if (parameter.kind === "keywords") continue;
    const isPositional =
      callee.args.posonlyargs.some(({ arg }) => arg === parameter.name) ||
      (style.hasPositionals && parameter.default === null);
    const place = { ...context, call: { ...call, line: parameter.line === 0 ? callee.line : parameter.line } };
    addField(place, fieldOf(parameter, help.get(parameter.name)), "", 0, isPositional || parameter.kind === "rest");
  }
  parser.description ??= documentationOf(callee);
}

/** A parameter as if it were a field of a dataclass. */
function fieldOf({ name, annotation, default: fallback, kind, line }: SignatureParameter, help = ""): DataclassField {
  const items = annotation === null ? [] : [annotation];
  const rest: Value = { kind: "generic", origin: external("builtins.list"), args: items };
  const type = kind === "rest" ? rest : (annotation ?? external("builtins.str"));
  return {
    name,
    line,
    host: { kind: "host", typeName: "parameter", getAttribute: (key) => (key === "type" ? type : undefined) },
    given: new Map([
      ...(fallback === null ? [] : [["default", fallback] as const]),
      ...(help === "" ? [] : [["help", str(help)] as const]),
    ]),
  };
}

/** The text of a docstring before its sections. */
function documentationOf(value: Value): string | undefined {
  const doc =
    value.kind === "function"
      ? value.attributes.get("__doc__")
      : value.kind === "class"
        ? value.scope.own("__doc__")
        : undefined;
  const text = doc?.kind === "str" ? parseDocstring(cleandoc(doc.value)).description : "";
  return text === "" ? undefined : text;
}

/** The arguments of a function, of a dataclass, or of the making of an object of another class. */
function addCallable(context: Context, value: Value): void {
  const callee = value.kind === "bound" ? value.function : value;
  if (callee.kind === "function") {
    addFunction(context, callee, value.kind === "bound");
    return;
  }
  const init = callee.kind === "class" && !isDataclass(callee) ? lookupInClass(callee, "__init__") : undefined;
  if (init?.kind === "function") addFunction(context, init, true);
  else if (callee.kind !== "class" || isDataclass(callee)) addDataclass(context, callee, "", 0);
  context.parser.description ??= documentationOf(callee);
}

// --- tyro -------------------------------------------------------------------------------------------------------

/** Names given by `tyro.conf.subcommand(name=…)`. */
const SUBCOMMAND_NAMES = new WeakMap<HostValue, string>();

const subcommandName: ExternalModel = (call) => {
  const host: HostValue = { kind: "host", typeName: "tyro.conf.subcommand" };
  const name = givenText(call, "name", 0);
  if (name !== undefined) SUBCOMMAND_NAMES.set(host, name);
  return host;
};

/** A type without tyro's marks around it, and what `Annotated[…]` says of it. */
function unmarked(value: Value): { readonly type: Value; readonly marks: readonly Value[] } {
  if (value.kind !== "generic") return { type: value, marks: [] };
  const name = externalName(value.origin) ?? "";
  if (!name.startsWith("tyro.conf.") && !name.endsWith(".Annotated")) return { type: value, marks: [] };
  const [first = value, ...marks] = value.args;
  const inner = unmarked(first);
  return { type: inner.type, marks: [...marks, ...inner.marks] };
}

/** A union of classes is a choice of subcommands. */
function addTyro(context: Context, value: Value): void {
  const { type } = unmarked(value);
  if (type.kind !== "generic" || externalName(type.origin) !== "typing.Union") {
    addCallable(context, type);
    return;
  }
  const commands = type.args.map((arg) => {
    const { type: made, marks } = unmarked(arg);
    const named = marks.flatMap((mark) => (mark.kind === "host" ? (SUBCOMMAND_NAMES.get(mark) ?? []) : []))[0];
    return [named ?? ("name" in made ? hyphenated(made.name) : undefined), made] as const;
  });
  addCommands(context, commands);
}

/** `TrainModel` becomes `train-model`. */
function hyphenated(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/gu, "$1$3-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** `tyro.extras.subcommand_cli_from_dict({name: function})`. */
const tyroFromDictionary: ExternalModel = (call, interpreter) => {
  const host = makeParser({ ...interpreter.emptyCall(call.file, call.line) }, interpreter);
  const parser = parserOf(host);
  const given = call.positional[0] ?? call.keywords.get("subcommands");
  if (parser === undefined) return unknown("the result of a command");
  const entries = given?.kind === "dict" ? [...given.entries.values()] : [];
  if (given?.kind !== "dict" || given.open)
    addGap(parser, call, "Some commands are not known before the program runs.");
  const commands = entries.map(({ key, value }) => [textOf(key), value] as const);
  addCommands({ parser, host, style: TYRO, call, interpreter }, commands);
  return run("tyro", host, call, interpreter);
};

export const tyroReader: Reader = {
  framework: "tyro",
  calls: [
    ["tyro.cli", parseCall("tyro", TYRO, "f", addTyro)],
    ["tyro.conf.subcommand", subcommandName],
    ["tyro.extras.subcommand_cli_from_dict", tyroFromDictionary],
  ],
  constants: [],
  read: (events) => {
    const read = readRuns(events);
    return read && { ...read, framework: "tyro" };
  },
};

// --- jsonargparse -----------------------------------------------------------------------------------------------

function run(framework: string, host: HostValue, call: CallArguments, interpreter: Interpreter): Value {
  interpreter.record({ framework, subject: host, file: call.file, line: call.line, preliminary: false });
  return unknown("the result of a command");
}

/** Adds a parser for each command. */
function addCommands(context: Context, commands: readonly (readonly [string | undefined, Value])[]): void {
  const { call, interpreter } = context;
  const plain = { ...interpreter.emptyCall(call.file, call.line) };
  if (commands.length === 0) return;
  const subparsers = interpreter.call(interpreter.getAttribute(context.host, "add_subparsers"), plain);
  const add = interpreter.getAttribute(subparsers, "add_parser");
  for (const [name, value] of commands) {
    const line = "line" in value ? value.line : call.line;
    const made = name === undefined ? null : hostOf(interpreter.call(add, { ...plain, line, positional: [str(name)] }));
    const parser: Parser | undefined = made === null ? undefined : parserOf(made);
    if (made === null || parser === undefined) addGap(context.parser, call, "A command cannot be read.");
    else addComponent({ ...context, parser, host: made }, value);
  }
}

/** A function's arguments; those of a class, with its methods as commands. */
function addComponent(context: Context, value: Value): void {
  if (value.kind === "dict") {
    const entries = [...value.entries.values()].filter(({ key }) => textOf(key) !== "_help");
    addCommands(
      context,
      entries.map(({ key, value: inner }) => [textOf(key), inner] as const),
    );
    return;
  }
  addCallable(context, value);
  context.interpreter.noteOffered(value);
  if (value.kind === "class" && !isDataclass(value)) addCommands(context, methodsOf(value));
}

function methodsOf(made: ClassValue): readonly (readonly [string, Value])[] {
  const found = new Map<string, Value>();
  for (const item of resolutionOrder(made)) {
    const names = item.kind === "class" ? item.scope.entries().map(([name]) => name) : [];
    for (const name of names.filter((one) => !(one.startsWith("_") || found.has(one)))) {
      const value = lookupInClass(made, name);
      if (value?.kind !== "function" || value.binding === "property") continue;
      found.set(name, value.binding === "static" ? value : { kind: "bound", receiver: made, function: value });
    }
  }
  return [...found];
}

/** `CLI(components=None, as_positional=True)`: without components, the functions and classes of the module. */
const commandLine: ExternalModel = (call, interpreter) => {
  const host = makeParser({ ...interpreter.emptyCall(call.file, call.line) }, interpreter);
  const parser = parserOf(host);
  if (parser === undefined) return unknown("the result of a command");
  const hasPositionals = givenBoolean(call, "as_positional") !== false;
  const context: Context = { parser, host, style: { ...JSONARGPARSE, hasPositionals }, call, interpreter };
  const given = call.positional[0] ?? call.keywords.get("components");
  const components = given === undefined || given.kind === "none" ? ownComponents(call, interpreter) : given;
  if (!isSequence(components)) addComponent(context, components);
  else {
    const { items, open } = iterate(interpreter, components);
    const [only] = items;
    if (open) addGap(parser, call, "Some commands are not known before the program runs.");
    if (items.length === 1 && only !== undefined) addComponent(context, only);
    else
      addCommands(
        context,
        items.map((item) => ["name" in item ? item.name : undefined, item] as const),
      );
  }
  return run("jsonargparse", host, call, interpreter);
};

function ownComponents(call: CallArguments, interpreter: Interpreter): Value {
  const module = interpreter.loadModule(call.file, "__main__");
  const own = module.scope.entries().flatMap(([name]) => {
    const value = module.scope.own(name);
    const isOwn = (value?.kind === "function" || value?.kind === "class") && value.file === call.file;
    return isOwn && !name.startsWith("_") ? [value] : [];
  });
  return list(own);
}

export const jsonargparseReader: Reader = {
  framework: "jsonargparse",
  calls: [
    ["jsonargparse.CLI", commandLine],
    ["jsonargparse.auto_cli", commandLine],
  ],
  constants: [],
  read: (events) => {
    const read = readRuns(events);
    return read && { ...read, framework: "jsonargparse" };
  },
};
