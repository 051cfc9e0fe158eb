import type { ExceptHandler, Statement, Try, With } from "../python/index.ts";
import type { ConditionBuilder } from "./conditions.ts";
import { EDGE, type LooseEnd, looseEnd, Region, type Unwinding } from "./draft.ts";
import { takes } from "./exceptions.ts";
import { append, type Flow } from "./flow.ts";
import { headLabel } from "./labels.ts";
import { isOneStatement, lastLocation } from "./locations.ts";
import type { Raising } from "./raising.ts";

/**
 * Copies of a `finally` body inside copies multiply. From this depth and size on, the ways through a body share one
 * copy: still every way that there is, but no longer told apart.
 */
const MAX_COPY_DEPTH = 3;
const MAX_COPY_NODES = 2000;

/**
 * Builds `try` and `with`. Exceptions are led as the interpreter leads them: to the first `except` clause, from clause to
 * clause until one matches, to the exceptional copy of a `finally` body, to `__exit__`, and so on outwards. Where a
 * raised class is known, a labelled edge leads to the clause that takes it.
 */
export class GuardBuilder {
  readonly #text: string;
  readonly #flow: Flow;
  readonly #raising: Raising;
  readonly #conditions: ConditionBuilder | null;
  readonly #body: (body: readonly Statement[]) => void;
  #copyDepth = 0;

  /** @param body builds statements at the flow's current place */
  constructor(
    text: string,
    flow: Flow,
    raising: Raising,
    conditions: ConditionBuilder | null,
    body: (body: readonly Statement[]) => void,
  ) {
    this.#text = text;
    this.#flow = flow;
    this.#raising = raising;
    this.#conditions = conditions;
    this.#body = body;
  }

  try(s: Try): void {
    const flow = this.#flow;
    const { draft } = flow;
    const head = draft.enter("try", s.line, s.line, "try", [s.line]);
    if (flow.region.isInterruptible) flow.region.raise(head);
    const unwinding = s.finalbody.length > 0 ? flow.openUnwinding() : null;
    draft.from([looseEnd(head, EDGE.normal)]);
    if (s.handlers.length > 0) this.#handled(s, head);
    else this.#body(s.body);
    if (unwinding !== null) {
      this.#mayInterrupt(unwinding, head);
      this.#finally(s, unwinding);
    }
    draft.cut();
  }

