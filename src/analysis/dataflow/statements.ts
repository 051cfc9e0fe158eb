import type {
  AnnAssign,
  ClassDef,
  ExceptHandler,
  Expression,
  For,
  FunctionDef,
  If,
  Match,
  Statement,
  Try,
  While,
  With,
} from "../../python/index.ts";
import { handlerBinding, importBindings, patternBindings, statementBindings } from "../bindings.ts";
import { takes } from "../exceptions.ts";
import { constantTruth, isIrrefutable } from "../expressions.ts";
import type { Raising } from "../raising.ts";
import type { Blocks } from "./blocks.ts";
import type { ExpressionFlow } from "./expressions.ts";
import { headOf } from "./nested.ts";

/** Copies of a `finally` body inside copies multiply; from this depth on all ways through share one. */
const MAX_COPY_DEPTH = 4;

type Jump = "break" | "continue" | "return";

/** What surrounds a statement and matters to jumps out of it. */
type Frame =
  | { readonly kind: "loop"; readonly breaks: number[]; readonly head: number }
  | { readonly kind: "finally"; readonly entry: number; readonly jumps: Set<Jump> }
  | { readonly kind: "except"; readonly name: string };

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

/** Turns the statements of a scope into blocks of events. */
export class StatementFlow {
  readonly #text: string;
  readonly #blocks: Blocks;
  readonly #expressions: ExpressionFlow;
  readonly #raising: Raising;
  readonly #frames: Frame[] = [];
  readonly #evaluatesAnnotations: boolean;
  #copyDepth = 0;

  /** @param evaluatesAnnotations as modules and classes do, and functions do not */
  constructor(
    text: string,
    blocks: Blocks,
    expressions: ExpressionFlow,
    raising: Raising,
    evaluatesAnnotations: boolean,
  ) {
    this.#text = text;
    this.#blocks = blocks;
    this.#expressions = expressions;
    this.#raising = raising;
    this.#evaluatesAnnotations = evaluatesAnnotations;
  }

  body(body: readonly Statement[]): void {
    for (const s of body) this.#statement(s);
  }

  #statement(s: Statement): void {
    const { evaluate } = this;
    switch (s.kind) {
      case "Expr":
        this.#expression(s.value);
        return;
      case "Assign":
        evaluate(s.value);
        for (const target of s.targets) this.#expressions.target(target, "assignment");
        return;
      case "AugAssign":
        this.#augmented(s.target, s.value);
        return;
      case "AnnAssign":
        this.#annotated(s);
        return;
      case "Return":
        evaluate(s.value);
        this.#jump("return");
        return;
      case "Break":
        this.#jump("break");
        return;
      case "Continue":
        this.#jump("continue");
        return;
      case "Raise":
        evaluate(s.exc);
        evaluate(s.cause);
        this.#blocks.raises();
        this.#blocks.stop();
        return;
      case "Assert":
        this.#assert(s.test, s.msg);
        return;
      case "Delete":
        for (const target of s.targets) this.#delete(target);
        return;
      case "TypeAlias":
        this.#expressions.target(s.name, "type-alias");
        return;
      case "Import":
      case "ImportFrom":
        this.#blocks.raises();
        importBindings(s, (binding) => this.#expressions.define(binding));
        return;
      case "FunctionDef":
      case "AsyncFunctionDef":
      case "ClassDef":
        this.#definition(s);
        return;
      case "If":
        this.#if(s);
        return;
      case "While":
      case "For":
      case "AsyncFor":
        this.#loop(s);
        return;
      case "With":
      case "AsyncWith":
        this.#with(s);
        return;
      case "Try":
      case "TryStar":
        this.#try(s);
        return;
      case "Match":
        this.#match(s);
        return;
      default:
        return;
    }
  }

  readonly evaluate = (e: Expression | null): void => this.#expressions.evaluate(e);

  #expression(value: Expression): void {
    this.evaluate(value);
    if (value.kind === "Call" && this.#raising.neverReturns(value) !== null) this.#blocks.stop();
  }

  #annotated({ target, annotation, value }: AnnAssign): void {
    if (this.#evaluatesAnnotations) this.evaluate(annotation);
    this.evaluate(value);
    if (value !== null) this.#expressions.target(target, "assignment");
    else if (target.kind !== "Name") this.evaluate(target);
  }

