import type { ImportFrom, Module } from "../../python/index.ts";

/** Whether importing a package imports modules that have to do with command lines. */
export interface DeclaringImports {
  readonly isDeclaring: boolean;
  /** The files that were looked at to tell. */
  readonly rests: ReadonlySet<string>;
}

/**
 * How results name, among the names of modules that were missed, a file of which they need to know only whether it has to do with
 * command lines, or of a package what it imports.
 */
export function markOf(file: string): string {
  return `?${file}`;
}

/** The file that {@link markOf} names. */
export function markedFile(name: string): string | null {
  return name.startsWith("?") ? name.slice(1) : null;
}

/** How results name, among the names of modules that were missed, a folder of which they need to know the modules. */
export function listingOf(folder: string): string {
  return `*${folder}`;
}

/** Where the interpreter finds other modules of the workspace. Synchronous: an import is read when it is met. */
export interface ModuleSource {
  /** The syntax tree of a workspace file, `null` when it cannot be read. */
  parse(file: string): Module | null;
  /** Whether a file's text has to do with command lines, so that running it as a program may matter. */
  declaresCommandLine(file: string): boolean;
  /** Whether what importing a file runs has to do with command lines: not what it does only as a program. */
  importDeclares(file: string): boolean;
  /**
   * Whether packages, when imported, import modules that have to do with command lines, as far as interpreters have worked
   * it out. Emptied by the source when what it rests on changes.
   */
  readonly declaringImports: Map<string, DeclaringImports>;
  /**
   * What an import means.
   * @param level number of leading dots
   * @returns the file, a folder without `__init__.py` (`file` is `null`), or `null`: not of this workspace
   */
  resolve(from: string, level: number, dotted: string): ResolvedModule | null;
  /** What an absolute import means when it is looked for in one folder only. */
  resolveIn(folder: string, dotted: string): ResolvedModule | null;
  /** What an absolute import means when only one folder of the workspace, whichever, has such a module. */
  resolveAnywhere(dotted: string): ResolvedModule | null;
  /** Whether there is such a Python file. */
  has(file: string): boolean;
  /** What the projects and installed distributions around a file declare for programs that look for plugins. */
  entryPoints(from: string): DeclaredEntryPoints;
  /** The modules that lie in a folder, by name. */
  modulesIn(folder: string): readonly ListedModule[];
}

/** What an import means. */
export interface ResolvedModule {
  readonly name: string;
  readonly file: string | null;
  /** The folder, of a package without `__init__.py`. */
  readonly folder?: string;
}

/** An entry point of any group: `name = "module:attribute"`. */
export interface DeclaredEntryPoint {
  readonly group: string;
  readonly name: string;
  readonly module: string;
  /** Empty for the module itself. */
  readonly attribute: readonly string[];
}

export interface DeclaredEntryPoints {
  readonly points: readonly DeclaredEntryPoint[];
  /** The files in which they are declared, and those that might declare more if they were there. */
  readonly files: readonly string[];
}

/** One of the modules of a folder. */
export interface ListedModule {
  readonly name: string;
  readonly isPackage: boolean;
}

const NOT_DECLARING: DeclaringImports = { isDeclaring: false, rests: new Set() };

/** How deep packages within packages are looked through for modules that declare something, and how many imports. */
const MAX_PACKAGE_DEPTH = 3;
const MAX_PACKAGE_IMPORTS = 100;

/**
 * Whether a package, when imported, imports modules that have to do with command lines.
 * @param depth how many packages around it were looked through already
 */
export function importsDeclaring(source: ModuleSource, file: string, depth = 0): DeclaringImports {
  if (!file.endsWith("__init__.py") || depth >= MAX_PACKAGE_DEPTH) return NOT_DECLARING;
  const { declaringImports } = source;
  const key = `${depth} ${file}`;
  let known = declaringImports.get(key);
  if (known === undefined) {
    const rests = new Set<string>();
    known = { isDeclaring: namesDeclaring(source, file, depth, rests), rests };
    declaringImports.set(key, known);
  }
  return known;
}

function namesDeclaring(source: ModuleSource, file: string, depth: number, rests: Set<string>): boolean {
  const tree = source.parse(file);
  const imports = tree?.body.filter((statement) => statement.kind === "ImportFrom") ?? [];
  return imports.slice(0, MAX_PACKAGE_IMPORTS).some((statement) =>
    importedModules(statement).some((dotted) => {
      const found = source.resolve(file, statement.level, dotted)?.file ?? null;
      if (found === null || found === file) return false;
      rests.add(found);
      if (source.importDeclares(found)) return true;
      const inner = importsDeclaring(source, found, depth + 1);
      for (const rest of inner.rests) rests.add(rest);
      return inner.isDeclaring;
    }),
  );
}

/** The modules that `from x import a, b` may run: `x` and, where these are modules, `x.a` and `x.b`. */
function importedModules(statement: ImportFrom): string[] {
  const { module } = statement;
  const names = statement.names.flatMap(({ name }) => (name === "*" ? [] : [name]));
  return module === null ? names : [module, ...names.map((name) => `${module}.${name}`)];
}
