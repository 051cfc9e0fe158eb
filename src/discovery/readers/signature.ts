import type { Expression } from "../../python/index.ts";
import { annotationValue, externalName, type FunctionValue, type Interpreter, type Value } from "../evaluate/index.ts";
import { type Json, toJson } from "./reading.ts";
import { converterType, enumType, type ValueType } from "./types.ts";

/** One parameter of a Python function. */
export interface SignatureParameter {
  readonly name: string;
  /** Evaluated; `null` without one. */
  readonly annotation: Value | null;
  readonly default: Value | null;
  readonly kind: "positional" | "keyword" | "rest" | "keywords";
  readonly line: number;
}

/** The parameters of a function, without a method's `self`; a wrapper's are those of what it wraps. */
export function signatureOf(
  callee: FunctionValue,
  interpreter: Interpreter,
  isMethod = false,
): readonly SignatureParameter[] {
  const wrapped = callee.attributes.get("__wrapped__");
  if (wrapped?.kind === "function" && wrapped !== callee) return signatureOf(wrapped, interpreter, isMethod);
  const { args } = callee;
  const annotate = (annotation: Expression | null): Value | null => evaluateIn(callee, annotation, interpreter);
  const positional = [...args.posonlyargs, ...args.args];
  const firstDefault = positional.length - callee.defaults.length;
  const result: SignatureParameter[] = positional.map((parameter, index) => ({
    name: parameter.arg,
    annotation: annotate(parameter.annotation),
    default: callee.defaults[index - firstDefault] ?? null,
    kind: "positional",
    line: parameter.line,
  }));
  if (isMethod) result.shift();
  if (args.vararg !== null) {
    const { arg, annotation, line } = args.vararg;
    result.push({ name: arg, annotation: annotate(annotation), default: null, kind: "rest", line });
  }
  for (const [index, parameter] of args.kwonlyargs.entries()) {
    result.push({
      name: parameter.arg,
      annotation: annotate(parameter.annotation),
      default: callee.keywordDefaults[index] ?? null,
      kind: "keyword",
      line: parameter.line,
    });
  }
  if (args.kwarg !== null) {
    result.push({ name: args.kwarg.arg, annotation: null, default: null, kind: "keywords", line: args.kwarg.line });
  }
  return result;
}

function evaluateIn(callee: FunctionValue, annotation: Expression | null, interpreter: Interpreter): Value | null {
  return annotation && annotationValue(interpreter, annotation, callee.file, callee.scope, callee.owner);
}

/** What an annotation says. */
export interface AnnotatedType extends ValueType {
  readonly isList: boolean;
  readonly isTuple: boolean;
  /** Number of a tuple's items, where fixed. */
  readonly length?: number;
  /** The other arguments of `Annotated[…]`. */
  readonly metadata: readonly Value[];
}

const LISTS: ReadonlySet<string> = new Set(
  "builtins.list typing.List typing.Sequence typing.Iterable collections.abc.Sequence collections.abc.Iterable builtins.set typing.Set builtins.frozenset typing.Collection".split(
    " ",
  ),
);

const PLAIN: AnnotatedType = { isList: false, isTuple: false, metadata: [] };

/** Deepest nesting of types that is followed. */
const MAX_DEPTH = 8;

/** Reads `Annotated`, `Optional`, unions, lists, tuples, `Literal` and enumerations. */
export function annotatedType(annotation: Value | null, depth = 0): AnnotatedType {
  if (annotation === null || depth > MAX_DEPTH) return PLAIN;
  if (annotation.kind === "class") return classType(annotation);
  if (annotation.kind !== "generic") return { ...PLAIN, ...plainType(annotation) };
  const name = externalName(annotation.origin) ?? "";
  const [first, ...rest] = annotation.args;
  switch (name.slice(name.lastIndexOf(".") + 1)) {
    case "Annotated":
      return { ...annotatedType(first ?? null, depth + 1), metadata: rest };
    case "Optional":
    case "Required":
    case "NotRequired":
    case "ClassVar":
    case "Final":
      return annotatedType(first ?? null, depth + 1);
    case "Union":
      return unionType(annotation.args, depth);
    case "Literal":
      return literalType(annotation.args);
    case "tuple":
    case "Tuple":
      return tupleType(annotation.args, depth);
    default:
      return LISTS.has(name) ? { ...annotatedType(first ?? null, depth + 1), isList: true } : PLAIN;
  }
}

function plainType(annotation: Value): Partial<AnnotatedType> {
  const name = externalName(annotation) ?? "";
  if (LISTS.has(name)) return { isList: true };
  if (name === "builtins.tuple") return { isList: true, isTuple: true };
  const { type, isPath } = converterType(annotation);
  return { ...(type === undefined ? {} : { type }), ...(isPath === undefined ? {} : { isPath }) };
}

function classType(annotation: Value & { kind: "class" }): AnnotatedType {
  const type = enumType(annotation);
  return type.choices === undefined ? PLAIN : { ...PLAIN, ...type };
}

/** Alternatives without `None`; several different ones say nothing. */
function unionType(args: readonly Value[], depth: number): AnnotatedType {
  const flat = args.flatMap((arg) =>
    arg.kind === "generic" && externalName(arg.origin) === "typing.Union" ? [...arg.args] : [arg],
  );
  const others = flat.filter((arg) => arg.kind !== "none");
  const [first] = others;
  return others.length === 1 && first !== undefined ? annotatedType(first, depth + 1) : PLAIN;
}

function literalType(args: readonly Value[]): AnnotatedType {
  const choices: Json[] = args.flatMap((arg) => toJson(arg) ?? []);
  const isText = choices.every((choice) => typeof choice === "string");
  return choices.length === args.length ? { ...PLAIN, ...(isText ? { type: "string" as const } : {}), choices } : PLAIN;
}

function tupleType(args: readonly Value[], depth: number): AnnotatedType {
  const [first, second] = args;
  const inner = annotatedType(first ?? null, depth + 1);
  const isOpen = second !== undefined && externalName(second) === "builtins.Ellipsis";
  return { ...inner, isList: true, isTuple: !isOpen, ...(isOpen ? {} : { length: args.length }) };
}
