import type { Parameter, RestWords } from "../../model/index.ts";
import {
  type CallArguments,
  type DictValue,
  dict,
  type ExternalModel,
  getItem,
  type HostValue,
  hostOf,
  type Interpreter,
  iterate,
  list,
  lookupInClass,
  NEVER,
  NONE,
  type RunEvent,
  setItem,
  str,
  textOf,
  tuple,
  unknown,
  usually,
  type Value,
} from "../evaluate/index.ts";
import { type Argument, type ArgumentOwner, toParameter } from "./argparse-parameters.ts";
import { leftOverWords } from "./left-over.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, type Gap, type Given, given, givenText, givenValue, optional } from "./reading.ts";

/** An `OptionParser` as the program builds it. */
interface OptionParser {
  prog: string | undefined;
  usage: string | undefined;
  description: string | undefined;
  readonly options: Argument[];
  readonly gaps: Gap[];
  /** Its `defaults`: what options store to, and what a run starts with there. */
  defaults: DictValue;
  /** The class that `add_option` makes an option of. */
  readonly optionClass: Value | undefined;
  readonly file: string;
  readonly line: number;
}

const PARSERS = new WeakMap<HostValue, OptionParser>();
const OPTIONS = new WeakMap<HostValue, Argument>();

/** Actions that mean in `optparse` what they mean in `argparse`. */
const PLAIN_ACTIONS: ReadonlySet<string> = new Set([
  "store",
  "store_const",
  "store_true",
  "store_false",
  "append",
  "append_const",
  "count",
  "help",
  "version",
]);

/** `optparse` names its types; anything else is a type of the program's own. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "builtins.str",
  str: "builtins.str",
  choice: "builtins.str",
  int: "builtins.int",
  long: "builtins.int",
  float: "builtins.float",
};

/** The actions whose options take a value though they give no type, of `optparse.Option` itself. */
const ALWAYS_TYPED = tuple([str("store"), str("append")]);

/** The actions whose options take a value though they give no type; `undefined` when a class of options keeps that open. */
function alwaysTyped(optionClass: Value | undefined): readonly Value[] | undefined {
  const own = optionClass?.kind === "class" ? lookupInClass(optionClass, "ALWAYS_TYPED_ACTIONS") : undefined;
  if (own === undefined) return ALWAYS_TYPED.items;
  return own.kind === "tuple" && !own.open ? own.items : undefined;
}

/** An option with an action that takes no value, be it a callback or one of the program's own, is a switch. */
function asSwitch(option: Argument, optionClass: Value | undefined): Argument {
  const { action, type, choices } = option;
  const isModelled = action === undefined || PLAIN_ACTIONS.has(action);
  if (isModelled || choices.state === "given") return option;
  if (type.state !== "absent") return { ...option, action: "store" };
  const typed = alwaysTyped(optionClass)?.map(textOf);
  if (typed === undefined) return option;
  return { ...option, action: typed.includes(action) ? "store" : "store_const" };
}

function makeOption(call: CallArguments, conditional: boolean, optionClass?: Value): Argument | null {
  const flags = call.positional.flatMap((value) => (value.kind === "str" && value.value !== "" ? [value.value] : []));
  if (flags.length === 0) return null;
  const long = flags.find((flag) => flag.startsWith("--")) ?? flags[0] ?? "";
  // An empty `dest` says that nothing is stored: the option is known by what it is called.
  const asked = givenText(call, "dest") ?? "";
  const dest = asked === "" ? long.replace(/^-+/u, "").replaceAll("-", "_") : asked;
  const action = given(call, "action");
  const type = given(call, "type");
  const named = action.state === "absent" ? "store" : action.state === "given" ? textOf(action.value) : undefined;
  const option: Argument = {
    flags,
    dest,
    file: call.file,
    line: call.line,
    conditional,
    action: named,
    nargs: severalOf(given(call, "nargs")),
    constant: given(call, "const"),
    default: given(call, "default"),
    type: typeOf(type),
    choices: given(call, "choices"),
    required: { state: "absent" },
    help: given(call, "help"),
    metavar: given(call, "metavar"),
    exclusiveGroup: undefined,
  };
  return asSwitch(option, optionClass);
}

