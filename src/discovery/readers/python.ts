import { AGENT_MODELS } from "../agents/frameworks.ts";
import { FIELD_MODELS } from "../agents/json-schema.ts";
import {
  cleandoc,
  DEFAULT_LIMITS,
  docstringOf,
  type HiddenPart,
  Interpreter,
  type LibraryModels,
  type Limits,
  libraryModels,
  type RunEvent,
} from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import type { EntryPoint } from "../projects/entry-points.ts";
import { TASK_MODELS } from "../tasks/declarations.ts";
import { abslReader } from "./absl.ts";
import { arghReader } from "./argh.ts";
import { argparseReader } from "./argparse-reader.ts";
import { cleoReader } from "./cleo.ts";
import { clickReader } from "./click-reader.ts";
import { cycloptsReader } from "./cyclopts.ts";
import { docoptReader } from "./docopt.ts";
import { fireReader } from "./fire.ts";
import { getoptReader } from "./getopt.ts";
import { optparseReader } from "./optparse.ts";
import { plumbumReader } from "./plumbum.ts";
import type { Reader } from "./reader.ts";
import { type CommandLine, remainingWords } from "./reading.ts";
import { hasInlineMetadata, headerComment, type ScriptShape, shapeOf } from "./script.ts";
import { SETUP_MODELS, setupEntryPoints } from "./setup-call.ts";
import { jsonargparseReader, tyroReader } from "./signature-parsers.ts";
import { typerReader } from "./typer.ts";

const READERS: readonly Reader[] = [
  argparseReader,
  clickReader,
  typerReader,
  optparseReader,
  getoptReader,
  fireReader,
  docoptReader,
  abslReader,
  cycloptsReader,
  plumbumReader,
  arghReader,
  cleoReader,
  tyroReader,
  jsonargparseReader,
];

export const MODELS: LibraryModels = libraryModels(
  [...READERS.flatMap((reader) => [...reader.calls]), ...SETUP_MODELS, ...AGENT_MODELS, ...TASK_MODELS],
  READERS.flatMap((reader) => [...reader.constants]),
  FIELD_MODELS,
);

/**
 * Large packages of which only a little is modelled, and names that a workspace's own packages often have: where the
 * workspace has such a package, its source is read.
 */
const FOLLOWED_MODULES: ReadonlySet<string> = new Set(["transformers", "flask", "tensorflow", "agents"]);

/** Top-level modules that the readers model; a workspace's copy of them is not followed. */
export const MODELLED_MODULES: ReadonlySet<string> = new Set(
  [...READERS.flatMap((reader) => [...reader.calls]), ...AGENT_MODELS, ...TASK_MODELS]
    .map(([name]) => name.slice(0, name.indexOf(".")))
    .filter((name) => !FOLLOWED_MODULES.has(name)),
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
  /** Under another name it may have another command line. */
  readonly asksForName: boolean;
  /** The program is so large that its reading was cut short. */
  readonly isCut: boolean;
  /** Parts that the program's text does not show to be reached. */
  readonly hiddenParts: readonly HiddenPart[];
  /** Console commands that the file declares as a `setup.py`. */
  readonly entryPoints: readonly EntryPoint[];
}

/** Most files that do something when they are run and do not say that they are programs are none. */
const LIMITS_OF_MODULES: Limits = { ...DEFAULT_LIMITS, stepsWithParser: DEFAULT_LIMITS.stepsWithLibrary };

const NOTHING: ReadonlySet<string> = new Set();

/** Running the file would only define things. */
const NOT_A_PROGRAM: Omit<PythonReading, "shape"> = {
  commandLine: null,
  dependencies: NOTHING,
  misses: NOTHING,
  documentation: undefined,
  asksForName: false,
  isCut: false,
  hiddenParts: [],
  entryPoints: [],
};

/** Reads a Python file as the program that `python file` would run. */
export function readPython(parsed: ParsedFile, facts: PythonFileFacts, store: ModuleStore): PythonReading {
  const shape = shapeOf(parsed.module);
  if (shape.guardLine === null && !shape.topActs) return { ...NOT_A_PROGRAM, shape };
  const plain = { ...facts, hasInlineMetadata: hasInlineMetadata(parsed.text) };
  const isProgram = shape.guardLine !== null || isMeantToRun(plain);
  const interpreter = new Interpreter(store, MODELS, isProgram ? DEFAULT_LIMITS : LIMITS_OF_MODULES);
  const { complete } = interpreter.runMain(parsed.file);
  const declared = readEvents(interpreter);
  // What a program does that was not read to its end, it may still do with its arguments.
  const usesArguments = interpreter.usesArguments || (!complete && NAMES_ARGUMENTS.test(parsed.text));
  const commandLine = declared ?? plainScript(shape, plain, usesArguments);
  const givenUp = declared === null && store.declaresCommandLine(parsed.file) ? givenUpAt(interpreter, complete) : [];
  return {
    commandLine: commandLine && {
      ...commandLine,
      gaps: [...commandLine.gaps, ...givenUp.map((gap) => ({ ...gap, file: parsed.file }))],
    },
    shape,
    dependencies: interpreter.filesUsed,
    misses: interpreter.missedModules,
    documentation: documentationOf(parsed),
    asksForName: interpreter.asksForName,
    isCut: !complete,
    hiddenParts: interpreter.hiddenParts,
    entryPoints: setupEntryPoints(interpreter),
  };
}

