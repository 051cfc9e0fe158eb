import type { Framework, Parameter, Tool } from "../../model/index.ts";
import { recipeCapabilities } from "../capabilities/index.ts";
import { categoryOf } from "../category.ts";
import { shellCommands } from "../readers/shell-words.ts";
import { soundsLikePath } from "../readers/types.ts";
import { argumentsSchema } from "../schema.ts";

/** One named thing that a build or task file does. */
export interface Recipe {
  readonly name: string;
  readonly line: number;
  readonly help: string | undefined;
  readonly parameters: readonly Parameter[];
  /** Its shell lines. */
  readonly body: readonly { readonly line: number; readonly text: string }[];
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
  for (const one of body) lines[one.line - 1] = one.text;
  const commands = shellCommands(Array.from(lines, (text) => text ?? "").join("\n"));
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
