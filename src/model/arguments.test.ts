import { describe, expect, it } from "vitest";
import {
  type ArgumentSpec,
  activeParameters,
  checkArguments,
  coerceArguments,
  hostileValues,
  validateArguments,
} from "./arguments.ts";
import type { Parameter, ToolArguments } from "./tool.ts";

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [`--${name}`], required: false, confidence: "certain", line: 1, ...given };
}

function spec(
  parameters: readonly Parameter[],
  subcommands: readonly string[] = [],
  schema: ArgumentSpec["schema"] = {},
): ArgumentSpec {
  return {
    name: "demo",
    parameters: [...parameters],
    subcommands: subcommands.map((path) => ({ path, line: 1 })),
    schema,
  };
}

/** Its parser leaves words over, which callers give under the key `args`. */
const leavingOver: ArgumentSpec = {
  ...spec([parameter("a", { type: "string" })]),
  entry: { rest: { name: "args", confidence: "likely", line: 1 } },
};

const messages = (tool: ArgumentSpec, args: ToolArguments): string[] =>
  checkArguments(tool, args).map(({ message }) => message);

describe("checkArguments", () => {
  const cases: readonly [string, ArgumentSpec, ToolArguments, string | undefined][] = [
    ["text for text", spec([parameter("a", { type: "string" })]), { a: "x" }, undefined],
    ["a number for text", spec([parameter("a", { type: "string" })]), { a: 1 }, "“a” must be text"],
    [
      "a fraction for a whole number",
      spec([parameter("a", { type: "integer" })]),
      { a: 1.5 },
      "“a” must be a whole number",
    ],
    [
      "too large a whole number",
      spec([parameter("a", { type: "integer" })]),
      { a: 2 ** 60 },
      "“a” must be a whole number",
    ],
    ["words that the parser leaves over", leavingOver, { args: ["x", "-y"] }, undefined],
    ["one word instead of a list of them", leavingOver, { args: "x" }, "“args” must be a list"],
    ["a word that is no text", leavingOver, { args: ["x", 1] }, "“args” must be text"],
    ["a word with NUL", leavingOver, { args: ["\u0000"] }, "“args” must not contain a NUL character"],
    ["words where none are left over", spec([parameter("a")]), { args: ["x"] }, "“args” is not known"],
    ["text for a switch", spec([parameter("a", { type: "boolean" })]), { a: "true" }, "“a” must be true or false"],
    ["null", spec([parameter("a")]), { a: null }, "“a” must not be null"],
    ["anything where the type is unknown", spec([parameter("a")]), { a: 5 }, undefined],
    ["an unknown name", spec([parameter("a")]), { b: 1 }, "“b” is not known: it takes a"],
    ["what is missing", spec([parameter("a", { required: true })]), {}, "“a” is required and missing"],
    ["a choice", spec([parameter("a", { choices: ["x", "y"] })]), { a: "z" }, '“a” must be one of "x", "y"'],
    ["a choice of unknown type, by its text", spec([parameter("a", { choices: [1, 2] })]), { a: "2" }, undefined],
    ["a list", spec([parameter("a", { type: "array", items: { type: "integer" } })]), { a: [1, 2] }, undefined],
    ["one value for a list", spec([parameter("a", { type: "array" })]), { a: 1 }, "“a” must be a list"],
    [
      "a wrong item",
      spec([parameter("a", { type: "array", items: { type: "integer" } })]),
      { a: [1, "x"] },
      "“a” must be a whole number",
    ],
    [
      "too few for nargs",
      spec([parameter("a", { type: "array", nargs: 2 })]),
      { a: [1] },
      "“a” must have exactly 2 values",
    ],
    [
      "a flat list that does not come out even",
      spec([parameter("a", { type: "array", items: { type: "string" }, action: "append", nargs: 2 })]),
      { a: ["x", "y", "z"] },
      "“a” must have 2 values each time",
    ],
    ["none for +", spec([parameter("a", { type: "array", nargs: "+" })]), { a: [] }, "“a” must have at least 1 value"],
    [
      "choices of list items",
      spec([parameter("a", { type: "array", items: { type: "string" }, choices: ["x"] })]),
      { a: ["x", "y"] },
      "“a” must be one of",
    ],
    [
      "a negative count",
      spec([parameter("v", { type: "integer", action: "count" })]),
      { v: -1 },
      "“v” must not be negative",
    ],
    ["a NUL", spec([parameter("a")]), { a: "x\0y" }, "“a” must not contain a NUL character"],
    ["a backslash and digits are no NUL", spec([parameter("a")]), { a: "\\u0000" }, undefined],
    [
      "two of a group that exclude each other",
      spec([parameter("a", { exclusiveGroup: "g" }), parameter("b", { exclusiveGroup: "g" })]),
      { a: "1", b: "2" },
      "“b” excludes “a”",
    ],
    [
      "a switch that is off excludes nothing",
      spec([parameter("a", { exclusiveGroup: "g", type: "boolean" }), parameter("b", { exclusiveGroup: "g" })]),
      { a: false, b: "2" },
      undefined,
    ],
    ["an unknown subcommand", spec([], ["go", "stop"]), { subcommand: "run" }, "“subcommand” must be one of go, stop"],
    [
      "a subcommand that is required",
      spec([], ["go"], { required: ["subcommand"] }),
      {},
      "“subcommand” is required: one of go",
    ],
    [
      "another subcommand's parameter",
      spec([parameter("a", { subcommand: "go" })], ["go", "stop"]),
      { subcommand: "stop", a: 1 },
      "“a” is not known",
    ],
    [
      "another subcommand's required parameter",
      spec([parameter("a", { subcommand: "go", required: true })], ["go", "stop"]),
      { subcommand: "stop" },
      undefined,
    ],
    ["a parameter that is named subcommand", spec([parameter("subcommand")]), { subcommand: "x" }, undefined],
    [
      "the JSON Schema's own limits",
      spec([parameter("a", { type: "integer" })], [], {
        type: "object",
        properties: { a: { type: "integer", maximum: 5 } },
      }),
      { a: 6 },
      "“a” Too big",
    ],
    [
      "a schema that cannot be compiled",
      spec([], [], { type: "object", unevaluatedProperties: { not: {} }, not: { required: ["a"] } }),
      {},
      "its JSON Schema is not supported",
    ],
  ];
  it.each(cases)("%s", (_name, tool, args, expected) => {
    const found = messages(tool, args);
    if (expected === undefined) expect(found).toEqual([]);
    else expect(found.join("\n")).toContain(expected);
  });

  it("names every problem, each with its parameter", () => {
    const tool = spec([parameter("a", { type: "integer" }), parameter("b", { required: true })]);
    expect(checkArguments(tool, { a: "x" }).map(({ code, place }) => [code, place?.field])).toEqual([
      ["invalid-arguments", "a"],
      ["missing-argument", "b"],
    ]);
    const result = validateArguments(tool, { a: "x" });
    expect(result.ok ? "" : result.problem.message).toBe(
      "demo: “a” must be a whole number; demo: “b” is required and missing",
    );
  });
});

