import type { CapabilityExtension, Diagnostic, Tool } from "../model/index.ts";
import type { AgentTool } from "./agents/declarations.ts";
import { readAgentTools } from "./agents/read.ts";
import { agentTool } from "./agents/tool.ts";
import { CapabilityFinder } from "./capabilities/index.ts";
import { markedFile, type markOf } from "./evaluate/index.ts";
import { ExampleFinder } from "./examples.ts";
import type { ModuleStore, ParsedFile } from "./modules.ts";
import { type FileClass, isBinary, isTestFile, mayDeclareTasks, PythonMarks, shebangOf } from "./prefilter.ts";
import { type EntryPoint, pyprojectEntryPoints, setupCfgEntryPoints } from "./projects/entry-points.ts";
import { CUT_SHORT, readProject } from "./projects/project.ts";
import { pythonTool, taskTool } from "./python-tool.ts";
import { type ManifestReading, readManifest } from "./readers/manifest.ts";
import { MODELS, readPython } from "./readers/python.ts";
import { readShell } from "./readers/shell.ts";
import { recipeTools } from "./recipes/index.ts";
import { readTasks } from "./tasks/read.ts";

/** A file to look at. */
export interface FileContent {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly kind: FileClass;
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
}

/** What one file gave. */
export interface FileResult {
  readonly tools: readonly Tool[];
  readonly manifest: ManifestReading | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Files whose change would change this result. */
  readonly dependencies: ReadonlySet<string>;
  /**
   * Last names of modules that were looked for and not found: if one appears, this result may change. Besides, by
   * {@link markOf}, files of which only that matters.
   */
  readonly misses: ReadonlySet<string>;
  /** There is something to keep. */
  readonly isNotable: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Most gaps of one file that are told; the others are like them. */
const MAX_GAPS = 20;

/** Bytes of a program from which on its tree takes the place of those of many modules. */
const LARGE_PROGRAM = 16_000;

/** Turns the content of one file into tools and diagnostics. */
export class FileAnalyser {
  readonly #store: ModuleStore;
  readonly #examples: ExampleFinder;
  readonly #capabilities: CapabilityFinder;

  /** @param more calls that settings add to the table of capabilities */
  constructor(store: ModuleStore, more: readonly CapabilityExtension[] = []) {
    this.#store = store;
    this.#examples = new ExampleFinder(store);
    this.#capabilities = new CapabilityFinder(store, more);
  }

  /** Drops what was kept about files that changed. */
  forget(paths: ReadonlySet<string>): void {
    this.#capabilities.forget(paths);
    for (const path of paths) this.#examples.forget(path);
  }

  /** Drops all that rests on what imports mean: a Python file came or went. */
  forgetImports(): void {
    this.#capabilities.forgetImports();
  }

