// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Parameter, Tool } from "../../model/index.ts";
import { DescribedFiles } from "./described-files.ts";

function parameter(name: string, given: Partial<Parameter> = {}): Parameter {
  return { name, flags: [`--${name}`], type: "string", required: false, confidence: "certain", line: 1, ...given };
}

const TOOLS: readonly Tool[] = [
  {
    ...{ id: "tools/fetch.py", name: "fetch", kind: "python", file: "tools/fetch.py", line: 1, framework: "argparse" },
    ...{ description: "Fetches the *weather*.", category: "general", source: "inferred" },
    ...{ entry: { argv: ["python", "tools/fetch.py"] }, schema: { type: "object" } },
    subcommands: [{ path: "now", line: 1 }],
    parameters: [
      parameter("city", { required: true, subcommand: "now", help: "Where?" }),
      parameter("unit", { choices: ["C", "F"], subcommand: "now" }),
    ],
    capabilities: [],
  },
];

const WORKFLOW = `name: weather
inputs:
  town: { type: string, description: Where to look }
steps:
  - id: a
    tool: fetch
    with: { subcommand: now, city: Ulm }
    outputs:
      coldest: \${{ result.json.min }}
  - id: b
`;

const sent: Diagnostic[][] = [];
const files = new DescribedFiles({
  sendDiagnostics: async ({ diagnostics }) => {
    sent.push(diagnostics);
  },
});

/** What is offered at the `|` of a text. */
function offered(text: string, name = "my.workflow.yaml"): string[] {
  const offset = text.indexOf("|");
  const document = TextDocument.create(`file:///ws/${name}`, "yaml", 1, text.replace("|", ""));
  return files.completion(document, document.positionAt(offset), TOOLS).map(({ label }) => label);
}

function hover(text: string, name = "my.workflow.yaml"): string {
  const offset = text.indexOf("|");
  const document = TextDocument.create(`file:///ws/${name}`, "yaml", 1, text.replace("|", ""));
  return JSON.stringify(files.hover(document, document.positionAt(offset), TOOLS)?.contents ?? null);
}

describe("completion in a workflow", () => {
  it.each<[string, string, readonly string[]]>([
    ["fields of the top", "na|", ["name", "description", "inputs", "steps", "outputs"]],
    ["fields that are not there yet", "name: x\n|", ["description", "inputs", "steps", "outputs"]],
    [
      "fields of a step",
      `${WORKFLOW}    t|`,
      ["name", "tool", "with", "needs", "if", "forEach", "retry", "timeoutSeconds", "outputs"],
    ],
    [
      "the first field of a step",
      "steps:\n  - |",
      ["id", "name", "tool", "with", "needs", "if", "forEach", "retry", "timeoutSeconds", "outputs"],
    ],
    ["fields of retry", `${WORKFLOW}    retry:\n      |`, ["count", "backoffSeconds"]],
    ["fields of retry in brackets", `${WORKFLOW}    retry: { count: 1, |`, ["backoffSeconds"]],
    ["tools", `${WORKFLOW}    tool: |`, ["fetch"]],
    ["other steps", `${WORKFLOW}    needs: |`, ["a"]],
    ["other steps in a list", `${WORKFLOW}    needs: [|`, ["a"]],
    ["other steps in a block list", `${WORKFLOW}    needs:\n      - |`, ["a"]],
    ["the tool's subcommand first", `${WORKFLOW}    tool: fetch\n    with:\n      |`, ["subcommand"]],
    ["its parameters", `${WORKFLOW}    tool: fetch\n    with:\n      subcommand: now\n      |`, ["city", "unit"]],
    ["its parameters in brackets", `${WORKFLOW}    tool: fetch\n    with: { subcommand: now, c|`, ["city", "unit"]],
    ["subcommands", `${WORKFLOW}    tool: fetch\n    with:\n      subcommand: |`, ["now"]],
    ["choices", `${WORKFLOW}    tool: fetch\n    with:\n      subcommand: now\n      unit: |`, ["C", "F"]],
    ["inputs", `${WORKFLOW}    tool: fetch\n    with:\n      city: \${{ inputs.|`, ["town"]],
    ["inputs in text", `${WORKFLOW}    tool: fetch\n    with:\n      city: "To \${{ inputs.t| }}"`, ["town"]],
    ["steps in an expression", `${WORKFLOW}    if: steps.|`, ["a"]],
    [
      "what a step gives",
      `${WORKFLOW}    forEach: \${{ steps.a.|`,
      ["stdout", "stderr", "json", "results", "exitCode", "outputs", "status"],
    ],
    ["its outputs", `${WORKFLOW}    if: \${{ steps.a.outputs.|`, ["coldest"]],
    ["types of an input", "inputs:\n  a:\n    type: |", ["string", "integer", "number", "boolean", "array", "object"]],
  ])("offers %s", (_name, text, expected) => {
    expect(offered(text)).toEqual(expected);
  });

  it("offers names and functions where an expression begins", () => {
    const all = offered(`${WORKFLOW}    forEach: x\n    with:\n      a: \${{ |`);
    expect(all).toEqual(
      expect.arrayContaining(["inputs", "steps", "workflow", "item", "index", "len", "join", "failed"]),
    );
    expect(offered("steps:\n  - id: a\n    outputs:\n      x: ${{ |")).toContain("result");
    expect(offered(`${WORKFLOW}    name: \${{ 'a|`)).toEqual([]);
  });

  it("leaves JSON to the schema, but for what only we know", () => {
    expect(offered('{"steps": [{"id": "a", "tool": "|"}]}', "my.workflow.json")).toEqual(["fetch"]);
    expect(offered('{"|"}', "my.workflow.json")).toEqual([]);
  });
});

