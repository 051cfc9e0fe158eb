import * as z from "zod";
import { CallCertainty, CallEdge } from "./callgraph.ts";

const Line = z.int().min(1);

/** The two sides of a function in a call graph: who calls it, and whom it calls. */
export const CallSide = z.enum(["callers", "callees"]);
export type CallSide = z.infer<typeof CallSide>;

/** Which calls are shown that lead to no function of the workspace: those not resolved, also those outside, or none. */
export const OtherCallDetail = z.enum(["none", "unknown", "all"]);
export type OtherCallDetail = z.infer<typeof OtherCallDetail>;

/** Deeper than this nobody looks, and the button beside a function leads on. */
export const MAX_CALL_DEPTH = 6;
const Depth = z.int().min(0).max(MAX_CALL_DEPTH);

/** How far the calls around a function are followed. */
export const CallViewOptions = z.object({ callers: Depth, callees: Depth, others: OtherCallDetail });
export type CallViewOptions = z.infer<typeof CallViewOptions>;

/** One side of a function that a person folded or unfolded by hand. */
export const CallFold = z.object({
  node: z.string().describe("Key of the function."),
  side: CallSide,
  open: z.boolean(),
});
export type CallFold = z.infer<typeof CallFold>;

/** More than this nobody unfolds by hand. */
const MAX_FOLDS = 500;

/**
 * The part of a call graph around a function: the one named, else the innermost around `line`; where there is none (and
 * without both), around all functions of the file.
 */
export const CallViewParams = CallViewOptions.extend({
  uri: z.string(),
  qualname: z.string().optional(),
  line: Line.optional(),
  folds: z.array(CallFold).max(MAX_FOLDS).default([]),
  progress: z.string().optional().describe("Token under which the reading of files is told."),
});
export type CallViewParams = z.infer<typeof CallViewParams>;

/** What is drawn: something of the workspace, or a caller's calls that lead out of it (`external`) or are not resolved. */
export const DrawnCallKind = z.enum(["module", "class", "function", "method", "external", "unknown"]);
export type DrawnCallKind = z.infer<typeof DrawnCallKind>;

/** One side of a drawn function: how many there are, how many of them are not drawn, and whether it is unfolded. */
export const DrawnCallSide = z.object({ all: z.int().min(0), hidden: z.int().min(0), open: z.boolean() });
export type DrawnCallSide = z.infer<typeof DrawnCallSide>;

/** A box of a drawn call graph, in CSS pixels at the drawing's natural size. */
export const DrawnCall = z.object({
  id: z.string().describe("Key of the function, the same as long as its file and name are."),
  kind: DrawnCallKind,
  uri: z.string().describe("Of the file that `startLine` counts in."),
  qualname: z.string().optional().describe("Of functions, methods and classes."),
  startLine: Line.describe("Of the definition; of other calls, where the first is made."),
  text: z.array(z.string()).describe("The label as it is written, line by line."),
  label: z.string().describe("The whole label."),
  root: z.literal(true).optional().describe("What the graph was asked for."),
  callers: DrawnCallSide.optional(),
  callees: DrawnCallSide.optional(),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
});
export type DrawnCall = z.infer<typeof DrawnCall>;

export const DrawnCallEdge = z.object({
  from: z.string(),
  to: z.string(),
  kind: z.enum([...CallEdge.shape.kind.options, "external", "unknown"]),
  certainty: CallCertainty,
  lines: z.array(Line).describe("Of the calls, in the caller's file."),
  points: z.array(z.tuple([z.number(), z.number()])).describe("Corners of its way, which is orthogonal."),
});
export type DrawnCallEdge = z.infer<typeof DrawnCallEdge>;

/** A call graph laid out from left to right, callers before callees. Text as in a `GraphDrawing`. */
export const CallDrawing = z.object({
  width: z.number(),
  height: z.number(),
  fontSize: z.number(),
  column: z.number(),
  lineHeight: z.number(),
  padding: z.number(),
  nodes: z.array(DrawnCall),
  edges: z.array(DrawnCallEdge),
});
export type CallDrawing = z.infer<typeof CallDrawing>;

/** The part of a call graph that was asked for; `drawing` is null when it is too large for any picture. */
export const CallViewResult = z.object({
  uri: z.string().describe("Of the file of what was asked for."),
  qualname: z.string().nullable().describe("Null for a whole file."),
  line: Line,
  title: z.string(),
  mermaid: z.string(),
  drawing: CallDrawing.nullable(),
  shown: z.int().describe("Functions, classes and modules that are drawn."),
  functions: z.int().describe("Functions, classes and modules of the workspace."),
  files: z.int().describe("Files that were read."),
});
export type CallViewResult = z.infer<typeof CallViewResult>;
