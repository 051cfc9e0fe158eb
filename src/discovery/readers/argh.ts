import {
  type CallArguments,
  cleandoc,
  type ExternalModel,
  type FunctionValue,
  type HostValue,
  hostOf,
  type Interpreter,
  isSequence,
  iterate,
  list,
  NONE,
  native,
  str,
  TRUE,
  textOf,
  unknown,
  type Value,
} from "../evaluate/index.ts";
import { addArgument, addGap, makeParser, type ParserMethod, parserOf } from "./argparse.ts";
import { readRuns } from "./argparse-reader.ts";
import type { Reader } from "./reader.ts";
import { given, givenText } from "./reading.ts";
import { type SignatureParameter, signatureOf } from "./signature.ts";

/*
 * argh makes an argparse parser of functions: https://github.com/neithere/argh/blob/master/src/argh/assembling.py
 * Where its versions differ, what both do is read.
 */

/** What `@arg(…)` declares on a function, outermost first. */
const DECLARED = new WeakMap<FunctionValue["attributes"], CallArguments[]>();
const NAMES = new WeakMap<FunctionValue["attributes"], string>();

function functionOf(value: Value | undefined): FunctionValue | null {
  if (value?.kind === "bound") return value.function;
  return value?.kind === "function" ? value : null;
}

/** A decorator that notes something about the function. */
function noting(note: (callee: FunctionValue, call: CallArguments) => void): ExternalModel {
  return (call) =>
    native("argh decorator", (inner) => {
      const callee = functionOf(inner.positional[0]);
      if (callee !== null) note(callee, call);
      return inner.positional[0] ?? NONE;
    });
}

const arg = noting(({ attributes }, call) => {
  DECLARED.set(attributes, [call, ...(DECLARED.get(attributes) ?? [])]);
});

const named = noting(({ attributes }, call) => {
  const name = givenText(call, "new_name", 0);
  if (name !== undefined) NAMES.set(attributes, name);
});

/** One argument as it will be declared. */
interface Draft {
  flags: readonly string[];
  readonly keywords: Map<string, Value>;
}

/** The key by which what a decorator says is joined to what the signature says. */
function destOf(flags: readonly string[]): string {
  const flag = flags.find((one) => one.startsWith("--")) ?? flags[0] ?? "";
  return flag.replace(/^-+/u, "").replaceAll("-", "_");
}

function drafts(callee: FunctionValue, isMethod: boolean, interpreter: Interpreter): readonly Draft[] {
  const declared = DECLARED.get(callee.attributes) ?? [];
  const signature = signatureOf(callee, interpreter, isMethod);
  const all = new Map<string, Draft>();
  for (const parameter of callee.attributes.has(WANTS_NAMESPACE) ? [] : signature) {
    const draft = inferred(parameter, signature, declared.length === 0);
    if (draft !== null) all.set(parameter.name, draft);
  }
  for (const call of declared) {
    const flags = call.positional.flatMap((value) => textOf(value) ?? []);
    const known = all.get(destOf(flags));
    if (known === undefined) all.set(destOf(flags), { flags, keywords: new Map(call.keywords) });
    else {
      known.flags = flags;
      for (const [name, value] of call.keywords) known.keywords.set(name, value);
    }
  }
  return [...all.values()].map(guessed);
}

/** Set by `@expects_obj`: the function takes the namespace, only decorators declare arguments. */
const WANTS_NAMESPACE = "argh_expects_obj";

const expectsObject: ExternalModel = (call) => {
  const callee = functionOf(call.positional[0]);
  callee?.attributes.set(WANTS_NAMESPACE, TRUE);
  return call.positional[0] ?? NONE;
};

function inferred(
  parameter: SignatureParameter,
  signature: readonly SignatureParameter[],
  takesHints: boolean,
): Draft | null {
  const { name, kind, default: fallback, annotation } = parameter;
  const keywords = new Map<string, Value>();
  const words = name.replaceAll("_", "-");
  if (kind === "keywords") return null;
  if (kind === "rest") return { flags: [name], keywords: keywords.set("nargs", str("*")) };
  if (annotation?.kind === "str") keywords.set("help", annotation);
  else if (takesHints && isPlainType(annotation)) keywords.set("type", annotation);
  if (fallback === null && kind !== "keyword") return { flags: [words], keywords };
  if (fallback === null) keywords.set("required", TRUE);
  else keywords.set("default", fallback);
  const isAlone = signature.filter((other) => other.name[0] === name[0]).length === 1;
  const short = `-${name.slice(0, 1)}`;
  return { flags: [...(isAlone && short !== "-h" ? [short] : []), `--${words}`], keywords };
}