describe("activeParameters", () => {
  it("takes the global ones, the group's and the subcommand's; the deepest of a name", () => {
    const tool = spec([
      parameter("v", { line: 1 }),
      parameter("url", { subcommand: "remote" }),
      parameter("v", { subcommand: "remote add", line: 9 }),
      parameter("other", { subcommand: "remote rm" }),
      parameter("near", { subcommand: "remot" }),
    ]);
    expect(activeParameters(tool, "remote add").map(({ name, line }) => `${name}:${line}`)).toEqual(["url:1", "v:9"]);
    expect(activeParameters(tool, undefined).map(({ name }) => name)).toEqual(["v"]);
  });
});

describe("coerceArguments", () => {
  it("reads text that can only mean one value, and leaves the rest for the check", () => {
    const tool = spec([
      parameter("n", { type: "integer" }),
      parameter("x", { type: "number" }),
      parameter("on", { type: "boolean" }),
      parameter("list", { type: "array", items: { type: "integer" } }),
      parameter("text", { type: "string" }),
      parameter("map", { type: "object" }),
      parameter("gone"),
      parameter("level", { choices: [1, 2] }),
    ]);
    const given = { n: "5", x: "-1e3", on: "Yes", list: "7", text: 8, map: '{"a":1}', gone: null, level: "2" };
    expect(coerceArguments(tool, given)).toEqual({
      n: 5,
      x: -1000,
      on: true,
      list: [7],
      text: "8",
      map: { a: 1 },
      level: 2,
    });
    const odd = { n: "5x", x: "0x10", on: "maybe", map: "[1]" };
    expect(coerceArguments(tool, odd)).toEqual(odd);
  });
});

describe("hostileValues", () => {
  it.each([
    ["../../etc/passwd", "climbs out"],
    ["a/../b", "climbs out"],
    ["--force", "starts with a dash"],
    ["-rf", "starts with a dash"],
    ["x\u001b[2J", "control characters"],
    ["abc\u202edcba", "reordering"],
    ["$(rm -rf /)", "shell syntax"],
    ["a; rm b", "shell syntax"],
    ["/etc/shadow", "system or home folder"],
    ["~/.bashrc", "system or home folder"],
    ["keys/id_rsa", "secrets"],
    ["@/x", "starts with @"],
  ])("%j %s", (text, reason) => {
    expect(hostileValues({ a: { deep: [text] } })[0]).toMatchObject({ parameter: "a", value: text });
    expect(hostileValues({ a: text })[0]?.reason).toContain(reason);
  });

  it.each([
    "report.csv",
    "data/2024",
    "-5",
    "-0.5",
    "a..b",
    "50% & more",
    "it's fine",
    "C:\\data",
    "me@example.org",
    "x > 3",
    "line\nline",
  ])("%j is harmless", (text) => {
    expect(hostileValues({ a: text })).toEqual([]);
  });
});
