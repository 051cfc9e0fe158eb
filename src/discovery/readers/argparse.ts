import {
  type CallArguments,
  type ExternalModel,
  type HostValue,
  hostOf,
  type Interpreter,
  isSequence,
  iterate,
  list,
  NEVER,
  NONE,
  str,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { ACTION_CLASSES, actionModel, actionOf, madeByAction } from "./argparse-actions.ts";
import type { Argument } from "./argparse-parameters.ts";
import { type Gap, type Given, given, givenBoolean, givenText, givenValue } from "./reading.ts";

export interface SubparserEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly help: string | undefined;
  readonly line: number;
  readonly parser: Parser;
}

export interface Subparsers {
  readonly dest: string | undefined;
  readonly required: boolean;
  readonly line: number;
  readonly entries: SubparserEntry[];
}

/** An `ArgumentParser` as the program builds it. */
export interface Parser {
  prog: string | undefined;
  /** The program says what it is called, though perhaps not in a way that can be read. */
  readonly hasProg: boolean;
  description: string | undefined;
  epilog: string | undefined;
  readonly prefixChars: string;
  readonly file: string;
  readonly line: number;
  readonly arguments: Argument[];
  readonly subparsers: Subparsers[];
  readonly gaps: Gap[];
  /** Actions of the program's own, by the word for them (`register("action", …)`). */
  readonly actions: Map<string, Value>;
  /** Names that `set_defaults` gave a value. */
  readonly defaults: Map<string, Value>;
  groups: number;
}

/** The model of `argparse` for the interpreter: parsers record what is declared on them. */
export function argparseModels(): readonly (readonly [string, ExternalModel])[] {
  const parser: ExternalModel = (call, interpreter) => makeParser(call, interpreter);
  return [
    ["argparse.ArgumentParser", parser],
    // Drop-in replacements that take the same calls.
    ["configargparse.ArgumentParser", parser],
    ["configargparse.ArgParser", parser],
    ["jsonargparse.ArgumentParser", parser],
    ["rich_argparse.ArgumentParser", parser],
    ["argparse._ArgumentGroup", groupModel(false)],
    ["argparse._MutuallyExclusiveGroup", groupModel(true)],
    ...ACTION_CLASSES.map((name) => [name, actionModel] as const),
    ["argparse.FileType", () => ({ kind: "host", typeName: "argparse.FileType" })],
    ["argparse.Namespace", () => unknown("the arguments of a run")],
  ];
}

export const ARGPARSE_CONSTANTS: readonly (readonly [string, Value])[] = [
  ["argparse.SUPPRESS", str("==SUPPRESS==")],
  ["argparse.OPTIONAL", str("?")],
  ["argparse.ZERO_OR_MORE", str("*")],
  ["argparse.ONE_OR_MORE", str("+")],
  ["argparse.REMAINDER", str("...")],
  ["argparse.PARSER", str("A...")],
];

const SUPPRESS = "==SUPPRESS==";

/** Parsers by the host that stands for them in the interpreter. */
const PARSERS = new WeakMap<HostValue, Parser>();

export function parserOf(value: unknown): Parser | undefined {
  return typeof value === "object" && value !== null ? PARSERS.get(value as HostValue) : undefined;
}

/**
 * `ArgumentParser(…)`.
 * @param more methods that a library's own parser adds
 */
export function makeParser(
  call: CallArguments,
  interpreter: Interpreter,
  more: ReadonlyMap<string, ParserMethod> = new Map(),
): HostValue {
  const parser: Parser = {
    prog: givenText(call, "prog", 0),
    hasProg: isNamed(given(call, "prog", 0)),
    description: givenText(call, "description", 2),
    epilog: givenText(call, "epilog", 3),
    prefixChars: givenText(call, "prefix_chars") ?? "-",
    file: call.file,
    line: call.line,
    arguments: [],
    subparsers: [],
    gaps: [],
    actions: new Map(),
    defaults: new Map(),
    groups: 0,
  };
  takeParents(parser, call, interpreter);
  return hostParser(parser, interpreter, more);
}

