import * as z from "zod";
import { GraphResult } from "./protocol.ts";

/** From the extension host to the graph webview. */
export const GraphViewInput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("graph"), result: GraphResult, title: z.string() }),
  z.object({ type: z.literal("mermaid"), text: z.string(), title: z.string() }),
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("select"), line: z.int().min(1) }),
]);
export type GraphViewInput = z.infer<typeof GraphViewInput>;

/** From the graph webview to the extension host. */
export const GraphViewOutput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("drawn"), nodes: z.int(), milliseconds: z.number() }),
  z.object({ type: z.literal("reveal"), line: z.int().min(1) }),
  z.object({ type: z.literal("failed"), message: z.string() }),
]);
export type GraphViewOutput = z.infer<typeof GraphViewOutput>;

/** What a graph webview keeps so that it comes back after a reload. */
export const GraphViewState = z.object({
  uri: z.string().optional(),
  qualname: z.string().optional(),
  line: z.int().min(1).optional(),
  mermaid: z.string().optional(),
  title: z.string(),
});
export type GraphViewState = z.infer<typeof GraphViewState>;
