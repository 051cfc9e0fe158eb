import type { ControlFlowGraph } from "../model/index.ts";
import type { Expression, For, If, Match, Raise, Statement, While } from "../python/index.ts";
import { EDGE, type LooseEnd, looseEnd } from "./draft.ts";
import { builtinException, raisedClass } from "./exceptions.ts";
import { constantTruth, isIrrefutable } from "./expressions.ts";
import { append, Flow } from "./flow.ts";
import { GuardBuilder } from "./guards.ts";
import { headLabel, lineLabel } from "./labels.ts";
import type { NameResolver } from "./names.ts";
import { Raising } from "./raising.ts";
import type { Scope } from "./scopes.ts";

/** Builds the control-flow graph of one scope. Recursion is as deep as statements are nested, never as a body is long. */
export function buildScope(text: string, scope: Scope, resolver: NameResolver): ControlFlowGraph {
  return new GraphBuilder(text, scope, resolver).build();
}

class GraphBuilder {
  readonly #text: string;
  readonly #scope: Scope;
  readonly #raising: Raising;
  readonly #flow = new Flow();
  readonly #draft = this.#flow.draft;
  #guards: GuardBuilder | null = null;

  constructor(text: string, scope: Scope, resolver: NameResolver) {
    this.#text = text;
    this.#scope = scope;
    this.#raising = new Raising(scope, resolver);
  }

  build(): ControlFlowGraph {
    const { kind, qualname, line, endLine, complexity, node, name } = this.#scope;
    const draft = this.#draft;
    const entry = draft.add("entry", line, line, name, []);
    draft.from([looseEnd(entry, EDGE.normal)]);
    // The names that every class body gets first (`__module__`, `__qualname__`) go into a mapping of any kind.
    if (kind === "class") this.#flow.region.raise(entry);
    if (node.kind === "Lambda") this.#lambda(node.body);
    else this.#body(node.body);
    const { returns, root } = this.#flow;
    const falling = draft.take();
    draft.claimEnds(falling);
    append(falling, returns);
    const exit = draft.add("exit", endLine, endLine, "exit", []);
    draft.connect(falling, exit);
    const raiseExit = draft.add("raise-exit", endLine, endLine, "exception", []);
    draft.land(root, raiseExit);
    if (draft.mayHoldDeadCode()) draft.markUnreachable();
    else {
      if (falling.length === 0) draft.mark(exit);
      if (root.isQuiet()) draft.mark(raiseExit);
    }
    return { kind, qualname, line, endLine, complexity, nodes: draft.nodes, edges: draft.edges };
  }

  #lambda(body: Expression): void {
    const { start, end, line, endLine } = body;
    const block = this.#draft.append(line, endLine, lineLabel(this.#text, start, end, line, endLine));
    if (this.#raising.expression(body)) this.#flow.region.raise(block);
    this.#flow.leave(block, EDGE.return);
  }

