import type { Tool } from "../../model/index.ts";
import type { CapabilityFinder } from "../capabilities/index.ts";
import type { ModuleStore } from "../modules.ts";
import { entryPointTool } from "../python-tool.ts";
import { readEntryPoint } from "../readers/python.ts";
import type { CommandLine, Gap } from "../readers/reading.ts";
import type { EntryPoint } from "./entry-points.ts";

/** The console commands of a project as tools, and what they rest on. */
export interface ProjectReading {
  readonly tools: readonly Tool[];
  readonly gaps: readonly Gap[];
  readonly dependencies: ReadonlySet<string>;
  readonly misses: ReadonlySet<string>;
}

/** What is told of a program that names a command line library and was not followed as far as where it uses it. */
export const CUT_SHORT =
  "The program does too much before it reads its command line to be followed so far; options may be missing.";

/** Most commands that are read of one project. */
const MAX_COMMANDS = 200;

/**
 * Reads what each console command of a project runs.
 * @param file of the project, beside which (or in whose source folder) its packages lie
 */
export function readProject(
  file: string,
  entryPoints: readonly EntryPoint[],
  store: ModuleStore,
  finder: CapabilityFinder,
): ProjectReading {
  const tools = new Map<string, Tool>();
  /** Those that look at the name by which they are called. */
  const asking = new Set<Tool>();
  const gaps: Gap[] = [];
  const dependencies = new Set<string>();
  const misses = new Set<string>();
  for (const entry of entryPoints.slice(0, MAX_COMMANDS)) {
    misses.add(entry.module.slice(entry.module.lastIndexOf(".") + 1));
    const module = store.resolve(file, 0, entry.module);
    const parsed = module?.file ? store.read(module.file) : null;
    const attribute = entry.attribute.join(".");
    if (module === null || parsed === null) continue;
    // Several names for one function are one tool, unless it looks at its name and does something else then.
    const first = tools.get(`${parsed.file}#${attribute}`);
    if (first !== undefined && !asking.has(first)) continue;
    dependencies.add(parsed.file);
    const reading = readEntryPoint(parsed, module.name, entry.attribute, entry.name, store);
    for (const used of reading.dependencies) dependencies.add(used);
    for (const miss of reading.misses) misses.add(miss);
    if (reading.commandLine === null || (first !== undefined && isSame(first, reading.commandLine))) continue;
    const found = finder.ofPython(parsed, attribute);
    for (const used of found.dependencies) dependencies.add(used);
    const isCut = reading.isCut && store.declaresCommandLine(parsed.file);
    gaps.push(...reading.commandLine.gaps, ...cutGaps(isCut, parsed.file, entry.name, reading.commandLine.line));
    const root = rootOf(parsed.file, module.name);
    const command = { name: entry.name, attribute, module: module.name, root };
    const tool = entryPointTool(parsed, reading, reading.commandLine, found.capabilities, command);
    if (reading.asksForName) asking.add(tool);
    if (first === undefined) tools.set(tool.id, tool);
    else tools.set(`${tool.id}:${tool.name}`, { ...tool, id: `${tool.id}:${tool.name}` });
  }
  return { tools: [...tools.values()], gaps, dependencies, misses };
}

function isSame(tool: Tool, commandLine: CommandLine): boolean {
  const signature = ({ parameters, subcommands }: Pick<CommandLine, "parameters" | "subcommands">): string =>
    JSON.stringify([
      parameters.map(({ flags, name, subcommand }) => [flags, name, subcommand]),
      subcommands.map(({ path }) => path),
    ]);
  return signature(tool) === signature(commandLine);
}

function cutGaps(isCut: boolean, file: string, name: string, line = 1): Gap[] {
  return isCut ? [{ file, line, message: `${name}: ${CUT_SHORT}` }] : [];
}

/** The folder from which a module is imported by its name. */
function rootOf(file: string, module: string): string {
  const path = file.replace(/(?:\/__init__)?\.py$/u, "");
  const tail = module.replaceAll(".", "/");
  return path === tail ? "" : path.slice(0, Math.max(0, path.length - tail.length - 1));
}
