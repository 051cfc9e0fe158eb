import * as z from "zod";
import { CallViewParams } from "./callview.ts";
import { CapabilityExtension } from "./capability.ts";
import { DataFlow } from "./dataflow.ts";
import { DiscoveryReport } from "./discovery.ts";
import { DetailLevel, ExceptionDetail, GraphDrawing } from "./drawing.ts";
import { ControlFlowGraph } from "./graph.ts";
import { Tool } from "./tool.ts";

/** Custom messages between the extension host and the language server (the rest is standard LSP). */
export const METHODS = {
  /** request: a workspace folder's tools, from the server's index or a fresh scan */
  discover: "toka/discover",
  /** request: the control-flow graph of a function, of the text as it is in the editor */
  graph: "toka/graph",
  /** request: the same graph as text in one of several formats */
  graphText: "toka/graphText",
  /** request: which definitions reach which uses in a function */
  dataFlow: "toka/dataFlow",
  /** request: what calls what in a workspace folder */
  callGraph: "toka/callGraph",
  /** request: the part of the call graph around a function, laid out */
  callView: "toka/callView",
  /** request: the same part as text in one of several formats */
  callViewText: "toka/callViewText",
  /** notification from the server: texts of Python files changed and were read anew */
  sourcesChanged: "toka/sourcesChanged",
  /** notification from the server: the tools of a folder changed */
  toolsChanged: "toka/toolsChanged",
  /** notification from the server: how far the first reading of a folder has come */
  discovering: "toka/discovering",
  /** notification to the server: files that the user is looking at, to be read before others */
  wanted: "toka/wanted",
  /** notification to the server: its configuration changed */
  configure: "toka/configure",
} as const;

/** What the server needs from the editor: what to leave out, which lenses to show and in which words. */
export const ServerConfiguration = z.object({
  exclude: z
    .record(z.string(), z.array(z.string()))
    .describe("For each folder (by its URI): globs of files that discovery leaves out."),
  capabilities: z
    .record(z.string(), z.array(CapabilityExtension))
    .describe("For each folder (by its URI): calls that settings add to the table of capabilities."),
  lenses: z.object({ controlFlow: z.boolean(), callGraph: z.boolean(), run: z.boolean() }),
  indexFolder: z.string().optional().describe("Absolute path of the folder where discovery keeps what it found."),
  highlights: z.boolean().describe("Highlight what the data flow of a variable leads to and from."),
  texts: z.object({
    symbol: z.string().describe("Beside a function's symbol; {0} is its cyclomatic, {1} its cognitive complexity."),
    lines: z.string().describe("In a hover, from line {0} to line {1}."),
    metrics: z
      .record(z.string(), z.object({ name: z.string(), meaning: z.string() }))
      .describe("For each metric of a function, in the order of a hover's table."),
    controlFlow: z.string().describe("Lens above a function; {0} is its cyclomatic complexity."),
    callGraph: z.string().describe("Lens above a function."),
    calls: z
      .object({ external: z.string(), unknown: z.string(), module: z.string() })
      .describe("In a drawn call graph: above {0} calls of a kind; for the code of the module {0} itself."),
    run: z.string().describe("Lens above a tool's entry; {0} is its name."),
  }),
});
export type ServerConfiguration = z.infer<typeof ServerConfiguration>;

/** Argument of the command behind a tool's lens, and of every other way to name a tool inside the editor. */
export const ToolReference = z.object({
  folder: z.string().describe("URI of the workspace folder."),
  tool: z.string().describe("The tool's id."),
});
export type ToolReference = z.infer<typeof ToolReference>;

export const DiscoverParams = z.object({
  folder: z.string().describe("URI of the workspace folder."),
  fresh: z.boolean().optional().describe("Read the folder anew, whatever the index holds."),
  progress: z
    .string()
    .optional()
    .describe("The tools come under this token of `$/progress`, some at a time, and the answer has none."),
});
export type DiscoverParams = z.infer<typeof DiscoverParams>;

export const DiscoverResult = DiscoveryReport.extend({
  revision: z.int().optional().describe("The number of this report, which later changes refer to."),
});
export type DiscoverResult = z.infer<typeof DiscoverResult>;

