import { isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";

/** Deepest nesting whose lines are noted. */
const MAX_DEPTH = 12;

/** The lines of a document's fields by their dotted paths, such as `parameters.0.type`. */
export function fieldLines(contents: Node | null, counter: LineCounter): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  collectLines(contents, "", counter, lines, 0);
  return lines;
}

function collectLines(
  node: Node | null,
  path: string,
  counter: LineCounter,
  lines: Map<string, number>,
  depth: number,
): void {
  if (node === null || depth > MAX_DEPTH) return;
  const start = node.range?.[0];
  if (start !== undefined && !lines.has(path)) lines.set(path, counter.linePos(start).line);
  for (const child of childrenOf(node)) {
    const name = path === "" ? child.name : `${path}.${child.name}`;
    if (child.start !== undefined) lines.set(name, counter.linePos(child.start).line);
    collectLines(child.value, name, counter, lines, depth + 1);
  }
}

/** The named parts of a mapping or list; `start` is the offset of the key. */
function childrenOf(
  node: Node,
): readonly { readonly name: string; readonly start: number | undefined; readonly value: Node | null }[] {
  if (isSeq<Node | null>(node)) {
    return node.items.map((value, index) => ({ name: String(index), start: undefined, value }));
  }
  if (!isMap<unknown, Node | null>(node)) return [];
  return node.items.flatMap(({ key, value }) =>
    isScalar(key) ? [{ name: String(key.value), start: key.range?.[0], value }] : [],
  );
}

/** The line of a field, or of the nearest one around it that has a line. */
export function nearestLine(lines: ReadonlyMap<string, number>, field: string): number {
  for (let path = field; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf(".")))) {
    const line = lines.get(path);
    if (line !== undefined) return line;
  }
  return 1;
}
