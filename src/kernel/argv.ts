import type * as z from "zod";
import {
  activeParameters,
  fail,
  ok,
  type Parameter,
  pickedSubcommand,
  type Result,
  SUBCOMMAND_KEY,
  subcommandDepth,
  type Tool,
  type ToolArguments,
  valueShape,
} from "../model/index.ts";
import { DIALECTS, type Dialect, PYTHON_TRUTH } from "./dialect.ts";
import { docoptArguments } from "./docopt-argv.ts";

type Json = z.core.util.JSONType;

/** What argv is built from. */
export type CommandSpec = Pick<Tool, "name" | "framework" | "parameters" | "subcommands" | "schema"> & {
  readonly entry?: Pick<Tool["entry"], "usage" | "arguments" | "rest">;
};

interface Context {
  readonly tool: CommandSpec;
  readonly dialect: Dialect;
  /** Characters that start an option in this tool: `-`, and what its own flags start with. */
  readonly prefixes: ReadonlySet<string>;
  /** An option looks like a negative number (`-1`), so a negative number could be taken for it. */
  readonly numericOptions: boolean;
}

/** One option with its values. `open` when its parser goes on taking arguments as values until an option or `--`. */
interface OptionPiece {
  readonly words: readonly string[];
  readonly open: boolean;
}

/** The options and positional values of one level: global, a group, or the subcommand itself. */
interface Level {
  readonly options: readonly OptionPiece[];
  readonly positionals: readonly string[];
  /** The last positional takes everything that follows, options too (argparse `REMAINDER`). */
  readonly remainder: boolean;
}

/**
 * The arguments of a call as a command line, without the command itself. No value can become an option: it is joined to
 * a declared option, or follows `--`, or does not look like an option. Where none of this is possible the value is
 * refused.
 * @param args checked arguments (`checkArguments`)
 */
export function buildArguments(tool: CommandSpec, args: ToolArguments): Result<readonly string[]> {
  if (tool.entry?.arguments === "json") return ok([JSON.stringify(args)]);
  if (tool.entry?.usage !== undefined) return docoptArguments(tool, tool.entry.usage, args);
  const flags = tool.parameters.flatMap((parameter) => parameter.flags);
  const context: Context = {
    tool,
    dialect: DIALECTS[tool.framework],
    prefixes: new Set(["-", ...flags.map((flag) => flag.charAt(0)).filter((first) => /[^\w]/.test(first))]),
    numericOptions: flags.some((flag) => /^-[\d.]/.test(flag)),
  };
  const subcommand = pickedSubcommand(args);
  const spliced = context.dialect.spliced ? unsafeInShell(args) : undefined;
  if (spliced !== undefined) {
    return refuse(context, spliced, "would become part of a shell line, where it could mean something else");
  }
  const words = subcommand === undefined || tool.subcommands.length === 0 ? [] : subcommand.split(" ");
  const active = activeParameters(tool, subcommand);
  const argv: string[] = [];
  for (let depth = 0; depth <= words.length; depth++) {
    const owned = active.filter((parameter) => subcommandDepth(parameter.subcommand) === depth);
    const level = readLevel(context, owned, args);
    if (!level.ok) return level;
    const last = depth === words.length;
    const written = writeLevel(context, level.value, last);
    if (!written.ok) return written;
    argv.push(...written.value);
    if (!last) argv.push(words[depth] ?? "");
  }
  return ok(argv);
}

/** Letters, digits and marks that mean nothing to a shell; no word that starts like an option. */
const PLAIN_WORDS = /^(?:(?!-)[\p{L}\p{N}_@%+=:,./-]+)?(?: (?!-)[\p{L}\p{N}_@%+=:,./-]+)*$/u;

/** The first argument with a value that cannot stand unquoted in a shell line. */
function unsafeInShell(args: ToolArguments): string | undefined {
  const isPlain = (value: Json): boolean =>
    Array.isArray(value) ? value.every(isPlain) : PLAIN_WORDS.test(String(value));
  return Object.keys(args).find((name) => {
    const value = args[name];
    return value !== undefined && name !== SUBCOMMAND_KEY && !isPlain(value);
  });
}

function refuse(context: Context, name: string, what: string): Result<never> {
  return fail("unsafe-argument", `${context.tool.name}: “${name}” ${what}`, { file: "arguments", field: name });
}

function readLevel(context: Context, owned: readonly Parameter[], args: ToolArguments): Result<Level> {
  const lost =
    context.tool.framework === "argparse" ? owned.find((parameter) => losesDashes(parameter, args)) : undefined;
  if (lost !== undefined) return refuse(context, lost.name, "cannot be “--”: argparse drops it");
  const options: OptionPiece[] = [];
  for (const parameter of owned) {
    const value = args[parameter.name];
    if (value === undefined || !isOption(context, parameter)) continue;
    const pieces = optionPieces(context, parameter, value);
    if (!pieces.ok) return pieces;
    options.push(...pieces.value);
  }
  const positionals = owned.filter((parameter) => !isOption(context, parameter));
  const values = positionalValues(context, positionals, args);
  if (!values.ok) return values;
  const remainder = positionals.at(-1)?.nargs === "...";
  return ok({ options, positionals: values.value, remainder });
}

