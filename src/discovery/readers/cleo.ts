import type { Parameter, Subcommand } from "../../model/index.ts";
import {
  type CallArguments,
  type ExternalModel,
  type HostValue,
  hostOf,
  type InstanceValue,
  type Interpreter,
  iterate,
  NONE,
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
  optional,
  toJson,
  typeFields,
} from "./reading.ts";
import { isPathOf } from "./types.ts";

/** A `cleo.Application()` as the program builds it. */
interface Application {
  readonly name: string | undefined;
  readonly commands: Value[];
  /** By name, functions that make commands. */
  readonly factories: Map<string, Value>;
  readonly gaps: Gap[];
  instance: InstanceValue | null;
  readonly host: HostValue;
}

const APPLICATIONS = new WeakMap<HostValue, Application>();
/** `argument(…)`, `option(…)` by the host that stands for them. */
const DECLARED = new WeakMap<HostValue, { readonly kind: "argument" | "option"; readonly call: CallArguments }>();
/** What programs add to the options that all commands have. */
const DEFINITIONS = new WeakMap<HostValue, Value[]>();
const LOADERS = new WeakMap<HostValue, Value>();

function declare(kind: "argument" | "option"): ExternalModel {
  return (call) => {
    const host: HostValue = { kind: "host", typeName: `cleo.${kind}` };
    DECLARED.set(host, { kind, call });
    return host;
  };
}

/** The classes behind the helpers say what is required or a list in other words. */
function declareObject(kind: "argument" | "option"): ExternalModel {
  return (call, interpreter) => {
    const keywords = new Map(call.keywords);
    const rename = (from: string, to: string): void => {
      const value = keywords.get(from);
      if (value !== undefined) keywords.set(to, value);
    };
    rename("is_list", "multiple");
    rename("requires_value", "value_required");
    if (kind === "argument" && givenBoolean(call, "required") === false) {
      keywords.set("optional", { kind: "bool", value: true });
    }
    return declare(kind)({ ...call, keywords }, interpreter);
  };
}

const makeApplication: ExternalModel = (call, interpreter) => {
  const host: HostValue = {
    kind: "host",
    typeName: "cleo.application.Application",
    getAttribute: (name) => (name === "_default_definition" ? definition() : undefined),
    callMethod: (name, inner) => method(application, name, inner, interpreter),
    adopt: (instance) => {
      application.instance = instance;
    },
  };
  const application: Application = {
    name: givenText(call, "name", 0),
    commands: [],
    factories: new Map(),
    gaps: [],
    instance: null,
    host,
  };
  APPLICATIONS.set(host, application);
  return host;
};

function definition(): HostValue {
  const added: Value[] = [];
  const host: HostValue = {
    kind: "host",
    typeName: "cleo.io.inputs.definition.Definition",
    callMethod: (name, call) => {
      if (name === "add_option" || name === "add_argument") added.push(call.positional[0] ?? NONE);
      else if (name !== "add_options" && name !== "add_arguments") return undefined;
      return NONE;
    },
  };
  DEFINITIONS.set(host, added);
  return host;
}

function method(
  application: Application,
  name: string,
  call: CallArguments,
  interpreter: Interpreter,
): Value | undefined {
  switch (name) {
    case "add":
    case "add_commands":
      application.commands.push(...call.positional);
      return NONE;
    case "set_command_loader": {
      const loader = hostOf(call.positional[0]);
      const factories = loader === null ? undefined : LOADERS.get(loader);
      const known = factories?.kind === "dict" ? factories : undefined;
      for (const { key, value } of known?.entries.values() ?? []) {
        const command = textOf(key);
        if (command !== undefined) application.factories.set(command, value);
      }
      if (known === undefined || known.open) {
        const { file, line } = call;
        application.gaps.push({ file, line, message: "Some commands are not known before the program runs." });
      }
      return NONE;
    }
    case "run": {
      const read = (): CommandLine => readApplication(application, call, interpreter);
      const { file, line } = call;
      interpreter.record({ framework: "cleo", subject: read, file, line, preliminary: false });
      return unknown("the result of a command");
    }
    default:
      return undefined;
  }
}

const commandLoader: ExternalModel = (call) => {
  const host: HostValue = { kind: "host", typeName: "cleo.loaders.factory_command_loader.FactoryCommandLoader" };
  LOADERS.set(host, call.positional[0] ?? call.keywords.get("factories") ?? unknown("factories of commands"));
  return host;
};

const HELPERS = ["cleo.helpers", "cleo"] as const;

export const cleoReader: Reader = {
  framework: "cleo",
  calls: [
    ["cleo.application.Application", makeApplication],
    ["cleo.Application", makeApplication],
    ["cleo.loaders.factory_command_loader.FactoryCommandLoader", commandLoader],
    ...HELPERS.flatMap((module): (readonly [string, ExternalModel])[] => [
      [`${module}.argument`, declare("argument")],
      [`${module}.option`, declare("option")],
    ]),
    ["cleo.io.inputs.argument.Argument", declareObject("argument")],
    ["cleo.io.inputs.option.Option", declareObject("option")],
  ],
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine) : null;
  },
};

// --- result -----------------------------------------------------------------------------------------------------

/** Options that every application has: https://github.com/python-poetry/cleo/blob/main/src/cleo/application.py */
const OWN_OPTIONS: readonly (readonly [readonly string[], string])[] = [
  [["--quiet", "-q"], "Do not output any message."],
  [["--ansi"], "Force ANSI output."],
  [["--no-ansi"], "Disable ANSI output."],
  [["--no-interaction", "-n"], "Do not ask any interactive question."],
];