function isPlainType(value: Value | null): value is Value {
  return value?.kind === "external" && /^builtins\.(?:str|int|float|bool)$/u.test(value.name);
}

/** The type or action that the default implies. */
function guessed(draft: Draft): Draft {
  const { flags, keywords } = draft;
  const fallback = keywords.get("default");
  const action = keywords.get("action");
  if (fallback?.kind === "bool") {
    const isOption = flags.some((flag) => flag.startsWith("-"));
    if (!isOption || action !== undefined) return draft;
    keywords.delete("type");
    keywords.set("action", str(fallback.value ? "store_false" : "store_true"));
  } else if (fallback !== undefined && !keywords.has("type")) guessType(fallback, action, keywords);
  return draft;
}

function guessType(fallback: Value, action: Value | undefined, keywords: Map<string, Value>): void {
  if (isSequence(fallback)) {
    if (!keywords.has("nargs") && action === undefined) keywords.set("nargs", str("*"));
    return;
  }
  const name = PLAIN_TYPES[fallback.kind];
  const word = action === undefined ? "store" : textOf(action);
  if (name !== undefined && (word === "store" || word === "append")) {
    keywords.set("type", { kind: "external", name: `builtins.${name}` });
  }
}

const PLAIN_TYPES: Readonly<Record<string, string>> = { int: "int", float: "float", str: "str" };

/** `set_default_command(parser, function)`. */
function setDefault(host: HostValue, value: Value | undefined, call: CallArguments, interpreter: Interpreter): void {
  const parser = parserOf(host);
  const callee = functionOf(value);
  if (parser === undefined) return;
  if (callee === null) {
    addGap(parser, call, "A command cannot be read.");
    return;
  }
  for (const { flags, keywords } of drafts(callee, value?.kind === "bound", interpreter)) {
    keywords.delete("completer");
    const made = { positional: flags.map(str), keywords, openPositional: false, openKeywords: false };
    addArgument(parser, { ...call, line: callee.line, ...made }, interpreter, undefined);
  }
  parser.description ??= documentationOf(callee);
}

function documentationOf(callee: FunctionValue): string | undefined {
  const doc = callee.attributes.get("__doc__");
  const text = doc?.kind === "str" ? cleandoc(doc.value).trim() : "";
  return text === "" ? undefined : text;
}

/** `add_commands(parser, functions, namespace=…)`. */
function addCommands(
  host: HostValue,
  functions: Value | undefined,
  call: CallArguments,
  interpreter: Interpreter,
): void {
  const parser = parserOf(host);
  if (parser === undefined) return;
  const group = givenText(call, "namespace") ?? givenText(call, "group_name");
  const plain = { ...interpreter.emptyCall(call.file, call.line) };
  const namedParser = (owner: Value, name: string, line: number): HostValue | null => {
    const subparsers = interpreter.call(interpreter.getAttribute(owner, "add_subparsers"), { ...plain, line });
    const add = interpreter.getAttribute(subparsers, "add_parser");
    return hostOf(interpreter.call(add, { ...plain, line, positional: [str(name)] }));
  };
  const target = group === undefined ? host : namedParser(host, group, call.line);
  const { items, open } = iterate(interpreter, functions ?? unknown("functions"));
  if (open) addGap(parser, call, "Some commands are not known before the program runs.");
  for (const item of target === null ? [] : items) {
    const callee = functionOf(item);
    if (callee === null) {
      addGap(parser, call, "A command cannot be read.");
      continue;
    }
    const name = NAMES.get(callee.attributes) ?? callee.name.replaceAll("_", "-");
    const made = target === null ? null : namedParser(target, name, callee.line);
    if (made !== null) setDefault(made, item, call, interpreter);
  }
}

