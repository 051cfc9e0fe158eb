import type { Parameter, Subcommand } from "../../model/index.ts";
import {
  type CallArguments,
  cleandoc,
  type ExternalModel,
  externalName,
  type FunctionValue,
  type HostValue,
  type Interpreter,
  NONE,
  native,
  type RunEvent,
  textOf,
  truth,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { foreignCommand } from "./click.ts";
import { typeOfDefault } from "./click-types.ts";
import type { Reader } from "./reader.ts";
import {
  type CommandLine,
  confidenceOf,
  type Given,
  given,
  givenText,
  type Json,
  optional,
  toJson,
  typeFields,
} from "./reading.ts";
import { type AnnotatedType, annotatedType, type SignatureParameter, signatureOf } from "./signature.ts";
import { isPathOf } from "./types.ts";

/** A command of a Typer app: a function whose signature declares the parameters. */
interface TyperCommand {
  readonly name: string;
  readonly callee: FunctionValue;
  readonly help: string | undefined;
}

/** A `typer.Typer()` as the program builds it. */
interface TyperApp {
  readonly name: string | undefined;
  readonly help: string | undefined;
  readonly commands: TyperCommand[];
  readonly groups: { readonly name: string | undefined; readonly app: TyperApp; readonly help: string | undefined }[];
  callback: FunctionValue | null;
  readonly file: string;
  readonly line: number;
}

const APPS = new WeakMap<HostValue, TyperApp>();

/** `typer.Option(…)` and `typer.Argument(…)` by the host that stands for them. */
const INFOS = new WeakMap<HostValue, { readonly kind: "option" | "argument"; readonly call: CallArguments }>();

function info(kind: "option" | "argument"): ExternalModel {
  return (call) => {
    const host: HostValue = { kind: "host", typeName: `typer.${kind}` };
    INFOS.set(host, { kind, call });
    return host;
  };
}

function makeApp(call: CallArguments, interpreter: Interpreter): HostValue {
  const app: TyperApp = {
    name: givenText(call, "name"),
    help: givenText(call, "help"),
    commands: [],
    groups: [],
    callback: calleeOf(call.keywords.get("callback")),
    file: call.file,
    line: call.line,
  };
  const host: HostValue = {
    kind: "host",
    typeName: "typer.Typer",
    callMethod: (name, inner) => appMethod(app, host, name, inner, interpreter),
    call: (inner) => run(host, inner, interpreter),
  };
  APPS.set(host, app);
  return host;
}

function calleeOf(value: Value | undefined): FunctionValue | null {
  const callee = value?.kind === "bound" ? value.function : value;
  return callee?.kind === "function" ? callee : null;
}

/** `typer.main.get_command(app)`: the click command that an app becomes. */
function getCommand(call: CallArguments, interpreter: Interpreter): Value {
  const [target] = call.positional;
  const app = target?.kind === "host" ? APPS.get(target) : undefined;
  if (app === undefined) return unknown("the command of something unknown");
  return foreignCommand(call, () => readApp(app, interpreter), interpreter);
}

function appMethod(
  app: TyperApp,
  host: HostValue,
  name: string,
  call: CallArguments,
  interpreter: Interpreter,
): Value | undefined {
  switch (name) {
    case "command":
      return register(call, (callee) => {
        app.commands.push({ name: commandName(call, callee), callee, help: givenText(call, "help") });
      });
    case "callback":
      return register(call, (callee) => {
        app.callback = callee;
      });
    case "add_typer": {
      const added = call.positional[0] ?? call.keywords.get("typer_instance");
      const inner = added?.kind === "host" ? APPS.get(added) : undefined;
      if (inner !== undefined && inner !== app) {
        app.groups.push({ name: givenText(call, "name"), app: inner, help: givenText(call, "help") });
      }
      return NONE;
    }
    case "__call__":
      return run(host, call, interpreter);
    default:
      return undefined;
  }
}

/** A decorator that notes the function and gives it back. */
function register(call: CallArguments, note: (callee: FunctionValue) => void): Value {
  const decorate = (target: Value | undefined): Value => {
    const callee = target?.kind === "bound" ? target.function : target;
    if (callee?.kind === "function") note(callee);
    return target ?? NONE;
  };
  const [first] = call.positional;
  if (first?.kind === "function") return decorate(first);
  return native("typer.command", (inner) => decorate(inner.positional[0]));
}

function commandName(call: CallArguments, callee: FunctionValue): string {
  return givenText(call, "name", 0) ?? callee.name.toLowerCase().replaceAll("_", "-");
}

function run(host: HostValue, call: CallArguments, interpreter: Interpreter): Value {
  const app = APPS.get(host);
  if (app !== undefined) recordRun(app, call, interpreter);
  return unknown("the result of a command");
}

function recordRun(app: TyperApp, call: CallArguments, interpreter: Interpreter): void {
  const commandLine = () => readApp(app, interpreter);
  interpreter.record({
    framework: "typer",
    subject: commandLine,
    file: call.file,
    line: call.line,
    preliminary: false,
  });
}

/** `typer.run(function)`. */
function runFunction(call: CallArguments, interpreter: Interpreter): Value {
  const [target] = call.positional;
  const callee = target?.kind === "bound" ? target.function : target;
  if (callee?.kind !== "function") return unknown("typer.run() of something unknown");
  const app: TyperApp = {
    name: undefined,
    help: undefined,
    commands: [{ name: callee.name, callee, help: undefined }],
    groups: [],
    callback: null,
    file: callee.file,
    line: callee.line,
  };
  recordRun(app, call, interpreter);
  return NONE;
}

export const typerReader: Reader = {
  framework: "typer",
  calls: [
    ["typer.Typer", makeApp],
    ["typer.run", runFunction],
    ["typer.main.get_command", getCommand],
    ["typer.main.get_group", getCommand],
    ["typer.Option", info("option")],
    ["typer.Argument", info("argument")],
    ["typer.params.Option", info("option")],
    ["typer.params.Argument", info("argument")],
  ],
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine | null) : null;
  },
};

