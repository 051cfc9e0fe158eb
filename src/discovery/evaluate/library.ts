import { iterate } from "./assignment.ts";
import { evaluateText } from "./builtins.ts";
import { makeEnum } from "./classes.ts";
import { AUTO_REASON } from "./definitions.ts";
import { textOf } from "./format.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { parentOf, splitExtension } from "./methods.ts";
import { joinPath, subscriptOf } from "./operators.ts";
import { joinPlaces, nameOfPlace, onPlace, parentOfPlace } from "./places.ts";
import {
  type CallArguments,
  dict,
  FALSE,
  float,
  int,
  list,
  NONE,
  native,
  path,
  placed,
  str,
  tuple,
  unknown,
  usually,
  type Value,
} from "./values.ts";

function numbered(names: readonly string[]): readonly (readonly [string, Value])[] {
  return names.map((name, index) => [name, int(index + 1)] as const);
}

/** `enum.Enum(name, members)`: members as a mapping, or as names, which are numbered. */
function enumByCall(call: CallArguments, interpreter: Interpreter): Value {
  const [name, members] = call.positional;
  if (name?.kind !== "str" || members === undefined) return unknown("an enumeration");
  if (members.kind === "dict" && !members.open) {
    const pairs = [...members.entries.values()].map(({ key, value }) => [textOf(key) ?? "", value] as const);
    return makeEnum(name.value, pairs, call.file, call.line);
  }
  const words = members.kind === "str" ? members.value.split(/[\s,]+/u).map(str) : iterate(interpreter, members).items;
  const names = words.flatMap((word) => (word.kind === "str" && word.value !== "" ? [word.value] : []));
  const isKnown = names.length > 0 && names.length === words.length;
  return isKnown ? makeEnum(name.value, numbered(names), call.file, call.line) : unknown("an enumeration");
}

/** What a name of the standard library is on the machines that tools are made for (Linux, a current Python 3). */
export const LIBRARY_CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["sys.stdin.encoding", usually(str("utf-8"), "the terminal's encoding")],
  ["sys.stdout.encoding", usually(str("utf-8"), "the terminal's encoding")],
  ["sys.stderr.encoding", usually(str("utf-8"), "the terminal's encoding")],
  [
    "py_compile.PycInvalidationMode",
    makeEnum("PycInvalidationMode", numbered(["TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH"]), "", 1),
  ],
  ["sys.platform", str("linux")],
  ["sys.maxsize", int(2n ** 63n - 1n)],
  ["sys.version_info", tuple([int(3), int(13), int(0), str("final"), int(0)])],
  ["sys.version_info.major", int(3)],
  ["sys.version_info.minor", int(13)],
  ["sys.byteorder", str("little")],
  ["os.name", str("posix")],
  ["os.sep", str("/")],
  ["os.path.sep", str("/")],
  ["os.path.curdir", str(".")],
  ["os.path.pardir", str("..")],
  ["os.path.pathsep", str(":")],
  ["os.pathsep", str(":")],
  ["os.linesep", str("\n")],
  ["os.curdir", str(".")],
  ["os.pardir", str("..")],
  ["os.devnull", str("/dev/null")],
  ["os.extsep", str(".")],
  ["math.pi", float(Math.PI)],
  ["math.e", float(Math.E)],
  ["math.inf", float(Number.POSITIVE_INFINITY)],
  ["string.ascii_lowercase", str("abcdefghijklmnopqrstuvwxyz")],
  ["string.ascii_uppercase", str("ABCDEFGHIJKLMNOPQRSTUVWXYZ")],
  ["string.ascii_letters", str("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")],
  ["string.digits", str("0123456789")],
  ["logging.CRITICAL", int(50)],
  ["logging.ERROR", int(40)],
  ["logging.WARNING", int(30)],
  ["logging.WARN", int(30)],
  ["logging.FATAL", int(50)],
  ["logging.INFO", int(20)],
  ["logging.DEBUG", int(10)],
  ["logging.NOTSET", int(0)],
  ["socket.AF_INET", int(2)],
  ["typing.TYPE_CHECKING", FALSE],
  ["six.PY2", FALSE],
]);

function pathText(value: Value | undefined): string | undefined {
  return value?.kind === "str" || value?.kind === "path" ? value.value : undefined;
}

