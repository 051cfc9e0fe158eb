import type { Tool } from "../model/index.ts";
import type { ModuleStore } from "./modules.ts";
import { parentFolder } from "./paths.ts";

/** Most examples of one tool. */
const MAX_EXAMPLES = 5;

/** Longest line that can be an example. */
const MAX_LENGTH = 200;

/** Command lines that are kept of one README. */
const MAX_LINES = 400;

const READMES = ["README.md", "README.rst", "README.txt", "README", "readme.md"] as const;

/** Whether a file of this path is looked through for examples of the tools of its folder and of those below. */
export function isReadme(path: string): boolean {
  return README_NAMES.has(path.slice(path.lastIndexOf("/") + 1));
}

const README_NAMES: ReadonlySet<string> = new Set(READMES);

/** Finds calls of a tool in what is written about it: its own texts and the READMEs of its folder and those above. */
export class ExampleFinder {
  readonly #store: ModuleStore;
  /** Command lines by README; `null` where there is none. */
  readonly #readmes = new Map<string, readonly string[] | null>();

  constructor(store: ModuleStore) {
    this.#store = store;
  }

  /** Drops what was kept about a file. */
  forget(path: string): void {
    this.#readmes.delete(path);
  }

  /**
   * @param texts epilog, docstring and the like
   * @returns the tool with its examples, and the READMEs that were looked at
   */
  complete(
    tool: Tool,
    texts: readonly (string | undefined)[],
  ): { readonly tool: Tool; readonly dependencies: readonly string[] } {
    const own = texts.flatMap((text) => (text === undefined ? [] : commandLines(text, false)));
    const dependencies: string[] = [];
    const around: string[] = [];
    for (let folder = parentFolder(tool.file); ; folder = parentFolder(folder)) {
      for (const name of READMES) {
        const path = folder === "" ? name : `${folder}/${name}`;
        const lines = this.#readme(path);
        if (lines === null) continue;
        dependencies.push(path);
        around.push(...lines);
        break;
      }
      if (folder === "") break;
    }
    const examples = [...new Set([...own, ...around].filter((line) => calls(line, tool)))].slice(0, MAX_EXAMPLES);
    return { tool: examples.length === 0 ? tool : { ...tool, examples }, dependencies };
  }

  #readme(path: string): readonly string[] | null {
    let known = this.#readmes.get(path);
    if (known === undefined) {
      const text = this.#store.readText(path);
      known =
        text === null
          ? null
          : commandLines(text, true)
              .slice(0, MAX_LINES)
              .map((line) => this.#store.texts.of(line));
      this.#readmes.set(path, known);
    }
    return known;
  }
}

/**
 * Lines that may be commands, without their prompts.
 * @param isDocument only what is set as code or has a prompt counts: the rest is prose
 */
function commandLines(text: string, isDocument: boolean): string[] {
  let isFenced = false;
  return text.split(/\r?\n/u).flatMap((line) => {
    if (/^\s*(?:```|~~~)/u.test(line)) {
      isFenced = !isFenced;
      return [];
    }
    const isCode = isFenced || /^(?: {2,}|\t)/u.test(line) || /^\s*[$>%] /u.test(line);
    const clean = line.trim().replace(/^(?:[$>%#]|>>>)\s+/u, "");
    const isUsable = clean.length > 0 && clean.length <= MAX_LENGTH && !clean.endsWith("\\");
    // A synopsis is no example.
    const isSynopsis = /^usage\b|\[(?:options|OPTIONS|-)|\.\.\.|<[\w-]+>/iu.test(clean);
    return isUsable && !isSynopsis && (isCode || !isDocument) ? [clean] : [];
  });
}

/** Words that come before the program. */
const RUNNERS: ReadonlySet<string> = new Set([
  "sudo",
  "uv",
  "poetry",
  "pipenv",
  "hatch",
  "pdm",
  "run",
  "uvx",
  "pipx",
  "env",
]);

/** Whether a line calls the tool: by its file, its module or its name. */
function calls(line: string, tool: Tool): boolean {
  const words = line.split(/\s+/u);
  const start = words.findIndex((word) => !(RUNNERS.has(word) || /^\w+=\S*$/u.test(word)));
  const hasInterpreter = /^(?:(?:python|pypy)[\d.]*|(?:ba|z)?sh)$/u.test(words[start] ?? "");
  const [program = "", next = ""] = words.slice(hasInterpreter ? start + 1 : start);
  if (program === "-m") return tool.entry.argv.includes("-m") && next !== "" && tool.entry.argv.includes(next);
  if (program === "" || next === "") return false;
  const file = program.replace(/^\.\//u, "");
  if (tool.file === file || tool.file.endsWith(`/${file}`)) return true;
  // A bare name is the program only where it is no word of a sentence.
  return !hasInterpreter && program === tool.name && /^[-\w./"'{[]/u.test(next);
}
