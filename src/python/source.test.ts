import { describe, expect, test } from "vitest";
import { decodeSource, LineIndex } from "./index.ts";

const bytes = (...parts: (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)));

describe("decodeSource", () => {
  test.each<[string, Uint8Array, string]>([
    ["UTF-8 without a cookie", bytes("x = 'é'"), "x = 'é'"],
    ["a byte-order mark", bytes([0xef, 0xbb, 0xbf], "x"), "x"],
    [
      "Latin-1, all 256 of it",
      bytes("# coding: latin-1\n", [0xe9, 0x80, 0x9f]),
      "# coding: latin-1\n\u00e9\u0080\u009f",
    ],
    [
      "a cookie in the second line",
      bytes("#!/bin/sh\n# -*- coding: iso-8859-15 -*-\n", [0xa4]),
      "#!/bin/sh\n# -*- coding: iso-8859-15 -*-\n€",
    ],
    ["no cookie after a statement", bytes("x = 1\n# coding: latin-1\n'é'"), "x = 1\n# coding: latin-1\n'é'"],
    ["no cookie in the third line", bytes("\n\n# coding: latin-1\n'é'"), "\n\n# coding: latin-1\n'é'"],
    ["windows code pages", bytes("# coding=cp1251\n", [0xcf]), "# coding=cp1251\nП"],
    [
      "Vim's way to write it",
      bytes("# vim: set fileencoding=koi8-r :\n", [0xf0]),
      "# vim: set fileencoding=koi8-r :\nП",
    ],
    ["Python's own names", bytes("# coding: euc_jp\n", [0xa4, 0xa2]), "# coding: euc_jp\nあ"],
    ["Unix variants of UTF-8", bytes("# coding: utf-8-unix\n'é'"), "# coding: utf-8-unix\n'é'"],
  ])("%s", (_, source, text) => {
    expect(decodeSource(source)).toEqual({ ok: true, value: text });
  });

  test.each<[string, Uint8Array, string]>([
    ["an unknown encoding", bytes("# coding: uft-8\n"), "unknown-encoding"],
    ["bytes that are no UTF-8", bytes("x = '", [0xe9], "'"), "wrong-encoding"],
    ["a mark and another encoding", bytes([0xef, 0xbb, 0xbf], "# coding: latin-1\n"), "wrong-encoding"],
  ])("%s is a problem", (_, source, code) => {
    expect(decodeSource(source)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe("LineIndex", () => {
  const text = "ab\r\né😀x\rlast\n";
  const index = new LineIndex(text);

  test.each([
    [0, 1, 0],
    [2, 1, 2],
    [4, 2, 0],
    [5, 2, 2],
    [7, 2, 6],
    [9, 3, 0],
    [text.length, 4, 0],
  ])("offset %i is line %i, column %i", (offset, line, column) => {
    expect(index.positionAt(offset)).toEqual({ line, column });
  });

  test("knows where lines begin", () => {
    expect([1, 2, 3, 4, 9].map((line) => index.startOf(line))).toEqual([0, 4, 9, 14, 14]);
  });
});
