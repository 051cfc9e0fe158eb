import type { CallEdge, CallFold, CallGraph, CallNode, CallSide, CallViewOptions } from "../../model/index.ts";

/** So many functions are shown of their own accord; more than that shows nothing that a person can follow. */
const MAX_SHOWN = 100;
/** What is unfolded by hand adds to that. */
const MORE_BY_HAND = 60;

/** One side of a shown function. */
export interface SideState {
  /** How many functions are on this side in all, and how many of them are not shown. */
  readonly all: number;
  readonly hidden: number;
  readonly open: boolean;
}

export interface Neighbour {
  readonly node: CallNode;
  readonly key: string;
  /** 0 for what was asked for, negative for callers, positive for callees: how many calls away. */
  readonly level: number;
  readonly callers: SideState;
  readonly callees: SideState;
}

export interface CallQuery extends Omit<CallViewOptions, "others"> {
  /** Ids of the nodes in the middle. */
  readonly roots: readonly number[];
  readonly folds: readonly CallFold[];
}

/** A call graph with what leads from each node and to it, so that a part of it is found without looking at all. */
export class CallIndex {
  readonly graph: CallGraph;
  readonly #callees = new Map<number, CallEdge[]>();
  readonly #callers = new Map<number, CallEdge[]>();
  readonly #files: ReadonlyMap<string, CallNode[]>;
  readonly #keys: readonly string[];

  constructor(graph: CallGraph) {
    this.graph = graph;
    for (const edge of graph.edges) {
      push(this.#callees, edge.from, edge);
      push(this.#callers, edge.to, edge);
    }
    this.#files = Map.groupBy(graph.nodes, ({ file }) => file);
    this.#keys = keysOf(graph.nodes);
  }

  /** What names a node as long as its file, name and the definitions of that name before it stay. */
  key({ id }: CallNode): string {
    return this.#keys[id] ?? "";
  }

  /** The functions, classes and the module of a file, the module first. */
  inFile(file: string): readonly CallNode[] {
    return this.#files.get(file) ?? [];
  }

  /**
   * The functions, classes and the module of a file for a graph of all of it: what calls or is called most comes first,
   * for where there is not room for all; classes and modules only where they take part in calls.
   */
  rootsOfFile(file: string): readonly CallNode[] {
    const degree = ({ id }: CallNode): number =>
      (this.#callees.get(id)?.length ?? 0) + (this.#callers.get(id)?.length ?? 0);
    return this.inFile(file)
      .filter((node) => degree(node) > 0 || node.kind === "function" || node.kind === "method")
      .toSorted((a, b) => degree(b) - degree(a) || a.id - b.id);
  }

  /** The nodes around `roots`, callers before what they call, and the edges between them. */
  around(query: CallQuery): { readonly nodes: readonly Neighbour[]; readonly edges: readonly CallEdge[] } {
    const byHand = query.folds.filter(({ open }) => open).length;
    const room = MAX_SHOWN + MORE_BY_HAND * byHand;
    const levels = new Map<number, number>();
    for (const root of query.roots.slice(0, room)) levels.set(root, 0);
    const open: Record<CallSide, Set<number>> = { callers: new Set(), callees: new Set() };
    const folds = new Map(query.folds.map(({ node, side, open: isOpen }) => [`${side} ${node}`, isOpen]));
    let found: number;
    // What is unfolded on one side may have something unfolded on its other side.
    do {
      found = levels.size;
      for (const side of ["callees", "callers"] as const) this.#spread(query, side, folds, levels, open[side], room);
    } while (levels.size > found);
    const edges = this.#between(levels);
    const nodes = [...levels].flatMap(([id, level]): Neighbour[] => {
      const node = this.graph.nodes[id];
      if (node === undefined) return [];
      const side = (which: CallSide): SideState => {
        const ids = this.#neighbours(id, which).filter((one) => one !== id);
        const hidden = ids.filter((one) => !levels.has(one)).length;
        return { all: ids.length, hidden, open: open[which].has(id) };
      };
      return [{ node, key: this.key(node), level, callers: side("callers"), callees: side("callees") }];
    });
    nodes.sort((a, b) => a.level - b.level || a.node.id - b.node.id);
    return { nodes: callersFirst(nodes, edges), edges };
  }

  /** Follows one side from all that is shown, breadth first, as far as it is unfolded. */
  #spread(
    query: CallQuery,
    side: CallSide,
    folds: ReadonlyMap<string, boolean>,
    levels: Map<number, number>,
    open: Set<number>,
    room: number,
  ): void {
    const way = side === "callees" ? 1 : -1;
    const depth = query[side];
    const queue = [...levels.keys()].sort((a, b) => Math.abs(levels.get(a) ?? 0) - Math.abs(levels.get(b) ?? 0));
    for (const id of queue) {
      const level = levels.get(id) ?? 0;
      // Callers of callees, and callees of callers, are shown only where a person asks for them.
      const isOpen = folds.get(`${side} ${this.#keys[id] ?? ""}`) ?? (level * way >= 0 && level * way < depth);
      if (!isOpen) continue;
      open.add(id);
      for (const next of this.#neighbours(id, side)) {
        if (levels.has(next) || levels.size >= room) continue;
        levels.set(next, level + way);
        queue.push(next);
      }
    }
  }

  /** In the order of the calls, each once. */
  #neighbours(id: number, side: CallSide): number[] {
    const edges = (side === "callees" ? this.#callees : this.#callers).get(id) ?? [];
    return [...new Set(edges.map(({ from, to }) => (side === "callees" ? to : from)))];
  }

  #between(levels: ReadonlyMap<number, number>): CallEdge[] {
    return [...levels.keys()].flatMap((id) => this.#callees.get(id) ?? []).filter(({ to }) => levels.has(to));
  }
}

/** Callers before what they call, but for calls that go in circles (the reverse of the order in which a walk ends). */
function callersFirst(nodes: readonly Neighbour[], edges: readonly CallEdge[]): Neighbour[] {
  const byId = new Map(nodes.map((one) => [one.node.id, one]));
  const callees = Map.groupBy(edges, ({ from }) => from);
  const seen = new Set<number>();
  const ended: Neighbour[] = [];
  // What comes first in a list is walked last, so that it stands first in the reverse.
  for (const start of nodes.toReversed()) {
    if (seen.has(start.node.id)) continue;
    seen.add(start.node.id);
    const stack = [{ node: start, next: [...(callees.get(start.node.id) ?? [])] }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const call = top.next.pop();
      if (call === undefined) {
        ended.push(top.node);
        stack.pop();
        continue;
      }
      const callee = byId.get(call.to);
      if (callee === undefined || seen.has(call.to)) continue;
      seen.add(call.to);
      stack.push({ node: callee, next: [...(callees.get(call.to) ?? [])] });
    }
  }
  return ended.reverse();
}

function keysOf(nodes: readonly CallNode[]): string[] {
  const seen = new Map<string, number>();
  return nodes.map(({ file, qualname }) => {
    const name = `${file}:${qualname}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}#${before + 1}`;
  });
}

function push(map: Map<number, CallEdge[]>, key: number, edge: CallEdge): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [edge]);
  else known.push(edge);
}
