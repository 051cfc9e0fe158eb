import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The Python files of a folder, sorted, or the file itself. */
export function pythonFiles(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
