import type { Parameter } from "../../model/index.ts";
import { type CallArguments, textOf, truth } from "../evaluate/index.ts";
import { clickType, typeOfDefault } from "./click-types.ts";
import { confidenceOf, type Given, given, type Json, optional, toJson, typeFields } from "./reading.ts";
import { isPathOf, type ValueType } from "./types.ts";

/** One `click.option` or `click.argument`, as far as it can be read. */
export interface ClickParameter {
  readonly kind: "option" | "argument";
  readonly name: string;
  readonly flags: readonly string[];
  /** `--no-x` of `--x/--no-x`. */
  readonly negations: readonly string[];
  readonly call: CallArguments;
  readonly conditional: boolean;
}

/**
 * Reads the names of a parameter by click's own rules: an identifier names it, else its longest option does.
 * `null` when its name is not known.
 */
export function declareParameter(
  kind: "option" | "argument",
  call: CallArguments,
  conditional: boolean,
): ClickParameter | null {
  const declarations = call.positional.flatMap((value) => (value.kind === "str" ? [value.value] : []));
  if (declarations.length === 0 || declarations.length !== call.positional.length) return null;
  if (kind === "argument") {
    const name = (declarations.at(-1) ?? "").replaceAll("-", "_").toLowerCase();
    return { kind, name, flags: [], negations: [], call, conditional };
  }
  const options = declarations.filter((declaration) => !IDENTIFIER.test(declaration)).map(splitOption);
  const flags = options.flatMap(([first]) => (first === "" ? [] : [first]));
  const negations = options.flatMap(([, second]) => (second === "" ? [] : [second]));
  const explicit = declarations.find((declaration) => IDENTIFIER.test(declaration));
  const name = explicit ?? nameOf(flags.length > 0 ? flags : negations);
  return name === "" ? null : { kind, name, flags, negations, call, conditional };
}

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** `--on/--off`: the option that sets and the one that unsets. */
function splitOption(declaration: string): readonly [string, string] {
  const separator = declaration.startsWith("/") ? ";" : "/";
  const [first = "", second = ""] = declaration.split(separator, 2).map((part) => part.trim());
  return [first, second];
}

function nameOf(flags: readonly string[]): string {
  const dashes = (flag: string): number => /^-*/u.exec(flag)?.[0].length ?? 0;
  const [best = ""] = [...flags].sort((a, b) => dashes(b) - dashes(a));
  return best
    .replace(/^[-/+]+/u, "")
    .replaceAll("-", "_")
    .toLowerCase();
}

/** The parameter as the product describes it; `null` for options that print and leave. */
export function toParameter(parameter: ClickParameter, subcommand: string | undefined): Parameter | null {
  const { call } = parameter;
  if (isLeaving(parameter)) return null;
  const unknowns = new Set<string>();
  const isFlag = flagOf(parameter);
  const isCount = isTrue(given(call, "count"));
  const isMultiple = isTrue(given(call, "multiple"));
  const nargs = nargsOf(parameter, unknowns);
  const isMany = isMultiple || nargs !== undefined;
  const valueType = valueTypeOf(parameter, isFlag, isCount, unknowns);
  const fallback = defaultOf(parameter, isFlag, unknowns);
  const help = textOfGiven(given(call, "help"), unknowns);
  const required = requiredOf(parameter, nargs, unknowns);
  return {
    name: parameter.name,
    flags: [...parameter.flags, ...parameter.negations],
    ...typeFields(isMany, valueType.type),
    required,
    ...optional("default", fallback),
    ...optional("choices", valueType.choices && [...valueType.choices]),
    ...optional("nargs", nargs),
    ...optional("action", actionOf(isFlag, isCount, isMultiple)),
    ...optional("help", help),
    ...(isTrue(given(call, "hidden")) ? { hidden: true } : {}),
    ...optional("subcommand", subcommand),
    ...optional("isPath", isPathOf(parameter.name, valueType)),
    confidence: confidenceOf(unknowns.size > 0 || call.openKeywords, parameter.conditional),
    line: call.line,
  };
}

function valueTypeOf(parameter: ClickParameter, isFlag: boolean, isCount: boolean, unknowns: Set<string>): ValueType {
  if (isFlag) return { type: "boolean", isPath: false };
  return isCount ? { type: "integer", isPath: false } : typeOf(parameter, unknowns);
}

/** `--help` and `--version`. */
function isLeaving(parameter: ClickParameter): boolean {
  return (
    parameter.flags.includes("--help") ||
    (parameter.flags.includes("--version") && isTrue(given(parameter.call, "is_eager")))
  );
}

function actionOf(isFlag: boolean, isCount: boolean, isMultiple: boolean): string | undefined {
  if (isCount) return "count";
  if (isFlag) return "flag";
  return isMultiple ? "append" : undefined;
}

function isTrue(found: Given): boolean {
  return found.state === "given" && truth(found.value) === true;
}

function flagOf(parameter: ClickParameter): boolean {
  if (parameter.kind === "argument") return false;
  const found = given(parameter.call, "is_flag");
  if (found.state === "given") return truth(found.value) === true;
  const flagValue = given(parameter.call, "flag_value");
  return (
    parameter.negations.length > 0 || (flagValue.state === "given" && given(parameter.call, "type").state === "absent")
  );
}

function nargsOf(parameter: ClickParameter, unknowns: Set<string>): number | "*" | undefined {
  const found = given(parameter.call, "nargs");
  if (found.state === "unknown") unknowns.add("nargs");
  if (found.state !== "given" || found.value.kind !== "int") return undefined;
  const count = Number(found.value.value);
  if (count === -1) return "*";
  return count > 1 ? count : undefined;
}

function typeOf(parameter: ClickParameter, unknowns: Set<string>): ValueType {
  const found = given(parameter.call, "type");
  if (found.state === "unknown") unknowns.add("type");
  if (found.state === "unknown") return {};
  if (found.state === "given" && found.value.kind !== "none") {
    const type = clickType(found.value);
    if (type.isUnknown === true) unknowns.add("choices");
    return type;
  }
  const fallback = given(parameter.call, "default");
  return fallback.state === "given" ? typeOfDefault(fallback.value) : { type: "string" };
}

function defaultOf(parameter: ClickParameter, isFlag: boolean, unknowns: Set<string>): Json | undefined {
  const found = given(parameter.call, "default");
  if (found.state === "unknown") unknowns.add("default");
  if (found.state === "absent") return isFlag ? false : undefined;
  if (found.state === "unknown" || found.value.kind === "none") return undefined;
  const json = toJson(found.value);
  if (json === undefined) unknowns.add("default");
  return json;
}

function requiredOf(parameter: ClickParameter, nargs: number | "*" | undefined, unknowns: Set<string>): boolean {
  const found = given(parameter.call, "required");
  if (found.state === "given") return truth(found.value) === true;
  if (found.state === "unknown") unknowns.add("required");
  if (parameter.kind === "option") return false;
  const fallback = given(parameter.call, "default");
  return fallback.state !== "given" && nargs !== "*";
}

function textOfGiven(found: Given, unknowns: Set<string>): string | undefined {
  if (found.state === "unknown") unknowns.add("help");
  if (found.state !== "given" || found.value.kind === "none") return undefined;
  return textOf(found.value);
}
