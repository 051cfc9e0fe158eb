import { cleandoc, Interpreter, type LibraryModels, libraryModels, type RunEvent } from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { argparseReader } from "./argparse-reader.ts";
import { clickReader } from "./click.ts";
import { fireReader } from "./fire.ts";
import { getoptReader } from "./getopt.ts";
import { optparseReader } from "./optparse.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, remainingWords } from "./reading.ts";
import { headerComment, type ScriptShape, shapeOf } from "./script.ts";
import { typerReader } from "./typer.ts";

const READERS: readonly Reader[] = [argparseReader, clickReader, typerReader, optparseReader, getoptReader, fireReader];

const MODELS: LibraryModels = libraryModels(
  READERS.flatMap((reader) => [...reader.calls]),
  READERS.flatMap((reader) => [...reader.constants]),
);

/** Top-level modules that the readers model; a workspace's copy of them is not followed. */
export const MODELLED_MODULES: ReadonlySet<string> = new Set(
  [...MODELS.calls.keys()].map((name) => name.slice(0, name.indexOf("."))),
);

/** What is known about a file before it is read as a program. */
export interface PythonFileFacts {
  readonly hasShebang: boolean;
  readonly isExecutable: boolean;
}

export interface PythonReading {
  readonly commandLine: CommandLine | null;
  readonly shape: ScriptShape;
  /** Workspace files that the reading depends on, the file itself included. */
  readonly dependencies: ReadonlySet<string>;
  /** Last names of modules that were imported and not found in the workspace. */
  readonly misses: ReadonlySet<string>;
  /** The module's docstring or the comment at its head. */
  readonly documentation: string | undefined;
  /** The program is so large that its reading was cut short. */
  readonly isCut: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Running the file would only define things. */
const NOT_A_PROGRAM: Omit<PythonReading, "shape"> = {
  commandLine: null,
  dependencies: NOTHING,
  misses: NOTHING,
  documentation: undefined,
  isCut: false,
};

/** Reads a Python file as the program that `python file` would run. */
export function readPython(parsed: ParsedFile, facts: PythonFileFacts, store: ModuleStore): PythonReading {
  const shape = shapeOf(parsed.module);
  if (shape.guardLine === null && !shape.topActs) return { ...NOT_A_PROGRAM, shape };
  const interpreter = new Interpreter(store, MODELS);
  const { module, complete } = interpreter.runMain(parsed.file);
  const doc = module?.scope.own("__doc__");
  const documentation =
    doc?.kind === "str" && doc.value.trim() !== "" ? cleandoc(doc.value) : headerComment(parsed.text);
  const declared = readEvents(interpreter);
  return {
    commandLine: declared ?? plainScript(shape, facts, interpreter),
    shape,
    dependencies: interpreter.filesUsed,
    misses: interpreter.missedModules,
    documentation,
    isCut: !complete,
  };
}

/** The command line of the framework that comes first and for good; a framework that only takes a look comes last. */
function readEvents(interpreter: Interpreter): CommandLine | null {
  const { events } = interpreter;
  const order = [...events.filter((event) => !event.preliminary), ...events];
  const frameworks = new Set(order.map((event) => event.framework));
  for (const framework of frameworks) {
    const reader = READERS.find((candidate) => candidate.framework === framework);
    const own: RunEvent[] = events.filter((event) => event.framework === framework);
    const read = reader?.read(own, interpreter);
    if (read) return read;
  }
  return null;
}

function plainScript(shape: ScriptShape, facts: PythonFileFacts, interpreter: Interpreter): CommandLine | null {
  const isScript = shape.guardActs || (shape.topActs && shape.guardLine === null && isMeantToRun(facts));
  if (!isScript) return null;
  const { usesArguments } = interpreter;
  return {
    framework: usesArguments ? "sys.argv" : "main",
    parameters: usesArguments
      ? [remainingWords(shape.line, "unknown", { help: "Arguments as the script itself reads them from sys.argv." })]
      : [],
    subcommands: [],
    line: shape.line,
    gaps: [],
  };
}

function isMeantToRun(facts: PythonFileFacts): boolean {
  return facts.hasShebang || facts.isExecutable;
}
