import { posix } from "node:path";
import type { ModuleSource, ResolvedModule } from "./module-source.ts";
import { list, placeOf, type Value } from "./values.ts";

/** How many of the folders that a program has added are looked at. */
const MAX_FOLDERS = 20;

/**
 * `sys.path`, as far as the program sets it: the folders of the workspace that it adds, in which it looks for modules
 * besides the places where Python and packaging put those of every program.
 */
export class SearchPath {
  /** What was there before is not known. */
  value: Value = list([], true);

  /** Whether the program has added anything. */
  get isSet(): boolean {
    return this.value.kind === "list" && this.value.items.length > 0;
  }

  /**
   * What an absolute import means.
   * @param usual what it means without these folders; a module beside the importing one is meant anyway
   */
  resolve(source: ModuleSource, from: string, dotted: string, usual: ResolvedModule | null): ResolvedModule | null {
    const isBeside = typeof usual?.file === "string" && usual.file.startsWith(folderOf(from));
    if (isBeside || this.value.kind !== "list") return usual;
    let namespace: ResolvedModule | null = null;
    let isOpen = false;
    for (const item of this.value.items.slice(0, MAX_FOLDERS)) {
      const folder = folderFor(item);
      const found = folder === undefined ? null : source.resolveIn(folder, dotted);
      if (typeof found?.file === "string") return found;
      namespace ??= found;
      isOpen ||= folder === undefined && item.kind === "unknown";
    }
    // Where a folder is not known, what is only once in the workspace is meant.
    const only = isOpen && typeof usual?.file !== "string" ? source.resolveAnywhere(dotted) : null;
    return only ?? usual ?? namespace;
  }
}

/** The folder of the workspace that an item names: as one of its paths, or relative to it, as `sys.argv[0]` is. */
function folderFor(item: Value): string | undefined {
  const place = placeOf(item);
  if (place !== undefined || item.kind !== "str") return place;
  const clean = posix.normalize(item.value).replace(/\/$/u, "");
  if (clean === ".") return "";
  return clean === ".." || clean.startsWith("../") || clean.startsWith("/") ? undefined : clean;
}

/** The folder in which a file lies, with the slash after it; empty at the top. */
function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/") + 1);
}