describe("completion in a manifest", () => {
  it.each<[string, string, readonly string[]]>([
    ["categories", "category: |", ["analysis", "general", "utility"]],
    ["capabilities", "capabilities: [filesystem-read, |", ["filesystem-read", "network-access"]],
    ["fields of a parameter", "parameters:\n  - name: x\n    |", ["flags", "type", "help"]],
    ["truth", "parameters:\n  - name: x\n    required: |", ["true", "false"]],
  ])("offers %s", (_name, text, expected) => {
    expect(offered(text, "x.tool.yaml")).toEqual(expect.arrayContaining([...expected]));
  });

  it("offers nothing in other files", () => {
    expect(offered("na|", "docker-compose.yaml")).toEqual([]);
  });
});

describe("hover", () => {
  it.each([
    ["a field", "steps:\n  - id: a\n    need|s: b", "Steps that have to end first"],
    ["a tool", "steps:\n  - id: a\n    tool: fet|ch\n", "Fetches the"],
    [
      "a parameter",
      "steps:\n  - id: a\n    tool: fetch\n    with:\n      subcommand: now\n      ci|ty: Ulm\n",
      "Where?",
    ],
    ["a function", "steps:\n  - id: a\n    if: le|n(inputs.x) > 1\n", "len(value)"],
  ])("tells what %s is", (_name, text, expected) => {
    expect(hover(text)).toContain(expected);
  });

  it("makes nothing of a tool's text", () => {
    expect(hover("steps:\n  - id: a\n    tool: fet|ch\n")).toContain(String.raw`\\*weather\\*`);
  });

  it("says nothing of other words", () => {
    expect(hover("name: wea|ther")).toBe("null");
    expect(hover("na|me: x", "x.yaml")).toBe("null");
  });
});

describe("publish", () => {
  it("marks just what is wrong", async () => {
    const text = "steps:\n  - id: a\n    tool: nothing\n";
    await files.publish(TextDocument.create("file:///ws/x.workflow.yaml", "yaml", 3, text), "x.workflow.yaml", TOOLS);
    const range = { start: { line: 2, character: 10 }, end: { line: 2, character: 17 } };
    expect(sent.at(-1)).toEqual([expect.objectContaining({ code: "no-tool", range })]);
    await files.forget("file:///ws/x.workflow.yaml");
    expect(sent.at(-1)).toEqual([]);
  });
});
