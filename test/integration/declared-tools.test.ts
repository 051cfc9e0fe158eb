import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { discover } from "../../src/discovery/index.ts";
import { Kernel } from "../../src/kernel/index.ts";
import type { Execution, ToolArguments } from "../../src/model/index.ts";
import { Sandbox } from "../../src/sandbox/index.ts";
import { missingMechanism } from "./sandbox-support.ts";

/* Tools that are no plain scripts, found by discovery and run by the kernel in the real sandbox: nothing is installed. */

const ROOT = join(import.meta.dirname, "../..");

const FILES: Readonly<Record<string, string>> = {
  "server.py": `
import sys
from enum import Enum
from typing import Annotated, Optional
from pydantic import BaseModel, Field
from mcp.server.fastmcp import Context, FastMCP

mcp = FastMCP("demo")
print("imported")

class Unit(str, Enum):
    celsius = "c"
    kelvin = "k"

class Place(BaseModel):
    name: str
    height: float = 0.0

@mcp.tool()
def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    print("adding")
    return a + b

@mcp.tool(name="weather")
async def get_weather(place: Place, unit: Unit = Unit.celsius, days: Annotated[int, Field(ge=1)] = Field(3), ctx: Context = None) -> dict:
    if ctx is not None:
        await ctx.info("never")
    return {"place": place.name, "height": place.height, "unit": unit.name, "days": days}

@mcp.tool()
def divide(a: float, b: float) -> float:
    return a / b

def register(server: FastMCP, prefix: str):
    suffix = "!"
    @server.tool()
    def shout(text: str, ctx: Context):
        ctx.info("said")
        return text.upper() + suffix

if __name__ == "__main__":
    mcp.run()
`,
  "lowlevel.py": `
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.types import TextContent, Tool

async def serve():
    server = Server("low")

    @server.list_tools()
    async def list_tools():
        return [Tool(name="twice", description="Doubles.", inputSchema={
            "type": "object", "properties": {"n": {"type": "integer", "description": "A number."}}, "required": ["n"]})]

    @server.call_tool()
    async def call_tool(name: str, arguments: dict):
        return [{"type": "text", "text": f"{name}: {arguments['n'] * 2}"}]

    async with stdio_server() as (read, write):
        await server.run(read, write)
`,
  "pkg/__init__.py": "",
  "pkg/words.py": "def join(words):\n    return '-'.join(words)\n",
  "pkg/tools.py": `
import dataclasses
from langchain_core.tools import tool, BaseTool
from smolagents import Tool, tool as smol
from pydantic_ai import Agent, RunContext
from .words import join

@tool("joined", return_direct=True)
def join_words(words: list[str]) -> str:
    """Joins words."""
    return join(words)

@smol
def half(value: float) -> float:
    """Halves.

    Args:
        value: What to halve.
    """
    return value / 2

class Reverser(Tool):
    name = "reverser"
    description = "Reverses."
    inputs = {"text": {"type": "string", "description": "A text."}}
    output_type = "string"
    def setup(self):
        self.ready = True
    def forward(self, text: str):
        return text[::-1] if self.ready else ""

agent = Agent("test")

@dataclasses.dataclass
class Size:
    width: int
    height: int = 1

@agent.tool
async def area(ctx: RunContext[int], size: Size, places: set[str]) -> int:
    """The area."""
    return {"area": size.width * size.height, "places": sorted(places)}
`,
  "pyproject.toml": '[project.scripts]\nsay-hello = "hello.main:main"\n',
  "src/hello/__init__.py": "",
  "src/hello/main.py": `
import argparse
from . import __name__ as package
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("who")
    args = parser.parse_args()
    print(parser.prog, args.who, package)
    return 0
`,
};

let base: string;
let kernel: Kernel;
let missing: string | undefined;

beforeAll(async () => {
  missing = await missingMechanism();
  base = realpathSync(mkdtempSync(join(tmpdir(), "toka-declared-")));
  for (const [path, text] of Object.entries(FILES)) {
    const full = join(base, "workspace", path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  const opened = Kernel.open({
    workspace: join(base, "workspace"),
    stateFolder: join(base, "state"),
    sandbox: new Sandbox({ helperPath: join(ROOT, "src/sandbox/helper.py") }),
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  kernel = opened.value;
  const report = await discover(join(base, "workspace"), { signal: new AbortController().signal });
  kernel.registerTools(report.tools);
});

afterAll(() => {
  kernel.close();
  rmSync(base, { recursive: true, force: true });
});

async function run(tool: string, args: ToolArguments, context: TestContext): Promise<Execution> {
  context.skip(missing !== undefined, missing);
  const request = { tool, arguments: args, principal: "user" } as const;
  const execution = await kernel.execute(request, { signal: context.signal });
  if (!execution.ok) throw new Error(execution.problem.message);
  return execution.value;
}

const CALLS: readonly (readonly [tool: string, args: ToolArguments, result: unknown])[] = [
  ["server.py#add", { a: 40 }, 42],
  [
    "weather",
    { place: { name: "Zug", height: 425 }, unit: "k" },
    { place: "Zug", height: 425, unit: "kelvin", days: 3 },
  ],
  ["server.py#register.shout", { text: "--help" }, "--HELP!"],
  ["twice", { n: 21 }, [{ type: "text", text: "twice: 42" }]],
  ["joined", { words: ["a", "b c"] }, "a-b c"],
  ["half", { value: 3 }, 1.5],
  ["reverser", { text: "abc" }, "cba"],
  ["area", { size: { width: 3 }, places: ["y", "x"] }, { area: 3, places: ["x", "y"] }],
];

describe("functions of agent frameworks", () => {
  it.for(CALLS)("%s", async ([tool, args, result], context) => {
    const { exit, stdout, stderr } = await run(tool, args, context);
    expect(exit, stderr).toMatchObject({ reason: "ok", code: 0 });
    expect(JSON.parse(stdout)).toEqual(result);
  });

  it("what the function prints is no part of its result", async (context) => {
    const { stderr } = await run("server.py#add", { a: 1 }, context);
    expect(stderr).toBe("imported\nadding\n");
  });

  it("an exception is a failed run with its traceback", async (context) => {
    const { exit, stdout, stderr } = await run("divide", { a: 1, b: 0 }, context);
    expect(exit).toMatchObject({ reason: "failed", code: 1 });
    expect(stdout).toBe("");
    expect(stderr).toMatch(/ZeroDivisionError/u);
  });
});

it("a console command of a project runs as installing it would", async (context) => {
  const { exit, stdout, stderr } = await run("say-hello", { who: "--you" }, context);
  expect(exit, stderr).toMatchObject({ reason: "ok", code: 0 });
  expect(stdout).toBe("say-hello --you hello\n");
});
