import {
  type ArgumentSpec,
  activeParameters,
  checkArguments,
  type Parameter,
  type Problem,
  pickedSubcommand,
  type Result,
  type Tool,
  type ToolArguments,
  valueShape,
  type WorkflowInput,
  type WorkflowOutput,
  type WorkflowProblem,
  type WorkflowStep,
} from "../../model/index.ts";
import {
  ANY,
  BOOLEAN,
  declaredType,
  type Expression,
  type ExpressionProblem,
  FILE,
  hasExpression,
  INTEGER,
  inferType,
  type Json,
  listOf,
  mayBe,
  parseBare,
  parseTemplate,
  partsOf,
  STATUS_FUNCTIONS,
  STRING,
  type Template,
  type Type,
  type TypeScope,
  typeText,
} from "./expressions/index.ts";
import type { FieldPath, ReadStep, TextRange, WorkflowSource } from "./source.ts";

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

/** Finds everything that can be seen to be wrong with a workflow before any of it runs. */
export function compileWorkflow(source: WorkflowSource, findTool: FindTool): CompiledWorkflow {
  return new Compiler(source, findTool).compile();
}

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
function stepsIn(expression: Expression): readonly string[] {
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
function stepType(step: WorkflowStep, outputs: ReadonlyMap<string, Type>): Type {
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
const RESULT_TYPE: Type = {
  kind: "record",
  fields: new Map<string, Type>([
    ["stdout", STRING],
    ["stderr", STRING],
    ["json", ANY],
    ["results", { kind: "record", rest: FILE }],
    ["exitCode", INTEGER],
  ]),
};

const WORKFLOW_TYPE: Type = {
  kind: "record",
  fields: new Map<string, Type>([
    ["name", STRING],
    ["run", STRING],
  ]),
};

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
    const waves = this.#waves(compiled);
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

  /** Ids by wave. What is in a cycle, and what needs that, is in none. */
  #waves(steps: readonly CompiledStep[]): readonly (readonly string[])[] {
    const known = new Map(steps.map((step) => [step.id, step]));
    const placed = new Map<string, number>();
    for (const step of steps) this.#place(step, known, placed, []);
    const count = Math.max(-1, ...placed.values()) + 1;
    return Array.from({ length: count }, (_, wave) => {
      return steps.map(({ id }) => id).filter((id) => placed.get(id) === wave);
    });
  }

  /** @param way the steps that led here; @returns the wave, or -1 in and behind a cycle */
  #place(
    step: CompiledStep,
    known: ReadonlyMap<string, CompiledStep>,
    placed: Map<string, number>,
    way: readonly string[],
  ): number {
    const before = placed.get(step.id);
    if (before !== undefined) return before;
    let wave = 0;
    for (const need of step.needs) {
      const needed = known.get(need);
      if (needed === undefined) continue;
      const cycle = [...way, step.id];
      if (cycle.includes(need)) {
        this.#cycle(step, [...cycle.slice(cycle.indexOf(need)), need]);
        wave = -1;
        break;
      }
      const earlier = this.#place(needed, known, placed, cycle);
      wave = earlier < 0 || wave < 0 ? -1 : Math.max(wave, earlier + 1);
    }
    placed.set(step.id, wave);
    return wave;
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

function asksStatus(expression: Expression): boolean {
  return [...partsOf(expression)].some((part) => part.kind === "call" && STATUS_FUNCTIONS.has(part.name));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `$${{` is how `${{` itself is written. */
function unescaped(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("$${{", "${{");
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescaped(item)]));
}

function literalType(value: null | boolean | number): Type {
  if (value === null) return { kind: "null" };
  if (typeof value === "boolean") return BOOLEAN;
  return Number.isInteger(value) ? INTEGER : { kind: "number" };
}

/** Whether a value of a type can be a parameter's. Files are passed as their paths, numbers can be written as text. */
function accepts(parameter: Parameter, type: Type): boolean {
  // What is null is left out.
  if (type.kind === "any" || type.kind === "null") return true;
  const { many, item } = valueShape(parameter);
  if (many) return type.kind === "list" && acceptsItem(item, type.item);
  return acceptsItem(item, type);
}

function acceptsItem(wanted: Parameter["type"], type: Type): boolean {
  if (wanted === undefined || type.kind === "any") return true;
  if (wanted === "string") return ["string", "file", "number", "integer"].includes(type.kind);
  return mayBe(type, declaredType(wanted));
}

function wantedText(parameter: Parameter): string {
  const { many, item } = valueShape(parameter);
  const one = declaredType(item);
  return typeText(many ? listOf(one) : one);
}

function adviceFor(parameter: Parameter, type: Type): string {
  const { many, item } = valueShape(parameter);
  if (many && type.kind !== "list") return ": put it in [ ]";
  if (!many && type.kind === "list") return ": use “forEach” to run the step for each item, or join(list, ' ')";
  if (type.kind === "string" && (item === "integer" || item === "number")) return ": number(…) makes one of it";
  return "";
}