  #handled(s: Try, head: number): void {
    const flow = this.#flow;
    const { draft, region: outer } = flow;
    const region = new Region(false);
    // Who leaves the body is for a moment only under what guards the whole.
    const leaving = outer.isInterruptible ? flow.openCleanup() : null;
    flow.region = region;
    this.#body(s.body);
    if (leaving !== null) flow.closeCleanup(leaving);
    flow.region = outer;
    // Exceptions of the else part do not go to the handlers.
    draft.cut();
    this.#body(s.orelse);
    const after = draft.take();
    this.#mayInterrupt(region, head);
    if (s.kind === "TryStar") this.#groupClauses(s, region, after);
    else this.#clauses(s, region, after);
    draft.from(after);
  }

  /**
   * Something can interrupt even a body that raises nothing (KeyboardInterrupt comes between any two instructions):
   * where no exception would lead to a handler, one does from the body's first node.
   */
  #mayInterrupt(region: Region, head: number): void {
    if (region.isQuiet()) region.raise(Math.min(head + 1, this.#flow.draft.nodes.length - 1));
  }

  /** Adds an `except` clause; the classes that it names are looked up, which may fail. */
  #clause(handler: ExceptHandler): number {
    const { line, type, name } = handler;
    const endLine = type?.endLine ?? line;
    const end = type?.end ?? handler.start + "except".length;
    const label = headLabel(this.#text, handler.start, end, line, endLine);
    const { draft, region } = this.#flow;
    const head = draft.add("except", line, endLine, name === null ? label : `${label} as ${name}`, [line]);
    if (type !== null || region.isInterruptible) region.raise(head);
    draft.from([looseEnd(head, EDGE.true)]);
    return head;
  }

  /** From clause to clause; what no clause takes goes on outside. */
  #clauses(s: Try, region: Region, after: LooseEnd[]): void {
    const { draft } = this.#flow;
    const heads: number[] = [];
    for (const handler of s.handlers) {
      const head = this.#clause(handler);
      const previous = heads[heads.length - 1];
      if (previous !== undefined) draft.edge(previous, head, "false");
      heads.push(head);
      this.#handlerBody(handler, this.#flow.region);
      append(after, draft.take());
    }
    const [first = 0] = heads;
    for (const raiser of region.sources()) draft.edge(raiser, first, "exception");
    this.#landThrown(s, region, heads);
    const last = heads[heads.length - 1];
    const takesAll = s.handlers.some((handler) => takes(handler, null) === "yes");
    if (last !== undefined && !takesAll) this.#flow.region.throw(last, "no match", null);
  }

  /** The name of `except E as name` is deleted on every way out, which fails where the body has deleted it. */
  #handlerBody({ name, body }: ExceptHandler, region: Region): void {
    const flow = this.#flow;
    const outer = flow.region;
    const cleanup = name === null ? null : flow.openCleanup();
    flow.region = region;
    this.#body(body);
    flow.region = outer;
    if (cleanup === null) return;
    flow.closeCleanup(cleanup);
    if (region === outer) return;
    // What a clause of `except*` raises is kept, but not what deleting the name does on the way.
    outer.raiseAll(region.raisers.map((node) => looseEnd(node, EDGE.exception)));
    outer.raiseAll(region.thrown.map(({ node }) => looseEnd(node, EDGE.exception)));
  }

  #landThrown(s: Try, region: Region, heads: readonly number[]): void {
    const { draft, region: outer } = this.#flow;
    for (const thrown of region.thrown) {
      const head = heads[s.handlers.findIndex((handler) => takes(handler, thrown.name) !== "no")];
      if (head === undefined) outer.throw(thrown.node, thrown.label, thrown.name);
      else draft.edge(thrown.node, head, "exception", thrown.label);
    }
  }

  /** `except*`: each clause takes its part of the group, then the next one is tried; the rest goes on outside. */
  #groupClauses(s: Try, region: Region, after: LooseEnd[]): void {
    const { draft } = this.#flow;
    let raised = region;
    let next: LooseEnd[] = [];
    for (const handler of s.handlers) {
      const head = this.#clause(handler);
      draft.connect(next, head);
      // What a clause raises is kept, and raised with the rest after the last one.
      draft.land(raised, head);
      raised = new Region(false);
      this.#handlerBody(handler, raised);
      next = draft.take();
      next.push(looseEnd(head, EDGE.false));
    }
    this.#raiseRest(s, raised, next);
    append(after, draft.take());
  }

  /** The step after the last `except*` clause: what is left of the group, and what clauses raised, is raised. */
  #raiseRest(s: Try, raised: Region, ends: LooseEnd[]): void {
    const { draft, region } = this.#flow;
    const line = s.handlers.at(-1)?.line ?? s.line;
    draft.from(ends);
    const rest = draft.enter("except", line, line, "end of except*", []);
    draft.land(raised, rest);
    region.throw(rest, "re-raise", null);
    draft.from([looseEnd(rest, EDGE.normal)]);
  }

  #finally(s: Try, unwinding: Unwinding): void {
    const flow = this.#flow;
    if (this.#copyDepth >= MAX_COPY_DEPTH && flow.draft.nodes.length > MAX_COPY_NODES) {
      flow.closeShared(unwinding, () => this.#finallyCopy(s, "finally"));
      return;
    }
    flow.closeUnwinding(unwinding, (way) => {
      if (way === "exception") this.#exceptionalCopy(s);
      else this.#finallyCopy(s, way === "normal" ? "finally" : `finally, on ${way}`);
    });
  }

  /**
   * The copy that runs on an exception, and goes on with it or with one that it raises itself. The interpreter counts
   * that last step to a line of the body (see `lastLocation`): where it is not the only one, the step is a node.
   */
  #exceptionalCopy(s: Try): void {
    const flow = this.#flow;
    const { draft, region: outer } = flow;
    const label = "finally, on exception";
    const line = lastLocation(s.finalbody);
    if (line === null || isOneStatement(s.finalbody)) {
      this.#finallyCopy(s, label);
      if (line !== null) outer.raise(draft.nodes.length - 1);
      flow.reraise(draft.take());
      return;
    }
    const raised = new Region(true);
    flow.region = raised;
    this.#finallyCopy(s, label);
    flow.reraise(draft.take());
    flow.region = outer;
    if (raised.isQuiet()) return;
    const step = draft.add("finally", line, line, "re-raise", [line]);
    draft.land(raised, step);
    outer.throw(step, "re-raise", null);
    const known = new Set<string | null>([null]);
    for (const { label, name } of raised.thrown) {
      if (!known.has(name)) outer.throw(step, label, name);
      known.add(name);
    }
  }

  #finallyCopy(s: Try, label: string): void {
    const { draft } = this.#flow;
    const line = s.finalbody[0]?.line ?? s.endLine;
    const head = draft.enter("finally", line, line, label, []);
    draft.from([looseEnd(head, EDGE.normal)]);
    this.#copyDepth++;
    this.#body(s.finalbody);
    this.#copyDepth--;
  }

  with(s: With): void {
    const flow = this.#flow;
    const { draft } = flow;
    const { line } = s;
    this.#conditions?.inside(s);
    const item = s.items.at(-1);
    const last = item?.optional_vars ?? item?.context_expr;
    const endLine = last?.endLine ?? line;
    const label = headLabel(this.#text, s.start, last?.end ?? s.start, line, endLine);
    const head = draft.enter("with", line, endLine, label, [line]);
    flow.region.raise(head);
    const unwinding = flow.openUnwinding();
    // Where a later item fails, or the assignment of what was entered, the earlier items are left.
    if (
      s.items.some(({ optional_vars }, i) => i > 0 || (optional_vars !== null && this.#raising.stores(optional_vars)))
    )
      unwinding.raise(head);
    draft.from([looseEnd(head, EDGE.normal)]);
    this.#body(s.body);
    this.#mayInterrupt(unwinding, head);
    flow.closeUnwinding(unwinding, (way) => {
      const exit = draft.enter("with-exit", line, endLine, way === "normal" ? "exit with" : `exit with, on ${way}`, [
        line,
      ]);
      flow.region.raise(exit);
      const on = looseEnd(exit, EDGE.normal);
      if (way === "exception") {
        flow.region.throw(exit, "re-raise", null);
        draft.labelEnd(on, "suppressed");
      }
      draft.from([on]);
    });
  }
}