// --- result -----------------------------------------------------------------------------------------------------

const MAX_NESTING = 8;

/** Gathers the command line that an app declares. */
class AppReading {
  readonly parameters: Parameter[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly #interpreter: Interpreter;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  visit(app: TyperApp, path: readonly string[]): void {
    if (path.length > MAX_NESTING) return;
    if (app.callback !== null) this.#function(app.callback, path);
    const [only] = app.commands;
    const isSingle = path.length === 0 && app.commands.length === 1 && app.groups.length === 0 && app.callback === null;
    if (isSingle && only !== undefined) {
      this.#function(only.callee, path);
      return;
    }
    for (const { name, callee, help } of app.commands) {
      const inner = [...path, name];
      this.#subcommand(inner, callee.line, help ?? summaryOf(callee));
      this.#function(callee, inner);
    }
    for (const { name, app: added, help } of app.groups) this.#group(name ?? added.name, added, help, path);
  }

  /** An app added without a name gives its commands to the one above. */
  #group(name: string | undefined, app: TyperApp, help: string | undefined, path: readonly string[]): void {
    if (name === undefined) {
      this.visit(app, path);
      return;
    }
    const inner = [...path, name];
    this.#subcommand(inner, app.line, help ?? app.help);
    this.visit(app, inner);
  }

  #subcommand(path: readonly string[], line: number, help: string | undefined): void {
    this.subcommands.push({ path: path.join(" "), line, ...optional("help", help) });
  }

  #function(callee: FunctionValue, path: readonly string[]): void {
    const subcommand = path.length === 0 ? undefined : path.join(" ");
    for (const parameter of signatureOf(callee, this.#interpreter)) {
      const made = toParameter(parameter, callee, subcommand);
      if (made !== null) this.parameters.push(made);
    }
  }
}

function readApp(root: TyperApp, interpreter: Interpreter): CommandLine {
  const reading = new AppReading(interpreter);
  reading.visit(root, []);
  const { parameters, subcommands } = reading;
  const main = root.callback ?? (subcommands.length === 0 ? root.commands[0]?.callee : undefined);
  return {
    framework: "typer",
    name: root.name,
    description: root.help ?? (main === undefined ? undefined : documentationOf(main)),
    parameters,
    subcommands,
    line: main?.line ?? root.line,
    gaps: [],
  };
}

function documentationOf(callee: FunctionValue): string | undefined {
  const doc = callee.attributes.get("__doc__");
  const text = doc?.kind === "str" ? cleandoc(doc.value.split("\f")[0] ?? "").trim() : "";
  return text === "" ? undefined : text;
}

function summaryOf(callee: FunctionValue): string | undefined {
  return documentationOf(callee)
    ?.split(/\n\s*\n/u)[0]
    ?.replaceAll(/\s+/gu, " ");
}

/** Annotations of parameters that typer fills in itself. */
const PROVIDED: ReadonlySet<string> = new Set([
  "typer.Context",
  "click.Context",
  "typer.CallbackParam",
  "typer.models.Context",
]);

type Info = NonNullable<ReturnType<typeof INFOS.get>>;

/** What `typer.Option(…)` or `typer.Argument(…)` says, in the default or in `Annotated[…]`. */
function infoOf(value: Value | null | undefined): Info | undefined {
  return value?.kind === "host" ? INFOS.get(value) : undefined;
}

