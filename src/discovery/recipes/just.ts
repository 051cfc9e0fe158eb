import type { Parameter, Tool } from "../../model/index.ts";
import { soundsLikePath } from "../readers/types.ts";
import { folderOf, linesWith, type Recipe, recipeTool, type Step } from "./recipe.ts";

/** `name param default='x' +rest: dependencies`, with attributes above. */
const HEAD =
  /^@?([A-Za-z_][\w-]*)((?:\s+[^\s:="'`]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|`[^`]*`|\([^)]*\)|[\w./-]+))?)*)\s*:(?!=)/u;

/** Words that begin a setting, not a recipe. */
const SETTINGS: ReadonlySet<string> = new Set(["set", "alias", "export", "import", "mod"]);

/** Longest line that is looked at. */
const MAX_LINE = 5_000;

/** The recipes of a justfile that are not private. */
export function justTools(file: string, text: string): Tool[] {
  const reading = new RecipeReading();
  for (const [index, content] of text.split(/\r?\n/u).entries()) {
    if (content.length <= MAX_LINE) reading.read(index + 1, content);
  }
  return reading.recipes.map((own) => {
    const recipe = { ...own, body: linesWith(own.name, (name) => reading.steps.get(name)) };
    return recipeTool(file, "just", recipe, [
      "just",
      "--justfile",
      file,
      "--working-directory",
      folderOf(file),
      recipe.name,
    ]);
  });
}

class RecipeReading {
  readonly recipes: Recipe[] = [];
  /** What all recipes do, private ones as well. */
  readonly steps = new Map<string, Step>();
  #help: string | undefined;
  #isPrivate = false;
  #body: { line: number; text: string }[] = [];

  read(line: number, text: string): void {
    if (/^\s+\S/u.test(text)) {
      this.#body.push({
        line,
        text: text
          .trim()
          .replace(/^[@-]+/u, "")
          .replaceAll(/\{\{[^}]*\}\}/gu, "$X"),
      });
    } else if (text.startsWith("#")) this.#help = text.replace(/^#+!?\s*/u, "").trim() || undefined;
    else if (text.startsWith("[")) this.#attribute(text);
    else {
      this.#head(line, text);
      this.#help = undefined;
      this.#isPrivate = false;
    }
  }

  #attribute(text: string): void {
    this.#isPrivate ||= /\bprivate\b/u.test(text);
    this.#help = /\bdoc\(\s*["'](.*?)["']\s*\)/u.exec(text)?.[1] ?? this.#help;
  }

  #head(line: number, text: string): void {
    const [head = "", name = "", parameters = ""] = HEAD.exec(text) ?? [];
    if (text.trim() !== "") this.#body = [];
    if (name !== "") {
      const needs =
        text
          .slice(head.length)
          .replace(/#.*$/u, "")
          .match(/[A-Za-z_][\w-]*/gu) ?? [];
      this.steps.set(name, { body: this.#body, needs });
    }
    if (name === "" || this.#isPrivate || name.startsWith("_") || SETTINGS.has(name)) return;
    this.recipes.push({
      name,
      line,
      help: this.#help,
      parameters: parametersOf(parameters, line),
      body: this.#body,
    });
  }
}

const PARAMETER = /([+*]?)\$?([A-Za-z_][\w-]*)(?:\s*=\s*("[^"]*"|'[^']*'|`[^`]*`|\([^)]*\)|[\w./-]+))?/gu;

function parametersOf(text: string, line: number): Parameter[] {
  return [...text.matchAll(PARAMETER)].map((match) => {
    const [, rest = "", name = "", given] = match;
    const literal = given !== undefined && /^["']/u.test(given) ? given.slice(1, -1) : undefined;
    const required = given === undefined && rest !== "*";
    const path = soundsLikePath(name) ? { isPath: true } : {};
    const common = { name, flags: [], required, ...path, confidence: "likely", line } as const;
    return rest === ""
      ? { ...common, flags: [], type: "string", ...(literal === undefined ? {} : { default: literal }) }
      : { ...common, flags: [], type: "array", items: { type: "string" }, nargs: rest === "+" ? "+" : "*" };
  });
}
