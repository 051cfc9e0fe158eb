import type * as z from "zod";
import {
  activeParameters,
  coerceArguments,
  fail,
  ok,
  type Parameter,
  type Result,
  SUBCOMMAND_KEY,
  type Tool,
  type ToolArguments,
  valueShape,
} from "../model/index.ts";

type Json = z.core.util.JSONType;

/**
 * Reads `--param value …` by a tool's parameters. Options are known by the tool's own flags and by parameter names
 * (`-` and `_` alike); words without one are the subcommand, then the positional parameters in order. After a second
 * `--` (the first one only ends toka's own options) every word is positional.
 */
export function parseToolArguments(tool: Tool, words: readonly string[]): Result<ToolArguments> {
  const reader = new WordReader(tool, words);
  const read = reader.read();
  return read.ok ? ok(coerceArguments(tool, read.value)) : read;
}

/**
 * The words after the tool with the first `--`, which the reader of toka's own options takes out, but only where none of the
 * tool's options stands before it.
 * @param typed the whole command line
 * @param words what was left of it for the tool
 */
export function withFirstDashes(typed: readonly string[], words: readonly string[]): readonly string[] {
  const first = typed.indexOf("--");
  if (first < 0) return words;
  const at = words.length - (typed.length - first - 1);
  return at < 0 || words[at - 1] === "--" ? words : [...words.slice(0, at), "--", ...words.slice(at)];
}

class WordReader {
  readonly #tool: Tool;
  readonly #words: readonly string[];
  readonly #args: ToolArguments = {};
  readonly #positionals: string[] = [];
  #subcommand: string | undefined;
  #dashes = 0;
  #index = 0;

  constructor(tool: Tool, words: readonly string[]) {
    this.#tool = tool;
    this.#words = words;
  }

  read(): Result<ToolArguments> {
    while (this.#index < this.#words.length) {
      const word = this.#words[this.#index] ?? "";
      this.#index++;
      const problem = this.#take(word);
      if (problem !== undefined) return problem;
    }
    const placed = this.#placePositionals();
    if (placed !== undefined) return placed;
    if (this.#subcommand !== undefined) this.#args[SUBCOMMAND_KEY] = this.#subcommand;
    return ok(this.#args);
  }

  #take(word: string): Result<never> | undefined {
    if (word === "--") {
      this.#dashes++;
      return undefined;
    }
    if (this.#dashes < 2 && word.length > 1 && word.startsWith("-")) {
      const option = this.#findOption(word);
      if (option !== undefined) return this.#takeOption(option.parameter, option.flag, option.value);
      if (!/^-\.?\d/.test(word)) return this.#wrong(`has no parameter “${word.split("=", 1)[0] ?? word}”`);
    }
    if (!this.#takeSubcommand(word)) this.#positionals.push(word);
    return undefined;
  }

  #wrong(what: string): Result<never> {
    const names = this.#active().map((parameter) => parameter.name);
    const known = names.length === 0 ? "it takes none here" : `it takes ${names.join(", ")}`;
    return fail("invalid-arguments", `${this.#tool.name} ${what}: ${known}`);
  }

  #active(): readonly Parameter[] {
    return activeParameters(this.#tool, this.#subcommand);
  }

  /** The word goes on the subcommand's path when some subcommand begins with that path. */
  #takeSubcommand(word: string): boolean {
    const path = this.#subcommand === undefined ? word : `${this.#subcommand} ${word}`;
    const paths = this.#tool.subcommands.map((subcommand) => subcommand.path);
    if (this.#positionals.length > 0 || !paths.some((known) => known === path || known.startsWith(`${path} `))) {
      return false;
    }
    this.#subcommand = path;
    return true;
  }

