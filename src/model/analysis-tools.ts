import type * as z from "zod";
import { AnalysisFormat, AnalysisKind } from "./analysis.ts";
import type { Parameter, Tool } from "./tool.ts";

/** The first word of a built-in tool's command: the product's own command line, wherever it is installed. */
export const OWN_COMMAND = "toka";

/** Less than what may come out of a run of this category (10 MB), so that a large result is shortened, not cut. */
const MOST_BYTES = 9_500_000;

/** For people; programs ask for what they want. */
const STANDARD_FORMAT: AnalysisFormat = "html";

const TEXTS: Readonly<Record<AnalysisKind, { readonly description: string; readonly examples: readonly string[] }>> = {
  "control-flow": {
    description:
      "Control-flow graphs of the Python functions of the workspace: branches, loops, exceptions, dead ends.",
    examples: ["draw the control flow of the workspace", "show the control flow graph of parse"],
  },
  "call-graph": {
    description: "Which functions, methods and classes of the workspace call which, and what they call outside of it.",
    examples: ["draw the call graph", "who calls what in this project"],
  },
  "module-dependencies": {
    description: "Which Python modules of the workspace import which, import cycles, and the packages from outside.",
    examples: ["show the module dependencies", "find circular imports"],
  },
  "complexity-report": {
    description: "Cyclomatic and cognitive complexity, nesting and statements of every Python function, worst first.",
    examples: ["report the complexity of the functions", "which functions are too complex"],
  },
  "dead-code": {
    description: "Python functions, classes, imports and variables that nothing refers to, and unreachable statements.",
    examples: ["find dead code", "which functions and imports are unused"],
  },
};

function parameter(name: string, rest: Partial<Parameter>): Parameter {
  return { name, flags: [`--${name}`], required: false, confidence: "certain", line: 1, ...rest };
}

const PATHS = parameter("paths", {
  flags: [],
  type: "array",
  items: { type: "string" },
  nargs: "*",
  isPath: true,
  help: "Python files and folders; the whole workspace when left out.",
});
const FORMAT = parameter("format", {
  type: "string",
  choices: [...AnalysisFormat.options],
  default: STANDARD_FORMAT,
  help: "In which form the result is printed: data, a diagram, or a page.",
});
const LIMIT = parameter("limit", {
  type: "integer",
  help: "At most this many entries: the most telling ones.",
});
const FUNCTION = parameter("function", { type: "string", help: "Only functions of this qualified name." });

function schemaOf(parameters: readonly Parameter[]): Tool["schema"] {
  const properties: Record<string, z.core.util.JSONType> = {};
  for (const { name, type, items, choices, default: standard, help } of parameters) {
    properties[name] = {
      ...(type === undefined ? {} : { type }),
      ...(items === undefined ? {} : { items: { type: items.type } }),
      ...(choices === undefined ? {} : { enum: choices }),
      ...(standard === undefined ? {} : { default: standard }),
      ...(help === undefined ? {} : { description: help }),
      ...(type === "integer" ? { minimum: 1 } : {}),
    };
  }
  return { type: "object", properties, additionalProperties: false };
}

/**
 * The analyses as tools, built in: they run through the same gate and sandbox as the workspace's own. Their command starts
 * with {@link OWN_COMMAND}; only a kernel that was told where that lies can run them.
 */
export function analysisTools(): Tool[] {
  return AnalysisKind.options.map((kind): Tool => {
    const parameters = [PATHS, FORMAT, LIMIT, ...(kind === "control-flow" ? [FUNCTION] : [])];
    return {
      id: `builtin:${kind}`,
      name: kind,
      kind: "external",
      file: `builtin:${kind}`,
      line: 1,
      framework: "builtin",
      description: TEXTS[kind].description,
      category: "analysis",
      source: "manifest",
      // A format that is asked for comes later, and the last one counts.
      entry: { argv: [OWN_COMMAND, "analyze", kind, `--max-bytes=${MOST_BYTES}`, `--format=${STANDARD_FORMAT}`] },
      parameters,
      subcommands: [],
      schema: schemaOf(parameters),
      capabilities: [],
      examples: [...TEXTS[kind].examples],
    };
  });
}
