import type { Capability, Framework, Parameter, Tool } from "../../model/index.ts";
import { forEachChild, type Node } from "../../python/index.ts";
import { categoryOf } from "../category.ts";
import { cleandoc, externalName, type FunctionValue, type Interpreter, type Value } from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { parentFolder } from "../paths.ts";
import { type Json, optional } from "../readers/reading.ts";
import { type SignatureParameter, signatureOf } from "../readers/signature.ts";
import { isPathOf } from "../readers/types.ts";
import type { AgentTool } from "./declarations.ts";
import { type Docstring, parseDocstring } from "./docstring.ts";
import { annotationSchema, type JsonSchema, modelSchema, propertySchema } from "./json-schema.ts";
import { MCP_INJECTED } from "./mcp.ts";

/** The tool that a function given to an agent framework is. */
export function agentTool(
  tool: AgentTool,
  parsed: ParsedFile,
  interpreter: Interpreter,
  store: ModuleStore,
  capabilities: readonly Capability[],
): Tool {
  const { callee, owner } = tool;
  const { path, qualified } = nameInFile(parsed, tool);
  const doc = parseDocstring(documentationOf(callee));
  const described = argumentsOf(tool, doc, interpreter);
  const name = tool.name ?? callee.name;
  const description = (tool.description ?? (tool.summaryOnly ? doc.description : doc.text)).trim();
  // One function of a low-level server answers for several tools, told apart by their names.
  const called = tool.schema !== undefined && owner === undefined ? `${path}:${name}` : path;
  return {
    id: `${parsed.file}#${called}`,
    name,
    kind: "python",
    file: parsed.file,
    line: owner?.line ?? callee.line,
    function: qualified,
    framework: tool.framework,
    description,
    category: categoryOf(name, description, capabilities, undefined),
    source: "inferred",
    entry: {
      argv: ["python", parsed.file, called],
      pythonPath: [importRoot(parsed.file, store)],
      arguments: "json",
    },
    parameters: described.parameters,
    subcommands: [],
    schema: described.schema,
    capabilities: [...capabilities],
  };
}

/** Where a function lies in its file: its path through the functions and classes around it, and Python's name for it. */
function nameInFile(
  parsed: ParsedFile,
  { callee, owner }: Pick<AgentTool, "callee" | "owner">,
): { readonly path: string; readonly qualified: string } {
  if (owner !== undefined) return { path: owner.name, qualified: `${owner.name}.${callee.name}` };
  const { line } = callee.node;
  let found: { path: string; qualified: string } | null = null;
  const visit = (node: Node, path: string, qualified: string): void => {
    if (found !== null) return;
    const isFunction = node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef";
    if (!isFunction && node.kind !== "ClassDef") {
      forEachChild(node, (child) => visit(child, path, qualified));
      return;
    }
    const here = { path: path + node.name, qualified: qualified + node.name };
    if (node.line === line && node.name === callee.name) found = here;
    else
      forEachChild(node, (child) =>
        visit(child, `${here.path}.`, `${here.qualified}.${isFunction ? "<locals>." : ""}`),
      );
  };
  visit(parsed.module, "", "");
  return found ?? { path: callee.name, qualified: callee.name };
}

/** The folder from which the file's package is imported. */
function importRoot(file: string, store: ModuleStore): string {
  let folder = parentFolder(file);
  while (folder !== "" && store.has(`${folder}/__init__.py`)) folder = parentFolder(folder);
  return folder === "" ? "." : folder;
}

function documentationOf(callee: FunctionValue): string {
  const doc = callee.attributes.get("__doc__");
  return doc?.kind === "str" ? cleandoc(doc.value).trim() : "";
}

// --- arguments ----------------------------------------------------------------------------------------------------

interface Described {
  readonly parameters: Parameter[];
  readonly schema: Tool["schema"];
}

function argumentsOf(tool: AgentTool, doc: Docstring, interpreter: Interpreter): Described {
  if (tool.schema !== undefined) return fromSchema(tool.schema, tool.callee.line, new Set());
  if (tool.argumentsClass !== undefined) {
    return fromSchema(modelSchema(tool.argumentsClass, interpreter), tool.argumentsClass.line, new Set());
  }
  const taken = signatureOf(tool.callee, interpreter, isMethod(tool))
    .slice(tool.skip)
    .filter((parameter) => !isInjected(parameter, tool.framework))
    .map((parameter) => ({ ...propertyOf(parameter, tool, doc, interpreter), line: parameter.line }));
  const required = taken.flatMap((one) => (one.isRequired ? [one.name] : []));
  const schema: JsonSchema = {
    type: "object",
    properties: Object.fromEntries(taken.map((one) => [one.name, one.schema])),
    ...(required.length > 0 ? { required } : {}),
  };
  return fromSchema(
    schema,
    tool.callee.line,
    new Set(taken.flatMap((one) => (one.isKnown ? [] : [one.name]))),
    new Map(taken.flatMap((one) => (one.line === 0 ? [] : [[one.name, one.line]]))),
  );
}

/** One parameter of a function as a property; without an annotation, MCP takes it for text. */
function propertyOf(
  parameter: SignatureParameter,
  tool: AgentTool,
  doc: Docstring,
  interpreter: Interpreter,
): ReturnType<typeof propertySchema> {
  const isBare = parameter.annotation === null && tool.framework === "mcp";
  const type = isBare ? { type: "string" } : annotationSchema(parameter.annotation, interpreter);
  const property = propertySchema(parameter.name, type, parameter.default, interpreter);
  const help = doc.parameters.get(parameter.name) ?? "";
  if (property.schema["description"] !== undefined || help === "") return property;
  return { ...property, schema: { ...property.schema, description: help } };
}