/** Code, not a comment on a line of its own, that names the program's arguments. */
const NAMES_ARGUMENTS = /^[^#\n]*\bsys\.argv\b/mu;

/** Where and why a program that has to do with command lines was not read to its end. */
function givenUpAt(
  { stoppedAt }: Interpreter,
  complete: boolean,
): readonly { readonly line: number; readonly message: string }[] {
  if (!complete) {
    return [
      { line: 1, message: "The program does too much to be read to its end; it may take arguments beyond these." },
    ];
  }
  if (stoppedAt === null) return [];
  return [{ line: stoppedAt, message: "As far as can be read the program ends here; what follows was not read." }];
}

/** Reads what a console command runs: a function (or command object) of a module that is imported. */
export function readEntryPoint(
  parsed: ParsedFile,
  name: string,
  attribute: readonly string[],
  command: string,
  store: ModuleStore,
): PythonReading {
  const shape = shapeOf(parsed.module);
  const interpreter = new Interpreter(store, MODELS);
  const { target, complete } = interpreter.runEntry(parsed.file, name, attribute, command);
  const callee = target?.kind === "bound" ? target.function : target;
  const line = callee?.kind === "function" && callee.file === parsed.file ? callee.line : shape.line;
  const isKnown = target === null || target.kind !== "unknown";
  const doc = callee?.kind === "function" ? callee.attributes.get("__doc__") : undefined;
  return {
    commandLine: readEvents(interpreter) ?? (isKnown ? withoutDeclaration(line, interpreter.usesArguments) : null),
    shape: { ...shape, line },
    dependencies: interpreter.filesUsed,
    misses: interpreter.missedModules,
    documentation: doc?.kind === "str" && doc.value.trim() !== "" ? cleandoc(doc.value) : documentationOf(parsed),
    asksForName: interpreter.asksForName,
    isCut: !complete,
    hiddenParts: interpreter.hiddenParts,
    entryPoints: [],
  };
}

/** The module's docstring or the comment at its head. */
function documentationOf(parsed: ParsedFile): string | undefined {
  const doc = docstringOf(parsed.module);
  return doc?.kind === "str" && doc.value.trim() !== "" ? cleandoc(doc.value) : headerComment(parsed.text);
}

/** The command line of the framework that comes first and for good; a framework that only takes a look comes last. */
function readEvents(interpreter: Interpreter): CommandLine | null {
  const { events } = interpreter;
  const order = [...events.filter((event) => !event.preliminary), ...events];
  const frameworks = new Set(order.map((event) => event.framework));
  for (const framework of frameworks) {
    const reader = READERS.find((candidate) => candidate.framework === framework);
    const own: RunEvent[] = events.filter((event) => event.framework === framework);
    const read = reader && interpreter.inspect(() => reader.read(own, interpreter));
    if (read) return read;
  }
  return null;
}

function plainScript(
  shape: ScriptShape,
  facts: PythonFileFacts & { readonly hasInlineMetadata: boolean },
  usesArguments: boolean,
): CommandLine | null {
  const isScript = shape.guardActs || (shape.topActs && shape.guardLine === null && isMeantToRun(facts));
  return isScript ? withoutDeclaration(shape.line, usesArguments) : null;
}

/** The command line of a program that declares none. */
function withoutDeclaration(line: number, usesArguments: boolean): CommandLine {
  return {
    framework: usesArguments ? "sys.argv" : "main",
    parameters: usesArguments
      ? [remainingWords(line, "unknown", { help: "Arguments as the script itself reads them from sys.argv." })]
      : [],
    subcommands: [],
    line,
    gaps: [],
  };
}

function isMeantToRun(facts: PythonFileFacts & { readonly hasInlineMetadata: boolean }): boolean {
  return facts.hasShebang || facts.isExecutable || facts.hasInlineMetadata;
}
