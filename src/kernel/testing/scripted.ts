/** What tests of the kernel share: a sandbox that is told what happens, and a tool. */
import type { Result, Tool } from "../../model/index.ts";
import type { RunOptions, SandboxOutcome, SandboxRequest } from "../../sandbox/index.ts";

/** A sandbox that notes what it was asked and answers what the test says; the real one is used in the integration tests. */
export class ScriptedSandbox {
  readonly requests: SandboxRequest[] = [];
  act: (request: SandboxRequest, options: RunOptions) => void = () => undefined;
  outcome: SandboxOutcome = {
    exit: { code: 0, reason: "ok" },
    usage: { wallMs: 5, cpuMs: 4, peakMemoryBytes: 1000, writtenBytes: 0 },
    denied: [],
  };

  async run(request: SandboxRequest, options: RunOptions): Promise<SandboxOutcome> {
    this.requests.push(request);
    this.act(request, options);
    return this.outcome;
  }
}

/** A Python tool that claims to write a file and to reach a host. */
export function tool(given: Partial<Tool> = {}): Tool {
  return {
    id: "tools/report.py",
    name: "report",
    kind: "python",
    file: "tools/report.py",
    line: 1,
    framework: "argparse",
    description: "",
    category: "general",
    source: "inferred",
    entry: { argv: ["python", "tools/report.py"] },
    parameters: [
      { name: "title", flags: ["--title"], type: "string", required: true, confidence: "certain", line: 2 },
      { name: "file", flags: [], type: "string", required: false, confidence: "certain", line: 3 },
    ],
    subcommands: [],
    schema: { type: "object", properties: { title: { type: "string" }, file: { type: "string" } } },
    capabilities: [
      {
        name: "filesystem-write",
        severity: "medium",
        evidence: [{ file: "tools/report.py", line: 7, text: 'open(out, "w")', why: "opens a file for writing" }],
        scope: { paths: ["reports/out.txt"] },
      },
      {
        name: "network-access",
        severity: "high",
        evidence: [{ file: "tools/report.py", line: 9, text: "urlopen(URL)", why: "opens a connection" }],
        scope: { hosts: ["example.org"] },
      },
    ],
    ...given,
  };
}

/** The value of a result that has to be one. */
export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.message}`);
  return result.value;
}
