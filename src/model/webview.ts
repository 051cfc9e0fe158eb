import * as z from "zod";
import { CallFold, CallViewOptions, CallViewResult, DrawnCallKind, OtherCallDetail } from "./callview.ts";
import { DetailLevel, ExceptionDetail } from "./drawing.ts";
import { GraphResult } from "./protocol.ts";

/** What of a function is drawn. */
export const GraphViewOptions = z.object({
  level: DetailLevel,
  exceptions: ExceptionDetail,
  follow: z.boolean().default(false).describe("Draw the function that the cursor is in, whichever that is."),
  variable: z
    .string()
    .nullable()
    .default(null)
    .describe("Whose data flow is marked; empty for every variable of the chosen node, null for none."),
});
export type GraphViewOptions = z.infer<typeof GraphViewOptions>;

export const PictureFormat = z.enum(["svg", "png"]);
export type PictureFormat = z.infer<typeof PictureFormat>;

/** Larger than any picture that a browser makes. */
const MAX_PICTURE = 200_000_000;

/** From the extension host to the graph webview. */
export const GraphViewInput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("graph"), result: GraphResult, title: z.string(), options: GraphViewOptions }),
  z.object({
    type: z.literal("calls"),
    result: CallViewResult,
    title: z.string(),
    options: CallViewOptions,
    folds: z.array(CallFold),
  }),
  z.object({ type: z.literal("mermaid"), text: z.string(), title: z.string() }),
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("reading"), done: z.int(), of: z.int() }),
  z.object({ type: z.literal("select"), line: z.int().min(1), column: z.int().min(0) }),
  z.object({ type: z.literal("picture"), format: PictureFormat }),
]);
export type GraphViewInput = z.infer<typeof GraphViewInput>;

/** From the graph webview to the extension host. */
export const GraphViewOutput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("drawn"), nodes: z.int(), milliseconds: z.number() }),
  z.object({ type: z.literal("reveal"), line: z.int().min(1), uri: z.string().optional() }),
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("copy"), text: z.string() }),
  z.object({ type: z.literal("options"), options: GraphViewOptions }),
  z.object({ type: z.literal("callOptions"), options: CallViewOptions }),
  z.object({ type: z.literal("fold"), fold: CallFold }),
  z.object({
    type: z.literal("centre"),
    uri: z.string(),
    qualname: z.string().optional(),
    line: z.int().min(1),
  }),
  z.object({ type: z.literal("export") }),
  z.object({
    type: z.literal("picture"),
    format: PictureFormat,
    data: z.string().max(MAX_PICTURE).describe("SVG text, or a PNG file in base64."),
  }),
]);
export type GraphViewOutput = z.infer<typeof GraphViewOutput>;

/** What a graph webview keeps so that it comes back after a reload. */
export const GraphViewState = z.object({
  uri: z.string().optional(),
  qualname: z.string().optional(),
  line: z.int().min(1).optional(),
  options: GraphViewOptions.optional(),
  calls: CallViewOptions.extend({ folds: z.array(CallFold) }).optional(),
  mermaid: z.string().optional(),
  title: z.string(),
});
export type GraphViewState = z.infer<typeof GraphViewState>;

/** Localised words of the graph webview; `{0}` stands for what is named in the comment. */
export const GraphViewTexts = z.object({
  loading: z.string(),
  /** the graph's accessible name: its title */
  graph: z.string(),
  /** a node's accessible name: kind, label, line */
  node: z.string(),
  toolbar: z.string(),
  zoomIn: z.string(),
  zoomOut: z.string(),
  fit: z.string(),
  fitSign: z.string(),
  copy: z.string(),
  copySign: z.string(),
  copied: z.string(),
  help: z.string(),
  export: z.string(),
  exportSign: z.string(),
  level: z.string(),
  levels: z.record(DetailLevel, z.string()),
  exceptions: z.string(),
  exceptionDetails: z.record(ExceptionDetail, z.string()),
  /** an edge: kind or label, line of its start, line of its end */
  edge: z.string(),
  tooLarge: z.string(),
  /** why a diagram of a tool could not be drawn */
  notDrawn: z.string(),
  /** nodes, edges and complexity */
  summary: z.string(),
  unreachable: z.string(),
  follow: z.string(),
  followSign: z.string(),
  variable: z.string(),
  noVariable: z.string(),
  nodeVariables: z.string(),
  /** beside nodes: what gives a value, what reads it */
  defines: z.string(),
  reads: z.string(),
  /** of a variable: its name, the lines of definitions, the lines of uses */
  flow: z.string(),
  flowNone: z.string(),
  /** instead of a line: the value comes from outside of the function, or there is none */
  flowOutside: z.string(),
  lineOf: z.string(),
  /** how many files of how many */
  reading: z.string(),
  calls: z.string(),
  callsHelp: z.string(),
  callers: z.string(),
  callees: z.string(),
  /** a depth in the lists for callers and callees */
  callersDepth: z.string(),
  calleesDepth: z.string(),
  others: z.string(),
  otherDetails: z.record(OtherCallDetail, z.string()),
  callKinds: z.record(DrawnCallKind, z.string()),
  /** functions shown, functions in all, files */
  callsSummary: z.string(),
  /** a call: its lines */
  call: z.string(),
  callPossible: z.string(),
  unfold: z.string(),
  fold: z.string(),
  hiddenCallers: z.string(),
  hiddenCallees: z.string(),
  callsTooLarge: z.string(),
});
export type GraphViewTexts = z.infer<typeof GraphViewTexts>;
