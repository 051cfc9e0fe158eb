import * as z from "zod";
import { CapabilityName } from "./capability.ts";
import { Category, ManifestLimits, OutputFormat, Parameter, RetryPolicy } from "./tool.ts";

/** A parameter as a manifest states it; what is left out is taken from what discovery inferred. */
export const ManifestParameter = Parameter.pick({
  name: true,
  flags: true,
  type: true,
  items: true,
  required: true,
  default: true,
  choices: true,
  nargs: true,
  help: true,
  subcommand: true,
  isPath: true,
})
  .partial()
  .required({ name: true })
  .strict();
export type ManifestParameter = z.infer<typeof ManifestParameter>;

/**
 * `*.tool.yaml` / `*.tool.json`: describes the file named in `file` (beside the manifest), or an external command.
 * Read field by field: a bad field is one diagnostic, the rest still counts.
 */
export const Manifest = z.strictObject({
  name: z.string().min(1).optional(),
  description: z.string().optional(),
  file: z.string().min(1).optional().describe("The script that this manifest describes, relative to the manifest."),
  command: z.array(z.string()).min(1).optional().describe("The argv of an external tool, instead of `file`."),
  category: Category.optional(),
  output: OutputFormat.optional().describe("What the tool prints on standard output."),
  parameters: z
    .array(ManifestParameter)
    .optional()
    .describe("Replaces the help, type or default of what was inferred, and adds what was not."),
  capabilities: z.array(CapabilityName).optional().describe("Capabilities to add; inferred ones cannot be removed."),
  limits: ManifestLimits.optional(),
  idempotent: z
    .boolean()
    .optional()
    .describe(
      "The same command on the same inputs gives the same result and changes nothing: it may come from the cache.",
    ),
  inputs: z
    .array(z.string().min(1))
    .optional()
    .describe(
      "All files and folders that an idempotent tool reads, relative to the manifest; a folder counts with everything in it. Without it a Python tool is observed.",
    ),
  heavy: z.boolean().optional().describe("It needs the machine for itself: at most one heavy tool runs at a time."),
  retry: RetryPolicy.optional().describe("Tries a run again that failed or timed out; for failures that can pass."),
  examples: z.array(z.string()).optional(),
});
export type Manifest = z.infer<typeof Manifest>;
