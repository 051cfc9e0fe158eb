import type { Parameter } from "../../model/index.ts";
import { isSequence, textOf, type Value } from "../evaluate/index.ts";
import { confidenceOf, type Given, givenValue, type Json, optional, toJson, typeFields } from "./reading.ts";
import { convertDefault, converterType, isPathOf, type ValueType } from "./types.ts";

/** One `add_argument` call, as far as it can be read. */
export interface Argument {
  readonly flags: readonly string[];
  readonly dest: string;
  readonly file: string;
  readonly line: number;
  readonly conditional: boolean;
  /** `store` when left out; `custom:Name` for an action class; `undefined` when not known. */
  readonly action: string | undefined;
  readonly nargs: Given;
  readonly constant: Given;
  default: Given;
  readonly type: Given;
  choices: Given;
  required: Given;
  help: Given;
  readonly metavar: Given;
  exclusiveGroup: string | undefined;
}

/** What of a parser its arguments depend on. */
export interface ArgumentOwner {
  readonly defaults: ReadonlyMap<string, Value>;
}

/** `argparse.SUPPRESS`. */
const SUPPRESS = "==SUPPRESS==";

/** Actions that take no value from the command line. */
const FLAG_ACTIONS: ReadonlySet<string> = new Set([
  "store_true",
  "store_false",
  "store_const",
  "append_const",
  "boolean_optional",
]);

/** Actions that are no parameter of the tool: they print and leave. */
const LEAVING_ACTIONS: ReadonlySet<string> = new Set(["help", "version"]);

/**
 * The parameter that an `add_argument` call declares, by argparse's own rules; `null` for `--help` and `--version`.
 * What is not known is left out and the confidence says so.
 */
export function toParameter(
  argument: Argument,
  parser: ArgumentOwner,
  subcommand: string | undefined,
): Parameter | null {
  if (argument.action !== undefined && LEAVING_ACTIONS.has(argument.action)) return null;
  const unknowns = new Set<string>();
  const nargs = nargsOf(argument, unknowns);
  const valueType = typeOf(argument, unknowns);
  const choices = choicesOf(argument, unknowns) ?? valueType.choices;
  const fallback = defaultOf(argument, parser, valueType, unknowns);
  const help = textGiven(argument.help, unknowns, "help");
  const required = requiredOf(argument, nargs.value, unknowns);
  return {
    name: argument.dest,
    flags: [...argument.flags],
    ...typeFields(nargs.isMany || isRepeated(argument.action), valueType.type),
    required,
    ...optional("default", fallback),
    ...optional("choices", choices && [...choices]),
    ...optional("nargs", nargs.value),
    ...optional("action", argument.action === "store" ? undefined : argument.action),
    ...optional("help", help === SUPPRESS ? undefined : help),
    ...optional("metavar", metavarOf(argument)),
    ...optional("subcommand", subcommand),
    ...optional("isPath", isPathOf(argument.dest, valueType)),
    ...optional("exclusiveGroup", argument.exclusiveGroup),
    ...optional("hidden", help === SUPPRESS ? true : undefined),
    confidence: confidenceOf(unknowns.size > 0, argument.conditional || isLikely(argument)),
    line: argument.line,
  };
}

/** Something about the argument is so unless the environment says otherwise. */
function isLikely({ default: fallback, help, choices, type }: Argument): boolean {
  return [fallback, help, choices, type].some((part) => part.state === "given" && part.isLikely === true);
}

/** Actions that gather the values of several occurrences. */
function isRepeated(action: string | undefined): boolean {
  return action === "append" || action === "extend";
}

function metavarOf(argument: Argument): string | undefined {
  const { metavar } = argument;
  return metavar.state === "given" && metavar.value.kind !== "none" ? textOf(metavar.value) : undefined;
}