function isNamed(prog: Given): boolean {
  return prog.state === "unknown" || (prog.state === "given" && prog.value.kind !== "none");
}

/** `parents=[…]`: their arguments become the parser's own. */
function takeParents(parser: Parser, call: CallArguments, interpreter: Interpreter): void {
  const found = given(call, "parents", 4);
  if (found.state === "absent") return;
  const { items, open } = iterate(interpreter, found.state === "given" ? found.value : unknown("parents"));
  if (open) addGap(parser, call, "Some parent parsers are not known before the program runs.");
  for (const item of items) {
    const parent = parserOf(hostOf(item));
    if (parent === undefined) {
      addGap(parser, call, "A parent parser cannot be read.");
      continue;
    }
    if (parent === parser) continue;
    parser.arguments.push(...parent.arguments.map((argument) => ({ ...argument })));
    parser.subparsers.push(...parent.subparsers);
    parser.gaps.push(...parent.gaps);
    for (const [name, value] of parent.defaults) parser.defaults.set(name, value);
  }
}

/** Tells that something about a parser is known only when it runs. */
export function addGap(parser: Parser, call: CallArguments, message: string): void {
  parser.gaps.push({ file: call.file, line: call.line, message });
}

export type ParserMethod = (parser: Parser, call: CallArguments, interpreter: Interpreter, host: HostValue) => Value;

function hostParser(parser: Parser, interpreter: Interpreter, more: ReadonlyMap<string, ParserMethod>): HostValue {
  const host: HostValue = {
    kind: "host",
    typeName: "argparse.ArgumentParser",
    getAttribute: (name) => parserAttribute(parser, name, interpreter),
    setAttribute: (name, value) => setParserAttribute(parser, name, value),
    hasMethod: (name) => more.has(name) || PARSER_METHODS.has(name),
    callMethod: (name, call) => (more.get(name) ?? PARSER_METHODS.get(name))?.(parser, call, interpreter, host),
  };
  PARSERS.set(host, parser);
  return host;
}

function parserAttribute(parser: Parser, name: string, interpreter: Interpreter): Value | undefined {
  switch (name) {
    case "prog":
      return progOf(parser, interpreter);
    case "description":
    case "epilog":
      return parser[name] === undefined ? unknown(`parser.${name}`) : str(parser[name]);
    case "usage":
    case "formatter_class":
    case "argument_default":
    case "_actions":
    case "_option_string_actions":
    case "_action_groups":
    case "_defaults":
      return unknown(`parser.${name}`);
    case "_optionals":
    case "_positionals":
      // The two groups that every parser has.
      return groupOf(parser, interpreter, undefined);
    default:
      return undefined;
  }
}

/** What the parser calls the program: by default the last part of `sys.argv[0]`. */
function progOf({ prog, hasProg }: Parser, { programName }: Interpreter): Value {
  const name = prog ?? (hasProg ? undefined : programName?.slice(programName.lastIndexOf("/") + 1));
  return name === undefined ? unknown("parser.prog") : str(name);
}

function setParserAttribute(parser: Parser, name: string, value: Value): void {
  if (name !== "prog" && name !== "description" && name !== "epilog") return;
  parser[name] = value.kind === "none" ? undefined : textOf(value);
}

const parse =
  (preliminary: boolean): ParserMethod =>
  (_parser, call, interpreter, host) => {
    interpreter.record({ framework: "argparse", subject: host, file: call.file, line: call.line, preliminary });
    const namespace = unknown("the arguments of a run");
    return preliminary ? { kind: "tuple", items: [namespace, list([], true)], open: false } : namespace;
  };

