import type { Capability, Tool } from "../model/index.ts";
import { forEachChild, type Node } from "../python/index.ts";
import { categoryOf } from "./category.ts";
import type { ModuleStore, ParsedFile } from "./modules.ts";
import { parentFolder } from "./paths.ts";
import type { PythonReading } from "./readers/python.ts";
import type { CommandLine } from "./readers/reading.ts";
import { argumentsSchema } from "./schema.ts";
import type { TaskReading } from "./tasks/read.ts";

/** The tool that a Python file is. */
export function pythonTool(
  parsed: ParsedFile,
  reading: PythonReading,
  commandLine: CommandLine,
  capabilities: readonly Capability[],
  store: ModuleStore,
): Tool {
  const name = nameOf(parsed.file, commandLine);
  const description = commandLine.description ?? firstParagraph(reading.documentation) ?? "";
  const parameters = [...commandLine.parameters];
  const subcommands = [...commandLine.subcommands];
  return {
    id: parsed.file,
    name,
    kind: "python",
    file: parsed.file,
    line: commandLine.line ?? reading.shape.line,
    framework: commandLine.framework,
    description,
    category: categoryOf(name, description, capabilities, undefined),
    source: "inferred",
    entry: { ...entryOf(parsed, store), ...wordsOf(commandLine) },
    parameters,
    subcommands,
    schema: argumentsSchema(parameters, subcommands, commandLine.rest),
    capabilities: [...capabilities],
  };
}

/** The tool that a task runner makes of a file, or of one of its functions. */
export function taskTool(file: string, reading: TaskReading, capabilities: readonly Capability[]): Tool {
  const { framework, commandLine, argv, entry } = reading;
  const { parameters, subcommands, description = "", line = 1 } = commandLine;
  const name = commandLine.name ?? file;
  return {
    id: entry === undefined ? file : `${file}#${entry}`,
    name,
    kind: "python",
    file,
    line,
    ...(reading.functions.length === 1 ? { function: reading.functions[0] } : {}),
    framework,
    description,
    category: categoryOf(name, description, capabilities, undefined),
    source: "inferred",
    entry: { argv: [...argv] },
    parameters: [...parameters],
    subcommands: [...subcommands],
    schema: argumentsSchema(parameters, subcommands),
    capabilities: [...capabilities],
  };
}

/** Where words go that are no options: by usage patterns, or left over by the parser. */
function wordsOf({ usage, rest }: CommandLine): Pick<Tool["entry"], "usage" | "rest"> {
  return { ...(usage === undefined ? {} : { usage: [...usage] }), ...(rest === undefined ? {} : { rest }) };
}

/** The tool that a console command of a project is: one function of a module, started as installing it would. */
export function entryPointTool(
  parsed: ParsedFile,
  reading: PythonReading,
  commandLine: CommandLine,
  capabilities: readonly Capability[],
  command: { readonly name: string; readonly attribute: string; readonly module: string; readonly root: string },
): Tool {
  const { name, attribute, module, root } = command;
  const description = commandLine.description ?? firstParagraph(reading.documentation) ?? "";
  const parameters = [...commandLine.parameters];
  const subcommands = [...commandLine.subcommands];
  const [first] = attribute.split(".");
  return {
    id: `${parsed.file}#${attribute}`,
    name,
    kind: "python",
    file: parsed.file,
    line: commandLine.line ?? reading.shape.line,
    function: attribute,
    framework: commandLine.framework,
    description,
    category: categoryOf(name, description, capabilities, undefined),
    source: "inferred",
    entry: {
      // What pip writes into the script that it installs.
      argv: [
        "python",
        "-c",
        `import sys; from ${module} import ${first}; sys.argv[0] = '${name}'; sys.exit(${attribute}())`,
      ],
      pythonPath: [root === "" ? "." : root],
      ...wordsOf(commandLine),
    },
    parameters,
    subcommands,
    schema: argumentsSchema(parameters, subcommands, commandLine.rest),
    capabilities: [...capabilities],
  };
}

/** What the program calls itself, else its file (the package for a `__main__.py`). */
function nameOf(file: string, commandLine: CommandLine): string {
  const declared = commandLine.name?.trim() ?? "";
  if (declared !== "" && !/[\s%]/u.test(declared)) return declared.slice(declared.lastIndexOf("/") + 1);
  const base = file.slice(file.lastIndexOf("/") + 1);
  if (base === "__main__.py") {
    const folder = parentFolder(file);
    if (folder !== "") return folder.slice(folder.lastIndexOf("/") + 1);
  }
  return base.replace(/\.pyw?$/u, "");
}

/** The first paragraph of a docstring, on one line. */
export function firstParagraph(text: string | undefined): string | undefined {
  const paragraph = text
    ?.trim()
    .split(/\n\s*\n/u)[0]
    ?.replaceAll(/\s+/gu, " ")
    .trim();
  return paragraph === "" ? undefined : paragraph;
}

/**
 * How the file is started. A package's `__main__.py`, and a file that imports from its own package, have to be run as
 * modules, with the folder of the package on the path.
 */
function entryOf(parsed: ParsedFile, store: ModuleStore): Tool["entry"] {
  const { file } = parsed;
  const top = topPackage(file, store);
  const isMain = file.endsWith("/__main__.py");
  if (!isMain && (top === null || !importsOwnPackage(parsed, top.name))) return { argv: ["python", file] };
  const root = top === null ? parentFolder(parentFolder(file)) : top.root;
  const dotted = file
    .slice(root === "" ? 0 : root.length + 1)
    .replace(/(?:\/__main__)?\.py$/u, "")
    .replaceAll("/", ".");
  return { argv: ["python", "-m", dotted], ...(root === "" ? {} : { pythonPath: [root] }) };
}

/** The outermost package that a file belongs to, and the folder in which it lies. */
function topPackage(file: string, store: ModuleStore): { readonly name: string; readonly root: string } | null {
  let top: string | null = null;
  for (let folder = parentFolder(file); folder !== "" && store.has(`${folder}/__init__.py`); ) {
    top = folder;
    folder = parentFolder(folder);
  }
  return top === null ? null : { name: top.slice(top.lastIndexOf("/") + 1), root: parentFolder(top) };
}

function importsOwnPackage(parsed: ParsedFile, top: string): boolean {
  let found = false;
  const visit = (node: Node): void => {
    if (found) return;
    if (node.kind === "ImportFrom") {
      found = node.level > 0 || node.module === top || (node.module?.startsWith(`${top}.`) ?? false);
    } else if (node.kind === "Import") {
      found = node.names.some((alias) => alias.name === top || alias.name.startsWith(`${top}.`));
    } else forEachChild(node, visit);
  };
  visit(parsed.module);
  return found;
}
