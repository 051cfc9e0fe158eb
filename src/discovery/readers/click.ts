import {
  type CallArguments,
  type ClassValue,
  cleandoc,
  dict,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  hostOf,
  type InstanceValue,
  type Interpreter,
  isSequence,
  iterate,
  list,
  lookupInClass,
  NONE,
  native,
  type SequenceValue,
  str,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { type ClickParameter, declareParameter } from "./click-parameters.ts";
import { CLICK_TYPE_MODELS } from "./click-types.ts";
import { type CommandLine, type Gap, type Given, given, givenText } from "./reading.ts";

/** A click command or group as the program builds it. */
export interface ClickCommand {
  name: string | undefined;
  /** The program gives the name; otherwise it is made of the function's. */
  isNamed: boolean;
  readonly isGroup: boolean;
  help: string | undefined;
  epilog: string | undefined;
  /** Hosts of parameters, a Python list that the program may change. */
  readonly parameters: SequenceValue;
  readonly commands: Map<string, ClickCommand>;
  readonly gaps: Gap[];
  file: string;
  line: number;
  /** The object of a class of the program's own that stands for it. */
  instance: InstanceValue | null;
  /** What another library declares in its place, asked for when the command line is read. */
  readonly foreign?: () => CommandLine;
}

const COMMANDS = new WeakMap<HostValue, ClickCommand>();
/** The value that stands for a command. */
const HOSTS = new WeakMap<ClickCommand, HostValue>();
const PARAMETERS = new WeakMap<HostValue, ClickParameter>();
/** Parameters that decorators have put on a function, innermost first, by the host kept on the function. */
const PENDING = new WeakMap<HostValue, ClickParameter[]>();

/** The attribute of a function that keeps its parameters, as click itself names it. */
const PENDING_ATTRIBUTE = "__click_params__";

export function commandOf(value: Value | undefined): ClickCommand | undefined {
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
    else command.parameters.items.push(parameterHost(parameter));
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
    return parameter === null ? unknown(`a click.${kind}`) : parameterHost(parameter);
  };
}

function parameterHost(parameter: ClickParameter): HostValue {
  const host: HostValue = {
    kind: "host",
    typeName: `click.${parameter.kind}`,
    getAttribute: (name) => {
      if (name === "name") return str(parameter.name);
      return name === "opts" ? list(parameter.flags.map(str)) : unknown(`parameter.${name}`);
    },
  };
  PARAMETERS.set(host, parameter);
  return host;
}

/** Options applied one after another, as `cloup.option_group(title, *options)` does. */
function optionGroup(call: CallArguments, interpreter: Interpreter): Value {
  const options = call.positional.filter((value) => value.kind === "native");
  return native("option_group", (inner) => {
    let [target = NONE] = inner.positional;
    for (const option of [...options].reverse()) target = interpreter.call(option, { ...inner, positional: [target] });
    return target;
  });
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
): Value {
  const doc = callee.attributes.get("__doc__");
  const cls = given(call, "cls", 1);
  const own = cls.state === "given" && cls.value.kind === "class" ? ownInstance(cls.value, call, interpreter) : null;
  const command = (own && commandOf(own)) ?? emptyCommand(callee, isGroup || isGroupClass(cls));
  command.isNamed = givenText(call, "name", 0) !== undefined;
  command.name = givenText(call, "name", 0) ?? callee.name.toLowerCase().replace(NAME_SUFFIX, "").replaceAll("_", "-");
  command.help = cleanHelp(givenText(call, "help") ?? (doc?.kind === "str" ? doc.value : undefined));
  command.epilog = givenText(call, "epilog");
  command.parameters.items.push(...[...pendingOf(callee)].reverse().map(parameterHost));
  command.file = callee.file;
  command.line = callee.line;
  callee.attributes.delete(PENDING_ATTRIBUTE);
  if (own === null) addGivenParameters(command, call, interpreter);
  register(command);
  return own ?? hostCommand(command, interpreter);
}

/** The object of a command class of the program's own; `null` when it extends nothing of click. */
function ownInstance(made: ClassValue, call: CallArguments, interpreter: Interpreter): InstanceValue | null {
  const keywords = new Map([...call.keywords].filter(([name]) => name !== "cls"));
  const instance = interpreter.call(made, { ...call, positional: call.positional.slice(0, 1), keywords });
  return instance.kind === "instance" && commandOf(instance) !== undefined ? instance : null;
}

function emptyCommand(place: { readonly file: string; readonly line: number }, isGroup: boolean): ClickCommand {
  return {
    name: undefined,
    isNamed: false,
    isGroup,
    help: undefined,
    epilog: undefined,
    parameters: list([]),
    commands: new Map(),
    gaps: [],
    file: place.file,
    line: place.line,
    instance: null,
  };
}

/** A command that another library declares; the program may still add commands to it. */
export function foreignCommand(
  place: { readonly file: string; readonly line: number },
  foreign: () => CommandLine,
  interpreter: Interpreter,
): HostValue {
  return hostCommand({ ...emptyCommand(place, true), foreign }, interpreter);
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
    if (parameterOf(item) !== undefined) command.parameters.items.push(item);
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
    adopt: (instance) => {
      command.instance = instance;
    },
  };
  COMMANDS.set(host, command);
  HOSTS.set(command, host);
  return host;
}

