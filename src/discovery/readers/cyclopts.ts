import type { Parameter, Subcommand } from "../../model/index.ts";
import { parseDocstring } from "../agents/docstring.ts";
import {
  type CallArguments,
  cleandoc,
  type DataclassField,
  type ExternalModel,
  enumMembers,
  externalName,
  type FunctionValue,
  fieldsOf,
  type HostValue,
  type Interpreter,
  isDataclass,
  isEnumClass,
  isInit,
  isSequence,
  NONE,
  native,
  type RunEvent,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import type { Reader } from "./reader.ts";
import {
  type CommandLine,
  confidenceOf,
  type Gap,
  given,
  givenBoolean,
  givenText,
  type Json,
  optional,
  toJson,
  typeFields,
} from "./reading.ts";
import { type AnnotatedType, annotatedType, type SignatureParameter, signatureOf } from "./signature.ts";
import { isPathOf } from "./types.ts";

/** A `cyclopts.App()` as the program builds it. */
interface App {
  readonly name: string | undefined;
  readonly help: string | undefined;
  readonly commands: { readonly name: string; readonly target: App | FunctionValue; readonly line: number }[];
  main: FunctionValue | null;
  /** The app that runs before it and hands over its words (`app.meta`). */
  meta: App | null;
  readonly gaps: Gap[];
  readonly file: string;
  readonly line: number;
}

const APPS = new WeakMap<HostValue, App>();
/** `cyclopts.Parameter(…)` by the host that stands for it. */
const PARAMETERS = new WeakMap<HostValue, CallArguments>();

const makeApp: ExternalModel = (call, interpreter) => appHost(newApp(call), interpreter);

function newApp(call: CallArguments): App {
  return {
    name: firstName(call.keywords.get("name") ?? call.positional[0]),
    help: givenText(call, "help"),
    commands: [],
    main: functionOf(call.keywords.get("default_command")),
    meta: null,
    gaps: [],
    file: call.file,
    line: call.line,
  };
}

/** A name, or the first of several. */
function firstName(value: Value | undefined): string | undefined {
  const one = value !== undefined && isSequence(value) ? value.items[0] : value;
  return one?.kind === "str" ? one.value : undefined;
}

function functionOf(value: Value | undefined): FunctionValue | null {
  if (value?.kind === "bound") return value.function;
  return value?.kind === "function" ? value : null;
}

function appHost(app: App, interpreter: Interpreter, below: App = app): HostValue {
  const host: HostValue = {
    kind: "host",
    typeName: "cyclopts.App",
    getAttribute: (name) => {
      if (name !== "meta") return undefined;
      app.meta ??= newApp({ ...interpreter.emptyCall(app.file, app.line) });
      return appHost(app.meta, interpreter, app);
    },
    callMethod: (name, call) => appMethod(app, below, name, call, interpreter),
    call: (call) => run(below, call, interpreter),
  };
  APPS.set(host, app);
  return host;
}

function appMethod(
  app: App,
  below: App,
  name: string,
  call: CallArguments,
  interpreter: Interpreter,
): Value | undefined {
  switch (name) {
    case "default":
      return decorate(call, (callee) => {
        app.main = callee;
      });
    case "command":
      return addCommand(app, call);
    case "__call__":
    case "run_async":
    case "parse_args":
    case "parse_known_args":
      return name === "__call__" || name === "run_async" || app === below
        ? run(below, call, interpreter)
        : unknown("what is parsed");
    default:
      return undefined;
  }
}

/** A decorator, bare or called, that notes the function and gives it back. */
function decorate(call: CallArguments, note: (callee: FunctionValue) => void): Value {
  const direct = functionOf(call.positional[0] ?? call.keywords.get("obj"));
  if (direct !== null) {
    note(direct);
    return call.positional[0] ?? NONE;
  }
  return native("cyclopts.command", (inner) => {
    const callee = functionOf(inner.positional[0]);
    if (callee !== null) note(callee);
    return inner.positional[0] ?? NONE;
  });
}

function addCommand(app: App, call: CallArguments): Value {
  const [first] = call.positional;
  const inner = first?.kind === "host" ? APPS.get(first) : undefined;
  const name = firstName(call.keywords.get("name"));
  if (inner !== undefined) {
    const known = name ?? inner.name;
    if (known === undefined) app.gaps.push(gapAt(call, "A command is added whose name cannot be read."));
    else if (known === "*") app.commands.push(...inner.commands);
    else app.commands.push({ name: known, target: inner, line: inner.line });
    return first ?? NONE;
  }
  if (first?.kind === "str" || first?.kind === "unknown") {
    app.gaps.push(gapAt(call, "A command is added that cannot be read."));
    return NONE;
  }
  return decorate(call, (callee) => {
    app.commands.push({ name: name ?? transformed(callee.name), target: callee, line: callee.line });
  });
}

function gapAt(call: CallArguments, message: string): Gap {
  return { file: call.file, line: call.line, message };
}

/** `default_name_transform`: snake case, without underscores at the ends, with hyphens. */
function transformed(name: string): string {
  const snake = name.replaceAll(/([a-z\d])([A-Z])/gu, "$1_$2").replaceAll(/([A-Z]+)([A-Z][a-z])/gu, "$1_$2");
  return snake
    .toLowerCase()
    .replaceAll("_", "-")
    .replaceAll(/^-+|-+$/gu, "");
}

function run(app: App, call: CallArguments, interpreter: Interpreter): Value {
  const read = (): CommandLine => readApp(app, interpreter);
  interpreter.record({ framework: "cyclopts", subject: read, file: call.file, line: call.line, preliminary: false });
  return unknown("the result of a command");
}

/** `cyclopts.run(function)`. */
const runFunction: ExternalModel = (call, interpreter) => {
  const callee = functionOf(call.positional[0]);
  if (callee === null) return unknown("cyclopts.run() of something unknown");
  return run({ ...newApp({ ...call, positional: [] }), main: callee }, call, interpreter);
};

const parameterObject: ExternalModel = (call) => {
  const host: HostValue = { kind: "host", typeName: "cyclopts.Parameter" };
  PARAMETERS.set(host, call);
  return host;
};

export const cycloptsReader: Reader = {
  framework: "cyclopts",
  calls: [
    ["cyclopts.App", makeApp],
    ["cyclopts.core.App", makeApp],
    ["cyclopts.run", runFunction],
    ["cyclopts.Parameter", parameterObject],
    ["cyclopts.parameter.Parameter", parameterObject],
  ],
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine) : null;
  },
};

