import * as z from "zod";
import { CapabilityName } from "./capability.ts";

/** A line of code, as the run itself told it: relative to the working directory when it lies in it. */
export const CodePlace = z.object({ file: z.string(), line: z.int().min(1) });
export type CodePlace = z.infer<typeof CodePlace>;

/** `import`: read as Python code that is run. `attributes`: mode, owner or times were changed. */
export const FileAccess = z.enum(["import", "read", "list", "write", "delete", "attributes"]);
export type FileAccess = z.infer<typeof FileAccess>;

/** `path` is relative to the working directory when it lies in it. `place` is where it was first touched. */
export const ObservedFile = z.object({
  path: z.string(),
  access: z.array(FileAccess).min(1),
  place: CodePlace.optional(),
});
export type ObservedFile = z.infer<typeof ObservedFile>;

export const ObservedHost = z.object({
  host: z.string(),
  port: z.int().optional(),
  how: z.enum(["lookup", "connect", "listen"]),
  place: CodePlace.optional(),
});
export type ObservedHost = z.infer<typeof ObservedHost>;

export const ObservedProgram = z.object({ argv: z.array(z.string()).min(1), place: CodePlace.optional() });
export type ObservedProgram = z.infer<typeof ObservedProgram>;

/** Something else that needs a capability, in a few words. */
export const ObservedAction = z.object({
  capability: CapabilityName,
  what: z.string(),
  place: CodePlace.optional(),
});
export type ObservedAction = z.infer<typeof ObservedAction>;

/** What passed between the run and one host, as the proxy counted it. */
export const HostTraffic = z.object({
  host: z.string(),
  port: z.int(),
  sentBytes: z.int(),
  receivedBytes: z.int(),
});
export type HostTraffic = z.infer<typeof HostTraffic>;

/** One capability with what was seen of it. */
export const SeenCapability = z.object({
  capability: CapabilityName,
  seen: z.array(z.string()).min(1),
  place: CodePlace.optional(),
});
export type SeenCapability = z.infer<typeof SeenCapability>;

/** The least that would have been enough for what the run was seen to do. Paths are relative as in the files. */
export const TighterPolicy = z.object({
  readable: z.array(z.string()).describe("The folders and files that were read or listed."),
  code: z.array(z.string()).describe("The folders and files that Python code was loaded from."),
  writable: z.array(z.string()).describe("The folders and files that were written, changed or deleted."),
  hosts: z.array(z.string()).describe("The hosts that were reached or asked for, as rules for allowed hosts."),
  programs: z.array(z.string()),
  limits: z
    .object({ memoryMB: z.int().optional(), timeSeconds: z.int().optional() })
    .describe("Limits for a manifest that leave room for twice the memory and ten times the time of this run."),
});
export type TighterPolicy = z.infer<typeof TighterPolicy>;

/** What the code was seen to need by reading it, against what the run was seen to do. */
export const CapabilityComparison = z.object({
  matched: z.array(SeenCapability).describe("Inferred, and seen in this run."),
  unseen: z.array(CapabilityName).describe("Inferred, and not seen in this run; other arguments may need it."),
  unexpected: z.array(SeenCapability).describe("Seen in this run, and not inferred."),
  unobservable: z.array(CapabilityName).describe("Inferred; observing cannot see it."),
  tighter: TighterPolicy,
});
export type CapabilityComparison = z.infer<typeof CapabilityComparison>;

/**
 * What a run did, as its Pythons told it (PEP 578 audit events) and as the sandbox saw it. All but `sandbox` is the word
 * of the code that ran, which can say what it likes or nothing: good for suggestions, never for rights. Attempts count,
 * whether or not the policy let them succeed.
 */
export const Observed = z.object({
  pythons: z.int().describe("Python processes that reported; 0 means that nothing could be observed."),
  files: z.array(ObservedFile),
  looked: z
    .array(z.string())
    .optional()
    .describe("Paths of which the presence or attributes were asked, whether or not something is there."),
  temporaryFiles: z.int().describe("Files of the run's own temporary folders and results, which are not listed."),
  hosts: z.array(ObservedHost),
  programs: z.array(ObservedProgram).describe("Programs that were started; what they do is not seen."),
  environment: z.array(z.object({ name: z.string(), change: z.enum(["set", "unset"]) })),
  imports: z.array(z.string()).describe("Modules that are not of the standard library, by their first name."),
  actions: z.array(ObservedAction),
  lost: z.int().describe("Observations that are missing, because there were too many or they made no sense."),
  sandbox: z.object({
    traffic: z.array(HostTraffic),
    refused: z.array(z.object({ host: z.string(), port: z.int(), message: z.string() })),
  }),
  comparison: CapabilityComparison.optional(),
});
export type Observed = z.infer<typeof Observed>;