function makePath(call: CallArguments): Value {
  if (call.positional.length === 0) return call.openPositional ? unknown("a path") : path(".");
  const [first, ...rest] = call.positional;
  const place = joinPlaces(first, rest);
  if (place !== undefined) return place;
  const text = pathText(first);
  if (text === undefined) return unknown("a path that is not known");
  const clean = text.length > 1 ? text.replace(/^\.\//u, "").replace(/\/+$/u, "") : text;
  return rest.reduce<Value>((left, right) => joinPath(left, right) ?? unknown("a path that is not known"), path(clean));
}

function joinTexts(call: CallArguments): Value {
  if (call.openPositional) return unknown("a path that is not known");
  const place = joinPlaces(call.positional[0], call.positional.slice(1));
  if (place !== undefined) return place;
  let result: string | undefined;
  for (const value of call.positional) {
    const part = pathText(value);
    if (part === undefined) return unknown("a path that is not known");
    if (result === undefined || part.startsWith("/")) result = part;
    else result = result === "" || result.endsWith("/") ? result + part : `${result}/${part}`;
  }
  return result === undefined ? unknown("a path that is not known") : str(result);
}

function onText(compute: (text: string) => Value): ExternalModel {
  return (call) => {
    const text = pathText(call.positional[0]);
    return text === undefined ? unknown("computed from something unknown") : compute(text);
  };
}

/** `textwrap.dedent`: removes the indentation that all lines share. */
function dedent(text: string): string {
  const lines = text.split("\n");
  let margin: string | undefined;
  for (const line of lines) {
    if (line.trim() === "") continue;
    const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
    if (margin === undefined) margin = indent;
    while (!indent.startsWith(margin)) margin = margin.slice(0, -1);
  }
  const width = margin?.length ?? 0;
  return lines.map((line) => (line.trim() === "" ? "" : line.slice(width))).join("\n");
}

/** A decorator that copies what a function carries to its wrapper, as `functools.wraps` does. */
function wraps(call: CallArguments): Value {
  const wrapped = call.positional[0];
  return native("wraps", (inner) => {
    const wrapper = inner.positional[0];
    if (wrapper?.kind !== "function" || wrapped?.kind !== "function") return wrapper ?? NONE;
    for (const [name, value] of wrapped.attributes) wrapper.attributes.set(name, value);
    wrapper.attributes.set("__wrapped__", wrapped);
    return { ...wrapper, name: wrapped.name };
  });
}

function partial(call: CallArguments, interpreter: Interpreter): Value {
  const [callee, ...bound] = call.positional;
  if (callee === undefined) return unknown("partial()");
  return native("partial", (inner) =>
    interpreter.call(callee, {
      ...inner,
      positional: [...bound, ...inner.positional],
      keywords: new Map([...call.keywords, ...inner.keywords]),
      openPositional: inner.openPositional || call.openPositional,
      openKeywords: inner.openKeywords || call.openKeywords,
    }),
  );
}

/** An environment variable: what stands in for it is used unless it is set. */
function environment(call: CallArguments): Value {
  const name = call.positional[0];
  const fallback = call.positional[1] ?? call.keywords.get("default") ?? NONE;
  const shown = name?.kind === "str" ? name.value : "an environment variable";
  return usually(fallback, `${shown} is read from the environment`);
}

/** `string.Template`. */
function template(call: CallArguments): Value {
  const text = call.positional[0] ?? unknown("a template");
  return {
    kind: "host",
    typeName: "string.Template",
    getAttribute: (name) => (name === "template" ? text : undefined),
  };
}

/** `runpy.run_module(name, run_name="__main__")`. */
function runModule(call: CallArguments, interpreter: Interpreter): Value {
  const name = call.positional[0] ?? call.keywords.get("mod_name");
  if (name?.kind === "str") interpreter.runAsMain(call.file, name.value);
  return dict([], true);
}

/** `functools.reduce(function, items, start)`. */
function reduce(call: CallArguments, interpreter: Interpreter): Value {
  const [callee, source, ...start] = call.positional;
  if (callee === undefined || source === undefined) return unknown("reduce()");
  const { items, open } = iterate(interpreter, source);
  const [first, ...rest] = [...start, ...items];
  if (first === undefined || open) return unknown("reduce() of something unknown");
  const given = { ...interpreter.emptyCall(call.file, call.line) };
  return rest.reduce<Value>((value, item) => interpreter.call(callee, { ...given, positional: [value, item] }), first);
}

/** `operator.attrgetter(name)`, `operator.itemgetter(key)`; of several they give a tuple. */
function getter(get: (interpreter: Interpreter, value: Value, key: Value) => Value): ExternalModel {
  return (call, interpreter) =>
    native("getter", (inner) => {
      const [value] = inner.positional;
      if (value === undefined || call.openPositional) return unknown("what a getter gives");
      const found = call.positional.map((key) => get(interpreter, value, key));
      const [only] = found;
      return found.length === 1 && only !== undefined ? only : tuple(found);
    });
}

const attributeGetter = getter((interpreter, value, key) =>
  key.kind === "str"
    ? key.value.split(".").reduce((owner, name) => interpreter.getAttribute(owner, name), value)
    : unknown("an attribute whose name is not known"),
);

const LEVEL_NAMES: ReadonlyMap<number, string> = new Map([
  [50, "CRITICAL"],
  [40, "ERROR"],
  [30, "WARNING"],
  [20, "INFO"],
  [10, "DEBUG"],
  [0, "NOTSET"],
]);

function levelName(call: CallArguments): Value {
  const [level] = call.positional;
  const name = level?.kind === "int" ? LEVEL_NAMES.get(Number(level.value)) : undefined;
  return name === undefined ? unknown("the name of a log level") : str(name);
}

function chain(call: CallArguments, interpreter: Interpreter): Value {
  const sources = call.positional.map((value) => iterate(interpreter, value));
  return list(
    sources.flatMap((source) => [...source.items]),
    call.openPositional || sources.some((source) => source.open),
  );
}

/** Functions of the standard library whose results are computed. */
export const LIBRARY_MODELS: ReadonlyMap<string, ExternalModel> = new Map<string, ExternalModel>([
  ["pathlib.Path", makePath],
  ["pathlib.PurePath", makePath],
  ["pathlib.PosixPath", makePath],
  ["os.path.join", joinTexts],
  [
    "os.path.basename",
    onPlace(
      nameOfPlace,
      onText((text) => str(text.slice(text.lastIndexOf("/") + 1))),
    ),
  ],
  [
    "os.path.dirname",
    onPlace(
      parentOfPlace,
      onText((text) => str(text.includes("/") ? parentOf(text) : "")),
    ),
  ],
  ["os.path.splitext", onText((text) => tuple(splitExtension(text).map(str)))],
  [
    "os.path.normpath",
    onPlace(
      placed,
      onText((text) => str(text)),
    ),
  ],
  [
    "os.fspath",
    onPlace(
      placed,
      onText((text) => str(text)),
    ),
  ],
  ["textwrap.dedent", onText((text) => str(dedent(text)))],
  ["inspect.cleandoc", onText((text) => str(cleandoc(text)))],
  ["gettext.gettext", (call) => call.positional[0] ?? NONE],
  ["functools.wraps", wraps],
  ["functools.partial", partial],
  ["operator.attrgetter", attributeGetter],
  ["operator.itemgetter", getter((_interpreter, value, key) => subscriptOf(value, key))],
  ["functools.reduce", reduce],
  ["logging.getLevelName", levelName],
  ["itertools.chain", chain],
  ["collections.OrderedDict", (call, interpreter) => modelled(interpreter, "builtins.dict", call)],
  ["collections.ChainMap", () => unknown("a ChainMap")],
  ["types.SimpleNamespace", () => unknown("a namespace")],
  ["copy.copy", (call) => call.positional[0] ?? NONE],
  ["copy.deepcopy", (call) => call.positional[0] ?? NONE],
  ["ast.literal_eval", evaluateText],
  ["typing.cast", (call) => call.positional[1] ?? NONE],
  ["enum.Enum", enumByCall],
  ["enum.IntEnum", enumByCall],
  ["enum.auto", () => unknown(AUTO_REASON)],
  ["os.environ.get", environment],
  ["os.getenv", environment],
  ["string.Template", template],
  ["runpy.run_module", runModule],
]);

function modelled(interpreter: Interpreter, name: string, call: CallArguments): Value {
  return interpreter.models.calls.get(name)?.(call, interpreter) ?? unknown(name);
}

/** `inspect.cleandoc`: a docstring without its indentation and outer blank lines. */
export function cleandoc(text: string): string {
  const [first = "", ...rest] = text.replaceAll("\t", "        ").split("\n");
  const body = dedent(rest.join("\n"));
  return [first.trimStart(), ...(rest.length > 0 ? [body] : [])].join("\n").replace(/^\n+/u, "").trimEnd();
}
