import * as z from "zod";
import { ok, type Problem, type Result } from "./result.ts";
import { type Parameter, type ParameterType, SUBCOMMAND_KEY, type Tool, type ToolArguments } from "./tool.ts";

/** The part of a tool that its arguments are checked against. */
export type ArgumentSpec = Pick<Tool, "name" | "parameters" | "subcommands" | "schema"> & {
  readonly entry?: Pick<Tool["entry"], "rest">;
};

/** A value that looks made to do harm; it is shown to the person who confirms, never silently changed. */
export interface HostileValue {
  readonly parameter: string;
  readonly value: string;
  readonly reason: string;
}

/**
 * The parameters that count for one call: the global ones and those of the subcommand and the groups above it. Where a
 * name is declared at several levels, the deepest one counts, as in argparse. Words that the parser leaves over come last.
 */
export function activeParameters(
  tool: Pick<ArgumentSpec, "parameters" | "entry">,
  subcommand: string | undefined,
): readonly Parameter[] {
  const depths = new Map<string, number>();
  const active = tool.parameters.filter((parameter) => ownsCall(parameter.subcommand, subcommand));
  for (const parameter of active) {
    const depth = subcommandDepth(parameter.subcommand);
    depths.set(parameter.name, Math.max(depth, depths.get(parameter.name) ?? 0));
  }
  const own = active.filter((parameter) => depths.get(parameter.name) === subcommandDepth(parameter.subcommand));
  const rest = restParameter(tool, subcommand);
  return rest === undefined ? own : [...own, rest];
}

/**
 * The words that a tool's parser leaves over (`entry.rest`), in the form of a parameter: callers pass, check and write
 * them as they do a positional list.
 */
export function restParameter(tool: Pick<ArgumentSpec, "entry">, subcommand?: string): Parameter | undefined {
  const rest = tool.entry?.rest;
  if (rest === undefined) return undefined;
  return {
    ...rest,
    flags: [],
    type: "array",
    items: { type: "string" },
    required: false,
    nargs: "*",
    ...(subcommand === undefined ? {} : { subcommand }),
  };
}

/** All that callers may pass: the parameters, and the words that the parser leaves over. */
export function acceptedParameters(tool: Pick<ArgumentSpec, "parameters" | "entry">): readonly Parameter[] {
  const rest = restParameter(tool);
  return rest === undefined ? tool.parameters : [...tool.parameters, rest];
}

/** How many words a subcommand path has; 0 for the global level. */
export function subcommandDepth(path: string | undefined): number {
  return path === undefined || path === "" ? 0 : path.split(" ").length;
}

function ownsCall(owner: string | undefined, subcommand: string | undefined): boolean {
  if (owner === undefined || owner === "") return true;
  return subcommand === owner || subcommand?.startsWith(`${owner} `) === true;
}

/** The subcommand that arguments pick, when they pick one. */
export function pickedSubcommand(args: ToolArguments): string | undefined {
  const picked = args[SUBCOMMAND_KEY];
  return typeof picked === "string" && picked !== "" ? picked : undefined;
}

/** A tool has subcommands of its own; only then is the key `subcommand` special. */
function hasSubcommands(tool: ArgumentSpec): boolean {
  return tool.subcommands.length > 0 || tool.parameters.some((parameter) => parameter.subcommand !== undefined);
}

/** How many values a parameter takes, and of which type each is. `max` is Infinity for an open end. */
export interface ValueShape {
  readonly many: boolean;
  readonly min: number;
  readonly max: number;
  readonly item: ParameterType | undefined;
}

export function valueShape(parameter: Parameter): ValueShape {
  const { nargs, type, items, action } = parameter;
  const item = type === "array" ? items?.type : type;
  if (action === "append") {
    const nested = nargs !== undefined && nargs !== "?" && items?.type === "array";
    return { many: true, min: 0, max: Infinity, item: nested ? "array" : item };
  }
  if (typeof nargs === "number" && nargs > 0 && (nargs > 1 || type === "array")) {
    return { many: true, min: nargs, max: nargs, item };
  }
  if (nargs === "+") return { many: true, min: 1, max: Infinity, item };
  if (nargs === "*" || nargs === "...") return { many: true, min: 0, max: Infinity, item };
  if (type === "array") return { many: true, min: 0, max: Infinity, item };
  return { many: false, min: 1, max: 1, item };
}