  #augmented(target: Expression, value: Expression): void {
    // The target is read first: a Store in the tree, and a use all the same.
    if (target.kind === "Name") this.evaluate({ ...target, ctx: "Load" });
    else this.evaluate(target);
    this.evaluate(value);
    if (target.kind === "Name") this.#expressions.target(target, "augmented");
  }

  #assert(test: Expression, msg: Expression | null): void {
    const { whenTrue, whenFalse } = this.#expressions.condition(test);
    this.#blocks.current = whenFalse;
    this.evaluate(msg);
    this.#blocks.raises();
    this.#blocks.current = constantTruth(test) === false ? this.#blocks.open() : whenTrue;
  }

  #delete(target: Expression): void {
    if (target.kind === "Tuple" || target.kind === "List") for (const item of target.elts) this.#delete(item);
    else {
      this.evaluate(target);
      if (target.kind === "Name") this.#expressions.unbind(target.id);
    }
  }

  #definition(s: FunctionDef | ClassDef): void {
    const parts = s.kind === "ClassDef" ? [...s.decorator_list, ...s.bases, ...s.keywords] : headOf(s);
    for (const part of parts) this.#expressions.evaluate(part);
    const hidden = s.type_params.length === 0 ? NOTHING_HIDDEN : new Set(s.type_params.map(({ name }) => name));
    if (s.kind === "ClassDef") {
      this.#blocks.raises();
      this.#expressions.nested.class(s, hidden, true);
    }
    statementBindings(this.#text, s, (binding) => this.#expressions.define(binding));
    if (s.kind !== "ClassDef") this.#expressions.nested.function(s, hidden);
  }

  /** Leaves by a jump, through each `finally` in between. */
  #jump(kind: Jump): void {
    this.#leave(kind, this.#frames.length);
    this.#blocks.stop();
  }

  #leave(kind: Jump, depth: number): void {
    for (let i = depth - 1; i >= 0; i--) {
      const frame = this.#frames[i];
      if (frame?.kind === "except") this.#expressions.unbind(frame.name);
      else if (frame?.kind === "finally") {
        frame.jumps.add(kind);
        this.#blocks.lead(this.#blocks.current, frame.entry);
        return;
      } else if (frame?.kind === "loop" && kind !== "return") {
        if (kind === "break") frame.breaks.push(this.#blocks.current);
        else this.#blocks.lead(this.#blocks.current, frame.head);
        return;
      }
    }
  }

  /** The two ways on from a test; a way that a constant test never takes gets a block that nothing leads to. */
  #test(test: Expression): { readonly whenTrue: number; readonly whenFalse: number } {
    const outcomes = this.#expressions.condition(test);
    const truth = constantTruth(test);
    if (truth === null) return outcomes;
    const never = this.#blocks.open();
    return truth ? { ...outcomes, whenFalse: never } : { ...outcomes, whenTrue: never };
  }

  /** A chain of `elif` is walked in a loop, so that its length is not the depth of the stack. */
  #if(first: If): void {
    const ends: number[] = [];
    let s = first;
    for (;;) {
      const { whenTrue, whenFalse } = this.#test(s.test);
      this.#blocks.current = whenTrue;
      this.body(s.body);
      ends.push(this.#blocks.current);
      this.#blocks.current = whenFalse;
      const next = s.orelse.length === 1 ? s.orelse[0] : undefined;
      if (next?.kind !== "If") break;
      s = next;
    }
    this.body(s.orelse);
    this.#blocks.after(...ends, this.#blocks.current);
  }

  #loop(s: For | While): void {
    if (s.kind !== "While") this.evaluate(s.iter);
    this.#blocks.after(this.#blocks.current);
    const head = this.#blocks.current;
    this.#blocks.raises();
    let exhausted = head;
    if (s.kind === "While") {
      const { whenTrue, whenFalse } = this.#test(s.test);
      this.#blocks.current = whenTrue;
      exhausted = whenFalse;
    } else {
      this.#blocks.after(head);
      this.#expressions.target(s.target, "for");
    }
    const loop: Frame = { kind: "loop", breaks: [], head };
    this.#frames.push(loop);
    this.body(s.body);
    this.#blocks.lead(this.#blocks.current, head);
    this.#frames.pop();
    this.#blocks.after(exhausted);
    this.body(s.orelse);
    this.#blocks.after(...loop.breaks, this.#blocks.current);
  }

  /** Runs `body` with its exceptions led to a block. Gives the block after it, outside of that. */
  #guard(handler: number, body: () => void): number {
    const outer = this.#blocks.handler;
    this.#blocks.handler = handler;
    this.#blocks.after(this.#blocks.current);
    // Something can interrupt even what raises nothing by itself.
    this.#blocks.raises();
    body();
    this.#blocks.handler = outer;
    this.#blocks.after(this.#blocks.current);
    return this.#blocks.current;
  }

  /** The block goes on to where its exceptions would, once it has run. */
  #reraise(block: number): void {
    if (this.#blocks.handler >= 0) this.#blocks.lead(block, this.#blocks.handler);
  }

  #with(s: With): void {
    for (const { context_expr, optional_vars } of s.items) {
      this.evaluate(context_expr);
      if (optional_vars !== null) this.#expressions.target(optional_vars, "with");
    }
    const exit = this.#blocks.open();
    const end = this.#guard(exit, () => this.body(s.body));
    this.#reraise(exit);
    // Files swallow nothing; of all else it is not known.
    const swallows = s.items.some(({ context_expr }) => !isOpenCall(context_expr));
    this.#blocks.after(end, ...(swallows ? [exit] : []));
  }

  #try(s: Try): void {
    if (s.finalbody.length === 0) {
      this.#handled(s);
      return;
    }
    const entry = this.#blocks.open();
    const frame: Frame = { kind: "finally", entry, jumps: new Set() };
    this.#frames.push(frame);
    const end = this.#guard(entry, () => this.#handled(s));
    this.#frames.pop();
    const isShared = this.#copyDepth >= MAX_COPY_DEPTH;
    this.#copyDepth++;
    if (isShared) this.#blocks.lead(end, entry);
    this.#blocks.current = entry;
    this.body(s.finalbody);
    const after = this.#blocks.current;
    this.#reraise(after);
    for (const jump of frame.jumps) {
      this.#blocks.after(after);
      this.#leave(jump, this.#frames.length);
    }
    if (isShared) this.#blocks.after(after);
    else {
      this.#blocks.current = end;
      this.body(s.finalbody);
    }
    this.#copyDepth--;
  }

  #handled(s: Try): void {
    if (s.handlers.length === 0) {
      this.body(s.body);
      this.body(s.orelse);
      return;
    }
    const caught = this.#blocks.open();
    this.#guard(caught, () => this.body(s.body));
    this.body(s.orelse);
    const ends = [this.#blocks.current];
    this.#blocks.current = caught;
    for (const handler of s.handlers) {
      this.evaluate(handler.type);
      const tested = this.#blocks.current;
      this.#blocks.after(tested);
      this.#handler(handler);
      ends.push(this.#blocks.current);
      // Clauses of `except*` may all run, one after the other.
      this.#blocks.after(tested, ...(s.kind === "TryStar" ? [this.#blocks.current] : []));
    }
    if (!s.handlers.some((handler) => takes(handler, null) === "yes")) this.#reraise(this.#blocks.current);
    this.#blocks.after(...ends);
  }

  #handler(handler: ExceptHandler): void {
    const { name, body } = handler;
    if (name === null) {
      this.body(body);
      return;
    }
    this.#expressions.define(handlerBinding(this.#text, handler, name));
    this.#frames.push({ kind: "except", name });
    this.body(body);
    this.#frames.pop();
    this.#expressions.unbind(name);
  }

  #match(s: Match): void {
    this.evaluate(s.subject);
    const ends: number[] = [];
    for (const { pattern, guard, body } of s.cases) {
      const always = isIrrefutable(pattern);
      this.#expressions.evaluate(pattern);
      const tried = this.#blocks.current;
      this.#blocks.after(tried);
      patternBindings(this.#text, pattern, (binding) => this.#expressions.define(binding));
      const { whenTrue, whenFalse } =
        guard === null ? { whenTrue: this.#blocks.current, whenFalse: -1 } : this.#test(guard);
      this.#blocks.current = whenTrue;
      this.body(body);
      ends.push(this.#blocks.current);
      this.#blocks.after(...(always ? [] : [tried]), ...(whenFalse < 0 ? [] : [whenFalse]));
    }
    this.#blocks.after(...ends, this.#blocks.current);
  }
}

/** `open(…)` and methods of that name, as of paths. */
function isOpenCall(e: Expression): boolean {
  if (e.kind !== "Call") return false;
  return (e.func.kind === "Name" && e.func.id === "open") || (e.func.kind === "Attribute" && e.func.attr === "open");
}
