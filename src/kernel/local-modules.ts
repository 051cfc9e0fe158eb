import { type Stats, statSync } from "node:fs";
import { join, posix } from "node:path";
import { SOURCE_FOLDERS } from "../discovery/index.ts";
import { hasSource, type Tool } from "../model/index.ts";
import { STANDARD_LIBRARY } from "../python/index.ts";
import { type CodeReferences, type ImportReference, pythonReferences } from "./code-references.ts";

/**
 * What references mean on the disk: the rules of discovery's modules (beside the importing file, then in each folder above
 * it and the source folders there, as `sys.path` might), asked of the file system instead of a list of all files. Made
 * for one tool at one moment.
 */
export class LocalModules {
  readonly #workspace: string;
  /** Where Python looks first when the tool runs: a file there stands before the standard library, too. */
  readonly #first: readonly string[];
  readonly #kinds = new Map<string, "file" | "folder" | undefined>();

  /** @param workspace real path of the workspace folder */
  constructor(workspace: string, tool: Tool) {
    this.#workspace = workspace;
    const isModule = tool.entry.argv.includes("-m") || tool.entry.argv.includes("-c");
    this.#first = [...(tool.entry.pythonPath ?? []).map(plain), isModule ? "" : folderOf(tool.file)];
  }

  /** The files of the workspace that a tool's command names: scripts, and modules behind `-m` and in `-c`. */
  entryFiles(tool: Tool): readonly string[] {
    const files = new Set(hasSource(tool) ? [tool.file] : []);
    for (const [index, word] of tool.entry.argv.entries()) {
      const before = tool.entry.argv[index - 1];
      if (before === "-m") this.#addImport("", { level: 0, module: `${word}.__main__`, names: [] }, files);
      else if (before === "-c") for (const file of this.targets("", pythonReferences(word))) files.add(file);
      else this.#addPath("", word, files);
    }
    return [...files];
  }

  /** The files of the workspace that a file's references mean. */
  targets(from: string, references: CodeReferences): readonly string[] {
    const files = new Set<string>();
    for (const reference of references.imports) this.#addImport(from, reference, files);
    for (const path of references.paths) {
      this.#addPath(folderOf(from), path, files);
      this.#addPath("", path, files);
    }
    files.delete(from);
    return [...files];
  }

  #addPath(folder: string, path: string, files: Set<string>): void {
    const target = plain(posix.join(folder, path));
    if (!path.startsWith("/") && isWithin(target) && this.#kind(target) === "file") files.add(target);
  }

  #addImport(from: string, { level, module, names }: ImportReference, files: Set<string>): void {
    const parts = module === "" ? [] : module.split(".");
    const roots = level > 0 ? [above(folderOf(from), level - 1)] : this.#roots(from, parts[0] ?? "");
    for (const root of roots) {
      if (root === undefined) continue;
      const found = this.#find(root, parts, names);
      for (const file of found) files.add(file);
      if (found.some((file) => file !== from)) return;
    }
  }

  /** Where an absolute import is looked for, nearest first. */
  #roots(from: string, top: string): readonly string[] {
    if (top === "") return [];
    if (STANDARD_LIBRARY.has(top)) return this.#first;
    const roots: string[] = [...this.#first];
    for (let folder: string | undefined = folderOf(from); folder !== undefined; folder = above(folder, 1)) {
      roots.push(folder, ...SOURCE_FOLDERS.map((name) => within(folder ?? "", name)));
    }
    return [...new Set(roots)];
  }

  /** The files that an import below a root runs: the packages on the way, the module, and modules among the names. */
  #find(root: string, parts: readonly string[], names: readonly string[]): readonly string[] {
    const files = parts.length === 0 ? this.#existing([within(root, "__init__.py")]) : [];
    let path = root;
    for (const part of parts) {
      path = within(path, part);
      files.push(...this.#existing([within(path, "__init__.py"), `${path}.py`]));
      // A name behind a module is one of its attributes.
      if (this.#kind(path) !== "folder") return files;
    }
    const named = names.map((name) => within(path, name));
    files.push(...this.#existing(named.flatMap((name) => [`${name}.py`, within(name, "__init__.py")])));
    return files;
  }

  #existing(paths: readonly string[]): string[] {
    return paths.filter((path) => this.#kind(path) === "file");
  }

  #kind(path: string): "file" | "folder" | undefined {
    const known = this.#kinds.get(path);
    if (known !== undefined || this.#kinds.has(path)) return known;
    const kind = kindOf(statIfAny(join(this.#workspace, path)));
    this.#kinds.set(path, kind);
    return kind;
  }
}

function kindOf(stat: Stats | undefined): "file" | "folder" | undefined {
  if (stat === undefined) return undefined;
  if (stat.isFile()) return "file";
  return stat.isDirectory() ? "folder" : undefined;
}

function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A ring of links, a name too long, a folder that is not ours to look into: there is no code that could be run.
    return undefined;
  }
}

/** A relative path without `.` and doubled or closing slashes; empty for the root. */
function plain(path: string): string {
  const normal = posix.normalize(path).replace(/\/$/u, "");
  return normal === "." ? "" : normal;
}

function isWithin(path: string): boolean {
  return path !== "" && path !== ".." && !path.startsWith("../") && !path.startsWith("/");
}

function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at === -1 ? "" : path.slice(0, at);
}

/** The folder so many levels up, nothing above the root. */
function above(folder: string, levels: number): string | undefined {
  let at: string | undefined = folder;
  for (let left = levels; left > 0 && at !== undefined; left--) at = at === "" ? undefined : folderOf(at);
  return at;
}

function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
