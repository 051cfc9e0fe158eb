/** Shorter pieces of a text are copies anyhow. */
const COPIED = 13;

/**
 * The same plain data in memory of its own. A piece of a source text keeps all of that text alive otherwise: what is kept
 * for long must not.
 */
export function detached<T>(value: T): T;
export function detached(value: unknown): unknown {
  if (typeof value === "string") return value.length < COPIED ? value : JSON.parse(JSON.stringify(value));
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => detached(item));
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = detached(item);
  return copy;
}