/** The command line parameter that a function parameter declares, by typer's own rules. */
function toParameter(
  parameter: SignatureParameter,
  callee: FunctionValue,
  subcommand: string | undefined,
): Parameter | null {
  if (isProvided(parameter)) return null;
  const type = annotatedType(parameter.annotation);
  const stated = infoOf(parameter.default) ?? type.metadata.map(infoOf).find((item) => item !== undefined);
  const fallback = withFactory(defaultOf(parameter, infoOf(parameter.default)), stated);
  const isArgument = stated === undefined ? fallback.state === "absent" : stated.kind === "argument";
  const baseType = baseTypeOf(parameter, type, fallback);
  const isCount = stated !== undefined && isTrueGiven(stated.call, "count");
  const isSwitch = baseType === "boolean" && !type.isList && !isArgument;
  return {
    name: parameter.name,
    flags: isArgument ? [] : flagsOf(parameter, stated?.call, isSwitch),
    ...typeFields(type.isList, baseType),
    required: fallback.state === "absent",
    ...optional("default", jsonDefault(fallback) ?? (isSwitch && fallback.state === "given" ? false : undefined)),
    ...optional("choices", type.choices && [...type.choices]),
    ...optional("nargs", nargsOf(type.isList, isArgument, type.length)),
    ...optional("action", isArgument ? undefined : actionOf(isSwitch, isCount, type)),
    ...optional("help", stated && givenText(stated.call, "help")),
    ...optional("subcommand", subcommand),
    ...optional("isPath", isPathOf(parameter.name, { ...type, ...optional("type", baseType) })),
    confidence: confidenceOf(fallback.state === "unknown", false),
    line: parameter.line === 0 ? callee.line : parameter.line,
  };
}

/** `*args`, `**kwargs` and what typer fills in itself. */
function isProvided(parameter: SignatureParameter): boolean {
  if (parameter.kind === "rest" || parameter.kind === "keywords") return true;
  const name = parameter.annotation === null ? null : externalName(parameter.annotation);
  return name !== null && PROVIDED.has(name);
}

/** The type of the values: as annotated, else as the default is, else text. */
function baseTypeOf(parameter: SignatureParameter, type: AnnotatedType, fallback: Given): Parameter["type"] {
  if (parameter.annotation !== null) return type.type;
  return fallback.state === "given" ? typeOfDefault(fallback.value).type : "string";
}

function jsonDefault(fallback: Given): Json | undefined {
  return fallback.state === "given" && fallback.value.kind !== "none" ? toJson(fallback.value) : undefined;
}

function isTrueGiven(call: CallArguments, name: string): boolean {
  const found = given(call, name);
  return found.state === "given" && truth(found.value) === true;
}

function nargsOf(isList: boolean, isArgument: boolean, length: number | undefined): number | "*" | undefined {
  if (length !== undefined) return length;
  return isList && isArgument ? "*" : undefined;
}

function actionOf(isSwitch: boolean, isCount: boolean, type: AnnotatedType): string | undefined {
  if (isCount) return "count";
  if (isSwitch) return "flag";
  return type.isList && !type.isTuple ? "append" : undefined;
}

/** The default: after `=`, or the first argument of `typer.Option(…)`; `...` stands for none. */
function defaultOf(parameter: SignatureParameter, inDefault: { readonly call: CallArguments } | undefined): Given {
  if (inDefault !== undefined) {
    const factory = given(inDefault.call, "default_factory");
    if (factory.state !== "absent") return { state: "unknown" };
    const found = given(inDefault.call, "default", 0);
    return found.state === "given" && externalName(found.value) === "builtins.Ellipsis" ? { state: "absent" } : found;
  }
  const value = parameter.default;
  if (value === null) return { state: "absent" };
  return value.kind === "unknown" ? { state: "unknown" } : { state: "given", value };
}

/** A factory in `Annotated[…]` gives a value that only running can tell. */
function withFactory(fallback: Given, stated: Info | undefined): Given {
  const hasFactory = stated !== undefined && given(stated.call, "default_factory").state !== "absent";
  return hasFactory && fallback.state === "absent" ? { state: "unknown" } : fallback;
}

/** Option strings as declared, else made of the name; a boolean gets its negation. */
function flagsOf(parameter: SignatureParameter, call: CallArguments | undefined, isBoolean: boolean): string[] {
  const inAnnotated = parameter.default?.kind !== "host";
  const declared = (call?.positional ?? [])
    .slice(inAnnotated ? 0 : 1)
    .flatMap((value) => textOf(value) ?? [])
    .filter((text) => text.startsWith("-") || text.startsWith("/"));
  if (declared.length > 0)
    return declared.flatMap((text) => text.split("/").map((part) => part.trim())).filter((part) => part !== "");
  const base = parameter.name.replaceAll("_", "-");
  return isBoolean ? [`--${base}`, `--no-${base}`] : [`--${base}`];
}
