import type { Statement } from "../../python/index.ts";

const NONE: readonly never[] = [];

/** The blocks of a compound statement that are part of the same scope. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case "If":
    case "For":
    case "AsyncFor":
    case "While":
      return [statement.body, statement.orelse];
    case "With":
    case "AsyncWith":
      return [statement.body];
    case "Try":
    case "TryStar":
      return [
        statement.body,
        ...statement.handlers.map((handler) => handler.body),
        statement.orelse,
        statement.finalbody,
      ];
    case "Match":
      return statement.cases.map((branch) => branch.body);
    default:
      return NONE;
  }
}