  analyse(content: FileContent): FileResult {
    const { path, bytes } = content;
    const isPassing = bytes.length > LARGE_PROGRAM && this.#store.peek(path) === null;
    const result = this.#analyse(content);
    // Few programs are imported; those that are have mostly been read before, and stay.
    if (isPassing) this.#store.release(path);
    const { dependencies, misses } = result;
    if (dependencies.size === 0) return result;
    const looked = [...dependencies, ...[...misses].flatMap((name) => markedFile(name) ?? [])];
    return { ...result, misses: new Set([...misses, ...this.#store.missesOf(looked)]) };
  }

  #analyse(content: FileContent): FileResult {
    const { path, kind, bytes } = content;
    const shebang = shebangOf(bytes);
    if (kind === "manifest") return manifestResult(path, bytes);
    if (isBinary(bytes)) return skipped(path, "binary-file", "The file looks binary and is not read.");
    if (kind === "recipes") return recipesResult(path, bytes.toString("utf8"));
    if (kind === "project") return this.#project(path, bytes.toString("utf8"));
    const isPython = kind === "python" || (kind === "headless" && shebang?.language === "python");
    if (isPython) return this.#python(content, shebang !== null);
    const isShell = kind === "shell" || (kind === "headless" && shebang?.language === "shell");
    if (isShell) return this.#shell(content);
    return nothing();
  }

  #project(path: string, text: string): FileResult {
    const entryPoints = path.endsWith(".toml") ? pyprojectEntryPoints(text) : setupCfgEntryPoints(text);
    return entryPoints.length === 0 ? nothing() : this.#commands(path, entryPoints);
  }

  #commands(path: string, entryPoints: readonly EntryPoint[]): FileResult {
    const { gaps, tools, ...reading } = readProject(path, entryPoints, this.#store, this.#capabilities);
    const completed = tools.map((tool) => this.#examples.complete(tool, []));
    return {
      tools: completed.map(({ tool }) => tool),
      manifest: null,
      diagnostics: gapDiagnostics(gaps),
      dependencies: new Set([...reading.dependencies, ...completed.flatMap(({ dependencies }) => dependencies)]),
      misses: reading.misses,
      isNotable: true,
    };
  }

  tooLarge(path: string, size: number): FileResult {
    const megabytes = (size / 1024 / 1024).toFixed(1);
    return skipped(path, "file-too-large", `The file has ${megabytes} MB; files over 2 MB are not read.`);
  }

  #python(content: FileContent, hasShebang: boolean): FileResult {
    const { path, bytes } = content;
    const marks = new PythonMarks(bytes);
    const parts = marks.mayBeTool(path) ? [this.#program(content, hasShebang)] : [nothing()];
    const hasTasks = mayDeclareTasks(path, bytes);
    const hasAgentTools = marks.mayDeclareAgentTools;
    const parsed = hasTasks || hasAgentTools ? this.#store.read(path, bytes) : null;
    if (parsed !== null && hasTasks) parts.unshift(this.#tasks(parsed));
    if (parsed !== null && hasAgentTools) parts.push(this.#agentTools(parsed));
    return parts.reduce(combined);
  }

  #shell(content: FileContent): FileResult {
    const { path, isExecutable } = content;
    const text = content.bytes.toString("utf8");
    const made = readShell(path, text, { isExecutable });
    if (made === null) return nothing();
    const comments = text.split("\n").flatMap((line) => /^\s*#+ (.*)$/u.exec(line)?.[1] ?? []);
    const { tool, dependencies } = this.#examples.complete(made, [comments.join("\n")]);
    return { ...nothing(), tools: [tool], dependencies: new Set(dependencies), isNotable: true };
  }

  /** What a file declares for a task runner. */
  #tasks(parsed: ParsedFile): FileResult {
    const { readings, interpreter } = readTasks(parsed, this.#store, MODELS);
    const dependencies = new Set(interpreter.filesUsed);
    const tools = readings.map((reading) => {
      const found = this.#capabilities.ofFunctions(parsed, reading.functions);
      for (const used of found.dependencies) dependencies.add(used);
      return taskTool(parsed.file, reading, found.capabilities);
    });
    return { ...nothing(), tools, dependencies, misses: interpreter.missedModules, isNotable: tools.length > 0 };
  }

  /** The functions that a file gives to agent frameworks. */
  #agentTools(parsed: ParsedFile): FileResult {
    const { tools, interpreter } = readAgentTools(parsed, this.#store, MODELS);
    const dependencies = new Set(interpreter.filesUsed);
    const made = tools.flatMap((tool) => {
      const { file } = tool.callee;
      const own = file === parsed.file ? parsed : this.#store.read(file);
      if (own === null || isTestFile(file)) return [];
      const { capabilities, dependencies: more } = this.#capabilities.ofFunctions(own, [unitOf(tool)]);
      for (const used of more) dependencies.add(used);
      return interpreter.inspect(() => agentTool(tool, own, interpreter, this.#store, capabilities)) ?? [];
    });
    const misses = interpreter.missedModules;
    return { ...nothing(), tools: made, dependencies, misses, isNotable: made.length > 0 };
  }

  #program(content: FileContent, hasShebang: boolean): FileResult {
    const { path, bytes } = content;
    const parsed = this.#store.read(path, bytes);
    if (parsed === null) return nothing();
    const reading = readPython(parsed, { hasShebang, isExecutable: content.isExecutable }, this.#store);
    if (reading.entryPoints.length > 0) return this.#commands(path, reading.entryPoints);
    if (reading.commandLine === null) {
      return { ...nothing(), dependencies: reading.dependencies, misses: reading.misses };
    }
    const { capabilities, dependencies } = this.#capabilities.ofPython(parsed, null, reading.hiddenParts);
    const made = pythonTool(parsed, reading, reading.commandLine, capabilities, this.#store);
    const { epilog, description } = reading.commandLine;
    const { tool, dependencies: readmes } = this.#examples.complete(made, [epilog, reading.documentation, description]);
    const isCut = reading.isCut && this.#store.declaresCommandLine(path);
    const diagnostics = [
      ...syntaxDiagnostics(parsed),
      ...(isCut ? [cutShort(path, reading.commandLine.line)] : []),
      ...gapDiagnostics(reading.commandLine.gaps),
    ];
    return {
      tools: [tool],
      manifest: null,
      diagnostics,
      dependencies: new Set([...reading.dependencies, ...dependencies, ...readmes]),
      misses: reading.misses,
      isNotable: true,
    };
  }
}

function nothing(): FileResult {
  return {
    tools: [],
    manifest: null,
    diagnostics: [],
    dependencies: NOTHING,
    misses: NOTHING,
    isNotable: false,
  };
}

function combined(first: FileResult, second: FileResult): FileResult {
  return {
    tools: [...first.tools, ...second.tools],
    manifest: first.manifest,
    diagnostics: [...first.diagnostics, ...second.diagnostics],
    dependencies: new Set([...first.dependencies, ...second.dependencies]),
    misses: new Set([...first.misses, ...second.misses]),
    isNotable: first.isNotable || second.isNotable,
  };
}

/** The name under which capability summaries know a tool's function. */
function unitOf({ callee, owner }: AgentTool): string {
  const made = owner ?? callee.owner;
  return made === null ? callee.name : `${made.name}.${callee.name}`;
}

function skipped(file: string, code: string, message: string): FileResult {
  return { ...nothing(), diagnostics: [{ file, line: 1, severity: "information", code, message }], isNotable: true };
}

/** The result of a file on which the analysis itself failed. */
export function failedResult(file: string, why: string): FileResult {
  const message = `The file could not be analysed: ${why}`;
  return {
    ...nothing(),
    diagnostics: [{ file, line: 1, severity: "warning", code: "analysis-failed", message }],
    isNotable: true,
  };
}

/** One diagnostic for a file that Python itself would not read. */
function syntaxDiagnostics(parsed: ParsedFile): Diagnostic[] {
  const { problems } = parsed.outline;
  const [first] = problems;
  if (first === undefined) return [];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return [
    {
      file: parsed.file,
      line: first.line,
      severity: "warning",
      code: "syntax-error",
      message: `${first.message}${more}. What could be read was read.`,
    },
  ];
}

/** For a program that names a command line library and was not followed as far as where it uses it. */
function cutShort(file: string, line = 1): Diagnostic {
  return {
    file,
    line,
    severity: "information",
    code: "reading-cut-short",
    message: CUT_SHORT,
  };
}

function gapDiagnostics(gaps: readonly { file: string; line: number; message: string }[]): Diagnostic[] {
  const seen = new Set<string>();
  return gaps
    .filter(({ file, line, message }) => {
      const key = `${file}:${line}:${message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .slice(0, MAX_GAPS)
    .map(({ file, line, message }) => ({ file, line, severity: "information", code: "not-known-before-run", message }));
}

function manifestResult(path: string, bytes: Buffer): FileResult {
  const manifest = readManifest(path, bytes.toString("utf8"));
  return { ...nothing(), manifest, diagnostics: manifest.diagnostics, isNotable: true };
}

function recipesResult(path: string, text: string): FileResult {
  const tools = recipeTools(path, text);
  return tools.length === 0 ? nothing() : { ...nothing(), tools, isNotable: true };
}