/**
 * Checks arguments against the tool's parameters, then against its JSON Schema.
 * @param unknown names of arguments that are given with a value that is not known yet: only the others can be wrong
 * @returns every problem found (`missing-argument`, `invalid-arguments` or `invalid-schema`), each naming its parameter
 *   in `place.field`; empty when the call is valid
 */
export function checkArguments(
  tool: ArgumentSpec,
  args: ToolArguments,
  unknown: ReadonlySet<string> = new Set(),
): readonly Problem[] {
  if (hasSubcommands(tool) && unknown.has(SUBCOMMAND_KEY)) return [];
  const subcommand = hasSubcommands(tool) ? checkSubcommand(tool, args) : { problems: [], path: undefined };
  if (subcommand.problems.length > 0) return subcommand.problems;
  const parameters = activeParameters(tool, subcommand.path);
  const known = Object.fromEntries(Object.entries(args).filter(([name]) => !unknown.has(name)));
  const missing = parameters.filter(({ name, required }) => required && args[name] === undefined);
  const problems: readonly Problem[] = [
    ...checkEach(tool, parameters, args, unknown),
    ...missing.map(({ name }): Problem => {
      return { ...argumentProblem(tool, name, "is required and missing"), code: "missing-argument" };
    }),
    ...checkExclusive(tool, parameters, known),
  ];
  return problems.length > 0 || unknown.size > 0 ? problems : checkSchema(tool, args);
}

/** Each argument for itself. */
function checkEach(
  tool: ArgumentSpec,
  parameters: readonly Parameter[],
  args: ToolArguments,
  unknown: ReadonlySet<string>,
): readonly Problem[] {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return Object.entries(args).flatMap(([name, value]): readonly Problem[] => {
    if (name === SUBCOMMAND_KEY && hasSubcommands(tool)) return [];
    const parameter = byName.get(name);
    if (parameter === undefined) return [unknownArgument(tool, name, parameters)];
    return unknown.has(name) ? [] : checkValue(tool, parameter, value);
  });
}

/** The first problem of {@link checkArguments} as a result, with how many more there are. */
export function validateArguments(tool: ArgumentSpec, args: ToolArguments): Result<ToolArguments> {
  const problems = checkArguments(tool, args);
  const first = problems[0];
  if (first === undefined) return ok(args);
  const message = problems.map((problem) => problem.message).join("; ");
  return { ok: false, problem: { ...first, message } };
}

function argumentProblem(tool: ArgumentSpec, name: string, what: string): Problem {
  return {
    code: "invalid-arguments",
    message: `${tool.name}: “${name}” ${what}`,
    place: { file: "arguments", field: name },
  };
}

function checkSubcommand(tool: ArgumentSpec, args: ToolArguments): { problems: Problem[]; path: string | undefined } {
  const value = args[SUBCOMMAND_KEY];
  const required = tool.schema["required"];
  const paths = new Set<string>();
  for (const subcommand of tool.subcommands) paths.add(subcommand.path);
  for (const parameter of tool.parameters) if (parameter.subcommand) paths.add(parameter.subcommand);
  const list = [...paths].join(", ");
  if (value === undefined || value === "") {
    const needed = Array.isArray(required) && required.includes(SUBCOMMAND_KEY);
    return {
      problems: needed
        ? [{ ...argumentProblem(tool, SUBCOMMAND_KEY, `is required: one of ${list}`), code: "missing-argument" }]
        : [],
      path: undefined,
    };
  }
  const known = typeof value === "string" && paths.has(value);
  return known
    ? { problems: [], path: value }
    : { problems: [argumentProblem(tool, SUBCOMMAND_KEY, `must be one of ${list}`)], path: undefined };
}

function unknownArgument(tool: ArgumentSpec, name: string, parameters: readonly Parameter[]): Problem {
  const names = parameters.map((parameter) => parameter.name).join(", ");
  return argumentProblem(
    tool,
    name,
    names === "" ? "is not known: the tool takes none" : `is not known: it takes ${names}`,
  );
}

