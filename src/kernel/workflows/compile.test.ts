// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
import { describe, expect, it } from "vitest";
import type { Parameter, Tool } from "../../model/index.ts";
import { Registry } from "../registry.ts";
import { compileWorkflow } from "./compile.ts";
import type { CompiledWorkflow } from "./compiled.ts";
import { readWorkflow } from "./source.ts";

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [`--${name}`], type: "string", required: false, confidence: "certain", line: 1, ...given };
}

function tool(name: string, parameters: readonly Parameter[], file = `tools/${name}.py`): Tool {
  return {
    ...{ id: file, name, kind: "python", file, line: 1, framework: "argparse", description: "" },
    ...{
      category: "general",
      source: "inferred",
      entry: { argv: ["python", file] },
      subcommands: [],
      capabilities: [],
    },
    parameters: [...parameters],
    schema: { type: "object" },
  };
}

const TOOLS = new Registry();
TOOLS.register(
  [
    tool("fetch", [
      parameter("city", { required: true }),
      parameter("days", { type: "integer" }),
      parameter("unit", { choices: ["C", "F"] }),
    ]),
    tool("draw", [
      parameter("files", { type: "array", items: { type: "string" }, nargs: "+" }),
      parameter("title"),
      parameter("dark", { type: "boolean" }),
    ]),
    tool("twin", [], "a/twin.py"),
    tool("twin", [], "b/twin.py"),
  ],
  "workspace",
);

function compile(text: string): CompiledWorkflow {
  return compileWorkflow(readWorkflow("my.workflow.yaml", text), (wanted) => TOOLS.find(wanted));
}

