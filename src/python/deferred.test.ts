import { describe, expect, test } from "vitest";
import { bodyOnce, functionAt, headOf, outlineModule, unreadBody } from "./deferred.ts";
import { parseModule } from "./parse.ts";
import { walk } from "./traverse.ts";

const SAMPLE = `"""Module."""
import os

class A(Base):
    """Class."""
    x = 1

    @property
    def first(self, a: int = 3, *rest, **more) -> str:
        """What it
    does: def inner():
        """
        if a:
            return f"{self.x!r:>{a}} {'#'}"  # not ) the end
\t# a comment farther out
        text = 'it\\'s' + "\\
            def g(): pass"
        return (text,
    [1, 2],
  {"a": 'b'})

    async def second(self):
        async with self.first() as x: pass
        def inner():
            return r"\\\\"
        return inner

def third(): return 1

def fourth(a,
           b):
    ("in brackets")
    total = a + \\
        b
    while total > 0:
        total -= 1
    else:
        print(total)
    return lambda: [
        i for i in range(total)
        if i
    ]
if __name__ == "__main__":
    fourth(1, 2)
`;

const TEXTS: readonly string[] = [
  SAMPLE,
  SAMPLE.replaceAll("\n", "\r\n"),
  SAMPLE.replaceAll("    ", "\t"),
  "def f():\n    pass",
  "def f():\n  '''only this'''\n",
  "def f():\n  '''this'''; x = 1\n  y = 2\nz = 3\n",
  "def f():\n    # nothing but a comment\nx = 1\n",
  "def f():\n    x = (1,\n    def g(): pass\ny = 2\n",
  "def f():\n    x = 1)\n    y = 2\nz = 3\n",
  "def f():\n    x = '''never ends\ndef g():\n    return 1\n",
  "def f():\n    print 'Python 2'\n    return 1\n\ndef g():\n    exec code\n",
  "def f():\n        x = 1\n    y = 2\nz = 3\n",
  "def f():\n    x = 1\n      y = 2\nz = 3\n",
  "\ufeffdef f():\n    return 1\n",
  "def f():\n    return 'ä' + ñ\n\nclass B:\n  def g(self):\n    return “x”\n",
  "def f():\n    x = 1\n\0\n",
];

/**
 * Trees as plain data: a deferred body is read.
 * @param isBroken where a function that is no Python ends is told a little differently
 */
function plain(node: unknown, isBroken: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => plain(item, isBroken));
  if (typeof node !== "object" || node === null) return node;
  const all: Record<string, unknown> = { ...node, ...("body" in node ? { body: node.body } : {}) };
  delete all["isBroken"];
  delete all["head"];
  if (isBroken && "body" in node) {
    delete all["end"];
    delete all["endLine"];
  }
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, plain(value, isBroken)]));
}

function same(text: string): void {
  const whole = parseModule(text);
  const outlined = outlineModule(text);
  const isBroken = whole.problems.length > 0;
  const [read, known] = [plain(outlined.module, isBroken), plain(whole.module, isBroken)];
  // Comparing texts is many times as fast; the trees tell where they differ.
  if (JSON.stringify(read) !== JSON.stringify(known)) expect(read, JSON.stringify(text)).toEqual(known);
  expect(outlined.problems, JSON.stringify(text)).toEqual(whole.problems);
}

describe("outlineModule", () => {
  test.each(TEXTS)("gives the tree and the problems of parseModule: %j", (text) => {
    same(text);
  });

  test("so does a text cut off in many places, or without any one of its lines", { timeout: 120_000 }, () => {
    for (let end = 0; end < SAMPLE.length; end += 3) same(SAMPLE.slice(0, end));
    const lines = SAMPLE.split("\n");
    for (const index of lines.keys()) same(lines.toSpliced(index, 1).join("\n"));
  });

  test("nothing is read of a function that nobody looks into but its documentation", () => {
    const outlined = outlineModule(SAMPLE);
    const before = outlined.charactersRead;
    expect(before).toBeLessThan(SAMPLE.length);
    const [, , , , fourth] = outlined.module.body.filter(({ kind }) => kind !== "If");
    if (fourth?.kind !== "FunctionDef") throw new Error("there is such a function");
    expect(headOf(fourth)).toHaveLength(1);
    expect(unreadBody(fourth)).toContain("total = a");
    expect(bodyOnce(fourth)).toHaveLength(4);
    expect(outlined.charactersRead).toBe(before);
    expect(fourth.body).toBe(fourth.body);
    expect(outlined.charactersRead).toBeGreaterThan(before);
    expect(unreadBody(fourth)).toBeNull();
  });

  test.each(TEXTS)("each function read by itself is as in the tree, or told to need what is around it: %j", (text) => {
    const { module, problems } = parseModule(text);
    let count = 0;
    walk(module, (node) => {
      if (node.kind !== "FunctionDef" && node.kind !== "AsyncFunctionDef") return;
      const alone = functionAt(text, node);
      count += Number(alone !== null);
      if (problems.length > 0) return;
      expect(plain(alone, false)).toEqual(plain({ ...node, decorator_list: [] }, false));
    });
    if (problems.length === 0) expect(count).toBeGreaterThan(0);
  });

  test("who walks over the tree sees the bodies", () => {
    let count = 0;
    walk(outlineModule(SAMPLE).module, ({ kind }) => {
      count += Number(kind === "Return");
    });
    expect(count).toBe(6);
  });
});
