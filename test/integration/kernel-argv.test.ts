import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildArguments, type CommandSpec } from "../../src/kernel/index.ts";
import type { Framework, Parameter, ToolArguments } from "../../src/model/index.ts";

/*
 * The argument builder against the real parsers of the standard libraries: what goes in as values must come out as the
 * same values, whatever they look like. One process reads all command lines of a parser.
 */

const SAMPLES = 400;

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [], required: false, confidence: "certain", line: 1, type: "string", ...given };
}

function option(name: string, given: Partial<Parameter> = {}): Parameter {
  return parameter(name, { flags: [`--${name}`], ...given });
}

function tool(
  framework: Framework,
  parameters: readonly Parameter[],
  subcommands: readonly string[] = [],
): CommandSpec {
  const paths = subcommands.map((path) => ({ path, line: 1 }));
  return { name: "demo", framework, parameters: [...parameters], subcommands: paths, schema: {} };
}

/** Words that its parser leaves over go under the key `rest`. */
function leavingOver(framework: Framework, parameters: readonly Parameter[]): CommandSpec {
  return { ...tool(framework, parameters), entry: { rest: { name: "rest", confidence: "likely", line: 1 } } };
}

const strings = { type: "array", items: { type: "string" } } as const;
const text = fc.oneof(
  fc.constantFrom(
    "-",
    "--",
    "-x",
    "--force",
    "--first=1",
    "-1",
    "-1e5",
    "-s",
    "-sx",
    "--help",
    "a",
    "",
    " -x",
    "=",
    "go",
    "a b",
  ),
  fc.string({ maxLength: 6, unit: "grapheme-ascii" }),
);
const texts = fc.array(text, { minLength: 1, maxLength: 3 });

interface Sample {
  readonly args: ToolArguments;
  readonly argv: readonly string[];
}

/** Builds command lines of random calls; refused ones are counted, since refusing everything would prove nothing. */
function samples(spec: CommandSpec, calls: fc.Arbitrary<Record<string, unknown>>): Sample[] {
  const built: Sample[] = [];
  for (const call of fc.sample(calls, SAMPLES)) {
    const args = Object.fromEntries(Object.entries(call).filter(([, value]) => value !== undefined)) as ToolArguments;
    const result = buildArguments(spec, args);
    if (result.ok) built.push({ args, argv: result.value });
    else expect(result.problem.code).toBe("unsafe-argument");
  }
  expect(built.length).toBeGreaterThan(SAMPLES / 4);
  return built;
}

/** Runs a Python program that reads a JSON list of command lines and prints a JSON list of what it read from them. */
function parseInPython(program: string, cases: readonly Sample[]): unknown[] {
  const input = JSON.stringify(cases.map(({ argv }) => argv));
  return JSON.parse(execFileSync("python3", ["-c", program], { input, encoding: "utf8" })) as unknown[];
}

const COLLECT = `
import json, sys
def clean(values):
    return {k: v for k, v in values.items() if v is not None and v != []}
def read(parse):
    out = []
    for argv in json.load(sys.stdin):
        try:
            out.append(clean(parse(argv)))
        except (SystemExit, Exception) as error:
            out.append("refused: %r" % (error,))
    print(json.dumps(out))
`;

function expectSame(cases: readonly Sample[], read: readonly unknown[]): void {
  expect(read).toHaveLength(cases.length);
  for (const [index, { args, argv }] of cases.entries()) expect(read[index], JSON.stringify(argv)).toEqual(args);
}

