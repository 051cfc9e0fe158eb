import { isMap, isPair, isScalar, isSeq, type Node, type Pair, parseDocument } from "yaml";

export type YamlPath = readonly (string | number)[];

/** What a person is writing at a place of a YAML (or JSON) text. */
export interface YamlCursor {
  /** Where it is: of a key the mapping that it belongs to, of a value the field or item. */
  readonly path: YamlPath;
  readonly kind: "key" | "value";
  /** What is there of the word already, up to the cursor. */
  readonly word: string;
  /** Offset at which the word begins. */
  readonly start: number;
  /** Keys that the mapping has already; of a value none. */
  readonly siblings: ReadonlySet<string>;
  /** The expression up to the cursor, when it stands in `${{`. */
  readonly expression?: string;
  /** The document, with something harmless in the place of the word. */
  readonly value: unknown;
}

const PLACE = "tokacursor";
const MAX_ALIASES = 50;
const EXPRESSION_OPEN = "${{";

/** What closes the brackets that a line leaves open. */
function closers(line: string): string {
  const open: string[] = [];
  for (const char of line.replaceAll(/'[^']*'|"[^"]*"/g, "")) {
    if (char === "[") open.push("]");
    else if (char === "{") open.push("}");
    else if (open.at(-1) === char) open.pop();
  }
  return open.toReversed().join("");
}

/** The part of a line behind which the word under the cursor begins. */
function wordStart(line: string): number {
  const match = /[^\s[\]{},:"']*$/.exec(line);
  return match?.index ?? line.length;
}

/**
 * What may be at an offset, the likeliest first. The text may be broken there, as it is while somebody writes: a word of ours
 * is put in the place of what is being written, as a key and as a value, and what parses tells where that is.
 */
export function cursorsAt(text: string, offset: number): readonly YamlCursor[] {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset);
  const before = text.slice(lineStart, offset);
  const after = lineEnd < 0 ? "" : text.slice(lineEnd);
  const head = text.slice(0, lineStart);
  const open = before.lastIndexOf(EXPRESSION_OPEN);
  if (open >= 0 && !before.slice(open).includes("}}")) {
    const found = inExpression(head, before, open, after, offset);
    return found === undefined ? [] : [found];
  }
  const at = wordStart(before);
  const kept = before.slice(0, at).replace(/["']$/, "");
  const word = before.slice(at);
  const start = lineStart + at;
  const close = closers(kept);
  const asKey = /(?:^|[\s{,-])$/.test(kept) && !/\S:\s*$/.test(kept);
  const key = asKey ? find(`${head}${kept}${PLACE}: 1${close}${after}`, "key") : undefined;
  const value = find(`${head}${kept}${PLACE}${close}${after}`, "value");
  return [
    ...(key === undefined ? [] : [{ ...key, kind: "key", word, start } as const]),
    ...(value === undefined ? [] : [{ ...value, kind: "value", word, start } as const]),
  ];
}

function inExpression(
  head: string,
  before: string,
  open: number,
  after: string,
  offset: number,
): YamlCursor | undefined {
  const expression = before.slice(open + EXPRESSION_OPEN.length);
  // The whole value makes place for a word: what else is in it does not matter to where it is.
  const value = /^(\s*(?:- +)*(?:["']?[\w-]+["']?:\s+|- +|.*[{,[]\s*["']?[\w-]+["']?:\s*|.*[[,]\s*))/.exec(
    before.slice(0, open),
  );
  const kept = (value?.[1] ?? before.slice(0, open)).replace(/["']$/, "");
  const found = find(`${head}${kept}${PLACE}${closers(kept)}${after}`, "value");
  if (found === undefined) return undefined;
  const word = /[\w-]*$/.exec(expression)?.[0] ?? "";
  return { ...found, kind: "value", word, start: offset - word.length, expression };
}

function find(text: string, kind: YamlCursor["kind"]): Pick<YamlCursor, "path" | "siblings" | "value"> | undefined {
  const document = parseDocument(text, { prettyErrors: false });
  const path = pathTo(document.contents, kind, 0);
  if (path === undefined) return undefined;
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
  }
  const parent = kind === "key" ? document.getIn(path, true) : undefined;
  const map = path.length === 0 && kind === "key" ? document.contents : parent;
  const keys = isMap(map) ? map.items.map(({ key }) => (isScalar(key) ? String(key.value) : "")) : [];
  return { path, siblings: new Set(keys.filter((key) => key !== PLACE)), value };
}

const MAX_DEPTH = 20;

function pathTo(node: Node | null | undefined, kind: YamlCursor["kind"], depth: number): YamlPath | undefined {
  if (node === null || node === undefined || depth > MAX_DEPTH) return undefined;
  if (isScalar(node)) return kind === "value" && node.value === PLACE ? [] : undefined;
  if (isSeq<Node>(node)) return pathInList(node.items, kind, depth);
  return isMap<Node, Node | null>(node) ? pathInMap(node.items, kind, depth) : undefined;
}

function pathInList(items: readonly Node[], kind: YamlCursor["kind"], depth: number): YamlPath | undefined {
  for (const [index, item] of items.entries()) {
    const found = pathTo(isPair(item) ? null : item, kind, depth + 1);
    if (found !== undefined) return [index, ...found];
  }
  return undefined;
}

function pathInMap(
  items: readonly Pair<Node, Node | null>[],
  kind: YamlCursor["kind"],
  depth: number,
): YamlPath | undefined {
  for (const { key, value } of items) {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === PLACE && kind === "key") return [];
    if (name === undefined) continue;
    const found = pathTo(value, kind, depth + 1);
    if (found !== undefined) return [name, ...found];
  }
  return undefined;
}

/** The value under a path; undefined where there is none. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    if (Array.isArray(found)) found = found[Number(key)];
    else found = new Map<string, unknown>(Object.entries(found)).get(String(key));
  }
  return found;
}