/** argparse takes one `--` out of every parameter's values but a remainder's, even behind `=`. */
function losesDashes(parameter: Parameter, args: ToolArguments): boolean {
  return parameter.nargs !== "..." && [args[parameter.name]].flat(2).includes("--");
}

function isOption(context: Context, parameter: Parameter): boolean {
  return parameter.flags.length > 0 || (context.dialect.namedPositionals && !valueShape(parameter).many);
}

/** Positional values in the order of their parameters. A gap would shift them, so it is filled or refused. */
function positionalValues(
  context: Context,
  parameters: readonly Parameter[],
  args: ToolArguments,
): Result<readonly string[]> {
  const lastGiven = parameters.findLastIndex((parameter) => args[parameter.name] !== undefined);
  const values: string[] = [];
  for (const parameter of parameters.slice(0, lastGiven + 1)) {
    const value = args[parameter.name] ?? parameter.default ?? undefined;
    if (value === undefined) {
      if (valueShape(parameter).many && valueShape(parameter).min === 0) continue;
      const later = parameters[lastGiven]?.name ?? "";
      return refuse(context, parameter.name, `is needed: “${later}” comes after it on the command line`);
    }
    for (const item of Array.isArray(value) ? value : [value]) values.push(textOf(context, parameter, item));
  }
  return ok(values);
}

function writeLevel(context: Context, level: Level, last: boolean): Result<readonly string[]> {
  const closed = level.options.filter((option) => !option.open);
  const open = level.options.filter((option) => option.open);
  const { positionals } = level;
  const needsEnd = open.length > 0 && (positionals.length > 0 || !last);
  const suspicious = positionals.find((value) => looksLikeOption(context, value));
  const canEnd = context.dialect.doubleDash && last && !level.remainder && positionals.length > 0;
  if (suspicious !== undefined && !(canEnd || isSafeRemainder(context, level, suspicious))) {
    return refuse(
      context,
      suspicious,
      `starts with a dash and this tool's parser could take it for an option: say ./${suspicious} where a file is meant; an option becomes a parameter by a *.tool.yaml`,
    );
  }
  if (needsEnd && !canEnd && closed.length === 0) {
    return refuse(context, open[0]?.words[0] ?? "", "takes any number of values and nothing can end them here");
  }
  const words = [...open, ...closed].flatMap((option) => option.words);
  // An open option is ended by a closed one or by `--`.
  const dashes = canEnd && (suspicious !== undefined || (needsEnd && closed.length === 0));
  return ok([...words, ...(dashes ? ["--"] : []), ...positionals]);
}

/** A remainder takes everything after its first value verbatim; that first one must not look like an option. */
function isSafeRemainder(context: Context, level: Level, suspicious: string): boolean {
  return (
    level.remainder &&
    level.positionals.indexOf(suspicious) > 0 &&
    !looksLikeOption(context, level.positionals[0] ?? "")
  );
}

const NEGATIVE_NUMBER = /^-(?:\d+|\d*\.\d+)$/;

function looksLikeOption(context: Context, value: string): boolean {
  if (value.length < 2 || !context.prefixes.has(value.charAt(0)))
    return context.tool.framework === "fire" && value === "-";
  const number = context.dialect.negativeNumbers && !context.numericOptions && NEGATIVE_NUMBER.test(value);
  return !number;
}

function preferredFlag(parameter: Parameter): string {
  const flag = parameter.flags.find((candidate) => candidate.startsWith("--")) ?? parameter.flags[0];
  return flag ?? `--${parameter.name}`;
}

const SWITCHES: ReadonlySet<string> = new Set([
  "store_true",
  "store_false",
  "store_const",
  "append_const",
  "boolean_optional",
  "flag",
  "help",
  "version",
]);

function optionPieces(context: Context, parameter: Parameter, value: Json): Result<readonly OptionPiece[]> {
  if (parameter.action === "count" && typeof value === "number") {
    const flag = preferredFlag(parameter);
    return ok(Array.from({ length: value }, () => ({ words: [flag], open: false })));
  }
  if (typeof value === "boolean" && isSwitch(context, parameter)) return switchPieces(context, parameter, value);
  if (parameter.action === "append" && Array.isArray(value)) return appendPieces(context, parameter, value);
  if (Array.isArray(value)) return listPieces(context, parameter, value);
  return valuePieces(context, parameter, [value]);
}