/** The parts of a report that come before the answer. */
export const DiscoverProgress = z.object({ tools: z.array(Tool) });
export type DiscoverProgress = z.infer<typeof DiscoverProgress>;

/** The change leads from one revision of the folder's report to another; who has a different one asks for the report. */
export const ToolsChangedParams = z.object({
  folder: z.string().describe("URI of the workspace folder."),
  from: z.int(),
  to: z.int(),
  changed: z.array(Tool).optional().describe("Tools that came or changed; none of them when there are too many."),
  removed: z.array(z.string()).optional().describe("Ids of tools that went."),
  behind: z.int().min(0).describe("Files that are still to be read again, because what they rest on changed."),
});
export type ToolsChangedParams = z.infer<typeof ToolsChangedParams>;

/** What a first reading found since it last told, so that tools show before all are known. */
export const DiscoveringParams = z.object({
  folder: z.string().describe("URI of the workspace folder."),
  seen: z.int().min(0).describe("Files seen so far."),
  waiting: z.array(z.string()).describe("Files that may hold tools and wait to be analysed, told once."),
  analysed: z.array(z.string()).describe("Files that wait no more."),
  tools: z.array(Tool).describe("What these hold, as each file alone tells."),
});
export type DiscoveringParams = z.infer<typeof DiscoveringParams>;

export const WantedParams = z.object({
  folder: z.string().describe("URI of the workspace folder."),
  files: z.array(z.string()).describe("Relative to the folder, with `/`; the first one first."),
});
export type WantedParams = z.infer<typeof WantedParams>;

/** Which scope to draw: the one named, else the innermost function around `line` (counting from 1). */
export const GraphParams = z.object({
  uri: z.string(),
  qualname: z.string().optional(),
  line: z.int().min(1).optional(),
  exceptions: ExceptionDetail.optional(),
  level: DetailLevel.optional(),
  dataFlow: z.boolean().optional().describe("Give the data flow of the same scope and text, too."),
});
export type GraphParams = z.infer<typeof GraphParams>;

/** Lines of a text, the first and the last included. */
const LineRange = z.object({ firstLine: z.int().min(1), endLine: z.int().min(1) });

/** The version of an open document; null for a text that is read from its file. */
const Version = z.int().nullable();

/** A graph, as Mermaid text too, and laid out; `drawing` is null when the graph is too large for any picture. */
export const GraphResult = z.object({
  uri: z.string(),
  version: Version,
  scope: LineRange.extend({ inner: z.array(LineRange) }).describe(
    "The lines of the function with its decorators, and of the functions inside it, which have graphs of their own.",
  ),
  graph: ControlFlowGraph,
  mermaid: z.string(),
  drawing: GraphDrawing.nullable(),
  flow: DataFlow.optional(),
});
export type GraphResult = z.infer<typeof GraphResult>;

export const GraphTextFormat = z.enum(["mermaid", "dot", "json", "html"]);
export type GraphTextFormat = z.infer<typeof GraphTextFormat>;

export const GraphTextParams = GraphParams.extend({ format: GraphTextFormat });
export type GraphTextParams = z.infer<typeof GraphTextParams>;

export const GraphTextResult = z.object({ text: z.string() });
export type GraphTextResult = z.infer<typeof GraphTextResult>;

/** As `GraphParams` names a scope; the answer is a `DataFlow`. */
export const DataFlowParams = GraphParams.pick({ uri: true, qualname: true, line: true });
export type DataFlowParams = z.infer<typeof DataFlowParams>;

export const CallViewTextParams = CallViewParams.extend({ format: GraphTextFormat });
export type CallViewTextParams = z.infer<typeof CallViewTextParams>;

/** What of a reading of files is done, under the token that a request named. */
export const ReadingProgress = z.object({ done: z.int(), of: z.int() });
export type ReadingProgress = z.infer<typeof ReadingProgress>;

/** Python files whose texts changed; what is asked of them from now on is answered from these texts or newer ones. */
export const SourcesChangedParams = z.object({ changes: z.array(z.object({ uri: z.string(), version: Version })) });
export type SourcesChangedParams = z.infer<typeof SourcesChangedParams>;

/** The answer is a `CallGraph`. */
export const CallGraphParams = z.object({ folder: z.string().describe("URI of the workspace folder.") });
export type CallGraphParams = z.infer<typeof CallGraphParams>;
