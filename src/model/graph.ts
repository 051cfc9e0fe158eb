import * as z from "zod";

export const GraphNodeKind = z.enum([
  "entry",
  "exit",
  "raise-exit",
  "block",
  "branch",
  "loop",
  "match",
  "try",
  "except",
  "finally",
  "with",
  "with-exit",
]);
export type GraphNodeKind = z.infer<typeof GraphNodeKind>;

/** Kinds that start with `exception` may leave from any statement of their node. */
export const GraphEdgeKind = z.enum([
  "normal",
  "true",
  "false",
  "case",
  "loop-back",
  "return",
  "break",
  "continue",
  "exception",
]);
export type GraphEdgeKind = z.infer<typeof GraphEdgeKind>;

/** `lines` are the first lines of the node's statements, in order; lines count from 1. */
export const GraphNode = z.object({
  id: z.string(),
  kind: GraphNodeKind,
  startLine: z.int().min(1),
  endLine: z.int().min(1),
  lines: z.array(z.int().min(1)),
  label: z.string(),
  unreachable: z.boolean().optional(),
});
export type GraphNode = z.infer<typeof GraphNode>;

export const GraphEdge = z.object({
  from: z.string(),
  to: z.string(),
  kind: GraphEdgeKind,
  label: z.string().optional(),
});
export type GraphEdge = z.infer<typeof GraphEdge>;

/**
 * Cyclomatic as ruff's C901 counts it, cognitive by Sonar's definition, nesting in levels, statements as counted in the
 * body, parameters with `self`, `*args` and `**kwargs`; the maintainability index (100 is best) where it is asked for.
 */
export const Complexity = z.object({
  cyclomatic: z.int(),
  cognitive: z.int(),
  nesting: z.int(),
  statements: z.int(),
  parameters: z.int().optional(),
  maintainability: z.number().min(0).max(100).optional(),
});
export type Complexity = z.infer<typeof Complexity>;

/** `comprehension` (generator expressions too) only where graphs of those are asked for. */
export const ScopeKind = z.enum(["function", "module", "class", "lambda", "comprehension"]);
export type ScopeKind = z.infer<typeof ScopeKind>;

/** The control-flow graph of one scope of a Python file. */
export const ControlFlowGraph = z.object({
  kind: ScopeKind,
  qualname: z.string().describe("As Python's __qualname__, with <locals> and <lambda>; the module is <module>."),
  line: z.int().min(1).describe("The line of `def`, `class` or `lambda`."),
  endLine: z.int().min(1),
  complexity: Complexity,
  nodes: z.array(GraphNode),
  edges: z.array(GraphEdge),
});
export type ControlFlowGraph = z.infer<typeof ControlFlowGraph>;

/** One line of `toka cfg --json`: the graphs of one file. */
export const FileGraphs = z.object({
  file: z.string(),
  error: z.string().optional(),
  withExit: z.literal("node"),
  functions: z.array(ControlFlowGraph),
});
export type FileGraphs = z.infer<typeof FileGraphs>;