/** `line:column code: message` of each problem. */
function problems(text: string): string[] {
  return compile(text).problems.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`);
}

const SOUND = `name: weather
inputs:
  city: { default: Ulm }
  days: { type: integer, default: 3 }
  cities: { type: array, items: { type: string }, default: [Ulm, Linz] }
steps:
  - id: all
    tool: fetch
    forEach: inputs.cities
    with: { city: "\${{ item }}", days: "\${{ inputs.days }}" }
  - id: one
    tool: fetch
    with:
      city: \${{ inputs.city }}
    outputs:
      coldest: { value: "\${{ result.json.min }}", type: number }
  - id: page
    tool: draw
    needs: all
    if: steps.one.outputs.coldest < 0 or always()
    with:
      files: [data.csv, "\${{ steps.one.results['stdout.json'] }}"]
      title: Weather of \${{ inputs.city }}, \${{ len(steps.all.stdout) }} cities
outputs:
  coldest: \${{ steps.one.outputs.coldest }}
`;

describe("compileWorkflow", () => {
  it("understands a sound workflow, with what waits for what", () => {
    const { problems: found, waves, steps, outputs } = compile(SOUND);
    expect(found).toEqual([]);
    expect(waves).toEqual([["all", "one"], ["page"]]);
    expect(steps.map(({ id, needs, line }) => [id, needs, line])).toEqual([
      ["all", [], 7],
      ["one", [], 11],
      ["page", ["all", "one"], 17],
    ]);
    expect(steps.map(({ asksStatus }) => asksStatus)).toEqual([false, false, true]);
    expect([...outputs.keys()]).toEqual(["coldest"]);
  });

  const step = (lines: string): string => `steps:\n  - id: a\n    tool: fetch\n    with: { city: Ulm }\n${lines}`;

  it.each<[string, string, string]>([
    ["no workflow at all", "- 1", "1:1 workflow-field: A workflow is a mapping"],
    ["no steps", "name: x", "1:1 workflow-field: “steps” is a list"],
    ["broken YAML", "steps: [", "1:9 workflow-syntax"],
    ["an unknown field", `${SOUND}whatever: 1\n`, "26:1 workflow-field: There is no field “whatever”"],
    ["an unknown field of a step", step("    when: 1"), "5:5 workflow-field: There is no field “when”"],
    ["a bad id", "steps:\n  - { id: 1a, tool: fetch }", "2:11 workflow-field: “id”"],
    ["a missing id", "steps:\n  - tool: fetch", "2:5 workflow-field: “id” is missing"],
    ["an unknown tool", "steps:\n  - { id: a, tool: fecth }", "2:20 no-tool: There is no tool"],
    ["an ambiguous tool", "steps:\n  - { id: a, tool: twin }", "2:20 ambiguous-tool: 2 tools are named"],
    ["a missing argument", "steps:\n  - id: a\n    tool: fetch", "3:11 missing-argument: fetch: “city” is required"],
    [
      "an unknown argument",
      "steps:\n  - id: a\n    tool: fetch\n    with:\n      city: x\n      town: y",
      "6:7 unknown-argument",
    ],
    [
      "a wrong type",
      "steps:\n  - id: a\n    tool: fetch\n    with:\n      city: x\n      days: many",
      "6:13 invalid-arguments: fetch: “days” must be a whole number",
    ],
    [
      "no choice of it",
      "steps:\n  - id: a\n    tool: fetch\n    with: { city: x, unit: K }",
      "4:28 invalid-arguments: fetch: “unit” must be one of",
    ],
    [
      "an expression of a wrong type",
      `${step("")}  - id: b\n    tool: fetch\n    with: { city: x, days: "\${{ steps.a.stdout }}" }`,
      "7:28 argument-type: fetch: “days” takes a whole number, and this is text: number(…)",
    ],
    [
      "a list for one value",
      `${step("")}  - id: b\n    tool: fetch\n    with: { city: "\${{ lines(steps.a.stdout) }}" }`,
      "7:19 argument-type: fetch: “city” takes text, and this is a list (each text): use “forEach”",
    ],
    [
      "one value for a list",
      `${step("")}  - id: b\n    tool: draw\n    with: { files: "\${{ steps.a.results['x'] }}" }`,
      "7:20 argument-type: draw: “files” takes a list (each text), and this is a file: put it in [ ]",
    ],
    ["an unknown step in needs", step("    needs: [b]"), "5:13 unknown-step: There is no step “b”"],
    [
      "an unknown step in an expression",
      step("    if: steps.b.exitCode == 0"),
      "5:15 bad-expression: There is no step “b”: it has a",
    ],
    ["an unknown input", step("    if: inputs.x"), "5:16 bad-expression: There is no input “x”: it is empty"],
    [
      "an unknown field of a step's result",
      step("    if: steps.a.stdot == ''"),
      "5:17 bad-expression: There is no “stdot” in it",
    ],
    [
      "a broken expression",
      "steps:\n  - id: a\n    tool: fetch\n    with:\n      city: hello ${{ inputs. }}",
      "5:31 bad-expression: A name is missing",
    ],
    [
      "an unclosed expression",
      "steps:\n  - id: a\n    tool: fetch\n    with: { city: 'x ${{ y' }",
      "4:22 bad-expression",
    ],
    [
      "a condition that is text",
      step("    if: steps.a.stdout"),
      "5:9 not-a-condition: A condition is true or false, and this is text",
    ],
    [
      "a forEach over text",
      `${step("")}  - { id: b, tool: fetch, with: { city: x }, forEach: steps.a.stdout }`,
      "5:55 not-a-list: “forEach” goes over a list, and this is text",
    ],
    [
      "a status asked elsewhere",
      step("    forEach: '[failed()]'"),
      "bad-expression: Failed() can only be asked in “if”",
    ],
    [
      "item without forEach",
      "steps:\n  - id: a\n    tool: fetch\n    with: { city: '${{ item }}' }",
      "4:24 bad-expression: There is no “item” here",
    ],
    [
      "item in a condition, which is asked once",
      step("    forEach: [1]\n    if: item == 1"),
      "6:9 bad-expression: There is no “item” here",
    ],
    ["a duplicate id", `${step("")}  - { id: a, tool: twin }`, "5:11 duplicate-step"],
    ["a step that needs itself", step("    needs: a"), "5:12 workflow-cycle: A step cannot need itself"],
    [
      "a cycle by values",
      `${step("    needs: b\n")}  - id: b\n    tool: fetch\n    with: { city: "\${{ steps.a.stdout }}" }`,
      "workflow-cycle: These steps wait for each other: a needs b needs a",
    ],
    [
      "a bad default",
      "inputs:\n  n: { type: integer, default: x }\nsteps:\n  - { id: a, tool: fetch, with: { city: x } }",
      "2:32 bad-input: The default of “n” must be a whole number",
    ],
    [
      "an output of a wrong type",
      step('    outputs:\n      n: { value: "${{ result.stdout }}", type: number }'),
      "6:19 output-type",
    ],
    [
      "too many aliases",
      `a: &a [1,1]\nb: &b [${"*a,".repeat(40)}]\nsteps: [${"*b,".repeat(40)}]`,
      "aliases expand to too much",
    ],
  ])("says where: %s", (_name, text, expected) => {
    expect(problems(text).join("\n")).toContain(expected);
  });

  it("finds everything at once, and says it once", () => {
    const found = problems(`name: "?"
steps:
  - id: a
    tool: nothing
    needs: [zz]
  - id: b
    tool: fetch
    with: { days: x, city: "\${{ steps.q.stdout }}" }
`);
    expect(found).toEqual([
      expect.stringContaining("1:7 workflow-field: “name”"),
      expect.stringContaining("4:11 no-tool"),
      expect.stringContaining("5:13 unknown-step"),
      expect.stringContaining("8:39 bad-expression: There is no step “q”"),
      expect.stringContaining("8:19 invalid-arguments"),
    ]);
  });

  it("does not ask of a step that could not be read what it gives", () => {
    const found = problems(
      "steps:\n  - { id: a, tool: 1 }\n  - id: b\n    tool: fetch\n    with: { city: '${{ steps.a.stdout }}' }",
    );
    expect(found).toEqual([expect.stringContaining("2:20 workflow-field: “tool”")]);
  });

  it("reads JSON too", () => {
    const { problems: found } = compile('{"steps": [{"id": "a", "tool": "fetch", "with": {"city": 1}}]}');
    expect(found).toEqual([expect.objectContaining({ code: "invalid-arguments", line: 1, column: 58 })]);
  });
});
