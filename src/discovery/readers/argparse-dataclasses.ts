import {
  argumentsOf,
  type CallArguments,
  type DataclassField,
  type ExternalModel,
  enumMembers,
  external,
  externalName,
  FALSE,
  fieldsOf,
  type HostValue,
  hasUnknownFields,
  type Interpreter,
  int,
  isDataclass,
  isEnumClass,
  isInit,
  isSequence,
  list,
  NONE,
  native,
  originOf,
  str,
  TRUE,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { addArgument, addGap, makeParser, type Parser, parserOf } from "./argparse.ts";

/** How a library turns the fields of a dataclass into arguments. */
export interface Style {
  /** Option strings of a field. */
  readonly flags: (name: string) => readonly string[];
  /** A boolean field: a truth value after the option, which may be left out (`value`), or a pair of options. */
  readonly booleans: "value" | "pair" | "truth";
  /** The option that turns a boolean off, where there is one for those that are on. */
  readonly negation: ((name: string) => readonly string[]) | null;
  readonly listNargs: "+" | "*" | null;
  /** Parameters of functions without a default are positional, not required options. */
  readonly hasPositionals: boolean;
  /** Whether fields of a dataclass in a dataclass go under its name (`--data.path`). */
  readonly isDotted: boolean;
}

/** https://github.com/huggingface/transformers/blob/main/src/transformers/hf_argparser.py */
const HUGGING_FACE: Style = {
  flags: (name) => [...new Set([`--${name}`, `--${name.replaceAll("_", "-")}`])],
  booleans: "value",
  negation: (name) => [...new Set([`--no_${name}`, `--no-${name.replaceAll("_", "-")}`])],
  listNargs: "+",
  hasPositionals: false,
  isDotted: false,
};

/** https://github.com/lebrice/SimpleParsing */
const SIMPLE_PARSING: Style = {
  flags: (name) => [`--${name}`],
  booleans: "value",
  negation: null,
  listNargs: "*",
  hasPositionals: false,
  isDotted: false,
};

/** https://brentyi.github.io/tyro */
export const TYRO: Style = {
  flags: (name) => [`--${name.replaceAll("_", "-")}`],
  booleans: "pair",
  negation: null,
  listNargs: "*",
  hasPositionals: false,
  isDotted: true,
};

/** https://jsonargparse.readthedocs.io: a list is one text (`--numbers=[1,2]`). */
export const JSONARGPARSE: Style = {
  flags: (name) => [`--${name}`],
  booleans: "truth",
  negation: null,
  listNargs: null,
  hasPositionals: true,
  isDotted: true,
};

/** Deepest nesting of dataclasses in dataclasses. */
const MAX_NESTING = 4;

/** A field's type without `Optional` and alternatives that a text cannot tell apart. */
function plainType(type: Value): { readonly type: Value; readonly mayBeNone: boolean } {
  if (type.kind !== "generic") return { type, mayBeNone: false };
  const origin = originOf(type);
  if (origin?.kind === "external" && origin.name === "typing.Annotated") return plainType(type.args[0] ?? type);
  if (origin?.kind !== "external" || origin.name !== "typing.Union") return { type, mayBeNone: false };
  const all = argumentsOf(type);
  const some = all.filter((arg) => externalName(arg) !== "types.NoneType");
  const [first, second] = some;
  const isText = first !== undefined && externalName(first) === "builtins.str";
  const chosen = isText && second !== undefined ? second : first;
  return { type: chosen ?? type, mayBeNone: some.length < all.length };
}

/** What the text after an option is converted with, as the value of `type=`. */
const TRUTH_CONVERTER = native("string_to_bool", () => unknown("a truth value"));
const CHOICE_CONVERTER = native("choice", () => unknown("a choice"));

const LISTS: ReadonlySet<string> = new Set([
  "builtins.list",
  "builtins.tuple",
  "builtins.set",
  "collections.abc.Sequence",
  "collections.abc.Iterable",
]);

export interface Context {
  readonly parser: Parser;
  /** What stands for the parser in the program. */
  readonly host: HostValue;
  readonly style: Style;
  readonly call: CallArguments;
  readonly interpreter: Interpreter;
}

export function addDataclass(context: Context, value: Value, prefix: string, depth: number): void {
  const { parser, call, interpreter } = context;
  if (value.kind !== "class" || !isDataclass(value)) {
    addGap(parser, call, "Arguments are declared by a class that is not in the workspace.");
    return;
  }
  if (hasUnknownFields(value)) {
    addGap(parser, call, `Some arguments of ${value.name} are declared by a class that is not in the workspace.`);
  }
  for (const field of fieldsOf(value)) {
    interpreter.step();
    if (isInit(field)) addField(context, field, prefix, depth);
  }
}

export function addField(
  context: Context,
  field: DataclassField,
  prefix: string,
  depth: number,
  isPositional = false,
): void {
  const declared = field.host.getAttribute?.("type") ?? unknown("a type");
  const { type, mayBeNone } = plainType(declared);
  if (type.kind === "class" && isDataclass(type) && depth < MAX_NESTING && context.style !== HUGGING_FACE) {
    const nested = context.style.isDotted ? `${prefix}${field.name}.` : "";
    addDataclass(context, type, nested, depth + 1);
    return;
  }
  const { keywords, aliases } = fieldKeywords(context, field);
  const fallback = keywords.get("default");
  const isBoolean = externalName(type) === "builtins.bool";
  if (isBoolean) addBoolean(context, keywords, mayBeNone, fallback);
  else addType(context, type, keywords);
  const name = prefix + field.name;
  if (isPositional) {
    declarePositional(context, field, name, keywords);
    return;
  }
  if (fallback === undefined && !isBoolean) keywords.set("required", TRUE);
  declare(context, field, [...context.style.flags(name), ...aliases], keywords);
  if (isBoolean && fallback?.kind === "bool" && fallback.value) declareNegation(context, field, name, keywords);
}

function declarePositional(context: Context, field: DataclassField, name: string, keywords: Map<string, Value>): void {
  if (keywords.has("default")) keywords.set("nargs", str("?"));
  if (keywords.delete("action")) keywords.set("type", TRUTH_CONVERTER);
  declare(context, field, [name], keywords);
}

/** The option that turns off a boolean that is on. */
function declareNegation(
  context: Context,
  field: DataclassField,
  name: string,
  keywords: ReadonlyMap<string, Value>,
): void {
  const { negation } = context.style;
  const help = keywords.get("help");
  if (negation === null) return;
  declare(
    context,
    field,
    negation(name),
    new Map<string, Value>([
      ["action", str("store_false")],
      ["dest", str(field.name)],
      ["default", FALSE],
      ...(help === undefined ? [] : [["help", help] as const]),
    ]),
  );
}

/** What the field's default and metadata say about the argument. */
function fieldKeywords(
  context: Context,
  field: DataclassField,
): { readonly keywords: Map<string, Value>; readonly aliases: readonly string[] } {
  const keywords = new Map<string, Value>();
  const metadata = field.given.get("metadata");
  for (const { key, value } of metadata?.kind === "dict" ? metadata.entries.values() : []) {
    if (key.kind === "str") keywords.set(key.value, value);
  }
  const isUnknown = metadata !== undefined && (metadata.kind !== "dict" || metadata.open);
  if (isUnknown && !keywords.has("help")) keywords.set("help", unknown("metadata that is not known"));
  const help = field.given.get("help");
  if (help !== undefined) keywords.set("help", help);
  const given = keywords.get("aliases");
  keywords.delete("aliases");
  const fallback = field.given.get("default") ?? madeBy(context, field.given.get("default_factory"));
  if (fallback !== undefined) keywords.set("default", fallback);
  const names = given === undefined ? [] : isSequence(given) ? given.items : [given];
  return { keywords, aliases: names.flatMap((alias) => (alias.kind === "str" ? [alias.value] : [])) };
}

function madeBy(context: Context, factory: Value | undefined): Value | undefined {
  const { call, interpreter } = context;
  return factory && interpreter.call(factory, interpreter.emptyCall(call.file, call.line));
}

function addBoolean(
  context: Context,
  keywords: Map<string, Value>,
  mayBeNone: boolean,
  fallback: Value | undefined,
): void {
  if (context.style.booleans === "pair") {
    keywords.set("action", external("argparse.BooleanOptionalAction"));
    if (fallback === undefined) keywords.set("required", TRUE);
    return;
  }
  keywords.set("type", TRUTH_CONVERTER);
  if (context.style.booleans === "truth") {
    if (fallback === undefined) keywords.set("required", TRUE);
    return;
  }
  const isOpen = mayBeNone && (fallback === undefined || fallback.kind === "none");
  if (isOpen) return;
  if (fallback === undefined) keywords.set("default", FALSE);
  keywords.set("nargs", str("?"));
  keywords.set("const", TRUE);
}

function addType(context: Context, type: Value, keywords: Map<string, Value>): void {
  const choices = choicesOf(type, context.style);
  if (choices !== null) {
    keywords.set("choices", list([...choices]));
    if (choices.some((choice) => choice.kind !== "str")) keywords.set("type", CHOICE_CONVERTER);
    return;
  }
  const origin = originOf(type) ?? type;
  if (!LISTS.has(externalName(origin) ?? "")) {
    keywords.set("type", type);
    return;
  }
  if (context.style.listNargs === null) {
    keywords.set("type", CHOICE_CONVERTER);
    return;
  }
  const [item, ...others] = type.kind === "generic" ? argumentsOf(type) : [];
  const isFixed =
    context.style === TYRO &&
    externalName(origin) === "builtins.tuple" &&
    item !== undefined &&
    !others.some(isEllipsis);
  keywords.set("nargs", isFixed ? int(others.length + 1) : str(context.style.listNargs));
  if (item === undefined) return;
  const plain = plainType(item).type;
  const itemChoices = choicesOf(plain, context.style);
  if (itemChoices === null) keywords.set("type", plain);
  else keywords.set("choices", list([...itemChoices]));
}

function isEllipsis(value: Value): boolean {
  return externalName(value) === "builtins.Ellipsis";
}

/** The values of a `Literal` or an enumeration. */
function choicesOf(type: Value, style: Style): readonly Value[] | null {
  if (type.kind === "generic" && externalName(type.origin)?.endsWith(".Literal") === true) return argumentsOf(type);
  if (type.kind !== "class" || !isEnumClass(type)) return null;
  return enumMembers(type).map((member) => (style === TYRO ? str(member.name) : member.value));
}

function declare(
  context: Context,
  field: DataclassField,
  flags: readonly string[],
  keywords: ReadonlyMap<string, Value>,
): void {
  const isPositional = flags.every((flag) => !flag.startsWith("-"));
  const named = isPositional || keywords.has("dest");
  const call: CallArguments = {
    ...context.call,
    line: context.call.line,
    positional: flags.map(str),
    keywords: named ? keywords : new Map([...keywords, ["dest", str(field.name)]]),
    openPositional: false,
    openKeywords: false,
  };
  addArgument(context.parser, call, context.interpreter, undefined);
}

/** A parser whose first argument names dataclasses. */
const huggingFaceParser: ExternalModel = (call, interpreter) => {
  const keywords = new Map(call.keywords);
  const given = call.positional[0] ?? keywords.get("dataclass_types");
  keywords.delete("dataclass_types");
  const host = makeParser({ ...call, positional: [], keywords }, interpreter);
  const parser = parserOf(host);
  if (parser === undefined || given === undefined || given.kind === "none") return host;
  const types = isSequence(given) ? given.items : [given];
  const context: Context = { parser, host, style: HUGGING_FACE, call, interpreter };
  for (const type of types) addDataclass(context, type, "", 0);
  if (isSequence(given) && given.open) addGap(parser, call, "Some classes that declare arguments are not known.");
  return host;
};

/** `HfArg(default=…, aliases=…, help=…)`. */
const huggingFaceField: ExternalModel = (call, interpreter) => {
  const keywords = new Map(call.keywords);
  const metadata = interpreter.call(external("builtins.dict"), {
    ...call,
    positional: [keywords.get("metadata") ?? NONE].filter((value) => value.kind === "dict"),
    keywords: new Map([...keywords].filter(([name]) => name === "help" || name === "aliases")),
  });
  keywords.delete("help");
  keywords.delete("aliases");
  return interpreter.call(external("dataclasses.field"), { ...call, keywords: keywords.set("metadata", metadata) });
};

/** simple-parsing's parser: `parser.add_arguments(Class, dest="…")`. */
const simpleParser: ExternalModel = (call, interpreter) =>
  makeParser(
    call,
    interpreter,
    new Map([
      [
        "add_arguments",
        (parser, inner, _interpreter, host) => {
          const [type = unknown("a class")] = inner.positional;
          addDataclass({ parser, host, style: SIMPLE_PARSING, call: inner, interpreter }, type, "", 0);
          return NONE;
        },
      ],
    ]),
  );

/** Declares what a value tells of arguments. */
export type Fill = (context: Context, value: Value) => void;

/** A function that builds a parser for a class, and parses with it. */
export function parseCall(framework: string, style: Style, className: string, fill: Fill): ExternalModel {
  return (call, interpreter) => {
    const [first, ...rest] = call.positional;
    const type = first ?? call.keywords.get(className) ?? unknown("a class");
    const keywords = new Map([...call.keywords].filter(([name]) => name === "description" || name === "prog"));
    const host = makeParser({ ...call, positional: [], keywords }, interpreter);
    const parser = parserOf(host);
    if (parser === undefined || rest.length > 2) return unknown("the arguments of a run");
    fill({ parser, host, style, call, interpreter }, type);
    interpreter.record({ framework, subject: host, file: call.file, line: call.line, preliminary: false });
    return unknown("the arguments of a run");
  };
}

/** Libraries that make an `argparse` parser of dataclasses. */
export function dataclassParserModels(): readonly (readonly [string, ExternalModel])[] {
  return [
    ["transformers.HfArgumentParser", huggingFaceParser],
    ["transformers.hf_argparser.HfArgumentParser", huggingFaceParser],
    ["transformers.hf_argparser.HfArg", huggingFaceField],
    ["simple_parsing.ArgumentParser", simpleParser],
    [
      "simple_parsing.parse",
      parseCall("argparse", SIMPLE_PARSING, "config_class", (context, type) => addDataclass(context, type, "", 0)),
    ],
  ];
}
