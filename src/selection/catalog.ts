import * as z from "zod";
import { ok, type Parameter, ParameterType, parseBoundary, type Result } from "../model/index.ts";
import type { Candidate } from "./ranker.ts";

/** A property of a JSON Schema, as far as argument filling uses it; unknown keywords are passed over. */
const Property = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  default: z.json().optional(),
  enum: z.array(z.json()).optional(),
  items: z.looseObject({ type: z.string().optional() }).optional(),
});

const ObjectSchema = z.looseObject({
  properties: z.record(z.string(), Property).default({}),
  required: z.array(z.string()).default([]),
});

const Example = z.union([z.string(), z.looseObject({ text: z.string().optional(), command: z.string().optional() })]);

/** The file of `toka ask --catalog`. */
const Catalog = z.looseObject({
  tools: z.array(
    z.looseObject({
      name: z.string().min(1),
      description: z.string().default(""),
      parameters: z.record(z.string(), z.json()).default({}),
      examples: z.array(Example).optional(),
    }),
  ),
});

const TYPE_ALIASES: Readonly<Record<string, ParameterType>> = {
  int: "integer",
  float: "number",
  double: "number",
  bool: "boolean",
  str: "string",
  dict: "object",
  list: "array",
  tuple: "array",
};

function parameterType(type: string | readonly string[] | undefined): ParameterType | undefined {
  const names = typeof type === "string" ? [type] : (type ?? []).filter((name) => name !== "null");
  const [name] = names;
  if (name === undefined || names.length > 1) return undefined;
  const parsed = ParameterType.safeParse(name.toLowerCase());
  return parsed.success ? parsed.data : TYPE_ALIASES[name.toLowerCase()];
}

/** The parameters that a JSON Schema of an object describes. A schema that is none describes none. */
function parametersFromSchema(schema: unknown): Parameter[] {
  const parsed = ObjectSchema.safeParse(schema);
  if (!parsed.success) return [];
  const { properties, required } = parsed.data;
  return Object.entries(properties).map(([name, property]) => {
    const type = parameterType(property.type);
    const item = parameterType(property.items?.type);
    return {
      name,
      flags: [`--${name}`],
      required: required.includes(name),
      confidence: "certain",
      line: 1,
      ...(type === undefined ? {} : { type }),
      ...(item === undefined ? {} : { items: { type: item } }),
      ...(property.default === undefined ? {} : { default: property.default }),
      ...(property.enum === undefined ? {} : { choices: property.enum }),
      ...(property.description === undefined ? {} : { help: property.description }),
    };
  });
}

function exampleText(example: z.infer<typeof Example>): string {
  return typeof example === "string" ? example : [example.text, example.command].filter(Boolean).join(" ");
}

/**
 * The tools of a catalogue file's contents. Their JSON Schemas may use keywords that are not checked here: what is
 * checked are types, choices and required parameters.
 */
export function catalogTools(contents: unknown, source: string): Result<readonly Candidate[]> {
  const catalog = parseBoundary(Catalog, contents, source);
  if (!catalog.ok) return catalog;
  return ok(
    catalog.value.tools.map((tool) => ({
      id: tool.name,
      name: tool.name,
      description: tool.description,
      parameters: parametersFromSchema(tool.parameters),
      subcommands: [],
      schema: {},
      examples: (tool.examples ?? []).map(exampleText),
    })),
  );
}
