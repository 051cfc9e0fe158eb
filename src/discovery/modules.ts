import { join } from "node:path";
import {
  decodeSource,
  isShadowed,
  type Module,
  type OutlinedModule,
  outlineModule,
  STANDARD_LIBRARY,
} from "../python/index.ts";
import { Texts } from "./detached.ts";
import type {
  DeclaredEntryPoints,
  DeclaringImports,
  ListedModule,
  ModuleSource,
  ResolvedModule,
} from "./evaluate/index.ts";
import { homesOf, listedModules, namesByFolder } from "./module-listing.ts";
import { parentFolder, within } from "./paths.ts";
import { isBinary, MAX_FILE_BYTES, PythonMarks } from "./prefilter.ts";
import { declaredEntryPoints } from "./projects/declared.ts";
import { type Content, readBytes } from "./regular-file.ts";
import { markOfText, type SourceText } from "./source-text.ts";
import { type FileState, stateOf } from "./stamp.ts";

/** A Python file. The bodies of its functions are read when they are looked at. */
export interface ParsedFile extends SourceText {
  readonly file: string;
  readonly module: Module;
  /** The module with what is wrong with it. */
  readonly outline: OutlinedModule;
}

/** What is known about the imports of one file. */
interface Importer {
  readonly folder: string;
  /** What imports mean, by their leading dots, then the name; shared by the files of a folder. */
  readonly resolved: Resolutions;
  /** Last names of modules that were not found. */
  readonly missed: Set<string>;
}

type Resolutions = Map<string, Resolution>[];

interface Resolution {
  readonly found: ResolvedModule | null;
  /** The last name of the module, if something else may be found once a file of that name appears. */
  readonly missed: string | null;
}

/** How much a store keeps of what it has read, in characters of source. */
export interface Keeping {
  /** Of which there are trees, without bodies that nobody looked into; a tree takes some ten times its text. */
  readonly trees: number;
  /** Of texts, which are kept longer than their trees: functions are read out of them. */
  readonly texts: number;
}

/** Folders in which packages are installed. */
const INSTALLED = /(?:^|\/)(?:site|dist)-packages$/u;

const KEEPING: Keeping = { trees: 3_000_000, texts: 8_000_000 };

/** Folders under which projects keep their importable packages. */
export const SOURCE_FOLDERS = ["src", "lib", "python", "source", "lib/python3/dist-packages"] as const;

/**
 * The Python modules of a workspace: finds what an import means and parses files when they are asked for. Reads
 * synchronously, because the interpreter meets imports in the middle of its work; files are small and few.
 */
export class ModuleStore implements ModuleSource {
  readonly #folder: string;
  readonly #files: Set<string>;
  /** How many files and folders with Python files each folder holds directly. */
  readonly #folders = new Map<string, number>();
  readonly #modelled: ReadonlySet<string>;
  readonly #overlays: ReadonlyMap<string, string>;
  readonly #keeping: Keeping;
  /** In order of last use, oldest first. */
  readonly #cache = new Map<string, ParsedFile | null>();
  /** In order of last use, oldest first. */
  readonly #sources = new Map<string, SourceText>();
  #sourceCharacters = 0;
  /** Whether files have to do with command lines. */
  readonly #declares = new Map<string, boolean>();
  /** Whether importing files has to do with command lines, of those of which that was asked. */
  readonly #importDeclares = new Map<string, boolean>();
  readonly declaringImports = new Map<string, DeclaringImports>();
  /** What is kept of files' texts. */
  readonly texts = new Texts();
  readonly #states = new Map<string, FileState>();
  /** What imports mean, by the folder of the importing file. */
  readonly #resolved = new Map<string, Resolutions>();
  readonly #importers = new Map<string, Importer>();
  /** Folders in which a top-level name is found, nearest first, by the importing folder, then the name. */
  readonly #roots = new Map<string, Map<string, readonly string[]>>();
  /** Whether scripts are started in each folder, once that was asked. */
  readonly #ofScripts = new Map<string, boolean>();
  /** What lies in each folder, once that was asked. */
  readonly #listings = new Map<string, readonly ListedModule[]>();
  #filesByFolder: Map<string, string[]> | null = null;
  /** The folder that has the module or package of a name, `null` when several have one. */
  #homes: Map<string, string | null> | null = null;
  /** Characters of which trees were added since they were last counted. */
  #added = 0;
  #parsed = 0;

