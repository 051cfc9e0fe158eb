import type { Parameter, Subcommand } from "../../model/index.ts";
import { parseDocstring } from "../agents/docstring.ts";
import {
  type CallArguments,
  type ClassValue,
  cleandoc,
  type FunctionValue,
  type Interpreter,
  isSequence,
  lookupInClass,
  NONE,
  type RunEvent,
  resolutionOrder,
  textOf,
  type Value,
} from "../evaluate/index.ts";
import { typeOfDefault } from "./click-types.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, givenText, optional, toJson } from "./reading.ts";
import { annotatedType, type SignatureParameter, signatureOf } from "./signature.ts";
import { soundsLikePath } from "./types.ts";

/** `fire.Fire(component)`: what the component offers becomes the command line. */
function fire(call: CallArguments, interpreter: Interpreter): Value {
  const component = call.positional[0] ?? call.keywords.get("component");
  const name = givenText(call, "name", 2);
  const read = (): CommandLine => readComponent(component, name, call, interpreter);
  interpreter.record({ framework: "fire", subject: read, file: call.file, line: call.line, preliminary: false });
  return NONE;
}

export const fireReader: Reader = {
  framework: "fire",
  calls: [["fire.Fire", fire]],
  constants: [],
  read: (events: readonly RunEvent[]) => {
    const event = events.find((candidate) => !candidate.conditional) ?? events[0];
    return typeof event?.subject === "function" ? (event.subject() as CommandLine) : null;
  },
};

function readComponent(
  component: Value | undefined,
  name: string | undefined,
  call: CallArguments,
  interpreter: Interpreter,
): CommandLine {
  // Without a component, the module itself is one.
  const target = component ?? interpreter.loadModule(call.file, "__main__");
  const callee = target.kind === "bound" ? target.function : target;
  const reading = new ComponentReading(interpreter);
  if (callee.kind === "function") reading.function(callee, undefined, target.kind === "bound");
  else reading.members(target, []);
  const { parameters, subcommands } = reading;
  return {
    framework: "fire",
    name,
    description: documentationOf(callee),
    parameters,
    subcommands,
    line: callee.kind === "function" || callee.kind === "class" ? callee.line : call.line,
    gaps:
      target.kind === "unknown"
        ? [{ file: call.file, line: call.line, message: "What fire offers is not known before the program runs." }]
        : [],
  };
}

/** Deepest nesting of components that is followed. */
const MAX_NESTING = 4;

/** Gathers what a component and its members offer. */
class ComponentReading {
  readonly parameters: Parameter[] = [];
  readonly subcommands: Subcommand[] = [];
  readonly #interpreter: Interpreter;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  function(callee: FunctionValue, subcommand: string | undefined, isMethod: boolean): void {
    this.#interpreter.noteOffered(callee);
    const doc = callee.attributes.get("__doc__");
    const help = parseDocstring(doc?.kind === "str" ? cleandoc(doc.value) : "").parameters;
    for (const parameter of signatureOf(callee, this.#interpreter, isMethod)) {
      this.parameters.push(...toParameters(parameter, subcommand, help.get(parameter.name)));
    }
  }

  /** The members of a class (after its own arguments), object, dictionary or module. */
  members(component: Value, path: readonly string[]): void {
    if (path.length > MAX_NESTING) return;
    this.#interpreter.noteOffered(component);
    const init = component.kind === "class" ? lookupInClass(component, "__init__") : undefined;
    if (init?.kind === "function") this.function(init, path.join(" ") || undefined, true);
    const ofClass = component.kind === "class" ? component : component.kind === "instance" ? component.class : null;
    for (const [name, value] of ofClass === null ? [] : publicMethods(ofClass)) {
      this.#member([...path, name], value, true);
    }
    for (const [name, value] of ownMembers(component)) this.#member([...path, name], value, false);
  }

  #member(path: readonly string[], value: Value, isMethod: boolean): void {
    const callee = value.kind === "bound" ? value.function : value;
    const subcommand = path.join(" ");
    if (callee.kind === "function") {
      this.subcommands.push({
        path: subcommand,
        line: callee.line,
        ...optional("help", documentationOf(callee)?.split("\n")[0]),
      });
      this.function(callee, subcommand, value.kind === "bound" || (isMethod && callee.binding !== "static"));
    } else if (callee.kind === "instance" || callee.kind === "class" || callee.kind === "dict") {
      this.members(callee, path);
    }
  }
}

/** What an object, dictionary or module holds itself. */
function ownMembers(component: Value): readonly (readonly [string, Value])[] {
  switch (component.kind) {
    case "instance":
      return [...component.attributes].filter(([name]) => !name.startsWith("_"));
    case "dict":
      return [...component.entries.values()].map(({ key, value }) => [textOf(key) ?? "", value]);
    case "module":
      return component.scope.entries().flatMap(([name, value]) => {
        const isOwn = (value.kind === "function" || value.kind === "class") && value.file === component.file;
        return isOwn && !name.startsWith("_") ? [[name, value]] : [];
      });
    default:
      return [];
  }
}

function publicMethods(made: ClassValue): readonly (readonly [string, Value])[] {
  const found = new Map<string, Value>();
  for (const item of resolutionOrder(made)) {
    if (item.kind !== "class") continue;
    for (const [name, value] of item.scope.entries()) {
      if (name.startsWith("_") || found.has(name) || value.kind !== "function" || value.binding === "property")
        continue;
      found.set(name, value);
    }
  }
  return [...found];
}

function documentationOf(value: Value): string | undefined {
  const doc =
    value.kind === "function"
      ? value.attributes.get("__doc__")
      : value.kind === "class"
        ? value.scope.own("__doc__")
        : undefined;
  const text = doc?.kind === "str" ? cleandoc(doc.value).trim() : "";
  return text === "" ? undefined : (text.split(/\n\s*\n/u)[0] ?? text);
}

function toParameters(
  parameter: SignatureParameter,
  subcommand: string | undefined,
  help: string | undefined,
): Parameter[] {
  const { name, kind, line } = parameter;
  if (kind === "keywords") return [];
  const isRest = kind === "rest";
  const fallback = parameter.default;
  return [
    {
      name,
      flags: isRest ? [] : [`--${name}`],
      ...valuesOf(parameter, isRest),
      required: fallback === null && !isRest,
      ...optional("nargs", isRest ? ("*" as const) : undefined),
      ...optional("help", help === "" ? undefined : help),
      ...optional("subcommand", subcommand),
      confidence: fallback?.kind === "unknown" ? "unknown" : "certain",
      line,
    },
  ];
}

/** What a parameter takes, by its annotation or else by its default. */
function valuesOf(
  { name, annotation, default: fallback }: SignatureParameter,
  isRest: boolean,
): Pick<Parameter, "type" | "default" | "choices" | "isPath"> {
  const type = annotatedType(annotation);
  const known = fallback === null || fallback.kind === "none" ? undefined : fallback;
  const isList = type.isList || isRest || (known !== undefined && isSequence(known));
  const single = type.type ?? (known && typeOfDefault(known).type);
  return {
    ...optional("type", isList ? ("array" as const) : single),
    ...optional("default", known && toJson(known)),
    ...optional("choices", type.choices && [...type.choices]),
    ...(type.isPath === true || soundsLikePath(name) ? { isPath: true } : {}),
  };
}
