import type { ControlFlowGraph } from "../model/index.ts";
import type {
  Assert,
  Comprehension,
  DictComp,
  Expression,
  For,
  If,
  Match,
  MatchCase,
  Raise,
  Statement,
  While,
} from "../python/index.ts";
import type { ComprehensionScope } from "./comprehensions.ts";
import { ConditionBuilder, isBranching, type Ways } from "./conditions.ts";
import { type Draft, EDGE, type LooseEnd, looseEnd, withKind } from "./draft.ts";
import { builtinException, raisedClass } from "./exceptions.ts";
import { constantTruth, isComprehension, isIrrefutable, isWildcard } from "./expressions.ts";
import { append, Flow } from "./flow.ts";
import { foldGraph } from "./fold.ts";
import { GuardBuilder } from "./guards.ts";
import { headLabel, lineLabel } from "./labels.ts";
import type { NameResolver } from "./names.ts";
import type { DetailLevel, GraphOptions } from "./options.ts";
import { Raising } from "./raising.ts";
import type { Scope } from "./scopes.ts";

/** Builds the control-flow graph of one scope. Recursion is as deep as statements are nested, never as a body is long. */
export function buildScope(
  text: string,
  scope: Scope,
  resolver: NameResolver,
  { detail = "block", neverReturns }: GraphOptions,
): ControlFlowGraph {
  const graph = new GraphBuilder(text, scope, new Raising(scope, resolver, neverReturns), detail).build();
  return detail === "branch" ? foldGraph(graph) : graph;
}

/** As `buildScope`, of a comprehension or generator expression. */
export function buildComprehension(
  text: string,
  comprehension: ComprehensionScope,
  resolver: NameResolver,
  { detail = "block" }: GraphOptions,
): ControlFlowGraph {
  const graph = new GraphBuilder(text, comprehension, new Raising(comprehension.owner, resolver), detail).build();
  return detail === "branch" ? foldGraph(graph) : graph;
}

class GraphBuilder {
  readonly #text: string;
  readonly #scope: Scope | ComprehensionScope;
  readonly #raising: Raising;
  readonly #flow: Flow;
  readonly #draft: Draft;
  /** Only where expressions are to be split. */
  readonly #conditions: ConditionBuilder | null;
  #guards: GuardBuilder | null = null;

  constructor(text: string, scope: Scope | ComprehensionScope, raising: Raising, detail: DetailLevel) {
    this.#text = text;
    this.#scope = scope;
    this.#raising = raising;
    this.#flow = new Flow(detail === "block" || detail === "branch");
    this.#draft = this.#flow.draft;
    this.#conditions = detail === "expression" ? new ConditionBuilder(text, this.#flow, raising) : null;
  }

  build(): ControlFlowGraph {
    const { kind, qualname, line, endLine, complexity, node, name } = this.#scope;
    const draft = this.#draft;
    const entry = draft.add("entry", line, line, name, []);
    draft.from([looseEnd(entry, EDGE.normal)]);
    // The names that every class body gets first (`__module__`, `__qualname__`) go into a mapping of any kind.
    if (kind === "class") this.#flow.region.raise(entry);
    if (isComprehension(node)) this.#comprehension(node);
    else if (node.kind === "Lambda") this.#lambda(node.body);
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
    this.#conditions?.within(body, line);
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
    this.#guards ??= new GuardBuilder(this.#text, this.#flow, this.#raising, this.#conditions, this.#body);
    return this.#guards;
  }

  #simple(s: Statement): void {
    const { line, endLine } = s;
    const flow = this.#flow;
    if (s.kind === "Assert" && this.#conditions !== null && isBranching(s.test)) {
      this.#splitAssert(s, this.#conditions);
      return;
    }
    this.#conditions?.inside(s);
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
        this.#call(s.value, block);
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

