import { commandSequences, type DocoptOption, parsePatterns, type UsagePattern } from "../discovery/index.ts";
import {
  fail,
  ok,
  type Parameter,
  pickedSubcommand,
  type Result,
  SUBCOMMAND_KEY,
  type ToolArguments,
} from "../model/index.ts";
import type { CommandSpec } from "./argv.ts";

type Json = ToolArguments[string];

/** What has been written so far of one pattern. Never changed: a way that fails leaves no trace. */
interface Written {
  readonly words: readonly string[];
  /** How many values of each given parameter, or 1 for a switch, have been written. */
  readonly used: ReadonlyMap<string, number>;
  readonly commands: readonly string[];
}

const EMPTY: Written = { words: [], used: new Map(), commands: [] };

/** Ways through a pattern that are tried. */
const MAX_WAYS = 20_000;

/**
 * The arguments of a call in the order that one of the tool's docopt patterns asks for. The first pattern that takes
 * all that is given, and needs nothing more, is used. No value can become an option: long options take theirs behind
 * `=`, short ones glued, and a positional value that starts with a dash is refused.
 */
export function docoptArguments(
  tool: CommandSpec,
  usage: readonly string[],
  args: ToolArguments,
): Result<readonly string[]> {
  const read = parsePatterns(usage, tool.parameters.filter((one) => one.flags.length > 0).map(optionOf));
  if (read === null) return fail("unsafe-argument", `${tool.name}: its usage cannot be read`);
  const dashed = tool.parameters.find((parameter) => parameter.flags.length === 0 && hasDash(args[parameter.name]));
  if (dashed !== undefined) {
    const place = { file: "arguments", field: dashed.name };
    const why = "starts with a dash and docopt could take it for an option";
    return fail("unsafe-argument", `${tool.name}: “${dashed.name}” ${why}`, place);
  }
  const picked = pickedSubcommand(args)?.split(" ") ?? [];
  const commands = meantCommands(read.patterns, picked);
  if (commands === null) {
    const place = { file: "arguments", field: SUBCOMMAND_KEY };
    return fail("invalid-arguments", `${tool.name}: say which subcommand: its usage has several that fit`, place);
  }
  const writer = new PatternWriter(tool.parameters, args, commands, read.shortcut);
  for (const pattern of read.patterns) {
    const words = writer.write(pattern);
    if (words !== null) return ok(words);
  }
  const lines = usage.map((line) => `“${line}”`).join(" or ");
  return fail("invalid-arguments", `${tool.name}: the arguments do not fit together: it takes ${lines}`, {
    file: "arguments",
    field: SUBCOMMAND_KEY,
  });
}

/** The command words that were picked, with those that always stand with them; `null` when that is not one set. */
function meantCommands(patterns: readonly UsagePattern[], picked: readonly string[]): readonly string[] | null {
  const sets = new Map<string, readonly string[]>();
  for (const words of patterns.flatMap(commandSequences)) {
    if (picked.every((word) => words.includes(word))) sets.set(keyOf(words), words);
  }
  const exact = sets.get(keyOf(picked));
  if (exact !== undefined) return exact;
  const [only, ...others] = sets.values();
  return only === undefined || others.length > 0 ? null : only;
}

function keyOf(words: readonly string[]): string {
  return [...new Set(words)].sort((a, b) => a.localeCompare(b)).join(" ");
}

function optionOf(parameter: Parameter): DocoptOption {
  const takesValue = parameter.action !== "store_true" && parameter.action !== "count";
  return {
    short: parameter.flags.find((flag) => !flag.startsWith("--")) ?? null,
    long: parameter.flags.find((flag) => flag.startsWith("--")) ?? null,
    takesValue,
  };
}

function hasDash(value: Json | undefined): boolean {
  const items = Array.isArray(value) ? value : [value];
  return items.some((item) => item !== undefined && String(item).length > 1 && String(item).startsWith("-"));
}

class PatternWriter {
  readonly #parameters: readonly Parameter[];
  readonly #args: ToolArguments;
  readonly #commands: string;
  readonly #shortcut: readonly DocoptOption[];
  /** How much has to be written. */
  readonly #given: ReadonlyMap<string, number>;
  #tried = 0;

