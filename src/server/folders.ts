import { CallGraphs } from "./call-graphs.ts";
import { CallViews } from "./call-views.ts";
import type { FolderTools } from "./folder-tools.ts";
import { FolderNevers } from "./never.ts";
import { pathInFolder, pathOfUri } from "./places.ts";

/** A workspace folder with what is known of its files; each part is made when it is first asked for. */
export class Folder {
  readonly tools: FolderTools;
  #graphs: CallGraphs | undefined;
  #views: CallViews | undefined;
  #nevers: FolderNevers | undefined;

  constructor(tools: FolderTools) {
    this.tools = tools;
  }

  get uri(): string {
    return this.tools.uri;
  }

  get callGraphs(): CallGraphs {
    this.#graphs ??= new CallGraphs(this.tools.path);
    return this.#graphs;
  }

  get callViews(): CallViews {
    this.#views ??= new CallViews(this.tools.path, this.callGraphs);
    return this.#views;
  }

  get nevers(): FolderNevers {
    this.#nevers ??= new FolderNevers(this.tools.path);
    return this.#nevers;
  }

  /** The text of a file changed: what was put together from all files is old. */
  changed(): void {
    this.#views?.touch();
  }

  /** The place of a file in this folder; nothing for one that lies outside. */
  fileOf(uri: string): string | undefined {
    const path = pathOfUri(uri);
    return path === undefined ? undefined : pathInFolder(this.tools.path, path);
  }
}

/** Where a file lies. */
export interface Place {
  readonly folder: Folder;
  /** Relative to the folder. */
  readonly file: string;
}

/** The workspace folders that are open, by their URIs. */
export class Folders {
  readonly #all = new Map<string, Folder>();

  add(folder: Folder): void {
    this.#all.set(folder.uri, folder);
  }

  get(uri: string): Folder | undefined {
    return this.#all.get(uri);
  }

  /** Takes a folder out; nothing when there is none with this URI. */
  remove(uri: string): Folder | undefined {
    const folder = this.#all.get(uri);
    this.#all.delete(uri);
    return folder;
  }

  all(): Folder[] {
    return [...this.#all.values()];
  }

  /** The innermost folder that holds a file, and the file's place in it. */
  placeOf(uri: string): Place | undefined {
    const innermostFirst = this.all().toSorted((a, b) => b.tools.path.length - a.tools.path.length);
    for (const folder of innermostFirst) {
      const file = folder.fileOf(uri);
      if (file !== undefined) return { folder, file };
    }
    return undefined;
  }
}