function checkExclusive(tool: ArgumentSpec, parameters: readonly Parameter[], args: ToolArguments): Problem[] {
  const groups = new Map<string, string[]>();
  for (const parameter of parameters) {
    const value = args[parameter.name];
    if (parameter.exclusiveGroup === undefined || value === undefined || value === false) continue;
    const key = `${parameter.subcommand ?? ""}/${parameter.exclusiveGroup}`;
    groups.set(key, [...(groups.get(key) ?? []), parameter.name]);
  }
  return [...groups.values()]
    .filter((names) => names.length > 1)
    .map((names) => argumentProblem(tool, names[1] ?? "", `excludes “${names[0] ?? ""}”: give only one of them`));
}

function checkValue(tool: ArgumentSpec, parameter: Parameter, value: z.core.util.JSONType): Problem[] {
  const shape = valueShape(parameter);
  if (!shape.many) return checkItem(tool, parameter, value, shape.item);
  if (!Array.isArray(value)) return [argumentProblem(tool, parameter.name, "must be a list")];
  if (value.length < shape.min || value.length > shape.max) {
    const count = shape.min === shape.max ? `exactly ${shape.min}` : `at least ${shape.min}`;
    return [argumentProblem(tool, parameter.name, `must have ${count} value${shape.min === 1 ? "" : "s"}`)];
  }
  const { nargs, action } = parameter;
  const isFlat = action === "append" && typeof nargs === "number" && nargs > 1 && shape.item !== "array";
  if (isFlat && value.length % nargs !== 0) {
    return [argumentProblem(tool, parameter.name, `must have ${nargs} values each time`)];
  }
  return value.flatMap((item) => checkItem(tool, parameter, item, shape.item));
}

