import {
  activeParameters,
  checkArguments,
  coerceArguments,
  type Parameter,
  SUBCOMMAND_KEY,
  type Subcommand,
  type Tool,
  type ToolArguments,
  valueShape,
} from "../../model/index.ts";
import { parameterLabel } from "./tool.ts";
import type { Translate } from "./translate.ts";

/** One value of an argument, as JSON. */
export type ArgumentValue = ToolArguments[string];

/** How a parameter is best asked: a switch, one or several of a list, or text. */
export type StepForm = "switch" | "choice" | "choices" | "text";

/** The form in which a parameter is asked. */
export function stepForm(parameter: Parameter): StepForm {
  const shape = valueShape(parameter);
  if (parameter.choices !== undefined && parameter.choices.length > 0) return shape.many ? "choices" : "choice";
  return parameter.type === "boolean" && !shape.many ? "switch" : "text";
}

/** The subcommands that a person can pick; a group that only holds others is left out. */
export function pickableSubcommands(tool: Tool): readonly Subcommand[] {
  return tool.subcommands.filter(({ path }) => !tool.subcommands.some((other) => other.path.startsWith(`${path} `)));
}

/** The tool can be called without a subcommand. */
export function subcommandOptional(tool: Tool): boolean {
  const required = tool.schema["required"];
  return !(Array.isArray(required) && required.includes(SUBCOMMAND_KEY));
}

/** The parameters of a call: those that must be asked, then those that may be left out, what has no flag first. */
export function splitParameters(
  tool: Tool,
  subcommand: string | undefined,
): { readonly required: readonly Parameter[]; readonly optional: readonly Parameter[] } {
  const active = activeParameters(tool, subcommand);
  return {
    required: active.filter((parameter) => parameter.required),
    optional: active
      .filter((parameter) => !parameter.required)
      .toSorted((one, other) => Number(one.flags.length > 0) - Number(other.flags.length > 0)),
  };
}

/**
 * Splits typed text into values as a shell splits words: at blanks, with `'` and `"` around values that hold blanks and
 * `\` before a character that stands for itself. An unclosed quote reaches to the end.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s'"\\]|\\.?|'[^']*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|\\?$))+/gsu)) {
    words.push(word.replaceAll(/'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.?)/gsu, unquoted));
  }
  return words;
}

function unquoted(_whole: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replaceAll(/\\(.)/gsu, "$1") ?? escaped ?? "";
}

function quoted(word: string): string {
  return word !== "" && /^[^\s'"\\]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The text of an input box as the parameter's value; typed where the text can only mean one value. */
export function readText(tool: Tool, parameter: Parameter, args: ToolArguments, text: string): ArgumentValue {
  const value = valueShape(parameter).many ? splitWords(text) : text;
  const coerced = coerceArguments(tool, { ...subcommandOf(args), [parameter.name]: value });
  return coerced[parameter.name] ?? value;
}

/** A value as the text that an input box starts with; the reverse of {@link readText}. */
export function writeText(value: ArgumentValue | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((item) => quoted(writeText(item))).join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function subcommandOf(args: ToolArguments): ToolArguments {
  const picked = args[SUBCOMMAND_KEY];
  return picked === undefined ? {} : { [SUBCOMMAND_KEY]: picked };
}

/** What is wrong with one value, in a sentence that names the parameter, not the tool again; nothing when it is good. */
function valueProblem(tool: Tool, parameter: Parameter, args: ToolArguments, value: ArgumentValue): string | undefined {
  const problems = checkArguments(tool, { ...subcommandOf(args), [parameter.name]: value });
  const message = problems.find((problem) => problem.place?.field === parameter.name)?.message;
  return message?.startsWith(`${tool.name}: `) ? message.slice(tool.name.length + 2) : message;
}

/**
 * What is wrong with the text typed for a parameter. A required one must not be empty; an optional one that is empty
 * is left out.
 */
export function textProblem(
  tool: Tool,
  parameter: Parameter,
  args: ToolArguments,
  text: string,
  t: Translate,
): string | undefined {
  if (text.trim() === "") return parameter.required ? t("“{0}” is required.", parameter.name) : undefined;
  return valueProblem(tool, parameter, args, readText(tool, parameter, args, text));
}

/** The arguments with one value set, without those that exclude it; `undefined` leaves the parameter out. */
export function withValue(
  tool: Tool,
  args: ToolArguments,
  parameter: Parameter,
  value: ArgumentValue | undefined,
): ToolArguments {
  const picked = args[SUBCOMMAND_KEY];
  const group = parameter.exclusiveGroup;
  const excluded =
    group === undefined || value === undefined || value === false
      ? []
      : activeParameters(tool, typeof picked === "string" ? picked : undefined)
          .filter((other) => other.exclusiveGroup === group && other.subcommand === parameter.subcommand)
          .map((other) => other.name);
  const kept = Object.entries(args).filter(([name]) => name !== parameter.name && !excluded.includes(name));
  return Object.fromEntries(value === undefined ? kept : [...kept, [parameter.name, value]]);
}

/** What the list of options shows behind an option: the value that will be passed, else the default. */
export function valueNote(parameter: Parameter, args: ToolArguments, t: Translate): string {
  const value = args[parameter.name];
  if (value !== undefined) return value === true ? t("on") : `= ${writeText(value)}`;
  if (parameter.type === "boolean") return parameter.default === true ? t("on by default") : "";
  const fallback = parameter.default;
  return fallback === undefined || fallback === null || fallback === "" ? "" : t("default {0}", writeText(fallback));
}

/** The prompt of an input box: what the parameter means and how several values are typed. */
export function parameterPrompt(parameter: Parameter, t: Translate): string {
  const what = parameter.help?.replaceAll(/\s+/g, " ").trim() || parameterLabel(parameter);
  return valueShape(parameter).many
    ? t("{0} (several values: separate them by spaces, and put a value with spaces in quotes)", what)
    : what;
}
