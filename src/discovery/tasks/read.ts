import type { Framework, Parameter, Subcommand } from "../../model/index.ts";
import { forEachChild, type Node } from "../../python/index.ts";
import {
  cleandoc,
  type FunctionValue,
  Interpreter,
  isSequence,
  iterate,
  type LibraryModels,
  type ModuleValue,
  textOf,
  type Value,
} from "../evaluate/index.ts";
import type { ModuleStore, ParsedFile } from "../modules.ts";
import { parentFolder } from "../paths.ts";
import { firstParagraph } from "../python-tool.ts";
import { typeOfDefault } from "../readers/click-types.ts";
import { type CommandLine, optional, remainingWords, toJson } from "../readers/reading.ts";
import { type SignatureParameter, signatureOf } from "../readers/signature.ts";
import { soundsLikePath } from "../readers/types.ts";
import {
  collectionOfModule,
  dashed,
  dictionariesIn,
  entriesOf,
  type InvokeCollection,
  type InvokeTask,
  sessionsOf,
} from "./declarations.ts";

/** A task runner's command line that a file declares. */
export interface TaskReading {
  readonly framework: Framework;
  readonly commandLine: CommandLine;
  readonly argv: readonly string[];
  /** The part of the tool's id after the file; none when the file is one tool. */
  readonly entry: string | undefined;
  /** The functions that it runs, by name. */
  readonly functions: readonly string[];
}

/** What a `tasks.py`, `noxfile.py` or `dodo.py` declares, and the run that told. */
export function readTasks(
  parsed: ParsedFile,
  store: ModuleStore,
  models: LibraryModels,
): { readonly readings: readonly TaskReading[]; readonly interpreter: Interpreter } {
  const interpreter = new Interpreter(store, models);
  const readings: TaskReading[] = [];
  const base = parsed.file.slice(parsed.file.lastIndexOf("/") + 1);
  interpreter.runImport(parsed.file, base.replace(/\.py$/u, ""), (module) => {
    readings.push(...invokeReadings(parsed.file, module, interpreter));
    readings.push(...noxReadings(parsed.file, interpreter));
    if (base === "dodo.py") readings.push(...doitReadings(parsed.file, module, interpreter));
  });
  return { readings, interpreter };
}

function documentationOf(callee: FunctionValue): string | undefined {
  const doc = callee.attributes.get("__doc__");
  return doc?.kind === "str" ? firstParagraph(cleandoc(doc.value)) : undefined;
}

function folderOf(file: string): string {
  const folder = parentFolder(file);
  return folder === "" ? "." : folder;
}

// --- invoke -------------------------------------------------------------------------------------------------------

/** One tool for the file, its tasks are subcommands. Only `tasks.py` and packages of that name are found by invoke. */
function invokeReadings(file: string, module: ModuleValue, interpreter: Interpreter): readonly TaskReading[] {
  const match = /(?:^|\/)(\w+?)(?:\/__init__)?\.py$/u.exec(file);
  const name = match?.[1];
  if (name !== "tasks") return [];
  const subcommands: Subcommand[] = [];
  const parameters: Parameter[] = [];
  const functions: string[] = [];
  const visit = (collection: InvokeCollection, prefix: string): void => {
    for (const [taskName, task] of collection.tasks) {
      const path = prefix + taskName;
      subcommands.push({ path, line: task.callee.line, ...optional("help", documentationOf(task.callee)) });
      parameters.push(...invokeParameters(task, path, interpreter));
      functions.push(task.callee.name);
    }
    if (prefix.split(".").length > 8) return;
    for (const [inner, nested] of collection.collections) visit(nested, `${prefix}${inner}.`);
  };
  visit(collectionOfModule(module), "");
  const [first] = subcommands;
  if (first === undefined) return [];
  const root = file.endsWith("__init__.py") ? parentFolder(parentFolder(file)) : parentFolder(file);
  const argv = ["python", "-m", "invoke", "--search-root", root === "" ? "." : root, "--collection", name];
  const commandLine: CommandLine = { framework: "invoke", name, parameters, subcommands, line: first.line, gaps: [] };
  return [{ framework: "invoke", commandLine, argv, entry: undefined, functions }];
}

/** Arguments of a task, all of which may be given as options; the first parameter is the context. */
function invokeParameters(task: InvokeTask, path: string, interpreter: Interpreter): Parameter[] {
  const { call, callee } = task;
  const help = entriesOf(call.keywords.get("help"));
  const lists = namesIn(call.keywords.get("iterable"), interpreter);
  const counts = namesIn(call.keywords.get("incrementable"), interpreter);
  return signatureOf(callee, interpreter)
    .slice(1)
    .flatMap((parameter) => {
      if (parameter.kind === "rest" || parameter.kind === "keywords") return [];
      const name = dashed(parameter.name);
      const text = help.get(parameter.name) ?? help.get(name);
      return {
        name: parameter.name,
        ...invokeShape(parameter, name, lists, counts),
        required: parameter.default === null,
        ...(text?.kind === "str" ? { help: text.value } : {}),
        subcommand: path,
        ...(soundsLikePath(parameter.name) ? { isPath: true } : {}),
        confidence: "certain" as const,
        line: parameter.line === 0 ? callee.line : parameter.line,
      };
    });
}

function namesIn(value: Value | undefined, interpreter: Interpreter): ReadonlySet<string> {
  return new Set(value === undefined ? [] : iterate(interpreter, value).items.flatMap((item) => textOf(item) ?? []));
}