const TYPE_WORDS: Readonly<Record<ParameterType, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function hasType(value: z.core.util.JSONType, type: ParameterType): boolean {
  switch (type) {
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function checkItem(
  tool: ArgumentSpec,
  parameter: Parameter,
  value: z.core.util.JSONType,
  type: ParameterType | undefined,
): Problem[] {
  const problem = (what: string): Problem[] => [argumentProblem(tool, parameter.name, what)];
  if (value === null) return problem("must not be null: leave it out instead");
  if (type !== undefined && !hasType(value, type)) return problem(`must be ${TYPE_WORDS[type]}`);
  if (parameter.action === "count" && typeof value === "number" && value < 0) return problem("must not be negative");
  if (hasNul(value)) return problem("must not contain a NUL character");
  const { choices } = parameter;
  if (choices !== undefined && !choices.some((choice) => sameValue(choice, value, type))) {
    return problem(`must be one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
  }
  return [];
}

function hasNul(value: z.core.util.JSONType): boolean {
  return textsIn(value).some((text) => text.includes("\u0000"));
}

/** Choices of a parameter without a known type are compared as the text that reaches the command line. */
function sameValue(
  choice: z.core.util.JSONType,
  value: z.core.util.JSONType,
  type: ParameterType | undefined,
): boolean {
  if (type === undefined) return String(choice) === String(value);
  return JSON.stringify(choice) === JSON.stringify(value);
}

const schemas = new WeakMap<object, z.ZodType | Problem>();

function checkSchema(tool: ArgumentSpec, args: ToolArguments): Problem[] {
  const schema = compiledSchema(tool);
  if ("code" in schema) return [schema];
  const parsed = schema.safeParse(args);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => argumentProblem(tool, issue.path.map(String).join("."), issue.message));
}

/**
 * The part of a schema that zod compiles. What is left out (`allOf` with `if` and `then`) says which parameters belong to
 * which subcommand, and that was checked against the parameters themselves.
 */
function unconditional(schema: ArgumentSpec["schema"]): ArgumentSpec["schema"] {
  const { allOf: _conditions, ...rest } = schema;
  return rest;
}

/** A schema that cannot be compiled cannot be checked against, so the call is refused. Compiled once per tool. */
function compiledSchema(tool: ArgumentSpec): z.ZodType | Problem {
  const known = schemas.get(tool.schema);
  if (known !== undefined) return known;
  let compiled: z.ZodType | Problem;
  try {
    compiled = z.fromJSONSchema(unconditional(tool.schema));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    compiled = { code: "invalid-schema", message: `${tool.name}: its JSON Schema is not supported: ${why}` };
  }
  schemas.set(tool.schema, compiled);
  return compiled;
}

/**
 * Brings values that came as text (a command line, a form, a model) into the types of their parameters, where the text
 * can only mean one value. Everything else stays as it is, for {@link checkArguments} to name. `null` means left out.
 */
export function coerceArguments(tool: ArgumentSpec, args: ToolArguments): ToolArguments {
  const byName = new Map(
    activeParameters(tool, pickedSubcommand(args)).map((parameter) => [parameter.name, parameter]),
  );
  const coerced: ToolArguments = {};
  for (const [name, value] of Object.entries(args)) {
    if (value === null) continue;
    const parameter = byName.get(name);
    coerced[name] = parameter === undefined ? value : coerceValue(parameter, value);
  }
  return coerced;
}

function coerceValue(parameter: Parameter, value: z.core.util.JSONType): z.core.util.JSONType {
  const shape = valueShape(parameter);
  if (!shape.many) return coerceItem(value, shape.item, parameter);
  const list = Array.isArray(value) ? value : [value];
  return list.map((item) => coerceItem(item, shape.item, parameter));
}

const INTEGER = /^[+-]?\d{1,15}$/;
const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function coerceItem(
  value: z.core.util.JSONType,
  type: ParameterType | undefined,
  parameter: Parameter,
): z.core.util.JSONType {
  if (typeof value === "number" && type === "string") return String(value);
  if (typeof value === "boolean" && parameter.action === "count") return value ? 1 : 0;
  if (typeof value !== "string") return value;
  const choice = type === undefined ? parameter.choices?.find((known) => String(known) === value) : undefined;
  return choice ?? coerceText(value, type);
}

function coerceText(value: string, type: ParameterType | undefined): z.core.util.JSONType {
  const text = value.trim();
  switch (type) {
    case "integer":
      return INTEGER.test(text) ? Number(text) : value;
    case "number":
      return NUMBER.test(text) ? Number(text) : value;
    case "boolean":
      return BOOLEAN_WORDS.get(text.toLowerCase()) ?? value;
    case "object":
      return objectFrom(text);
    default:
      return value;
  }
}

function objectFrom(text: string): z.core.util.JSONType {
  try {
    const parsed = z.record(z.string(), z.json()).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : text;
  } catch {
    // Not JSON: it stays text, and the check says that an object was expected.
    return text;
  }
}

/** What makes a value look hostile. The text is checked as it would reach the command line. */
const HOSTILE: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  { pattern: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/, reason: "contains control characters" },
  { pattern: /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/, reason: "contains invisible or reordering characters" },
  { pattern: /(?:^|[\\/=])\.\.(?:[\\/]|$)/, reason: "climbs out of a folder with “..”" },
  { pattern: /^-(?!\d*\.?\d+$)./, reason: "starts with a dash, like an option" },
  { pattern: /^@./, reason: "starts with @, which some tools replace by a file's contents" },
  { pattern: /\$\(|\$\{|`|&&|\|\||;\s*\S|\|\s*(?:ba|z|da)?sh\b|>\s*\//, reason: "contains shell syntax" },
  { pattern: /^(?:~|\/(?:etc|proc|sys|dev|root|boot)(?:\/|$))/, reason: "names a system or home folder" },
  {
    pattern: /(?:^|\/)\.(?:ssh|aws|gnupg|netrc|kube|docker)(?:\/|$)|id_(?:rsa|ed25519|ecdsa)\b/,
    reason: "names a place of secrets",
  },
];

/** Values of a call that look hostile, with the first reason each; nested lists and objects are looked through. */
export function hostileValues(args: ToolArguments): readonly HostileValue[] {
  const found: HostileValue[] = [];
  for (const [parameter, value] of Object.entries(args)) {
    for (const text of textsIn(value)) {
      const match = HOSTILE.find(({ pattern }) => pattern.test(text));
      if (match !== undefined) found.push({ parameter, value: text, reason: match.reason });
    }
  }
  return found;
}

function textsIn(value: z.core.util.JSONType): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsIn);
  return [];
}