  #call(value: Expression, block: number): void {
    const ending = this.#raising.neverReturns(value);
    if (ending === null) return;
    if (ending === "SystemExit") this.#flow.region.throw(block, ending, ending);
    this.#draft.from([]);
  }

  /** The way on is where all holds; the statement itself stands for what happens otherwise. */
  #splitAssert(s: Assert, conditions: ConditionBuilder): void {
    const { whenTrue, whenFalse } = conditions.condition(s.test, s.line);
    const draft = this.#draft;
    draft.from(whenFalse);
    const label = lineLabel(this.#text, s.start, s.end, s.line, s.endLine);
    const block = draft.append(s.line, s.endLine, label);
    if (this.#flow.region.isInterruptible || s.msg !== null) this.#flow.region.raise(block);
    this.#flow.region.throw(block, "AssertionError", "AssertionError");
    draft.from(whenTrue);
  }

  /** The head of an `if` or `while`: the node that it begins with, and the ways on. */
  #condition(kind: "branch" | "loop", s: If | While): Ways & { readonly head: number } {
    const draft = this.#draft;
    if (this.#conditions !== null && isBranching(s.test)) {
      // What leads here must find the first node in one piece.
      draft.cut();
      const head = draft.nodes.length;
      const ways = this.#conditions.condition(s.test, s.line);
      const node = draft.nodes[head];
      if (node !== undefined) {
        if (node.kind === "branch") node.kind = kind;
        const keyword = this.#text.slice(s.start, s.test.start).trimEnd();
        node.label = `${/^\w+/.exec(keyword)?.[0] ?? ""} ${node.label}`.trimStart();
      }
      return { head, ...ways };
    }
    const head = this.#head(kind, s, s.test);
    if (this.#raising.test(s.test)) this.#flow.region.raise(head);
    const truth = constantTruth(s.test);
    return {
      head,
      whenTrue: truth === false ? [] : [looseEnd(head, EDGE.true)],
      whenFalse: truth === true ? [] : [looseEnd(head, EDGE.false)],
    };
  }

  /** A chain of `elif` is built in a loop, so that its length is not the depth of the stack. */
  #if(first: If): void {
    const draft = this.#draft;
    const after: LooseEnd[] = [];
    let s = first;
    for (;;) {
      const { whenTrue, whenFalse } = this.#condition("branch", s);
      draft.from(whenTrue);
      this.#body(s.body);
      append(after, draft.take());
      draft.from(whenFalse);
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
    const { head, whenTrue, whenFalse } = s.kind === "While" ? this.#condition("loop", s) : this.#iteration(s);
    const breaks = this.#flow.inLoop(head, () => {
      draft.from(whenTrue);
      this.#body(s.body);
    });
    draft.from(whenFalse);
    this.#body(s.orelse);
    const after = draft.take();
    append(after, breaks);
    draft.from(after);
  }

  #iteration(s: For): Ways & { readonly head: number } {
    this.#conditions?.inside(s);
    const head = this.#head("loop", s, s.iter);
    this.#flow.region.raise(head);
    return { head, whenTrue: [looseEnd(head, EDGE.true)], whenFalse: [looseEnd(head, EDGE.false)] };
  }

  /** A loop for each `for`, a branch for each `if`, and the element in the middle. */
  #comprehension(e: Comprehension | DictComp): void {
    const draft = this.#draft;
    const flow = this.#flow;
    const after: LooseEnd[][] = [];
    const heads: number[] = [];
    for (const { start, line, ifs, iter } of e.generators) {
      const label = lineLabel(this.#text, start, iter.end, line, iter.endLine);
      const head = draft.enter("loop", line, iter.endLine, label, [line]);
      flow.region.raise(head);
      const skipped: LooseEnd[] = [];
      heads.push(head);
      after.push(skipped);
      draft.from([looseEnd(head, EDGE.true)]);
      for (const test of ifs) {
        const ways = this.#filter(test);
        append(skipped, ways.whenFalse);
        draft.from(ways.whenTrue);
      }
    }
    const [first, last] = e.kind === "DictComp" ? [e.key, e.value] : [e.elt, e.elt];
    for (const e of new Set([first, last])) this.#conditions?.within(e, e.line);
    const element = lineLabel(this.#text, first.start, last.end, first.line, last.endLine);
    const block = draft.append(first.line, last.endLine, element);
    if (e.kind === "GeneratorExp" || this.#raising.expression(first) || this.#raising.expression(last)) {
      flow.region.raise(block);
    }
    let ends = draft.take();
    for (let i = heads.length - 1; i >= 0; i--) {
      const head = heads[i] ?? 0;
      append(ends, after[i] ?? []);
      draft.connect(withKind(ends, EDGE.loopBack), head);
      ends = [looseEnd(head, EDGE.false)];
    }
    draft.from(ends);
  }

  #filter(test: Expression): Ways {
    if (this.#conditions !== null) return this.#conditions.condition(test, test.line);
    const label = `if ${lineLabel(this.#text, test.start, test.end, test.line, test.endLine)}`;
    const node = this.#draft.enter("branch", test.line, test.endLine, label, [test.line]);
    if (this.#raising.test(test)) this.#flow.region.raise(node);
    const truth = constantTruth(test);
    return {
      whenTrue: truth === false ? [] : [looseEnd(node, EDGE.true)],
      whenFalse: truth === true ? [] : [looseEnd(node, EDGE.false)],
    };
  }

  /** From case to case, each a node of its own; a guard is part of its case. */
  #match(s: Match): void {
    const draft = this.#draft;
    this.#conditions?.inside(s);
    const subject = this.#head("match", s, s.subject);
    if (this.#raising.expression(s.subject)) this.#flow.region.raise(subject);
    const after: LooseEnd[] = [];
    let next: LooseEnd[] = [looseEnd(subject, EDGE.normal)];
    for (const one of s.cases) {
      draft.from(next);
      next = this.#case(one);
      this.#body(one.body);
      append(after, draft.take());
    }
    append(after, next);
    draft.from(after);
  }

  /** Leaves the way into the case; gives the ways on to the next one. */
  #case({ pattern, guard, start, line }: MatchCase): LooseEnd[] {
    const { draft, region } = this.#flow;
    // A guard that parts is drawn by itself.
    const conditions = guard !== null && isBranching(guard) ? this.#conditions : null;
    const isSplit = guard !== null && conditions !== null;
    const last = isSplit ? pattern : (guard ?? pattern);
    const label = headLabel(this.#text, start, last.end, line, last.endLine);
    const head = draft.enter("branch", line, last.endLine, label, [pattern.line]);
    const truth = guard === null || isSplit ? true : constantTruth(guard);
    const always = isIrrefutable(pattern);
    if (!isWildcard(pattern) || truth === null || region.isInterruptible) region.raise(head);
    draft.from(truth === false ? [] : [looseEnd(head, EDGE.case)]);
    const next = always && truth === true ? [] : [looseEnd(head, EDGE.false)];
    if (isSplit) {
      const ways = conditions.condition(guard, pattern.line);
      append(next, ways.whenFalse);
      draft.from(ways.whenTrue);
    }
    return next;
  }
}
