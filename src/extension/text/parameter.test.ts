import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleParameter, sampleTool } from "../testing/sample.ts";
import {
  pickableSubcommands,
  readText,
  splitParameters,
  splitWords,
  stepForm,
  subcommandOptional,
  textProblem,
  valueNote,
  withValue,
  writeText,
} from "./parameter.ts";
import { english } from "./translate.ts";

const count = sampleParameter({ name: "count", type: "integer", required: true });
const names = sampleParameter({ name: "names", type: "array", items: { type: "string" }, nargs: "*" });
const quiet = sampleParameter({
  name: "quiet",
  flags: ["-q"],
  type: "boolean",
  exclusiveGroup: "noise",
  default: false,
});
const loud = sampleParameter({ name: "loud", flags: ["-l"], type: "boolean", exclusiveGroup: "noise", default: false });
const mode = sampleParameter({ name: "mode", choices: ["fast", "slow"] });
const tool = sampleTool({ parameters: [count, names, quiet, loud, mode] });

describe("steps", () => {
  it("asks required parameters before the others, and what has no flag before options", () => {
    const { required, optional } = splitParameters(tool, undefined);
    expect(required.map(({ name }) => name)).toEqual(["count"]);
    expect(optional.map(({ name }) => name)).toEqual(["names", "mode", "quiet", "loud"]);
  });

  it("asks each in the form that suits it", () => {
    expect([count, names, quiet, mode].map(stepForm)).toEqual(["text", "text", "switch", "choice"]);
    expect(stepForm(sampleParameter({ name: "m", choices: ["a"], type: "array", nargs: "+" }))).toBe("choices");
  });

  it("offers subcommands but not the groups that only hold them", () => {
    const grouped = sampleTool({
      subcommands: [
        { path: "remote", line: 1 },
        { path: "remote add", line: 2 },
        { path: "status", line: 3 },
      ],
    });
    expect(pickableSubcommands(grouped).map(({ path }) => path)).toEqual(["remote add", "status"]);
    expect(subcommandOptional(grouped)).toBe(true);
    expect(subcommandOptional({ ...grouped, schema: { required: ["subcommand"] } })).toBe(false);
  });
});

describe("typed text", () => {
  it("names the parameter that is wrong", () => {
    expect(textProblem(tool, count, {}, "many", english)).toContain("“count” must be a whole number");
    expect(textProblem(tool, count, {}, " ", english)).toBe("“count” is required.");
    expect(textProblem(tool, count, {}, "12", english)).toBeUndefined();
    expect(textProblem(tool, names, {}, "", english)).toBeUndefined();
  });

  it("becomes a value of the parameter's type", () => {
    expect(readText(tool, count, {}, "12")).toBe(12);
    expect(readText(tool, names, {}, 'one \'two words\' "say \\"x\\""')).toEqual(["one", "two words", 'say "x"']);
  });

  it("splits words as a shell does", () => {
    expect(splitWords("")).toEqual([]);
    expect(splitWords("''")).toEqual([""]);
    expect(splitWords("a\\ b c'd e'f")).toEqual(["a b", "cd ef"]);
    expect(splitWords("'open end")).toEqual(["open end"]);
  });

  it("comes back unchanged for any list of values", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (values) => {
        expect(splitWords(writeText(values))).toEqual(values);
      }),
    );
  });
});

describe("withValue", () => {
  it("takes out what the new value excludes", () => {
    const args = withValue(tool, { count: 1, quiet: true }, loud, true);
    expect(args).toEqual({ count: 1, loud: true });
  });

  it("leaves a parameter out again", () => {
    expect(withValue(tool, { count: 1, quiet: true }, quiet, undefined)).toEqual({ count: 1 });
  });
});

describe("valueNote", () => {
  it("shows what will be passed, else the default", () => {
    expect(valueNote(quiet, { quiet: true }, english)).toBe("on");
    expect(valueNote(quiet, {}, english)).toBe("");
    expect(valueNote({ ...quiet, default: true }, {}, english)).toBe("on by default");
    expect(valueNote({ ...mode, default: "fast" }, {}, english)).toBe("default fast");
    expect(valueNote(names, { names: ["a b"] }, english)).toBe("= 'a b'");
  });
});
