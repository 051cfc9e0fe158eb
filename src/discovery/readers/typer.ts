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
import { typeOfDefault } from "./click-types.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, type Given, given, givenText, optional, toJson } from "./reading.ts";
import { annotatedType, type SignatureParameter, signatureOf } from "./signature.ts";
import { soundsLikePath } from "./types.ts";

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
    callback: null,
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

function readApp(root: TyperApp, interpreter: Interpreter): CommandLine {
  const parameters: Parameter[] = [];
  const subcommands: Subcommand[] = [];
  const addCommand = (callee: FunctionValue, path: readonly string[]): void => {
    for (const parameter of signatureOf(callee, interpreter)) {
      const made = toParameter(parameter, callee, path.length === 0 ? undefined : path.join(" "));
      if (made !== null) parameters.push(made);
    }
  };
  const visit = (app: TyperApp, path: readonly string[]): void => {
    if (path.length > MAX_NESTING) return;
    if (app.callback !== null) addCommand(app.callback, path);
    const [only] = app.commands;
    const isSingle = path.length === 0 && app.commands.length === 1 && app.groups.length === 0 && app.callback === null;
    if (isSingle && only !== undefined) {
      addCommand(only.callee, path);
      return;
    }
    for (const command of app.commands) {
      const inner = [...path, command.name];
      subcommands.push({
        path: inner.join(" "),
        line: command.callee.line,
        ...optional("help", command.help ?? summaryOf(command.callee)),
      });
      addCommand(command.callee, inner);
    }
    for (const group of app.groups) {
      const name = group.name ?? group.app.name;
      if (name === undefined) {
        // An app added without a name gives its commands to the one above.
        visit(group.app, path);
        continue;
      }
      const inner = [...path, name];
      subcommands.push({
        path: inner.join(" "),
        line: group.app.line,
        ...optional("help", group.help ?? group.app.help),
      });
      visit(group.app, inner);
    }
  };
  visit(root, []);
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

/** The command line parameter that a function parameter declares, by typer's own rules. */
function toParameter(
  parameter: SignatureParameter,
  callee: FunctionValue,
  subcommand: string | undefined,
): Parameter | null {
  if (parameter.kind === "rest" || parameter.kind === "keywords") return null;
  const type = annotatedType(parameter.annotation);
  const provided = parameter.annotation === null ? null : externalName(parameter.annotation);
  if (provided !== null && PROVIDED.has(provided)) return null;
  const inDefault = parameter.default?.kind === "host" ? INFOS.get(parameter.default) : undefined;
  const inMetadata = type.metadata
    .map((item) => (item.kind === "host" ? INFOS.get(item) : undefined))
    .find((item) => item !== undefined);
  const stated = inDefault ?? inMetadata;
  const fallback = defaultOf(parameter, inDefault);
  const isArgument = stated === undefined ? fallback.state === "absent" : stated.kind === "argument";
  const unknowns = new Set<string>();
  if (fallback.state === "unknown") unknowns.add("default");
  const valueType =
    type.type === undefined && type.choices === undefined && parameter.annotation === null && fallback.state === "given"
      ? typeOfDefault(fallback.value)
      : type;
  const baseType = valueType.type ?? (parameter.annotation === null ? "string" : undefined);
  const isBoolean = baseType === "boolean" && !type.isList;
  const isCount = stated !== undefined && isTrueGiven(stated.call, "count");
  const flags = isArgument ? [] : flagsOf(parameter, stated?.call, isBoolean && !isCount);
  const json = fallback.state === "given" && fallback.value.kind !== "none" ? toJson(fallback.value) : undefined;
  const help = stated === undefined ? undefined : givenText(stated.call, "help");
  const isPath = valueType.isPath ?? (baseType === "string" && soundsLikePath(parameter.name));
  return {
    name: parameter.name,
    flags,
    ...(type.isList
      ? { type: "array" as const, ...optional("items", baseType && { type: baseType }) }
      : optional("type", baseType)),
    required: fallback.state === "absent",
    ...optional("default", json ?? (isBoolean && !isArgument && fallback.state === "given" ? false : undefined)),
    ...optional("choices", type.choices === undefined ? undefined : [...type.choices]),
    ...optional("nargs", nargsOf(type.isList, isArgument, type.length)),
    ...optional("action", actionOf(isBoolean, isCount, type.isList, isArgument, type.isTuple)),
    ...optional("help", help),
    ...optional("subcommand", subcommand),
    ...(isPath ? { isPath: true } : {}),
    confidence: unknowns.size > 0 ? "unknown" : "certain",
    line: parameter.line === 0 ? callee.line : parameter.line,
  };
}

function isTrueGiven(call: CallArguments, name: string): boolean {
  const found = given(call, name);
  return found.state === "given" && truth(found.value) === true;
}

function nargsOf(isList: boolean, isArgument: boolean, length: number | undefined): number | "*" | undefined {
  if (length !== undefined) return length;
  return isList && isArgument ? "*" : undefined;
}

function actionOf(
  isBoolean: boolean,
  isCount: boolean,
  isList: boolean,
  isArgument: boolean,
  isTuple: boolean,
): string | undefined {
  if (isArgument) return undefined;
  if (isCount) return "count";
  if (isBoolean) return "flag";
  return isList && !isTuple ? "append" : undefined;
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
