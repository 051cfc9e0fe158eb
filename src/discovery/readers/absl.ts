import type { Parameter } from "../../model/index.ts";
import {
  type CallArguments,
  type ExternalModel,
  enumMembers,
  type HostValue,
  type Interpreter,
  isEnumClass,
  isSequence,
  iterate,
  NONE,
  type RunEvent,
  str,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { leftOverWords } from "./left-over.ts";
import type { Reader } from "./reader.ts";
import {
  type CommandLine,
  confidenceOf,
  type Gap,
  type Given,
  given,
  givenBoolean,
  givenText,
  givenValue,
  type Json,
  optional,
  toJson,
  typeFields,
} from "./reading.ts";
import { soundsLikePath } from "./types.ts";

/** The flags of one program: absl keeps them in one register for all modules. */
interface Register {
  readonly flags: Map<string, Parameter>;
  readonly gaps: Gap[];
}

const REGISTERS = new WeakMap<Interpreter, Register>();

function registerOf(interpreter: Interpreter): Register {
  const known = REGISTERS.get(interpreter);
  if (known !== undefined) return known;
  const made: Register = { flags: new Map(), gaps: [] };
  REGISTERS.set(interpreter, made);
  return made;
}

/** What a `DEFINE_…` function makes of the text after the flag. */
interface FlagKind {
  readonly type: "string" | "integer" | "number" | "boolean";
  /** One value for each time that the flag is given. */
  readonly isRepeated?: boolean;
  /** Where the values to choose from are given: texts, or a class whose members' names they are. */
  readonly choices?: "enum_values" | "enum_class";
  /** One text that holds several values, joined by this. */
  readonly separator?: "," | " ";
}

/** https://github.com/abseil/abseil-py/blob/main/absl/flags/_defines.py */
const KINDS: Readonly<Record<string, FlagKind>> = {
  string: { type: "string" },
  integer: { type: "integer" },
  float: { type: "number" },
  bool: { type: "boolean" },
  boolean: { type: "boolean" },
  enum: { type: "string", choices: "enum_values" },
  enum_class: { type: "string", choices: "enum_class" },
  list: { type: "string", separator: "," },
  spaceseplist: { type: "string", separator: " " },
  multi_string: { type: "string", isRepeated: true },
  multi_integer: { type: "integer", isRepeated: true },
  multi_float: { type: "number", isRepeated: true },
  multi_enum: { type: "string", isRepeated: true, choices: "enum_values" },
  multi_enum_class: { type: "string", isRepeated: true, choices: "enum_class" },
};

function define(kind: FlagKind): ExternalModel {
  return (call, interpreter) => {
    const { flags, gaps } = registerOf(interpreter);
    const name = givenText(call, "name", 0);
    if (name === undefined) {
      gaps.push(gapOf(call, "A flag is declared whose name is not known before the program runs."));
      return unknown("a flag");
    }
    flags.set(name, flagParameter(name, kind, call, interpreter.conditional > 0));
    return flagHolder(name, call);
  };
}

function flagParameter(name: string, kind: FlagKind, call: CallArguments, isConditional: boolean): Parameter {
  const short = givenText(call, "short_name");
  const help = given(call, "help", kind.choices === undefined ? 2 : 3);
  const choices = kind.choices === undefined ? null : choicesOf(given(call, kind.choices, 2), call);
  const fallback = defaultOf(given(call, "default", 1), kind);
  const isUnknown = fallback.isUnknown || help.state === "unknown" || choices === undefined;
  const isPath = kind.type === "string" && choices === null && soundsLikePath(name);
  return {
    name,
    flags: [...flagsOf(name, kind.type === "boolean"), ...(short === undefined ? [] : [`-${short}`])],
    ...typeFields(kind.isRepeated === true, kind.type),
    ...optional("action", actionOf(kind)),
    required: givenBoolean(call, "required") === true,
    ...optional("default", fallback.value),
    ...optional("choices", choices ? [...choices] : undefined),
    ...optional("help", help.state === "given" ? textOf(help.value) : undefined),
    ...optional("isPath", isPath ? true : undefined),
    confidence: confidenceOf(isUnknown, isConditional),
    line: call.line,
  };
}

function flagsOf(name: string, isBoolean: boolean): readonly string[] {
  return isBoolean ? [`--${name}`, `--no${name}`] : [`--${name}`];
}

function actionOf({ type, isRepeated }: FlagKind): string | undefined {
  if (isRepeated === true) return "append";
  return type === "boolean" ? "flag" : undefined;
}

function gapOf(call: CallArguments, message: string): Gap {
  return { file: call.file, line: call.line, message };
}

/** What `DEFINE_…` gives back: the value itself is known only when the program runs. */
function flagHolder(name: string, call: CallArguments): HostValue {
  const fallback = given(call, "default", 1);
  const attributes = new Map<string, Value>([
    ["name", str(name)],
    ["value", unknown(`--${name}`)],
    ["default", fallback.state === "given" ? fallback.value : unknown("a flag's default")],
  ]);
  return { kind: "host", typeName: "absl.flags.FlagHolder", getAttribute: (attribute) => attributes.get(attribute) };
}

/** `undefined`: there are some, but they cannot be known. */
function choicesOf(found: Given, call: CallArguments): readonly Json[] | undefined {
  if (found.state !== "given") return undefined;
  const { value } = found;
  if (value.kind === "class" && isEnumClass(value)) {
    const isCaseSensitive = givenBoolean(call, "case_sensitive") === true;
    return enumMembers(value).map(({ name }) => (isCaseSensitive ? name : name.toLowerCase()));
  }
  const json = isSequence(value) ? toJson(value) : undefined;
  return Array.isArray(json) ? json : undefined;
}

function defaultOf(found: Given, kind: FlagKind): { readonly value?: Json; readonly isUnknown: boolean } {
  if (found.state !== "given") return { isUnknown: found.state === "unknown" };
  const { value } = found;
  if (value.kind === "none") return { isUnknown: false };
  const json = isSequence(value)
    ? memberNames(value.items, value.open)
    : value.kind === "enum"
      ? named(value)
      : toJson(value);
  if (json === undefined || json === null) return { isUnknown: true };
  if (kind.separator !== undefined && Array.isArray(json))
    return { value: json.join(kind.separator), isUnknown: false };
  return { value: kind.isRepeated === true && !Array.isArray(json) ? [json] : converted(json, kind), isUnknown: false };
}

/** A default is parsed as if it had been given as text. */
function converted(json: Json, { type }: FlagKind): Json {
  if (type === "boolean" && json !== true && json !== false) return /^(?:true|t|1|yes|y)$/iu.test(String(json));
  if ((type === "integer" || type === "number") && typeof json === "string" && json.trim() !== "") {
    return Number.isFinite(Number(json)) ? Number(json) : json;
  }
  return type === "string" && typeof json === "number" ? String(json) : json;
}

function named({ name }: Value & { kind: "enum" }): Json {
  return name.toLowerCase();
}

function memberNames(items: readonly Value[], open: boolean): Json | undefined {
  const json = items.map((item) => (item.kind === "enum" ? named(item) : toJson(item)));
  return open || json.includes(undefined) ? undefined : json.flatMap((item) => (item === undefined ? [] : [item]));
}

/** `DEFINE_alias(name, original)`: another name for a flag. */
const defineAlias: ExternalModel = (call, interpreter) => {
  const { flags } = registerOf(interpreter);
  const name = givenText(call, "name", 0);
  const original = flags.get(givenText(call, "original_name", 1) ?? "");
  if (name !== undefined && original !== undefined) {
    const more = flagsOf(name, original.type === "boolean");
    flags.set(original.name, { ...original, flags: [...original.flags, ...more] });
  }
  return NONE;
};

/** `DEFINE(parser, name, default, help)`: what the parser makes of the text is known to it alone. */
const defineWithParser: ExternalModel = (call, interpreter) => {
  const [, ...positional] = call.positional;
  return define({ type: "string" })({ ...call, positional }, interpreter);
};

/** The names that a call gives: a text, a flag holder, or a list of them. */
function namesOf(value: Value | undefined, interpreter: Interpreter): readonly string[] {
  const items =
    value === undefined
      ? []
      : value.kind === "str" || value.kind === "host"
        ? [value]
        : iterate(interpreter, value).items;
  return items.flatMap((item) => {
    const name = item.kind === "host" ? item.getAttribute?.("name") : item;
    return name?.kind === "str" ? [name.value] : [];
  });
}

const markRequired: ExternalModel = (call, interpreter) => {
  const { flags } = registerOf(interpreter);
  const marked = call.positional[0] ?? call.keywords.get("flag_name") ?? call.keywords.get("flag_names");
  for (const name of namesOf(marked, interpreter)) {
    const flag = flags.get(name);
    if (flag !== undefined && interpreter.conditional === 0) flags.set(name, { ...flag, required: true });
  }
  return NONE;
};

/** `set_default(flag, value)`. */
const setDefault: ExternalModel = (call, interpreter) => {
  const { flags } = registerOf(interpreter);
  const value = call.positional[1] ?? call.keywords.get("value");
  for (const name of namesOf(call.positional[0] ?? call.keywords.get("name"), interpreter)) {
    const flag = flags.get(name);
    if (flag === undefined || value === undefined) continue;
    const { default: _before, ...rest } = flag;
    const type = rest.type === "array" ? (rest.items?.type ?? "string") : rest.type;
    const isPlain = type === "integer" || type === "number" || type === "boolean";
    const kind: FlagKind = { type: isPlain ? type : "string", isRepeated: rest.type === "array" };
    const fallback = defaultOf(givenValue(value), kind);
    const isSure = interpreter.conditional === 0 && !fallback.isUnknown;
    flags.set(name, {
      ...rest,
      ...(isSure ? optional("default", fallback.value) : { confidence: "unknown" as const }),
    });
  }
  return NONE;
};

function run(call: CallArguments, interpreter: Interpreter): Value {
  const { file, line } = call;
  const read = (): CommandLine => commandLine(registerOf(interpreter), line);
  interpreter.record({ framework: "absl", subject: read, file, line, preliminary: false });
  return unknown("the result of a run");
}

/** `app.run(main)`; with a parser of its own the program reads its command line in another way. */
const runApp: ExternalModel = (call, interpreter) => {
  const parser = call.keywords.get("flags_parser");
  if (parser === undefined || parser.kind === "unknown") return run(call, interpreter);
  const argv = unknown("the words of the command line");
  return interpreter.call(parser, { ...interpreter.emptyCall(call.file, call.line), positional: [argv] });
};

/** `flags.FLAGS`: calling it parses the command line. */
const flagValues: ExternalModel = (call, interpreter) => run(call, interpreter);

function commandLine({ flags, gaps }: Register, line: number): CommandLine {
  const parameters = [...flags.values()];
  return {
    framework: "absl",
    parameters,
    subcommands: [],
    rest: leftOverWords(parameters, line, "unknown"),
    gaps,
  };
}

/** Where absl's flags are offered: TensorFlow keeps the old places. */
const FLAG_MODULES = [
  "absl.flags",
  "tensorflow.flags",
  "tensorflow.app.flags",
  "tensorflow.compat.v1.flags",
  "tensorflow.compat.v1.app.flags",
  "tensorflow.python.platform.flags",
] as const;

const APP_MODULES = ["absl.app", "tensorflow.app", "tensorflow.compat.v1.app"] as const;

export const abslReader: Reader = {
  framework: "absl",
  calls: [
    ...FLAG_MODULES.flatMap((module): (readonly [string, ExternalModel])[] => [
      ...Object.entries(KINDS).map(([name, kind]) => [`${module}.DEFINE_${name}`, define(kind)] as const),
      [`${module}.DEFINE`, defineWithParser],
      [`${module}.DEFINE_alias`, defineAlias],
      [`${module}.mark_flag_as_required`, markRequired],
      [`${module}.mark_flags_as_required`, markRequired],
      [`${module}.set_default`, setDefault],
      [`${module}.FLAGS.set_default`, setDefault],
      [`${module}.FLAGS`, flagValues],
    ]),
    ...APP_MODULES.map((module) => [`${module}.run`, runApp] as const),
  ],
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine) : null;
  },
};