function commandAttribute(command: ClickCommand, name: string): Value | undefined {
  switch (name) {
    case "name":
    case "help":
      return command[name] === undefined ? NONE : { kind: "str", value: command[name] };
    case "params":
      return command.parameters;
    case "commands":
      return dict([...command.commands].map(([key, inner]) => [str(key), HOSTS.get(inner) ?? NONE]));
    case "callback":
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
    case "list_commands":
      return list([...command.commands.keys()].map(str), command.foreign !== undefined);
    case "get_command": {
      const inner = command.commands.get(textOf(call.positional[1] ?? NONE) ?? "");
      return inner === undefined ? NONE : HOSTS.get(inner);
    }
    case "main":
    case "__call__":
      return run(host, call, interpreter);
    default:
      return undefined;
  }
}

/** Deepest nesting of groups that is followed. */
export const MAX_NESTING = 8;

/** What an object of one of click's classes, or of a class of the program's own that extends one, declares. */
function parameterOf(value: Value): ClickParameter | undefined {
  const host = hostOf(value);
  return host === null ? undefined : PARAMETERS.get(host);
}

/** The parameters of a command, in order. */
export function parametersOf(command: ClickCommand): readonly ClickParameter[] {
  return command.parameters.items.flatMap((item) => parameterOf(item) ?? []);
}

/** The methods by which a group of the program's own finds its commands. */
const LOOKUPS = ["list_commands", "get_command"];

/** Asks groups that look their commands up for each command that they list. */
function lookUpCommands(command: ClickCommand, interpreter: Interpreter, depth: number): void {
  const { instance } = command;
  if (instance !== null && LOOKUPS.some((name) => lookupInClass(instance.class, name) !== undefined)) {
    const call = { ...interpreter.emptyCall(command.file, command.line), positional: [unknown("a context")] };
    const listed = interpreter.call(interpreter.getAttribute(instance, "list_commands"), call);
    const names = isSequence(listed) ? listed.items.flatMap((item) => (item.kind === "str" ? [item.value] : [])) : [];
    if (!isSequence(listed) || listed.open || names.length < listed.items.length) {
      const { file, line } = command;
      command.gaps.push({ file, line, message: "Which commands this group has is not known before the program runs." });
    }
    for (const name of names.filter((one) => !command.commands.has(one))) {
      const positional = [...call.positional, str(name)];
      const found = commandOf(
        interpreter.call(interpreter.getAttribute(instance, "get_command"), { ...call, positional }),
      );
      if (found !== undefined) command.commands.set(name, found);
    }
  }
  if (depth >= MAX_NESTING) return;
  for (const inner of command.commands.values()) lookUpCommands(inner, interpreter, depth + 1);
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
  const command = COMMANDS.get(host);
  if (command !== undefined) lookUpCommands(command, interpreter, 0);
  interpreter.record({ framework: "click", subject: host, file: call.file, line: call.line, preliminary: false });
  return unknown("the result of a command");
}

/** `click.Command(…)`, `click.Group(…)` as objects, also by subclasses of them. */
function commandObject(isGroup: boolean): ExternalModel {
  return (call, interpreter) => {
    const command = emptyCommand(call, isGroup);
    command.name = givenText(call, "name", 0);
    command.isNamed = command.name !== undefined;
    command.help = cleanHelp(givenText(call, "help"));
    command.epilog = givenText(call, "epilog");
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

/** `click_repl.register_repl(group, name="repl")`: the command that runs the group's commands one after the other. */
function registerRepl(call: CallArguments, interpreter: Interpreter): Value {
  const repl = emptyCommand(call, false);
  repl.name = call.keywords.has("name") || call.positional.length > 1 ? givenText(call, "name", 1) : "repl";
  repl.isNamed = repl.name !== undefined;
  const group = commandOf(call.positional[0] ?? call.keywords.get("group"));
  if (group !== undefined)
    addCommand(group, { ...call, positional: [hostCommand(repl, interpreter)], keywords: new Map() });
  return NONE;
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

// --- models -------------------------------------------------------------------------------------------------

const MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["click.option", parameterDecorator("option")],
  ["click.argument", parameterDecorator("argument")],
  ["click.password_option", passwordOption],
  ["click.version_option", noParameter],
  ["click.help_option", noParameter],
  ["click.confirmation_option", confirmationOption],
  ["click.command", commandDecorator(false, () => undefined)],
  ["click.group", commandDecorator(true, () => undefined)],
  ["click.Command", commandObject(false)],
  ["click.Group", commandObject(true)],
  ["click.MultiCommand", commandObject(true)],
  ["click.CommandCollection", commandCollection],
  ["click_repl.register_repl", registerRepl],
  ["click.Option", parameterObject("option")],
  ["click.Argument", parameterObject("argument")],
  ["click.option_group", optionGroup],
  ...CLICK_TYPE_MODELS,
];

/** A decorator whose option is no parameter of the tool: it prints and leaves. */
function noParameter(): Value {
  return native("click's own option", (call) => call.positional[0] ?? NONE);
}

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
const ALIASES = ["click", "rich_click", "asyncclick", "cloup", "click_extra"];

/** Groups that other libraries derive from click's. */
const GROUP_CLASSES = ["flask.cli.AppGroup", "flask.cli.FlaskGroup", "click_default_group.DefaultGroup"];

export const CLICK_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ...ALIASES.flatMap((alias) => MODELS.map(([name, model]) => [name.replace(/^click/u, alias), model] as const)),
  ...GROUP_CLASSES.map((name) => [name, commandObject(true)] as const),
  ["click_option_group.optgroup.option", parameterDecorator("option")],
  ["click_option_group.optgroup", parameterDecorator("option")],
  ["click_option_group.optgroup.group", () => native("optgroup", (inner) => inner.positional[0] ?? NONE)],
];
