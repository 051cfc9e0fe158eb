import type { GraphEdge, GraphEdgeKind, GraphNode, GraphNodeKind } from "../model/index.ts";

/**
 * Edge kinds by number. A loose end (an edge whose target is not there yet) is one number: the node's index times 16
 * plus the kind, so that building allocates next to nothing.
 */
export const EDGE = {
  normal: 0,
  true: 1,
  false: 2,
  case: 3,
  loopBack: 4,
  return: 5,
  break: 6,
  continue: 7,
  exception: 8,
} as const;
export type EdgeNumber = (typeof EDGE)[keyof typeof EDGE];
const KINDS: readonly GraphEdgeKind[] = [
  "normal",
  "true",
  "false",
  "case",
  "loop-back",
  "return",
  "break",
  "continue",
  "exception",
];
const KIND_BITS = 4;
const KIND_MASK = 15;

export type LooseEnd = number;

export function looseEnd(node: number, kind: EdgeNumber): LooseEnd {
  return (node << KIND_BITS) | kind;
}

export function nodeOf(end: LooseEnd): number {
  return end >> KIND_BITS;
}

/** Ends that only went on (`normal`) get the kind of the jump that they now make; `true` and `false` stay. */
export function withKind(ends: readonly LooseEnd[], kind: EdgeNumber): LooseEnd[] {
  return ends.map((end) => ((end & KIND_MASK) === EDGE.normal ? end | kind : end));
}

/** An exception that a statement raises by itself (`raise`, `assert`), or that goes on after a handler. */
export interface Thrown {
  readonly node: number;
  readonly label: string;
  /** The built-in class, when known. */
  readonly name: string | null;
}

/** Statements whose exceptions go to the same place: the body of a `try` or `with`, or the whole scope. */
export class Region {
  /**
   * Whether every statement inside counts as one that an exception may leave: `finally` and `__exit__` stand there for
   * whatever comes, an interrupt between two harmless statements too.
   */
  readonly isInterruptible: boolean;
  /** Nodes with a statement that may raise anything. */
  readonly raisers: number[] = [];
  readonly thrown: Thrown[] = [];
  #late = 0;

  constructor(isInterruptible: boolean) {
    this.isInterruptible = isInterruptible;
  }

  /** A statement of the node may raise anything. */
  raise(node: number): void {
    if (!this.raises(node)) this.raisers.push(node);
  }

  /** As `raise`, of nodes that are no longer the newest. */
  raiseAll(ends: readonly LooseEnd[]): void {
    for (const end of ends) this.raise(nodeOf(end));
    this.#late += ends.length;
  }

  /** Nodes with a statement that may raise anything, each once. */
  sources(): readonly number[] {
    return this.#late > 0 ? [...new Set(this.raisers)] : this.raisers;
  }

  /** Whether that is known of the node that was last told of. */
  raises(node: number): boolean {
    return this.raisers[this.raisers.length - 1] === node;
  }

  throw(node: number, label: string, name: string | null): void {
    this.thrown.push({ node, label, name });
  }

  isQuiet(): boolean {
    return this.raisers.length + this.thrown.length === 0;
  }
}

/** A region that jumps cannot leave without running something: a `finally` body or an `__exit__`. */
export class Unwinding extends Region {
  readonly depth: number;
  /** What holds outside. */
  readonly region: Region;
  readonly unwinding: Unwinding | null;
  readonly returns: LooseEnd[] = [];
  readonly breaks: LooseEnd[] = [];
  readonly continues: LooseEnd[] = [];

  constructor(depth: number, region: Region, unwinding: Unwinding | null) {
    super(true);
    this.depth = depth;
    this.region = region;
    this.unwinding = unwinding;
  }
}

const MAX_LABEL_LINES = 12;

/** A graph under construction: nodes in source order, edges, and the ends that wait for the next node. */
export class Draft {
  readonly nodes: GraphNode[] = [];
  readonly edges: GraphEdge[] = [];
  readonly #labels = new Map<LooseEnd, string>();
  #ends: LooseEnd[] = [];
  /** The block that the next simple statement may join, or -1. */
  open = -1;
  #hasOrphan = false;
  readonly #joins: boolean;

  /** @param joins whether statements that follow each other share a node */
  constructor(joins: boolean) {
    this.#joins = joins;
  }

