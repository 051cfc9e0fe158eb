import { expect, it } from "vitest";
import type { Parameter, ToolArguments } from "../model/index.ts";
import { buildArguments } from "./argv.ts";

const USAGE = [
  "ship new <name>...",
  "ship <name> move <x> <y> [--speed=<kn>] [-v...]",
  "mine (set|remove) <x> <y> [--moored | --drifting]",
  "[options] FILE",
];

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [], required: false, confidence: "certain", line: 1, ...given };
}

const PARAMETERS = [
  parameter("name", { type: "array", items: { type: "string" }, metavar: "<name>" }),
  parameter("x", { metavar: "<x>" }),
  parameter("y", { metavar: "<y>" }),
  parameter("FILE", { metavar: "FILE" }),
  parameter("speed", { flags: ["--speed"], type: "string" }),
  parameter("log", { flags: ["-l"], type: "string" }),
  parameter("v", { flags: ["-v"], type: "integer", action: "count" }),
  parameter("moored", { flags: ["--moored"], type: "boolean", action: "store_true" }),
  parameter("drifting", { flags: ["--drifting"], type: "boolean", action: "store_true" }),
];

function build(args: ToolArguments): readonly string[] | string {
  const built = buildArguments(
    {
      name: "fleet",
      framework: "docopt",
      parameters: PARAMETERS,
      subcommands: [],
      schema: {},
      entry: { usage: USAGE },
    },
    args,
  );
  return built.ok ? built.value : built.problem.code;
}

const CASES: readonly [string, ToolArguments, readonly string[] | string][] = [
  ["a repeated argument", { subcommand: "new", name: ["a", "b"] }, ["ship", "new", "a", "b"]],
  [
    "arguments between commands",
    { subcommand: "ship move", name: ["a"], x: "1", y: "2", speed: "-5", v: 2 },
    ["ship", "a", "move", "1", "2", "--speed=-5", "-v", "-v"],
  ],
  [
    "one of several words",
    { subcommand: "remove", x: "1", y: "2", drifting: true },
    ["mine", "remove", "1", "2", "--drifting"],
  ],
  ["the options shortcut, a short option's value glued", { FILE: "f", log: "-x" }, ["-l-x", "f"]],
  [
    "what excludes each other",
    { subcommand: "set", x: "1", y: "2", drifting: true, moored: true },
    "invalid-arguments",
  ],
  ["several subcommands fit", { subcommand: "mine", x: "1", y: "2" }, "invalid-arguments"],
  ["an argument is missing", { subcommand: "set", x: "1" }, "invalid-arguments"],
  ["a value like an option", { FILE: "--help" }, "unsafe-argument"],
];

it.each(CASES)("%s", (_name, args, expected) => {
  expect(build(args)).toEqual(expected);
});
