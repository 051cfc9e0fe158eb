import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkArguments, type Framework, type Parameter, type ToolArguments } from "../model/index.ts";
import { buildArguments, type CommandSpec } from "./argv.ts";
import { DIALECTS } from "./dialect.ts";

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [], required: false, confidence: "certain", line: 1, ...given };
}

function option(name: string, given: Partial<Parameter> = {}): Parameter {
  return parameter(name, { flags: [`--${name}`], type: "string", ...given });
}

function tool(
  framework: Framework,
  parameters: readonly Parameter[],
  subcommands: readonly string[] = [],
): CommandSpec {
  return {
    name: "demo",
    framework,
    parameters: [...parameters],
    subcommands: subcommands.map((path) => ({ path, line: 1 })),
    schema: {},
  };
}

function build(spec: CommandSpec, args: ToolArguments): readonly string[] | string {
  const built = buildArguments(spec, args);
  return built.ok ? built.value : built.problem.code;
}

/** A tool whose parser leaves words over, offered under the key `args`. */
function leavingOver(framework: Framework, parameters: readonly Parameter[]): CommandSpec {
  return { ...tool(framework, parameters), entry: { rest: { name: "args", confidence: "likely", line: 1 } } };
}

describe("buildArguments", () => {
  const cases: readonly [string, CommandSpec, ToolArguments, readonly string[] | string][] = [
    ["a long option", tool("argparse", [option("out")]), { out: "a b" }, ["--out=a b"]],
    ["an empty value", tool("argparse", [option("out")]), { out: "" }, ["--out="]],
    ["a value like an option", tool("argparse", [option("out")]), { out: "--force" }, ["--out=--force"]],
    ["argparse's short option", tool("argparse", [option("o", { flags: ["-o"] })]), { o: "-x" }, ["-o=-x"]],
    [
      "the long flag before the short one",
      tool("click", [option("o", { flags: ["-o", "--out"] })]),
      { o: "x" },
      ["--out=x"],
    ],
    ["getopts", tool("getopts", [option("o", { flags: ["-o"] })]), { o: "file" }, ["-o", "file"]],
    ["getopts, a dash", tool("getopts", [option("o", { flags: ["-o"] })]), { o: "-rf" }, ["-o-rf"]],
    [
      "words left over",
      leavingOver("optparse", [option("out")]),
      { args: ["a", "b c"], out: "x" },
      ["--out=x", "a", "b c"],
    ],
    [
      "words left over that look like options",
      leavingOver("optparse", [option("out")]),
      { args: ["a", "--out=/etc", "--"], out: "x" },
      ["--out=x", "--", "a", "--out=/etc", "--"],
    ],
    ["no words left over", leavingOver("getopt", [option("out")]), { args: [], out: "x" }, ["--out=x"]],
    ["a hand-written parser", tool("shell", [option("out")]), { out: "file" }, ["--out", "file"]],
    ["a hand-written parser, a dash", tool("shell", [option("out")]), { out: "-rf" }, ["--out=-rf"]],
    ["a flag that ends with =", tool("manifest", [option("of", { flags: ["of="] })]), { of: "/x" }, ["of=/x"]],
    [
      "single-dash long option, a dash",
      tool("manifest", [option("o", { flags: ["-out"] })]),
      { o: "-x" },
      "unsafe-argument",
    ],
    ["a variable of make", tool("make", [option("v", { flags: ["V="] })]), { v: "a/b 1.2" }, ["V=a/b 1.2"]],
    [
      "a value that a shell would run",
      tool("make", [option("v", { flags: ["V="] })]),
      { v: "$(id)" },
      "unsafe-argument",
    ],
    [
      "a word that a recipe could take for an option",
      tool("just", [parameter("x")]),
      { x: "a -rf" },
      "unsafe-argument",
    ],
    ["quotes in a recipe", tool("task", [option("v", { flags: ["V="] })]), { v: "a';id" }, "unsafe-argument"],
    ["a number", tool("argparse", [option("n", { type: "integer" })]), { n: -3 }, ["--n=-3"]],
    ["a positional", tool("argparse", [parameter("file")]), { file: "a.txt" }, ["a.txt"]],
    ["a positional like an option", tool("argparse", [parameter("file")]), { file: "-x" }, ["--", "-x"]],
    ["a negative number", tool("argparse", [parameter("n", { type: "number" })]), { n: -1.5 }, ["-1.5"]],
    [
      "a negative number where options look like one",
      tool("argparse", [parameter("n", { type: "number" }), option("one", { flags: ["-1"] })]),
      { n: -1 },
      ["--", "-1"],
    ],
    [
      "an exponent, which argparse takes for an option",
      tool("argparse", [parameter("n", { type: "number" })]),
      { n: -1e-7 },
      ["--", "-1e-7"],
    ],
    ["no -- for docopt", tool("docopt", [parameter("file")]), { file: "-x" }, "unsafe-argument"],
    ["no -- for sys.argv", tool("sys.argv", [parameter("file")]), { file: "--help" }, "unsafe-argument"],
    ["a lone dash is a file name", tool("sys.argv", [parameter("file")]), { file: "-" }, ["-"]],
    ["-- as argparse's value", tool("argparse", [parameter("file")]), { file: "--" }, "unsafe-argument"],
    [
      "other prefix characters",
      tool("argparse", [parameter("file"), option("q", { flags: ["+q"] })]),
      { file: "+q" },
      ["--", "+q"],
    ],
    ["store_true", tool("argparse", [option("v", { type: "boolean", action: "store_true" })]), { v: true }, ["--v"]],
    ["store_true, false", tool("argparse", [option("v", { type: "boolean", action: "store_true" })]), { v: false }, []],
    [
      "store_false",
      tool("argparse", [
        option("color", { flags: ["--plain"], type: "boolean", action: "store_false", default: true }),
      ]),
      { color: false },
      ["--plain"],
    ],
    [
      "a switch that cannot be turned off",
      tool("argparse", [option("v", { type: "boolean", action: "store_true", default: true })]),
      { v: false },
      "unsafe-argument",
    ],
    [
      "on of a pair",
      tool("click", [option("c", { flags: ["--color", "--no-color"], type: "boolean" })]),
      { c: true },
      ["--color"],
    ],
    [
      "off of a pair",
      tool("click", [option("c", { flags: ["--color", "--no-color"], type: "boolean" })]),
      { c: false },
      ["--no-color"],
    ],
    [
      "count",
      tool("argparse", [option("v", { flags: ["-v"], type: "integer", action: "count" })]),
      { v: 3 },
      ["-v", "-v", "-v"],
    ],
    [
      "append",
      tool("argparse", [option("x", { type: "array", items: { type: "string" }, action: "append" })]),
      { x: ["-a", "b"] },
      ["--x=-a", "--x=b"],
    ],
    [
      "append with nargs",
      tool("argparse", [option("x", { type: "array", items: { type: "array" }, action: "append", nargs: 2 })]),
      {
        x: [
          ["a", "b"],
          ["c", "d"],
        ],
      },
      ["--x", "a", "b", "--x", "c", "d"],
    ],
    ["nargs", tool("argparse", [option("x", { type: "array", nargs: "+" })]), { x: ["a", "b"] }, ["--x", "a", "b"]],
    [
      "nargs, one like an option",
      tool("argparse", [option("x", { type: "array", nargs: "+" })]),
      { x: ["-a"] },
      ["--x=-a"],
    ],
    [
      "nargs, several like options",
      tool("argparse", [option("x", { type: "array", nargs: "+" })]),
      { x: ["a", "-b"] },
      "unsafe-argument",
    ],
    [
      "click's counted values",
      tool("click", [option("x", { type: "array", nargs: 2 })]),
      { x: ["-a", "-b"] },
      ["--x", "-a", "-b"],
    ],
    [
      "an open option before a positional",
      tool("argparse", [option("x", { type: "array", nargs: "*" }), parameter("file")]),
      { x: ["a", "b"], file: "f" },
      ["--x", "a", "b", "--", "f"],
    ],
    [
      "an open option closed by another",
      tool("argparse", [option("x", { type: "array", nargs: "*" }), option("y"), parameter("file")]),
      { x: ["a", "b"], y: "1", file: "f" },
      ["--x", "a", "b", "--y=1", "f"],
    ],
    [
      "an open option before a subcommand",
      tool("argparse", [option("x", { type: "array", nargs: "+" })], ["go"]),
      { x: ["a", "b"], subcommand: "go" },
      "unsafe-argument",
    ],
    [
      "subcommands with options at each level",
      tool(
        "argparse",
        [
          option("verbose", { type: "boolean", action: "store_true" }),
          option("url", { subcommand: "remote" }),
          parameter("name", { subcommand: "remote add" }),
        ],
        ["remote", "remote add"],
      ),
      { subcommand: "remote add", verbose: true, url: "u", name: "-n" },
      ["--verbose", "remote", "--url=u", "add", "--", "-n"],
    ],
    [
      "a remainder",
      tool("argparse", [parameter("command", { type: "array", nargs: "..." })]),
      { command: ["ls", "-l", "--", "x"] },
      ["ls", "-l", "--", "x"],
    ],
    [
      "a remainder that starts like an option",
      tool("argparse", [parameter("command", { type: "array", nargs: "..." })]),
      { command: ["-l"] },
      "unsafe-argument",
    ],
    [
      "a gap between positionals",
      tool("argparse", [parameter("a", { nargs: "?" }), parameter("b", { nargs: "?" })]),
      { b: "x" },
      "unsafe-argument",
    ],
    [
      "a gap that a default fills",
      tool("argparse", [parameter("a", { nargs: "?", default: "d" }), parameter("b", { nargs: "?" })]),
      { b: "x" },
      ["d", "x"],
    ],
    [
      "fire's positionals by name, text as a literal",
      tool("fire", [parameter("name", { type: "string" })]),
      { name: "5" },
      ['--name="5"'],
    ],
    [
      "truth values of a parser that reads its own",
      tool("argparse", [{ ...option("fp16"), type: undefined }]),
      { fp16: false },
      ["--fp16=False"],
    ],
    ["fire's truth values", tool("fire", [option("loud", { type: "boolean" })]), { loud: false }, ["--loud=False"]],
    ["an object", tool("typer", [option("x", { type: "object" })]), { x: { a: 1 } }, ['--x={"a":1}']],
  ];
  it.each(cases)("%s", (_name, spec, args, expected) => {
    expect(build(spec, args)).toEqual(expected);
  });
});

