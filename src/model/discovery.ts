import * as z from "zod";
import { Tool } from "./tool.ts";

export const DiagnosticSeverity = z.enum(["error", "warning", "information"]);

/** Something in a workspace file that its author should know: a syntax error, a bad manifest field, a file left out. */
export const Diagnostic = z.object({
  file: z.string(),
  line: z.int().min(1),
  severity: DiagnosticSeverity,
  code: z.string(),
  message: z.string(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

export const DiscoveryStats = z.object({
  filesSeen: z.int(),
  filesRead: z.int(),
  filesParsed: z.int(),
  milliseconds: z.number(),
});

/** What `toka discover --json` prints. */
export const DiscoveryReport = z.object({
  workspace: z.string(),
  tools: z.array(Tool),
  diagnostics: z.array(Diagnostic),
  stats: DiscoveryStats,
});
export type DiscoveryReport = z.infer<typeof DiscoveryReport>;