const PARSER_METHODS: ReadonlyMap<string, ParserMethod> = new Map<string, ParserMethod>([
  ["add_argument", (parser, call, interpreter) => addArgument(parser, call, interpreter, undefined)],
  // configargparse's older spellings.
  ["add", (parser, call, interpreter) => addArgument(parser, call, interpreter, undefined)],
  ["add_arg", (parser, call, interpreter) => addArgument(parser, call, interpreter, undefined)],
  ["add_argument_group", (parser, _call, interpreter) => groupOf(parser, interpreter, undefined)],
  ["add_mutually_exclusive_group", (parser, _call, interpreter) => exclusiveGroup(parser, interpreter)],
  ["add_subparsers", (parser, call, interpreter) => addSubparsers(parser, call, interpreter)],
  ["set_defaults", setDefaults],
  ["get_default", (parser, call) => getDefault(parser, call)],
  ["parse_args", parse(false)],
  ["parse_intermixed_args", parse(false)],
  ["parse_known_args", parse(true)],
  ["parse_known_intermixed_args", parse(true)],
  ["parse_args_into_dataclasses", parse(false)],
  ["error", () => NEVER],
  ["exit", () => NEVER],
  ["print_help", () => NONE],
  ["print_usage", () => NONE],
  ["register", register],
  ["_add_action", () => NONE],
]);

/** `parser.register("action", word, class)`. */
function register(parser: Parser, call: CallArguments): Value {
  const [registry, word, value] = call.positional;
  const isAction = registry?.kind === "str" && registry.value === "action" && word?.kind === "str";
  if (isAction && value !== undefined) parser.actions.set(word.value, value);
  return NONE;
}

// --- groups -----------------------------------------------------------------------------------------------------

const NO_HOST: HostValue = { kind: "host", typeName: "nothing" };

/** Groups by the host that stands for them, with the parser that they belong to. */
const GROUPS = new WeakMap<HostValue, Parser>();

function groupOf(parser: Parser, interpreter: Interpreter, exclusive: string | undefined): HostValue {
  const host: HostValue = {
    kind: "host",
    typeName: "argparse._ArgumentGroup",
    setAttribute: () => undefined,
    getAttribute: (name) => (name === "title" || name === "description" ? unknown(`group.${name}`) : undefined),
    callMethod: (name, call) => groupMethod(parser, interpreter, exclusive, name, call),
  };
  GROUPS.set(host, parser);
  return host;
}

/** A group made by its class, as subclasses of it are; its first argument is what it belongs to. */
function groupModel(isExclusive: boolean): ExternalModel {
  return (call, interpreter) => {
    const owner = hostOf(call.positional[0] ?? call.keywords.get("container"));
    const parser = parserOf(owner) ?? GROUPS.get(owner ?? NO_HOST);
    if (parser === undefined) return unknown("a group of arguments");
    return isExclusive ? exclusiveGroup(parser, interpreter) : groupOf(parser, interpreter, undefined);
  };
}

function groupMethod(
  parser: Parser,
  interpreter: Interpreter,
  exclusive: string | undefined,
  name: string,
  call: CallArguments,
): Value | undefined {
  switch (name) {
    case "add_argument":
    case "add":
      return addArgument(parser, call, interpreter, exclusive);
    case "add_argument_group":
      return groupOf(parser, interpreter, exclusive);
    case "add_mutually_exclusive_group":
      return exclusiveGroup(parser, interpreter);
    case "set_defaults":
      return setDefaults(parser, call, interpreter);
    default:
      return undefined;
  }
}

function exclusiveGroup(parser: Parser, interpreter: Interpreter): HostValue {
  parser.groups += 1;
  return groupOf(parser, interpreter, `group${parser.groups}`);
}

// --- arguments --------------------------------------------------------------------------------------------------

