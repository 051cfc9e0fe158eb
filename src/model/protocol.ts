import * as z from "zod";
import { DiscoveryReport } from "./discovery.ts";
import { ControlFlowGraph } from "./graph.ts";

/** Custom messages between the extension host and the language server (the rest is standard LSP). */
export const METHODS = {
  /** request: a workspace folder's tools, from the server's index or a fresh scan */
  discover: "toka/discover",
  /** request: the control-flow graph of a function, of the text as it is in the editor */
  graph: "toka/graph",
  /** notification from the server: the tools of a folder changed */
  toolsChanged: "toka/toolsChanged",
  /** notification to the server: its configuration changed */
  configure: "toka/configure",
} as const;

/** What the server needs from the editor: what to leave out, which lenses to show and in which words. */
export const ServerConfiguration = z.object({
  exclude: z
    .record(z.string(), z.array(z.string()))
    .describe("For each folder (by its URI): globs of files that discovery leaves out."),
  lenses: z.object({ controlFlow: z.boolean(), run: z.boolean() }),
  texts: z.object({
    controlFlow: z.string().describe("Lens above a function; {0} is its cyclomatic complexity."),
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
});
export type DiscoverParams = z.infer<typeof DiscoverParams>;

export const DiscoverResult = DiscoveryReport;
export type DiscoverResult = z.infer<typeof DiscoverResult>;

export const ToolsChangedParams = z.object({ folder: z.string() });
export type ToolsChangedParams = z.infer<typeof ToolsChangedParams>;

/** Which scope to draw: the one named, else the innermost function around `line` (counting from 1). */
export const GraphParams = z.object({
  uri: z.string(),
  qualname: z.string().optional(),
  line: z.int().min(1).optional(),
});
export type GraphParams = z.infer<typeof GraphParams>;

/** Mermaid text with the graph that it draws; `nodes` are named in it by their ids. */
export const GraphResult = z.object({
  uri: z.string(),
  graph: ControlFlowGraph,
  mermaid: z.string(),
});
export type GraphResult = z.infer<typeof GraphResult>;
