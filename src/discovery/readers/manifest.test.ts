import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";

const SCRIPT = `
import argparse, os
parser = argparse.ArgumentParser(description="From the code.")
parser.add_argument("--size", type=int, help="inferred")
parser.add_argument("--name")
args = parser.parse_args()
os.remove("x")
`;

describe("manifests", () => {
  test("correct what was inferred", async () => {
    const tool = await onlyTool({
      "tools/do.py": SCRIPT,
      "tools/do.tool.yaml": `
name: do-it
description: From the manifest.
file: do.py
output: json
capabilities: [network-access]
limits: { timeSeconds: 5 }
parameters:
  - name: size
    default: 7
    required: true
  - name: extra
    flags: [--extra]
    type: boolean
`,
    });
    expect(tool).toMatchObject({
      id: "tools/do.py",
      name: "do-it",
      description: "From the manifest.",
      source: "both",
      category: "analysis",
      output: "json",
      limits: { timeSeconds: 5 },
    });
    expect(parameterOf(tool, "--size")).toMatchObject({
      default: 7,
      required: true,
      type: "integer",
      help: "inferred",
    });
    expect(parameterOf(tool, "--extra")).toMatchObject({ type: "boolean", required: false });
    expect(parameterOf(tool, "--name").required).toBe(false);
    expect(tool.schema["required"]).toEqual(["size"]);
  });

  test("capabilities are only added, never taken away", async () => {
    const tool = await onlyTool({ "do.py": SCRIPT, "do.tool.json": '{"file": "do.py", "capabilities": ["gpu"]}' });
    expect(tool.capabilities.map((capability) => capability.name)).toEqual(["filesystem-delete", "gpu"]);
    expect(tool.capabilities[1]?.evidence).toMatchObject([
      { file: "do.tool.json", line: 1, why: "The manifest says so." },
    ]);
  });

  test("describe external tools", async () => {
    const tool = await onlyTool({
      "count.tool.yml":
        "command: [wc, -l]\nparameters:\n  - { name: files, type: array, items: { type: string }, nargs: '+', required: true }\n",
    });
    expect(tool).toMatchObject({
      id: "count.tool.yml",
      name: "count",
      kind: "external",
      source: "manifest",
      entry: { argv: ["wc", "-l"] },
    });
    expect(tool.capabilities).toMatchObject([{ name: "process-spawn", scope: { programs: ["wc"] } }]);
  });

  test("a bad field is one diagnostic on its line, the rest counts", async () => {
    const { tools, diagnostics } = await discoverFiles({
      "do.py": SCRIPT,
      "do.tool.yaml": `name: good
file: do.py
category: enormous
colour: red
capabilities:
  - gpu
  - flying
limits:
  memoryMB: 64
  timeSeconds: soon
parameters:
  - name: size
    type: integer
    required: maybe
    help: kept
  - flags: [--nameless]
`,
    });
    expect(diagnostics.map(({ line, severity, code }) => ({ line, severity, code }))).toEqual([
      { line: 3, severity: "error", code: "manifest-field" },
      { line: 4, severity: "warning", code: "manifest-unknown-field" },
      { line: 7, severity: "error", code: "manifest-field" },
      { line: 10, severity: "error", code: "manifest-field" },
      { line: 14, severity: "error", code: "manifest-field" },
      { line: 16, severity: "error", code: "manifest-field" },
    ]);
    expect(tools[0]).toMatchObject({ name: "good", limits: { memoryMB: 64 } });
    expect(tools[0]?.capabilities.map((capability) => capability.name)).toContain("gpu");
    expect(tools[0]?.parameters.find((parameter) => parameter.name === "size")?.help).toBe("kept");
  });

  test("how a tool is run: idempotent, its inputs, heavy, tried again", async () => {
    const manifest = (inputs: string): string =>
      `file: do.py\nidempotent: true\nheavy: true\nretry: { count: 2 }\ninputs: [${inputs}]\n`;
    const files = (inputs: string) => ({ "tools/do.py": SCRIPT, "tools/do.tool.yaml": manifest(inputs) });
    expect(await onlyTool(files("data, a.txt"))).toMatchObject({
      ...{ idempotent: true, heavy: true, retry: { count: 2, backoffSeconds: 1 } },
      inputs: ["tools/data", "tools/a.txt"],
    });
    const { tools, diagnostics } = await discoverFiles(files("data, ../a.txt"));
    expect(tools[0]?.inputs).toBeUndefined();
    expect(diagnostics).toMatchObject([{ line: 5, code: "manifest-target" }]);
  });

  test.each([
    ["syntax", "name: [", "manifest-syntax"],
    ["shape", "- a\n- b\n", "manifest-shape"],
    ["empty", "", "manifest-shape"],
    ["no target", "name: x\n", "manifest-target"],
    ["target elsewhere", "file: ../../etc/passwd\n", "manifest-target"],
    ["target missing", "file: gone.py\n", "manifest-no-tool"],
    [
      "alias bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g"].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdef"[index]}`).join(",")}]`).join("\n")}\n`,
      "manifest-syntax",
    ],
  ])("%s", async (_name, text, code) => {
    const { tools, diagnostics } = await discoverFiles({ "x.tool.yaml": text });
    expect(tools).toEqual([]);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
  });

  test("words that a parser leaves over: kept, or made a parameter by what the manifest says of them", async () => {
    const script =
      'import optparse\np = optparse.OptionParser("%prog FILE")\np.add_option("--size")\nprint(p.parse_args())\n';
    const kept = await onlyTool({
      "do.py": script,
      "do.tool.yaml": "file: do.py\nparameters:\n  - { name: size, help: How large }\n",
    });
    expect(kept.entry.rest).toMatchObject({ name: "args", metavar: "FILE" });
    expect(kept.schema["properties"]).toHaveProperty("args");
    const stated = await onlyTool({
      "do.py": script,
      "do.tool.yaml": "file: do.py\nparameters:\n  - { name: args, required: true }\n",
    });
    expect(stated.entry.rest).toBeUndefined();
    expect(parameterOf(stated, "args")).toMatchObject({ flags: [], type: "array", nargs: "*", required: true });
    const other = await onlyTool({
      "do.py": script,
      "do.tool.yaml": "file: do.py\nparameters:\n  - { name: input, type: string }\n",
    });
    expect(other.entry.rest).toBeUndefined();
    expect(other.parameters.map(({ name }) => name)).toEqual(["size", "input"]);
  });
});