/** `parser.add_argument(…)`. */
export function addArgument(
  parser: Parser,
  call: CallArguments,
  interpreter: Interpreter,
  exclusive: string | undefined,
): Value {
  const names = call.positional.map((value) => (value.kind === "str" ? value.value : undefined));
  const known = names.filter((name) => name !== undefined);
  if (call.openPositional || known.length !== names.length) {
    addGap(parser, call, "An argument is declared whose name is not known before the program runs.");
    if (known.length === 0) return unknown("an argument");
  }
  const isOption = known.some((name) => parser.prefixChars.includes(name.charAt(0)));
  const dest = destination(known, call, isOption, parser.prefixChars);
  if (dest === undefined) {
    addGap(parser, call, "An argument is declared whose name is not known before the program runs.");
    return unknown("an argument");
  }
  const own = madeByAction(call, known, dest, interpreter) ?? call;
  const argument: Argument = {
    flags: isOption ? (optionStringsOf(own) ?? known) : [],
    dest: givenText(own, "dest") ?? dest,
    file: call.file,
    line: call.line,
    conditional: interpreter.conditional > 0,
    action: actionOf(given(call, "action"), parser.actions),
    nargs: given(own, "nargs"),
    constant: given(own, "const"),
    default: given(own, "default"),
    type: given(own, "type"),
    choices: given(own, "choices"),
    required: given(own, "required"),
    help: given(own, "help"),
    metavar: given(own, "metavar"),
    exclusiveGroup: exclusive,
  };
  const completed = argument.action === "boolean_optional" ? withNegations(argument) : argument;
  // Tools run in an environment of their own, where what only a variable brings is not there.
  if (interpreter.unusual === 0) store(parser, completed);
  else addGap(parser, call, `The argument ${known.join(", ")} is there only if an environment variable asks for it.`);
  return {
    kind: "host",
    typeName: "argparse.Action",
    getAttribute: (name) => (name === "dest" ? str(dest) : attributeOfAction(own, completed, name)),
    setAttribute: (name, value) => changeArgument(completed, name, value),
  };
}

/** The options that an action class of the program's own asks for instead of those of the call. */
function optionStringsOf(own: CallArguments): readonly string[] | undefined {
  const asked = own.keywords.get("option_strings");
  if (asked?.kind !== "list" || asked.open || asked.items.length === 0) return undefined;
  const flags = asked.items.flatMap((flag) => (flag.kind === "str" ? [flag.value] : []));
  return flags.length === asked.items.length ? flags : undefined;
}

/** What `add_argument` gave an action, as the program sees it. */
function attributeOfAction(call: CallArguments, { flags }: Argument, name: string): Value {
  if (name === "option_strings") return list(flags.map(str));
  const isGiven = name === "metavar" || name === "help" || name === "choices" || name === "nargs" || name === "const";
  return (
    (isGiven ? (call.keywords.get(name) ?? (call.openKeywords ? undefined : NONE)) : undefined) ??
    unknown(`action.${name}`)
  );
}

/** `--no-x` beside each `--x`, as `BooleanOptionalAction` adds. */
function withNegations(argument: Argument): Argument {
  const flags = argument.flags.flatMap((flag) => (flag.startsWith("--") ? [flag, `--no-${flag.slice(2)}`] : [flag]));
  return { ...argument, flags };
}

/** An option declared again, in the other branch of a condition: what differs is not known. */
function store(parser: Parser, argument: Argument): void {
  const index = parser.arguments.findIndex((known) =>
    argument.flags.length > 0
      ? known.flags.some((flag) => argument.flags.includes(flag))
      : known.flags.length === 0 && known.dest === argument.dest,
  );
  const known = parser.arguments[index];
  if (known === undefined) {
    parser.arguments.push(argument);
    return;
  }
  // Outside a condition a second declaration replaces the first (`conflict_handler="resolve"`).
  parser.arguments[index] = argument.conditional ? merged(known, argument) : argument;
}

function merged(first: Argument, second: Argument): Argument {
  return {
    ...first,
    conditional: true,
    action: first.action === second.action ? first.action : undefined,
    nargs: either(first.nargs, second.nargs),
    default: either(first.default, second.default),
    type: either(first.type, second.type),
    choices: either(first.choices, second.choices),
    help: either(first.help, second.help),
  };
}

function either(a: Given, b: Given): Given {
  return sameGiven(a, b) ? a : { state: "unknown" };
}

function sameGiven(a: Given, b: Given): boolean {
  if (a.state !== "given" || b.state !== "given") return a.state === b.state;
  return a.value === b.value || (textOf(a.value) !== undefined && textOf(a.value) === textOf(b.value));
}

function changeArgument(argument: Argument, name: string, value: Value): void {
  const changed = givenValue(value);
  if (name === "default" || name === "required" || name === "help" || name === "choices") argument[name] = changed;
}

