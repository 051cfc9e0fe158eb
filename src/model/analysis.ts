import * as z from "zod";
import { CallGraph } from "./callgraph.ts";
import { Complexity, FileGraphs, ScopeKind } from "./graph.ts";

/** The analyses that can be run as tools. */
export const AnalysisKind = z.enum([
  "control-flow",
  "call-graph",
  "module-dependencies",
  "complexity-report",
  "dead-code",
]);
export type AnalysisKind = z.infer<typeof AnalysisKind>;

/** In which form an analysis prints its result. */
export const AnalysisFormat = z.enum(["json", "mermaid", "html"]);
export type AnalysisFormat = z.infer<typeof AnalysisFormat>;

export const ModuleNode = z.object({
  id: z.int().min(0).describe("Index in the list of modules."),
  file: z.string(),
  imports: z.int().describe("How many modules of the workspace it imports."),
  importedBy: z.int(),
});
export type ModuleNode = z.infer<typeof ModuleNode>;

/** One module of the workspace imports another. */
export const ModuleEdge = z.object({
  from: z.int().min(0),
  to: z.int().min(0),
  lines: z.array(z.int().min(1)),
  deferred: z
    .literal(true)
    .optional()
    .describe("Only inside functions or for type checkers: not when the module is imported."),
});
export type ModuleEdge = z.infer<typeof ModuleEdge>;

export const ExternalPackage = z.object({
  name: z.string().describe("The top-level package."),
  standard: z.boolean().describe("It belongs to Python's standard library."),
  importedBy: z.array(z.int().min(0)),
});
export type ExternalPackage = z.infer<typeof ExternalPackage>;

export const ModuleDependencies = z.object({
  modules: z.array(ModuleNode),
  edges: z.array(ModuleEdge),
  cycles: z
    .array(z.object({ modules: z.array(z.int().min(0)), deferred: z.boolean() }))
    .describe(
      "Modules that import each other; `deferred` where imports inside functions are part of every such circle.",
    ),
  external: z.array(ExternalPackage),
  unresolved: z.array(z.object({ from: z.int().min(0), name: z.string(), line: z.int().min(1) })),
});
export type ModuleDependencies = z.infer<typeof ModuleDependencies>;

export const FunctionComplexity = z.object({
  file: z.string(),
  kind: ScopeKind,
  qualname: z.string(),
  line: z.int().min(1),
  endLine: z.int().min(1),
  complexity: Complexity,
});
export type FunctionComplexity = z.infer<typeof FunctionComplexity>;

/** Sums over a module's functions and the module's own statements; `nesting` is the deepest. */
export const ModuleComplexity = z.object({
  file: z.string(),
  lines: z.int(),
  functions: z.int(),
  cyclomatic: z.int(),
  cognitive: z.int(),
  nesting: z.int(),
  statements: z.int(),
});
export type ModuleComplexity = z.infer<typeof ModuleComplexity>;

export const ComplexityReport = z.object({
  functions: z.array(FunctionComplexity).describe("By cognitive complexity, then cyclomatic, the highest first."),
  modules: z.array(ModuleComplexity).describe("By the sum of cognitive complexity, the highest first."),
});
export type ComplexityReport = z.infer<typeof ComplexityReport>;

/** `maybe`: something in the text could refer to it in a way that is not analysed. */
export const DeadCodeConfidence = z.enum(["certain", "likely", "maybe"]);
export type DeadCodeConfidence = z.infer<typeof DeadCodeConfidence>;

export const DeadCodeFinding = z.object({
  kind: z.enum(["function", "method", "class", "import", "variable", "unreachable"]),
  name: z.string().describe("For unreachable code: the scope that it is in."),
  file: z.string(),
  line: z.int().min(1),
  endLine: z.int().min(1),
  confidence: DeadCodeConfidence,
  why: z.string(),
});
export type DeadCodeFinding = z.infer<typeof DeadCodeFinding>;

export const DeadCode = z.object({ findings: z.array(DeadCodeFinding) });
export type DeadCode = z.infer<typeof DeadCode>;

const head = {
  files: z.int().describe("How many files were read."),
  problems: z
    .array(z.object({ file: z.string(), line: z.int().min(1).optional(), message: z.string() }))
    .describe("What could not be read; everything else is in the result all the same."),
  leftOut: z.record(z.string(), z.int()).describe("How many entries of each list a limit left out."),
};

/** What `toka analyze KIND --format json` prints. */
export const AnalysisReport = z.discriminatedUnion("analysis", [
  z.object({ analysis: z.literal("control-flow"), ...head, graphs: z.array(FileGraphs) }),
  z.object({ analysis: z.literal("call-graph"), ...head, ...CallGraph.shape }),
  z.object({ analysis: z.literal("module-dependencies"), ...head, ...ModuleDependencies.shape }),
  z.object({ analysis: z.literal("complexity-report"), ...head, ...ComplexityReport.shape }),
  z.object({ analysis: z.literal("dead-code"), ...head, ...DeadCode.shape }),
]);
export type AnalysisReport = z.infer<typeof AnalysisReport>;
