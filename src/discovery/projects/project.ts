import type { Tool } from "../../model/index.ts";
import type { CapabilityFinder } from "../capabilities/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
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
  const project = new ProjectReader(file, store, finder);
  for (const entry of entryPoints.slice(0, MAX_COMMANDS)) project.add(entry);
  return project;
}

class ProjectReader implements ProjectReading {
  readonly gaps: Gap[] = [];
  readonly dependencies = new Set<string>();
  readonly misses = new Set<string>();
  readonly #tools = new Map<string, Tool>();
  /** Those that look at the name by which they are called. */
  readonly #asking = new Set<Tool>();
  readonly #file: string;
  readonly #store: ModuleStore;
  readonly #finder: CapabilityFinder;

  constructor(file: string, store: ModuleStore, finder: CapabilityFinder) {
    this.#file = file;
    this.#store = store;
    this.#finder = finder;
  }

  get tools(): readonly Tool[] {
    return [...this.#tools.values()];
  }

  add(entry: EntryPoint): void {
    this.misses.add(entry.module.slice(entry.module.lastIndexOf(".") + 1));
    const module = this.#store.resolve(this.#file, 0, entry.module);
    const parsed = module?.file ? this.#store.read(module.file) : null;
    if (module === null || parsed === null) return;
    // Several names for one function are one tool, unless it looks at its name and does something else then.
    const first = this.#tools.get(`${parsed.file}#${entry.attribute.join(".")}`);
    if (first === undefined || this.#asking.has(first)) this.#read(entry, module.name, parsed, first);
  }

  #read(entry: EntryPoint, module: string, parsed: ParsedFile, first: Tool | undefined): void {
    this.dependencies.add(parsed.file);
    const reading = readEntryPoint(parsed, module, entry.attribute, entry.name, this.#store);
    const { commandLine } = reading;
    for (const used of reading.dependencies) this.dependencies.add(used);
    for (const miss of reading.misses) this.misses.add(miss);
    if (commandLine === null || (first !== undefined && isSame(first, commandLine))) return;
    const attribute = entry.attribute.join(".");
    const found = this.#finder.ofPython(parsed, attribute, reading.hiddenParts);
    for (const used of found.dependencies) this.dependencies.add(used);
    const isCut = reading.isCut && this.#store.declaresCommandLine(parsed.file);
    this.gaps.push(...commandLine.gaps, ...cutGaps(isCut, parsed.file, entry.name, commandLine.line));
    const root = rootOf(parsed.file, module);
    const command = { name: entry.name, attribute, module, root };
    const made = entryPointTool(parsed, reading, commandLine, found.capabilities, command);
    const tool = first === undefined ? made : { ...made, id: `${made.id}:${made.name}` };
    if (reading.asksForName) this.#asking.add(tool);
    this.#tools.set(tool.id, tool);
  }
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