function ownOptions(line: number): Parameter[] {
  const switches = OWN_OPTIONS.map(
    ([flags, help]): Parameter => ({
      name: (flags[0] ?? "").slice(2).replaceAll("-", "_"),
      flags: [...flags],
      type: "boolean",
      required: false,
      default: false,
      action: "store_true",
      help,
      confidence: "certain",
      line,
    }),
  );
  const help = "Increase the verbosity of messages: 1 for normal output, 2 for more verbose output and 3 for debug.";
  const verbose = { name: "verbose", flags: ["--verbose", "-v"], type: "integer" as const, action: "count", help };
  return [...switches, { ...verbose, required: false, confidence: "certain", line }];
}

class ApplicationReading {
  readonly parameters: Parameter[];
  readonly subcommands: Subcommand[] = [];
  readonly gaps: Gap[];
  readonly #application: Application;
  readonly #call: CallArguments;
  readonly #interpreter: Interpreter;

  constructor(application: Application, call: CallArguments, interpreter: Interpreter) {
    this.#application = application;
    this.#call = call;
    this.#interpreter = interpreter;
    this.gaps = [...application.gaps];
    this.parameters = ownOptions(call.line);
  }

  read(): void {
    const { commands, factories, instance, host } = this.#application;
    const defined = hostOf(this.#interpreter.getAttribute(instance ?? host, "_default_definition"));
    for (const item of (defined && DEFINITIONS.get(defined)) ?? []) this.#declared(item, undefined);
    const call = { ...this.#interpreter.emptyCall(this.#call.file, this.#call.line) };
    for (const command of commands) this.#command(command, undefined);
    for (const [name, factory] of factories) this.#command(this.#interpreter.call(factory, call), name);
  }

  #command(command: Value, known: string | undefined): void {
    const name = known ?? textOf(this.#interpreter.getAttribute(command, "name"));
    if (command.kind !== "instance" || name === undefined || name === "") {
      const { file, line } = this.#call;
      this.gaps.push({ file, line, message: `${name ?? "A command"} is added that cannot be read.` });
      if (name === undefined) return;
    }
    const line = command.kind === "instance" ? command.class.line : this.#call.line;
    const help = textOf(this.#interpreter.getAttribute(command, "description"));
    this.subcommands.push({ path: name, line, ...optional("help", help) });
    for (const list of ["arguments", "options"]) {
      const declared = iterate(this.#interpreter, this.#interpreter.getAttribute(command, list));
      for (const item of declared.items) this.#declared(item, name);
    }
  }

  #declared(item: Value, subcommand: string | undefined): void {
    const found = item.kind === "host" ? DECLARED.get(item) : undefined;
    const made = found && (found.kind === "argument" ? argumentOf(found.call) : optionOf(found.call));
    if (made) this.parameters.push({ ...made, ...optional("subcommand", subcommand) });
  }
}

function readApplication(application: Application, call: CallArguments, interpreter: Interpreter): CommandLine {
  const reading = new ApplicationReading(application, call, interpreter);
  reading.read();
  const { parameters, subcommands, gaps } = reading;
  return { framework: "cleo", name: application.name, parameters, subcommands, gaps };
}

/** `argument(name, description, optional, multiple, default)`. */
function argumentOf(call: CallArguments): Parameter | null {
  const name = givenText(call, "name", 0);
  if (name === undefined) return null;
  const isMany = isTrue(call, "multiple", 3);
  const isOptional = isTrue(call, "optional", 2);
  return {
    name,
    flags: [],
    ...typeFields(isMany, "string"),
    required: !isOptional,
    ...fallbackOf(call, 4),
    ...optional("nargs", isMany ? (isOptional ? ("*" as const) : ("+" as const)) : undefined),
    ...optional("help", givenText(call, "description", 1)),
    ...optional("isPath", isPathOf(name, { type: "string" })),
    line: call.line,
  };
}

/** `option(long_name, short_name, description, flag=True, value_required=True, multiple=False, default=None)`. */
function optionOf(call: CallArguments): Parameter | null {
  const long = givenText(call, "long_name", 0) ?? givenText(call, "name", 0);
  if (long === undefined) return null;
  const name = long.replace(/^-+/u, "");
  const shorts = (givenText(call, "short_name", 1) ?? "").split("|").map((one) => one.replace(/^-+/u, ""));
  const isSwitch = given(call, "flag", 3).state === "absent" || isTrue(call, "flag", 3);
  const isMany = isTrue(call, "multiple", 5);
  const isBare = given(call, "value_required", 4).state === "given" && !isTrue(call, "value_required", 4);
  return {
    name: name.replaceAll("-", "_"),
    flags: [`--${name}`, ...shorts.filter((one) => one !== "").map((one) => `-${one}`)],
    ...typeFields(isMany && !isSwitch, isSwitch ? "boolean" : "string"),
    required: false,
    ...(isSwitch ? { default: false, confidence: "certain" as const } : fallbackOf(call, 6)),
    ...optional("nargs", isBare && !isSwitch ? ("?" as const) : undefined),
    ...optional("action", isSwitch ? "store_true" : isMany ? "append" : undefined),
    ...optional("help", givenText(call, "description", 2)),
    ...optional("isPath", isSwitch ? undefined : isPathOf(name, { type: "string" })),
    line: call.line,
  };
}

function isTrue(call: CallArguments, name: string, index: number): boolean {
  const found = given(call, name, index);
  return found.state === "given" && found.value.kind === "bool" && found.value.value;
}

function fallbackOf(call: CallArguments, index: number): Pick<Parameter, "default" | "confidence"> {
  const found = given(call, "default", index);
  const known = found.state === "given" && found.value.kind !== "none" ? toJson(found.value) : undefined;
  return { ...optional("default", known), confidence: confidenceOf(found.state === "unknown", false) };
}