  /** Adds a node without connecting it. */
  add(kind: GraphNodeKind, line: number, endLine: number, label: string, lines: number[]): number {
    const index = this.nodes.length;
    this.nodes.push({ id: `n${index}`, kind, startLine: line, endLine, lines, label });
    return index;
  }

  /** Adds a node that is entered from the current ends; afterwards nothing leaves from it until `from` says so. */
  enter(kind: GraphNodeKind, line: number, endLine: number, label: string, lines: number[]): number {
    const index = this.add(kind, line, endLine, label, lines);
    const ends = this.take();
    if (ends.length === 0) this.#hasOrphan = true;
    this.connect(ends, index);
    return index;
  }

  /** Puts a statement at the end of the open block, or opens one. Gives the block's index. */
  append(line: number, endLine: number, label: string): number {
    if (this.open >= 0 && this.#joins) {
      const block = this.nodes[this.open];
      if (block !== undefined) {
        if (block.lines.length < MAX_LABEL_LINES) block.label += `\n${label}`;
        else if (block.lines.length === MAX_LABEL_LINES) block.label += "\n…";
        block.lines.push(line);
        block.endLine = endLine;
        return this.open;
      }
    }
    const index = this.enter("block", line, endLine, label, [line]);
    this.open = index;
    return index;
  }

  /** The current ends; the caller now owns them. */
  take(): LooseEnd[] {
    const ends = this.open >= 0 ? [looseEnd(this.open, EDGE.normal)] : this.#ends;
    this.open = -1;
    this.#ends = [];
    return ends;
  }

  /** Goes on from these ends. */
  from(ends: LooseEnd[]): void {
    this.open = -1;
    this.#ends = ends;
  }

  /** Closes the open block, so that the next statement gets a node of its own. */
  cut(): void {
    if (this.open >= 0) this.#ends = this.take();
  }

  /** `true`, `false` or `case` where the end is an arm of a branch, else nothing. */
  armOf(end: LooseEnd): string {
    const kind = end & KIND_MASK;
    return kind === EDGE.true || kind === EDGE.false || kind === EDGE.case ? (KINDS[kind] ?? "") : "";
  }

  labelEnd(end: LooseEnd, label: string): void {
    this.#labels.set(end, label);
  }

  connect(ends: readonly LooseEnd[], to: number): void {
    for (const end of ends) {
      const kind = KINDS[end & KIND_MASK] ?? "normal";
      const label = this.#labels.size > 0 ? this.#labels.get(end) : undefined;
      this.edge(nodeOf(end), to, kind, label);
    }
  }

  edge(from: number, to: number, kind: GraphEdgeKind, label?: string): void {
    const source = this.nodes[from];
    const target = this.nodes[to];
    if (source === undefined || target === undefined) return;
    this.edges.push(
      label === undefined ? { from: source.id, to: target.id, kind } : { from: source.id, to: target.id, kind, label },
    );
  }

  /**
   * Puts a return on the line of the last clause after an `except*` that nothing follows: the interpreter counts the
   * implicit one to it.
   */
  claimEnds(ends: LooseEnd[]): void {
    for (const [i, end] of ends.entries()) {
      const node = this.nodes[nodeOf(end)];
      if (node?.kind !== "except" || node.lines.length > 0) continue;
      const step = this.add("except", node.startLine, node.startLine, "return", [node.startLine]);
      this.connect([end], step);
      ends[i] = looseEnd(step, EDGE.normal);
    }
  }

  /** Leads a region's exceptions to one node. */
  land(region: Region, to: number): void {
    for (const raiser of region.sources()) this.edge(raiser, to, "exception");
    for (const thrown of region.thrown) this.edge(thrown.node, to, "exception", thrown.label);
  }

  /** Whether a node was made that nothing leads to. */
  mayHoldDeadCode(): boolean {
    return this.#hasOrphan;
  }

  mark(index: number): void {
    const node = this.nodes[index];
    if (node !== undefined) node.unreachable = true;
  }

  /** Marks what the entry (the first node) does not reach. */
  markUnreachable(): void {
    const following = new Map<string, string[]>();
    for (const edge of this.edges) {
      const known = following.get(edge.from);
      if (known === undefined) following.set(edge.from, [edge.to]);
      else known.push(edge.to);
    }
    const seen = new Set<string>(["n0"]);
    for (const id of seen) for (const next of following.get(id) ?? []) seen.add(next);
    for (const node of this.nodes) if (!seen.has(node.id)) node.unreachable = true;
  }
}
