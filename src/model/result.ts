import * as z from "zod";

/** Where in a file a problem lies. `line` counts from 1; `field` is a dotted path such as `parameters.0.type`. */
export const Place = z.object({
  file: z.string(),
  line: z.int().min(1).optional(),
  field: z.string().optional(),
});
export type Place = z.infer<typeof Place>;

/** An error as a value: a stable code for programs, one sentence for people, and the place where it can be mended. */
export const Problem = z.object({
  code: z.string(),
  message: z.string(),
  place: Place.optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What a fallible operation gives back. Exceptions are kept for bugs. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(code: string, message: string, place?: Place): Result<never> {
  return { ok: false, problem: place ? { code, message, place } : { code, message } };
}

/** The value of a JSON text for a boundary's schema to check; undefined, which JSON has not, where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON is an answer here: the schema refuses it
  }
}

/**
 * Checks a value that crossed a boundary (a file, a message, a setting, a model's reply).
 * @param source what the value is and where it came from, as a person would name it
 */
export function parseBoundary<S extends z.ZodType>(schema: S, value: unknown, source: string): Result<z.infer<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  const where = field === "" ? source : `${source}, field “${field}”`;
  return fail("invalid-input", `${where}: ${issue?.message ?? "not valid"}`, {
    file: source,
    ...(field === "" ? {} : { field }),
  });
}