/** Unlike `argparse`'s, an option with `nargs=1` gives its value itself, as it does without. */
function severalOf(found: Given): Given {
  const isOne = found.state === "given" && found.value.kind === "int" && Number(found.value.value) === 1;
  return isOne ? { state: "absent" } : found;
}

function typeOf(found: Given): Given {
  if (found.state !== "given" || found.value.kind !== "str") return found;
  const name = TYPE_NAMES[found.value.value];
  return name === undefined ? { state: "unknown" } : { state: "given", value: { kind: "external", name } };
}

function addOption(parser: OptionParser, call: CallArguments, interpreter: Interpreter): Value {
  const host = hostOf(call.positional[0]);
  const option = host === null ? makeOption(call, interpreter.conditional > 0, parser.optionClass) : OPTIONS.get(host);
  if (option === undefined || option === null) {
    parser.gaps.push({
      file: call.file,
      line: call.line,
      message: "An option is declared whose name is not known before the program runs.",
    });
  } else if (
    interpreter.unusual === 0 &&
    !parser.options.some((known) => known.flags.some((flag) => option.flags.includes(flag)))
  ) {
    parser.options.push(option);
    setDefault(parser, option);
  }
  return unknown("an option");
}

/** The default of the option that was declared last is that of all that store to the same place. */
function setDefault(parser: OptionParser, { dest, default: found }: Argument): void {
  if (found.state === "absent") return;
  const value = found.state === "given" ? found.value : unknown("a default");
  setItem(
    parser.defaults,
    str(dest),
    found.state === "given" && found.isLikely === true ? usually(value, "likely") : value,
  );
}

function addOptions(
  parser: OptionParser,
  value: Value | undefined,
  call: CallArguments,
  interpreter: Interpreter,
): void {
  if (value === undefined) return;
  for (const item of iterate(interpreter, value).items) {
    addOption(parser, { ...call, positional: [item], keywords: new Map() }, interpreter);
  }
}

function optionObject(call: CallArguments, interpreter: Interpreter): Value {
  const option = makeOption(call, interpreter.conditional > 0);
  const host: HostValue = {
    kind: "host",
    typeName: "optparse.Option",
    adopt: (instance) => {
      const own = makeOption(call, interpreter.conditional > 0, instance.class);
      if (own !== null) OPTIONS.set(host, own);
    },
  };
  if (option !== null) OPTIONS.set(host, option);
  return host;
}

function makeParser(call: CallArguments, interpreter: Interpreter): HostValue {
  const parser: OptionParser = {
    prog: givenText(call, "prog"),
    usage: givenText(call, "usage", 0),
    description: givenText(call, "description"),
    options: [],
    gaps: [],
    defaults: dict(),
    optionClass: call.keywords.get("option_class"),
    file: call.file,
    line: call.line,
  };
  addOptions(parser, call.keywords.get("option_list") ?? call.positional[1], call, interpreter);
  const host: HostValue = {
    kind: "host",
    typeName: "optparse.OptionParser",
    getAttribute: (name) => (name === "defaults" ? parser.defaults : undefined),
    setAttribute: (name, value) => {
      if (name === "defaults" && value.kind === "dict") parser.defaults = value;
    },
    callMethod: (name, inner) => parserMethod(parser, host, name, inner, interpreter),
  };
  PARSERS.set(host, parser);
  return host;
}

/** A group of options, which belong to the parser that it was made for. */
function makeGroup(call: CallArguments, interpreter: Interpreter): Value {
  const parser = PARSERS.get(
    hostOf(call.positional[0] ?? call.keywords.get("parser")) ?? { kind: "host", typeName: "" },
  );
  if (parser === undefined) return unknown("an option group");
  const owner = call.positional[0] ?? call.keywords.get("parser");
  return {
    kind: "host",
    typeName: "optparse.OptionGroup",
    getAttribute: (name) => (name === "parser" ? owner : undefined),
    callMethod: (name, inner) => {
      if (name === "add_option") return addOption(parser, inner, interpreter);
      if (name === "add_options") addOptions(parser, inner.positional[0], inner, interpreter);
      return undefined;
    },
  };
}