// --- result -----------------------------------------------------------------------------------------------------

const MAX_NESTING = 8;

class AppReading {
  readonly parameters: Parameter[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly gaps: Gap[] = [];
  readonly #interpreter: Interpreter;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  visit(app: App, path: readonly string[]): void {
    if (path.length > MAX_NESTING) return;
    this.gaps.push(...app.gaps);
    // The words that a meta app leaves over are those of the app below.
    if (app.meta?.main) this.#function(app.meta.main, path, true);
    if (app.main !== null) this.#function(app.main, path, false);
    for (const { name, target, line } of [...(app.meta?.commands ?? []), ...app.commands]) {
      const inner = [...path, name];
      const help = "kind" in target ? documentationOf(target) : (target.help ?? documentationOf(target.main));
      this.subcommands.push({ path: inner.join(" "), line, ...optional("help", help) });
      if ("kind" in target) this.#function(target, inner, false);
      else this.visit(target, inner);
    }
  }

  #function(callee: FunctionValue, path: readonly string[], isMeta: boolean): void {
    const doc = callee.attributes.get("__doc__");
    const help = parseDocstring(doc?.kind === "str" ? cleandoc(doc.value) : "").parameters;
    const context = { help, ...optional("subcommand", path.length === 0 ? undefined : path.join(" ")) };
    for (const parameter of signatureOf(callee, this.#interpreter)) {
      if (parameter.kind === "keywords" || (isMeta && parameter.kind === "rest")) continue;
      this.parameters.push(...toParameters(parameter, callee, context));
    }
  }
}

