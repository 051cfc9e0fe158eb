import type { Parameter, Subcommand } from "../../model/index.ts";
import {
  type CallArguments,
  type ClassValue,
  cleandoc,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  hostOf,
  type Interpreter,
  isSequence,
  lookupInClass,
  NONE,
  native,
  type RunEvent,
  resolutionOrder,
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
import { type SignatureParameter, signatureOf } from "./signature.ts";
import { converterType, isPathOf, type ValueType } from "./types.ts";

/** What a switch does with the words after it. */
type SwitchKind = "value" | "flag" | "count";

/** `cli.switch(…)`, `cli.SwitchAttr(…)`, `cli.Flag(…)`, `cli.CountOf(…)`. */
interface Switch {
  readonly kind: SwitchKind;
  /** Empty for an `autoswitch`, which takes the function's name. */
  readonly names: readonly string[];
  /** What a value has to be; `null` where there is none. */
  readonly type: Value | null;
  readonly call: CallArguments;
  readonly conditional: boolean;
}

const SWITCHES = new WeakMap<HostValue, Switch>();
/** Subcommands that classes register, by class. */
const SUBCOMMANDS = new WeakMap<
  ClassValue,
  { readonly name: string; readonly target: Value; readonly line: number }[]
>();
const GAPS = new WeakMap<ClassValue, Gap[]>();
/** Names of switches that a class takes off. */
const UNBOUND = new WeakMap<ClassValue, Set<string>>();

/** The attribute of a function under which plumbum keeps its switch. */
const SWITCH_ATTRIBUTE = "_switch_info";

function namesOf(value: Value | undefined): readonly string[] {
  const items = value === undefined ? [] : isSequence(value) ? value.items : [value];
  return items.flatMap((item) => textOf(item) ?? []).map((name) => name.replace(/^-+/u, ""));
}

function switchHost(made: Switch): HostValue {
  const host: HostValue = { kind: "host", typeName: "plumbum.cli.switch" };
  SWITCHES.set(host, made);
  return host;
}

/** `SwitchAttr(names, argtype=str, default=None, list=False)`, `Flag(names, default=False)`, `CountOf(names, default=0)`. */
function attribute(kind: SwitchKind): ExternalModel {
  return (call, interpreter) => {
    const type = kind === "value" ? (call.positional[1] ?? call.keywords.get("argtype") ?? NONE) : null;
    // The default stands behind the type, where there is one.
    const fallback = call.positional[kind === "value" ? 2 : 1];
    const keywords =
      fallback === undefined ? call.keywords : new Map([...call.keywords, ["default", fallback] as const]);
    const names = namesOf(call.positional[0] ?? call.keywords.get("names"));
    return switchHost({ kind, names, type, call: { ...call, keywords }, conditional: interpreter.conditional > 0 });
  };
}

/** `@switch(names, argtype=None)`: a function without a type takes no value. */
function decorator(isNamed: boolean): ExternalModel {
  return (call, interpreter) => {
    const [first, second] = call.positional;
    const given = (isNamed ? second : first) ?? call.keywords.get("argtype");
    const type = given === undefined || given.kind === "none" ? null : given;
    const names = isNamed ? namesOf(first ?? call.keywords.get("names")) : [];
    const made: Switch = {
      kind: type === null ? "flag" : "value",
      names,
      type,
      call,
      conditional: interpreter.conditional > 0,
    };
    return native("plumbum.cli.switch", (inner) => {
      const [target = NONE] = inner.positional;
      if (target.kind === "function") target.attributes.set(SWITCH_ATTRIBUTE, switchHost(made));
      return target;
    });
  };
}

// --- applications -----------------------------------------------------------------------------------------------

/** `MyApp()` is `MyApp.run()`; with the name of an executable it makes an object. */
const application: ExternalModel = (call, interpreter) => ({
  kind: "host",
  typeName: "plumbum.cli.Application",
  adopt: (instance) => {
    if (call.positional.length === 0 && call.keywords.size === 0) recordRun(instance.class, call, interpreter);
  },
});

const run: ExternalModel = (call, interpreter) => {
  const [made] = call.positional;
  if (made?.kind === "class") recordRun(made, call, interpreter);
  return unknown("the result of a command");
};

function recordRun(made: ClassValue, call: CallArguments, interpreter: Interpreter): void {
  const read = (): CommandLine => readApplication(made, interpreter);
  interpreter.record({ framework: "plumbum", subject: read, file: call.file, line: call.line, preliminary: false });
}

/** `@MyApp.subcommand("name")`, or with the class, or the name of one, as second argument. */
const subcommand: ExternalModel = (call) => {
  const [made, , given] = call.positional;
  const name = givenText(call, "name", 1);
  const register = (target: Value): Value => {
    if (made?.kind !== "class") return target;
    if (name === undefined) {
      const { file, line } = call;
      GAPS.set(made, [...(GAPS.get(made) ?? []), { file, line, message: "A command is added that cannot be read." }]);
      return target;
    }
    const line = target.kind === "class" ? target.line : call.line;
    SUBCOMMANDS.set(made, [...(SUBCOMMANDS.get(made) ?? []), { name, target, line }]);
    return target;
  };
  const target = given ?? call.keywords.get("subapp");
  if (target !== undefined) return register(target);
  return native("plumbum.subcommand", (inner) => register(inner.positional[0] ?? NONE));
};

const unbind: ExternalModel = (call) => {
  const [made, ...names] = call.positional;
  if (made?.kind === "class") UNBOUND.set(made, new Set([...(UNBOUND.get(made) ?? []), ...names.flatMap(namesOf)]));
  return NONE;
};

/** A validator with arguments: `Range(1, 5)`, `Set("a", "b")`. */
function validator(name: string): ExternalModel {
  return (call) => {
    const host: HostValue = { kind: "host", typeName: `plumbum.cli.${name}` };
    VALIDATORS.set(host, call);
    return host;
  };
}

const VALIDATORS = new WeakMap<HostValue, CallArguments>();

/** Places from which plumbum's names can be imported. */
const MODULES = ["plumbum.cli", "plumbum.cli.switches", "plumbum.cli.application"] as const;

export const plumbumReader: Reader = {
  framework: "plumbum",
  calls: MODULES.flatMap((module): (readonly [string, ExternalModel])[] => [
    [`${module}.Application`, application],
    [`${module}.Application.run`, run],
    [`${module}.Application.subcommand`, subcommand],
    [`${module}.Application.unbind_switches`, unbind],
    [`${module}.SwitchAttr`, attribute("value")],
    [`${module}.Flag`, attribute("flag")],
    [`${module}.CountOf`, attribute("count")],
    [`${module}.switch`, decorator(true)],
    [`${module}.autoswitch`, decorator(false)],
    [`${module}.Range`, validator("Range")],
    [`${module}.Set`, validator("Set")],
    [`${module}.positional`, () => native("positional", (call) => call.positional[0] ?? NONE)],
  ]),
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine) : null;
  },
};

