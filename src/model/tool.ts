import * as z from "zod";
import { Capability } from "./capability.ts";

export const ToolKind = z.enum(["python", "shell", "external"]);
export type ToolKind = z.infer<typeof ToolKind>;

/** How a tool declares its command line; `main` is a script that takes no declared arguments. */
export const Framework = z.enum([
  "argparse",
  "click",
  "typer",
  "fire",
  "docopt",
  "optparse",
  "getopt",
  "getopts",
  "absl",
  "argh",
  "cleo",
  "cyclopts",
  "jsonargparse",
  "plumbum",
  "tyro",
  "sys.argv",
  "main",
  "shell",
  "mcp",
  "langchain",
  "smolagents",
  "pydantic-ai",
  "openai-agents",
  "invoke",
  "nox",
  "doit",
  "make",
  "just",
  "task",
  "manifest",
  "plugin",
  "builtin",
]);
export type Framework = z.infer<typeof Framework>;

/** Default limits go by category: `analysis` is the strictest gate on output, `utility` the smallest budget. */
export const Category = z.enum(["analysis", "general", "utility"]);
export type Category = z.infer<typeof Category>;

export const ParameterType = z.enum(["string", "integer", "number", "boolean", "array", "object"]);
export type ParameterType = z.infer<typeof ParameterType>;

/** How sure discovery is of a value that it read; `unknown` means that only running the code could tell. */
export const Confidence = z.enum(["certain", "likely", "unknown"]);
export type Confidence = z.infer<typeof Confidence>;

/** One argument of a command line. `default`, `choices` and `type` are left out when they cannot be known. */
export const Parameter = z.object({
  name: z.string().min(1).describe("The key under which callers pass it: the destination name, unique per subcommand."),
  flags: z.array(z.string()).describe("Option strings as typed; empty for a positional parameter."),
  type: ParameterType.optional(),
  items: z.object({ type: ParameterType }).optional().describe("For arrays: the type of each value."),
  required: z.boolean(),
  default: z.json().optional(),
  choices: z.array(z.json()).optional(),
  nargs: z.union([z.int().min(0), z.enum(["?", "*", "+", "..."])]).optional(),
  action: z.string().optional().describe("As in argparse: store, store_true, append, count…"),
  help: z.string().optional(),
  metavar: z.string().optional(),
  hidden: z.boolean().optional().describe("Left out of the tool's own help."),
  subcommand: z
    .string()
    .optional()
    .describe("Space-separated path of the subcommand that owns it; none for global ones."),
  isPath: z.boolean().optional().describe("The value names a file or folder."),
  exclusiveGroup: z.string().optional().describe("Parameters of one command with the same group exclude each other."),
  confidence: Confidence,
  line: z.int().min(1),
});
export type Parameter = z.infer<typeof Parameter>;

/** One subcommand of a tool's command line; nested ones are space-separated paths. */
export const Subcommand = z.object({
  path: z.string().min(1),
  help: z.string().optional(),
  line: z.int().min(1),
});
export type Subcommand = z.infer<typeof Subcommand>;

/**
 * Words that a command line leaves over: its parser hands them to the program without naming them (the second value of
 * optparse's `parse_args` and of `getopt.getopt`). They are no parameter of the parser, and come last on the command line.
 */
export const RestWords = z.object({
  name: z.string().min(1).describe("The key under which callers pass them, as a list of texts; no parameter has it."),
  metavar: z.string().optional().describe("What the usage line calls them."),
  help: z.string().optional(),
  isPath: z.boolean().optional().describe("They name files or folders."),
  confidence: Confidence,
  line: z.int().min(1),
});
export type RestWords = z.infer<typeof RestWords>;

export const ToolSource = z.enum(["inferred", "manifest", "both", "plugin"]);

/** What a tool prints on standard output, when it is known. */
export const OutputFormat = z.enum(["text", "json", "mermaid", "html"]);
export type OutputFormat = z.infer<typeof OutputFormat>;

/** Limits that a manifest asks for; they only narrow those of the category. */
export const ManifestLimits = z.strictObject({
  memoryMB: z.number().positive().optional(),
  cpuPercent: z.number().positive().optional(),
  timeSeconds: z.number().positive().optional(),
  processes: z.int().positive().optional(),
  diskMB: z.number().positive().optional(),
  files: z.int().positive().optional(),
  outputMB: z.number().positive().optional(),
});
export type ManifestLimits = z.infer<typeof ManifestLimits>;

/** How often a run that failed is tried again, and how long after: each time twice as long as the time before. */
export const RetryPolicy = z.strictObject({
  count: z.int().min(0).max(10).describe("Further attempts after the first."),
  backoffSeconds: z.number().min(0).max(300).default(1).describe("Before the second attempt."),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** Something in the workspace that can be run. Paths are relative to the workspace folder, with `/`. */
export const Tool = z.object({
  id: z.string().min(1).describe("path#entry; the entry is left out for a file that is the tool itself."),
  name: z.string().min(1),
  kind: ToolKind,
  file: z.string(),
  line: z.int().min(1),
  function: z.string().optional(),
  framework: Framework,
  description: z.string(),
  category: Category,
  inferredCategory: Category.optional().describe(
    "What was inferred, where a manifest states another: its limits hold as well.",
  ),
  source: ToolSource,
  entry: z.object({
    argv: z
      .array(z.string())
      .min(1)
      .describe("The command before any argument; a first element `python` is the interpreter."),
    pythonPath: z
      .array(z.string())
      .optional()
      .describe(
        "Folders, relative to the workspace, that have to be on PYTHONPATH for the command to find its modules.",
      ),
    usage: z
      .array(z.string())
      .optional()
      .describe(
        "Usage patterns of docopt, without the program's name: they say where on the command line a value goes.",
      ),
    rest: RestWords.optional(),
    arguments: z
      .literal("json")
      .optional()
      .describe(
        "The tool is a function, called with its arguments as one JSON object; `argv` names its file and what is called.",
      ),
  }),
  parameters: z.array(Parameter),
  subcommands: z.array(Subcommand),
  schema: z.record(z.string(), z.json()).describe("JSON Schema of the arguments object."),
  capabilities: z.array(Capability),
  output: OutputFormat.optional(),
  limits: ManifestLimits.optional().describe("Limits that a manifest narrows."),
  idempotent: z.boolean().optional().describe("The same command on the same inputs gives the same result."),
  inputs: z
    .array(z.string())
    .optional()
    .describe("All files and folders that it reads, relative to the workspace; a folder with everything in it."),
  heavy: z.boolean().optional().describe("At most one heavy tool runs at a time."),
  retry: RetryPolicy.optional(),
  examples: z.array(z.string()).optional(),
});
export type Tool = z.infer<typeof Tool>;

/** Whether a tool's file is one of the workspace: what is built in, and some of what plugins provide, has none there. */
export function hasSource({ framework, file, id }: Pick<Tool, "framework" | "file" | "id">): boolean {
  return framework !== "builtin" && !(framework === "plugin" && file === id);
}

/** Arguments of one call: parameter name to value; `subcommand` (a space-separated path) picks a subcommand. */
export const ToolArguments = z.record(z.string(), z.json());
export type ToolArguments = z.infer<typeof ToolArguments>;

/** The key that picks a subcommand in {@link ToolArguments}. */
export const SUBCOMMAND_KEY = "subcommand";
