import type { Parameter, Subcommand } from "../../model/index.ts";
import type { RunEvent } from "../evaluate/index.ts";
import { ARGPARSE_CONSTANTS, argparseModels, type Parser, parserOf, type SubparserEntry } from "./argparse.ts";
import { dataclassParserModels } from "./argparse-dataclasses.ts";
import { toParameter } from "./argparse-parameters.ts";
import type { Reader } from "./reader.ts";
import type { CommandLine, Gap } from "./reading.ts";

/** How deep subcommands may nest; a parser can be made its own subcommand's parent. */
const MAX_NESTING = 8;

/** A parser's parameters and subcommands, flattened. */
function flattenParser(parser: Parser): {
  readonly parameters: readonly Parameter[];
  readonly subcommands: readonly Subcommand[];
  readonly gaps: readonly Gap[];
} {
  const parameters: Parameter[] = [];
  const subcommands: Subcommand[] = [];
  const gaps: Gap[] = [];
  const above = new Set<Parser>();
  const visit = (current: Parser, path: readonly string[]): void => {
    if (path.length > MAX_NESTING || above.has(current)) return;
    above.add(current);
    gaps.push(...current.gaps);
    parameters.push(...ownParameters(current, path));
    for (const entry of current.subparsers.flatMap((item) => item.entries)) {
      const inner = [...path, entry.name];
      subcommands.push(toSubcommand(entry, inner));
      visit(entry.parser, inner);
    }
    above.delete(current);
  };
  visit(parser, []);
  return { parameters, subcommands, gaps };
}

function ownParameters(parser: Parser, path: readonly string[]): Parameter[] {
  const subcommand = path.length === 0 ? undefined : path.join(" ");
  return parser.arguments.flatMap((argument) => toParameter(argument, parser, subcommand) ?? []);
}

function toSubcommand(entry: SubparserEntry, path: readonly string[]): Subcommand {
  const help = entry.help ?? entry.parser.description;
  return { path: path.join(" "), line: entry.line, ...(help === undefined ? {} : { help }) };
}

/** `argparse`, and libraries that are called the same way. */
export const argparseReader: Reader = {
  framework: "argparse",
  calls: [...argparseModels(), ...dataclassParserModels()],
  constants: ARGPARSE_CONSTANTS,
  read: readRuns,
};

/**
 * The parser that gets the whole command line: the first that parses for good, else the last that takes a first look.
 * Parsers that only take a first look add what the other one does not have.
 */
export function readRuns(events: readonly RunEvent[]): CommandLine | null {
  const main = mainRun(events);
  const parser = parserOf(main?.subject);
  if (main === undefined || parser === undefined) return null;
  const { parameters, subcommands, gaps } = flattenParser(parser);
  const all = [...parameters];
  for (const parameter of preliminaryParameters(events, parser)) {
    if (!all.some((known) => isSame(known, parameter))) all.push(parameter);
  }
  return {
    framework: "argparse",
    name: parser.prog,
    description: parser.description,
    epilog: parser.epilog,
    parameters: all,
    subcommands,
    line: parser.file === main.file ? parser.line : undefined,
    gaps,
  };
}

function mainRun(events: readonly RunEvent[]): RunEvent | undefined {
  const final = events.filter((event) => !event.preliminary);
  // A parser that takes one of several words and leaves the others to the parser that is chosen by it.
  const first = events.find((event) => event.preliminary && !event.conditional);
  const isDispatcher = parserOf(first?.subject)?.arguments.some(
    ({ flags, nargs, choices }) => flags.length === 0 && nargs.state === "absent" && choices.state !== "absent",
  );
  if (isDispatcher === true) return first;
  return final.find((event) => !event.conditional) ?? largest(final) ?? events.at(-1);
}

function preliminaryParameters(events: readonly RunEvent[], main: Parser): Parameter[] {
  return events.flatMap((event) => {
    const other = event.preliminary ? parserOf(event.subject) : undefined;
    return other === undefined || other === main ? [] : flattenParser(other).parameters;
  });
}

/** The run of the parser that takes most, what its subcommands take included. */
function largest(events: readonly RunEvent[]): RunEvent | undefined {
  if (events.length < 2) return events[0];
  const sizes = new Map(events.map((event) => [event, sizeOf(event)]));
  const size = (event: RunEvent): number => sizes.get(event) ?? 0;
  return [...events].sort((a, b) => size(b) - size(a))[0];
}

function sizeOf(event: RunEvent): number {
  const parser = parserOf(event.subject);
  return parser === undefined ? 0 : flattenParser(parser).parameters.length;
}

function isSame(a: Parameter, b: Parameter): boolean {
  if (a.subcommand !== b.subcommand) return false;
  if (a.flags.length === 0 || b.flags.length === 0) return a.name === b.name && a.flags.length === b.flags.length;
  return a.flags.some((flag) => b.flags.includes(flag));
}