describe("the argument builder against real parsers", () => {
  it("argparse, options and positionals", () => {
    const spec = tool("argparse", [
      option("first"),
      option("short", { flags: ["-s"] }),
      option("many", { ...strings, nargs: "+" }),
      option("pair", { ...strings, nargs: 2 }),
      option("each", { ...strings, action: "append" }),
      parameter("file", { required: true }),
      parameter("rest", { ...strings, nargs: "*" }),
    ]);
    const calls = fc.record(
      { first: text, short: text, many: texts, pair: fc.tuple(text, text), each: texts, file: text, rest: texts },
      { requiredKeys: ["file"] },
    );
    const cases = samples(spec, calls);
    const program = `${COLLECT}
import argparse
p = argparse.ArgumentParser()
p.add_argument("--first"); p.add_argument("-s", dest="short"); p.add_argument("--many", nargs="+")
p.add_argument("--pair", nargs=2); p.add_argument("--each", action="append")
p.add_argument("file"); p.add_argument("rest", nargs="*")
read(lambda argv: vars(p.parse_args(argv)))`;
    expectSame(cases, parseInPython(program, cases));
  });

  it("argparse, subcommands", () => {
    const spec = tool(
      "argparse",
      [
        option("first"),
        option("deep", { subcommand: "go" }),
        parameter("target", { subcommand: "go", required: true }),
      ],
      ["go"],
    );
    const calls = fc.record(
      { subcommand: fc.constant("go"), first: text, deep: text, target: text },
      { requiredKeys: ["subcommand", "target"] },
    );
    const cases = samples(spec, calls);
    const program = `${COLLECT}
import argparse
p = argparse.ArgumentParser(); p.add_argument("--first")
go = p.add_subparsers(dest="subcommand").add_parser("go"); go.add_argument("--deep"); go.add_argument("target")
read(lambda argv: vars(p.parse_args(argv)))`;
    expectSame(cases, parseInPython(program, cases));
  });

  it("argparse, numbers", () => {
    const number = { type: "number" } as const;
    const spec = tool("argparse", [
      option("x", number),
      option("xy", { ...strings, items: number, nargs: 2 }),
      parameter("n", number),
    ]);
    const value = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const calls = fc.record({ x: value, xy: fc.tuple(value, value), n: value }, { requiredKeys: ["n"] });
    const cases = samples(spec, calls);
    const program = `${COLLECT}
import argparse
p = argparse.ArgumentParser()
p.add_argument("--x", type=float); p.add_argument("--xy", nargs=2, type=float); p.add_argument("n", type=float)
read(lambda argv: vars(p.parse_args(argv)))`;
    // Minus zero is written as 0.
    const plain = cases.map(({ args, argv }) => ({ args: JSON.parse(JSON.stringify(args)) as ToolArguments, argv }));
    expectSame(plain, JSON.parse(JSON.stringify(parseInPython(program, cases))) as unknown[]);
  });

  it("optparse", () => {
    const spec = leavingOver("optparse", [
      option("first"),
      option("short", { flags: ["-s"] }),
      option("pair", { ...strings, nargs: 2 }),
      option("each", { ...strings, action: "append" }),
    ]);
    const calls = fc.record(
      { first: text, short: text, pair: fc.tuple(text, text), each: texts, rest: texts },
      { requiredKeys: [] },
    );
    const cases = samples(spec, calls);
    const program = `${COLLECT}
import optparse
p = optparse.OptionParser()
p.add_option("--first"); p.add_option("-s", dest="short"); p.add_option("--pair", nargs=2); p.add_option("--each", action="append")
def parse(argv):
    values, rest = p.parse_args(argv)
    return dict(vars(values), rest=rest)
read(parse)`;
    expectSame(cases, parseInPython(program, cases));
  });

  it("getopt", () => {
    const spec = leavingOver("getopt", [option("first"), option("short", { flags: ["-s"] })]);
    const calls = fc.record({ first: text, short: text, rest: texts }, { requiredKeys: [] });
    const cases = samples(spec, calls);
    const program = `${COLLECT}
import getopt
def parse(argv):
    options, rest = getopt.gnu_getopt(argv, "s:", ["first="])
    names = {"-s": "short", "--first": "first"}
    return dict({names[k]: v for k, v in options}, rest=rest)
read(parse)`;
    expectSame(cases, parseInPython(program, cases));
  });

  it("the shell's getopts", () => {
    const spec = tool("getopts", [
      option("short", { flags: ["-s"] }),
      option("loud", { flags: ["-l"], type: "boolean" }),
      parameter("rest", { ...strings, nargs: "*" }),
    ]);
    const line = text.filter((value) => !/[\n\r]/.test(value));
    const calls = fc.record(
      { short: line, loud: fc.constant(true), rest: fc.array(line, { minLength: 1, maxLength: 3 }) },
      { requiredKeys: [] },
    );
    // Each command line is one call of a function in one shell; values come back one per line, marked.
    const cases = samples(spec, calls).slice(0, 150);
    const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
    const program = `read_all() { OPTIND=1; while getopts s:l o; do case $o in s) printf 's%s\\n' "$OPTARG";; l) echo l;; *) echo bad;; esac; done
shift $((OPTIND-1)); for r; do printf 'r%s\\n' "$r"; done; echo .; }
${cases.map(({ argv }) => `read_all ${argv.map(quote).join(" ")}`).join("\n")}`;
    const groups: string[][] = [[]];
    for (const printed of execFileSync("bash", ["-s"], { input: program, encoding: "utf8" }).split("\n")) {
      if (printed === ".") groups.push([]);
      else groups.at(-1)?.push(printed);
    }
    for (const [index, { args, argv }] of cases.entries()) {
      const rest = Array.isArray(args["rest"]) ? args["rest"].map((value) => `r${String(value)}`) : [];
      const short = "short" in args ? [`s${String(args["short"])}`] : [];
      expect(groups[index], JSON.stringify(argv)).toEqual([...short, ...(args["loud"] ? ["l"] : []), ...rest]);
    }
  });
});
