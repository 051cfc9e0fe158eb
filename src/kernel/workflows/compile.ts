import {
  activeParameters,
  checkArguments,
  type Problem,
  pickedSubcommand,
  type Tool,
  type ToolArguments,
  type WorkflowOutput,
  type WorkflowProblem,
  type WorkflowStep,
} from "../../model/index.ts";
import { accepts, adviceFor, literalType, unescaped, wantedText } from "./argument-types.ts";
import {
  asksStatus,
  type Compiled,
  type CompiledOutput,
  type CompiledStep,
  type CompiledWorkflow,
  expressionsIn,
  type FindTool,
  inputSpec,
  RESULT_TYPE,
  stepsIn,
  stepType,
  WORKFLOW_TYPE,
} from "./compiled.ts";
import {
  ANY,
  BOOLEAN,
  declaredType,
  type ExpressionProblem,
  hasExpression,
  INTEGER,
  inferType,
  type Json,
  listOf,
  mayBe,
  parseBare,
  parseTemplate,
  STRING,
  type Template,
  type Type,
  type TypeScope,
  typeText,
} from "./expressions/index.ts";
import type { FieldPath, ReadStep, TextRange, WorkflowSource } from "./source.ts";
import { wavesOf } from "./waves.ts";

/** Finds everything that can be seen to be wrong with a workflow before any of it runs. */
export function compileWorkflow(source: WorkflowSource, findTool: FindTool): CompiledWorkflow {
  return new Compiler(source, findTool).compile();
}

class Compiler {
  readonly #source: WorkflowSource;
  readonly #findTool: FindTool;
  readonly #problems: WorkflowProblem[];
  readonly #inputs: Type;
  readonly #stepTypes = new Map<string, Type>();

  constructor(source: WorkflowSource, findTool: FindTool) {
    this.#source = source;
    this.#findTool = findTool;
    this.#problems = [...source.problems];
    const types = [...source.inputs].map(([name, { type, items }]) => [name, declaredType(type, items?.type)] as const);
    this.#inputs = { kind: "record", fields: new Map(types) };
  }