  /**
   * @param files all Python files of the workspace, relative with `/`
   * @param modelled top-level modules that readers know better than their source tells, never looked for
   * @param overlays unsaved texts by relative path
   * @param keeping how much is kept of what was read
   */
  constructor(
    folder: string,
    files: Iterable<string>,
    modelled: ReadonlySet<string>,
    overlays: ReadonlyMap<string, string> = new Map(),
    keeping: Keeping = KEEPING,
  ) {
    this.#folder = folder;
    this.#modelled = modelled;
    this.#files = new Set(files);
    this.#overlays = overlays;
    this.#keeping = keeping;
    for (const file of this.#files) this.#addFolders(file);
  }

  /** How many files were parsed so far. */
  get parsedCount(): number {
    return this.#parsed;
  }

  #addFolders(file: string): void {
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
      const folder = file.slice(0, at);
      const count = this.#folders.get(folder) ?? 0;
      this.#folders.set(folder, count + 1);
      if (count > 0) return;
    }
  }

  #removeFolders(file: string): void {
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
      const folder = file.slice(0, at);
      const count = (this.#folders.get(folder) ?? 1) - 1;
      if (count > 0) this.#folders.set(folder, count);
      else this.#folders.delete(folder);
      if (count > 0) return;
    }
  }

  /** Takes note of a file that appeared, changed or went away. */
  change(file: string, exists: boolean): void {
    this.#cache.delete(file);
    this.#dropSource(file);
    this.#declares.delete(file);
    this.#importDeclares.delete(file);
    if (this.declaringImports.size > 0) this.declaringImports.clear();
    this.#states.delete(file);
    this.#importers.get(file)?.missed.clear();
    const folder = parentFolder(file);
    const resolved = this.#ofScripts.delete(folder) ? this.#resolved.get(folder) : undefined;
    if (resolved !== undefined) resolved.length = 0;
    if (exists === this.#files.has(file)) return;
    for (const known of this.#resolved.values()) known.length = 0;
    this.#roots.clear();
    this.#listings.clear();
    this.#filesByFolder = null;
    this.#homes = null;
    if (exists) {
      this.#files.add(file);
      this.#addFolders(file);
    } else {
      this.#files.delete(file);
      this.#removeFolders(file);
    }
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  modulesIn(folder: string): readonly ListedModule[] {
    let listing = this.#listings.get(folder);
    if (listing === undefined) {
      this.#filesByFolder ??= namesByFolder(this.#files);
      listing = listedModules(folder, this.#filesByFolder, this.#files);
      this.#listings.set(folder, listing);
    }
    return listing;
  }

  entryPoints(from: string): DeclaredEntryPoints {
    return declaredEntryPoints(this.#folder, from, (file) => this.readText(file));
  }

  /** Takes note of a file that was read elsewhere. */
  noteMarks(file: string, marks: PythonMarks): void {
    this.#declares.set(file, marks.namesCommandLineLibrary);
  }

  noteDeclaring(file: string, isDeclaring: boolean): void {
    this.#declares.set(file, isDeclaring);
  }

  /** The files that have to do with command lines, of those that were looked at. */
  get declaring(): ReadonlySet<string> {
    return new Set([...this.#declares].flatMap(([file, isDeclaring]) => (isDeclaring ? [file] : [])));
  }

  /** The states of the files that this store has read. */
  get states(): ReadonlyMap<string, FileState> {
    return this.#states;
  }

  /** What state a file was in when this store last read it; none for files that others read. */
  stateOf(file: string): FileState | undefined {
    return this.#states.get(file);
  }

  /** {@link importDeclares} as far as it is known. */
  knownImportDeclares(file: string): boolean | undefined {
    return this.#declares.get(file) === false ? false : this.#importDeclares.get(file);
  }

  importDeclares(file: string): boolean {
    if (!this.declaresCommandLine(file)) return false;
    let known = this.#importDeclares.get(file);
    if (known === undefined) {
      const bytes = this.#bytesOf(file);
      known = bytes !== null && new PythonMarks(bytes).importNamesCommandLineLibrary;
      this.#importDeclares.set(file, known);
    }
    return known;
  }

  declaresCommandLine(file: string): boolean {
    let known = this.#declares.get(file);
    if (known === undefined) {
      const bytes = this.#bytesOf(file);
      known = bytes !== null && new PythonMarks(bytes).namesCommandLineLibrary;
      this.#declares.set(file, known);
    }
    return known;
  }

  #bytesOf(file: string): Buffer | null {
    const overlay = this.#overlays.get(file);
    if (overlay !== undefined) return Buffer.from(overlay);
    const content = readBounded(join(this.#folder, file));
    if (content !== null) this.#states.set(file, stateOf(content, Date.now()));
    return content?.bytes ?? null;
  }

  /** The text of a workspace file of any kind, `null` when there is none. */
  readText(file: string): string | null {
    return this.#bytesOf(file)?.toString("utf8") ?? null;
  }

  /** Drops the tree of a file that nobody is likely to ask for again. */
  release(file: string): void {
    this.#cache.delete(file);
  }

  /** What was read of a file, as long as it is kept. */
  peek(file: string): ParsedFile | null {
    return this.#cache.get(file) ?? null;
  }

  parse(file: string): Module | null {
    return this.read(file)?.module ?? null;
  }

  /** The text and tree of a file; `bytes` when they have been read already. */
  read(file: string, bytes?: Uint8Array): ParsedFile | null {
    const cached = this.#cache.get(file);
    if (cached !== undefined) {
      this.#cache.delete(file);
      this.#cache.set(file, cached);
      return cached;
    }
    const source = this.source(file, bytes);
    const outline = source === null ? null : outlineModule(source.text);
    const parsed = source === null || outline === null ? null : { file, ...source, module: outline.module, outline };
    if (parsed !== null) this.#parsed += 1;
    this.#remember(file, parsed);
    return parsed;
  }

  /** The text of a Python file; `bytes` when they have been read already. */
  source(file: string, bytes?: Uint8Array): SourceText | null {
    const known = this.#sources.get(file);
    const text = known?.text ?? this.#overlays.get(file) ?? this.#load(file, bytes);
    if (text === null) return null;
    const source = known ?? { text, mark: markOfText(text) };
    this.#dropSource(file);
    this.#sources.set(file, source);
    this.#sourceCharacters += text.length;
    for (const oldest of this.#sources.keys()) {
      if (this.#sourceCharacters <= this.#keeping.texts || oldest === file) break;
      this.#dropSource(oldest);
    }
    return source;
  }

  #dropSource(file: string): void {
    this.#sourceCharacters -= this.#sources.get(file)?.text.length ?? 0;
    this.#sources.delete(file);
  }

  #load(file: string, given: Uint8Array | undefined): string | null {
    const bytes = given ?? this.#bytesOf(file);
    if (bytes === null || isBinary(bytes)) return null;
    const decoded = decodeSource(bytes);
    // A wrong encoding costs some characters of help texts, not the tool.
    return decoded.ok ? decoded.value : Buffer.from(bytes).toString("latin1");
  }

  #remember(file: string, parsed: ParsedFile | null): void {
    this.#cache.set(file, parsed);
    this.#added += parsed?.outline.charactersRead ?? 0;
    // More is read of a file as time goes by: it is counted again now and then.
    if (this.#added < this.#keeping.trees / 32) return;
    this.#added = 0;
    let characters = 0;
    for (const value of this.#cache.values()) characters += value?.outline.charactersRead ?? 0;
    for (const [oldest, value] of this.#cache) {
      if (characters <= this.#keeping.trees || oldest === file) return;
      this.#cache.delete(oldest);
      characters -= value?.outline.charactersRead ?? 0;
    }
  }

  resolve(from: string, level: number, dotted: string): ResolvedModule | null {
    const importer = this.#importer(from);
    const { folder, resolved } = importer;
    let ofLevel = resolved[level];
    if (ofLevel === undefined) {
      ofLevel = new Map();
      resolved[level] = ofLevel;
    }
    let known = ofLevel.get(dotted);
    if (known === undefined) {
      const found =
        level > 0 ? this.#resolveRelative(folder, level, dotted) : this.#resolveAbsolute(folder, dotted, null);
      known = this.#resolution(found, level, dotted);
      ofLevel.set(this.texts.of(dotted), known);
    }
    if (level === 0 && known.found?.file === from && !dotted.includes(".") && !from.endsWith("/__init__.py")) {
      // A file does not import itself, unless as a package: a module of the same name farther away is meant.
      known = this.#resolution(this.#resolveAbsolute(folder, dotted, from), level, dotted);
    }
    if (known.missed !== null) importer.missed.add(known.missed);
    return known.found;
  }

  #resolution(found: ResolvedModule | null, level: number, dotted: string): Resolution {
    // A folder of modules may become a package.
    const isMissed = (found === null || found.file === null) && !(level === 0 && this.#isElsewhere(dotted));
    return { found, missed: isMissed ? this.texts.of(dotted.slice(dotted.lastIndexOf(".") + 1)) : null };
  }

  #importer(file: string): Importer {
    let importer = this.#importers.get(file);
    if (importer === undefined) {
      const folder = parentFolder(file);
      let resolved = this.#resolved.get(folder);
      if (resolved === undefined) {
        resolved = [];
        this.#resolved.set(folder, resolved);
      }
      importer = { folder, resolved, missed: new Set() };
      this.#importers.set(file, importer);
    }
    return importer;
  }

  /**
   * Last names of modules that were looked for on behalf of these files and not found: if one appears, what was read of
   * them may change.
   */
  missesOf(files: Iterable<string>): Set<string> {
    const misses = new Set<string>();
    for (const file of files) for (const name of this.#importers.get(file)?.missed ?? []) misses.add(name);
    // On behalf of a folder without an `__init__.py`.
    for (const name of this.#importers.get("")?.missed ?? []) misses.add(name);
    return misses;
  }

  /**
   * A module that bears the name of one of the library's and lies beside a script: Python looks there first (`sys.path[0]`).
   * What lies in a package, or among modules that nobody starts, is imported by another name.
   */
  #beside(folder: string, parts: readonly string[], except: string | null): ResolvedModule | null {
    const [top = ""] = parts;
    if (!isShadowed(top) || this.#modelled.has(top) || !this.#holds(folder, top) || !this.#isOfScripts(folder)) {
      return null;
    }
    const found = this.#find(folder, parts);
    return found === null || found.file === null || found.file === except ? null : found;
  }

  /** Whether scripts are started in a folder: no package, no part of a Python that is installed, and with a program in it. */
  #isOfScripts(folder: string): boolean {
    let known = this.#ofScripts.get(folder);
    if (known === undefined) {
      const isInstalled = INSTALLED.test(folder) || this.#files.has(within(folder, "os.py"));
      known = !isInstalled && !this.#files.has(within(folder, "__init__.py")) && this.#holdsProgram(folder);
      this.#ofScripts.set(folder, known);
    }
    return known;
  }

  #holdsProgram(folder: string): boolean {
    return this.modulesIn(folder).some(({ name, isPackage }) => {
      const file = within(folder, `${name}.py`);
      const bytes = isPackage || !this.#files.has(file) ? null : this.#bytesOf(file);
      return bytes !== null && new PythonMarks(bytes).mayBeTool(file);
    });
  }

  /** Whether a module is one of a library, unless it lies beside a script. */
  #isElsewhere(dotted: string): boolean {
    const at = dotted.indexOf(".");
    const top = at === -1 ? dotted : dotted.slice(0, at);
    return top === "" || STANDARD_LIBRARY.has(top) || this.#modelled.has(top);
  }

  #resolveRelative(folder: string, level: number, dotted: string): ResolvedModule | null {
    let base = folder;
    for (let up = 1; up < level; up += 1) {
      if (base === "") return null;
      base = parentFolder(base);
    }
    return this.#find(base, dotted === "" ? [] : dotted.split("."));
  }

  /** Looks beside the importing file, then in each folder above it and their source folders, as `sys.path` might. */
  #resolveAbsolute(folder: string, dotted: string, except: string | null): ResolvedModule | null {
    const parts = dotted.split(".");
    const top = parts[0] ?? "";
    if (this.#isElsewhere(top)) return this.#beside(folder, parts, except);
    for (const root of this.#rootsWith(folder, top)) {
      const found = this.#find(root, parts);
      if (found !== null && (except === null || found.file !== except)) return found;
    }
    return null;
  }

  resolveIn(folder: string, dotted: string): ResolvedModule | null {
    const parts = dotted.split(".");
    const top = parts[0] ?? "";
    return this.#isElsewhere(top) || !this.#holds(folder, top) ? null : this.#find(folder, parts);
  }

  resolveAnywhere(dotted: string): ResolvedModule | null {
    const parts = dotted.split(".");
    const top = parts[0] ?? "";
    if (this.#isElsewhere(top)) return null;
    this.#homes ??= homesOf(this.#files);
    const home = this.#homes.get(top);
    return home === undefined || home === null ? null : this.#find(home, parts);
  }

  #rootsWith(folder: string, top: string): readonly string[] {
    const known = mapIn(this.#roots, folder);
    let roots = known.get(top);
    if (roots === undefined) {
      const sources = SOURCE_FOLDERS.map((name) => within(folder, name)).filter((path) => this.#folders.has(path));
      const own = [folder, ...sources].filter((root) => this.#holds(root, top));
      const above = folder === "" ? [] : this.#rootsWith(parentFolder(folder), top);
      roots = own.length === 0 ? above : [...own, ...above];
      known.set(this.texts.of(top), roots);
    }
    return roots;
  }

  #holds(folder: string, name: string): boolean {
    const path = within(folder, name);
    return this.#folders.has(path) || this.#files.has(`${path}.py`);
  }

  #find(root: string, parts: readonly string[]): ResolvedModule | null {
    const path = parts.reduce(within, root);
    const name = parts.length === 0 ? path.replaceAll("/", ".") : this.#moduleName(root, parts);
    for (const candidate of [within(path, "__init__.py"), `${path}.py`]) {
      if (this.#files.has(candidate)) return { name, file: candidate };
    }
    return path === "" || this.#folders.has(path) ? { name, file: null, folder: path } : null;
  }

  /** The absolute name of a module: packages above the root belong to it. */
  #moduleName(root: string, parts: readonly string[]): string {
    const above: string[] = [];
    for (let folder = root; folder !== "" && this.#files.has(`${folder}/__init__.py`); folder = parentFolder(folder)) {
      above.unshift(folder.slice(folder.lastIndexOf("/") + 1));
    }
    return [...above, ...parts].join(".");
  }
}

function mapIn<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** The bytes of a regular file of bearable size, `null` for anything else. */
function readBounded(path: string): Content | null {
  const content = readBytes(path, MAX_FILE_BYTES);
  return content === null || content.stat.size > MAX_FILE_BYTES ? null : content;
}
