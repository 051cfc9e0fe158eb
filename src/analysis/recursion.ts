import type { Expression, FunctionDef } from "../python/index.ts";
import { type ExpressionStack, pushHead, pushParts } from "./expressions.ts";
import { forEachStatement } from "./statements.ts";

/** Whether a function's own body calls the function: by its name, or as a method by `self.name` or `cls.name`. */
export function callsItself(text: string, s: FunctionDef, isMethod: boolean): boolean {
  // Looking for the text first spares nearly every function the walk.
  const source = text.slice(s.body[0]?.start ?? s.end, s.end);
  if (!(isMethod ? hasCall(source, `.${s.name}(`, METHOD) : hasCall(source, `${s.name}(`, PLAIN))) return false;
  const stack: ExpressionStack = [];
  forEachStatement(s.body, (inner) => pushHead(inner, stack));
  for (let e = stack.pop(); e !== undefined; e = stack.pop()) {
    if (e.kind === "Call" && names(e.func, s.name, isMethod)) return true;
    pushParts(e, stack);
  }
  return false;
}

const METHOD = /(?:self|cls)\s*$/;
const PLAIN = /[^\w.]$|^$/;
const BEFORE = 8;

function hasCall(source: string, call: string, before: RegExp): boolean {
  for (let at = source.indexOf(call); at >= 0; at = source.indexOf(call, at + 1)) {
    if (before.test(source.slice(Math.max(at - BEFORE, 0), at))) return true;
  }
  return false;
}

function names(callee: Expression, name: string, isMethod: boolean): boolean {
  if (!isMethod) return callee.kind === "Name" && callee.id === name;
  if (callee.kind !== "Attribute" || callee.attr !== name || callee.value.kind !== "Name") return false;
  return callee.value.id === "self" || callee.value.id === "cls";
}
