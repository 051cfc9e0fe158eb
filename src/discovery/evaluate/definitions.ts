import type { Arguments, ClassDef, Expression, FunctionDef, Lambda } from "../../python/index.ts";
import { BUILTIN_PREFIX } from "./assignment.ts";
import { isEnumClass } from "./classes.ts";
import { takeFields } from "./dataclasses.ts";
import { type Frame, newFrame } from "./frame.ts";
import { docstringOf, type Interpreter } from "./interpreter.ts";
import { announceClass, metaclassOf } from "./metaclasses.ts";
import { Scope } from "./scope.ts";
import { executeBlock } from "./statements.ts";
import type { ClassValue, FunctionValue, Value } from "./values.ts";

/** The function object that `def` or `lambda` makes, decorators applied. */
export function makeFunction(interpreter: Interpreter, node: FunctionDef, frame: Frame): Value {
  const plain = functionValue(interpreter, node, node.args, node.name, frame);
  const doc = docstringOf(node);
  if (doc !== null) plain.attributes.set("__doc__", doc);
  return decorate(interpreter, plain, node.decorator_list, frame);
}

export function makeLambda(interpreter: Interpreter, node: Lambda, frame: Frame): FunctionValue {
  return functionValue(interpreter, node, node.args, "<lambda>", frame);
}

function functionValue(
  interpreter: Interpreter,
  node: FunctionDef | Lambda,
  args: Arguments,
  name: string,
  frame: Frame,
): FunctionValue {
  const inClassBody = frame.owner !== null && frame.owner.scope === frame.scope;
  return {
    kind: "function",
    name,
    node,
    args,
    file: frame.file,
    line: node.line,
    // A class body's names are not visible in its methods.
    scope: inClassBody ? (frame.scope.parent ?? frame.scope) : frame.scope,
    defaults: args.defaults.map((value) => interpreter.evaluate(value, frame)),
    keywordDefaults: args.kw_defaults.map((value) => (value === null ? null : interpreter.evaluate(value, frame))),
    owner: frame.owner,
    binding: "plain",
    attributes: new Map(),
  };
}

/** The class object that a `class` statement makes, decorators applied. */
export function makeClass(interpreter: Interpreter, node: ClassDef, frame: Frame): Value {
  const bases = node.bases.map((base) => interpreter.evaluate(base, frame));
  const keywords = new Map(
    node.keywords.flatMap(({ arg, value }) =>
      arg === null ? [] : [[arg, interpreter.evaluate(value, frame)] as const],
    ),
  );
  const metaclass = metaclassOf(bases, keywords.get("metaclass"));
  keywords.delete("metaclass");
  const scope = new Scope(frame.scope);
  const made: ClassValue = {
    kind: "class",
    name: node.name,
    node,
    file: frame.file,
    line: node.line,
    bases,
    scope,
    isDataclass: bases.some((base) => base.kind === "external" && DATACLASS_BASES.has(base.name)),
    fields: new Map(),
    ...(metaclass === undefined ? {} : { metaclass }),
  };
  scope.set("__name__", { kind: "str", value: node.name });
  const doc = docstringOf(node);
  if (doc !== null) scope.set("__doc__", doc);
  const body = newFrame(frame.file, scope, frame.moduleScope, made, null);
  interpreter.depth += 1;
  try {
    if (interpreter.depth < interpreter.limits.depth) executeBlock(interpreter, node.body, body);
  } finally {
    interpreter.depth -= 1;
  }
  if (isEnumClass(made)) makeMembers(made);
  if (made.isDataclass) takeFields(interpreter, made);
  for (const base of bases) {
    if (base.kind !== "class") continue;
    base.subclasses ??= [];
    base.subclasses.push(made);
  }
  const announced = announceClass(interpreter, made, keywords);
  return announced.kind === "class" ? decorate(interpreter, announced, node.decorator_list, frame) : announced;
}

const DATACLASS_BASES: ReadonlySet<string> = new Set(["typing.NamedTuple", "pydantic.BaseModel"]);

/** Turns the plain names of an enumeration's body into its members, numbering `auto()` as Python does. */
function makeMembers(made: ClassValue): void {
  let next = 1;
  for (const [name, value] of made.scope.entries()) {
    if (
      value.kind === "lazy" ||
      name.startsWith("_") ||
      value.kind === "function" ||
      value.kind === "class" ||
      value.kind === "native"
    )
      continue;
    let member = value;
    if (value.kind === "unknown" && value.reason === AUTO_REASON) {
      const isText = made.bases.some(
        (base) => base.kind === "external" && (base.name === "enum.StrEnum" || base.name === `${BUILTIN_PREFIX}str`),
      );
      member = isText ? { kind: "str", value: name.toLowerCase() } : { kind: "int", value: next };
    }
    if (member.kind === "int" && typeof member.value === "number") next = member.value + 1;
    made.scope.set(name, { kind: "enum", class: made, name, value: member });
  }
}

/** The reason of the unknown that `enum.auto()` gives until the class is complete. */
export const AUTO_REASON = "enum.auto()";

// --- decorators -------------------------------------------------------------------------------------------------

function decorate(
  interpreter: Interpreter,
  target: FunctionValue | ClassValue,
  decorators: readonly Expression[],
  frame: Frame,
): Value {
  const evaluated = decorators.map((decorator) => interpreter.evaluate(decorator, frame));
  let result: Value = target;
  for (let index = evaluated.length - 1; index >= 0; index -= 1) {
    const decorator = evaluated[index];
    const node = decorators[index];
    if (decorator === undefined || node === undefined) continue;
    result = applyDecorator(interpreter, decorator, result, frame, node);
  }
  return result;
}

const BINDINGS: ReadonlyMap<string, FunctionValue["binding"]> = new Map([
  ["builtins.staticmethod", "static"],
  ["builtins.classmethod", "class"],
  ["builtins.property", "property"],
  ["functools.cached_property", "property"],
  ["abc.abstractproperty", "property"],
  ["abc.abstractclassmethod", "class"],
]);

/** A decorator that is not known is taken to give back what it decorates, as nearly all do for our purpose. */
function applyDecorator(
  interpreter: Interpreter,
  decorator: Value,
  target: Value,
  frame: Frame,
  node: Expression,
): Value {
  if (decorator.kind === "unknown") return target;
  if (decorator.kind === "external") {
    const binding = BINDINGS.get(decorator.name);
    if (binding !== undefined && target.kind === "function") return { ...target, binding };
    if (!interpreter.models.calls.has(decorator.name)) return target;
  }
  const made = interpreter.call(decorator, {
    positional: [target],
    keywords: new Map(),
    openPositional: false,
    openKeywords: false,
    file: frame.file,
    line: node.line,
    node,
  });
  const isUseful = made.kind !== "unknown" && made.kind !== "none" && made.kind !== "never";
  return isUseful ? made : target;
}
