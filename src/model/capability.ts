import * as z from "zod";

export const Severity = z.enum(["low", "medium", "high", "critical"]);
export type Severity = z.infer<typeof Severity>;

/**
 * The one table of capability names. `severity` says how much harm a tool with it can do when nothing limits it;
 * `title` and `icon` (a codicon) are what people see.
 */
export const CAPABILITIES = {
  "filesystem-read": { severity: "low", title: "reads files", icon: "file" },
  "filesystem-write": { severity: "medium", title: "writes files", icon: "edit" },
  "filesystem-delete": { severity: "high", title: "deletes files", icon: "trash" },
  "file-permissions": { severity: "medium", title: "changes file permissions", icon: "lock" },
  "network-access": { severity: "high", title: "connects to the network", icon: "globe" },
  "network-listen": { severity: "high", title: "listens on the network", icon: "radio-tower" },
  "process-spawn": { severity: "high", title: "starts other programs", icon: "terminal" },
  "process-signal": { severity: "medium", title: "signals other processes", icon: "zap" },
  "env-read": { severity: "low", title: "reads the environment", icon: "symbol-variable" },
  "env-write": { severity: "low", title: "changes the environment", icon: "symbol-variable" },
  secrets: { severity: "high", title: "reads secrets", icon: "key" },
  "native-code": { severity: "high", title: "loads native code", icon: "chip" },
  "dynamic-code": { severity: "high", title: "runs code made at run time", icon: "code" },
  deserialization: { severity: "high", title: "deserializes objects", icon: "package" },
  "package-install": { severity: "critical", title: "installs packages", icon: "cloud-download" },
  privileged: { severity: "critical", title: "needs privileges", icon: "shield" },
  stdin: { severity: "low", title: "reads standard input", icon: "keyboard" },
  gui: { severity: "low", title: "opens windows", icon: "window" },
  gpu: { severity: "low", title: "uses the GPU", icon: "circuit-board" },
} as const satisfies Record<string, { severity: Severity; title: string; icon: string }>;

export const CapabilityName = z.enum(Object.keys(CAPABILITIES) as [keyof typeof CAPABILITIES]);
export type CapabilityName = z.infer<typeof CapabilityName>;

/** What settings add to the table of calls that need capabilities. Nothing can be taken away from it. */
export const CapabilityExtension = z.strictObject({
  calls: z
    .array(
      z
        .string()
        .regex(/^(?:\.\w+|\w+(?:\.\w+)*(?:\.\*)?)$/u, "is no call such as `package.Class.method` or `package.*`"),
    )
    .min(1)
    .describe("Qualified names, `package.*` for everything in a package, `.name` for a method of any object."),
  capability: CapabilityName,
  why: z.string().min(1).max(120).optional().describe("Completes “this line …”."),
});
export type CapabilityExtension = z.infer<typeof CapabilityExtension>;

/** The line that proves a capability. `file` is relative to the workspace folder, `line` counts from 1. */
export const Evidence = z.object({
  file: z.string(),
  line: z.int().min(1),
  text: z.string().describe("The source line, trimmed."),
  why: z.string().describe("One sentence: what on this line needs the capability."),
  chain: z.array(z.string()).optional().describe("Functions called on the way from the tool's entry to the line."),
});
export type Evidence = z.infer<typeof Evidence>;

/** What the code names itself: literal hosts, paths and programs. It becomes the proposed policy. */
export const Scope = z.object({
  hosts: z.array(z.string()).optional(),
  paths: z.array(z.string()).optional(),
  programs: z.array(z.string()).optional(),
});
export type Scope = z.infer<typeof Scope>;

export const Capability = z.object({
  name: CapabilityName,
  severity: Severity,
  evidence: z.array(Evidence).min(1),
  scope: Scope.optional(),
});
export type Capability = z.infer<typeof Capability>;
