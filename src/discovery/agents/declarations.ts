import type { Framework } from "../../model/index.ts";
import {
  type CallArguments,
  type ClassValue,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  type Interpreter,
  NONE,
  native,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import type { JsonSchema } from "./json-schema.ts";

/** A function (or class) that a program gives to an agent framework as a tool. */
export interface AgentTool {
  readonly framework: Framework;
  /** As declared; the function's name serves otherwise. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** What is called; for a class, the method that does the work. */
  readonly callee: FunctionValue;
  readonly owner?: ClassValue;
  /** How many of the first parameters the framework fills in. */
  readonly skip: number;
  /** A class that describes the arguments instead of the signature. */
  readonly argumentsClass?: ClassValue;
  /** JSON Schema given by the program itself. */
  readonly schema?: JsonSchema;
  /** The description in the docstring ends where its sections begin. */
  readonly summaryOnly: boolean;
}

const DECLARED = new WeakMap<Interpreter, AgentTool[]>();

/** The tools that a run has declared so far, in order. */
export function declaredTools(interpreter: Interpreter): readonly AgentTool[] {
  return DECLARED.get(interpreter) ?? [];
}

export function declareTool(interpreter: Interpreter, tool: AgentTool): void {
  const known = DECLARED.get(interpreter);
  if (known === undefined) DECLARED.set(interpreter, [tool]);
  else known.push(tool);
}

export function functionOf(value: Value | undefined): FunctionValue | null {
  if (value?.kind === "bound") return value.function;
  return value?.kind === "function" ? value : null;
}

/** A decorator used bare (`@tool`) or called (`@tool(…)`); it gives back what it decorates. */
export function toolDecorator(
  register: (callee: FunctionValue, call: CallArguments, interpreter: Interpreter) => void,
): ExternalModel {
  return (call, interpreter) => {
    const [first] = call.positional;
    const direct = functionOf(first);
    if (first !== undefined && direct !== null) {
      register(direct, { ...call, positional: call.positional.slice(1) }, interpreter);
      return first;
    }
    return native("tool", (inner) => {
      const callee = functionOf(inner.positional[0]);
      if (callee !== null) register(callee, call, interpreter);
      return inner.positional[0] ?? NONE;
    });
  };
}

/** A host that only has methods. */
export function hostWith(
  typeName: string,
  interpreter: Interpreter,
  methods: Readonly<Record<string, ExternalModel>>,
): HostValue {
  return {
    kind: "host",
    typeName,
    callMethod: (name, call) =>
      Object.hasOwn(methods, name) ? methods[name]?.(call, interpreter) : unknown(`${typeName}.${name}()`),
  };
}