  readonly #body = (body: readonly Statement[]): void => {
    for (const s of body) this.#statement(s);
  };

  #statement(s: Statement): void {
    switch (s.kind) {
      case "If":
        this.#if(s);
        return;
      case "While":
      case "For":
      case "AsyncFor":
        this.#loop(s);
        return;
      case "Try":
      case "TryStar":
        this.#guarded().try(s);
        return;
      case "With":
      case "AsyncWith":
        this.#guarded().with(s);
        return;
      case "Match":
        this.#match(s);
        return;
      default:
        this.#simple(s);
    }
  }

  #guarded(): GuardBuilder {
    this.#guards ??= new GuardBuilder(this.#text, this.#flow, this.#raising, this.#body);
    return this.#guards;
  }

  #simple(s: Statement): void {
    const { line, endLine } = s;
    const flow = this.#flow;
    const block = this.#draft.append(line, endLine, lineLabel(this.#text, s.start, s.end, line, endLine));
    if (!flow.region.raises(block) && (flow.region.isInterruptible || this.#raising.statement(s))) {
      flow.region.raise(block);
    }
    switch (s.kind) {
      case "Return":
        flow.leave(block, EDGE.return);
        return;
      case "Break":
        flow.leave(block, EDGE.break);
        return;
      case "Continue":
        flow.leave(block, EDGE.continue);
        return;
      case "Raise":
        this.#raise(s, block);
        return;
      case "Assert":
        this.#assert(s.test, block);
        return;
      case "Expr":
        if (s.value.kind === "Call") this.#call(s.value, block);
        return;
      default:
        return;
    }
  }

  #raise(s: Raise, block: number): void {
    const written = s.exc === null ? null : raisedClass(s.exc);
    const label = s.exc === null ? "re-raise" : (written ?? "raise");
    this.#flow.region.throw(block, label, written === null ? null : builtinException(written));
    this.#draft.from([]);
  }

  #assert(test: Expression, block: number): void {
    const truth = constantTruth(test);
    if (truth !== true) this.#flow.region.throw(block, "AssertionError", "AssertionError");
    if (truth === false) this.#draft.from([]);
  }

  #call(call: Extract<Expression, { kind: "Call" }>, block: number): void {
    const ending = this.#raising.neverReturns(call);
    if (ending === null) return;
    if (ending === "SystemExit") this.#flow.region.throw(block, ending, ending);
    this.#draft.from([]);
  }

  /** A chain of `elif` is built in a loop, so that its length is not the depth of the stack. */
  #if(first: If): void {
    const draft = this.#draft;
    const after: LooseEnd[] = [];
    let s = first;
    for (;;) {
      const head = this.#head("branch", s, s.test);
      if (this.#raising.test(s.test)) this.#flow.region.raise(head);
      const truth = constantTruth(s.test);
      draft.from(truth === false ? [] : [looseEnd(head, EDGE.true)]);
      this.#body(s.body);
      append(after, draft.take());
      draft.from(truth === true ? [] : [looseEnd(head, EDGE.false)]);
      const next = s.orelse.length === 1 ? s.orelse[0] : undefined;
      if (next?.kind !== "If") break;
      s = next;
    }
    this.#body(s.orelse);
    append(after, draft.take());
    draft.from(after);
  }

  #head(kind: "branch" | "loop" | "match", s: Statement, last: Expression): number {
    const label = headLabel(this.#text, s.start, last.end, s.line, last.endLine);
    const head = this.#draft.enter(kind, s.line, last.endLine, label, [s.line]);
    if (this.#flow.region.isInterruptible) this.#flow.region.raise(head);
    return head;
  }

  #loop(s: For | While): void {
    const draft = this.#draft;
    const isWhile = s.kind === "While";
    const head = this.#head("loop", s, isWhile ? s.test : s.iter);
    if (!isWhile || this.#raising.test(s.test)) this.#flow.region.raise(head);
    const truth = isWhile ? constantTruth(s.test) : null;
    const breaks = this.#flow.inLoop(head, () => {
      draft.from(truth === false ? [] : [looseEnd(head, EDGE.true)]);
      this.#body(s.body);
    });
    draft.from(truth === true ? [] : [looseEnd(head, EDGE.false)]);
    this.#body(s.orelse);
    const after = draft.take();
    append(after, breaks);
    draft.from(after);
  }

  /** From case to case, each a node of its own; a guard is part of its case. */
  #match(s: Match): void {
    const draft = this.#draft;
    const subject = this.#head("match", s, s.subject);
    if (this.#raising.expression(s.subject)) this.#flow.region.raise(subject);
    const after: LooseEnd[] = [];
    let next: LooseEnd[] = [looseEnd(subject, EDGE.normal)];
    for (const one of s.cases) {
      const last = one.guard ?? one.pattern;
      const label = headLabel(this.#text, one.start, last.end, one.line, last.endLine);
      draft.from(next);
      const head = draft.enter("branch", one.line, last.endLine, label, [one.pattern.line]);
      const guard = one.guard === null ? true : constantTruth(one.guard);
      const always = isIrrefutable(one.pattern);
      if (!always || guard === null || this.#flow.region.isInterruptible) this.#flow.region.raise(head);
      draft.from(guard === false ? [] : [looseEnd(head, EDGE.case)]);
      this.#body(one.body);
      append(after, draft.take());
      next = always && guard === true ? [] : [looseEnd(head, EDGE.false)];
    }
    append(after, next);
    draft.from(after);
  }
}
