import { parseModule } from "../../python/index.ts";
import { buildGraph } from "../graphs.ts";
import { NameResolver } from "../names.ts";
import { NeverAnnotations } from "../never.ts";
import { readScopes } from "../scopes.ts";
import { isPackage, ModuleIndex, type Paths } from "./module-index.ts";

/** What other files must know of one file to tell which calls never return. */
export interface NeverFacts {
  /** Functions of the module that never return: annotated so, or no way leads to their end. */
  readonly never: readonly string[];
  /** `from … import`s, by which a package passes on what its modules define; `*` for all names. */
  readonly passedOn: readonly PassedOn[];
}

interface PassedOn {
  readonly level: number;
  readonly module: string;
  readonly name: string;
  readonly as: string;
}

/** The files of a workspace, looked up as they are asked for. Paths are relative, with `/`. */
export interface NeverSource {
  readonly files: Paths;
  readonly folders: Paths;
  /** Of a file; null where it cannot be read. */
  facts(path: string): NeverFacts | null;
}

const NOTHING: NeverFacts = { never: [], passedOn: [] };
const ANNOTATED = /\b(?:NoReturn|Never)\b/;
/** A function of a module, from its `def` to the next line at the left margin. */
const FUNCTION = /^def[ \t]+(\w+)(?:[^\n]*\n)(?:(?:[ \t)#][^\n]*)?\r?\n)*(?:[ \t][^\n]*)?/gm;
/** A function that never returns has a statement of its own that starts so. */
const ENDING = /(?:^(?: {1,4}|\t)|:[ \t]*)(?:raise\b|while\b|try\b|with\b|(?:sys\.|os\.)?(?:exit|quit|_exit|abort)\()/m;
/** Packages that pass on what others pass on. */
const DEEPEST = 8;
/** Larger files are generated tables. */
const LARGEST = 2_000_000;

/** Reads one file; parses it only where it may define a function that never returns. */
export function neverFacts(path: string, text: string): NeverFacts {
  if (text.length > LARGEST) return NOTHING;
  const passedOn = isPackage(path) ? importsOf(text) : [];
  const never = neverFunctions(text);
  return never.length + passedOn.length === 0 ? NOTHING : { never, passedOn };
}

function neverFunctions(text: string): string[] {
  const isAnnotated = ANNOTATED.test(text);
  const ending = endingFunctions(text);
  if (!isAnnotated && ending.size === 0) return [];
  const { module } = parseModule(text);
  const root = readScopes(text, module);
  const annotations = new NeverAnnotations(new NameResolver());
  const names = new Set(root.children.filter(({ kind }) => kind === "function").map(({ name }) => name));
  return [...names].filter((name) => {
    if (isAnnotated && annotations.isNamed(name, root)) return true;
    return ending.has(name) && isProvable(text, module, name, root);
  });
}

/** Whether no way leads to the end of the one function of a name: an ordinary one, that nothing wraps. */
function isProvable(
  text: string,
  module: ReturnType<typeof parseModule>["module"],
  name: string,
  root: ReturnType<typeof readScopes>,
): boolean {
  const [only, ...others] = new NameResolver().functions(name, root);
  if (only?.kind !== "FunctionDef" || others.length > 0 || only.decorator_list.length > 0) return false;
  // Calling a generator only makes one; its code runs later, or never.
  if (/\byield\b/.test(text.slice(only.start, only.end))) return false;
  const graph = buildGraph(text, module, { qualname: name });
  return graph?.nodes.find(({ kind }) => kind === "exit")?.unreachable === true;
}

/** Functions of a module that may end for good, as far as one sees without parsing. */
function endingFunctions(text: string): Set<string> {
  const found = new Set<string>();
  for (const [body, name = ""] of text.matchAll(FUNCTION)) if (ENDING.test(body)) found.add(name);
  return found;
}

/** The `from … import`s at the left margin, without parsing the rest. */
function importsOf(text: string): PassedOn[] {
  const found: PassedOn[] = [];
  for (const [, dots = "", module = "", bracketed, plain] of text.matchAll(
    /^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n(]*))/gm,
  )) {
    for (const part of (bracketed ?? plain ?? "").replaceAll(/#[^\n]*/g, "").split(",")) {
      const [, name, as] = /^[\s\\]*(\w+|\*)(?:\s+as\s+(\w+))?/.exec(part) ?? [];
      if (name !== undefined) found.push({ level: dots.length, module, name, as: as ?? name });
    }
  }
  return found;
}

/** Tells which functions of a workspace never return, by the way in which other files import them. */
export class NeverIndex {
  readonly #source: NeverSource;
  readonly #index: ModuleIndex;

  constructor(source: NeverSource) {
    this.#source = source;
    this.#index = new ModuleIndex(source.files, source.folders);
  }

  /** The question that graphs of a file ask: see `GraphOptions.neverReturns`. */
  of(from: string): (path: string) => boolean {
    const known = new Map<string, boolean>();
    return (path) => {
      let answer = known.get(path);
      if (answer === undefined) {
        const level = /^\.*/.exec(path)?.[0].length ?? 0;
        answer = this.#isNever(from, level, path.slice(level), 0);
        known.set(path, answer);
      }
      return answer;
    };
  }

  /** @param dotted a module and a function of it */
  #isNever(from: string, level: number, dotted: string, depth: number): boolean {
    const at = dotted.lastIndexOf(".");
    const [module, name] = at < 0 ? ["", dotted] : [dotted.slice(0, at), dotted.slice(at + 1)];
    if (depth > DEEPEST || (module === "" && level === 0)) return false;
    const found = this.#index.find(from, level, module);
    if (found === null || !("file" in found) || found.file === from) return false;
    const facts = this.#source.facts(found.file);
    if (facts === null) return false;
    if (facts.never.includes(name)) return true;
    return facts.passedOn.some((one) => {
      if (one.name !== "*" && one.as !== name) return false;
      const wanted = one.name === "*" ? name : one.name;
      const path = one.module === "" ? wanted : `${one.module}.${wanted}`;
      return this.#isNever(found.file, one.level, path, depth + 1);
    });
  }
}
