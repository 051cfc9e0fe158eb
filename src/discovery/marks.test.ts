import fc from "fast-check";
import { expect, test } from "vitest";
import { MarkSearch } from "./marks.ts";
import { PythonMarks } from "./prefilter.ts";

const GROUPS = [
  { bit: 1, marks: ["argparse", "optparse", "parse_args"] },
  { bit: 2, marks: ["from click", "@mcp.", "parse_args"] },
  { bit: 4, marks: ["__main__"] },
];

test.each([
  ["import argparse\nif __name__ == '__main__':\n    main()\n", true],
  ["if __name__ == '__main__':\n    import argparse\n", false],
  ['if __name__ == "__main__": # pragma: no cover\r\n\r\n    import argparse\r\n# optparse\r\n', false],
  ["if __name__ == '__main__':\n    import argparse\nelse:\n    import optparse\n", true],
  ["if __name__ == '__main__':\n    main()\ndef add(p):\n    p.add_argument('--x')\n", true],
  ["if __name__ == '__main__' or DEBUG:\n    import argparse\n", true],
  ["if __name__ == '__main__': import argparse\n", true],
  ["if (__name__ == '__main__'):\n    import argparse", false],
  ["print()\n", false],
])("what importing has to do with command lines: %j", (text, declares) => {
  expect(new PythonMarks(Buffer.from(text)).importNamesCommandLineLibrary).toBe(declares);
});

const search = new MarkSearch(GROUPS);

test.each([
  ["", 0],
  ["a", 0],
  ["@mcp", 0],
  ["@mcp.", 2],
  ["__main__", 4],
  ["___main__", 4],
  ["optargparse", 1],
  ["xparse_args", 3],
  ["from click import __main__, argparse", 7],
])("%s", (text, found) => {
  expect(search.find(Buffer.from(text))).toBe(found);
});

test("finds what searching for each mark by itself finds", () => {
  const piece = fc.constantFrom(
    ...GROUPS.flatMap(({ marks }) => marks),
    "arg",
    "parse",
    "_",
    "@",
    "mcp",
    ".",
    "\n",
    "é",
  );
  const cut = fc.tuple(piece, fc.nat(3), fc.nat(3)).map(([text, from, to]) => text.slice(from, text.length - to));
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, cut, fc.string())), (pieces) => {
      const bytes = Buffer.from(pieces.join(""));
      const expected = GROUPS.reduce(
        (all, { bit, marks }) => (marks.some((mark) => bytes.includes(mark)) ? all | bit : all),
        0,
      );
      expect(search.find(bytes)).toBe(expected);
    }),
  );
});
