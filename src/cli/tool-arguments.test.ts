import { describe, expect, it } from "vitest";
import type { Parameter, Tool, ToolArguments } from "../model/index.ts";
import { parseToolArguments, withFirstDashes } from "./tool-arguments.ts";

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return {
    name,
    flags: [`--${name.replaceAll("_", "-")}`],
    type: "string",
    required: false,
    confidence: "certain",
    line: 1,
    ...given,
  };
}

function tool(parameters: readonly Parameter[], subcommands: readonly string[] = []): Tool {
  return {
    id: "a.py",
    name: "demo",
    kind: "python",
    file: "a.py",
    line: 1,
    framework: "argparse",
    description: "",
    category: "utility",
    source: "inferred",
    entry: { argv: ["python", "a.py"] },
    parameters: [...parameters],
    subcommands: subcommands.map((path) => ({ path, line: 1 })),
    schema: {},
    capabilities: [],
  };
}

const list = { type: "array", items: { type: "string" } } as const;
const demo = tool([
  parameter("max_depth", { type: "integer", flags: ["-d", "--max-depth"] }),
  parameter("out"),
  parameter("verbose", { type: "integer", action: "count", flags: ["-v", "--verbose"] }),
  parameter("color", { type: "boolean", flags: ["--color", "--no-color"] }),
  parameter("plain", { type: "boolean", action: "store_false", flags: ["--fancy"] }),
  parameter("each", { ...list, action: "append" }),
  parameter("define", { ...list, action: "append", nargs: 2 }),
  parameter("many", { ...list, nargs: "*" }),
  parameter("pair", { ...list, nargs: 2 }),
  parameter("file", { flags: [], required: true }),
  parameter("rest", { ...list, flags: [], nargs: "*" }),
]);
const git = tool(
  [
    parameter("quiet", { type: "boolean" }),
    parameter("url", { subcommand: "remote add" }),
    parameter("name", { flags: [], subcommand: "remote add" }),
  ],
  ["remote", "remote add", "push"],
);

describe("parseToolArguments", () => {
  const cases: readonly [string, Tool, string, ToolArguments | string][] = [
    ["flags, names and values", demo, "--max-depth 3 --out=x", { max_depth: 3, out: "x" }],
    ["underscores and dashes alike", demo, "--max_depth 3", { max_depth: 3 }],
    ["a short flag", demo, "-d -3", { max_depth: -3 }],
    ["a value with =", demo, "--out=a=b", { out: "a=b" }],
    ["a value that looks like an option", demo, "--out --color", { out: "--color" }],
    ["counting", demo, "-v -v --verbose", { verbose: 3 }],
    ["a count with its value", demo, "--verbose=2", { verbose: 2 }],
    ["switches", demo, "--color", { color: true }],
    ["switches off", demo, "--no-color", { color: false }],
    ["switches with a word", demo, "--color false", { color: false }],
    ["a store_false flag", demo, "--fancy", { plain: false }],
    ["a store_false by its name", demo, "--plain", { plain: true }],
    ["append", demo, "--each a --each b", { each: ["a", "b"] }],
    ["append with a count", demo, "--define a b --define c d", { define: ["a", "b", "c", "d"] }],
    ["many values up to the next option", demo, "--many a b --out x", { many: ["a", "b"], out: "x" }],
    ["a fixed count leaves the rest", demo, "--pair a b c", { pair: ["a", "b"], file: "c" }],
    ["positionals", demo, "a b c", { file: "a", rest: ["b", "c"] }],
    ["positionals by name", demo, "--file a", { file: "a" }],
    ["positionals after --", demo, "-- -- -x -y", { file: "-x", rest: ["-y"] }],
    ["a negative positional", demo, "-5", { file: "-5" }],
    ["an unknown option", demo, "--nothing 1", "has no parameter “--nothing”"],
    ["a missing value", demo, "--out", "needs a value after “--out”"],
    [
      "subcommands",
      git,
      "remote add --url u origin --quiet",
      { subcommand: "remote add", url: "u", name: "origin", quiet: true },
    ],
    ["another subcommand's option", git, "push --url u", "has no parameter “--url”"],
    ["too many words", git, "push origin", "has no place for “origin”"],
  ];
  it.each(cases)("%s", (_name, spec, words, expected) => {
    const parsed = parseToolArguments(spec, words.split(" "));
    if (typeof expected === "string") expect(parsed.ok ? "" : parsed.problem.message).toContain(expected);
    else expect(parsed).toEqual({ ok: true, value: expected });
  });

  it("leaves an open-ended positional no more than is there for it", () => {
    const cp = tool([
      parameter("sources", { ...list, flags: [], nargs: "+", required: true }),
      parameter("target", { flags: [], required: true }),
    ]);
    expect(parseToolArguments(cp, ["a", "b", "c"])).toEqual({ ok: true, value: { sources: ["a", "b"], target: "c" } });
  });
});

describe("withFirstDashes", () => {
  it.each([
    ["run demo --json -- --by _ -- a", "--by _ -- a", "-- --by _ -- a"],
    ["run demo --by _ -- a", "--by _ -- a", "--by _ -- a"],
    ["run demo a -- --by _", "a --by _", "a -- --by _"],
    ["run demo a --", "a", "a --"],
    ["run demo a", "a", "a"],
  ])("%s", (typed, words, expected) => {
    expect(withFirstDashes(typed.split(" "), words.split(" "))).toEqual(expected.split(" "));
  });
});