function readApp(app: App, interpreter: Interpreter): CommandLine {
  const reading = new AppReading(interpreter);
  reading.visit(app, []);
  const { parameters, subcommands, gaps } = reading;
  return {
    framework: "cyclopts",
    name: app.name,
    description: app.help ?? documentationOf(app.main),
    parameters,
    subcommands,
    line: app.main?.line ?? app.line,
    gaps,
  };
}

/** The first paragraph of a function's docstring. */
function documentationOf(callee: FunctionValue | null): string | undefined {
  const doc = callee?.attributes.get("__doc__");
  const [first = ""] =
    doc?.kind === "str"
      ? cleandoc(doc.value)
          .trim()
          .split(/\n\s*\n/u)
      : [];
  return first === "" ? undefined : first.replaceAll(/\s+/gu, " ");
}

interface Context {
  readonly subcommand?: string;
  readonly help: ReadonlyMap<string, string>;
}

/** One value that a command takes: a parameter of its function, or a field of a dataclass among them. */
interface Part {
  /** With dots for fields. */
  readonly name: string;
  readonly type: AnnotatedType;
  readonly annotation: Value | null;
  readonly stated: CallArguments | undefined;
  /** `null` without one. */
  readonly default: Value | null;
  readonly line: number;
  readonly help: string | undefined;
  readonly isPositional: boolean;
  readonly isRest: boolean;
}

function toParameters(parameter: SignatureParameter, callee: FunctionValue, context: Context): Parameter[] {
  const { name, annotation, line } = parameter;
  const type = annotatedType(annotation);
  const stated = type.metadata.flatMap((item) => (item.kind === "host" ? (PARAMETERS.get(item) ?? []) : []))[0];
  if (stated !== undefined && givenBoolean(stated, "parse") === false) return [];
  const isPositional = callee.args.posonlyargs.some((one) => one.arg === name);
  const isRest = parameter.kind === "rest";
  const fallback = parameter.default;
  const help = context.help.get(name);
  const made = plainClass(annotation);
  if (made?.kind === "class" && isDataclass(made)) {
    const isFlat = stated !== undefined && givenText(stated, "name", 0) === "*";
    const prefix = isFlat ? "" : `${optionNames(name, stated)[0] ?? name}.`;
    return fieldParts(fieldsOf(made), prefix, fallback === null).map((part) => toParameter(part, context));
  }
  const part = { name, type, annotation, stated, default: fallback, help, isPositional, isRest };
  return [toParameter({ ...part, line: line === 0 ? callee.line : line }, context)];
}

/** The parts of a dataclass, each by an option of its own (`--user.name`). */
function fieldParts(fields: Iterable<DataclassField>, prefix: string, isRequired: boolean): Part[] {
  return [...fields].filter(isInit).map((field) => {
    const annotation = field.host.getAttribute?.("type") ?? null;
    const fallback = field.given.get("default") ?? (field.given.has("default_factory") ? unknown("a default") : null);
    const base = prefix.replace(/^--/u, "");
    return {
      name: `${base}${field.name}`,
      type: annotatedType(annotation),
      annotation,
      stated: undefined,
      default: fallback ?? (isRequired ? null : unknown("a default")),
      line: field.line,
      help: undefined,
      isPositional: false,
      isRest: false,
    };
  });
}

