import * as z from "zod";
import { Capability } from "./capability.ts";
import { ExitReason, Principal, Usage } from "./execution.ts";
import { SandboxConfig } from "./sandbox.ts";
import { ParameterType } from "./tool.ts";

/** A name that expressions can write after a dot. */
export const WorkflowId = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, "is no name: letters, digits, “_” and “-”, and a letter or “_” first");

/** A workflow's name; runs of its steps are done for the principal `workflow:<name>`. */
export const WorkflowName = z
  .string()
  .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,63}$/u, "is no name: letters, digits, “_”, “-”, “.” and spaces");

/** An input of a workflow, typed like a tool's parameter. It has to be given when it has no default. */
export const WorkflowInput = z.strictObject({
  type: ParameterType.default("string"),
  items: z.strictObject({ type: ParameterType }).optional().describe("For arrays: the type of each value."),
  description: z.string().optional(),
  default: z.json().optional(),
  choices: z.array(z.json()).min(1).optional().describe("The values that may be given."),
  required: z.boolean().optional().describe("false: the input is null when it is not given and has no default."),
});
export type WorkflowInput = z.infer<typeof WorkflowInput>;

/** When a step that failed is tried again. What was denied, cancelled or cannot be enforced is not. */
export const WorkflowRetry = z.strictObject({
  count: z.int().min(1).max(10).describe("How often it is tried again."),
  backoffSeconds: z.number().min(0).max(3600).default(1).describe("Wait before the first time; doubled each time."),
});
export type WorkflowRetry = z.infer<typeof WorkflowRetry>;

/** A value with its type, taken from what a step gave. */
export const WorkflowOutput = z.union([
  z.string().describe("An expression, or text with expressions."),
  z.strictObject({
    value: z.json().describe("A value, an expression, or text with expressions."),
    type: ParameterType.optional().describe("Checked when the step has run; known to what uses it."),
    description: z.string().optional(),
  }),
]);
export type WorkflowOutput = z.infer<typeof WorkflowOutput>;

/** One step: an ordinary execution of a tool. */
export const WorkflowStep = z.strictObject({
  id: WorkflowId.describe("Unique in the workflow; other steps name it in `needs` and in expressions."),
  name: z.string().optional().describe("What people see; the id when left out."),
  tool: z.string().min(1).describe("A tool's id, or a name that only one tool has."),
  with: z
    .record(z.string(), z.json())
    .optional()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how expressions of workflows are written
    .describe("The tool's arguments: values, expressions `${{ … }}`, or text with expressions in it."),
  needs: z
    .union([WorkflowId, z.array(WorkflowId)])
    .optional()
    .describe("Steps that have to end first. Those that expressions name are needed anyway."),
  if: z
    .union([z.boolean(), z.string().min(1)])
    .optional()
    .describe("An expression; the step is skipped when it is false."),
  forEach: z
    .union([z.string().min(1), z.array(z.json())])
    .optional()
    .describe("A list, or an expression that gives one: the tool runs once for each `item`, in parallel."),
  retry: WorkflowRetry.optional(),
  timeoutSeconds: z.number().positive().optional().describe("Narrows the time that the tool may take."),
  outputs: z
    .record(WorkflowId, WorkflowOutput)
    .optional()
    .describe("Named values from what the step gave (`result`), for `steps.<id>.outputs.<name>`."),
});
export type WorkflowStep = z.infer<typeof WorkflowStep>;

/** More steps than this are no workflow that anybody could look at. */
export const MAX_WORKFLOW_STEPS = 500;

/** `*.workflow.yaml` / `*.workflow.json`: steps that run tools, with what they pass to each other. */
export const Workflow = z.strictObject({
  name: WorkflowName.optional().describe("Who its steps run for: `workflow:<name>`. The file's name when left out."),
  description: z.string().optional(),
  inputs: z.record(WorkflowId, WorkflowInput).optional(),
  steps: z.array(WorkflowStep).min(1).max(MAX_WORKFLOW_STEPS),
  outputs: z.record(WorkflowId, WorkflowOutput).optional().describe("What the whole workflow gives."),
});
export type Workflow = z.infer<typeof Workflow>;

/** Something wrong with a workflow file. Lines and columns count from 1. */
export const WorkflowProblem = z.object({
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  endLine: z.int().min(1),
  endColumn: z.int().min(1),
});
export type WorkflowProblem = z.infer<typeof WorkflowProblem>;

/** What `toka workflow check --json` prints. */
export const WorkflowCheck = z.object({
  file: z.string(),
  workflow: z.string().describe("The workflow's name."),
  ok: z.boolean().describe("There is no error; warnings may be there."),
  problems: z.array(WorkflowProblem),
});
export type WorkflowCheck = z.infer<typeof WorkflowCheck>;