/** An option without a value. Fire's take one (`--name=True`), and so does one that says so (`nargs`, action `store`). */
function isSwitch(context: Context, parameter: Parameter): boolean {
  if (context.dialect.namedPositionals) return false;
  if (parameter.action !== undefined && SWITCHES.has(parameter.action)) return true;
  if (onOffFlags(parameter) !== undefined) return true;
  if (parameter.action !== undefined || !context.dialect.plainSwitches) return false;
  return parameter.type === "boolean" && (parameter.nargs ?? 0) === 0;
}

/** The pair of a switch that can be turned on and off (`--color`, `--no-color`; `--nocolor` for absl). */
function onOffFlags(parameter: Parameter): { readonly on: string; readonly off: string } | undefined {
  for (const off of parameter.flags) {
    const on = /^--no-?(.+)$/u.exec(off)?.[1];
    if (on !== undefined && parameter.flags.includes(`--${on}`)) return { on: `--${on}`, off };
  }
  return undefined;
}

function switchPieces(context: Context, parameter: Parameter, value: boolean): Result<readonly OptionPiece[]> {
  const pair = onOffFlags(parameter);
  if (pair !== undefined) return ok([{ words: [value ? pair.on : pair.off], open: false }]);
  const whenGiven = parameter.action !== "store_false";
  if (value === whenGiven) return ok([{ words: [preferredFlag(parameter)], open: false }]);
  if (parameter.default === whenGiven)
    return refuse(context, parameter.name, `cannot be ${value}: it has no such option`);
  return ok([]);
}

/** One occurrence per item; a flat list of an option with a fixed count of values is cut into occurrences. */
function appendPieces(context: Context, parameter: Parameter, value: readonly Json[]): Result<readonly OptionPiece[]> {
  const size = typeof parameter.nargs === "number" ? Math.max(1, parameter.nargs) : 1;
  const isFlat = value.every((item) => !Array.isArray(item));
  const items = isFlat && size > 1 ? chunks(value, size) : value;
  return collect(items, (item) => valuePieces(context, parameter, Array.isArray(item) ? item : [item]));
}

function chunks(values: readonly Json[], size: number): Json[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

function listPieces(context: Context, parameter: Parameter, value: readonly Json[]): Result<readonly OptionPiece[]> {
  const repeated = parameter.nargs === undefined || parameter.action === "extend";
  if (!repeated) return valuePieces(context, parameter, value);
  return collect(value, (item) => valuePieces(context, parameter, [item]));
}

function collect(
  items: readonly Json[],
  write: (item: Json) => Result<readonly OptionPiece[]>,
): Result<readonly OptionPiece[]> {
  const all: OptionPiece[] = [];
  for (const item of items) {
    const written = write(item);
    if (!written.ok) return written;
    all.push(...written.value);
  }
  return ok(all);
}

function valuePieces(context: Context, parameter: Parameter, values: readonly Json[]): Result<readonly OptionPiece[]> {
  const flag = preferredFlag(parameter);
  const texts = values.map((value) => textOf(context, parameter, value));
  const [first, ...rest] = texts;
  if (first === undefined) return ok([{ words: [flag], open: true }]);
  if (rest.length === 0) {
    const joined = joinValue(context, flag, first);
    return joined.ok ? ok([{ words: joined.value, open: false }]) : joined;
  }
  const counted = context.dialect.countsValues && typeof parameter.nargs === "number";
  const suspicious = texts.find((text) => looksLikeOption(context, text));
  if (suspicious !== undefined && !counted) {
    return refuse(
      context,
      parameter.name,
      `has a value that could be taken for an option: ${JSON.stringify(suspicious)}`,
    );
  }
  const open = typeof parameter.nargs !== "number";
  return ok([{ words: [flag, ...texts], open }]);
}

/** One option with one value, so that no parser of this dialect takes the value for another option. */
function joinValue(context: Context, flag: string, value: string): Result<readonly string[]> {
  const { dialect } = context;
  if (flag.endsWith("=")) return ok([flag + value]);
  const long = flag.startsWith("--");
  if ((long ? dialect.long : dialect.short) === "equals") return ok([`${flag}=${value}`]);
  if (!looksLikeOption({ ...context, dialect: { ...dialect, negativeNumbers: false } }, value))
    return ok([flag, value]);
  if (long) return ok([`${flag}=${value}`]);
  if (flag.length === 2) return ok([flag + value]);
  return refuse(context, flag, `cannot take a value that starts with a dash: ${JSON.stringify(value)}`);
}

/** Fire reads values as Python literals, so text is written as one; JSON strings are Python strings too. */
function textOf(context: Context, parameter: Parameter, value: Json): string {
  if (typeof value === "boolean") {
    // What reads its own truth values (HfArgumentParser, str2bool) has no type here, and takes no empty text.
    return (parameter.type === undefined ? PYTHON_TRUTH : context.dialect.truth)[value ? 0 : 1];
  }
  if (typeof value === "string") {
    const literal = context.tool.framework === "fire" && valueShape(parameter).item === "string";
    return literal ? JSON.stringify(value) : value;
  }
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
