import {
  type CallArguments,
  type ClassValue,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  type Interpreter,
  isSequence,
  lookupInClass,
  NONE,
  resolutionOrder,
  textOf,
  truth,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { givenText } from "../readers/reading.ts";
import { type AgentTool, declareTool, functionOf, hostWith, toolDecorator } from "./declarations.ts";
import { fieldOf, type JsonSchema } from "./json-schema.ts";
import { MCP_MODELS } from "./mcp.ts";

// --- langchain ----------------------------------------------------------------------------------------------------

function langchainTool(callee: FunctionValue, call: CallArguments): AgentTool {
  const [first] = call.positional;
  const schema = call.keywords.get("args_schema");
  const parses = call.keywords.get("parse_docstring");
  return {
    framework: "langchain",
    name: givenText(call, "name") ?? (first?.kind === "str" ? first.value : undefined),
    description: givenText(call, "description"),
    callee,
    skip: 0,
    ...(schema?.kind === "class" ? { argumentsClass: schema } : {}),
    summaryOnly: parses !== undefined && truth(parses) === true,
  };
}

const langchainDecorator = toolDecorator((callee, call, interpreter) =>
  declareTool(interpreter, langchainTool(callee, call)),
);

/** `StructuredTool.from_function(func=…)`; `coroutine` when there is no plain function. */
const structuredTool: ExternalModel = (call, interpreter) => {
  const callee =
    functionOf(call.positional[0]) ??
    functionOf(call.keywords.get("func")) ??
    functionOf(call.keywords.get("coroutine"));
  if (callee !== null) declareTool(interpreter, langchainTool(callee, { ...call, positional: [] }));
  return unknown("a StructuredTool");
};

/** `Tool(name, func, description)`: a function of one text. */
const singleInputTool: ExternalModel = (call, interpreter) => {
  const callee = functionOf(call.keywords.get("func") ?? call.positional[1]);
  if (callee !== null) {
    declareTool(interpreter, {
      ...langchainTool(callee, { ...call, positional: [] }),
      name: givenText(call, "name", 0),
      description: givenText(call, "description", 2),
    });
  }
  return unknown("a Tool");
};

const LANGCHAIN_TOOLS = [
  "langchain_core.tools",
  "langchain_core.tools.base",
  "langchain_core.tools.convert",
  "langchain_core.tools.structured",
  "langchain_core.tools.simple",
  "langchain.tools",
  "langchain.tools.base",
  "langchain.agents",
  "langchain_community.tools",
] as const;

// --- smolagents ---------------------------------------------------------------------------------------------------

const smolagentsDecorator = toolDecorator((callee, _call, interpreter) =>
  declareTool(interpreter, {
    framework: "smolagents",
    name: undefined,
    description: undefined,
    callee,
    skip: 0,
    summaryOnly: true,
  }),
);

// --- pydantic-ai --------------------------------------------------------------------------------------------------

function pydanticTool(callee: FunctionValue, call: CallArguments, skip: number): AgentTool {
  return {
    framework: "pydantic-ai",
    name: givenText(call, "name"),
    description: givenText(call, "description"),
    callee,
    skip,
    summaryOnly: true,
  };
}

function pydanticDecorator(skip: number): ExternalModel {
  return toolDecorator((callee, call, interpreter) => declareTool(interpreter, pydanticTool(callee, call, skip)));
}

/** `Tool(function, name=…)` of pydantic-ai, by the host that stands for it. */
const PYDANTIC_TOOLS = new WeakMap<HostValue, { readonly callee: FunctionValue; readonly call: CallArguments }>();

const pydanticToolObject: ExternalModel = (call) => {
  const [first, ...rest] = call.positional;
  const callee = functionOf(first ?? call.keywords.get("function"));
  if (callee === null) return unknown("a Tool of something unknown");
  const host: HostValue = { kind: "host", typeName: "pydantic_ai.Tool" };
  PYDANTIC_TOOLS.set(host, { callee, call: { ...call, positional: rest } });
  return host;
};

/** `Agent(…)` and `FunctionToolset(…)`: both take functions and decorate them. */
const toolHolder: ExternalModel = (call, interpreter) => {
  const addAll = (value: Value | undefined): void => {
    if (value !== undefined && isSequence(value)) for (const item of value.items) addPydantic(item, call, interpreter);
  };
  addAll(call.keywords.get("tools"));
  return hostWith("pydantic_ai.Agent", interpreter, {
    tool: pydanticDecorator(1),
    tool_plain: pydanticDecorator(0),
    add_function: (inner) => {
      addPydantic(inner.positional[0] ?? inner.keywords.get("func"), inner, interpreter);
      return NONE;
    },
    add_tool: (inner) => {
      addPydantic(inner.positional[0] ?? inner.keywords.get("tool"), inner, interpreter);
      return NONE;
    },
  });
};

/** The functions given to `FunctionToolset([…])` come first. */
const toolset: ExternalModel = (call, interpreter) => {
  const [first] = call.positional;
  const keywords = first === undefined ? call.keywords : new Map([...call.keywords, ["tools", first] as const]);
  return toolHolder({ ...call, keywords }, interpreter);
};

function addPydantic(value: Value | undefined, call: CallArguments, interpreter: Interpreter): void {
  const made = value?.kind === "host" ? PYDANTIC_TOOLS.get(value) : undefined;
  const callee = made?.callee ?? functionOf(value);
  if (callee !== null)
    declareTool(interpreter, pydanticTool(callee, made?.call ?? { ...call, keywords: new Map() }, 0));
}

export const PYDANTIC_HOLDERS = ["pydantic_ai.Agent", "pydantic_ai.agent.Agent"] as const;

// --- openai-agents ------------------------------------------------------------------------------------------------

/** `@function_tool`, `@function_tool(name_override=…)`. */
const functionTool = toolDecorator((callee, call, interpreter) =>
  declareTool(interpreter, {
    framework: "openai-agents",
    name: givenText(call, "name_override"),
    description: givenText(call, "description_override"),
    callee,
    skip: 0,
    summaryOnly: true,
  }),
);

// --- classes ------------------------------------------------------------------------------------------------------

const TOOL_CLASSES: ReadonlyMap<string, "smolagents" | "langchain"> = new Map([
  ["smolagents.Tool", "smolagents"],
  ["smolagents.tools.Tool", "smolagents"],
  ...["BaseTool", "StructuredTool", "Tool"].flatMap((name) =>
    LANGCHAIN_TOOLS.map((module) => [`${module}.${name}`, "langchain"] as const),
  ),
]);

/** The tool that a subclass of a framework's tool class is; `null` for other classes and abstract ones. */
export function classTool(made: ClassValue): AgentTool | null {
  const framework = resolutionOrder(made)
    .map((item) => (item.kind === "external" ? TOOL_CLASSES.get(item.name) : undefined))
    .find((found) => found !== undefined);
  const method =
    framework === undefined ? undefined : lookupInClass(made, framework === "smolagents" ? "forward" : "_run");
  const name = classText(made, "name");
  if (framework === undefined || method?.kind !== "function" || name === undefined) return null;
  const schema = lookupInClass(made, "args_schema");
  const inputs = lookupInClass(made, "inputs");
  return {
    framework,
    name,
    description: classText(made, "description"),
    callee: method,
    owner: made,
    skip: 0,
    ...(schema?.kind === "class" ? { argumentsClass: schema } : {}),
    ...(framework === "smolagents" && inputs?.kind === "dict" ? { schema: inputsSchema(inputs) } : {}),
    summaryOnly: false,
  };
}

function classText(made: ClassValue, name: string): string | undefined {
  const value = lookupInClass(made, name);
  if (value?.kind === "str") return value.value;
  const fallback = fieldOf(value)?.keywords.get("default");
  return fallback?.kind === "str" ? fallback.value : undefined;
}

/** smolagents' `inputs`: parameter → `{type, description, nullable}`. */
function inputsSchema(inputs: Value & { kind: "dict" }): JsonSchema {
  const properties: JsonSchema = {};
  const required: string[] = [];
  for (const { key, value } of inputs.entries.values()) {
    const name = textOf(key);
    if (name === undefined || value.kind !== "dict") continue;
    const texts = new Map([...value.entries.values()].map((entry) => [textOf(entry.key) ?? "", entry.value]));
    const type = texts.get("type");
    const description = texts.get("description");
    properties[name] = {
      ...(type?.kind === "str" && type.value !== "any" && JSON_TYPES.has(type.value) ? { type: type.value } : {}),
      ...(description?.kind === "str" ? { description: description.value } : {}),
    };
    const nullable = texts.get("nullable");
    if (nullable === undefined || truth(nullable) !== true) required.push(name);
  }
  return { type: "object", properties, ...(required.length > 0 ? { required } : {}) };
}

/** Types of smolagents that JSON has; `image` and `audio` are objects of Python. */
const JSON_TYPES: ReadonlySet<string> = new Set(["string", "boolean", "integer", "number", "array", "object", "null"]);

// --- all ----------------------------------------------------------------------------------------------------------

export const AGENT_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ...MCP_MODELS,
  ...LANGCHAIN_TOOLS.flatMap((module): (readonly [string, ExternalModel])[] => [
    [`${module}.tool`, langchainDecorator],
    [`${module}.StructuredTool.from_function`, structuredTool],
    [`${module}.StructuredTool`, structuredTool],
    [`${module}.Tool.from_function`, structuredTool],
    [`${module}.Tool`, singleInputTool],
  ]),
  ["agents.function_tool", functionTool],
  ["agents.tool.function_tool", functionTool],
  ["smolagents.tool", smolagentsDecorator],
  ["smolagents.tools.tool", smolagentsDecorator],
  ...PYDANTIC_HOLDERS.map((name) => [name, toolHolder] as const),
  ["pydantic_ai.FunctionToolset", toolset],
  ["pydantic_ai.toolsets.FunctionToolset", toolset],
  ["pydantic_ai.toolsets.function.FunctionToolset", toolset],
  ["pydantic_ai.Tool", pydanticToolObject],
  ["pydantic_ai.tools.Tool", pydanticToolObject],
];