/** Reads argv as suspiciously as the dialect allows: every word with a dash that is not accounted for is an option. */
function optionsSeen(spec: CommandSpec, argv: readonly string[]): string[] {
  const dialect = DIALECTS[spec.framework];
  const end = dialect.doubleDash && argv.includes("--") ? argv.indexOf("--") : argv.length;
  const seen: string[] = [];
  for (let index = 0; index < end; index++) {
    const word = argv[index] ?? "";
    if (!isSuspicious(spec, word)) continue;
    const declared = spec.parameters.find((one) => flagsOf(spec, one).some((flag) => opens(flag, word)));
    seen.push(declared?.name ?? `undeclared ${word}`);
    const count = declared?.flags.includes(word) === true ? declared.nargs : undefined;
    if (dialect.countsValues && typeof count === "number") index += count;
  }
  return seen;
}

/** In fire, positional parameters have a flag as well. */
function flagsOf(spec: CommandSpec, one: Parameter): readonly string[] {
  return one.flags.length === 0 && DIALECTS[spec.framework].namedPositionals ? [`--${one.name}`] : one.flags;
}

function isSuspicious(spec: CommandSpec, word: string): boolean {
  const number = DIALECTS[spec.framework].negativeNumbers && /^-(?:\d+|\d*\.\d+)$/.test(word);
  return /^-./.test(word) && !number;
}

