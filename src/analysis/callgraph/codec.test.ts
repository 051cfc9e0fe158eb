import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseModule } from "../../python/index.ts";
import { packSummary, unpackSummary } from "./codec.ts";
import { Interner } from "./interner.ts";
import { summarise } from "./summarise.ts";
import type { FileSummary } from "./summary.ts";

const TEXT = `
from __future__ import annotations
import os.path as p, sys
from .a import b as c
from ..d import *
__all__ = ["K", "f"]
class K(Base, metaclass=M):
    def __init__(self, x: K, *, y=1):
        self.x = x
        self.z = os.getcwd()
    @classmethod
    def make(cls): return cls()
def f(a):
    global g
    g = K(a).x.make()
    def inner():
        nonlocal a
        a = locals()
    return [inner() for i in a if "word"]
if __name__ == "__main__": f(1)
`;

/** With what its maps and lists hold, which comparisons do not see. */
function opened(summary: FileSummary | null): unknown {
  const scopes = summary?.scopes.map((scope) => ({ ...scope, calls: [...scope.calls], bindings: [...scope.bindings] }));
  return { ...summary, scopes };
}

describe("packed summaries", () => {
  const whole = summarise({ path: "m.py", text: TEXT, module: parseModule(TEXT).module });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("come back as they were (calls %s, reads %s)", (calls, reads) => {
    const summary = summarise({ path: "m.py", text: TEXT, module: parseModule(TEXT).module }, new Interner(), {
      calls,
      reads,
    });
    const packed: unknown = JSON.parse(JSON.stringify(packSummary(summary)));
    const unpacked = unpackSummary("m.py", packed as ReturnType<typeof packSummary>, new Interner());
    expect(opened(unpacked)).toEqual(opened(summary));
    expect(summary.scopes.flatMap((scope) => [...scope.calls]).length).toBe(calls ? 8 : 0);
  });

  it("are refused or sound, whatever the numbers say", () => {
    const { strings, data } = packSummary(whole);
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.integer({ min: -2, max: 1e6 }), fc.boolean(), (at, value, cuts) => {
        const changed = cuts ? data.slice(0, at) : data.with(at, value);
        const summary = unpackSummary("m.py", { strings, data: changed }, new Interner());
        for (const [index, { parent }] of (summary?.scopes ?? []).entries()) expect(parent).toBeLessThan(index);
      }),
    );
    expect(unpackSummary("m.py", { strings: [], data: [] }, new Interner())).toBeNull();
    expect(unpackSummary("m.py", { strings, data: [...data, 1] }, new Interner())).toBeNull();
  });
});