function destination(
  names: readonly string[],
  call: CallArguments,
  isOption: boolean,
  prefixChars: string,
): string | undefined {
  const explicit = given(call, "dest");
  if (explicit.state === "given" && explicit.value.kind === "str") return explicit.value.value;
  if (!isOption) return names[0];
  const long = names.find((name) => name.length > 1 && prefixChars.includes(name.charAt(1)));
  let text = long ?? names[0] ?? "";
  while (text !== "" && prefixChars.includes(text.charAt(0))) text = text.slice(1);
  return text === "" ? undefined : text.replaceAll("-", "_");
}

function setDefaults(parser: Parser, call: CallArguments, interpreter: Interpreter): Value {
  const isCertain = interpreter.conditional === 0;
  for (const [name, value] of call.keywords) {
    if (isCertain || !parser.defaults.has(name)) parser.defaults.set(name, value);
    for (const argument of parser.arguments.filter(({ dest }) => dest === name)) {
      const changed = givenValue(value);
      argument.default = isCertain ? changed : either(argument.default, changed);
    }
  }
  if (call.openKeywords) loseDefaults(parser, call, isCertain);
  return NONE;
}

/** `set_defaults(**unknown)`; under a condition (a configuration file is given, say) declared defaults hold otherwise. */
function loseDefaults(parser: Parser, call: CallArguments, isCertain: boolean): void {
  if (isCertain) for (const argument of parser.arguments) argument.default = { state: "unknown" };
  addGap(parser, call, "Defaults are set that are not known before the program runs.");
}

function getDefault(parser: Parser, call: CallArguments): Value {
  const name = call.positional[0];
  if (name?.kind !== "str") return unknown("a default");
  const found = parser.arguments.find((argument) => argument.dest === name.value)?.default;
  return found?.state === "given" ? found.value : unknown("a default");
}

// --- subcommands ------------------------------------------------------------------------------------------------

function addSubparsers(parser: Parser, call: CallArguments, interpreter: Interpreter): HostValue {
  const subparsers: Subparsers = {
    dest: givenText(call, "dest"),
    required: givenBoolean(call, "required") ?? false,
    line: call.line,
    entries: [],
  };
  parser.subparsers.push(subparsers);
  const entries = (): Value => ({
    kind: "dict",
    entries: new Map(),
    open: true,
  });
  return {
    kind: "host",
    typeName: "argparse._SubParsersAction",
    setAttribute: () => undefined,
    getAttribute: (name) => (name === "choices" ? entries() : attributeOfSubparsers(call, name)),
    callMethod: (name, inner) =>
      name === "add_parser" ? addParser(parser, subparsers, inner, interpreter) : undefined,
  };
}

function attributeOfSubparsers(call: CallArguments, name: string): Value | undefined {
  const isGiven = name === "metavar" || name === "dest" || name === "help" || name === "title";
  return isGiven ? (call.keywords.get(name) ?? (call.openKeywords ? unknown(name) : NONE)) : undefined;
}

function addParser(parent: Parser, subparsers: Subparsers, call: CallArguments, interpreter: Interpreter): Value {
  const host = makeParser({ ...call, positional: [] }, interpreter);
  const name = call.positional[0] ?? call.keywords.get("name");
  const parser = parserOf(host);
  if (name?.kind !== "str" || parser === undefined) {
    addGap(parent, call, "A subcommand is declared whose name is not known before the program runs.");
    return host;
  }
  const aliases = given(call, "aliases");
  const help = givenText(call, "help");
  if (interpreter.unusual > 0) {
    addGap(parent, call, `The subcommand ${name.value} is there only if an environment variable asks for it.`);
    return host;
  }
  const isAgain = subparsers.entries.findIndex((entry) => entry.name === name.value);
  const entry: SubparserEntry = {
    name: name.value,
    aliases:
      aliases.state === "given" && isSequence(aliases.value)
        ? aliases.value.items.flatMap((item) => textOf(item) ?? [])
        : [],
    help: help === SUPPRESS ? undefined : help,
    line: call.line,
    parser,
  };
  if (isAgain === -1) subparsers.entries.push(entry);
  else subparsers.entries[isAgain] = entry;
  return host;
}
