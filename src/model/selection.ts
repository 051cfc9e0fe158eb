import * as z from "zod";
import { ToolArguments } from "./tool.ts";

/** A tool's place in the ranking; `score` is comparable only within one ranking. */
export const RankedTool = z.object({ name: z.string(), score: z.number() });
export type RankedTool = z.infer<typeof RankedTool>;

/** Where the value of an argument comes from. */
export const Provenance = z.object({ from: z.enum(["words", "default", "model"]), text: z.string().optional() });
export type Provenance = z.infer<typeof Provenance>;

/** The answer to a task in words. Only `call` is ready to run; `clarify` and `none` say why not in `message`. */
export const Selection = z.object({
  kind: z.enum(["call", "clarify", "none"]),
  tool: z.string().optional().describe("The tool's id."),
  args: ToolArguments,
  provenance: z.record(z.string(), Provenance),
  flags: z.array(z.string()).describe("Values that look hostile, each with the reason."),
  message: z.string(),
  model: z.string().optional().describe("The model that decided; absent when the words alone did."),
  ranked: z.array(RankedTool),
});
export type Selection = z.infer<typeof Selection>;

/** What a language model must answer: a tool of the shortlist with its arguments, or null and the reason. */
export const ModelReply = z.object({
  tool: z.string().nullable(),
  arguments: ToolArguments.default({}),
  message: z.string().default(""),
});
export type ModelReply = z.infer<typeof ModelReply>;
