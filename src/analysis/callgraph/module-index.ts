import { STANDARD_LIBRARY } from "../../python/index.ts";

/** Folders under which projects keep their importable packages. */
const SOURCE_FOLDERS = ["src", "lib", "python", "source"] as const;

/** What an import means in the workspace: a file, a folder without `__init__.py`, or (null) nothing of it. */
export type Found = { readonly file: string } | { readonly folder: string } | null;

/** Whether there is a file, or a folder, of this path: known beforehand, or looked up when asked. */
export type Paths = Pick<ReadonlySet<string>, "has">;

/** The Python files of a workspace by the names under which they are imported. */
export class ModuleIndex {
  readonly #files: Paths;
  readonly #folders: Paths;
  readonly #known = new Map<string, Found>();

  /** @param files and @param folders relative to the workspace, with `/` */
  constructor(files: Paths, folders: Paths) {
    this.#files = files;
    this.#folders = folders;
  }

  /** @param files all that there are */
  static of(files: ReadonlySet<string>): ModuleIndex {
    const folders = new Set<string>();
    for (const file of files) {
      for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
        const folder = file.slice(0, at);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    return new ModuleIndex(files, folders);
  }

  /** @param from path of the importing file; @param level number of leading dots; @param dotted the rest, perhaps empty */
  find(from: string, level: number, dotted: string): Found {
    const folder = parentOf(from);
    const key = `${level}:${dotted}:${folder}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = level > 0 ? this.#relative(folder, level, dotted) : this.#absolute(folder, dotted);
    this.#known.set(key, found);
    return found;
  }

  #relative(folder: string, level: number, dotted: string): Found {
    let base = folder;
    for (let up = 1; up < level; up++) {
      if (base === "") return null;
      base = parentOf(base);
    }
    return this.#at(base, dotted === "" ? [] : dotted.split("."));
  }

  /**
   * Looks where `sys.path` might lead: the nearest folders first, packages left out, because what lies in a package is
   * not importable by its bare name. Their own folders come last, for scripts that are run inside a package.
   */
  #absolute(folder: string, dotted: string): Found {
    const parts = dotted.split(".");
    const above: string[] = [];
    for (let base = folder; base !== ""; base = parentOf(base)) above.push(base);
    above.push("");
    const packages = above.filter((base) => base !== "" && this.#files.has(`${base}/__init__.py`));
    const roots = above
      .filter((base) => !packages.includes(base))
      .flatMap((base) => [base, ...SOURCE_FOLDERS.map((name) => within(base, name))]);
    const isLibrary = STANDARD_LIBRARY.has(parts[0] ?? "");
    for (const root of isLibrary ? roots : [...roots, ...packages]) {
      const found = this.#top(root, parts);
      if (found !== null) return found;
    }
    return null;
  }

  /** A folder without Python files of its own is a namespace package only where something below is meant. */
  #top(root: string, parts: readonly string[]): Found {
    const first = this.#at(root, parts.slice(0, 1));
    if (first === null) return null;
    return parts.length === 1 ? first : this.#at(root, parts);
  }

  #at(root: string, parts: readonly string[]): Found {
    const path = parts.reduce(within, root);
    if (path !== "" && this.#files.has(`${path}/__init__.py`)) return { file: `${path}/__init__.py` };
    if (path === "" && this.#files.has("__init__.py")) return { file: "__init__.py" };
    if (parts.length > 0 && this.#files.has(`${path}.py`)) return { file: `${path}.py` };
    return path === "" || this.#folders.has(path) ? { folder: path } : null;
  }

  /** A submodule of a package (by its `__init__.py`) or of a folder. */
  submodule(parent: { readonly file: string } | { readonly folder: string }, name: string): Found {
    if ("folder" in parent) return this.#at(parent.folder, [name]);
    return isPackage(parent.file) ? this.#at(parentOf(parent.file), [name]) : null;
  }
}

export function isPackage(file: string): boolean {
  return file === "__init__.py" || file.endsWith("/__init__.py");
}

/** The folder of a relative path, empty for the root. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
