import type { Expression } from "../python/index.ts";

/** `__name__ == "__main__"`, either way round, alone or as part of a condition. */
export function isMainGuard(test: Expression): boolean {
  if (test.kind === "BoolOp") return test.values.some(isMainGuard);
  if (test.kind !== "Compare" || test.ops.length !== 1 || test.ops[0] !== "Eq") return false;
  const [right] = test.comparators;
  return right !== undefined && [test.left, right].some(isNameOfModule) && [test.left, right].some(isMainText);
}

function isNameOfModule(node: Expression): boolean {
  return node.kind === "Name" && node.id === "__name__";
}

function isMainText(node: Expression): boolean {
  return node.kind === "Constant" && node.value.type === "str" && node.value.value === "__main__";
}

/** How a main part begins. */
const BEGINNING = /^if[ (]+__name__ *== *(?:"__main__"|'__main__')[ )]*:[ \t]*(?:#.*)?\r?$/mu;

/** The beginning of a line that is not part of the block before it. */
const OUTER_LINE = /^[^\s#]/mu;

/** A module's text without what stands under `if __name__ == "__main__":`, which importing it does not run. */
export function withoutMainPart(text: string): string {
  const beginning = BEGINNING.exec(text);
  if (beginning === null) return text;
  const rest = text.slice(beginning.index + beginning[0].length);
  const next = OUTER_LINE.exec(rest);
  return text.slice(0, beginning.index) + (next === null ? "" : rest.slice(next.index));
}
