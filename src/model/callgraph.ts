import * as z from "zod";

/** What of a workspace calls or is called. */
export const CallNode = z.object({
  id: z.int().min(0).describe("Index in the list of nodes."),
  kind: z.enum(["module", "class", "function", "method"]),
  file: z.string().describe("Relative to the workspace, with `/`."),
  qualname: z.string().describe("As Python's __qualname__; the module is <module>."),
  line: z.int().min(1),
});
export type CallNode = z.infer<typeof CallNode>;

/**
 * `certain`: no other target is possible as far as the text tells. `possible`: one of several, by a conditional definition,
 * an annotation, or a method that a subclass overrides.
 */
export const CallCertainty = z.enum(["certain", "possible"]);
export type CallCertainty = z.infer<typeof CallCertainty>;

export const CallEdge = z.object({
  from: z.int().min(0),
  to: z.int().min(0),
  kind: z.enum(["call", "construct", "decorate"]),
  certainty: CallCertainty,
  lines: z.array(z.int().min(1)).describe("Of the calls, in the caller's file."),
});
export type CallEdge = z.infer<typeof CallEdge>;

/** Calls that leave the workspace (`name` is the dotted path of an import or of a builtin) or whose target is not known. */
const OtherCalls = z.object({ from: z.int().min(0), lines: z.array(z.int().min(1)) });
export const ExternalCalls = OtherCalls.extend({ name: z.string() });
export type ExternalCalls = z.infer<typeof ExternalCalls>;
export const UnknownCalls = OtherCalls.extend({ text: z.string().describe("The callee as it is written, cut.") });
export type UnknownCalls = z.infer<typeof UnknownCalls>;

/** What was read, and how many of the calls came to what; one call may have several possible targets. */
export const CallGraphStats = z.object({
  files: z.int(),
  calls: z.int(),
  resolved: z.int(),
  external: z.int(),
  unknown: z.int(),
});
export type CallGraphStats = z.infer<typeof CallGraphStats>;

export const CallGraph = z.object({
  nodes: z.array(CallNode),
  edges: z.array(CallEdge),
  external: z.array(ExternalCalls),
  unknown: z.array(UnknownCalls),
  stats: CallGraphStats,
});
export type CallGraph = z.infer<typeof CallGraph>;
