/** A workspace with one workflow, and a kernel for it whose sandbox is made up: each tool prints and leaves what it was given. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kernel } from "../../src/kernel/index.ts";
import type { Result, Tool, WorkflowReport } from "../../src/model/index.ts";
import type { RunOptions, SandboxOutcome, SandboxRequest } from "../../src/sandbox/index.ts";

const WORKFLOW = `name: chain
steps:
  - id: first
    tool: work
    with: { what: first }
    outputs: { size: "\${{ result.json.size }}" }
  - id: each
    tool: work
    forEach: [a, b]
    with: { what: "\${{ item }}", size: "\${{ steps.first.outputs.size }}" }
  - id: last
    tool: work
    with: { what: last, size: "\${{ len(steps.each.stdout) }}", file: "\${{ steps.first.results['out.txt'] }}" }
outputs:
  sizes: \${{ steps.each.json }}
  last: \${{ steps.last.json.size }}
`;

const TOOL: Tool = {
  ...{ id: "work.py", name: "work", kind: "python", file: "work.py", line: 1, framework: "argparse", description: "" },
  ...{ category: "general", source: "inferred", entry: { argv: ["python", "work.py"] } },
  ...{ subcommands: [], capabilities: [], schema: { type: "object" } },
  parameters: [
    { name: "what", flags: ["--what"], type: "string", required: true, confidence: "certain", line: 1 },
    { name: "size", flags: ["--size"], type: "integer", required: false, confidence: "certain", line: 1 },
    { name: "file", flags: ["--file"], type: "string", required: false, confidence: "certain", line: 1 },
  ],
};

export function makeChain(workspace: string): void {
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, "work.py"), "print('work')\n");
  writeFileSync(join(workspace, "chain.workflow.yaml"), WORKFLOW);
}

/** @param onRun called when a tool begins and when it ends */
export function openChain(workspace: string, stateFolder: string, onRun: () => void): Kernel {
  const run = async (request: SandboxRequest, options: RunOptions): Promise<SandboxOutcome> => {
    onRun();
    // The ids of runs differ from run to run.
    const words = request.argv
      .slice(2)
      .join(" ")
      .replaceAll(/\/\S*\/runs\/[^/]*\//g, "");
    writeFileSync(join(request.resultFolder ?? "", "out.txt"), words);
    await options.onStdout(new TextEncoder().encode(JSON.stringify({ size: words.length })));
    onRun();
    const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1, writtenBytes: 1 };
    return { exit: { code: 0, reason: "ok" }, usage, denied: [] };
  };
  const opened = Kernel.open({ workspace, stateFolder, environment: {}, sandbox: { run } });
  if (!opened.ok) throw new Error(opened.problem.message);
  opened.value.registerTools([TOOL]);
  return opened.value;
}

export async function runChain(kernel: Kernel, resume: boolean): Promise<Result<WorkflowReport>> {
  const compiled = kernel.workflows.open(join(kernel.workspace, "chain.workflow.yaml"));
  if (!compiled.ok) return compiled;
  return await kernel.workflows.run(
    { compiled: compiled.value, inputs: {}, ...(resume ? { resume: true } : {}) },
    { signal: new AbortController().signal },
  );
}
