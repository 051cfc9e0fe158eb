import { type Parameter, type RestWords, SUBCOMMAND_KEY, type Subcommand, type Tool } from "../model/index.ts";
import type { Json } from "./readers/reading.ts";

type JsonObject = Record<string, Json>;

/**
 * The JSON Schema (2020-12) of a tool's arguments object. The subcommand is a property of its own; what a subcommand
 * needs is required only with it. Where two subcommands have parameters of the same name and different kinds, the
 * property is described per subcommand. Words that the parser leaves over are a list under a key of their own.
 */
export function argumentsSchema(
  parameters: readonly Parameter[],
  subcommands: readonly Subcommand[],
  rest?: RestWords,
): Tool["schema"] {
  const properties: JsonObject = {};
  const conflicts = conflictingNames(parameters);
  for (const parameter of parameters) {
    if (parameter.name in properties) continue;
    properties[parameter.name] = conflicts.has(parameter.name) ? {} : propertyOf(parameter);
  }
  if (subcommands.length > 0) {
    properties[SUBCOMMAND_KEY] = {
      type: "string",
      enum: subcommands.map((subcommand) => subcommand.path),
      description: "Which subcommand to run.",
    };
  }
  if (rest !== undefined) properties[rest.name] = restProperty(rest);
  const required = requiredNames(parameters.filter((parameter) => parameter.subcommand === undefined));
  const branches = subcommands.flatMap(({ path }) => branchOf(path, parameters, conflicts));
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(branches.length > 0 ? { allOf: branches } : {}),
    additionalProperties: false,
  };
}

function restProperty({ metavar, help }: RestWords): JsonObject {
  const what = `The words after the options${metavar === undefined ? "" : ` (${metavar})`}`;
  return {
    type: "array",
    items: { type: "string" },
    description: help === undefined ? `${what}.` : `${what}: ${help}`,
  };
}

function requiredNames(parameters: readonly Parameter[]): string[] {
  return [...new Set(parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name))];
}

/** Names under which different subcommands have different parameters. */
function conflictingNames(parameters: readonly Parameter[]): ReadonlySet<string> {
  const seen = new Map<string, string>();
  const conflicts = new Set<string>();
  for (const parameter of parameters) {
    const text = JSON.stringify(propertyOf(parameter));
    const known = seen.get(parameter.name);
    if (known !== undefined && known !== text) conflicts.add(parameter.name);
    seen.set(parameter.name, text);
  }
  return conflicts;
}

function branchOf(path: string, parameters: readonly Parameter[], conflicts: ReadonlySet<string>): JsonObject[] {
  const own = parameters.filter((parameter) => parameter.subcommand === path);
  const required = requiredNames(own);
  const described = own.filter((parameter) => conflicts.has(parameter.name));
  if (required.length === 0 && described.length === 0) return [];
  return [
    {
      if: { properties: { [SUBCOMMAND_KEY]: { const: path } }, required: [SUBCOMMAND_KEY] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: {
        ...(required.length > 0 ? { required } : {}),
        ...(described.length > 0
          ? { properties: Object.fromEntries(described.map((parameter) => [parameter.name, propertyOf(parameter)])) }
          : {}),
      },
    },
  ];
}

function propertyOf(parameter: Parameter): JsonObject {
  const choices = parameter.choices === undefined ? {} : { enum: [...parameter.choices] };
  const isArray = parameter.type === "array";
  const items: JsonObject = { ...parameter.items, ...choices };
  const count =
    isArray && typeof parameter.nargs === "number" && parameter.action === undefined ? parameter.nargs : null;
  return {
    ...(parameter.type === undefined ? {} : { type: parameter.type }),
    ...(isArray ? (Object.keys(items).length > 0 ? { items } : {}) : choices),
    ...(count === null ? {} : { minItems: count, maxItems: count }),
    ...(isArray && parameter.nargs === "+" && parameter.required ? { minItems: 1 } : {}),
    ...(parameter.help === undefined ? {} : { description: parameter.help }),
    ...(parameter.default === undefined ? {} : { default: parameter.default }),
  };
}