  constructor(
    parameters: readonly Parameter[],
    args: ToolArguments,
    commands: readonly string[],
    shortcut: readonly DocoptOption[],
  ) {
    this.#parameters = parameters;
    this.#args = args;
    this.#commands = keyOf(commands);
    this.#shortcut = shortcut;
    this.#given = new Map(
      parameters.flatMap((parameter) => {
        const count = countOf(parameter, args[parameter.name]);
        return count === 0 ? [] : [[parameter.name, count] as const];
      }),
    );
  }

  write(pattern: UsagePattern): readonly string[] | null {
    this.#tried = 0;
    for (const written of this.#ways(pattern, EMPTY)) {
      if (this.#isComplete(written)) return written.words;
    }
    return null;
  }

  #isComplete({ used, commands }: Written): boolean {
    const all = [...this.#given].every(([name, count]) => used.get(name) === count);
    return all && keyOf(commands) === this.#commands;
  }

  /** The ways in which a pattern can be written after what is there, those that use more first. */
  *#ways(pattern: UsagePattern, before: Written): Generator<Written> {
    this.#tried += 1;
    if (this.#tried > MAX_WAYS) return;
    switch (pattern.kind) {
      case "command":
        yield { ...before, words: [...before.words, pattern.name], commands: [...before.commands, pattern.name] };
        return;
      case "argument":
        yield* this.#argument(pattern.name, before);
        return;
      case "option":
        yield* this.#option(pattern.option, before);
        return;
      case "shortcut":
        yield this.#shortcut.reduce((written, option) => this.#allOf(option, written), before);
        return;
      case "either":
        for (const child of pattern.children) yield* this.#ways(child, before);
        return;
      case "repeat":
        yield* this.#repeat(pattern.children, before);
        return;
      default:
        yield* this.#sequence(pattern.children, before, pattern.kind === "optional");
    }
  }

  *#sequence(children: readonly UsagePattern[], before: Written, mayOmit: boolean): Generator<Written> {
    const [first, ...rest] = children;
    if (first === undefined) {
      yield before;
      return;
    }
    for (const written of this.#ways(first, before)) yield* this.#sequence(rest, written, mayOmit);
    if (mayOmit) yield* this.#sequence(rest, before, mayOmit);
  }

  /** Once, then again as long as that writes something that was given. */
  *#repeat(children: readonly UsagePattern[], before: Written): Generator<Written> {
    for (const written of this.#sequence(children, before, false)) {
      if (written.used !== before.used) yield* this.#repeat(children, written);
      yield written;
    }
  }

  *#argument(name: string, before: Written): Generator<Written> {
    const plain = name.replace(/^<(.*)>$/u, "$1");
    const parameter = this.#parameters.find(
      (one) => one.flags.length === 0 && (one.metavar === name || one.name === plain),
    );
    const value = parameter === undefined ? undefined : this.#next(parameter, before);
    if (parameter === undefined || value === undefined) return;
    yield this.#add(before, parameter.name, [String(value)]);
  }

  *#option(option: DocoptOption, before: Written): Generator<Written> {
    const written = this.#once(option, before);
    if (written !== null) yield written;
  }

  #allOf(option: DocoptOption, before: Written): Written {
    let written = before;
    for (let next = this.#once(option, written); next !== null; next = this.#once(option, written)) written = next;
    return written;
  }

  #once(option: DocoptOption, before: Written): Written | null {
    const flag = option.long ?? option.short ?? "";
    const parameter = this.#parameters.find((one) => one.flags.includes(flag));
    const value = parameter === undefined ? undefined : this.#next(parameter, before);
    if (parameter === undefined || value === undefined) return null;
    return this.#add(before, parameter.name, option.takesValue ? valueWords(flag, String(value)) : [flag]);
  }

  /** The next value of a parameter that has not been written. */
  #next(parameter: Parameter, { used }: Written): Json | undefined {
    const count = used.get(parameter.name) ?? 0;
    if (count >= (this.#given.get(parameter.name) ?? 0)) return undefined;
    const value = this.#args[parameter.name];
    return Array.isArray(value) ? value[count] : value;
  }

  #add(before: Written, name: string, words: readonly string[]): Written {
    const used = new Map(before.used).set(name, (before.used.get(name) ?? 0) + 1);
    return { ...before, words: [...before.words, ...words], used };
  }
}

/** How often a parameter is written: once for each value, as often as counted, not at all for a switch that is off. */
function countOf(parameter: Parameter, value: Json | undefined): number {
  if (value === undefined || value === false || value === null) return 0;
  if (Array.isArray(value)) return value.length;
  return parameter.action === "count" && typeof value === "number" ? value : 1;
}

function valueWords(flag: string, value: string): readonly string[] {
  if (flag.startsWith("--")) return [`${flag}=${value}`];
  return value === "" ? [flag, value] : [flag + value];
}