function invokeShape(
  parameter: SignatureParameter,
  name: string,
  lists: ReadonlySet<string>,
  counts: ReadonlySet<string>,
): Pick<Parameter, "flags" | "type" | "items" | "default" | "action"> {
  const flags = [`--${name}`];
  const value = parameter.default;
  if (lists.has(parameter.name) || value?.kind === "list") {
    return { flags, type: "array", items: { type: "string" }, action: "append" };
  }
  if (counts.has(parameter.name)) return { flags, type: "integer", action: "count" };
  if (value?.kind === "bool") {
    const both = value.value ? [`--${name}`, `--no-${name}`] : flags;
    return { flags: both, type: "boolean", default: value.value, action: "flag" };
  }
  const type = value === null || value.kind === "none" ? "string" : typeOfDefault(value).type;
  return {
    flags,
    ...optional("type", type),
    ...optional("default", value === null || value.kind === "none" ? undefined : toJson(value)),
  };
}

// --- nox ----------------------------------------------------------------------------------------------------------

/** One tool for each session: they are picked by an option. Arguments go to the session behind `--`. */
function noxReadings(file: string, interpreter: Interpreter): readonly TaskReading[] {
  return sessionsOf(interpreter)
    .filter(({ callee, name }) => callee.file === file && /^[\w.-]+$/u.test(name) && !name.startsWith("-"))
    .map(({ name, callee }) => {
      const takesArguments = usesArguments(callee);
      const parameters = takesArguments
        ? [{ ...remainingWords(callee.line, "likely", { help: "Given to the session." }), name: "posargs" }]
        : [];
      return {
        framework: "nox",
        commandLine: {
          framework: "nox",
          name,
          description: documentationOf(callee),
          parameters,
          subcommands: [],
          line: callee.line,
          gaps: [],
        },
        argv: ["python", "-m", "nox", "--noxfile", file, "--session", name, ...(takesArguments ? ["--"] : [])],
        entry: name,
        functions: [callee.name],
      } as const;
    });
}

/** Whether a session looks at `session.posargs`. */
function usesArguments(callee: FunctionValue): boolean {
  let found = false;
  const visit = (node: Node): void => {
    found ||= node.kind === "Attribute" && node.attr === "posargs";
    if (!found) forEachChild(node, visit);
  };
  visit(callee.node);
  return found;
}

// --- doit ---------------------------------------------------------------------------------------------------------

/** One tool for the file; the functions `task_…` are its subcommands. */
function doitReadings(file: string, module: ModuleValue, interpreter: Interpreter): readonly TaskReading[] {
  const subcommands: Subcommand[] = [];
  const parameters: Parameter[] = [];
  const functions: string[] = [];
  for (const [name, entry] of module.scope.entries()) {
    if (entry.kind !== "function" || !name.startsWith("task_")) continue;
    const path = name.slice("task_".length);
    const [main] = dictionariesIn(interpreter.call(entry, interpreter.emptyCall(file, entry.line)));
    const doc = main?.get("doc");
    const help = doc?.kind === "str" ? doc.value : documentationOf(entry);
    subcommands.push({ path, line: entry.line, ...optional("help", help) });
    functions.push(name);
    const declared = main?.get("params");
    for (const item of declared !== undefined && isSequence(declared) ? declared.items : []) {
      parameters.push(...doitParameter(entriesOf(item), path, entry.line));
    }
  }
  const [first] = subcommands;
  if (first === undefined) return [];
  const commandLine: CommandLine = {
    framework: "doit",
    name: "dodo",
    parameters,
    subcommands,
    line: first.line,
    gaps: [],
  };
  const argv = ["python", "-m", "doit", "run", "--file", file, "--dir", folderOf(file)];
  return [{ framework: "doit", commandLine, argv, entry: undefined, functions }];
}

const DOIT_TYPES: ReadonlyMap<string, NonNullable<Parameter["type"]>> = new Map([
  ["builtins.str", "string"],
  ["builtins.int", "integer"],
  ["builtins.float", "number"],
  ["builtins.bool", "boolean"],
]);

/** One of a task's `params`: name, short and long option, type, default, help and choices. */
function doitParameter(entries: ReadonlyMap<string, Value>, path: string, line: number): Parameter[] {
  const name = entries.get("name");
  if (name?.kind !== "str") return [];
  const text = (key: string): string | undefined => {
    const value = entries.get(key);
    return value?.kind === "str" && value.value !== "" ? value.value : undefined;
  };
  const flags = [...(text("short") ? [`-${text("short")}`] : []), ...(text("long") ? [`--${text("long")}`] : [])];
  const kind = entries.get("type");
  const fallback = entries.get("default");
  const type = kind?.kind === "external" ? DOIT_TYPES.get(kind.name) : undefined;
  const choices = entries.get("choices");
  const pairs = choices !== undefined && isSequence(choices) ? choices.items : [];
  const names = pairs.flatMap((pair) => (isSequence(pair) ? (textOf(pair.items[0] ?? pair) ?? []) : []));
  if (flags.length === 0) return [];
  const parameter: Parameter = {
    name: name.value,
    flags,
    type: type ?? (fallback === undefined ? "string" : (typeOfDefault(fallback).type ?? "string")),
    required: false,
    ...optional("default", fallback === undefined ? undefined : toJson(fallback)),
    ...(names.length > 0 ? { choices: names } : {}),
    ...optional("help", text("help")),
    subcommand: path,
    confidence: "certain",
    line,
  };
  return [parameter];
}
