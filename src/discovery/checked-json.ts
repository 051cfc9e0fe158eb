import { LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import type { Problem } from "../model/index.ts";
import { fieldLines, nearestLine } from "./document-lines.ts";

/** A JSON text against its schema: its value, or everything that is wrong with it, each with its line and field. */
export type CheckedJson<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Reads a JSON text of a person strictly.
 * @param file what messages call it
 * @param help the way out, as a sentence that follows each message
 */
export function checkJson<S extends z.ZodType>(
  schema: S,
  text: string,
  file: string,
  help: string,
): CheckedJson<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const counter = new LineCounter();
    const [first] = parseDocument(text, { lineCounter: counter, prettyErrors: false }).errors;
    const line = first === undefined ? 1 : counter.linePos(first.pos[0]).line;
    const message = `${file} is not JSON: ${why}. ${help}`;
    return { ok: false, problems: [{ code: "bad-configuration", message, place: { file, line } }] };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const counter = new LineCounter();
  const lines = fieldLines(parseDocument(text, { lineCounter: counter, prettyErrors: false }).contents, counter);
  const problems = parsed.error.issues.flatMap((issue): Problem[] => {
    // Each unknown key is a field of its own to whoever looks for it.
    const names = issue.code === "unrecognized_keys" ? issue.keys : [undefined];
    return names.map((name) => {
      const field = [...issue.path.map(String), ...(name === undefined ? [] : [name])].join(".");
      const what = name === undefined ? issue.message : "there is no such field";
      const message = `${file}, field “${field}”: ${what}. ${help}`;
      return { code: "bad-configuration", message, place: { file, line: nearestLine(lines, field), field } };
    });
  });
  const [first, ...others] = problems;
  if (first === undefined) throw new Error(`${file} was refused without an issue`);
  return { ok: false, problems: [first, ...others] };
}
