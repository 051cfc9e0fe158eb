import * as z from "zod";
import type { YamlPath } from "./cursor.ts";

/** As much of a JSON Schema as completion and hovers need. */
export interface Schema {
  readonly type?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: Schema | boolean | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
}

const Schema: z.ZodType<Schema> = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  required: z.array(z.string()).optional(),
  get additionalProperties() {
    return z.union([z.boolean(), Schema]).optional();
  },
  get items() {
    return Schema.optional();
  },
  get anyOf() {
    return z.array(Schema).optional();
  },
});

/** The JSON Schema of a file format, as in `schemas/`. */
export function schemaOf(format: z.ZodType): Schema {
  return Schema.parse(z.toJSONSchema(format, { target: "draft-7", io: "input" }));
}

/** The schemas that a value at a path may have: several where a union leaves it open. */
export function schemasAt(root: Schema, path: YamlPath): readonly Schema[] {
  let found = branches(root);
  for (const key of path) found = found.flatMap((schema) => branches(childOf(schema, key)));
  return found;
}

function childOf(schema: Schema, key: string | number): Schema | undefined {
  if (typeof key === "number") return schema.items;
  const own =
    schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  return own ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
}

function branches(schema: Schema | undefined): readonly Schema[] {
  if (schema === undefined) return [];
  if (schema.anyOf === undefined) return [schema];
  const { anyOf, ...own } = schema;
  return anyOf.flatMap((branch) => branches({ ...branch, description: own.description ?? branch.description }));
}

/** Values that a schema names itself. */
export function valuesOf(schema: Schema): readonly unknown[] {
  if (schema.enum !== undefined) return schema.enum;
  if (schema.const !== undefined) return [schema.const];
  return schema.type === "boolean" ? [true, false] : [];
}