// --- result -----------------------------------------------------------------------------------------------------

const MAX_NESTING = 8;

class ApplicationReading {
  readonly parameters: Parameter[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly gaps: Gap[] = [];
  readonly #interpreter: Interpreter;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  visit(made: ClassValue, path: readonly string[]): void {
    if (path.length > MAX_NESTING) return;
    const place = path.length === 0 ? {} : { subcommand: path.join(" ") };
    const positionals = this.#positionals(made);
    const taken = new Set(positionals.map(({ name }) => name));
    for (const one of switchesOf(made)) {
      const parameter = switchParameter(one);
      const [name = parameter.name] = taken.has(parameter.name) ? one.found.names : [];
      this.parameters.push({ ...parameter, name, ...place });
    }
    for (const parameter of positionals) this.parameters.push({ ...parameter, ...place });
    for (const item of resolutionOrder(made).toReversed()) {
      if (item.kind !== "class") continue;
      this.gaps.push(...(GAPS.get(item) ?? []));
      for (const { name, target, line } of SUBCOMMANDS.get(item) ?? []) this.#subcommand(name, target, line, path);
    }
  }

  /** The parameters of `main`. */
  #positionals(made: ClassValue): readonly Parameter[] {
    const main = lookupInClass(made, "main");
    const signature = main?.kind === "function" ? signatureOf(main, this.#interpreter, true) : [];
    return signature
      .filter(({ kind }) => kind === "positional" || kind === "rest")
      .map((parameter) => positionalParameter(parameter, made.line));
  }

  #subcommand(name: string, given: Value, line: number, path: readonly string[]): void {
    const inner = [...path, name];
    const target = given.kind === "str" ? this.#imported(given.value) : given;
    const help = target.kind === "class" ? descriptionOf(target) : undefined;
    this.subcommands.push({ path: inner.join(" "), line, ...optional("help", help) });
    if (target.kind === "class") this.visit(target, inner);
  }

  /** A class by its qualified name. */
  #imported(name: string): Value {
    const at = name.lastIndexOf(".");
    const module = this.#interpreter.importModule("", 0, name.slice(0, at));
    return this.#interpreter.getAttribute(module, name.slice(at + 1));
  }
}

function readApplication(made: ClassValue, interpreter: Interpreter): CommandLine {
  const reading = new ApplicationReading(interpreter);
  reading.visit(made, []);
  const { parameters, subcommands, gaps } = reading;
  const name = lookupInClass(made, "PROGNAME");
  return {
    framework: "plumbum",
    name: name?.kind === "str" ? name.value : undefined,
    description: descriptionOf(made),
    parameters,
    subcommands,
    line: made.line,
    gaps,
  };
}

function descriptionOf(made: ClassValue): string | undefined {
  const stated = lookupInClass(made, "DESCRIPTION");
  const value = stated?.kind === "str" ? stated : made.scope.own("__doc__");
  const text = value?.kind === "str" ? cleandoc(value.value).trim() : "";
  return text === "" ? undefined : text;
}

