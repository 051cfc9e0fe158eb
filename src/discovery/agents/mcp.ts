import {
  type CallArguments,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  type Interpreter,
  isSequence,
  NONE,
  native,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { givenText, toJson } from "../readers/reading.ts";
import { declareTool, functionOf, hostWith, toolDecorator } from "./declarations.ts";
import type { JsonSchema } from "./json-schema.ts";

/** `Tool.from_function(…)` by the host that stands for it. */
const FUNCTION_TOOLS = new WeakMap<HostValue, { readonly callee: FunctionValue; readonly call: CallArguments }>();
/** `types.Tool(name=…, inputSchema=…)` by the host that stands for it. */
const TYPE_TOOLS = new WeakMap<HostValue, CallArguments>();

function register(callee: FunctionValue, call: CallArguments, interpreter: Interpreter): void {
  const [first] = call.positional;
  declareTool(interpreter, {
    framework: "mcp",
    name: givenText(call, "name") ?? (first?.kind === "str" ? first.value : undefined),
    description: givenText(call, "description"),
    callee,
    skip: 0,
    summaryOnly: false,
  });
}

/** `FastMCP(…)`, of the official SDK or of the package of that name. */
const server: ExternalModel = (call, interpreter) => {
  const tools = call.keywords.get("tools");
  if (tools !== undefined && isSequence(tools)) for (const item of tools.items) addTool(item, call, interpreter);
  return hostWith("mcp.FastMCP", interpreter, {
    tool: toolDecorator(register),
    add_tool: (inner) => {
      const [first, ...rest] = inner.positional;
      addTool(
        first ?? inner.keywords.get("fn") ?? inner.keywords.get("tool"),
        { ...inner, positional: rest },
        interpreter,
      );
      return first ?? NONE;
    },
  });
};

function addTool(value: Value | undefined, call: CallArguments, interpreter: Interpreter): void {
  const callee = functionOf(value);
  const made = value?.kind === "host" ? FUNCTION_TOOLS.get(value) : undefined;
  if (callee !== null) register(callee, call, interpreter);
  else if (made !== undefined) register(made.callee, made.call, interpreter);
}

/** `Tool.from_function(fn, name=…)`: a tool only once it is added to a server. */
const fromFunction: ExternalModel = (call) => {
  const [first, ...rest] = call.positional;
  const callee = functionOf(first ?? call.keywords.get("fn"));
  if (callee === null) return unknown("Tool.from_function() of something unknown");
  const host: HostValue = { kind: "host", typeName: "mcp.Tool" };
  FUNCTION_TOOLS.set(host, { callee, call: { ...call, positional: rest } });
  return host;
};

// --- the low-level server -----------------------------------------------------------------------------------------

/** The two handlers of a low-level server. */
interface Handlers {
  list: FunctionValue | null;
  call: FunctionValue | null;
}

/** `Server(…)`: `list_tools` gives the tools with their schemas, `call_tool` runs them by name. */
const lowLevelServer: ExternalModel = (call, interpreter) => {
  const handlers: Handlers = {
    list: functionOf(call.keywords.get("on_list_tools")),
    call: functionOf(call.keywords.get("on_call_tool")),
  };
  declareListed(handlers, interpreter);
  const handler =
    (key: keyof Handlers): ExternalModel =>
    () =>
      native("handler", (inner) => {
        handlers[key] = functionOf(inner.positional[0]);
        declareListed(handlers, interpreter);
        return inner.positional[0] ?? NONE;
      });
  return hostWith("mcp.Server", interpreter, { list_tools: handler("list"), call_tool: handler("call") });
};

function declareListed(handlers: Handlers, interpreter: Interpreter): void {
  const { list, call } = handlers;
  if (list === null || call === null) return;
  const given = { ...interpreter.emptyCall(list.file, list.line), openPositional: true };
  for (const item of listedTools(interpreter.call(list, given))) {
    const described = TYPE_TOOLS.get(item);
    const name = described === undefined ? undefined : nameOf(described.keywords.get("name"));
    if (described === undefined || name === undefined) continue;
    declareTool(interpreter, {
      framework: "mcp",
      name,
      description: givenText(described, "description"),
      callee: call,
      skip: 0,
      schema: schemaOf(described, interpreter),
      summaryOnly: false,
    });
  }
}

/** A text, or a member of an enumeration of texts. */
function nameOf(value: Value | undefined): string | undefined {
  if (value?.kind === "enum") return nameOf(value.value);
  return value?.kind === "str" ? value.value : undefined;
}

/** The tools of a list, or of a result object's `tools`. */
function listedTools(value: Value): readonly HostValue[] {
  if (isSequence(value)) return value.items.flatMap((item) => (item.kind === "host" ? [item] : []));
  const result = value.kind === "host" ? RESULTS.get(value) : undefined;
  const tools = result?.keywords.get("tools") ?? result?.positional[0];
  return tools === undefined ? [] : listedTools(tools);
}

const RESULTS = new WeakMap<HostValue, CallArguments>();

/** The input schema, without the parts that are not known; a model's `model_json_schema()` is asked for. */
function schemaOf(call: CallArguments, interpreter: Interpreter): JsonSchema {
  const given =
    call.keywords.get("inputSchema") ?? call.keywords.get("input_schema") ?? call.keywords.get("parameters");
  const value = given?.kind === "native" ? interpreter.call(given, interpreter.emptyCall(call.file, call.line)) : given;
  const json = value === undefined ? undefined : knownPart(value);
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : { type: "object" };
}

/** A value as JSON with the entries left out that are not known. */
function knownPart(value: Value): ReturnType<typeof toJson> {
  if (value.kind === "dict") {
    const result: JsonSchema = {};
    for (const { key, value: inner } of value.entries.values()) {
      const json = key.kind === "str" ? knownPart(inner) : undefined;
      if (key.kind === "str" && json !== undefined) result[key.value] = json;
    }
    return result;
  }
  if (isSequence(value)) return value.items.flatMap((item) => knownPart(item) ?? []);
  return toJson(value);
}

const typeTool: ExternalModel = (call) => {
  const host: HostValue = { kind: "host", typeName: "mcp.types.Tool" };
  TYPE_TOOLS.set(host, call);
  return host;
};

const listResult: ExternalModel = (call) => {
  const host: HostValue = { kind: "host", typeName: "mcp.types.ListToolsResult" };
  RESULTS.set(host, call);
  return host;
};

const marker =
  (typeName: string): ExternalModel =>
  () => ({ kind: "host", typeName });

/** Defaults and metadata that say that the server fills a parameter in. */
export const MCP_INJECTED = "mcp.injected";

/** Where the classes whose objects take tools are imported from. */
const HOLDER_MODULES: Readonly<Record<string, readonly string[]>> = {
  FastMCP: [
    "mcp.server.fastmcp",
    "mcp.server.fastmcp.server",
    "mcp.server",
    "fastmcp",
    "fastmcp.server",
    "fastmcp.server.server",
  ],
  MCPServer: ["mcp.server.mcpserver", "mcp.server.mcpserver.server", "mcp.server"],
  Apps: ["mcp.server.apps"],
  LocalProvider: ["fastmcp.server.providers", "fastmcp.server.providers.local_provider"],
  FastMCPApp: ["fastmcp", "fastmcp.apps", "fastmcp.server.apps"],
};

export const MCP_SERVERS: readonly string[] = Object.entries(HOLDER_MODULES).flatMap(([name, modules]) =>
  modules.map((module) => `${module}.${name}`),
);

export const MCP_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ...MCP_SERVERS.map((name) => [name, server] as const),
  ["fastmcp.tools.tool", toolDecorator(register)],
  ["fastmcp.tools.function_tool.tool", toolDecorator(register)],
  ["fastmcp.contrib.mcp_mixin.mcp_tool", toolDecorator(register)],
  ["fastmcp.tools.Tool.from_function", fromFunction],
  ["fastmcp.tools.FunctionTool.from_function", fromFunction],
  ["fastmcp.tools.tool.Tool.from_function", fromFunction],
  ["mcp.server.fastmcp.tools.Tool.from_function", fromFunction],
  ["mcp.server.fastmcp.tools.base.Tool.from_function", fromFunction],
  ["mcp.server.Server", lowLevelServer],
  ["mcp.server.lowlevel.Server", lowLevelServer],
  ["mcp.server.lowlevel.server.Server", lowLevelServer],
  ["mcp.types.Tool", typeTool],
  ["mcp_types.Tool", typeTool],
  ["mcp.Tool", typeTool],
  ["mcp.types.ListToolsResult", listResult],
  ["mcp_types.ListToolsResult", listResult],
  ["mcp.server.mcpserver.Resolve", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.Depends", marker(MCP_INJECTED)],
  ["fastmcp.server.dependencies.Depends", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.CurrentContext", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.CurrentFastMCP", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.CurrentRequest", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.CurrentHeaders", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.CurrentAccessToken", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.TokenClaim", marker(MCP_INJECTED)],
  ["fastmcp.dependencies.Progress", marker(MCP_INJECTED)],
  ["docket.Depends", marker(MCP_INJECTED)],
];
