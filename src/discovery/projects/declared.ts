import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DeclaredEntryPoint, DeclaredEntryPoints } from "../evaluate/index.ts";
import { parentFolder, within } from "../paths.ts";
import { pluginEntryPoints } from "./entry-points.ts";

/** What declares entry points of a project. */
const PROJECT_FILES = ["pyproject.toml", "setup.cfg"] as const;

/**
 * The entry points that projects and installed distributions declare in the folder of a file and those above it. Not kept:
 * few programs ask.
 * @param root the workspace's folder
 * @param readText the text of a workspace file, `null` when there is none
 */
export function declaredEntryPoints(
  root: string,
  from: string,
  readText: (file: string) => string | null,
): DeclaredEntryPoints {
  const points: DeclaredEntryPoint[] = [];
  const files: string[] = [];
  for (let folder = parentFolder(from); ; folder = parentFolder(folder)) {
    for (const name of [...PROJECT_FILES, ...distributionsIn(join(root, folder))]) {
      const file = within(folder, name);
      files.push(file);
      points.push(...pluginEntryPoints(file, readText(file) ?? ""));
    }
    if (folder === "") return { points, files };
  }
}

/** The metadata of the distributions that are installed in a folder. */
function distributionsIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const own = entries.filter((entry) => entry.isDirectory() && /\.(?:dist|egg)-info$/u.test(entry.name));
    return own.map(({ name }) => `${name}/entry_points.txt`).sort();
  } catch {
    // Gone or not ours to read since its files were listed: nothing is installed there.
    return [];
  }
}
