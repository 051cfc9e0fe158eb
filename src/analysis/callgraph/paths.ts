import type { Constant, Expression } from "../../python/index.ts";
import type { Path } from "./summary.ts";

/** The part of a {@link Path} that stands for a call. */
export const CALLED = "()";

const LITERALS: Readonly<Partial<Record<Expression["kind"], string>>> = {
  List: "list",
  ListComp: "list",
  Dict: "dict",
  DictComp: "dict",
  Set: "set",
  SetComp: "set",
  Tuple: "tuple",
  JoinedStr: "str",
};

function constantType(value: Constant["value"]): string | null {
  return value.type === "None" || value.type === "Ellipsis" ? null : value.type;
}

/**
 * A chain of names, attributes and calls as a path.
 * @param shadowed names that mean something else here (parameters of a lambda, targets of a comprehension)
 */
export function pathOf(expression: Expression, shadowed?: ReadonlySet<string>): Path | null {
  const path: string[] = [];
  let e = expression;
  for (;;) {
    if (e.kind === "Attribute") {
      path.push(e.attr);
      e = e.value;
    } else if (e.kind === "Call") {
      path.push(CALLED);
      e = e.func;
    } else if (e.kind === "Await") e = e.value;
    else break;
  }
  if (e.kind === "Name") {
    if (shadowed?.has(e.id) === true) return null;
    path.push(e.id);
    return path.reverse();
  }
  const literal = e.kind === "Constant" ? constantType(e.value) : LITERALS[e.kind];
  if (literal === undefined || literal === null || path.length === 0) return null;
  path.push(CALLED, literal);
  return path.reverse();
}

/**
 * The class of an annotation: `A`, `a.A`, `"A"`, `A | None`, `Optional[A]`; null for everything else (`list[A]` is no A).
 */
export function annotatedClass(annotation: Expression): Path | null {
  switch (annotation.kind) {
    case "Name":
    case "Attribute":
      return pathOf(annotation);
    case "Constant":
      return annotation.value.type === "str" && /^[\w.]+$/.test(annotation.value.value)
        ? annotation.value.value.split(".")
        : null;
    case "BinOp": {
      if (annotation.op !== "BitOr") return null;
      if (isNone(annotation.right)) return annotatedClass(annotation.left);
      return isNone(annotation.left) ? annotatedClass(annotation.right) : null;
    }
    case "Subscript":
      return pathOf(annotation.value)?.at(-1) === "Optional" ? annotatedClass(annotation.slice) : null;
    default:
      return null;
  }
}

function isNone(e: Expression): boolean {
  return e.kind === "Constant" && e.value.type === "None";
}
