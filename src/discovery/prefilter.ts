/**
 * Which files are worth a closer look, decided on raw bytes by plain substring searches: regular expressions with
 * alternations cost ten times more over a large workspace.
 */

import { withoutMainPart } from "./main-guard.ts";
import { MarkSearch } from "./marks.ts";
import { isRecipeFile } from "./recipes/index.ts";

/** Largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;

/** How many bytes are looked at for a NUL byte or a shebang line. */
const HEAD_BYTES = 8_000;

export type FileClass = "python" | "shell" | "manifest" | "project" | "recipes" | "headless" | "other";

/** What a file may be, by its name alone; `headless` files have no ending, their first line tells. */
export function classify(name: string): FileClass {
  if (name.endsWith(".py") || name.endsWith(".pyw")) return "python";
  if (name.endsWith(".sh") || name.endsWith(".bash")) return "shell";
  if (/\.tool\.(?:ya?ml|json)$/u.test(name)) return "manifest";
  if (isRecipeFile(name)) return "recipes";
  if (name === "pyproject.toml" || name === "setup.cfg") return "project";
  return name.includes(".") ? "other" : "headless";
}

/** Test code is never a tool: pytest's naming rules and the folders that people keep tests in. */
export function isTestFile(path: string): boolean {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  if (parts.some((part) => TEST_FOLDERS.has(part.toLowerCase()))) return true;
  return name === "conftest.py" || name.startsWith("test_") || name.endsWith("_test.py");
}

const TEST_FOLDERS: ReadonlySet<string> = new Set(["tests", "test", "testing", "idle_test", "__tests__"]);

export function isBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, HEAD_BYTES);
  // UTF-16 text has NUL bytes but begins with a byte order mark.
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return !isUtf16 && head.includes(0);
}

export interface Shebang {
  readonly language: "python" | "shell" | "other";
  /** The program's base name, such as `bash` or `python3`. */
  readonly program: string;
}

/** The interpreter that a file's first line names, `null` without one. */
export function shebangOf(bytes: Uint8Array): Shebang | null {
  const isBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const start = isBom ? 3 : 0;
  if (bytes[start] !== 0x23 || bytes[start + 1] !== 0x21) return null;
  const head = Buffer.from(bytes.subarray(start + 2, start + 256)).toString("latin1");
  const words = (head.split("\n", 1)[0] ?? "").trim().split(/\s+/u);
  const names = words.map((word) => word.slice(word.lastIndexOf("/") + 1));
  const isEnv = names[0] === "env";
  const program =
    (isEnv ? names.slice(1).find((name) => !name.startsWith("-") && !name.includes("=")) : names[0]) ?? "";
  if (/^(?:python|pypy)/u.test(program)) return { language: "python", program };
  // `uv run --script` starts Python files.
  if (program === "uv" || program === "pipx") return { language: "python", program };
  if (/^(?:ba|da|k|z|a|mk)?sh$/u.test(program)) return { language: "shell", program };
  return { language: "other", program };
}

/** Any of these in a Python file makes it worth parsing on its own account. */
const PROGRAM_MARKS = [
  "__main__",
  "parse_args",
  "parse_known_args",
  "argparse",
  "optparse",
  "docopt",
  "getopt",
  "import click",
  "from click",
  "import typer",
  "from typer",
  "import fire",
  "from fire",
  "import tyro",
  "from tyro",
  "simple_parsing",
  "flags.DEFINE_",
  "import argh",
  "from argh",
  "cyclopts",
  "jsonargparse",
  "plumbum",
  "from cleo",
  "sys.argv",
  "# /// script",
];

/** How agent frameworks are named where they are imported. */
const AGENT_FRAMEWORKS = [
  "FastMCP",
  "fastmcp",
  "MCPServer",
  "mcp.server",
  "langchain",
  "smolagents",
  "pydantic_ai",
  "function_tool",
];

/** Any of these in a module says that importing it may declare something. */
const DECLARING_MARKS = [
  "argparse",
  "ArgumentParser",
  "add_argument",
  "add_parser",
  "optparse",
  "add_option",
  // Not the bare words, which are common in other texts.
  "import click",
  "from click",
  "rich_click",
  "import typer",
  "from typer",
  "import fire",
  "from fire",
  "docopt",
  "import getopt",
  "from getopt",
  "flags.DEFINE_",
  "import argh",
  "from argh",
  "cyclopts",
  "jsonargparse",
  "plumbum",
  "from cleo",
  ...AGENT_FRAMEWORKS,
  "import invoke",
  "from invoke",
];

/** Any of these says that a Python file may give functions to an agent framework. */
const AGENT_MARKS = [...AGENT_FRAMEWORKS, "@mcp.tool", ".tool()", ".tool_plain"];

const NAMES_PROGRAM = 1;
const NAMES_LIBRARY = 2;
const NAMES_AGENTS = 4;

const MARKS = new MarkSearch([
  { bit: NAMES_PROGRAM, marks: PROGRAM_MARKS },
  { bit: NAMES_LIBRARY, marks: DECLARING_MARKS },
  { bit: NAMES_AGENTS, marks: AGENT_MARKS },
]);

/** What the bytes of a Python file say about it, found in one pass. */
export class PythonMarks {
  readonly #bytes: Buffer;
  #found: number | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #has(bit: number): boolean {
    this.#found ??= MARKS.find(this.#bytes);
    return (this.#found & bit) !== 0;
  }

  /** Whether the module has to do with command lines. */
  get namesCommandLineLibrary(): boolean {
    return this.#has(NAMES_LIBRARY);
  }

  /** The same of what importing the module runs: not what it does only as a program. */
  get importNamesCommandLineLibrary(): boolean {
    if (!this.namesCommandLineLibrary) return false;
    const text = this.#bytes.toString("latin1");
    const imported = withoutMainPart(text);
    return imported === text || (MARKS.find(Buffer.from(imported, "latin1")) & NAMES_LIBRARY) !== 0;
  }

  /** Whether the file may declare tools of an agent framework. */
  get mayDeclareAgentTools(): boolean {
    return this.#has(NAMES_AGENTS) && this.#bytes.includes("tool");
  }

  /** Whether the file may be a tool: it guards a main part, names a command line library, or has a shebang. */
  mayBeTool(path: string): boolean {
    // A package is imported; it is a program as well only when it says so.
    if (path.endsWith("__init__.py")) return this.#bytes.includes("__main__");
    if (path.endsWith("__main__.py") || path === "setup.py" || path.endsWith("/setup.py")) return true;
    return shebangOf(this.#bytes)?.language === "python" || this.#has(NAMES_PROGRAM);
  }
}

/** Whether a Python file may declare tasks of invoke, nox or doit, which look for files of these names. */
export function mayDeclareTasks(path: string, bytes: Buffer): boolean {
  const [, name] = /(?:^|\/)(tasks(?:\/__init__)?|noxfile|dodo)\.py$/u.exec(path) ?? [];
  if (name === undefined) return false;
  if (name === "dodo") return bytes.includes("def task_");
  return bytes.includes(name === "noxfile" ? "nox" : "invoke");
}

/** Whether a file that was read has to be analysed: what does not pass holds no tool and is nothing to tell about. */
export function mayHoldTools(path: string, kind: FileClass, bytes: Buffer, marks: PythonMarks): boolean {
  if (kind !== "python" || isBinary(bytes)) return true;
  return marks.mayDeclareAgentTools || mayDeclareTasks(path, bytes) || marks.mayBeTool(path);
}
