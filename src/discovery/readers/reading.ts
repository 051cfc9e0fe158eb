import type { Framework, Parameter, RestWords, Subcommand } from "../../model/index.ts";
import { type CallArguments, textOf, type Value } from "../evaluate/index.ts";

/** What a reader found out about one command line, before it becomes a tool. */
export interface CommandLine {
  readonly framework: Framework;
  /** As the program calls itself (`prog`, the command's name); the file's name serves otherwise. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly epilog?: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly subcommands: readonly Subcommand[];
  /** Usage patterns by which arguments are put in order (docopt). */
  readonly usage?: readonly string[] | undefined;
  /** The words that the parser leaves to the program (optparse, getopt). */
  readonly rest?: RestWords | undefined;
  /** Where the command line is declared. */
  readonly line?: number | undefined;
  /** Things that could not be read, for the author of the file. */
  readonly gaps: readonly Gap[];
}

/** Something that only running the code could tell. */
export interface Gap {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The words of a command line that nothing declares, offered as one list. */
export function remainingWords(
  line: number,
  confidence: Parameter["confidence"],
  told: Pick<Parameter, "help" | "metavar"> = {},
): Parameter {
  return {
    name: "args",
    flags: [],
    type: "array",
    items: { type: "string" },
    required: false,
    nargs: "*",
    ...told,
    confidence,
    line,
  };
}

export type Json = NonNullable<Parameter["default"]> | null;

/** A value as JSON, `undefined` when it is not known or has no JSON form. */
export function toJson(value: Value): Json | undefined {
  switch (value.kind) {
    case "none":
      return null;
    case "bool":
    case "str":
    case "path":
    case "bytes":
      return value.value;
    case "float":
      return Number.isFinite(value.value) ? value.value : undefined;
    case "int":
      return typeof value.value === "bigint" ? value.value.toString() : value.value;
    case "list":
    case "tuple":
    case "set":
      return value.open ? undefined : jsonList(value.items);
    case "dict":
      return jsonObject(value);
    case "enum":
      return toJson(value.value);
    default:
      return undefined;
  }
}

function jsonList(items: readonly Value[]): Json | undefined {
  const result: Json[] = [];
  for (const item of items) {
    const converted = toJson(item);
    if (converted === undefined) return undefined;
    result.push(converted);
  }
  return result;
}

function jsonObject(value: Value & { kind: "dict" }): Json | undefined {
  if (value.open) return undefined;
  const result: Record<string, Json> = {};
  for (const entry of value.entries.values()) {
    const key = textOf(entry.key);
    const converted = toJson(entry.value);
    if (key === undefined || converted === undefined) return undefined;
    result[key] = converted;
  }
  return result;
}

/** What one argument of a call says: its value, that it was left out, or that only running could tell. */
export type Given =
  /** `isLikely`: unless something outside the program, as an environment variable, says otherwise. */
  | { readonly state: "given"; readonly value: Value; readonly isLikely?: true }
  | { readonly state: "absent" }
  | { readonly state: "unknown" };

/** The keyword argument of a call, or the positional one at `index`. */
export function given(call: CallArguments, name: string, index = -1): Given {
  const value = call.keywords.get(name) ?? (index >= 0 ? call.positional[index] : undefined);
  if (value === undefined) {
    const isOpen = call.openKeywords || (index >= 0 && call.openPositional);
    return { state: isOpen ? "unknown" : "absent" };
  }
  return givenValue(value);
}

/** A value that was passed. */
export function givenValue(value: Value): Given {
  if (value.kind === "never") return { state: "unknown" };
  if (value.kind !== "unknown") return { state: "given", value };
  return value.usually === undefined ? { state: "unknown" } : { state: "given", value: value.usually, isLikely: true };
}

export function givenText(call: CallArguments, name: string, index = -1): string | undefined {
  const found = given(call, name, index);
  return found.state === "given" && found.value.kind !== "none" ? textOf(found.value) : undefined;
}

/** `true` or `false` as given; `undefined` when absent or not known. */
export function givenBoolean(call: CallArguments, name: string): boolean | undefined {
  const found = given(call, name);
  if (found.state !== "given") return undefined;
  if (found.value.kind === "bool") return found.value.value;
  return found.value.kind === "none" ? false : undefined;
}

/** Sets a property only when it has a value, so that absent stays absent. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

type ParameterType = NonNullable<Parameter["type"]>;

/** `type` of a parameter, or `items` where it takes a list. */
export function typeFields(isList: boolean, type: ParameterType | undefined): Pick<Parameter, "type" | "items"> {
  if (!isList) return optional("type", type);
  return { type: "array", ...(type === undefined ? {} : { items: { type } }) };
}

export function confidenceOf(hasUnknowns: boolean, isConditional: boolean): Parameter["confidence"] {
  if (hasUnknowns) return "unknown";
  return isConditional ? "likely" : "certain";
}