function dispatch(host: HostValue, call: CallArguments, interpreter: Interpreter): Value {
  interpreter.record({ framework: "argh", subject: host, file: call.file, line: call.line, preliminary: false });
  return unknown("the result of a command");
}

const METHODS: ReadonlyMap<string, ParserMethod> = new Map<string, ParserMethod>([
  [
    "set_default_command",
    (_parser, call, interpreter, host) => {
      setDefault(host, call.positional[0] ?? call.keywords.get("function"), call, interpreter);
      return NONE;
    },
  ],
  [
    "add_commands",
    (_parser, call, interpreter, host) => {
      addCommands(host, call.positional[0] ?? call.keywords.get("functions"), call, interpreter);
      return NONE;
    },
  ],
  ["dispatch", (_parser, call, interpreter, host) => dispatch(host, call, interpreter)],
  ["autocomplete", () => NONE],
]);

const parser: ExternalModel = (call, interpreter) => makeParser(call, interpreter, METHODS);

/** A function of argh whose first argument is a parser of argparse. */
function onParser(act: (host: HostValue, rest: CallArguments, interpreter: Interpreter) => Value): ExternalModel {
  return (call, interpreter) => {
    const host = hostOf(call.positional[0] ?? call.keywords.get("parser"));
    return host === null || parserOf(host) === undefined
      ? unknown("a parser that is not known")
      : act(host, { ...call, positional: call.positional.slice(1) }, interpreter);
  };
}

/** `dispatch_command(function)`, `dispatch_commands(functions)`. */
function dispatchAll(
  fill: (host: HostValue, value: Value | undefined, call: CallArguments, interpreter: Interpreter) => void,
): ExternalModel {
  return (call, interpreter) => {
    const host = makeParser(interpreter.emptyCall(call.file, call.line), interpreter, METHODS);
    const [first] = call.positional;
    fill(host, first ?? call.keywords.get("function") ?? call.keywords.get("functions"), call, interpreter);
    return dispatch(host, call, interpreter);
  };
}

/** `EntryPoint(name)`: called with a function it adds a command, called with nothing it runs. */
const entryPoint: ExternalModel = (call, interpreter) => {
  const commands: Value[] = [];
  const name = given(call, "name", 0);
  return {
    kind: "host",
    typeName: "argh.EntryPoint",
    call: (inner) => {
      const [command] = inner.positional;
      if (command !== undefined) {
        commands.push(command);
        return command;
      }
      const keywords = new Map(name.state === "given" ? [["prog", name.value] as const] : []);
      const host = makeParser({ ...interpreter.emptyCall(call.file, call.line), keywords }, interpreter, METHODS);
      addCommands(host, list(commands), inner, interpreter);
      return dispatch(host, inner, interpreter);
    },
  };
};

const MODULES = ["argh", "argh.assembling", "argh.dispatching", "argh.decorators", "argh.helpers"] as const;

export const arghReader: Reader = {
  framework: "argh",
  calls: MODULES.flatMap((module): (readonly [string, ExternalModel])[] => [
    [`${module}.ArghParser`, parser],
    [`${module}.arg`, arg],
    [`${module}.named`, named],
    [`${module}.expects_obj`, expectsObject],
    [`${module}.aliases`, noting(() => undefined)],
    [`${module}.wrap_errors`, noting(() => undefined)],
    [`${module}.dispatch_command`, dispatchAll(setDefault)],
    [`${module}.dispatch_commands`, dispatchAll(addCommands)],
    [`${module}.dispatch`, onParser(dispatch)],
    [`${module}.EntryPoint`, entryPoint],
    [
      `${module}.set_default_command`,
      onParser((host, call, interpreter) => {
        setDefault(host, call.positional[0] ?? call.keywords.get("function"), call, interpreter);
        return NONE;
      }),
    ],
    [
      `${module}.add_commands`,
      onParser((host, call, interpreter) => {
        addCommands(host, call.positional[0] ?? call.keywords.get("functions"), call, interpreter);
        return NONE;
      }),
    ],
  ]),
  constants: [],
  read: (events) => {
    const read = readRuns(events);
    return read && { ...read, framework: "argh" };
  },
};