/** A word is an option of a flag: the flag itself, the flag with `=`, or a short flag with its value glued on. */
function opens(flag: string, word: string): boolean {
  return (
    word === flag ||
    word.startsWith(`${flag}=`) ||
    (flag.length === 2 && word.startsWith(flag) && !word.startsWith("--"))
  );
}

const hostileText = fc.oneof(
  fc.constantFrom(
    "-",
    "--",
    "-x",
    "--force",
    "--flag=1",
    "-1",
    "-1e5",
    "+x",
    "-o",
    "--help",
    "a",
    "",
    " -x",
    "=",
    "@f",
    "go",
  ),
  fc.string({ maxLength: 8 }).filter((text) => !text.includes("\0")),
);

const FRAMEWORKS = Object.keys(DIALECTS) as Framework[];

describe("a value never becomes an option", () => {
  it.each(FRAMEWORKS)("for any value of %s", (framework) => {
    const spec = (): CommandSpec =>
      tool(
        framework,
        [
          option("first"),
          option("short", { flags: ["-s"] }),
          option("many", { type: "array", items: { type: "string" }, nargs: "+" }),
          option("pair", { type: "array", items: { type: "string" }, nargs: 2 }),
          option("each", { type: "array", items: { type: "string" }, action: "append" }),
          parameter("file", { type: "string" }),
          parameter("rest", { type: "array", items: { type: "string" }, nargs: "*" }),
          option("deep", { subcommand: "go" }),
          parameter("target", { type: "string", subcommand: "go" }),
        ],
        ["go"],
      );
    // Of values that become part of a shell line hardly a strange one passes.
    const value = DIALECTS[framework].spliced
      ? fc.oneof({ weight: 20, arbitrary: fc.constantFrom("a", "b/c", "x 1") }, { weight: 1, arbitrary: hostileText })
      : hostileText;
    const texts = fc.array(value, { minLength: 1, maxLength: 3 });
    const values = fc.record(
      {
        first: value,
        short: value,
        many: texts,
        pair: fc.tuple(value, value).map((pair) => [...pair]),
        each: texts,
        file: value,
        rest: texts,
        subcommand: fc.constant("go"),
        deep: value,
        target: value,
      },
      { requiredKeys: [] },
    );
    let built = 0;
    void fc.assert(
      fc.property(values, (given) => {
        const { deep, target, ...outer } = given;
        const args = given.subcommand === undefined ? outer : { ...outer, deep, target };
        const present = Object.fromEntries(
          Object.entries(args).filter(([, value]) => value !== undefined),
        ) as ToolArguments;
        const command = spec();
        expect(checkArguments(command, present)).toEqual([]);
        const result = buildArguments(command, present);
        if (!result.ok) {
          expect(result.problem.code).toBe("unsafe-argument");
          return;
        }
        built++;
        const seen = optionsSeen(command, result.value);
        for (const name of seen) expect(present[name], `${name} in ${JSON.stringify(result.value)}`).toBeDefined();
      }),
      { numRuns: 200 },
    );
    // The property would hold for a builder that refuses everything.
    expect(built).toBeGreaterThan(15);
  });
});
