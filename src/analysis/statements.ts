import type { Statement } from "../python/index.ts";

type Body = readonly Statement[];

const NONE: readonly Body[] = [];

/** The statement lists inside a statement that belong to the same scope (not those of a `def` or `class`), in order. */
function bodiesOf(s: Statement): readonly Body[] {
  switch (s.kind) {
    case "If":
    case "While":
    case "For":
    case "AsyncFor":
      return [s.body, s.orelse];
    case "With":
    case "AsyncWith":
      return [s.body];
    case "Try":
    case "TryStar":
      return [s.body, ...s.handlers.map((handler) => handler.body), s.orelse, s.finalbody];
    case "Match":
      return s.cases.map((one) => one.body);
    default:
      return NONE;
  }
}

/** Calls `visit` for every statement of a scope, nested blocks included, in no particular order. Keeps its own stack. */
export function forEachStatement(body: Body, visit: (s: Statement) => void): void {
  const stack: Body[] = [body];
  for (let list = stack.pop(); list !== undefined; list = stack.pop()) {
    for (const s of list) {
      visit(s);
      for (const inner of bodiesOf(s)) stack.push(inner);
    }
  }
}
