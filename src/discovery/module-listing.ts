import type { ListedModule } from "./evaluate/index.ts";
import { parentFolder } from "./paths.ts";

/** The names of files by the folder in which they lie, and of the packages in it. */
export function namesByFolder(files: Iterable<string>): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = parentFolder(file);
    const isPackage = file.endsWith("/__init__.py");
    // A package is one of the modules of the folder around it.
    const owner = isPackage ? parentFolder(folder) : folder;
    const name = isPackage ? folder : file;
    const names = folders.get(owner);
    if (names === undefined) folders.set(owner, [name]);
    else names.push(name);
  }
  return folders;
}

/** The modules of a folder as `pkgutil.iter_modules` lists them: sorted, a package before a module of the same name. */
export function listedModules(
  folder: string,
  folders: ReadonlyMap<string, readonly string[]>,
  files: ReadonlySet<string>,
): readonly ListedModule[] {
  const modules = new Map<string, ListedModule>();
  for (const path of folders.get(folder) ?? []) {
    const isPackage = files.has(`${path}/__init__.py`);
    const name = path.slice(folder === "" ? 0 : folder.length + 1).replace(/\.pyw?$/u, "");
    const isModule = name !== "__init__" && /^[^.]+$/u.test(name) && (isPackage || path.endsWith(".py"));
    if (isModule && (isPackage || !modules.has(name))) modules.set(name, { name, isPackage });
  }
  return [...modules.values()].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

/** The folders that have modules and packages, by their names; `null` for names that several have. */
export function homesOf(files: Iterable<string>): Map<string, string | null> {
  const homes = new Map<string, string | null>();
  for (const file of files) {
    const path = file.endsWith("/__init__.py") ? parentFolder(file) : file.replace(/\.py$/u, "");
    const home = parentFolder(path);
    const name = path.slice(home === "" ? 0 : home.length + 1);
    const known = homes.get(name);
    homes.set(name, known === undefined || known === home ? home : null);
  }
  return homes;
}
