import { EXPRESSION_FUNCTIONS } from "../../kernel/index.ts";
import { activeParameters, type Parameter, SUBCOMMAND_KEY, type Tool } from "../../model/index.ts";
import { valueAt, type YamlCursor, type YamlPath } from "./cursor.ts";

/** Something that can be written at a place. */
export interface Suggestion {
  readonly label: string;
  readonly kind: "field" | "value" | "tool" | "parameter" | "step" | "function" | "variable";
  readonly detail?: string;
  readonly documentation?: string;
  /** What is written, when that is not the label. */
  readonly text?: string;
}

/** What is known of a workflow that is being written, beyond its schema. */
export interface WorkflowContext {
  readonly value: unknown;
  readonly tools: readonly Tool[];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function stepsOf({ value }: WorkflowContext): readonly Readonly<Record<string, unknown>>[] {
  const steps = valueAt(value, ["steps"]);
  return Array.isArray(steps) ? steps.map(record) : [];
}

/** The tool that a step names, when there is just one of that name. */
export function toolOf(context: WorkflowContext, path: YamlPath): Tool | undefined {
  const wanted = valueAt(context.value, [...path.slice(0, 2), "tool"]);
  const byId = context.tools.find(({ id }) => id === wanted);
  const named = context.tools.filter(({ name }) => name === wanted);
  return byId ?? (named.length === 1 ? named[0] : undefined);
}

function parametersOf(context: WorkflowContext, path: YamlPath): readonly Parameter[] {
  const tool = toolOf(context, path);
  if (tool === undefined) return [];
  const subcommand = valueAt(context.value, [...path.slice(0, 2), "with", SUBCOMMAND_KEY]);
  return activeParameters(tool, typeof subcommand === "string" ? subcommand : undefined);
}

/** A parameter's kind in few words. */
export function parameterDetail({ type, items, required, choices }: Parameter): string {
  const what = type === "array" && items !== undefined ? `list of ${items.type}` : (type ?? "value");
  const oneOf = choices === undefined ? what : choices.map(String).join(" | ");
  return required ? `${oneOf}, required` : oneOf;
}

export function parameterAt(context: WorkflowContext, path: YamlPath, name: string): Parameter | undefined {
  return parametersOf(context, path).find((parameter) => parameter.name === name);
}

/** What a workflow's own words add to what its schema says. */
export function workflowSuggestions(cursor: YamlCursor, context: WorkflowContext): readonly Suggestion[] {
  const { path, kind } = cursor;
  const [root, , field] = path;
  const bare = root === "steps" && (field === "if" || field === "forEach") && path.length === 3;
  if (cursor.expression !== undefined) return expressionSuggestions(cursor.expression, path, context);
  if (root !== "steps") return [];
  if (kind === "key") return field === "with" && path.length === 3 ? argumentSuggestions(cursor, context) : [];
  if (field === "tool") return toolSuggestions(context.tools);
  if (field === "needs") return stepSuggestions(context, path);
  if (field === "with" && path.length === 4) return choiceSuggestions(context, path);
  return bare ? expressionSuggestions(cursor.word, path, context) : [];
}

function toolSuggestions(tools: readonly Tool[]): readonly Suggestion[] {
  return tools.map(({ id, name, description }) => {
    const isOnly = tools.filter((other) => other.name === name).length === 1;
    return { label: isOnly ? name : id, kind: "tool", detail: isOnly ? id : name, documentation: description };
  });
}

function argumentSuggestions({ path, siblings }: YamlCursor, context: WorkflowContext): readonly Suggestion[] {
  const tool = toolOf(context, path);
  const parameters = parametersOf(context, path).filter(({ name }) => !siblings.has(name));
  const own = parameters.map((parameter): Suggestion => {
    const { name, help = "" } = parameter;
    return {
      label: name,
      kind: "parameter",
      detail: parameterDetail(parameter),
      documentation: help,
      text: `${name}: `,
    };
  });
  const hasSubcommands = (tool?.subcommands.length ?? 0) > 0 && !siblings.has(SUBCOMMAND_KEY);
  if (!hasSubcommands) return own;
  const detail = tool?.subcommands.map(({ path: command }) => command).join(" | ") ?? "";
  return [{ label: SUBCOMMAND_KEY, kind: "parameter", detail, text: `${SUBCOMMAND_KEY}: ` }, ...own];
}

function choiceSuggestions(context: WorkflowContext, path: YamlPath): readonly Suggestion[] {
  const name = String(path[3]);
  if (name === SUBCOMMAND_KEY) {
    return (toolOf(context, path)?.subcommands ?? []).map(({ path: command, help = "" }) => {
      return { label: command, kind: "value", documentation: help };
    });
  }
  const parameter = parameterAt(context, path, name);
  const values = parameter?.choices ?? (parameter?.type === "boolean" ? [true, false] : []);
  return values.map((value) => ({ label: typeof value === "string" ? value : JSON.stringify(value), kind: "value" }));
}

function stepSuggestions(context: WorkflowContext, path: YamlPath): readonly Suggestion[] {
  const own = valueAt(context.value, [...path.slice(0, 2), "id"]);
  return stepsOf(context).flatMap(({ id, tool }): Suggestion[] => {
    return typeof id === "string" && id !== own ? [{ label: id, kind: "step", detail: String(tool ?? "") }] : [];
  });
}

const RESULT_FIELDS: readonly (readonly [string, string])[] = [
  ["stdout", "What it printed."],
  ["stderr", "What it said besides."],
  ["json", "What it printed, read as JSON."],
  ["results", "Its result files by name; a file is passed on as a path that can be read."],
  ["exitCode", "Its exit code."],
];

/** What can follow in an expression. @param text the expression up to the cursor */
function expressionSuggestions(text: string, path: YamlPath, context: WorkflowContext): readonly Suggestion[] {
  const chain = /([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\.[\w-]*$/.exec(text)?.[1]?.split(".");
  if (chain !== undefined) return memberSuggestions(chain, path, context);
  if (/["'][^"']*$/.test(text) && (text.match(/["']/g) ?? []).length % 2 === 1) return [];
  const inOutputs = path[0] === "steps" && path[2] === "outputs";
  const isAsked = path[2] === "if" || path[2] === "forEach";
  const inEach =
    !isAsked && path[0] === "steps" && valueAt(context.value, [...path.slice(0, 2), "forEach"]) !== undefined;
  const names: Suggestion[] = [
    { label: "inputs", kind: "variable", documentation: "The inputs of the workflow." },
    ...(inOutputs
      ? [{ label: "result", kind: "variable", documentation: "What this run of the step gave." } as const]
      : [{ label: "steps", kind: "variable", documentation: "What other steps gave." } as const]),
    { label: "workflow", kind: "variable", documentation: "Its name and the id of its run." },
    ...(inEach
      ? [
          { label: "item", kind: "variable", documentation: "The item of `forEach`." } as const,
          { label: "index", kind: "variable", documentation: "Its number, from 0." } as const,
        ]
      : []),
  ];
  const functions = EXPRESSION_FUNCTIONS.map(({ name, signature, help }): Suggestion => {
    return { label: name, kind: "function", detail: signature, documentation: help, text: `${name}(` };
  });
  return [...names, ...functions];
}

function memberSuggestions(chain: readonly string[], path: YamlPath, context: WorkflowContext): readonly Suggestion[] {
  const [root, step, field] = chain;
  const fields = RESULT_FIELDS.map(([label, documentation]): Suggestion => ({ label, kind: "field", documentation }));
  if (root === "inputs" && chain.length === 1) {
    return Object.entries(record(valueAt(context.value, ["inputs"]))).map(([label, input]) => {
      const { description = "", type = "string" } = record(input);
      return { label, kind: "variable", detail: String(type), documentation: String(description) };
    });
  }
  if (root === "result" && chain.length === 1) return fields;
  if (root === "workflow" && chain.length === 1) {
    return ["name", "run"].map((label) => ({ label, kind: "field" }));
  }
  if (root !== "steps") return [];
  if (chain.length === 1) return stepSuggestions(context, path);
  if (chain.length === 2) {
    return [...fields, { label: "outputs", kind: "field" }, { label: "status", kind: "field" }];
  }
  if (field !== "outputs" || chain.length > 3) return [];
  const found = stepsOf(context).find(({ id }) => id === step);
  return Object.keys(record(found?.["outputs"])).map((label) => ({ label, kind: "field" }));
}
