import * as z from "zod";
import { Observed } from "./observed.ts";
import { EnforcementReport, SandboxConfig } from "./sandbox.ts";
import { OutputFormat, ToolArguments } from "./tool.ts";

/** Who asks for a run. */
export const Principal = z.union([
  z.enum(["user", "chat"]),
  z.templateLiteral(["mcp:", z.string().min(1)]),
  z.templateLiteral(["workflow:", z.string().min(1)]),
]);
export type Principal = z.infer<typeof Principal>;

export const ExitReason = z.enum([
  "ok",
  "failed",
  "timeout",
  "memory",
  "cpu",
  "processes",
  "disk-limit",
  "output-limit",
  "denied",
  "cancelled",
  "not-enforceable",
  "sandbox-error",
]);
export type ExitReason = z.infer<typeof ExitReason>;

/** Totals of a run, over its whole process tree. */
export const Usage = z.object({
  wallMs: z.number(),
  cpuMs: z.number(),
  peakMemoryBytes: z.number(),
  writtenBytes: z.number(),
  peakProcesses: z.int().optional().describe("The most processes and threads at once, where the kernel counted them."),
});
export type Usage = z.infer<typeof Usage>;

/** `code` is the tool's own exit code; absent when a limit or a person ended it before it could exit. */
export const ExitStatus = z.object({ code: z.int().optional(), reason: ExitReason, message: z.string().optional() });
export type ExitStatus = z.infer<typeof ExitStatus>;

/** What the supervisor says while a run is under way. */
export const SandboxEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("started"),
    pid: z.int(),
    warm: z.literal(true).optional().describe("It runs in a sandbox that was kept ready."),
  }),
  z.object({
    type: z.literal("usage"),
    usage: Usage,
    processes: z.int(),
    memoryBytes: z.number().optional().describe("What the run holds now, where that is known."),
  }),
  z.object({ type: z.literal("denied"), host: z.string(), port: z.int(), message: z.string() }),
  z.object({ type: z.literal("limit"), reason: ExitReason, message: z.string() }),
  z.object({
    type: z.literal("exited"),
    exit: ExitStatus,
    usage: Usage,
    held: z
      .array(z.enum(["memory", "processes", "cpu"]))
      .optional()
      .describe("What the kernel itself kept within its limit, by the run's cgroup."),
  }),
]);
export type SandboxEvent = z.infer<typeof SandboxEvent>;

/** The file that `toka exec --report` writes. */
export const SandboxReport = z.object({
  exit: ExitStatus,
  usage: Usage,
  denied: z.array(z.string()).describe("What the policy kept the command from, in words, as far as it is known."),
  policy: SandboxConfig,
  enforcement: EnforcementReport,
  observed: Observed.optional(),
});
export type SandboxReport = z.infer<typeof SandboxReport>;

/** A file that a run left in its result folder, or its standard output in a format worth showing. */
export const ResultFile = z.object({
  path: z.string(),
  format: z.union([OutputFormat, z.literal("other")]),
  bytes: z.int(),
});
export type ResultFile = z.infer<typeof ResultFile>;

/** Which step of which run of a workflow an execution was. */
export const WorkflowOrigin = z.object({
  run: z.string().describe("Id of the workflow's run."),
  step: z.string(),
  item: z.int().min(0).optional().describe("Which item of `forEach`, from 0."),
});
export type WorkflowOrigin = z.infer<typeof WorkflowOrigin>;

/** A run, as it is kept and as `toka run --json` prints it. */
export const Execution = z.object({
  id: z.string(),
  tool: z.string().describe("The tool's id."),
  arguments: ToolArguments,
  argv: z.array(z.string()),
  principal: Principal,
  startedAt: z.iso.datetime(),
  policy: SandboxConfig,
  exit: ExitStatus,
  stdout: z.string(),
  stderr: z.string(),
  results: z.array(ResultFile),
  usage: Usage,
  warm: z.literal(true).optional().describe("It ran in a sandbox that was kept ready."),
  cached: z.boolean().describe("The result is that of an earlier run; `cachedFrom` says which."),
  cachedFrom: z.object({ execution: z.string(), at: z.iso.datetime() }).optional(),
  attempts: z.int().min(2).optional().describe("How often it was tried, where that was more than once."),
  denied: z
    .object({
      capability: z.string(),
      message: z.string(),
      evidence: z
        .object({ file: z.string(), line: z.int() })
        .optional()
        .describe("The line that shows the capability."),
      allow: z.string().optional().describe("The command line by which the user can allow it."),
    })
    .optional(),
  observed: Observed.optional().describe("What the run did, where it was run to be observed."),
  workflow: WorkflowOrigin.optional().describe("Of which workflow it was a step."),
});
export type Execution = z.infer<typeof Execution>;

/** What `toka history --json` prints: runs, newest first, without their output. */
export const History = z.object({ executions: z.array(Execution.omit({ stdout: true, stderr: true })) });
export type History = z.infer<typeof History>;

/** What a person may allow for one run beyond the tool's category. */
export const RunGrant = z.object({
  writablePaths: z.array(z.string()).describe("Absolute paths that become writable."),
  hosts: z
    .array(z.string())
    .describe("Hosts that may be reached: name, *.name or address, with :port if not 80 or 443."),
});
export type RunGrant = z.infer<typeof RunGrant>;