function toParameter(part: Part, { subcommand }: Context): Parameter {
  const { name, type, stated, isPositional, isRest, help } = part;
  const isSwitch = type.type === "boolean" && !type.isList && !isPositional;
  const fallback = part.default;
  const names = enumNames(part.annotation);
  const isHidden = stated !== undefined && givenBoolean(stated, "show") === false;
  return {
    name,
    flags: isPositional || isRest ? [] : flagsOf(part, isSwitch),
    ...typeFields(isMany(part), names === undefined ? type.type : "string"),
    required: isRequired(part),
    ...optional("default", defaultOf(fallback)),
    ...optional("choices", names ?? (type.choices && [...type.choices])),
    ...optional("nargs", nargsOf(part)),
    ...optional("action", actionOf(part, isSwitch)),
    ...optional("help", (stated && givenText(stated, "help")) ?? (help === "" ? undefined : help)),
    ...optional("subcommand", subcommand),
    ...optional("isPath", isPathOf(name, type)),
    ...optional("hidden", isHidden ? true : undefined),
    confidence: confidenceOf(fallback?.kind === "unknown", false),
    line: part.line,
  };
}

function isRequired({ stated, default: fallback, isRest }: Part): boolean {
  return (stated && givenBoolean(stated, "required")) ?? (fallback === null && !isRest);
}

function nargsOf(part: Part): Parameter["nargs"] {
  return part.isRest || (part.isPositional && isMany(part)) ? "*" : part.type.length;
}

function isMany({ type, isRest }: Part): boolean {
  return isRest || type.isList;
}

function actionOf(part: Part, isSwitch: boolean): string | undefined {
  if (part.stated !== undefined && givenBoolean(part.stated, "count") === true) return "count";
  if (isSwitch) return "flag";
  return isMany(part) && !(part.isRest || part.isPositional || part.type.isTuple) ? "append" : undefined;
}

function defaultOf(value: Value | null): Json | undefined {
  if (value === null || value.kind === "none") return undefined;
  return value.kind === "enum" ? transformed(value.name) : toJson(value);
}

/** Names of options as `Parameter(name=…)` gives them, else one that is made of the parameter's. */
function optionNames(name: string, stated: CallArguments | undefined): readonly string[] {
  const found = stated === undefined ? undefined : given(stated, "name", 0);
  const value = found?.state === "given" && found.value.kind !== "none" ? found.value : undefined;
  const values = value === undefined ? [] : isSequence(value) ? value.items : [value];
  const names = values.flatMap((item) => textOf(item) ?? []).map((text) => (text.startsWith("-") ? text : `--${text}`));
  const more = stated?.keywords.get("alias");
  const aliases = more === undefined ? [] : isSequence(more) ? more.items : [more];
  const base = names.length > 0 ? names : [`--${name.split(".").map(transformed).join(".")}`];
  return [...base, ...aliases.flatMap((item) => textOf(item) ?? [])];
}

function flagsOf({ name, stated }: Part, isSwitch: boolean): string[] {
  const names = [...optionNames(name, stated)];
  if (!isSwitch) return names;
  const negative = stated?.keywords.get("negative");
  if (negative === undefined || negative.kind === "none") {
    return [...names, ...names.filter((one) => one.startsWith("--")).map((one) => `--no-${one.slice(2)}`)];
  }
  const others = isSequence(negative) ? negative.items : [negative];
  return [...names, ...others.flatMap((one) => textOf(one) ?? []).filter((text) => text !== "")];
}

/** An annotation without `Annotated` and `Optional`. */
function plainClass(annotation: Value | null): Value | null {
  if (annotation?.kind !== "generic") return annotation;
  const name = externalName(annotation.origin) ?? "";
  if (name.endsWith(".Annotated") || name.endsWith(".Optional")) return plainClass(annotation.args[0] ?? null);
  if (name !== "typing.Union") return annotation;
  const others = annotation.args.filter((arg) => arg.kind !== "none");
  return others.length === 1 ? plainClass(others[0] ?? null) : annotation;
}

/** Enumerations are chosen from by the names of their members. */
function enumNames(annotation: Value | null): string[] | undefined {
  const plain = plainClass(annotation);
  const made = plain?.kind === "generic" ? plainClass(plain.args[0] ?? null) : plain;
  if (made?.kind !== "class" || !isEnumClass(made)) return undefined;
  return enumMembers(made).map(({ name }) => transformed(name));
}
