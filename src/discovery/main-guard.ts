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
