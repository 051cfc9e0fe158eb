import type { Path } from "./summary.ts";

/**
 * Keeps one copy of each name and path of a workspace. A piece of a larger string keeps the whole of it alive in V8: names
 * are copied, so that the texts of the files can go.
 */
export class Interner {
  readonly #names = new Map<string, string>();
  readonly #paths = new Map<string, Path>();

  name(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const copy = Buffer.from(name, "utf16le").toString("utf16le");
    this.#names.set(copy, copy);
    return copy;
  }

  path(path: Path | null): Path | null {
    if (path === null) return null;
    const key = path.join(" ");
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const copy = path.map((part) => this.name(part));
    this.#paths.set(this.name(key), copy);
    return copy;
  }
}
