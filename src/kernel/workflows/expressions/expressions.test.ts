// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ANY,
  declaredType,
  type ExpressionProblem,
  evaluate,
  FileValue,
  fromJson,
  inferType,
  type Json,
  parseBare,
  parseExpression,
  parseTemplate,
  type Scope,
  STRING,
  type Type,
  toJson,
  toText,
  type Value,
  ValueProblem,
} from "./index.ts";

const report = new FileValue("/state/runs/1/results/report.json", "report.json");

const NAMES: Readonly<Record<string, Value>> = {
  inputs: fromJson({ city: "Ulm", count: 3, fields: ["north", "hill"], dry: true }),
  steps: new Map<string, Value>([
    [
      "a",
      new Map<string, Value>([
        ["json", fromJson({ total: 7, list: [1, 2] })],
        ["results", new Map([["r", report]])],
      ]),
    ],
    ["skipped", new Map<string, Value>([["json", null]])],
  ]),
};

function scope(files: FileValue[] = []): Scope {
  return {
    name: (name) => NAMES[name],
    status: (name, step) => (name === "failed" ? step === "a" : name === "always"),
    onFile: (file) => files.push(file),
  };
}

function found(source: string): Json {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problem.message}`);
  const value = evaluate(parsed.value, scope());
  if (value instanceof ValueProblem) throw new Error(value.message);
  return toJson(value, () => undefined);
}

describe("expressions", () => {
  it.each<[string, Json]>([
    ["inputs.city", "Ulm"],
    ["inputs['city']", "Ulm"],
    ["inputs.fields[0]", "north"],
    ["inputs.fields[-1]", "hill"],
    ["steps.a.json.total", 7],
    ["steps.a.json.total == 7 and inputs.dry", true],
    ["steps.a.json.total > 7 || inputs.dry", true],
    ["not (inputs.count < 3)", true],
    ["!inputs.dry", false],
    ["!!inputs.dry", true],
    ["not not inputs.dry", true],
    ["'a' < 'b' && 1 <= 1", true],
    ["'hill' in inputs.fields", true],
    ["'x' in 'text'", true],
    ["1 == '1'", false],
    ["[1, 'a'] == [1, \"a\"]", true],
    ["steps.skipped.json.whatever.more", null],
    ["null == steps.skipped.json", true],
    ["len(inputs.fields)", 2],
    ["len('🍎x')", 2],
    ["contains(inputs.city, 'lm')", true],
    ["join(inputs.fields, ', ')", "north, hill"],
    ["split('a,b', ',')", ["a", "b"]],
    ["lines('a\\nb\\n')", ["a\\nb\\n"]],
    ['lines("a\\nb\\n")', ["a", "b"]],
    ["upper(lower('Ab')) == 'AB'", true],
    ["trim('  x ')", "x"],
    ["startsWith('abc', 'a') and endsWith('abc', 'c')", true],
    ["keys(steps.a.json)", ["total", "list"]],
    ["values(steps.a.results)", [report.path]],
    ["fileName(steps.a.results.r)", "report.json"],
    ["get(inputs, 'nothing', 5)", 5],
    ["coalesce(steps.skipped.json, null, 2)", 2],
    ["first(inputs.fields)", "north"],
    ["last([])", null],
    ["number(' 4.5\\t')", null],
    ['number(" 4.5 ")', 4.5],
    ["text([1, true])", "[1,true]"],
    ["json('{\"a\": [2]}').a[0]", 2],
    ["range(3)", [0, 1, 2]],
    ["failed('a')", true],
    ["'it''s'", "it's"],
    ["-2.5e1", -25],
  ])("%s", (source, expected) => {
    if (source.includes("\\t")) expect(() => found(source)).toThrow("no number");
    else expect(found(source)).toEqual(expected);
  });

  it.each([
    ["", "a value is missing"],
    ["inputs.", "a name is missing"],
    ["inputs.city inputs", "is not expected here"],
    ["(1", "“)” is missing"],
    ["[1, 2", "“]” is missing"],
    ["1 < 2 < 3", "comparisons are not chained"],
    ["'open", "no closing quote"],
    ["a = 1", "nothing can begin with this"],
    ["a; b", "nothing can begin with this"],
    ["$(rm)", "nothing can begin with this"],
    ["and", "a value is missing before “and”"],
    [`${"(".repeat(60)}1${")".repeat(60)}`, "levels deep"],
    [`${"!".repeat(60)}true`, "levels deep"],
    [`a${".b".repeat(60)}`, "levels deep"],
    ["x".repeat(5000), "longer than"],
  ])("%s is refused", (source, message) => {
    const parsed = parseExpression(source);
    expect(parsed.ok ? "parsed" : parsed.problem.message).toContain(message);
  });

  it.each([
    ["nobody.there", "there is no “nobody” here"],
    ["inputs.nothing", "a record has no “nothing”: it has city, count, fields, dry"],
    ["inputs.fields[9]", "a list has no “9”"],
    ["inputs.fields.length", "a list has no “length”"],
    ["inputs.constructor", "a record has no “constructor”"],
    ["inputs.__proto__", "a record has no “__proto__”"],
    ["inputs.city.length", "text has no “length”"],
    ["inputs.city and true", "text stands where true or false is needed"],
    ["inputs.city < 1", "compares two numbers or two texts"],
    ["len(1)", "not a number"],
    ["upper(1)", "takes text, not a number"],
    ["upper()", "was given 0 values"],
    ["range(100000)", "range takes a whole number"],
    ["eval('1')", "there is no function “eval”"],
    ["json('{')", "is no JSON"],
  ])("%s has no value", (source, message) => {
    expect(() => found(source)).toThrow(message);
  });

  it("never throws and never finds what is not in its scope", () => {
    const words = ["inputs", ".city", "[0]", "(", ")", "'x'", "and", "not", "==", "len", ",", "constructor", "1", " "];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 12 }), (parts) => {
        const parsed = parseExpression(parts.join(""));
        if (!parsed.ok) return;
        const value = evaluate(parsed.value, scope());
        if (!(value instanceof ValueProblem))
          expect(() => JSON.stringify(toJson(value, () => undefined))).not.toThrow();
      }),
    );
  });

  it("keeps every JSON value as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const plain: Json = JSON.parse(JSON.stringify(json));
        expect(toJson(fromJson(plain), () => undefined)).toEqual(plain);
      }),
    );
  });
});

describe("inferType", () => {
  const names = new Map<string, Type>([
    [
      "inputs",
      {
        kind: "record",
        fields: new Map<string, Type>([
          ["city", STRING],
          ["count", declaredType("integer")],
          ["fields", declaredType("array", "string")],
        ]),
      },
    ],
    ["steps", { kind: "record", fields: new Map([["a", ANY]]) }],
  ]);

  function infer(source: string): { type: Type; problems: string[] } {
    const parsed = parseExpression(source);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    const problems: ExpressionProblem[] = [];
    const type = inferType(parsed.value, { names, statusOf: new Set(["a"]) }, (problem) => problems.push(problem));
    return { type, problems: problems.map(({ message, start, end }) => `${source.slice(start, end)}: ${message}`) };
  }

  it.each([
    ["inputs.city", "string"],
    ["inputs.count", "integer"],
    ["inputs.fields[0]", "string"],
    ["len(inputs.fields)", "integer"],
    ["steps.a.anything[0].more", "any"],
    ["inputs.count > 1", "boolean"],
    ["failed('a')", "boolean"],
    ["first(inputs.fields)", "string"],
  ])("%s is known to be %s", (source, kind) => {
    expect(infer(source)).toEqual({ type: expect.objectContaining({ kind }), problems: [] });
  });

  it.each([
    ["inputs.town", "town: there is no “town” in it: it has city, count, fields"],
    ["step.a", "step: there is no “step” here: there is inputs, steps"],
    ["inputs.city and true", "inputs.city: this is text where true or false is needed"],
    ["inputs.count == 'x'", "a whole number is never equal to text"],
    ["inputs.fields < 1", "compares two numbers or two texts, not a list (each text) and a whole number"],
    ["upper(inputs.count)", "inputs.count: upper(text) takes text, not a whole number"],
    ["shell('ls')", "there is no function “shell”"],
    ["failed('b')", "there is no step “b”"],
    ["inputs.fields.length", "a list has items by number"],
  ])("%s is seen to be wrong", (source, message) => {
    expect(infer(source).problems.join("\n")).toContain(message);
  });
});

describe("templates", () => {
  const resolved = (text: string): string => {
    const { template, problems } = parseTemplate(text);
    expect(problems).toEqual([]);
    return template.parts
      .map((part) => {
        if (typeof part === "string") return part;
        const value = evaluate(part.expression, scope());
        return value instanceof ValueProblem ? `(${value.message})` : toText(value, () => undefined);
      })
      .join("");
  };

  it.each([
    ["plain", "plain"],
    ["Weather in ${{ inputs.city }}!", "Weather in Ulm!"],
    ["${{ inputs.city }}${{ inputs.count }}", "Ulm3"],
    ["$${{ inputs.city }}", "${{ inputs.city }}"],
    ["${{ '}}' }}", "}}"],
    ['${{ "a\\"}}" }}', 'a"}}'],
    ["$ {{ }} ${x} $(y)", "$ {{ }} ${x} $(y)"],
    ["${{ inputs.fields }}", '["north","hill"]'],
  ])("%s", (text, expected) => {
    expect(resolved(text)).toBe(expected);
  });

  it("keeps the type of one expression alone, with blanks around it", () => {
    expect(parseTemplate(" ${{ inputs.count }}\n").template.whole?.source).toBe("inputs.count");
    expect(parseTemplate("${{ inputs.count }}x").template.whole).toBeUndefined();
    expect(parseBare("inputs.count > 1").template.whole?.source).toBe("inputs.count > 1");
  });

  it("says where an expression goes wrong", () => {
    const text = "ab ${{ inputs.city + 1 }}";
    const [problem] = parseTemplate(text).problems;
    expect(problem && text.slice(problem.start, problem.end)).toBe("+");
    expect(parseTemplate("x ${{ y").problems[0]).toMatchObject({ start: 2, end: 7 });
  });

  it("reads any text, however long, and gives words back as they are", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("${{"));
        expect(resolved(text)).toBe(text);
      }),
    );
    expect(parseTemplate(`\${{ ${"'".repeat(200_001)}`).problems).toHaveLength(1);
    expect(parseTemplate(`\${{ ${"a}".repeat(200_000)}`).problems).toHaveLength(1);
  });

  it("is told each file whose path becomes part of a text", () => {
    const files: FileValue[] = [];
    expect(toText(fromJson(["x"]), (file) => files.push(file))).toBe('["x"]');
    expect(toText([report, "y"], (file) => files.push(file))).toBe(`["${report.path}","y"]`);
    expect(files).toEqual([report]);
  });
});
