import type { CallDrawing, DrawnCall, DrawnCallEdge, DrawnCallSide, OtherCallDetail } from "../model/index.ts";
import type { CallIndex, Neighbour } from "./callgraph/neighbourhood.ts";
import { boxSize, TYPE } from "./drawing.ts";
import type { Point } from "./layout/types.ts";
import { layOut } from "./layout.ts";
import { shorten } from "./view.ts";

const MAX_LENGTH = 44;
/** So many of a function's other calls are written out. */
const MAX_CALLS = 5;

/** The words of a drawing that are not those of the program. */
export interface CallDrawingTexts {
  /** Above calls that lead out of the workspace, and above calls that are not resolved; `{0}` is how many. */
  readonly external: string;
  readonly unknown: string;
  /** The module's own code; `{0}` is its file. */
  readonly module: string;
}

export interface CallDrawingOptions {
  readonly others: OtherCallDetail;
  readonly texts: CallDrawingTexts;
  /** URI of a file that is named relative to the workspace. */
  readonly uri: (file: string) => string;
  /** What the graph was asked for; null for a whole file. */
  readonly root: number | null;
}

type Unplaced<T> = Omit<T, "x" | "y" | "width" | "height">;

/** The part of a call graph that {@link CallIndex.around} found, laid out from left to right. */
export function drawCalls(
  index: CallIndex,
  part: ReturnType<CallIndex["around"]>,
  options: CallDrawingOptions,
): CallDrawing | null {
  const boxes: Unplaced<DrawnCall>[] = [];
  const links: Omit<DrawnCallEdge, "points">[] = [];
  const others = otherCalls(index, part.nodes, options);
  for (const neighbour of part.nodes) {
    boxes.push(drawnNode(neighbour, options));
    for (const { box, link } of others.get(neighbour.node.id) ?? []) {
      boxes.push(box);
      links.push(link);
    }
  }
  const keys = new Map(part.nodes.map(({ node, key }) => [node.id, key]));
  for (const { from, to, kind, certainty, lines } of part.edges) {
    links.push({ from: keys.get(from) ?? "", to: keys.get(to) ?? "", kind, certainty, lines });
  }
  return place(boxes, links);
}

function drawnNode({ node, key, ...sides }: Neighbour, { texts, uri, root }: CallDrawingOptions): Unplaced<DrawnCall> {
  const { file, line } = node;
  const name = node.kind === "module" ? fill(texts.module, baseName(file)) : node.qualname;
  const place = `${fromEnd(file, MAX_LENGTH - String(line).length - 1)}:${line}`;
  return {
    id: key,
    kind: node.kind,
    uri: uri(file),
    ...(node.kind === "module" ? {} : { qualname: node.qualname }),
    startLine: line,
    text: [...shorten(name, 1, MAX_LENGTH), place],
    label: `${name}\n${file}:${line}`,
    ...(node.id === root ? { root: true as const } : {}),
    ...side("callers", sides.callers),
    ...side("callees", sides.callees),
  };
}

function side(name: "callers" | "callees", state: DrawnCallSide): Partial<Record<typeof name, DrawnCallSide>> {
  return state.all === 0 ? {} : { [name]: state };
}

interface OtherCalls {
  readonly box: Unplaced<DrawnCall>;
  readonly link: Omit<DrawnCallEdge, "points">;
}

/** Of the functions whose calls are unfolded: one box for what leads out of the workspace, one for what is not known. */
function otherCalls(
  { graph }: CallIndex,
  nodes: readonly Neighbour[],
  { others, texts, uri, root }: CallDrawingOptions,
): ReadonlyMap<number, OtherCalls[]> {
  const found = new Map<number, OtherCalls[]>();
  if (others === "none") return found;
  const shown = new Map(nodes.map((neighbour) => [neighbour.node.id, neighbour]));
  const add = (
    kind: "external" | "unknown",
    calls: readonly { from: number; name: string; lines: number[] }[],
  ): void => {
    for (const [from, list] of Map.groupBy(calls, (call) => call.from)) {
      const caller = shown.get(from);
      if (caller === undefined || !(caller.callees.open || from === root)) continue;
      const lines = [...new Set(list.flatMap((call) => call.lines))].sort((a, b) => a - b);
      const names = list.map(({ name }) => `${name.replaceAll(/\s+/g, " ")}()`);
      const title = fill(texts[kind], list.length);
      const id = `${caller.key} ${kind}`;
      const box = {
        id,
        kind,
        uri: uri(caller.node.file),
        startLine: lines[0] ?? caller.node.line,
        text: shorten([title, ...names].join("\n"), MAX_CALLS + 1, MAX_LENGTH),
        label: [title, ...names].join("\n"),
      };
      const link = { from: caller.key, to: id, kind, certainty: "certain" as const, lines };
      found.set(from, [...(found.get(from) ?? []), { box, link }]);
    }
  };
  if (others === "all")
    add(
      "external",
      graph.external.filter(({ from }) => shown.has(from)),
    );
  add(
    "unknown",
    graph.unknown.filter(({ from }) => shown.has(from)).map(({ text, ...call }) => ({ ...call, name: text })),
  );
  return found;
}

/** The layout is made for ways that lead down; a call graph is that turned on its side, where names take less room. */
function place(
  boxes: readonly Unplaced<DrawnCall>[],
  links: readonly Omit<DrawnCallEdge, "points">[],
): CallDrawing | null {
  const sizes = boxes.map(({ text }) => boxSize(text));
  const turned = boxes.map(({ id }, i) => {
    const { width = 0, height = 0 } = sizes[i] ?? {};
    return { id, width: height, height: width };
  });
  const layout = layOut(
    turned,
    links.map(({ from, to }) => ({ from, to })),
  );
  if (layout === null) return null;
  const point = ({ x, y }: Point): [number, number] => [y, x];
  return {
    width: layout.height,
    height: layout.width,
    ...TYPE,
    nodes: boxes.map((box, i) => {
      const { x = 0, y = 0, width: height = 0, height: width = 0 } = layout.boxes[i] ?? {};
      return { ...box, x: y, y: x, width, height };
    }),
    edges: links.map((link, i) => ({ ...link, points: (layout.paths[i] ?? []).map(point) })),
  };
}

function fill(text: string, value: string | number): string {
  return text.replaceAll("{0}", () => String(value));
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

/** The end of a path tells more than its beginning. */
function fromEnd(file: string, length: number): string {
  return file.length <= length ? file : `…${file.slice(file.length - length + 1)}`;
}