function nargsOf(
  argument: Argument,
  unknowns: Set<string>,
): { readonly value: NonNullable<Parameter["nargs"]> | undefined; readonly isMany: boolean } {
  const { nargs } = argument;
  if (nargs.state === "unknown") unknowns.add("nargs");
  if (nargs.state !== "given" || nargs.value.kind === "none") return { value: undefined, isMany: false };
  const { value } = nargs;
  if (value.kind === "int") {
    const count = Number(value.value);
    return count >= 0 ? { value: count, isMany: count > 0 } : { value: undefined, isMany: false };
  }
  if (value.kind !== "str") return { value: undefined, isMany: false };
  switch (value.value) {
    case "?":
      return { value: "?", isMany: false };
    case "*":
    case "+":
    case "...":
      return { value: value.value, isMany: true };
    case "A...":
      return { value: "+", isMany: true };
    default:
      return { value: undefined, isMany: false };
  }
}

function typeOf(argument: Argument, unknowns: Set<string>): ValueType {
  if (argument.action === undefined) {
    unknowns.add("action");
    return {};
  }
  if (FLAG_ACTIONS.has(argument.action)) return { type: "boolean", isPath: false };
  if (argument.action === "count") return { type: "integer", isPath: false };
  if (argument.action.startsWith("custom:") && isFlagLike(argument)) return { type: "boolean", isPath: false };
  if (argument.type.state === "absent") return { type: "string" };
  const type = argument.type.state === "given" ? converterType(argument.type.value) : { isUnknown: true };
  if (type.isUnknown === true) unknowns.add("type");
  return type;
}

/** A custom action with `nargs=0` takes no value. */
function isFlagLike(argument: Argument): boolean {
  const { nargs } = argument;
  return nargs.state === "given" && nargs.value.kind === "int" && Number(nargs.value.value) === 0;
}

function choicesOf(argument: Argument, unknowns: Set<string>): readonly Json[] | undefined {
  const { choices } = argument;
  if (choices.state === "unknown") unknowns.add("choices");
  if (choices.state !== "given" || choices.value.kind === "none") return undefined;
  const { value } = choices;
  const items = value.kind === "dict" && !value.open ? [...value.entries.values()].map((entry) => entry.key) : null;
  const all = items ?? (isSequence(value) && !value.open ? value.items : null);
  const json = all?.map(toJson) ?? [undefined];
  if (all === null && value.kind === "str") return [...value.value];
  if (json.includes(undefined)) {
    unknowns.add("choices");
    return undefined;
  }
  return json.flatMap((item) => (item === undefined ? [] : [item]));
}

function defaultOf(
  argument: Argument,
  parser: ArgumentOwner,
  valueType: ValueType,
  unknowns: Set<string>,
): Json | undefined {
  const late = parser.defaults.get(argument.dest);
  const found: Given = late !== undefined && argument.default.state === "absent" ? givenValue(late) : argument.default;
  if (found.state === "unknown") unknowns.add("default");
  if (found.state === "absent") {
    if (argument.action === "store_true") return false;
    return argument.action === "store_false" ? true : undefined;
  }
  if (found.state === "unknown" || found.value.kind === "none") return undefined;
  const json = toJson(found.value);
  if (json === undefined) unknowns.add("default");
  if (json === undefined || json === SUPPRESS) return undefined;
  return convertDefault(json, valueType.type);
}

function requiredOf(argument: Argument, nargs: Parameter["nargs"], unknowns: Set<string>): boolean {
  if (argument.flags.length === 0) return nargs !== "?" && nargs !== "*" && nargs !== "...";
  const { required } = argument;
  if (required.state === "unknown") unknowns.add("required");
  if (required.state !== "given") return false;
  const { value } = required;
  if (value.kind === "bool") return value.value;
  return value.kind === "int" && Number(value.value) !== 0;
}

function textGiven(found: Given, unknowns: Set<string>, field: string): string | undefined {
  if (found.state === "unknown") unknowns.add(field);
  if (found.state !== "given" || found.value.kind === "none") return undefined;
  const text = textOf(found.value);
  if (text === undefined) unknowns.add(field);
  return text;
}