interface BoundSwitch {
  readonly attribute: string;
  readonly found: Switch;
  /** The function that is called with the value, where it is one. */
  readonly callee: FunctionValue | null;
}

/** The switches of a class with those that it inherits, by the attributes that hold them. */
function switchesOf(made: ClassValue): readonly BoundSwitch[] {
  const classes = resolutionOrder(made).flatMap((item) => (item.kind === "class" ? [item] : []));
  const unbound = new Set(classes.flatMap((item) => [...(UNBOUND.get(item) ?? [])]));
  const found = new Map<string, BoundSwitch>();
  for (const item of classes.toReversed()) {
    for (const [name] of item.scope.entries()) {
      const one = switchOf(name, item.scope.own(name));
      if (one !== null) found.set(name, one);
    }
  }
  return [...found.values()].flatMap((one) => {
    const names = one.found.names.filter((name) => !unbound.has(name));
    return names.length === 0 ? [] : [{ ...one, found: { ...one.found, names } }];
  });
}

function switchOf(attribute: string, value: Value | undefined): BoundSwitch | null {
  const callee = value?.kind === "function" ? value : null;
  const host = hostOf(callee === null ? value : callee.attributes.get(SWITCH_ATTRIBUTE));
  const found = host === null ? undefined : SWITCHES.get(host);
  if (found === undefined) return null;
  const names = found.names.length > 0 ? found.names : [attribute.replaceAll("_", "-")];
  return { attribute, found: { ...found, names }, callee };
}

function switchParameter({ attribute: name, found, callee }: BoundSwitch): Parameter {
  const { kind, names, type, call, conditional } = found;
  const fallback = given(call, "default");
  const isMany = kind === "value" && givenBoolean(call, "list") === true;
  const value =
    type === null ? { type: kind === "count" ? ("integer" as const) : ("boolean" as const) } : valueType(type);
  const known = fallback.state === "given" && fallback.value.kind !== "none" ? toJson(fallback.value) : undefined;
  return {
    name,
    flags: names.map((one) => (one.length === 1 ? `-${one}` : `--${one}`)),
    ...typeFields(isMany, value.type),
    required: givenBoolean(call, "mandatory") === true,
    ...optional("default", known ?? (kind === "flag" ? false : undefined)),
    ...optional("choices", value.choices && [...value.choices]),
    ...optional("action", actionOf(kind, isMany, known === true)),
    ...optional("help", givenText(call, "help") ?? documentationOf(callee)),
    ...optional("metavar", givenText(call, "argname")),
    ...optional("isPath", type === null ? undefined : isPathOf(name, value)),
    confidence: confidenceOf(fallback.state === "unknown" || value.isUnknown === true, conditional),
    line: call.line,
  };
}

function actionOf(kind: SwitchKind, isMany: boolean, isOn: boolean): string | undefined {
  if (kind === "count") return "count";
  if (kind === "flag") return isOn ? "store_false" : "store_true";
  return isMany ? "append" : undefined;
}

function documentationOf(callee: FunctionValue | null): string | undefined {
  const doc = callee?.attributes.get("__doc__");
  const text = doc?.kind === "str" ? cleandoc(doc.value).trim() : "";
  return text === "" ? undefined : text;
}

const PATH_VALIDATORS =
  /^plumbum\.cli(?:\.switches)?\.(?:ExistingFile|ExistingDirectory|MakeDirectory|NonexistentPath)$/u;

/** What a validator lets through. */
function valueType(type: Value): ValueType {
  if (type.kind === "none") return { type: "string" };
  if (type.kind === "external" && PATH_VALIDATORS.test(type.name)) return { type: "string", isPath: true };
  const call = type.kind === "host" ? VALIDATORS.get(type) : undefined;
  if (call === undefined || type.kind !== "host") return converterType(type);
  if (type.typeName.endsWith("Range")) return { type: "integer" };
  const texts = call.positional.map(toJson);
  const isPlain =
    texts.every((text) => typeof text === "string") && !call.openPositional && givenBoolean(call, "csv") !== true;
  return { type: "string", ...(isPlain ? { choices: texts.flatMap((text) => text ?? []) } : {}) };
}

function positionalParameter(parameter: SignatureParameter, line: number): Parameter {
  const { name, annotation, default: fallback } = parameter;
  const isRest = parameter.kind === "rest";
  const value = annotation === null ? { type: "string" as const } : valueType(annotation);
  const known = fallback === null || fallback.kind === "none" ? undefined : toJson(fallback);
  return {
    name,
    flags: [],
    ...typeFields(isRest, value.type),
    required: fallback === null && !isRest,
    ...optional("default", known),
    ...optional("choices", value.choices && [...value.choices]),
    ...optional("nargs", isRest ? ("*" as const) : undefined),
    ...optional("isPath", isPathOf(name, value)),
    confidence: confidenceOf(fallback?.kind === "unknown", false),
    line: parameter.line === 0 ? line : parameter.line,
  };
}
