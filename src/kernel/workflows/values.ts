import {
  checkArguments,
  coerceArguments,
  fail,
  ok,
  type Parameter,
  type Result,
  type ToolArguments,
  valueShape,
  type WorkflowInput,
} from "../../model/index.ts";
import { type Compiled, type CompiledOutput, inputSpec } from "./compiled.ts";
import {
  evaluate,
  FileValue,
  fromJson,
  isList,
  isRecord,
  type Json,
  kindOf,
  type RecordValue,
  type Scope,
  type Template,
  toJson,
  toText,
  type Value,
  ValueProblem,
} from "./expressions/index.ts";
import type { WorkflowSource } from "./source.ts";

/** A single argument cannot be longer on Linux (MAX_ARG_STRLEN, 32 pages with the closing NUL; execve(2)). */
const LONGEST_ARGUMENT = 131_071;

function problem(message: string): Result<never> {
  return fail("bad-expression", message);
}

/** What a value of a workflow file is, where everything that it names is known. */
export function resolveValue(compiled: Compiled, scope: Scope): Result<Value> {
  switch (compiled.kind) {
    case "literal":
      return ok(fromJson(compiled.value));
    case "template":
      return resolveTemplate(compiled.template, scope);
    case "list": {
      const items: Value[] = [];
      for (const item of compiled.items) {
        const value = resolveValue(item, scope);
        if (!value.ok) return value;
        items.push(value.value);
      }
      return ok(items);
    }
    case "record": {
      const entries = new Map<string, Value>();
      for (const [key, item] of compiled.entries) {
        const value = resolveValue(item, scope);
        if (!value.ok) return value;
        entries.set(key, value.value);
      }
      return ok(entries);
    }
  }
}

/** One expression keeps its type; among words it becomes text, and all of it stays one value. */
export function resolveTemplate(template: Template, scope: Scope): Result<Value> {
  if (template.whole !== undefined) {
    const value = evaluate(template.whole.expression, scope);
    return value instanceof ValueProblem ? problem(`${template.whole.source}: ${value.message}`) : ok(value);
  }
  let text = "";
  for (const part of template.parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const value = evaluate(part.expression, scope);
    if (value instanceof ValueProblem) return problem(`${part.source}: ${value.message}`);
    text += toText(value, (file) => scope.onFile(file));
  }
  return ok(text);
}

/** The arguments of a step. What comes out as null is left out. */
export function resolveArguments(args: ReadonlyMap<string, Compiled>, scope: Scope): Result<ToolArguments> {
  const resolved: ToolArguments = {};
  for (const [name, compiled] of args) {
    const value = resolveValue(compiled, scope);
    if (!value.ok) return problem(`“${name}”: ${value.problem.message}`);
    if (value.value === null && compiled.kind === "template") continue;
    const json = toJson(value.value, (file) => scope.onFile(file));
    const long = [json].flat(2).some((item) => typeof item === "string" && Buffer.byteLength(item) > LONGEST_ARGUMENT);
    if (long) {
      return problem(
        `“${name}” is longer than a command line takes (${LONGEST_ARGUMENT} bytes): pass a result file instead`,
      );
    }
    resolved[name] = json;
  }
  return ok(resolved);
}

const TYPE_TESTS: Readonly<Record<WorkflowInput["type"], (value: Value) => boolean>> = {
  string: (value) => typeof value === "string" || value instanceof FileValue,
  integer: (value) => typeof value === "number" && Number.isSafeInteger(value),
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  array: isList,
  object: isRecord,
};

/** The declared outputs of a step or a workflow; a value of another type than the declared one is a problem. */
export function resolveOutputs(outputs: ReadonlyMap<string, CompiledOutput>, scope: Scope): Result<RecordValue> {
  const resolved = new Map<string, Value>();
  for (const [name, { value: compiled, type }] of outputs) {
    const value = resolveValue(compiled, scope);
    if (!value.ok) return problem(`Output “${name}”: ${value.problem.message}`);
    if (type !== undefined && value.value !== null && !TYPE_TESTS[type](value.value)) {
      return fail("output-type", `Output “${name}” is declared as ${type}, and ${kindOf(value.value)} came out`);
    }
    resolved.set(name, value.value);
  }
  return ok(resolved);
}

/** Declared inputs with what was given and their defaults. Texts become the types that were declared. */
export function resolveInputs(source: WorkflowSource, given: ToolArguments): Result<ToolArguments> {
  const spec = inputSpec(source);
  const coerced = coerceArguments(spec, given);
  const [first, ...others] = checkArguments(spec, coerced);
  if (first !== undefined) {
    const message = [first, ...others].map((one) => one.message).join("; ");
    return fail("bad-input", message, {
      file: source.file,
      ...(first.place?.field ? { field: first.place.field } : {}),
    });
  }
  const inputs: ToolArguments = {};
  for (const [name, { default: otherwise }] of source.inputs) inputs[name] = coerced[name] ?? otherwise ?? null;
  return ok(inputs);
}

/** Inputs given as `name=value`; several for one name are a list, and a list or object can be given as JSON. */
export function parseInputs(source: WorkflowSource, words: readonly string[]): Result<ToolArguments> {
  const texts = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0) return fail("bad-input", `An input is given as name=value, not as “${word}”`);
    const name = word.slice(0, at);
    texts.set(name, [...(texts.get(name) ?? []), word.slice(at + 1)]);
  }
  const parameters = new Map(inputSpec(source).parameters.map((parameter) => [parameter.name, parameter]));
  const inputs: ToolArguments = {};
  for (const [name, values] of texts) {
    const value = inputValue(parameters.get(name), values);
    if (value === undefined) {
      return fail("bad-input", `The input “${name}” is given ${values.length} times and takes one value`);
    }
    inputs[name] = value;
  }
  return ok(inputs);
}

/** What was given for one input; nothing when it was given several times and is no list. */
function inputValue(parameter: Parameter | undefined, values: readonly string[]): Json | undefined {
  const [only = "", ...others] = values;
  if (parameter === undefined || !valueShape(parameter).many) return others.length === 0 ? only : undefined;
  const json = others.length === 0 && only.trimStart().startsWith("[") ? jsonList(only) : undefined;
  return json ?? [...values];
}

function jsonList(text: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    // What was parsed as JSON is JSON.
    return Array.isArray(parsed) ? (parsed as Json[]) : undefined;
  } catch {
    return undefined; // then it is a text that begins with a bracket
  }
}
