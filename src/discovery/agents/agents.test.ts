import { describe, expect, it } from "vitest";
import type { Tool } from "../../model/index.ts";
import { discoverFiles, parameterOf } from "../testing/workspace.ts";
import { parseDocstring } from "./docstring.ts";

/** Agent tools of some files, by name. */
async function agentTools(files: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Tool>> {
  const { tools } = await discoverFiles(files);
  return new Map(tools.filter((tool) => tool.entry.arguments === "json").map((tool) => [tool.name, tool]));
}

function tool(tools: ReadonlyMap<string, Tool>, name: string): Tool {
  const found = tools.get(name);
  if (found === undefined) throw new Error(`no tool ${name}; there are: ${[...tools.keys()].join(", ")}`);
  return found;
}

describe("parseDocstring", () => {
  const cases: readonly [string, string][] = [
    [
      "Google",
      "Does it.\n\nMore.\n\nArgs:\n    a (int): The first,\n        and more.\n    b: The second.\n\nReturns:\n    x: y",
    ],
    [
      "NumPy",
      "Does it.\n\nMore.\n\nParameters\n----------\na : int\n    The first,\n    and more.\nb\n    The second.\n\nReturns\n-------\nx",
    ],
    ["Sphinx", "Does it.\n\nMore.\n\n:param int a: The first,\n    and more.\n:param b: The second.\n:returns: x"],
  ];
  it.each(cases)("%s", (_style, text) => {
    const doc = parseDocstring(text);
    expect(doc.description).toBe("Does it.\n\nMore.");
    expect([...doc.parameters]).toEqual([
      ["a", "The first, and more."],
      ["b", "The second."],
    ]);
  });
});

describe("MCP", () => {
  it("several functions of a file are several tools, with schemas from annotations and docstrings", async () => {
    const tools = await agentTools({
      "server.py": `
from enum import Enum
from typing import Annotated, Literal, Optional, TypedDict
from pydantic import BaseModel, Field
from mcp.server.fastmcp import FastMCP, Context
mcp = FastMCP("x")
class Unit(str, Enum):
    c = "celsius"
    f = "fahrenheit"
class Point(BaseModel):
    """A place."""
    x: float
    tags: list[str] = Field(default_factory=list, description="Its tags.")
class Options(TypedDict, total=False):
    deep: bool
@mcp.tool()
def add(a: int, b: int = 2) -> int:
    """Add numbers.

    Args:
        a: The first.
    """
@mcp.tool(name="weather", description="The weather.")
async def get_weather(city: Annotated[str, Field(description="Where", min_length=1)], ctx: Context, unit: Unit = Unit.c,
                      days: Optional[int] = None, mode: Literal["a", "b"] = "a", at: Point | None = None,
                      ids: list[int] = [1], more: Options = {}, limit: int = Field(5, ge=1), either: int | str = 1, bare=None):
    "Not told."
`,
    });
    const add = tool(tools, "add");
    expect(add).toMatchObject({
      id: "server.py#add",
      function: "add",
      framework: "mcp",
      line: 17,
      entry: { argv: ["python", "server.py", "add"], pythonPath: ["."], arguments: "json" },
      description: "Add numbers.\n\nArgs:\n    a: The first.",
    });
    expect(add.parameters).toMatchObject([
      { name: "a", flags: [], type: "integer", required: true, help: "The first." },
      { name: "b", type: "integer", required: false, default: 2 },
    ]);
    const weather = tool(tools, "weather");
    expect(weather.description).toBe("The weather.");
    expect(weather.parameters.map((one) => one.name)).not.toContain("ctx");
    expect(parameterOf(weather, "unit")).toMatchObject({ choices: ["celsius", "fahrenheit"], default: "celsius" });
    expect(parameterOf(weather, "days")).toMatchObject({ type: "integer", required: false });
    expect(parameterOf(weather, "ids")).toMatchObject({ type: "array", items: { type: "integer" }, default: [1] });
    expect(parameterOf(weather, "limit")).toMatchObject({ type: "integer", default: 5, required: false });
    expect(parameterOf(weather, "either").type).toBeUndefined();
    expect(parameterOf(weather, "bare").type).toBe("string");
    expect(weather.schema).toMatchObject({
      required: ["city"],
      properties: {
        city: { type: "string", description: "Where", minLength: 1 },
        mode: { type: "string", enum: ["a", "b"], default: "a" },
        at: {
          anyOf: [
            {
              type: "object",
              description: "A place.",
              properties: { x: { type: "number" }, tags: { type: "array", items: { type: "string" }, default: [] } },
              required: ["x"],
            },
            { type: "null" },
          ],
        },
        more: { type: "object", properties: { deep: { type: "boolean" } } },
        limit: { minimum: 1 },
        either: { anyOf: [{ type: "integer" }, { type: "string" }] },
      },
    });
  });

  it("a server of another module, functions inside functions and methods, and functions that are added", async () => {
    const tools = await agentTools({
      "app/__init__.py": "",
      "app/server.py": "from fastmcp import FastMCP\nmcp = FastMCP('x')\n",
      "app/tools.py": `
from fastmcp import FastMCP
from .server import mcp
@mcp.tool
def one(x: str): "One."
def register(server: FastMCP, config):
    @server.tool("second")
    def two(x: str): "Two."
class Holder:
    def __init__(self, mcp):
        @mcp.tool()
        def three(x: str): "Three."
def four(x: float): "Four."
mcp.add_tool(four, name="fourth")
`,
    });
    expect([...tools.values()].map(({ id, name }) => [id, name])).toEqual([
      ["app/tools.py#one", "one"],
      ["app/tools.py#register.two", "second"],
      ["app/tools.py#Holder.__init__.three", "three"],
      ["app/tools.py#four", "fourth"],
    ]);
  });

  it("a low-level server lists its tools with their schemas", async () => {
    const tools = await agentTools({
      "low.py": `
from enum import Enum
from mcp.server import Server
from mcp.types import Tool
from pydantic import BaseModel
class Names(str, Enum):
    A = "first"
class Input(BaseModel):
    path: str
    depth: int = 1
async def serve(zone):
    server = Server("x")
    @server.list_tools()
    async def list_tools():
        return [
            Tool(name=Names.A, description="First.", inputSchema={"type": "object", "properties": {
                "n": {"type": "integer", "description": f"In {zone}."}, "s": {"type": "string", "enum": ["u", "v"]}}, "required": ["n"]}),
            Tool(name="second", inputSchema=Input.model_json_schema()),
        ]
    @server.call_tool()
    async def call_tool(name, arguments): pass
`,
    });
    const first = tool(tools, "first");
    expect(first).toMatchObject({
      id: "low.py#serve.call_tool:first",
      function: "serve.<locals>.call_tool",
      description: "First.",
    });
    expect(parameterOf(first, "n")).toMatchObject({ type: "integer", required: true });
    expect(parameterOf(first, "s").choices).toEqual(["u", "v"]);
    expect(parameterOf(tool(tools, "second"), "depth")).toMatchObject({ type: "integer", default: 1, required: false });
  });
});

it("langchain: names, argument schemas, injected parameters, structured tools, classes", async () => {
  const tools = await agentTools({
    "lc.py": `
from typing import Annotated, Type
from langchain_core.tools import tool, StructuredTool, BaseTool, InjectedToolArg
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, Field
class Search(BaseModel):
    query: str = Field(description="What to look for")
    limit: int = 10
@tool
def plain(a: str, user: Annotated[str, InjectedToolArg], config: RunnableConfig, run_manager=None) -> str:
    "Plain."
@tool("search-it", args_schema=Search, return_direct=True)
def search(query, limit): "Searches."
@tool(parse_docstring=True)
def parsed(a: int):
    """Parsed.

    Args:
        a: Its a.
    """
def made(x: int): "Made."
other = StructuredTool.from_function(func=made, name="Other", description="Another.")
class Finder(BaseTool):
    name: str = "finder"
    description: str = "Finds."
    args_schema: Type[BaseModel] = Search
    def _run(self, query, limit, run_manager=None): pass
`,
  });
  expect(tool(tools, "plain").parameters.map((one) => one.name)).toEqual(["a"]);
  expect(parameterOf(tool(tools, "search-it"), "query")).toMatchObject({ type: "string", help: "What to look for" });
  expect(tool(tools, "parsed")).toMatchObject({ description: "Parsed.", parameters: [{ name: "a", help: "Its a." }] });
  expect(tool(tools, "Other")).toMatchObject({ id: "lc.py#made", description: "Another.", framework: "langchain" });
  expect(tool(tools, "finder")).toMatchObject({ id: "lc.py#Finder", function: "Finder._run", description: "Finds." });
  expect(parameterOf(tool(tools, "finder"), "limit").default).toBe(10);
});

it("smolagents and pydantic-ai", async () => {
  const tools = await agentTools({
    "sm.py": `
from smolagents import Tool, tool
@tool
def half(value: float, note: str = "") -> float:
    """Halves.

    Args:
        value: What to halve.
        note: Why.
    """
class Up(Tool):
    name = "up"
    description = "Upper case."
    inputs = {"text": {"type": "string", "description": "A text."}, "n": {"type": "integer", "nullable": True}}
    output_type = "string"
    def forward(self, text, n=None): pass
`,
    "pa.py": `
from pydantic_ai import Agent, RunContext, Tool
from pydantic_ai.toolsets import FunctionToolset
def given(ctx: RunContext[int], x: int): "Given."
def renamed(x: int): "Renamed."
agent = Agent("m", tools=[given, Tool(renamed, name="other")])
@agent.tool
async def with_context(ctx, x: int, y: str = "z"):
    """With.

    :param x: Its x.
    """
@agent.tool_plain(retries=2)
def without(x: bool): "Without."
more = FunctionToolset()
@more.tool_plain
def set_tool(): "In a set."
`,
  });
  expect(tool(tools, "half")).toMatchObject({ framework: "smolagents", description: "Halves." });
  expect(parameterOf(tool(tools, "half"), "value").help).toBe("What to halve.");
  expect(tool(tools, "up").parameters).toMatchObject([
    { name: "text", type: "string", required: true, help: "A text." },
    { name: "n", type: "integer", required: false },
  ]);
  expect(tool(tools, "given").parameters.map((one) => one.name)).toEqual(["x"]);
  expect(tool(tools, "other").id).toBe("pa.py#renamed");
  expect(tool(tools, "with_context")).toMatchObject({ framework: "pydantic-ai", description: "With." });
  expect(parameterOf(tool(tools, "with_context"), "x")).toMatchObject({ type: "integer", help: "Its x." });
  expect(tool(tools, "without").parameters).toMatchObject([{ name: "x", type: "boolean" }]);
  expect(tool(tools, "set_tool").parameters).toEqual([]);
});

it("look-alikes: other decorators called tool, test files", async () => {
  const tools = await agentTools({
    "other.py":
      "# like langchain\nclass R:\n    def tool(self, f): return f\nr = R()\n@r.tool\ndef a(x: int): 'No tool.'\n",
    "tests/test_x.py": "from fastmcp import FastMCP\nmcp = FastMCP('x')\n@mcp.tool\ndef a(x: int): 'No tool.'\n",
  });
  expect([...tools.keys()]).toEqual([]);
});
