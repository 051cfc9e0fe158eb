import type {
  ArgumentSpec,
  Parameter,
  Result,
  Tool,
  WorkflowInput,
  WorkflowProblem,
  WorkflowStep,
} from "../../model/index.ts";
import {
  ANY,
  type Expression,
  FILE,
  INTEGER,
  type Json,
  listOf,
  partsOf,
  STATUS_FUNCTIONS,
  STRING,
  type Template,
  type Type,
} from "./expressions/index.ts";
import type { WorkflowSource } from "./source.ts";

/** A value of a workflow file: known, or what will give it. */
export type Compiled =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "template"; readonly template: Template; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Compiled[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Compiled])[] };

export interface CompiledOutput {
  readonly value: Compiled;
  readonly type: WorkflowInput["type"] | undefined;
}

/** A step that can be run. */
export interface CompiledStep {
  readonly id: string;
  readonly index: number;
  readonly line: number;
  readonly step: WorkflowStep;
  readonly tool: Tool;
  readonly arguments: ReadonlyMap<string, Compiled>;
  readonly condition: { readonly template: Template; readonly text: string } | undefined;
  readonly forEach: Compiled | undefined;
  readonly outputs: ReadonlyMap<string, CompiledOutput>;
  /** Steps that end first: those of `needs` and those that expressions name, in the order of the file. */
  readonly needs: readonly string[];
  /** Its condition asks how steps ended, so that it is looked at even when one of them failed. */
  readonly asksStatus: boolean;
}

/** A workflow as far as it could be understood. It can be planned and run when no problem is an error. */
export interface CompiledWorkflow {
  readonly source: WorkflowSource;
  readonly steps: readonly CompiledStep[];
  readonly outputs: ReadonlyMap<string, CompiledOutput>;
  /** Ids of steps by wave: all that a step needs is in earlier ones. */
  readonly waves: readonly (readonly string[])[];
  readonly problems: readonly WorkflowProblem[];
}

export type FindTool = (wanted: string) => Result<Tool>;

/** The inputs of a workflow in the form in which a tool's arguments are checked. */
export function inputSpec({ name, inputs }: Pick<WorkflowSource, "name" | "inputs">): ArgumentSpec {
  const parameters = [...inputs].map(([input, declared]): Parameter => {
    const { type, items, choices, required = true } = declared;
    return {
      name: input,
      flags: [`--${input}`],
      type,
      ...(items === undefined ? {} : { items }),
      ...(choices === undefined ? {} : { choices }),
      required: required && declared.default === undefined,
      confidence: "certain",
      line: 1,
    };
  });
  return { name, parameters, subcommands: [], schema: { type: "object" } };
}

/** The names of the steps whose values an expression uses or whose end it asks about. */
export function stepsIn(expression: Expression): readonly string[] {
  const names: string[] = [];
  for (const part of partsOf(expression)) {
    if (part.kind === "member" && part.object.kind === "name" && part.object.name === "steps") {
      if (part.key.kind === "literal") names.push(String(part.key.value));
    } else if (part.kind === "call" && STATUS_FUNCTIONS.has(part.name)) {
      const [step] = part.arguments;
      if (step?.kind === "literal" && typeof step.value === "string") names.push(step.value);
    }
  }
  return names;
}

/** Every expression in a value. */
export function* expressionsIn(value: Compiled): Generator<Expression> {
  if (value.kind === "template") {
    for (const part of value.template.parts) if (typeof part !== "string") yield part.expression;
  } else if (value.kind === "list") for (const item of value.items) yield* expressionsIn(item);
  else if (value.kind === "record") for (const [, item] of value.entries) yield* expressionsIn(item);
}

/** What a step that ran gives to others; with `forEach` a list of each. */
export function stepType(step: WorkflowStep, outputs: ReadonlyMap<string, Type>): Type {
  const each = (type: Type): Type => (step.forEach === undefined ? type : listOf(type));
  const fields = new Map<string, Type>([
    ["stdout", each(STRING)],
    ["stderr", each(STRING)],
    ["json", each(ANY)],
    ["results", each({ kind: "record", rest: FILE })],
    ["outputs", { kind: "record", fields: new Map([...outputs].map(([name, type]) => [name, each(type)])) }],
    ["exitCode", each(INTEGER)],
    ["status", STRING],
  ]);
  return { kind: "record", fields };
}

/** What `result` is in the outputs of a step: its own run. */
export const RESULT_TYPE: Type = {
  kind: "record",
  fields: new Map<string, Type>([
    ["stdout", STRING],
    ["stderr", STRING],
    ["json", ANY],
    ["results", { kind: "record", rest: FILE }],
    ["exitCode", INTEGER],
  ]),
};

export const WORKFLOW_TYPE: Type = {
  kind: "record",
  fields: new Map<string, Type>([
    ["name", STRING],
    ["run", STRING],
  ]),
};

/** Whether an expression asks how steps ended. */
export function asksStatus(expression: Expression): boolean {
  return [...partsOf(expression)].some((part) => part.kind === "call" && STATUS_FUNCTIONS.has(part.name));
}
