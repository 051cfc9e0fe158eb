import {
  type CallArguments,
  type ExternalModel,
  type Interpreter,
  isSequence,
  NONE,
  textOf,
  type Value,
} from "../evaluate/index.ts";
import { type EntryPoint, entryPointLine, isScriptGroup, sectionLines } from "../projects/entry-points.ts";

/** Calls of `setup()` that a run of a `setup.py` makes. */
const CALLS = new WeakMap<Interpreter, CallArguments[]>();

const setup: ExternalModel = (call, interpreter) => {
  const known = CALLS.get(interpreter);
  if (known === undefined) CALLS.set(interpreter, [call]);
  else known.push(call);
  return NONE;
};

export const SETUP_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["setuptools.setup", setup],
  ["distutils.core.setup", setup],
];

/** The console commands that `setup(entry_points=…)` declares: lists, or text as in an `entry_points.txt`. */
export function setupEntryPoints(interpreter: Interpreter): readonly EntryPoint[] {
  return (CALLS.get(interpreter) ?? []).flatMap((call) => {
    const given = call.keywords.get("entry_points");
    if (given?.kind === "str") {
      const inScripts = [...sectionLines(given.value)].filter(({ group }) => isScriptGroup(group));
      return inScripts.flatMap(({ content }) => entryPointLine(content, call.line));
    }
    if (given?.kind !== "dict") return [];
    return [...given.entries.values()].flatMap(({ key, value }) =>
      isScriptGroup(textOf(key)) ? lines(value, call.line) : [],
    );
  });
}

function lines(value: Value, line: number): readonly EntryPoint[] {
  if (value.kind === "str") return value.value.split("\n").flatMap((text) => entryPointLine(text, line));
  if (!isSequence(value)) return [];
  return value.items.flatMap((item) => (item.kind === "str" ? entryPointLine(item.value, line) : []));
}
