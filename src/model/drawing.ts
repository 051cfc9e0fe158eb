import * as z from "zod";
import { GraphEdgeKind, GraphNodeKind } from "./graph.ts";

/** Which exception edges are drawn: all, those that the function itself deals with or causes, or none. */
export const ExceptionDetail = z.enum(["all", "handled", "none"]);
export type ExceptionDetail = z.infer<typeof ExceptionDetail>;

/**
 * How much is told apart: only where ways part, straight code in one node, a node for each statement, or also the parts
 * of conditions.
 */
export const DetailLevel = z.enum(["branch", "block", "statement", "expression"]);
export type DetailLevel = z.infer<typeof DetailLevel>;

const Line = z.int().min(1);

/** A node with its place, in CSS pixels at the drawing's natural size. */
export const DrawnNode = z.object({
  id: z.string(),
  kind: GraphNodeKind,
  startLine: Line,
  endLine: Line,
  lines: z.array(Line),
  text: z.array(z.string()).describe("The label as it is written, line by line."),
  label: z.string().describe("The whole label."),
  unreachable: z.boolean().optional(),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
});
export type DrawnNode = z.infer<typeof DrawnNode>;

export const DrawnEdge = z.object({
  from: z.string(),
  to: z.string(),
  kind: GraphEdgeKind,
  text: z.string().describe("The label as it is written; empty for none."),
  label: z.string().describe("The whole label."),
  points: z.array(z.tuple([z.number(), z.number()])).describe("Corners of its way, which is orthogonal."),
  labelX: z.number(),
  labelY: z.number(),
});
export type DrawnEdge = z.infer<typeof DrawnEdge>;

/** A graph laid out for drawing. Text is measured in columns of a monospaced font of `fontSize` pixels. */
export const GraphDrawing = z.object({
  width: z.number(),
  height: z.number(),
  fontSize: z.number(),
  column: z.number().describe("Width of one column of text."),
  lineHeight: z.number(),
  padding: z.number().describe("From a node's border to its text."),
  nodes: z.array(DrawnNode),
  edges: z.array(DrawnEdge),
});
export type GraphDrawing = z.infer<typeof GraphDrawing>;
