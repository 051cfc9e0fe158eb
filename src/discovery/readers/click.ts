import type { Parameter, Subcommand } from "../../model/index.ts";
import {
  type CallArguments,
  cleandoc,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  hostOf,
  type Interpreter,
  iterate,
  NONE,
  native,
  type RunEvent,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { type ClickParameter, declareParameter, toParameter } from "./click-parameters.ts";
import { CLICK_CONSTANTS, CLICK_TYPE_MODELS } from "./click-types.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, type Gap, type Given, given, givenText } from "./reading.ts";

/** A click command or group as the program builds it. */
export interface ClickCommand {
  name: string | undefined;
  readonly isGroup: boolean;
  help: string | undefined;
  readonly epilog: string | undefined;
  readonly parameters: ClickParameter[];
  readonly commands: Map<string, ClickCommand>;
  readonly gaps: Gap[];
  readonly file: string;
  line: number;
}

const COMMANDS = new WeakMap<HostValue, ClickCommand>();
const PARAMETERS = new WeakMap<HostValue, ClickParameter>();
/** Parameters that decorators have put on a function, innermost first, by the host kept on the function. */
const PENDING = new WeakMap<HostValue, ClickParameter[]>();

/** The attribute of a function that keeps its parameters, as click itself names it. */
const PENDING_ATTRIBUTE = "__click_params__";

function commandOf(value: Value | undefined): ClickCommand | undefined {
  const host = hostOf(value);
  return host === null ? undefined : COMMANDS.get(host);
}

// --- parameters -------------------------------------------------------------------------------------------------

function parameterDecorator(kind: "option" | "argument", fixed: Partial<Record<string, Value>> = {}): ExternalModel {
  return (call, interpreter) => {
    const keywords = new Map([
      ...Object.entries(fixed).flatMap(([key, value]) => (value ? [[key, value] as const] : [])),
      ...call.keywords,
    ]);
    const parameter = declareParameter(kind, { ...call, keywords }, interpreter.conditional > 0);
    return native(`click.${kind}`, (inner) => {
      const target = inner.positional[0] ?? NONE;
      attach(target, parameter, call);
      return target;
    });
  };
}

function attach(target: Value, parameter: ClickParameter | null, call: CallArguments): void {
  const command = commandOf(target);
  if (command !== undefined) {
    if (parameter === null) command.gaps.push(gapOf(call));
    else command.parameters.push(parameter);
    return;
  }
  const callee = target.kind === "bound" ? target.function : target;
  if (callee.kind !== "function" || parameter === null) return;
  pendingOf(callee).push(parameter);
}

function gapOf(call: CallArguments): Gap {
  return {
    file: call.file,
    line: call.line,
    message: "A parameter is declared whose name is not known before the program runs.",
  };
}

function pendingOf(callee: FunctionValue): ClickParameter[] {
  const known = callee.attributes.get(PENDING_ATTRIBUTE);
  const found = known?.kind === "host" ? PENDING.get(known) : undefined;
  if (found !== undefined) return found;
  const made: ClickParameter[] = [];
  const host: HostValue = { kind: "host", typeName: "click.params" };
  PENDING.set(host, made);
  callee.attributes.set(PENDING_ATTRIBUTE, host);
  return made;
}

/** `click.Option([...])`, `click.Argument([...])` as objects. */
function parameterObject(kind: "option" | "argument"): ExternalModel {
  return (call, interpreter) => {
    const { items, open } = iterate(interpreter, call.positional[0] ?? call.keywords.get("param_decls") ?? NONE);
    const parameter = declareParameter(kind, { ...call, positional: items, openPositional: open }, false);
    const host: HostValue = { kind: "host", typeName: `click.${kind}` };
    if (parameter !== null) PARAMETERS.set(host, parameter);
    return host;
  };
}

// --- commands ---------------------------------------------------------------------------------------------------

/** Suffixes of function names that click 8.2 leaves out of command names. */
const NAME_SUFFIX = /[-_](?:command|cmd|group|grp)$/u;

/** `@click.command()` or `@group.command()`, bare or with arguments. */
function commandDecorator(isGroup: boolean, register: (command: ClickCommand) => void): ExternalModel {
  return (call, interpreter) => {
    const [first] = call.positional;
    const callee = functionOf(first);
    const isBare = callee !== null && call.keywords.size === 0;
    if (isBare) return makeCommand(callee, { ...call, positional: [] }, isGroup, interpreter, register);
    return native("click.command", (inner) => {
      const target = functionOf(inner.positional[0]);
      return target === null
        ? (inner.positional[0] ?? NONE)
        : makeCommand(target, call, isGroup, interpreter, register);
    });
  };
}

function functionOf(value: Value | undefined): FunctionValue | null {
  if (value?.kind === "bound") return value.function;
  return value?.kind === "function" ? value : null;
}

function makeCommand(
  callee: FunctionValue,
  call: CallArguments,
  isGroup: boolean,
  interpreter: Interpreter,
  register: (command: ClickCommand) => void,
): HostValue {
  const doc = callee.attributes.get("__doc__");
  const command: ClickCommand = {
    name: givenText(call, "name", 0) ?? callee.name.toLowerCase().replace(NAME_SUFFIX, "").replaceAll("_", "-"),
    isGroup: isGroup || isGroupClass(given(call, "cls", 1)),
    help: cleanHelp(givenText(call, "help") ?? (doc?.kind === "str" ? doc.value : undefined)),
    epilog: givenText(call, "epilog"),
    parameters: [...pendingOf(callee)].reverse(),
    commands: new Map(),
    gaps: [],
    file: callee.file,
    line: callee.line,
  };
  callee.attributes.delete(PENDING_ATTRIBUTE);
  addGivenParameters(command, call, interpreter);
  register(command);
  return hostCommand(command, interpreter);
}

/** `cls=` of a group class: its name says so, as far as it can be seen. */
function isGroupClass(found: Given): boolean {
  if (found.state !== "given") return false;
  const { value } = found;
  if (value.kind === "class")
    return /group/iu.test(value.name) || value.bases.some((base) => isGroupClass({ state: "given", value: base }));
  return value.kind === "external" && /group/iu.test(value.name);
}

/** Help text as click shows it: without indentation, up to a form feed. */
function cleanHelp(text: string | undefined): string | undefined {
  const clean = text === undefined ? undefined : cleandoc(text.split("\f")[0] ?? "").trim();
  return clean === "" ? undefined : clean;
}

function addGivenParameters(command: ClickCommand, call: CallArguments, interpreter: Interpreter): void {
  const found = given(call, "params");
  if (found.state !== "given") return;
  for (const item of iterate(interpreter, found.value).items) {
    const parameter = item.kind === "host" ? PARAMETERS.get(item) : undefined;
    if (parameter !== undefined) command.parameters.push(parameter);
  }
}

function hostCommand(command: ClickCommand, interpreter: Interpreter): HostValue {
  const host: HostValue = {
    kind: "host",
    typeName: command.isGroup ? "click.Group" : "click.Command",
    getAttribute: (name) => commandAttribute(command, name),
    setAttribute: (name, value) => {
      if (name === "help") command.help = cleanHelp(textOf(value));
      else if (name === "name") command.name = textOf(value);
    },
    callMethod: (name, call) => commandMethod(command, host, name, call, interpreter),
    call: (call) => run(host, call, interpreter),
  };
  COMMANDS.set(host, command);
  return host;
}

function commandAttribute(command: ClickCommand, name: string): Value | undefined {
  switch (name) {
    case "name":
    case "help":
      return command[name] === undefined ? NONE : { kind: "str", value: command[name] };
    case "params":
    case "callback":
    case "commands":
      return unknown(`command.${name}`);
    default:
      return undefined;
  }
}

function commandMethod(
  command: ClickCommand,
  host: HostValue,
  name: string,
  call: CallArguments,
  interpreter: Interpreter,
): Value | undefined {
  const register = (made: ClickCommand): void => {
    command.commands.set(made.name ?? "", made);
  };
  switch (name) {
    case "command":
      return commandDecorator(false, register)(call, interpreter);
    case "group":
      return commandDecorator(true, register)(call, interpreter);
    case "add_command":
      return addCommand(command, call);
    case "main":
    case "__call__":
      return run(host, call, interpreter);
    default:
      return undefined;
  }
}

function addCommand(group: ClickCommand, call: CallArguments): Value {
  const added = commandOf(call.positional[0] ?? call.keywords.get("cmd"));
  const name = givenText(call, "name", 1) ?? added?.name;
  if (added === undefined || name === undefined || added === group) {
    group.gaps.push({ file: call.file, line: call.line, message: "A command is added that cannot be read." });
  } else group.commands.set(name, added);
  return NONE;
}

function run(host: HostValue, call: CallArguments, interpreter: Interpreter): Value {
  interpreter.record({ framework: "click", subject: host, file: call.file, line: call.line, preliminary: false });
  return unknown("the result of a command");
}

/** `click.Command(…)`, `click.Group(…)` as objects, also by subclasses of them. */
function commandObject(isGroup: boolean): ExternalModel {
  return (call, interpreter) => {
    const command: ClickCommand = {
      name: givenText(call, "name", 0),
      isGroup,
      help: cleanHelp(givenText(call, "help")),
      epilog: givenText(call, "epilog"),
      parameters: [],
      commands: new Map(),
      gaps: [],
      file: call.file,
      line: call.line,
    };
    addGivenParameters(command, call, interpreter);
    const commands = call.keywords.get("commands");
    if (commands?.kind === "dict") {
      for (const entry of commands.entries.values()) {
        const added = commandOf(entry.value);
        const name = textOf(entry.key);
        if (added !== undefined && name !== undefined) command.commands.set(name, added);
      }
    }
    return hostCommand(command, interpreter);
  };
}

/** `click.CommandCollection(sources=[…])`: the commands of several groups. */
function commandCollection(call: CallArguments, interpreter: Interpreter): Value {
  const host = commandObject(true)({ ...call, keywords: call.keywords }, interpreter);
  const command = commandOf(host);
  const sources = call.keywords.get("sources") ?? call.positional[1];
  for (const item of sources === undefined ? [] : iterate(interpreter, sources).items) {
    for (const [name, added] of commandOf(item)?.commands ?? []) command?.commands.set(name, added);
  }
  return host;
}

// --- the reader -------------------------------------------------------------------------------------------------

const MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["click.option", parameterDecorator("option")],
  ["click.argument", parameterDecorator("argument")],
  ["click.password_option", passwordOption],
  ["click.confirmation_option", confirmationOption],
  ["click.command", commandDecorator(false, () => undefined)],
  ["click.group", commandDecorator(true, () => undefined)],
  ["click.Command", commandObject(false)],
  ["click.Group", commandObject(true)],
  ["click.MultiCommand", commandObject(true)],
  ["click.CommandCollection", commandCollection],
  ["click.Option", parameterObject("option")],
  ["click.Argument", parameterObject("argument")],
  ...CLICK_TYPE_MODELS,
];

