import { type Expression, type FunctionDef, forEachChild, type Module, type Node } from "../../python/index.ts";
import {
  type CallArguments,
  type ClassValue,
  externalName,
  type FunctionValue,
  Interpreter,
  type LibraryModels,
  lookupInClass,
  type ModuleValue,
  type Value,
} from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { shapeOf } from "../readers/script.ts";
import { signatureOf } from "../readers/signature.ts";
import { type AgentTool, declaredTools } from "./declarations.ts";
import { classTool, PYDANTIC_HOLDERS } from "./frameworks.ts";
import { MCP_SERVERS } from "./mcp.ts";

export interface AgentReading {
  /** By the last declaration of each function and name. */
  readonly tools: readonly AgentTool[];
  readonly interpreter: Interpreter;
}

/** Finds the functions and classes of a file that it gives to agent frameworks as tools. */
export function readAgentTools(parsed: ParsedFile, store: ModuleStore, models: LibraryModels): AgentReading {
  const interpreter = new Interpreter(store, models);
  const found: AgentTool[] = [];
  const finish = (module: ModuleValue): void => {
    runUnreached(parsed, module, interpreter);
    for (const value of module.scope.values()) {
      const tool = value.kind === "class" && value.file === parsed.file ? classTool(value) : null;
      if (tool !== null) found.push(tool);
    }
  };
  const isGuarded = shapeOf(parsed.module).guardLine !== null;
  interpreter.runImport(parsed.file, isGuarded ? "__main__" : moduleName(parsed.file), finish);
  const distinct = new Map<string, AgentTool>();
  for (const tool of [...declaredTools(interpreter), ...found]) {
    distinct.set(`${tool.callee.file}:${tool.callee.line}:${tool.schema === undefined ? "" : (tool.name ?? "")}`, tool);
  }
  return { tools: [...distinct.values()], interpreter };
}

function moduleName(file: string): string {
  return file.replace(/(?:\/__init__)?\.py$/u, "").slice(file.lastIndexOf("/") + 1);
}

// --- functions that a run does not reach --------------------------------------------------------------------------

/** Functions like `def register(mcp): @mcp.tool() def …`, which someone else would call. */
function runUnreached(parsed: ParsedFile, module: ModuleValue, interpreter: Interpreter): void {
  for (const { outer, owner } of outerFunctions(parsed.module)) {
    const isDone = (): boolean => {
      const lines = new Set(declaredTools(interpreter).map((tool) => tool.callee.line));
      return decoratedIn(outer).every((inner) => lines.has(inner.line));
    };
    if (decoratedIn(outer).length === 0 || isDone()) continue;
    const receiver = owner === null ? module : module.scope.own(owner);
    const callee = receiver?.kind === "class" ? lookupInClass(receiver, outer.name) : module.scope.own(outer.name);
    if (callee?.kind !== "function") continue;
    const call = callFor(callee, interpreter);
    if (receiver?.kind === "class") callMethod(receiver, callee, call, interpreter, isDone);
    else interpreter.call(callee, call);
  }
}

function callMethod(
  owner: ClassValue,
  callee: FunctionValue,
  call: CallArguments,
  interpreter: Interpreter,
  isDone: () => boolean,
): void {
  const init = lookupInClass(owner, "__init__");
  const instance = interpreter.call(owner, init?.kind === "function" ? callFor(init, interpreter) : call);
  if (!isDone() && callee.name !== "__init__")
    interpreter.call({ kind: "bound", receiver: instance, function: callee }, call);
}

/** A call with a server or agent for each parameter that asks for one, and nothing known of the others. */
function callFor(callee: FunctionValue, interpreter: Interpreter): CallArguments {
  const keywords = new Map<string, Value>();
  for (const parameter of signatureOf(callee, interpreter)) {
    const wanted = holderOf(parameter.name, parameter.annotation);
    if (wanted === null) continue;
    const external = interpreter.external(wanted);
    keywords.set(parameter.name, interpreter.call(external, interpreter.emptyCall(callee.file, callee.line)));
  }
  return { ...interpreter.emptyCall(callee.file, callee.line), keywords, openKeywords: true };
}

const HOLDERS: ReadonlySet<string> = new Set([...MCP_SERVERS, ...PYDANTIC_HOLDERS]);

/** The framework class that a parameter asks for, by its annotation or, without one, by its name. */
function holderOf(name: string, annotation: Value | null): string | null {
  const annotated = annotation === null ? null : externalName(annotation);
  if (annotated !== null && HOLDERS.has(annotated)) return annotated;
  if (annotated !== null && /(?:FastMCP|MCPServer)$/u.test(annotated)) return "fastmcp.FastMCP";
  if (annotation !== null) return null;
  if (/^(?:mcp|mcp_server|server|app|mcp_app|mcp_instance)$/u.test(name)) return "fastmcp.FastMCP";
  return name === "agent" ? "pydantic_ai.Agent" : null;
}

interface OuterFunction {
  readonly outer: FunctionDef;
  /** The class of a method. */
  readonly owner: string | null;
}

/** The functions at module level and the methods of its classes. */
function outerFunctions(module: Module): readonly OuterFunction[] {
  return module.body.flatMap((statement): readonly OuterFunction[] => {
    if (isFunction(statement)) return [{ outer: statement, owner: null }];
    if (statement.kind !== "ClassDef") return [];
    return statement.body.flatMap((inner) => (isFunction(inner) ? [{ outer: inner, owner: statement.name }] : []));
  });
}

function isFunction(node: Node): node is FunctionDef {
  return node.kind === "FunctionDef" || node.kind === "AsyncFunctionDef";
}

/** Functions inside a function that carry a decorator that looks like one of these frameworks. */
function decoratedIn(outer: FunctionDef): readonly FunctionDef[] {
  const found: FunctionDef[] = [];
  const visit = (node: Node): void => {
    if (node !== outer && isFunction(node) && node.decorator_list.some(looksLikeTool)) found.push(node);
    forEachChild(node, visit);
  };
  visit(outer);
  return found;
}

const TOOL_ATTRIBUTES: ReadonlySet<string> = new Set(["tool", "tool_plain", "list_tools", "call_tool"]);

function looksLikeTool(decorator: Expression): boolean {
  const node = decorator.kind === "Call" ? decorator.func : decorator;
  if (node.kind === "Name") return node.id === "tool";
  return node.kind === "Attribute" && TOOL_ATTRIBUTES.has(node.attr);
}
