import * as z from "zod";
import { CapabilityName, Evidence } from "./capability.ts";
import { Principal } from "./execution.ts";

/**
 * How long a grant holds: for one run, until the program that took it ends, or until it is revoked or the tool changes.
 */
export const GrantDuration = z.enum(["once", "session", "always"]);
export type GrantDuration = z.infer<typeof GrantDuration>;

/** What one principal may do with one version of one tool. */
export const Grant = z.object({
  id: z.string(),
  tool: z.string().describe("The tool's id."),
  fingerprint: z.string().describe("Of the version of the tool that it was given for; another version asks again."),
  principal: Principal,
  capability: CapabilityName,
  duration: GrantDuration,
  paths: z.array(z.string()).describe("Absolute paths, for capabilities that are about files."),
  hosts: z
    .array(z.string())
    .describe("Hosts that may be reached: name, *.name or address, with :port if not 80 or 443."),
  grantedAt: z.iso.datetime(),
  grantedBy: z.string(),
  evidence: z.array(Evidence).describe("The lines that showed the capability when it was granted."),
});
export type Grant = z.infer<typeof Grant>;

/** A file of a tool that is not as it was when the tool was last approved. */
export const ChangedFile = z.object({
  file: z.string().describe("Relative to the workspace, with `/`."),
  change: z.enum(["changed", "added", "removed"]),
  hasText: z.boolean().describe("The approved text was kept, so that the difference can be shown."),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** How a tool differs from the version that was last approved. */
export const ToolChanges = z.object({
  tool: z.string(),
  approvedAt: z.iso.datetime(),
  files: z.array(ChangedFile),
  description: z.boolean().describe("Its command, schema, category or limits changed."),
});
export type ToolChanges = z.infer<typeof ToolChanges>;

/** A grant with what a person wants to know about it. */
export const ExplainedGrant = Grant.extend({
  name: z.string().optional().describe("The tool's name; absent when the tool is no longer in the workspace."),
  holds: z.boolean().describe("It counts for the tool as it is now."),
  why: z.string().describe("Why it holds or does not, in one sentence."),
  changes: ToolChanges.optional().describe("What changed since it was given."),
});
export type ExplainedGrant = z.infer<typeof ExplainedGrant>;

/** What `toka grants --json` prints. */
export const GrantList = z.object({ grants: z.array(ExplainedGrant) });
export type GrantList = z.infer<typeof GrantList>;

/**
 * What is noted in the audit: a run was asked for, denied, began, ended; a call was refused, so that it never became a run;
 * a person declined; a grant was given, used up or revoked; a tool's results may be kept, or no longer; the state was
 * restored from a backup.
 */
export const AuditAction = z.enum([
  "asked",
  "refused",
  "declined",
  "denied",
  "started",
  "ended",
  "granted",
  "used",
  "revoked",
  "cache-allowed",
  "cache-forbidden",
  "restored",
]);
export type AuditAction = z.infer<typeof AuditAction>;

/** One line of what `toka audit --json` prints. */
export const AuditRecord = z.object({
  seq: z.int().describe("Grows by the order of what happened; nothing is ever taken out."),
  at: z.iso.datetime(),
  principal: z.string(),
  action: z.string().describe("An action of this version's list, or of another version's."),
  tool: z.string(),
  execution: z.string().optional(),
  details: z.record(z.string(), z.json()),
});
export type AuditRecord = z.infer<typeof AuditRecord>;
