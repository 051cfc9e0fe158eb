import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Parameter, Tool } from "../../model/index.ts";
import { linesWith, type Recipe, recipeTool, type Step, variable } from "./recipe.ts";

/** Aliases that a document may expand to. */
const MAX_ALIASES = 50;

/** The tasks of a Taskfile (version 3) that are not internal. */
export function taskfileTools(file: string, text: string): Tool[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const tasks = document.get("tasks");
  if (!isMap(tasks)) return [];
  const steps = new Map<string, Step>();
  const read = tasks.items.flatMap(({ key, value }) => {
    if (!isScalar(key) || typeof key.value !== "string" || !/^[A-Za-z_][\w:.-]*$/u.test(key.value)) return [];
    const { value: name } = key;
    const line = counter.linePos(key.range?.[0] ?? 0).line;
    const content = plain(value === null ? null : JSON.parse(JSON.stringify(toJs(value, document))));
    const body = linesOf(content, line);
    steps.set(name, { body, needs: neededBy(content) });
    if (content["internal"] === true || name.startsWith("_")) return [];
    const help = textOf(content["desc"]) ?? textOf(content["summary"]);
    return [{ name, line, help, parameters: parametersOf(content, body, line) }];
  });
  return read.map((own) => {
    const recipe: Recipe = { ...own, body: linesWith(own.name, (name) => steps.get(name)) };
    return recipeTool(file, "task", recipe, ["task", "--taskfile", file, own.name]);
  });
}

/** The tasks that a task depends on, and those that its commands call. */
function neededBy(content: Record<string, unknown>): readonly string[] {
  const called = [content["cmds"] ?? []].flat().filter((one: unknown) => typeof one === "object");
  return [...[content["deps"] ?? []].flat(), ...called].flatMap((one: unknown) => {
    const name = typeof one === "object" && one !== null && "task" in one ? one.task : one;
    return typeof name === "string" ? [name] : [];
  });
}

function toJs(value: unknown, document: ReturnType<typeof parseDocument>): unknown {
  const isNode = isMap(value) || isSeq(value) || isScalar(value);
  try {
    return isNode ? value.toJS(document, { maxAliasCount: MAX_ALIASES }) : null;
  } catch (error) {
    // Aliases that expand without end: the task is listed, its parts are not.
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}

/** A task may be written as its commands alone. */
function plain(value: unknown): Record<string, unknown> {
  if (typeof value === "string" || Array.isArray(value)) return { cmds: value };
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? (value.trim().split(/\n\s*\n/u)[0] ?? "").replaceAll(/\s+/gu, " ") : "";
  return text === "" ? undefined : text;
}

function linesOf(content: Record<string, unknown>, line: number): Recipe["body"] {
  const commands = [content["cmds"] ?? content["cmd"] ?? []].flat();
  const texts = commands.map((one: unknown) =>
    typeof one === "object" && one !== null && "cmd" in one ? one.cmd : one,
  );
  const shell = texts.filter((one): one is string => typeof one === "string");
  return shell.length === 0 ? [] : [{ line, text: shell.join("; ").replaceAll(/\{\{[^}]*\}\}/gu, "$X") }];
}

/** Variables that a task requires, and those that its commands use with a default. */
function parametersOf(content: Record<string, unknown>, body: Recipe["body"], line: number): Parameter[] {
  const requires = content["requires"];
  const listed = typeof requires === "object" && requires !== null && "vars" in requires ? requires.vars : [];
  const names = (Array.isArray(listed) ? listed : []).map((one: unknown) =>
    typeof one === "object" && one !== null && "name" in one ? one.name : one,
  );
  const required = names.filter((name): name is string => typeof name === "string" && /^\w+$/u.test(name));
  const parameters = required.map((name) => variable(name, line, { required: true }));
  const text = JSON.stringify([content["cmds"], content["cmd"], content["vars"], body.length]);
  for (const match of text.matchAll(
    /\{\{\s*default\s+\\?"([^"\\]*)\\?"\s+\.(\w+)\s*\}\}|\{\{\s*\.(\w+)\s*\|\s*default\s+\\?"([^"\\]*)\\?"\s*\}\}/gu,
  )) {
    const name = match[2] ?? match[3] ?? "";
    const fallback = match[1] ?? match[4] ?? "";
    if (!parameters.some((one) => one.name === name)) parameters.push(variable(name, line, { default: fallback }));
  }
  return parameters;
}
