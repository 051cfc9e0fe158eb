import { Draft, EDGE, type LooseEnd, looseEnd, nodeOf, Region, Unwinding, withKind } from "./draft.ts";

/** A way out of a region that something must run on. */
export type Way = "normal" | "exception" | "return" | "break" | "continue";

type Jump = typeof EDGE.return | typeof EDGE.break | typeof EDGE.continue;

interface Loop {
  readonly head: number;
  readonly depth: number;
  readonly breaks: LooseEnd[];
}

/** A graph under construction with what surrounds the current statement: where exceptions and jumps go from here. */
export class Flow {
  readonly draft: Draft;
  /** Exceptions that leave the scope. */
  readonly root = new Region(false);
  /** Ends that leave the scope by `return`. */
  readonly returns: LooseEnd[] = [];
  /** Where exceptions go. */
  region: Region = this.root;
  #unwinding: Unwinding | null = null;
  #loop: Loop | null = null;
  #depth = 0;

  /** @param joins whether statements that follow each other share a node */
  constructor(joins: boolean) {
    this.draft = new Draft(joins);
  }

  /** Sends ends on their way out: to the next `finally` or `__exit__` in between, else to where they jump. */
  jump(kind: Jump, ends: readonly LooseEnd[]): void {
    const unwinding = this.#unwinding;
    const loop = this.#loop;
    if (kind === EDGE.return) {
      append(unwinding === null ? this.returns : unwinding.returns, ends);
    } else if (unwinding !== null && (loop === null || unwinding.depth > loop.depth)) {
      append(kind === EDGE.break ? unwinding.breaks : unwinding.continues, ends);
    } else if (loop !== null) {
      if (kind === EDGE.break) append(loop.breaks, ends);
      else this.draft.connect(ends, loop.head);
    }
  }

  /** Leaves by a jump statement in this node; what follows is dead. */
  leave(node: number, kind: Jump): void {
    this.draft.from([]);
    this.jump(kind, [looseEnd(node, kind)]);
  }

  /** Runs `body` with a loop around it; its end goes back to the head. Gives the ends of `break`. */
  inLoop(head: number, body: () => void): LooseEnd[] {
    const outer = this.#loop;
    const loop: Loop = { head, depth: ++this.#depth, breaks: [] };
    this.#loop = loop;
    body();
    this.draft.connect(withKind(this.draft.take(), EDGE.loopBack), head);
    this.#loop = outer;
    return loop.breaks;
  }

  /** Opens a region that jumps cannot leave without running something. */
  openUnwinding(): Unwinding {
    const unwinding = this.openCleanup();
    this.region = unwinding;
    return unwinding;
  }

  /** As `openUnwinding`, for what runs on jumps and at the end, but does not show: exceptions pass by. */
  openCleanup(): Unwinding {
    const unwinding = new Unwinding(++this.#depth, this.region, this.#unwinding);
    this.#unwinding = unwinding;
    return unwinding;
  }

  /** Closes a clean-up: it may itself raise, at whatever leads to it. */
  closeCleanup(cleanup: Unwinding): void {
    const falling = this.draft.take();
    this.#restore(cleanup);
    this.region.raiseAll(falling);
    for (const { kind, ends } of waysOut(cleanup)) {
      this.region.raiseAll(ends);
      this.jump(kind, ends);
    }
    this.draft.from(falling);
  }

  #restore(unwinding: Unwinding): void {
    this.region = unwinding.region;
    this.#unwinding = unwinding.unwinding;
  }

  /**
   * Closes a region: leads every way out of it through a copy of what runs there, and on to where it goes.
   * @param run builds one copy, entered from the draft's ends, and leaves the ends that go on
   */
  closeUnwinding(unwinding: Unwinding, run: (way: Way) => void): void {
    const draft = this.draft;
    const falling = draft.take();
    this.#restore(unwinding);
    const after: LooseEnd[] = [];
    if (falling.length > 0) {
      draft.from(falling);
      run("normal");
      append(after, draft.take());
    }
    const first = draft.nodes.length;
    draft.from(unwinding.sources().map((raiser) => looseEnd(raiser, EDGE.exception)));
    run("exception");
    for (const thrown of unwinding.thrown) draft.edge(thrown.node, first, "exception", thrown.label);
    append(after, draft.take());
    for (const { way, kind, ends } of waysOut(unwinding)) {
      draft.from(ends);
      run(way);
      this.jump(kind, withKind(draft.take(), kind));
    }
    draft.from(after);
  }

  /** As `closeUnwinding`, with one copy for all ways. */
  closeShared(unwinding: Unwinding, run: () => void): void {
    const draft = this.draft;
    const falling = draft.take();
    this.#restore(unwinding);
    const ways = waysOut(unwinding);
    const ends = unwinding.sources().map((raiser) => looseEnd(raiser, EDGE.exception));
    append(ends, falling);
    for (const way of ways) append(ends, way.ends);
    const first = draft.nodes.length;
    draft.from(ends);
    run();
    for (const thrown of unwinding.thrown) draft.edge(thrown.node, first, "exception", thrown.label);
    const after = draft.take();
    this.reraise(after);
    for (const { kind } of ways) this.jump(kind, withKind(after, kind));
    draft.from(falling.length > 0 ? after : []);
  }

  /** The exception goes on from these ends. */
  reraise(ends: readonly LooseEnd[]): void {
    for (const end of ends) {
      const arm = this.draft.armOf(end);
      this.region.throw(nodeOf(end), arm === "" ? "re-raise" : `${arm}, re-raise`, null);
    }
  }
}

function waysOut(unwinding: Unwinding): { readonly way: Way; readonly kind: Jump; readonly ends: LooseEnd[] }[] {
  const ways = [
    { way: "return", kind: EDGE.return, ends: unwinding.returns },
    { way: "break", kind: EDGE.break, ends: unwinding.breaks },
    { way: "continue", kind: EDGE.continue, ends: unwinding.continues },
  ] as const;
  return ways.filter(({ ends }) => ends.length > 0);
}

/** Puts ends into a list; a spread call would overflow the stack with very many. */
export function append(list: LooseEnd[], more: readonly LooseEnd[]): void {
  for (const end of more) list.push(end);
}
