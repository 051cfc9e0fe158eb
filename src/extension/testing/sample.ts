import type { Parameter, SandboxConfig, Tool } from "../../model/index.ts";

/** A parameter for tests; what a test is about is given. */
export function sampleParameter(given: Partial<Parameter> & { name: string }): Parameter {
  return { flags: [], type: "string", required: false, confidence: "certain", line: 1, ...given };
}

/** A tool for tests. */
export function sampleTool(given: Partial<Tool> = {}): Tool {
  return {
    id: "tools/prune.py",
    name: "prune",
    kind: "python",
    file: "tools/prune.py",
    line: 3,
    framework: "argparse",
    description: "Prunes trees.",
    category: "general",
    source: "inferred",
    entry: { argv: ["python", "tools/prune.py"] },
    parameters: [],
    subcommands: [],
    schema: { type: "object" },
    capabilities: [],
    ...given,
  };
}

/** The policy of a general tool without network. */
export const SAMPLE_POLICY: SandboxConfig = {
  namespaces: ["user", "pid"],
  syscalls: "default",
  readonlyPaths: ["/orchard"],
  writablePaths: [],
  forbiddenPaths: [],
  keptPaths: [],
  network: { mode: "none" },
  memoryBytes: 256 * 1024 * 1024,
  cpuPercent: 25,
  timeMs: 300_000,
  processes: 64,
  diskBytes: 100 * 1024 * 1024,
  files: 20_000,
  outputBytes: 10 * 1024 * 1024,
  outputFormats: ["text"],
  environment: [],
};
