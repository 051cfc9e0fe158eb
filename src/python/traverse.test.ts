import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { forEachChild, type Node, parseModule, type Span, walk } from "./index.ts";

const Snippets = z.array(z.object({ title: z.string(), source: z.string() }));
const snippets = Snippets.parse(JSON.parse(readFileSync(new URL("snippets.json", import.meta.url), "utf8")));

/** All nodes that are reachable over any field, found without knowing the kinds. */
function everyNode(value: unknown, into: Set<unknown>): void {
  if (Array.isArray(value)) for (const one of value) everyNode(one, into);
  else if (typeof value === "object" && value !== null && "kind" in value) {
    into.add(value);
    for (const field of Object.values(value)) everyNode(field, into);
  }
}

describe.each(snippets)("$title", ({ source }) => {
  const { module } = parseModule(source);

  test("walk finds every node once", () => {
    const expected = new Set<unknown>();
    everyNode(module, expected);
    const found: Node[] = [];
    walk(module, (node) => {
      found.push(node);
      return true;
    });
    expect(new Set<unknown>(found)).toEqual(expected);
    expect(found.length).toBe(expected.size);
  });

  test("children come in the order of the source", () => {
    walk(module, (node) => {
      // The text of `{x=}` stands inside its field.
      if (node.kind === "JoinedStr") return true;
      let last = -1;
      forEachChild(node, (child) => {
        const { start } = child as Partial<Span>;
        if (start === undefined) return;
        expect(start).toBeGreaterThanOrEqual(last);
        last = start;
      });
      return true;
    });
  });
});

test("walk leaves out what is below a node when told so", () => {
  const kinds: string[] = [];
  walk(parseModule("def f():\n  g()\nh()").module, (node) => {
    kinds.push(node.kind);
    return node.kind !== "FunctionDef";
  });
  expect(kinds).toEqual(["Module", "FunctionDef", "Expr", "Call", "Name"]);
});
