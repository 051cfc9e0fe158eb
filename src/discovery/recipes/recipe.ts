import type { Framework, Parameter, Tool } from "../../model/index.ts";
import { recipeCapabilities } from "../capabilities/index.ts";
import { categoryOf } from "../category.ts";
import { shellCommands } from "../readers/shell-words.ts";
import { soundsLikePath } from "../readers/types.ts";
import { argumentsSchema } from "../schema.ts";

/** Longest text kept as evidence. */
const MAX_TEXT = 200;

/** A shell line of a recipe. */
export interface RecipeLine {
  readonly line: number;
  readonly text: string;
  /** What the shell gets, where the file says it in another way. */
  readonly shell?: string;
}

/** What a recipe does itself, and the recipes that run with it. */
export interface Step {
  readonly body: readonly RecipeLine[];
  readonly needs: readonly string[];
}

/** The lines of a recipe and of all that run with it, each recipe once. */
export function linesWith(name: string, stepOf: (name: string) => Step | undefined): readonly RecipeLine[] {
  const names = new Set([name]);
  // The set grows while it is gone through.
  for (const one of names) for (const need of stepOf(one)?.needs ?? []) names.add(need);
  return [...names].flatMap((one) => stepOf(one)?.body ?? []);
}

/** One named thing that a build or task file does. */
export interface Recipe {
  readonly name: string;
  readonly line: number;
  readonly help: string | undefined;
  readonly parameters: readonly Parameter[];
  /** Its shell lines, and those of the recipes that run with it. */
  readonly body: readonly RecipeLine[];
}

/** A parameter given as `NAME=value`. */
export function variable(
  name: string,
  line: number,
  given: { readonly default?: string | undefined; readonly required?: boolean } = {},
): Parameter {
  return {
    name,
    flags: [`${name}=`],
    type: "string",
    required: given.required === true,
    ...(given.default === undefined ? {} : { default: given.default }),
    ...(soundsLikePath(name.toLowerCase()) ? { isPath: true } : {}),
    confidence: "likely",
    line,
  };
}

/** The tool that a recipe is. */
export function recipeTool(
  file: string,
  framework: Framework,
  recipe: Recipe,
  command: readonly [string, ...string[]],
): Tool {
  const { name, line, help = "", parameters, body } = recipe;
  // Blank lines keep the numbers of the lines.
  const lines: string[] = [];
  const shown = new Map(body.map((one) => [one.line, one.text]));
  for (const one of body) lines[one.line - 1] = one.shell ?? one.text;
  const commands = shellCommands(Array.from(lines, (text) => text ?? "").join("\n")).map((one) => ({
    ...one,
    text: shown.get(one.line)?.slice(0, MAX_TEXT) ?? one.text,
  }));
  const started = {
    line,
    text: command.join(" "),
    words: [command[0]],
    redirections: [],
  };
  const capabilities = recipeCapabilities(file, started, commands);
  return {
    id: `${file}#${name}`,
    name,
    kind: "external",
    file,
    line,
    framework,
    description: help,
    category: categoryOf(name, help, capabilities, undefined),
    source: "inferred",
    entry: { argv: [...command] },
    parameters: [...parameters],
    subcommands: [],
    schema: argumentsSchema(parameters, []),
    capabilities,
  };
}

export function folderOf(file: string): string {
  const at = file.lastIndexOf("/");
  return at === -1 ? "." : file.slice(0, at);
}

export function baseOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