function passwordOption(call: CallArguments, interpreter: Interpreter): Value {
  const positional = call.positional.length > 0 ? call.positional : [{ kind: "str", value: "--password" } as const];
  return parameterDecorator("option")({ ...call, positional }, interpreter);
}

function confirmationOption(call: CallArguments, interpreter: Interpreter): Value {
  const positional = call.positional.length > 0 ? call.positional : [{ kind: "str", value: "--yes" } as const];
  return parameterDecorator("option", {
    is_flag: { kind: "bool", value: true },
    help: { kind: "str", value: "Confirm the action without prompting." },
  })({ ...call, positional }, interpreter);
}

/** Libraries that offer click's names unchanged. */
const ALIASES = ["click", "rich_click", "asyncclick", "cloup"];

export const clickReader: Reader = {
  framework: "click",
  calls: ALIASES.flatMap((alias) => MODELS.map(([name, model]) => [name.replace(/^click/u, alias), model] as const)),
  constants: CLICK_CONSTANTS,
  read: readRuns,
};

function readRuns(events: readonly RunEvent[]): CommandLine | null {
  const event = events.find((candidate) => !candidate.conditional) ?? events[0];
  const command = commandOf(event?.subject as HostValue | undefined);
  if (command === undefined) return null;
  const flat = flattenCommand(command);
  return {
    framework: "click",
    name: command.name,
    description: command.help,
    epilog: command.epilog,
    ...flat,
    line: command.file === event?.file ? command.line : undefined,
  };
}

const MAX_NESTING = 8;

/** A command's parameters and subcommands, flattened. */
function flattenCommand(root: ClickCommand): {
  readonly parameters: readonly Parameter[];
  readonly subcommands: readonly Subcommand[];
  readonly gaps: readonly Gap[];
} {
  const parameters: Parameter[] = [];
  const subcommands: Subcommand[] = [];
  const gaps: Gap[] = [];
  const visit = (command: ClickCommand, path: readonly string[]): void => {
    if (path.length > MAX_NESTING) return;
    gaps.push(...command.gaps);
    const subcommand = path.length === 0 ? undefined : path.join(" ");
    for (const parameter of command.parameters) {
      const made = toParameter(parameter, subcommand);
      if (made !== null) parameters.push(made);
    }
    for (const [name, inner] of command.commands) {
      const innerPath = [...path, name];
      const help = inner.help?.split(/\n\s*\n/u)[0]?.replaceAll(/\s+/gu, " ");
      subcommands.push({ path: innerPath.join(" "), line: inner.line, ...(help === undefined ? {} : { help }) });
      visit(inner, innerPath);
    }
  };
  visit(root, []);
  return { parameters, subcommands, gaps };
}
