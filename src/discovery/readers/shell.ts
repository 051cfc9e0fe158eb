import type { Parameter, Tool } from "../../model/index.ts";
import { scriptCapabilities } from "../capabilities/index.ts";
import { categoryOf } from "../category.ts";
import { firstParagraph } from "../python-tool.ts";
import { argumentsSchema } from "../schema.ts";
import { headerComment } from "./script.ts";
import { type Chosen, caseOptions, distinctBy, isSubcommandName, type Line, type Word } from "./shell-cases.ts";
import { getoptOptions, getoptsOptions, getoptsVariables, type Option } from "./shell-getopt.ts";
import { logicalLines, shellCommands } from "./shell-words.ts";
import { soundsLikePath } from "./types.ts";

/** What the file system says about a script. */
export interface ShellFacts {
  readonly isExecutable: boolean;
}

/**
 * The tool that a shell script is, `null` for one that only defines functions to be sourced. Options come from
 * `getopts` strings and from `case "$1"` loops, their help from the script's usage text.
 */
export function readShell(file: string, text: string, facts: ShellFacts): Tool | null {
  const lines = logicalLines(text);
  const commands = shellCommands(text);
  const functions = functionNames(lines);
  const hasShebang = text.startsWith("#!");
  if (!hasShebang && !facts.isExecutable && isLibrary(lines)) return null;
  const usage = usageLines(text);
  const getopts = [...getoptsOptions(lines), ...getoptOptions(lines)];
  const cases = caseOptions(lines, getoptsVariables(lines));
  const parameters = toParameters([...getopts, ...cases.options], usage);
  const hasOptions = cases.options.length + getopts.length > 0;
  const positional =
    cases.chosen !== null && !hasOptions
      ? wordsOfSubcommands(cases.chosen, lines)
      : positionals(lines, hasOptions, usage, cases.words);
  const all = [...parameters, ...positional];
  const stem = file.slice(file.lastIndexOf("/") + 1).replace(/\.(?:ba)?sh$/u, "");
  const description = firstParagraph(headerComment(text)) ?? "";
  const capabilities = scriptCapabilities(file, text, commands, functions);
  return {
    id: file,
    name: stem,
    kind: "shell",
    file,
    line: 1,
    framework: getopts.length > 0 ? "getopts" : "shell",
    description,
    category: categoryOf(stem, description, capabilities, undefined),
    source: "inferred",
    entry: { argv: [interpreterOf(text), file] },
    parameters: all,
    subcommands: cases.subcommands,
    schema: argumentsSchema(all, cases.subcommands),
    capabilities,
  };
}

/** The shell that the first line names; `bash` where it says nothing. */
function interpreterOf(text: string): string {
  const first = text.slice(0, 200).split("\n", 1)[0] ?? "";
  const name = /^#!.*?\b((?:ba|da|k|z|a)?sh)\b/u.exec(first)?.[1];
  return name ?? "bash";
}

function functionNames(lines: readonly Line[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { text } of lines) {
    const match = /^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\))/u.exec(text);
    const name = match?.[1] ?? match?.[2];
    if (name !== undefined) names.add(name);
  }
  return names;
}

