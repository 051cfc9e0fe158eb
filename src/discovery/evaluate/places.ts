import { posix } from "node:path";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { splitExtension } from "./methods.ts";
import { type CallArguments, list, native, placed, placeOf, str, tuple, unknown, type Value } from "./values.ts";

/*
 * Paths of the workspace: where a program's own file lies (`__file__`, a package's `__path__`) is known only when it runs, but
 * not which file or folder of the workspace is meant. Texts and `pathlib` paths are alike here.
 */

/** A path within the workspace; one that leads out of it is not known. */
function within(path: string): Value {
  const clean = posix.normalize(path).replace(/\/$/u, "");
  if (clean === ".") return placed("");
  const isOutside = clean === ".." || clean.startsWith("../") || clean.startsWith("/");
  return isOutside ? unknown("a path that leads out of the workspace") : placed(clean);
}

/** `place/part/…`; `undefined` when a part is not known. */
function joined(place: string, parts: readonly Value[]): Value | undefined {
  const texts = parts.map((part) => (part.kind === "str" || part.kind === "path" ? part.value : undefined));
  const known = texts.flatMap((text) => (text === undefined || text.startsWith("/") ? [] : [text]));
  return known.length === texts.length ? within([place === "" ? "." : place, ...known].join("/")) : undefined;
}

/** `os.path.join(place, …)`, `place / part`; `undefined` when the first is no path of the workspace. */
export function joinPlaces(first: Value | undefined, parts: readonly Value[]): Value | undefined {
  const place = placeOf(first);
  return place === undefined ? undefined : (joined(place, parts) ?? unknown("a path that is not known"));
}

/** The folder in which a path of the workspace lies. */
export function parentOfPlace(place: string): Value {
  return place === "" ? unknown("a path that leads out of the workspace") : within(posix.dirname(place));
}

/** What a path of the workspace is called. */
export function nameOfPlace(place: string): Value {
  return place === "" ? unknown("the name of the workspace") : str(posix.basename(place));
}

/** Functions of a path that give the same one, for it is absolute and as short as can be. */
const SAME: ReadonlySet<string> = new Set(["absolute", "resolve", "expanduser", "as_posix", "__str__", "__fspath__"]);

/** An attribute or method of a path of the workspace; `undefined` for those that only a run can tell. */
export function placeAttribute(interpreter: Interpreter, place: string, name: string): Value | undefined {
  if (SAME.has(name)) return native(name, () => placed(place));
  switch (name) {
    case "parent":
      return parentOfPlace(place);
    case "parents":
      return list(foldersAbove(place), true);
    case "name":
      return nameOfPlace(place);
    case "stem":
      return place === "" ? undefined : str(splitExtension(posix.basename(place))[0]);
    case "iterdir":
      return native(name, () => {
        const { items } = modulePaths(interpreter, place);
        return list(
          items.map((item) => joined(place, [item]) ?? item),
          true,
        );
      });
    case "glob":
      return native(name, ({ positional: [pattern] }) =>
        pattern?.kind === "str" ? filesOf(interpreter, place, pattern.value) : list([], true),
      );
    case "joinpath":
      return native(name, (call) => joined(place, call.positional) ?? unknown("a path that is not known"));
    default:
      return undefined;
  }
}

function foldersAbove(place: string): Value[] {
  const folders: Value[] = [];
  for (let at = place.lastIndexOf("/"); at > 0; at = place.lastIndexOf("/", at - 1))
    folders.push(placed(place.slice(0, at)));
  return place === "" ? folders : [...folders, placed("")];
}

// --- models -----------------------------------------------------------------------------------------------------

/** A function of `os.path` of one path: what it gives for one of the workspace, else what it gives for a text. */
export function onPlace(ofPlace: (place: string) => Value, otherwise: ExternalModel): ExternalModel {
  return (call, interpreter) => {
    const place = placeOf(call.positional[0]);
    return place === undefined ? otherwise(call, interpreter) : ofPlace(place);
  };
}

const unknownPath: ExternalModel = () => unknown("a path that is not known");

/** The modules of a folder as files and folders. */
function modulePaths(interpreter: Interpreter, folder: string): { readonly items: readonly Value[] } {
  const names = interpreter.modulesIn(folder).map(({ name, isPackage }) => (isPackage ? name : `${name}.py`));
  return { items: names.slice(0, interpreter.limits.iterations).map(str) };
}

/** The Python files of a folder, if they are what is asked for. */
function filesOf(interpreter: Interpreter, folder: string, pattern: string): Value {
  if (pattern !== "*.py") return list([], true);
  const modules = interpreter.modulesIn(folder).filter(({ isPackage }) => !isPackage);
  const names = ["__init__", ...modules.map(({ name }) => name)].map((name) => `${name}.py`);
  const files = names.flatMap((name) => joined(folder, [str(name)]) ?? []);
  const found = files.filter((file) => interpreter.source.has(placeOf(file) ?? ""));
  const { iterations } = interpreter.limits;
  return list(found.slice(0, iterations), found.length > iterations);
}

function glob(call: CallArguments, interpreter: Interpreter): Value {
  const place = placeOf(call.positional[0]);
  if (place === undefined) return list([], true);
  const at = place.lastIndexOf("/");
  return filesOf(interpreter, place.slice(0, Math.max(0, at)), place.slice(at + 1));
}

/** `os.listdir(folder)`: its modules; what else lies in it is not known. */
function listFolder(call: CallArguments, interpreter: Interpreter): Value {
  const folder = placeOf(call.positional[0]);
  return list(folder === undefined ? [] : [...modulePaths(interpreter, folder).items], true);
}

/** Paths of the workspace as `os.path` and `glob` know them. */
export const PLACE_MODELS: readonly (readonly [string, ExternalModel])[] = [
  ["os.path.abspath", onPlace(placed, unknownPath)],
  ["os.path.realpath", onPlace(placed, unknownPath)],
  ["os.path.expanduser", onPlace(placed, unknownPath)],
  ["os.path.split", onPlace((place) => tuple([parentOfPlace(place), nameOfPlace(place)]), unknownPath)],
  ["os.listdir", listFolder],
  ["glob.glob", glob],
  ["glob.iglob", glob],
];