/** A method whose first parameter is the object; decorated functions in a class body are methods too. */
function isMethod({ callee, owner }: AgentTool): boolean {
  if (owner !== undefined) return true;
  const first = [...callee.args.posonlyargs, ...callee.args.args][0]?.arg;
  return callee.owner !== null && callee.binding !== "static" && (first === "self" || first === "cls");
}

/** Annotations of parameters that a framework fills in, by their last names. */
const INJECTED: ReadonlySet<string> = new Set([
  "Context",
  "RunContext",
  "RunContextWrapper",
  "ToolContext",
  "RunnableConfig",
  "ToolRuntime",
  "CallbackManagerForToolRun",
  "AsyncCallbackManagerForToolRun",
  "ServerSession",
  "Progress",
  // Marks in `Annotated[…]`.
  "InjectedToolArg",
  "InjectedToolCallId",
  "InjectedState",
  "InjectedStore",
]);

function isInjected(parameter: SignatureParameter, framework: Framework): boolean {
  if (parameter.kind === "rest" || parameter.kind === "keywords") return true;
  if (framework === "langchain" && (parameter.name === "run_manager" || parameter.name === "callbacks")) return true;
  if (isMarker(parameter.default)) return true;
  return annotationParts(parameter.annotation).some((part) => {
    const name = partName(part);
    const isOfFramework = /^(?:agents|mcp|fastmcp|pydantic_ai|langchain|langgraph|docket)/u.test(name);
    const last = name.slice(name.lastIndexOf(".") + 1);
    return isMarker(part) || (isOfFramework && INJECTED.has(last));
  });
}

function isMarker(value: Value | null | undefined): boolean {
  return value?.kind === "host" && value.typeName === MCP_INJECTED;
}

/** What an annotation is made of: itself, alternatives, and what `Annotated` adds. */
function annotationParts(annotation: Value | null): readonly Value[] {
  if (annotation === null) return [];
  if (annotation.kind !== "generic") return [annotation];
  const name = externalName(annotation.origin) ?? "";
  const isWrapper = /(?:^|\.)(?:Annotated|Optional|Union)$/u.test(name);
  return isWrapper ? annotation.args.flatMap(annotationParts) : [annotation.origin];
}

/** A name, or that of a marker object that was made by a call nobody models (its reason names it). */
function partName(part: Value): string {
  if (part.kind === "unknown") return /^result of ([\w.]+)\(\)$/u.exec(part.reason)?.[1] ?? "";
  return externalName(part) ?? "";
}

// --- from JSON Schema ---------------------------------------------------------------------------------------------

/** The parameters of an object schema, one for each property. */
function fromSchema(
  schema: JsonSchema,
  line: number,
  unknown: ReadonlySet<string>,
  lines: ReadonlyMap<string, number> = new Map(),
): Described {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const parameters = Object.entries(properties).map(([name, property]) =>
    propertyParameter(name, isObject(property) ? property : {}, required.has(name), {
      line: lines.get(name) ?? line,
      isKnown: !unknown.has(name),
    }),
  );
  const { description: _description, ...rest } = schema;
  return { parameters, schema: { ...rest, type: "object", properties, additionalProperties: false } };
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const TYPES: ReadonlySet<string> = new Set(["string", "integer", "number", "boolean", "array", "object"]);

function propertyParameter(
  name: string,
  property: JsonSchema,
  required: boolean,
  { line, isKnown }: { readonly line: number; readonly isKnown: boolean },
): Parameter {
  const plain = withoutNull(property);
  const type = typeOf(plain);
  const items = type === "array" && isObject(plain["items"]) ? typeOf(withoutNull(plain["items"])) : undefined;
  const choices = plain["enum"];
  const fallback = property["default"];
  const help = property["description"] ?? plain["description"];
  return {
    name,
    flags: [],
    ...optional("type", type),
    ...(items === undefined ? {} : { items: { type: items } }),
    required,
    ...optional("default", fallback === null ? undefined : (fallback as Json | undefined)),
    ...(Array.isArray(choices) && choices.length > 0 ? { choices: choices.filter((choice) => choice !== null) } : {}),
    ...(typeof help === "string" && help !== "" ? { help } : {}),
    ...optional("isPath", pathOf(name, plain, type)),
    confidence: isKnown ? "certain" : "unknown",
    line,
  };
}

function pathOf(name: string, schema: JsonSchema, type: Parameter["type"]): true | undefined {
  if (schema["format"] === "path") return true;
  return isPathOf(name, type === undefined ? {} : { type });
}

/** The one alternative that is not `null`. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const ways = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(ways)) return schema;
  const others = ways.filter(isObject).filter((way) => way["type"] !== "null");
  const [only] = others;
  return others.length === 1 && only !== undefined ? { ...only, ...withoutKey(schema) } : schema;
}

function withoutKey(schema: JsonSchema): JsonSchema {
  const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema;
  return rest;
}

function typeOf(schema: JsonSchema): Parameter["type"] {
  const { type } = schema;
  const named = Array.isArray(type) ? type.filter((one) => one !== "null") : [type];
  const [only] = named;
  return named.length === 1 && typeof only === "string" && TYPES.has(only) ? (only as Parameter["type"]) : undefined;
}
