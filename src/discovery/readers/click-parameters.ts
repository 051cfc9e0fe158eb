import type { Parameter } from "../../model/index.ts";
import { type CallArguments, textOf, truth } from "../evaluate/index.ts";
import { clickType, typeOfDefault } from "./click-types.ts";
import { type Given, given, type Json, optional, toJson } from "./reading.ts";
import { soundsLikePath, type ValueType } from "./types.ts";

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
  const flags: string[] = [];
  const negations: string[] = [];
  let explicit: string | undefined;
  for (const declaration of declarations) {
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(declaration)) {
      explicit = declaration;
      continue;
    }
    const separator = declaration.startsWith("/") ? ";" : "/";
    const [first = "", second] = declaration.split(separator, 2).map((part) => part.trim());
    if (first !== "") flags.push(first);
    if (second !== undefined && second !== "") negations.push(second);
  }
  const name = explicit ?? nameOf(flags.length > 0 ? flags : negations);
  return name === "" ? null : { kind, name, flags, negations, call, conditional };
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
  const nargs = nargsOf(parameter, unknowns);
  const isMany = isTrue(given(call, "multiple")) || nargs === "*" || (typeof nargs === "number" && nargs > 1);
  const valueType = isFlag ? flagType(call) : isCount ? { type: "integer" as const } : typeOf(parameter, unknowns);
  const fallback = defaultOf(parameter, isFlag, unknowns);
  const help = textOfGiven(given(call, "help"), unknowns);
  const isPath = valueType.isPath ?? (valueType.type === "string" && soundsLikePath(parameter.name));
  const choices = valueType.choices;
  return {
    name: parameter.name,
    flags: [...parameter.flags, ...parameter.negations],
    ...(isMany
      ? { type: "array" as const, ...optional("items", valueType.type && { type: valueType.type }) }
      : optional("type", valueType.type)),
    required: requiredOf(parameter, nargs, unknowns),
    ...optional("default", fallback),
    ...optional("choices", choices === undefined ? undefined : [...choices]),
    ...optional("nargs", nargs),
    ...optional("action", actionOf(isFlag, isCount, isTrue(given(call, "multiple")))),
    ...optional("help", help),
    ...optional("subcommand", subcommand),
    ...(isPath ? { isPath: true } : {}),
    confidence: unknowns.size > 0 || call.openKeywords ? "unknown" : parameter.conditional ? "likely" : "certain",
    line: call.line,
  };
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

/** A flag is a boolean, unless it stands for a value of its own (`flag_value="upper"`). */
function flagType(call: CallArguments): ValueType {
  const value = given(call, "flag_value");
  if (value.state !== "given" || value.value.kind === "bool") return { type: "boolean", isPath: false };
  return { type: "boolean", isPath: false };
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