  compile(): CompiledWorkflow {
    this.#checkInputs();
    const steps = this.#withoutDuplicates();
    const outputs = new Map(steps.map(({ index, step }) => [step.id, this.#stepOutputs(index, step)]));
    // Steps that could not be read are there all the same: nothing is said about what they give.
    for (const id of this.#source.ids) this.#stepTypes.set(id, ANY);
    for (const { step } of steps) {
      const types = new Map([...(outputs.get(step.id) ?? [])].map(([name, { known }]) => [name, known]));
      this.#stepTypes.set(step.id, stepType(step, types));
    }
    const compiled = steps.flatMap((read) => {
      const known = this.#step(read, outputs.get(read.step.id) ?? new Map());
      return known === undefined ? [] : [known];
    });
    const waves = wavesOf(compiled, (step, ids) => this.#cycle(step, ids));
    const results = new Map<string, CompiledOutput>();
    for (const [name, output] of this.#source.outputs) {
      const { value, type } = this.#output(output, ["outputs", name], this.#scope(false));
      results.set(name, { value, type });
      this.#needs([value], ["outputs", name]);
    }
    return { source: this.#source, steps: compiled, outputs: results, waves, problems: this.#problems };
  }

  #report(code: string, message: string, range: TextRange, severity: "error" | "warning" = "error"): void {
    this.#problems.push({ severity, code, message, file: this.#source.file, ...range });
  }

  #checkInputs(): void {
    const { document, inputs } = this.#source;
    const spec = inputSpec(this.#source);
    for (const [name, input] of inputs) {
      if (input.default === undefined) continue;
      const only = { ...spec, parameters: spec.parameters.filter((parameter) => parameter.name === name) };
      for (const { message } of checkArguments(only, { [name]: input.default })) {
        const what = message.replace(`${spec.name}: `, "");
        this.#report("bad-input", `The default of ${what}`, document.valueRange(["inputs", name, "default"]));
      }
    }
  }

  #withoutDuplicates(): readonly ReadStep[] {
    const seen = new Set<string>();
    return this.#source.steps.filter(({ index, step }) => {
      if (!seen.has(step.id)) {
        seen.add(step.id);
        return true;
      }
      const range = this.#source.document.valueRange(["steps", index, "id"]);
      this.#report("duplicate-step", `There is another step “${step.id}” above`, range);
      return false;
    });
  }

  /** What expressions see in a step, or (outside of steps) in the outputs of the workflow. */
  #scope(asksStatus: boolean, item?: Type): TypeScope {
    const steps: Type = { kind: "record", fields: this.#stepTypes };
    const names = new Map<string, Type>([
      ["inputs", this.#inputs],
      ["steps", steps],
      ["workflow", WORKFLOW_TYPE],
    ]);
    if (item !== undefined) names.set("item", item).set("index", INTEGER);
    return {
      names,
      statusOf: asksStatus ? this.#source.ids : undefined,
      describe: (object, key) => {
        if (object.kind === "name" && object.name === "steps") return `there is no step “${key}”`;
        if (object.kind === "name" && object.name === "inputs") return `there is no input “${key}”`;
        return undefined;
      },
    };
  }

  #stepOutputs(index: number, step: WorkflowStep): ReadonlyMap<string, CompiledOutput & { readonly known: Type }> {
    const names = new Map<string, Type>([
      ["result", RESULT_TYPE],
      ["inputs", this.#inputs],
      ["workflow", WORKFLOW_TYPE],
    ]);
    if (step.forEach !== undefined) names.set("item", ANY).set("index", INTEGER);
    const scope: TypeScope = { names, statusOf: undefined };
    return new Map(
      Object.entries(step.outputs ?? {}).map(([name, output]) => [
        name,
        this.#output(output, ["steps", index, "outputs", name], scope),
      ]),
    );
  }

  #output(output: WorkflowOutput, path: FieldPath, scope: TypeScope): CompiledOutput & { readonly known: Type } {
    const isPlain = typeof output === "string";
    const place = isPlain ? path : [...path, "value"];
    const { value, type: found } = this.#value(isPlain ? output : output.value, place, scope);
    const declared = isPlain ? undefined : output.type;
    if (declared !== undefined && !mayBe(found, declaredType(declared)) && found.kind !== "null") {
      const message = `This is ${typeText(found)} and is declared to be ${typeText(declaredType(declared))}`;
      this.#report("output-type", message, this.#source.document.valueRange(place));
    }
    return { value, type: declared, known: declared === undefined ? found : declaredType(declared) };
  }

  #step({ index, step }: ReadStep, outputs: ReadonlyMap<string, CompiledOutput>): CompiledStep | undefined {
    const { document } = this.#source;
    const path: FieldPath = ["steps", index];
    const forEach = step.forEach === undefined ? undefined : this.#forEach(step.forEach, [...path, "forEach"]);
    const scope = this.#scope(false, forEach?.item);
    const condition = step.if === undefined ? undefined : this.#condition(step.if, [...path, "if"]);
    const args = new Map<string, { readonly value: Compiled; readonly type: Type }>();
    for (const [name, given] of Object.entries(step.with ?? {})) {
      args.set(name, this.#value(given, [...path, "with", name], scope));
    }
    const found = this.#findTool(step.tool);
    if (found.ok) this.#checkArguments(found.value, args, path);
    else this.#report(found.problem.code, found.problem.message, document.valueRange([...path, "tool"]));
    const values = [...args.values()].map(({ value }) => value);
    const conditions: Compiled[] = condition === undefined ? [] : [{ kind: "template", ...condition }];
    const used = [...values, ...conditions, ...(forEach === undefined ? [] : [forEach.value])];
    const needs = this.#needsOf(step, index, used);
    if (!found.ok) return undefined;
    return {
      id: step.id,
      index,
      line: document.valueRange([...path, "id"]).line,
      step,
      tool: found.value,
      arguments: new Map([...args].map(([name, { value }]) => [name, value])),
      condition,
      forEach: forEach?.value,
      outputs,
      needs,
      asksStatus: conditions.some((value) => [...expressionsIn(value)].some(asksStatus)),
    };
  }

  #needsOf(step: WorkflowStep, index: number, used: readonly Compiled[]): readonly string[] {
    const { document, ids } = this.#source;
    const named = typeof step.needs === "string" ? [step.needs] : (step.needs ?? []);
    const path: FieldPath = ["steps", index, "needs"];
    for (const [at, need] of named.entries()) {
      const range = document.valueRange(typeof step.needs === "string" ? path : [...path, at]);
      if (!ids.has(need)) this.#report("unknown-step", `There is no step “${need}”`, range);
      else if (need === step.id) this.#report("workflow-cycle", "A step cannot need itself", range);
    }
    const wanted = new Set([...named, ...used.flatMap((value) => [...expressionsIn(value)].flatMap(stepsIn))]);
    return [...ids].filter((id) => wanted.has(id));
  }

  /** The outputs of the workflow come last, whatever they use. Only the steps have to be there, which typing says. */
  #needs(values: readonly Compiled[], path: FieldPath): void {
    const asks = values.some((value) => [...expressionsIn(value)].some(asksStatus));
    if (asks)
      this.#report(
        "bad-expression",
        "Steps can only be asked how they ended in “if”",
        this.#source.document.keyRange(path),
      );
  }

  #value(given: Json, path: FieldPath, scope: TypeScope): { readonly value: Compiled; readonly type: Type } {
    if (typeof given === "string") return this.#text(given, path, scope);
    if (Array.isArray(given)) {
      const items = given.map((item, index) => this.#value(item, [...path, index], scope));
      const types = items.map(({ type }) => type);
      const [first = ANY, ...rest] = types;
      const item = rest.every(({ kind }) => kind === first.kind) ? first : ANY;
      const values = items.map(({ value }) => value);
      if (values.every((value) => value.kind === "literal")) {
        return { value: { kind: "literal", value: given.map(unescaped) }, type: listOf(item) };
      }
      return { value: { kind: "list", items: values }, type: listOf(item) };
    }
    if (typeof given !== "object" || given === null) {
      return { value: { kind: "literal", value: given }, type: literalType(given) };
    }
    const entries = Object.entries(given).map(
      ([key, item]) => [key, this.#value(item, [...path, key], scope)] as const,
    );
    const type: Type = { kind: "record", fields: new Map(entries.map(([key, entry]) => [key, entry.type])) };
    if (entries.every(([, { value }]) => value.kind === "literal")) {
      return { value: { kind: "literal", value: unescaped(given) }, type };
    }
    return { value: { kind: "record", entries: entries.map(([key, { value }]) => [key, value]) }, type };
  }

  #text(given: string, path: FieldPath, scope: TypeScope): { readonly value: Compiled; readonly type: Type } {
    if (!hasExpression(given)) return { value: { kind: "literal", value: unescaped(given) }, type: STRING };
    const { template, problems } = parseTemplate(given);
    const type = this.#templateType(template, problems, path, scope);
    return { value: { kind: "template", template, text: given }, type };
  }

  #templateType(template: Template, problems: readonly ExpressionProblem[], path: FieldPath, scope: TypeScope): Type {
    const report = ({ message, start, end }: ExpressionProblem): void => {
      this.#report("bad-expression", sentence(message), this.#source.document.partRange(path, start, end));
    };
    for (const problem of problems) report(problem);
    let type: Type = ANY;
    for (const part of template.parts) {
      if (typeof part === "string") continue;
      type = inferType(part.expression, scope, ({ message, start, end }) => {
        report({ message, start: start + part.offset, end: end + part.offset });
      });
    }
    if (problems.length > 0) return ANY;
    return template.whole === undefined ? STRING : type;
  }

  #condition(given: boolean | string, path: FieldPath): CompiledStep["condition"] {
    const text = String(given);
    const { template, problems } = parseBare(text);
    const type = this.#templateType(template, problems, path, this.#scope(true));
    const range = this.#source.document.valueRange(path);
    if (problems.length > 0) return { template, text };
    if (template.whole === undefined)
      this.#report("not-a-condition", "A condition is one expression, without text around it", range);
    else if (!mayBe(type, BOOLEAN)) {
      this.#report("not-a-condition", `A condition is true or false, and this is ${typeText(type)}`, range);
    }
    return { template, text };
  }

  #forEach(given: string | readonly Json[], path: FieldPath): { readonly value: Compiled; readonly item: Type } {
    const scope = this.#scope(false);
    if (typeof given !== "string") {
      const { value, type } = this.#value([...given], path, scope);
      return { value, item: type.kind === "list" ? type.item : ANY };
    }
    const { template, problems } = parseBare(given);
    const type = this.#templateType(template, problems, path, scope);
    const isList = template.whole !== undefined && mayBe(type, listOf(ANY));
    if (problems.length === 0 && !isList) {
      const what = template.whole === undefined ? "text" : typeText(type);
      this.#report(
        "not-a-list",
        `“forEach” goes over a list, and this is ${what}`,
        this.#source.document.valueRange(path),
      );
    }
    const value: Compiled = { kind: "template", template, text: given };
    return { value, item: type.kind === "list" ? type.item : ANY };
  }

  #checkArguments(
    tool: Tool,
    args: ReadonlyMap<string, { readonly value: Compiled; readonly type: Type }>,
    path: FieldPath,
  ): void {
    const given: ToolArguments = {};
    const unknown = new Set<string>();
    for (const [name, { value }] of args) {
      given[name] = value.kind === "literal" ? value.value : null;
      if (value.kind !== "literal") unknown.add(name);
    }
    for (const problem of checkArguments(tool, given, unknown)) this.#argumentProblem(problem, path, given);
    const parameters = unknown.has("subcommand") ? tool.parameters : activeParameters(tool, pickedSubcommand(given));
    for (const [name, { type }] of args) {
      const parameter = parameters.find((candidate) => candidate.name === name);
      if (parameter === undefined || !unknown.has(name) || accepts(parameter, type)) continue;
      const { document } = this.#source;
      const message = `${tool.name}: “${name}” takes ${wantedText(parameter)}, and this is ${typeText(type)}`;
      this.#report("argument-type", message + adviceFor(parameter, type), document.valueRange([...path, "with", name]));
    }
  }

  #argumentProblem({ code, message, place }: Problem, path: FieldPath, given: ToolArguments): void {
    const { document } = this.#source;
    const field = place?.field?.split(".")[0] ?? "";
    const isGiven = Object.hasOwn(given, field);
    const isUnknownName = isGiven && message.includes("is not known");
    const at = [...path, "with", field];
    if (isUnknownName) this.#report("unknown-argument", message, document.keyRange(at));
    else if (isGiven) this.#report(code, message, document.valueRange(at));
    else this.#report(code, message, document.valueRange([...path, "tool"]));
  }

  #cycle({ index, step }: CompiledStep, ids: readonly string[]): void {
    // A step that needs itself by `needs` was told already.
    const own = typeof step.needs === "string" ? [step.needs] : (step.needs ?? []);
    if (ids.length === 2 && own.includes(step.id)) return;
    const { document } = this.#source;
    const path: FieldPath = ["steps", index];
    const range =
      step.needs === undefined ? document.valueRange([...path, "id"]) : document.valueRange([...path, "needs"]);
    this.#report("workflow-cycle", `These steps wait for each other: ${ids.join(" needs ")}`, range);
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