/** Only functions, assignments and comments at the outermost level: something to be sourced. */
function isLibrary(lines: readonly Line[]): boolean {
  let depth = 0;
  for (const { text } of lines) {
    const trimmed = text.trim();
    if (depth === 0 && trimmed !== "" && !trimmed.startsWith("#")) {
      const defines = /^(?:function\s+[\w:.-]+|[\w:.-]+\s*\(\))/u.test(trimmed);
      const assigns = /^(?:export\s+|readonly\s+|declare\s+\S+\s+)?[A-Za-z_]\w*=/u.test(trimmed);
      if (!defines && !assigns && !/^(?:alias|set|shopt)\b/u.test(trimmed) && trimmed !== "}" && trimmed !== "{")
        return false;
    }
    depth += count(trimmed, "{") - count(trimmed, "}");
    if (depth < 0) depth = 0;
  }
  return true;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

// --- parameters -------------------------------------------------------------------------------------------------

function toParameters(options: readonly Option[], usage: readonly string[]): Parameter[] {
  const parameters: Parameter[] = [];
  for (const option of options) {
    const known = parameters.find((parameter) => option.flags.some((flag) => parameter.flags.includes(flag)));
    if (known !== undefined) {
      joinFlags(known, option, parameters);
      continue;
    }
    const flag = option.flags.find((item) => item.startsWith("--")) ?? option.flags[0] ?? "";
    const name = flag.replace(/^-+/u, "").replaceAll("-", "_");
    const help = helpOf(option.flags, usage);
    parameters.push({
      name,
      flags: [...option.flags],
      type: option.takesValue ? "string" : "boolean",
      required: false,
      ...(option.takesValue ? {} : { default: false, action: "store_true" }),
      ...(help === undefined ? {} : { help }),
      ...(option.takesValue && soundsLikePath(name) ? { isPath: true } : {}),
      confidence: option.isCertain ? "certain" : "likely",
      line: option.line,
    });
  }
  return parameters;
}

/** An arm `-o | --output)` says that two options of a `getopt` text are one. */
function joinFlags(known: Parameter, option: Option, parameters: Parameter[]): void {
  for (const flag of option.flags.filter((one) => !known.flags.includes(one))) {
    const other = parameters.findIndex((parameter) => parameter.flags.includes(flag));
    if (other !== -1) parameters.splice(other, 1);
    known.flags.push(flag);
    if (flag.startsWith("--") && !/^\w\w/u.test(known.name)) known.name = flag.replace(/^-+/u, "").replaceAll("-", "_");
  }
}

/** What follows a subcommand: the words that its arm reads, and those that the script reads whichever it is. */
function wordsOfSubcommands({ arms, from, to }: Chosen, lines: readonly Line[]): Parameter[] {
  const all = ownLines(lines);
  // A function that tells them apart is given all of the words.
  const own = all.some(({ line }) => line === from) ? all.filter(({ line }) => line < from || line > to) : [];
  const shift = own.find(({ line, text }) => line <= from && SHIFT.test(text))?.line ?? Number.POSITIVE_INFINITY;
  const general = own.map(({ line, text }) => readWords(text, line > shift ? 1 : 0));
  return arms.flatMap(({ patterns, body, line }) => {
    const isShifted = shift < from || SHIFT.test(body);
    const used = [...general, readWords(body, isShifted ? 1 : 0)];
    const last = Math.max(...used.map((one) => one.last));
    const hasRest = used.some((one) => one.hasRest);
    const names = Array.from({ length: Math.max(0, last - 1) }, (_none, index) => `arg${index + 1}`);
    return patterns.filter(isSubcommandName).flatMap((subcommand) => [
      ...names.map((name): Parameter => {
        return { name, flags: [], type: "string", required: false, subcommand, confidence: "likely", line };
      }),
      ...(hasRest ? [{ ...restParameter(line, "args"), subcommand }] : []),
    ]);
  });
}

const SHIFT = /(?:^|[\s;&])shift\b/u;

/** The last of the words that a text reads (the subcommand is the first one), and whether it reads all that follow. */
function readWords(text: string, shifted: number): { readonly last: number; readonly hasRest: boolean } {
  const positions = [...text.matchAll(/\$\{?([1-9])\b/gu)].map((match) => Number(match[1]) + shifted);
  return { last: Math.max(1, ...positions), hasRest: /\$\{?[@*](?![\w#])/u.test(text) };
}

/** The lines that run with the script's own arguments: not those of functions, and without quoted programs of others. */
function ownLines(lines: readonly Line[]): readonly Line[] {
  let depth = 0;
  let isFunction = false;
  return lines.flatMap(({ line, text }) => {
    const trimmed = text.trim();
    const begins = depth === 0 && /^(?:function\s+[\w:.-]+|[\w:.-]+\s*\(\))/u.test(trimmed);
    isFunction = begins || (isFunction && depth > 0) || (isFunction && trimmed.startsWith("{"));
    const isInside = isFunction;
    if (isFunction) depth = Math.max(0, depth + count(trimmed, "{") - count(trimmed, "}"));
    if (isFunction && depth === 0 && trimmed.includes("}")) isFunction = false;
    return isInside || trimmed.startsWith("#") ? [] : [{ line, text: text.replaceAll(/'[^']*'/gu, "''") }];
  });
}

/** `$1`, `$2`… outside option loops; `"$@"` is any number of words. */
function positionals(
  lines: readonly Line[],
  hasOptions: boolean,
  usage: readonly string[],
  words: readonly Word[],
): Parameter[] {
  const named = usagePositionals(usage);
  const used = ownLines(lines);
  const all = used.find(({ text }) => /\$[@*]/u.test(text));
  const highest = Math.max(
    0,
    ...used.flatMap(({ text }) => [...text.matchAll(/\$\{?([1-9])\b/gu)].map((match) => Number(match[1]))),
  );
  const parameters: Parameter[] = [];
  if (!hasOptions) {
    for (let position = 1; position <= highest; position += 1) {
      const line = used.find(({ text }) => new RegExp(`\\$\\{?${position}\\b`, "u").test(text))?.line ?? 1;
      const name = named[position - 1]?.name ?? `arg${position}`;
      parameters.push({
        name,
        flags: [],
        type: "string",
        required: isRequiredPosition(position, used) && named[position - 1]?.isOptional !== true,
        ...(soundsLikePath(name) ? { isPath: true } : {}),
        confidence: "likely",
        line,
      });
    }
  }
  if (all !== undefined && highest === 0 && !hasOptions) parameters.push(restParameter(all.line, "args"));
  else if (hasOptions && named.length > 0) parameters.push(restParameter(1, named[0]?.name ?? "args"));
  else if (hasOptions) parameters.push(...words.map(wordParameter));
  return distinctBy(parameters, (parameter) => parameter.name);
}

function restParameter(line: number, name: string): Parameter {
  return {
    name,
    flags: [],
    type: "array",
    items: { type: "string" },
    required: false,
    nargs: "*",
    ...(soundsLikePath(name) ? { isPath: true } : {}),
    confidence: "likely",
    line,
  };
}

function wordParameter({ name, isList, line }: Word): Parameter {
  if (isList) return restParameter(line, name);
  const path = soundsLikePath(name) ? { isPath: true } : {};
  return { name, flags: [], type: "string", required: false, ...path, confidence: "likely", line };
}

/** `${1:-default}` and tests for emptiness say that an argument may be left out; `${1:?message}` that it may not. */
function isRequiredPosition(position: number, lines: readonly Line[]): boolean {
  return lines.some(({ text }) => text.includes(`\${${position}:?`));
}

/** Lines of the script's usage text: echoed, in a here document, or in the head comment. */
function usageLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/u)
    .filter((line) => line.length < 500)
    .map((line) =>
      line
        .replace(/^\s*(?:echo|printf)\s+(?:-e\s+)?["']?/u, "")
        .replace(/^\s*#\s?/u, "")
        .replace(/["']\s*(?:>&2)?\s*(?:;\s*\}?)?$/u, ""),
    );
}

function helpOf(flags: readonly string[], usage: readonly string[]): string | undefined {
  for (const line of usage) {
    const match =
      /^\s*((?:--?[A-Za-z0-9][\w-]*(?:[ =](?:<[^>]+>|\[[^\]]+\]|[A-Z][A-Z0-9_-]*))?(?:\s*[,|/]\s*)?)+)(?:\s{2,}|\t+|\s*[:—-]\s+)(\S.*)$/u.exec(
        line,
      );
    const named: readonly string[] = match?.[1]?.match(/--?[A-Za-z0-9][\w-]*/gu) ?? [];
    if (match?.[2] !== undefined && flags.some((flag) => named.includes(flag))) {
      return match[2].replace(/\\n$/u, "").trim();
    }
  }
  return undefined;
}

/** Positional names in a `Usage: name [options] FILE [DEST]` line. */
function usagePositionals(
  usage: readonly string[],
): readonly { readonly name: string; readonly isOptional: boolean }[] {
  const line = usage.find((item) => /^\s*usage:?\s+\S+/iu.test(item));
  if (line === undefined) return [];
  const rest = line.replace(/^\s*usage:?\s+\S+/iu, "");
  const names: { name: string; isOptional: boolean }[] = [];
  for (const match of rest.matchAll(/(\[)?<([\w -]+)>|(\[)?(?<![\w<-])([A-Z][A-Z0-9_]+)(?![\w>])/gu)) {
    const before = rest.slice(0, match.index);
    // `-o FILE`: the value of an option.
    if (/-[\w-]+[ =]\[?$/u.test(before)) continue;
    const name = (match[2] ?? match[4] ?? "")
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/gu, "_");
    if (name === "options" || name === "option") continue;
    names.push({ name, isOptional: match[1] !== undefined || match[3] !== undefined || before.endsWith("[") });
  }
  return names;
}