/** What one step would do. `argv` and `arguments` hold what is known before anything runs. */
export const PlannedStep = z.object({
  id: WorkflowId,
  name: z.string().optional(),
  line: z.int().min(1),
  tool: z.string().describe("The tool's id."),
  toolName: z.string(),
  fingerprint: z.string().optional().describe("Of the tool, as it is now."),
  wave: z.int().min(0),
  needs: z.array(WorkflowId).describe("Steps that end first: those named, and those whose values are used."),
  if: z.string().optional().describe("The condition, when it is not known yet."),
  skipped: z.boolean().describe("The condition is known to be false."),
  forEach: z.union([z.int(), z.string()]).optional().describe("How many runs, or the expression that will tell."),
  argv: z.array(z.string()).optional().describe("The command, where every argument is known."),
  arguments: z
    .record(z.string(), z.json())
    .describe("Arguments; those not known yet as the expression that gives them."),
  unknown: z.array(z.string()).describe("Names of the arguments that are not known yet."),
  policy: SandboxConfig.optional(),
  capabilities: z.array(Capability),
  denied: z.object({ capability: z.string(), message: z.string() }).optional(),
  asked: z
    .object({ writablePaths: z.array(z.string()), hosts: z.array(z.string()) })
    .describe("What the tool's code names and the policy does not give."),
  problem: z.string().optional().describe("Why more cannot be told."),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/** What `toka workflow plan --json` prints: everything that would happen, before it does. */
export const WorkflowPlan = z.object({
  file: z.string(),
  workflow: z.string(),
  description: z.string().optional(),
  principal: Principal,
  inputs: z.record(z.string(), z.json()),
  waves: z.array(z.array(WorkflowId)).describe("Ids of steps; those of one wave may run at once."),
  steps: z.array(PlannedStep),
  capabilities: z
    .array(Capability.extend({ steps: z.array(WorkflowId) }))
    .describe("The union over all steps, with the evidence of each."),
  hosts: z.array(z.string()).describe("Hosts that some step may reach."),
  askedHosts: z.array(z.string()).describe("Hosts that the code of some step names and its policy does not give."),
  writablePaths: z.array(z.string()),
  askedPaths: z.array(z.string()),
  limits: z
    .object({ memoryBytes: z.number(), timeMs: z.number(), cpuPercent: z.number(), processes: z.number() })
    .describe("The largest of any step; time is that of the longest chain of steps, without retries."),
  denied: z.array(z.object({ step: WorkflowId, capability: z.string(), message: z.string() })),
  mermaid: z.string().describe("The steps as a diagram."),
  problems: z.array(WorkflowProblem),
});
export type WorkflowPlan = z.infer<typeof WorkflowPlan>;
export type WorkflowCapability = z.infer<typeof WorkflowPlan>["capabilities"][number];

export const WorkflowStepStatus = z.enum(["waiting", "running", "ok", "failed", "skipped", "cancelled"]);
export type WorkflowStepStatus = z.infer<typeof WorkflowStepStatus>;

/** One run of a step's tool. */
export const WorkflowStepRun = z.object({
  execution: z.string().describe("Id of the execution, as `toka history` has it."),
  item: z.int().min(0).optional().describe("Which item of `forEach`, from 0."),
  attempt: z.int().min(1),
  reason: ExitReason,
  message: z.string().optional(),
  reused: z.boolean().describe("It had finished in an earlier attempt at this workflow run and was not run again."),
  cached: z.boolean(),
  usage: Usage,
});
export type WorkflowStepRun = z.infer<typeof WorkflowStepRun>;

export const WorkflowStepReport = z.object({
  id: WorkflowId,
  tool: z.string(),
  status: WorkflowStepStatus,
  reused: z.boolean().describe("Nothing of it was run again."),
  message: z.string().optional().describe("Why it failed or was skipped."),
  runs: z.array(WorkflowStepRun),
  outputs: z.record(z.string(), z.json()).optional(),
});
export type WorkflowStepReport = z.infer<typeof WorkflowStepReport>;

export const WorkflowRunStatus = z.enum(["running", "ok", "failed", "cancelled", "interrupted"]);
export type WorkflowRunStatus = z.infer<typeof WorkflowRunStatus>;

/** What `toka workflow run --json` prints. */
export const WorkflowReport = z.object({
  id: z.string(),
  workflow: z.string(),
  file: z.string(),
  status: WorkflowRunStatus,
  startedAt: z.iso.datetime(),
  resumed: z.boolean(),
  inputs: z.record(z.string(), z.json()),
  outputs: z.record(z.string(), z.json()),
  steps: z.array(WorkflowStepReport),
  message: z.string().optional().describe("Why it failed, when all its steps went well."),
});
export type WorkflowReport = z.infer<typeof WorkflowReport>;

/** One earlier run of a workflow, as `toka workflow runs --json` lists it. */
export const WorkflowRunRecord = z.object({
  id: z.string(),
  workflow: z.string(),
  file: z.string(),
  status: WorkflowRunStatus.describe("interrupted: its process ended before the run did."),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  inputs: z.record(z.string(), z.json()),
  steps: z.array(
    z.object({
      id: z.string(),
      item: z.int().min(0).optional(),
      execution: z.string().optional(),
      status: WorkflowStepStatus,
    }),
  ),
});
export type WorkflowRunRecord = z.infer<typeof WorkflowRunRecord>;

export const WorkflowRuns = z.object({ runs: z.array(WorkflowRunRecord) });
export type WorkflowRuns = z.infer<typeof WorkflowRuns>;

/** File names that hold a workflow. */
export const WORKFLOW_FILE = /\.workflow\.(?:ya?ml|json)$/i;