function parserMethod(
  parser: OptionParser,
  host: HostValue,
  name: string,
  call: CallArguments,
  interpreter: Interpreter,
): Value | undefined {
  switch (name) {
    case "add_option":
      return addOption(parser, call, interpreter);
    case "add_options":
      addOptions(parser, call.positional[0], call, interpreter);
      return NONE;
    case "add_option_group": {
      const [first] = call.positional;
      return first?.kind === "host"
        ? first
        : makeGroup({ ...call, positional: [host, ...call.positional] }, interpreter);
    }
    case "set_defaults":
      for (const [key, value] of call.keywords) setItem(parser.defaults, str(key), value);
      return NONE;
    case "set_usage":
      parser.usage = givenText(call, "usage", 0);
      return NONE;
    case "set_description":
      parser.description = givenText(call, "description", 0);
      return NONE;
    case "parse_args":
    // What a subclass with a way of its own of parsing ends with.
    case "check_values":
      interpreter.record({
        framework: "optparse",
        subject: host,
        file: call.file,
        line: call.line,
        preliminary: false,
      });
      return { kind: "tuple", items: [unknown("the options of a run"), list([], true)], open: false };
    case "error":
    case "exit":
      return NEVER;
    case "get_prog_name":
      return parser.prog === undefined ? unknown("prog") : str(parser.prog);
    default:
      return undefined;
  }
}

const MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["optparse.OptionParser", makeParser],
  ["optparse.OptionGroup", makeGroup],
  ["optparse.make_option", optionObject],
  ["optparse.Option", optionObject],
];

export const optparseReader: Reader = {
  framework: "optparse",
  calls: MODELS,
  constants: [
    ["optparse.SUPPRESS_HELP", str("==SUPPRESS==")],
    ["optparse.Option.ALWAYS_TYPED_ACTIONS", ALWAYS_TYPED],
  ],
  read: readRuns,
};

function readRuns(events: readonly RunEvent[]): CommandLine | null {
  const event = events.find((candidate) => !candidate.conditional) ?? events[0];
  const parser = PARSERS.get(event?.subject as HostValue);
  if (parser === undefined) return null;
  const parameters: Parameter[] = parser.options.flatMap(
    (option) => toParameter({ ...option, default: defaultOf(parser, option) }, NO_LATE_DEFAULTS, undefined) ?? [],
  );
  return {
    framework: "optparse",
    name: parser.prog,
    description: parser.description,
    parameters,
    subcommands: [],
    ...optional("rest", restOf(parser, parameters)),
    line: parser.file === event?.file ? parser.line : undefined,
    gaps: parser.gaps,
  };
}

const NO_LATE_DEFAULTS: ArgumentOwner = { defaults: new Map() };

/** What the parser starts with. Unlike `argparse`'s, a switch that turns something off does not make it on by default. */
function defaultOf(parser: OptionParser, option: Argument): Given {
  const found = getItem(parser.defaults, str(option.dest));
  if (found !== undefined) return givenValue(found);
  return option.action === "store_false" ? { state: "given", value: NONE } : option.default;
}

/**
 * What the usage line names beside options is left to the program. A usage line that names nothing else says that it
 * takes no words; without one that can be read nobody knows.
 */
function restOf(parser: OptionParser, parameters: readonly Parameter[]): RestWords | undefined {
  if (parser.usage === undefined) return leftOverWords(parameters, parser.line, "unknown");
  const [line = ""] = parser.usage
    .replace(/^\s*usage:/iu, "")
    .trim()
    .split("\n", 1);
  // The first word is the program itself.
  const words = line.replace(/^\S+/u, "").replaceAll(/\[-[^\]]*\]|\[?\boptions?\b\]?|--?[\w-]+(?:[ =]\S+)?/giu, " ");
  const [name] = /\b[A-Za-z][\w-]{1,30}\b/u.exec(words) ?? [];
  return name === undefined ? undefined : leftOverWords(parameters, parser.line, "likely", name);
}
