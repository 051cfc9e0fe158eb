/** Shorter pieces of a text are copies anyhow. */
const COPIED = 13;

/** The same text in memory of its own. */
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

/**
 * The same plain data in memory of its own. A piece of a source text keeps all of that text alive otherwise: what is kept
 * for long must not.
 */
export function detached<T>(value: T): T {
  return rebuilt(value, (text) => (text.length < COPIED ? text : copyOf(text)));
}

/** Texts that are kept once, however often they are met; beyond this number it begins anew. */
const MAX_TEXTS = 200_000;

/**
 * Keeps texts once: the results of a workspace's tools name the same files, lines and functions again and again, which
 * is most of what they are made of.
 */
export class Texts {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    if (text.length < COPIED) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_TEXTS) this.#known.clear();
    const copy = copyOf(text);
    this.#known.set(copy, copy);
    return copy;
  }

  /** {@link detached} data whose texts are kept once. */
  detached<T>(value: T): T {
    return rebuilt(value, (text) => this.of(text));
  }
}

function rebuilt<T>(value: T, ofText: (text: string) => string): T;
function rebuilt(value: unknown, ofText: (text: string) => string): unknown {
  if (typeof value === "string") return ofText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => rebuilt(item, ofText));
  // A copy keeps the shape that the engine knows; only what may be a text is looked at.
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const item = copy[key];
    if (typeof item === "string" || typeof item === "object") copy[key] = rebuilt(item, ofText);
  }
  return copy;
}
