import type { Parameter, Subcommand } from "../../model/index.ts";
import {
  type CallArguments,
  type ClassValue,
  cleandoc,
  type FunctionValue,
  type Interpreter,
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
  const parameters: Parameter[] = [];
  const subcommands: Subcommand[] = [];
  const addFunction = (callee: FunctionValue, subcommand: string | undefined, isMethod: boolean): void => {
    for (const parameter of signatureOf(callee, interpreter, isMethod)) {
      parameters.push(...toParameters(parameter, subcommand));
    }
  };
  const addMember = (path: string, value: Value, isMethod: boolean): void => {
    const callee = value.kind === "bound" ? value.function : value;
    if (callee.kind === "class") addClass(callee, path);
    else if (callee.kind === "function") {
      subcommands.push({ path, line: callee.line, ...optional("help", documentationOf(callee)?.split("\n")[0]) });
      addFunction(callee, path, isMethod && callee.binding !== "static");
    }
  };
  const addClass = (made: ClassValue, path: string | undefined): void => {
    const init = lookupInClass(made, "__init__");
    if (init?.kind === "function") addFunction(init, path, true);
    for (const [method, value] of publicMethods(made))
      addMember(path === undefined ? method : `${path} ${method}`, value, true);
  };
  const target = component?.kind === "bound" ? component.function : component;
  if (target?.kind === "function") addFunction(target, undefined, component?.kind === "bound");
  else if (target?.kind === "class") addClass(target, undefined);
  else if (target?.kind === "instance") {
    for (const [method, value] of publicMethods(target.class)) addMember(method, value, true);
  } else if (target?.kind === "dict") {
    for (const entry of target.entries.values()) addMember(textOf(entry.key) ?? "", entry.value, false);
  }
  return {
    framework: "fire",
    name,
    description: target === undefined ? undefined : documentationOf(target),
    parameters,
    subcommands,
    line: target?.kind === "function" || target?.kind === "class" ? target.line : call.line,
    gaps:
      target === undefined || target.kind === "unknown"
        ? [{ file: call.file, line: call.line, message: "What fire offers is not known before the program runs." }]
        : [],
  };
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

function toParameters(parameter: SignatureParameter, subcommand: string | undefined): Parameter[] {
  if (parameter.kind === "keywords") return [];
  const type = annotatedType(parameter.annotation);
  const fallback = parameter.default;
  const guessed =
    type.type ?? (fallback === null || fallback.kind === "none" ? undefined : typeOfDefault(fallback).type);
  const isList = type.isList || parameter.kind === "rest" || fallback?.kind === "list" || fallback?.kind === "tuple";
  const json = fallback === null || fallback.kind === "none" ? undefined : toJson(fallback);
  return [
    {
      name: parameter.name,
      flags: parameter.kind === "rest" ? [] : [`--${parameter.name}`],
      ...(isList ? { type: "array" as const } : optional("type", guessed)),
      required: fallback === null && parameter.kind !== "rest",
      ...optional("default", json),
      ...optional("choices", type.choices === undefined ? undefined : [...type.choices]),
      ...(parameter.kind === "rest" ? { nargs: "*" as const } : {}),
      ...optional("subcommand", subcommand),
      ...(type.isPath === true || soundsLikePath(parameter.name) ? { isPath: true } : {}),
      confidence: fallback?.kind === "unknown" ? "unknown" : "certain",
      line: parameter.line,
    },
  ];
}