  #findOption(word: string): { parameter: Parameter; flag: string; value: string | undefined } | undefined {
    const active = this.#active();
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const exact = active.find((parameter) => parameter.flags.includes(flag));
    if (exact !== undefined) return { parameter: exact, flag, value };
    if (!flag.startsWith("--")) return undefined;
    const name = plain(flag.slice(2));
    const named = active.find((parameter) => plain(parameter.name) === name);
    if (named !== undefined) return { parameter: named, flag, value };
    const negated = name.startsWith("no_")
      ? active.find((parameter) => parameter.type === "boolean" && plain(parameter.name) === name.slice(3))
      : undefined;
    return negated === undefined ? undefined : { parameter: negated, flag, value: value ?? "false" };
  }

  #takeOption(parameter: Parameter, flag: string, value: string | undefined): Result<never> | undefined {
    if (parameter.action === "count" && value === undefined) return this.#count(parameter);
    if (parameter.type === "boolean" && !valueShape(parameter).many) {
      const given = value ?? this.#truthWord();
      const off = parameter.action === "store_false" && parameter.flags.includes(flag);
      const negative = off || isNegativeFlag(parameter, flag);
      this.#args[parameter.name] = given ?? !negative;
      return undefined;
    }
    if (value === undefined && valueShape(parameter).many) return this.#takeMany(parameter, flag);
    const next = value ?? this.#words[this.#index++];
    if (next === undefined) return this.#wrong(`needs a value after “${flag}”`);
    this.#store(parameter, [next]);
    return undefined;
  }

  #count(parameter: Parameter): undefined {
    const before = this.#args[parameter.name];
    this.#args[parameter.name] = (typeof before === "number" ? before : 0) + 1;
  }

  /** `--flag true`: a truth word after a switch is its value, so that `--param value` holds for every type. */
  #truthWord(): string | undefined {
    const next = this.#words[this.#index];
    if (next === undefined || !/^(?:true|false)$/i.test(next)) return undefined;
    this.#index++;
    return next;
  }

  #takeMany(parameter: Parameter, flag: string): Result<never> | undefined {
    const single = parameter.nargs === undefined;
    // An option that is repeated takes its fixed count each time.
    const most = single ? 1 : typeof parameter.nargs === "number" ? parameter.nargs : Number.POSITIVE_INFINITY;
    const values: string[] = [];
    while (values.length < most && this.#index < this.#words.length) {
      const word = this.#words[this.#index] ?? "";
      if (!single && (word === "--" || (word.startsWith("-") && this.#findOption(word) !== undefined))) break;
      values.push(word);
      this.#index++;
    }
    if (values.length === 0 && parameter.nargs !== "*") return this.#wrong(`needs a value after “${flag}”`);
    this.#store(parameter, values);
    return undefined;
  }

  #store(parameter: Parameter, values: readonly string[]): void {
    const before = this.#args[parameter.name];
    if (!valueShape(parameter).many) this.#args[parameter.name] = values[0] ?? "";
    else this.#args[parameter.name] = [...(Array.isArray(before) ? before : []), ...jsonList(values)];
  }

  /** Positional words go to the positional parameters that have no value yet; an open-ended one leaves enough for the rest. */
  #placePositionals(): Result<never> | undefined {
    const open = this.#active().filter(
      (parameter) => parameter.flags.length === 0 && this.#args[parameter.name] === undefined,
    );
    let rest = this.#positionals;
    for (const [index, parameter] of open.entries()) {
      const later = open.slice(index + 1).reduce((sum, other) => sum + (other.required ? valueShape(other).min : 0), 0);
      const room = Math.max(0, rest.length - later);
      const taken = rest.slice(0, Math.min(valueShape(parameter).max, room));
      if (taken.length === 0) continue;
      this.#store(parameter, taken);
      rest = rest.slice(taken.length);
    }
    return rest.length === 0 ? undefined : this.#wrong(`has no place for “${rest[0] ?? ""}”`);
  }
}

function jsonList(values: readonly string[]): Json[] {
  return [...values];
}

/** `--no-color` of a switch that also has `--color`. */
function isNegativeFlag(parameter: Parameter, flag: string): boolean {
  return flag.startsWith("--no-") && parameter.flags.includes(`--${flag.slice("--no-".length)}`);
}

function plain(name: string): string {
  return name.replaceAll("-", "_").toLowerCase();
}
