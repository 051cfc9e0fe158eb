import { describe, expect, it } from "vitest";
import { parseModule } from "../python/index.ts";
import { complexityOf, outline } from "./index.ts";

function measure(...text: string[]) {
  const source = `${text.join("\n")}\n`;
  return complexityOf(source, parseModule(source).module, { qualname: "f" });
}

describe("cyclomatic complexity, as ruff's C901 gives it", () => {
  it.each([
    [1, ["def f(): pass"]],
    [3, ["def f(a):", "  if a: pass", "  elif b: pass", "  else: pass"]],
    [3, ["def f(a):", "  if a: pass", "  else:", "    if b: pass"]],
    [2, ["def f(a):", "  while a: pass", "  else: pass"]],
    [4, ["def f(a):", "  try: pass", "  except A: pass", "  except B: pass", "  else: pass", "  finally: pass"]],
    [1, ["def f(a):", "  with a: return a and b or c if d else e"]],
    [3, ["def f(a):", "  def g():", "    if a: pass"]],
    [2, ["def f(a):", "  class C:", "    def g(self): pass"]],
    [2, ["def f(a):", "  match a:", "    case 1: pass", "    case _: pass"]],
    [2, ["def f(a):", "  match a:", "    case 1: pass", "    case (y): pass"]],
    [3, ["def f(a):", "  match a:", "    case 1: pass", "    case _ if a: pass"]],
    [1, ["def f(a):", "  return [x for x in a if x]"]],
  ])("%i: %s", (expected, text) => {
    expect(measure(...text)?.cyclomatic).toBe(expected);
  });
});

describe("cognitive complexity, by Sonar's definition", () => {
  it.each([
    [0, ["def f(): pass"]],
    [1, ["def f(a):", "  if a: pass"]],
    [3, ["def f(a):", "  if a: pass", "  elif b: pass", "  else: pass"]],
    // else +1, the if inside it +1 and +1 for its nesting
    [4, ["def f(a):", "  if a: pass", "  else:", "    if b: pass"]],
    // for +1, if inside +2, if inside that +3
    [6, ["def f(a):", "  for x in a:", "    if x:", "      if b: pass"]],
    [1, ["def f(a):", "  return a and b and c"]],
    [2, ["def f(a):", "  return a and b or c"]],
    [3, ["def f(a):", "  return a and b or c and d"]],
    [3, ["def f(a):", "  return a or b and c or d"]],
    [2, ["def f(a):", "  return a and not (b and c)"]],
    // the conditional +1, the one inside +2
    [3, ["def f(a):", "  return a if b else c if d else e"]],
    // the handler +1, the if inside +2
    [3, ["def f(a):", "  try: pass", "  except A:", "    if b: pass"]],
    [1, ["def f(a):", "  match a:", "    case 1: pass", "    case 2: pass"]],
    // a function inside adds a level, and a decorator's none
    [2, ["def f(a):", "  x = 1", "  def g():", "    if a: pass", "  return g"]],
    [1, ["def f(a):", "  def g():", "    if a: pass", "  return g"]],
    [2, ["def f(a):", "  return lambda x: 1 if x else 2"]],
    [1, ["def f(a):", "  return f(a - 1)"]],
    [0, ["def f(a):", "  return self.f(a), 'f(x)'"]],
  ])("%i: %s", (expected, text) => {
    expect(measure(...text)?.cognitive).toBe(expected);
  });

  it("counts a method's call of itself, not of the one above", () => {
    const text = "class C:\n  def m(self): return self.m()\n  def n(self): return super().n()\n";
    const { module } = parseModule(text);
    expect(complexityOf(text, module, { qualname: "C.m" })?.cognitive).toBe(1);
    expect(complexityOf(text, module, { qualname: "C.n" })?.cognitive).toBe(0);
  });
});

describe("nesting and statements", () => {
  it.each([
    [0, 1, ["def f(): pass"]],
    [1, 5, ["def f(a):", "  if a: pass", "  elif b: pass", "  else: pass"]],
    [3, 6, ["def f(a):", "  try:", "    with a:", "      for x in a: pass", "  finally: pass", "  a()"]],
    [0, 2, ["def f(a):", "  def g():", "    if a: pass", "  return g"]],
  ])("nesting %i, %i statements: %s", (nesting, statements, text) => {
    const found = measure(...text);
    expect(found?.nesting).toBe(nesting);
    expect(found?.statements).toBe(statements);
  });
});

describe("outline", () => {
  it("lists classes and functions with the lines of their decorators, and no lambdas", () => {
    const text = "@a\n@b\nclass C:\n  def m(self):\n    return lambda: 0\ndef f():\n  pass\n";
    const root = outline(text, parseModule(text).module);
    const flat = (scope: typeof root): string[] => [
      `${scope.kind} ${scope.qualname} ${scope.firstLine}-${scope.line}-${scope.endLine}`,
      ...scope.children.flatMap(flat),
    ];
    expect(flat(root).slice(1)).toEqual(["class C 1-3-5", "function C.m 4-4-5", "function f 6-6-7"]);
  });
});
